"""The external programs: where they are, which versions they are, and how they are run."""

import os
import shutil
import subprocess
import zlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from builder.settings import ROOT, BuildError

TOOLS_FOLDER = ROOT.parent / ".tools"
BUNDLETOOL = TOOLS_FOLDER / "bundletool-all-1.17.2.jar"
"""bundletool 1.17.2; the same jar holds D8 and R8 3.3.28."""
JAVA_LIBRARIES = Path("/usr/share/java")
FRAMEWORK = Path("/usr/share/android-framework-res/framework-res.apk")
"""Android's own resources, API 29: enough, since policy elements and attributes have no namespace."""
_JVM_FOLDERS = Path("/usr/lib/jvm")
# The runs are short: the C1 compiler alone and the plain collector start fastest.
_JVM_OPTIONS = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
_PACKAGES = ("aapt", "apksigner", "zipalign", "android-framework-res", "libokhttp-java", "libokio-java")


class Tools(msgspec.Struct, frozen=True, kw_only=True):
    """The programs of one machine, all known to exist."""

    java_home: Path

    def run(self, *command: str | Path) -> None:
        """Run a program to its end.

        Raises:
            BuildError: It failed; the message holds what it printed.
        """
        words = [str(word) for word in command]
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        done = subprocess.run(words, capture_output=True, text=True, check=False, env=environment)
        if done.returncode:
            raise BuildError(f"{' '.join(words[:4])} … failed:\n{done.stdout}{done.stderr}".rstrip())

    def java(self, class_path: Path, *arguments: str | Path) -> None:
        """Run a main class from a jar."""
        self.run(self.java_home / "bin/java", *_JVM_OPTIONS, "-cp", class_path, *arguments)

    def java_jar(self, jar: Path, *arguments: str | Path) -> None:
        """Run an executable jar."""
        self.run(self.java_home / "bin/java", *_JVM_OPTIONS, "-jar", jar, *arguments)

    def versions(self) -> str:
        """Describe what may make two machines build different bytes."""
        java = _output([str(self.java_home / "bin/java"), "-version"])
        packages = _output(["dpkg-query", "-W", "-f", "${Package} ${Version}\\n", *_PACKAGES])
        return f"{java}\n{packages}\n{BUNDLETOOL.name}\nzlib {zlib.ZLIB_RUNTIME_VERSION}"


def find_tools() -> Tools:
    """Find every program.

    Raises:
        BuildError: Some are missing; the message names them and how to get them.
    """
    missing = [name for name in ("aapt2", "zipalign") if shutil.which(name) is None]
    files = (BUNDLETOOL, FRAMEWORK, JAVA_LIBRARIES / "okhttp.jar", JAVA_LIBRARIES / "apksigner.jar")
    missing += [str(file) for file in files if not file.exists()]
    # Another major version of javac writes other bytes, so the one that is named wins over the one on the path.
    homes = sorted(_JVM_FOLDERS.glob("java-17-openjdk-*"))
    homes = [home for home in homes if (home / "bin/javac").exists()]
    if not homes:
        missing.append("OpenJDK 17")
    if missing:
        raise BuildError(f"missing: {', '.join(missing)}; run .ci/build-tools")
    return Tools(java_home=homes[0])


def _output(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip()
