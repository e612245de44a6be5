"""Where the libraries come from that go into the samples' code, and the Kotlin compiler; some may be missing."""

import hashlib
from functools import cache
from pathlib import Path

from builder.settings import Library, Sample
from builder.tools import JAVA_LIBRARIES, TOOLS_FOLDER

KOTLIN = TOOLS_FOLDER / "kotlin-compiler-2.4.20"
"""The npm package ``kotlin-compiler`` 2.4.20, unpacked by ``.ci/build-tools``."""
_OKHTTP_4 = {
    "okhttp-4.12.0.jar": "b1050081b14bb7a3a7e55a4d3ef01b5dcfabc453b4573a4fc019767191d5f4e0",
    "okio-jvm-3.6.0.jar": "67543f0736fc422ae927ed0e504b98bc5e269fda0d3500579337cb713da28412",
}
"""No registry that the build uses has these: they are taken from a local Maven repository where there is one."""
_MAVEN = Path.home() / ".m2" / "repository" / "com" / "squareup"


def why_impossible(sample: Sample) -> str | None:
    """Return why this machine cannot build a sample, or None."""
    settings = sample.settings
    if "okhttp-4.12" in settings.libraries:
        for name in _OKHTTP_4:
            if _maven_jar(name) is None:
                return f"{name} (SHA-256 {_OKHTTP_4[name]}) is neither in {TOOLS_FOLDER.name} nor in ~/.m2"
    if "kotlin" in settings.libraries and not (KOTLIN / "lib/kotlin-preloader.jar").exists():
        return f"the Kotlin compiler is not in {TOOLS_FOLDER.name}/{KOTLIN.name}; .ci/build-tools fetches it"
    if settings.shrink == "proguard" and not (JAVA_LIBRARIES / "proguard.jar").exists():
        return "Debian's package libproguard-java is not installed"
    return None


def why_not_identical(sample: Sample) -> str | None:
    """Return why a package may have other bytes on another machine, or None when it must have the same everywhere.

    The mapping of such a sample must be the same all the same.
    """
    if sample.settings.shrink is True and "okhttp-4.12" in sample.settings.libraries:
        return "R8 3.3 was seen to give other bytes for OkHttp 4.12 from one environment to the next"
    return None


def jars_of(libraries: tuple[Library, ...]) -> list[Path]:
    """Return the jars of libraries that are there."""
    found: list[Path] = []
    for library in libraries:
        if library == "okhttp-4.12":
            found += [jar for name in _OKHTTP_4 if (jar := _maven_jar(name)) is not None]
        elif library == "kotlin":
            found.append(KOTLIN / "lib/kotlin-stdlib.jar")
        else:
            found.append(JAVA_LIBRARIES / f"{library}.jar")
    return found


@cache
def _maven_jar(name: str) -> Path | None:
    for path in (TOOLS_FOLDER / name, *sorted(_MAVEN.glob(f"*/*/*/{name}"))):
        if path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == _OKHTTP_4[name]:
            return path
    return None
