"""Java sources to DEX: javac against stubs of Android's API, then D8 or R8."""

import zipfile
from pathlib import Path

from builder.archives import write_zip
from builder.settings import ROOT, BuildError, Sample
from builder.tools import BUNDLETOOL, JAVA_LIBRARIES, Tools

_CLASS_VERSION_8 = b"\x00\x00\x00\x34"
_PUBLIC_SUFFIXES = "okhttp3/internal/publicsuffix/publicsuffixes.gz"


class CodeLibraries:
    """The API that apps compile against: Java 8's, and Android's as far as the samples use it."""

    def __init__(self, tools: Tools, work: Path) -> None:
        """Make both jars in the folder `work`."""
        self.java = work / "java8-api.jar"
        self.android = work / "android-stubs.jar"
        _write_java_api(tools.java_home / "lib/ct.sym", self.java)
        classes = _javac(tools, work / "stub-classes", sorted((ROOT / "stubs").rglob("*.java")), [])
        write_zip(self.android, {name: path.read_bytes() for name, path in classes.items()})


def compile_code(tools: Tools, libraries: CodeLibraries, sample: Sample, work: Path) -> dict[str, bytes]:
    """Return the package entries that come from code: DEX files and the libraries' own resources.

    With ``shrink`` the mapping is written to ``mapping.txt`` in `work`.
    """
    sources = sorted((sample.folder / "src").rglob("*.java"))
    if not sources:
        return {}
    jars = [JAVA_LIBRARIES / f"{name}.jar" for name in sample.settings.libraries]
    classes = _javac(tools, work / "classes", sources, [libraries.android, *jars])
    app = work / "app.jar"
    write_zip(app, {name: path.read_bytes() for name, path in classes.items()})
    output = work / "dex"
    output.mkdir()
    common: list[str | Path] = ["--release", "--min-api", str(sample.min_sdk), "--output", output]
    common += ["--lib", libraries.java, "--lib", libraries.android, app, *jars]
    if sample.settings.shrink:
        rules = sample.folder / "r8.pro"
        mapping = work / "mapping.txt"
        arguments: list[str | Path] = ["--pg-conf", rules, "--pg-map-output", mapping]
        tools.java(BUNDLETOOL, "com.android.tools.r8.R8", *arguments, *common)
    else:
        tools.java(BUNDLETOOL, "com.android.tools.r8.D8", *common)
    entries = {file.name: file.read_bytes() for file in output.glob("classes*.dex")}
    if "classes.dex" not in entries:
        raise BuildError(f"{sample.name}: no classes.dex came out of its sources")
    if "okhttp" in sample.settings.libraries:
        with zipfile.ZipFile(JAVA_LIBRARIES / "okhttp.jar") as jar:
            entries[_PUBLIC_SUFFIXES] = jar.read(_PUBLIC_SUFFIXES)
    return entries


def _javac(tools: Tools, output: Path, sources: list[Path], class_path: list[Path]) -> dict[str, Path]:
    """Compile for Java 8, without debug information, and return the class files by their name in a jar."""
    output.mkdir()
    options: list[str | Path] = ["--release", "8", "-g:none", "-proc:none", "-nowarn", "-d", output]
    if class_path:
        options += ["-cp", ":".join(map(str, class_path))]
    tools.run(tools.java_home / "bin/javac", *options, *sources)
    return {file.relative_to(output).as_posix(): file for file in output.rglob("*.class")}


def _write_java_api(symbols: Path, output: Path) -> None:
    """Write Java 8's API as a jar of class files, from the symbols that javac has for ``--release 8``.

    R8 cannot read the class files of the newer JDK itself, so the class version is set to that of Java 8.
    """
    classes: dict[str, bytes] = {}
    with zipfile.ZipFile(symbols) as archive:
        for name in archive.namelist():
            # <letters of the releases>/<module>/<path>.sig; the module folder is missing in some layouts.
            releases, _, rest = name.partition("/")
            if "8" not in releases or not name.endswith(".sig"):
                continue
            first, _, inner = rest.partition("/")
            path = (inner if "." in first else rest)[: -len(".sig")] + ".class"
            if path.startswith(("java/", "javax/", "org/w3c", "org/xml")) and path not in classes:
                data = archive.read(name)
                classes[path] = data[:4] + _CLASS_VERSION_8 + data[8:]
    write_zip(output, classes)
