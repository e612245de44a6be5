"""Rebuilds the fixtures of the code extractors that are written in Java; needs what `.ci/build-tools` installs.

    python tests/extractors/code/java_fixtures.py

Each has its sources in ``src`` and, in ``stubs``, what it needs of libraries and the platform. Those that call OkHttp
hold its pinning classes, of version 3.13.1, as they are; one holds what its folder ``library`` declares.
"""

import runpy
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent / "fixtures"
SAMPLES = HERE.parents[3] / "sample_apks"
sys.path.insert(0, str(SAMPLES))

from builder.archives import write_zip  # noqa: E402
from builder.code import _javac, _write_java_api  # noqa: E402
from builder.tools import BUNDLETOOL, JAVA_LIBRARIES, Tools, find_tools  # noqa: E402

_OKHTTP = runpy.run_path(str(HERE / "okhttp/rebuild.py"))
_FIXTURES = {"pin-practices": True, "pin-clients": True, "pin-legacy": False, "plain-clients": True,
             "retrofit": True, "check-pins": True, "check-pins-list": True, "carried": True,
             "okhttp2": False, "okhttp5": False, "renamed-helpers": False, "renamed-strict": False, "renamed-libraries": False, "cwac": True, "pin-wired": False, "socket-ways": False}  # fmt: skip
"""By name, with whether it calls OkHttp."""
_LIBRARY_OF = {"renamed-strict": "renamed-helpers"}
"""Those that hold the library of another one."""
_WHOLE = ("retrofit",)
"""Those that hold all of OkHttp and Okio."""
_MOVED = ("check-pins",)
"""Those that are also built with the library under another package."""
_KEPT = ("okhttp3/CertificatePinner", "okhttp3/OkHttpClient", "okhttp3/internal/Version")


def main() -> None:
    """Build all of them."""
    tools = find_tools()
    with tempfile.TemporaryDirectory() as folder:
        api = Path(folder) / "java8-api.jar"
        _write_java_api(tools.java_home / "lib/ct.sym", api)
        for name, calls_okhttp in _FIXTURES.items():
            work = Path(folder) / name
            work.mkdir()
            _build(tools, work, HERE / name, api, calls_okhttp=calls_okhttp)


def _build(tools: Tools, work: Path, source: Path, api: Path, *, calls_okhttp: bool) -> None:
    android, program, output = work / "stubs.jar", work / "app.jar", work / "dex"
    okhttp = [JAVA_LIBRARIES / "okhttp.jar", JAVA_LIBRARIES / "okio.jar"] if calls_okhttp else []
    # The fixture's own declarations take the place of the samples'.
    declared = {
        path.relative_to(root).as_posix(): path
        for root in (SAMPLES / "stubs", source / "stubs")
        for path in root.rglob("*.java")
    }
    held = HERE / _LIBRARY_OF.get(source.name, source.name) / "library"
    own = sorted(held.rglob("*.java"))
    for path in own:
        declared.pop(path.relative_to(held).as_posix(), None)
    library: dict[str, bytes] = {}
    if own:
        # A library that cannot be had is declared by the fixture, and part of the app.
        okhttp = [JAVA_LIBRARIES / "okio.jar"]
        compiled = _javac(tools, work / "library", own, okhttp)
        library = {name: path.read_bytes() for name, path in compiled.items()}
        write_zip(work / "library.jar", library)
        okhttp = [work / "library.jar", *okhttp]
    stubs = _javac(tools, work / "stubs", [declared[name] for name in sorted(declared)], okhttp[:1])
    write_zip(android, {name: path.read_bytes() for name, path in stubs.items()})
    app = _javac(tools, work / "app", sorted((source / "src").rglob("*.java")), [android, *okhttp[:1]])
    for jar in okhttp[:1] if not own else ():
        with zipfile.ZipFile(jar) as classes:
            library = {name: classes.read(name) for name in classes.namelist() if name.startswith(_KEPT)}
    if source.name in _WHOLE:
        library = {name: data for jar in okhttp for name, data in _OKHTTP["_read_jar"](jar).items()}
        okhttp = []
    write_zip(program, {**{name: path.read_bytes() for name, path in app.items()}, **library})
    output.mkdir()
    libraries: list[str | Path] = [part for path in (api, android, *okhttp[len(own[:1]) :]) for part in ("--lib", path)]
    common: list[str | Path] = ["--release", "--min-api", "21", "--output", output]
    tools.java(BUNDLETOOL, "com.android.tools.r8.D8", *common, *libraries, program)
    shutil.copyfile(output / "classes.dex", source.with_suffix(".dex"))
    rules = source / "r8.pro"
    if rules.exists():
        # The library keeps its names; what R8 makes of the app's own code is what such a fixture is about.
        tools.java(BUNDLETOOL, "com.android.tools.r8.R8", *common, *libraries, "--pg-conf", rules, program)
        shutil.copyfile(output / "classes.dex", source.with_name(f"{source.name}-r8.dex"))
        if source.name not in _MOVED:
            return
        # The same with the library under another package, as `okhttp/rebuild.py` moves it.
        moved = [_shaded(work, path) for path in (program, *okhttp)]
        given: list[str | Path] = [part for path in (api, android, *moved[1:]) for part in ("--lib", path)]
        tools.java(BUNDLETOOL, "com.android.tools.r8.D8", *common, *given, moved[0])
        shutil.copyfile(output / "classes.dex", source.with_name(f"{source.name}-relocated.dex"))


def _shaded(work: Path, archive: Path) -> Path:
    relocate, target = _OKHTTP["_relocate"], work / f"shaded-{archive.name}"
    classes = _OKHTTP["_read_jar"](archive)
    write_zip(target, {relocate(name): _OKHTTP["_moved"](data, relocate) for name, data in classes.items()})
    return target


if __name__ == "__main__":
    main()
