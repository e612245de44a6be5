"""Sources to DEX: javac or Kotlin's compiler against stubs of Android's API, then D8, R8, or ProGuard and D8."""

import re
import zipfile
from pathlib import Path
from threading import Lock

from builder.archives import read_zip, write_zip
from builder.libraries import KOTLIN, jars_of
from builder.settings import ROOT, BuildError, Library, Sample
from builder.tools import BUNDLETOOL, JAVA_LIBRARIES, Tools

_CLASS_VERSION_8 = b"\x00\x00\x00\x34"
_MAPPED = ("org.example.", "okhttp3.CertificatePinner", "okhttp3.OkHttpClient ", "okhttp3.OkHttpClient$Builder ")
_LINES = re.compile(r"(?<![^ ])\d+:\d+:|(?<=\)):\d+(?::\d+)?")
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
        self._tools = tools
        self._work = work
        self._compiled: dict[tuple[Path, tuple[Library, ...]], Path | None] = {}
        self._lock = Lock()

    def compiled(self, sample: Sample) -> Path | None:
        """Return the jar of a sample's own classes, made once for all its variants; None when it has no code."""
        key = (sample.folder, sample.settings.libraries)
        with self._lock:
            if key not in self._compiled:
                self._compiled[key] = self._compile(sample, self._work / f"app{len(self._compiled)}")
            return self._compiled[key]

    def _compile(self, sample: Sample, work: Path) -> Path | None:
        java = sorted((sample.folder / "src").rglob("*.java"))
        kotlin = sorted((sample.folder / "src").rglob("*.kt"))
        if not java and not kotlin:
            return None
        class_path = [self.android, *jars_of(sample.settings.libraries)]
        found: dict[str, Path] = {}
        if kotlin:
            found = _kotlin(self._tools, Path(f"{work}-kotlin"), [*kotlin, *java], [self.java, *class_path])
        if java:
            found |= _javac(self._tools, Path(f"{work}-java"), java, [*class_path, Path(f"{work}-kotlin")])
        jar = Path(f"{work}.jar")
        write_zip(jar, {name: path.read_bytes() for name, path in found.items()})
        return jar


def compile_code(tools: Tools, libraries: CodeLibraries, sample: Sample, work: Path) -> dict[str, bytes]:
    """Return the package entries that come from code: DEX files and the libraries' own resources.

    With ``shrink`` the mapping is written to the sample's mapping file in `work`.
    """
    app = libraries.compiled(sample)
    if app is None:
        return {}
    settings = sample.settings
    jars = jars_of(settings.libraries)
    api = ["--lib", libraries.java, "--lib", libraries.android]
    if settings.shrink == "proguard":
        shrunk = _proguard(tools, libraries, sample, [app, *jars], work)
        groups = [[shrunk]]
    else:
        groups = _split(app, settings.secondary_dex, work, jars)
    entries: dict[str, bytes] = {}
    for number, group in enumerate(groups, 1):
        output = work / f"dex{number}"
        output.mkdir()
        common: list[str | Path] = ["--release", "--min-api", str(sample.min_sdk), "--output", output, *api, *group]
        if settings.shrink is True:
            rules = [word for name in settings.rules for word in ("--pg-conf", _rules(sample, name))]
            arguments: list[str | Path] = [*rules, "--pg-map-output", work / sample.mapping_name]
            tools.java(BUNDLETOOL, "com.android.tools.r8.R8", *arguments, *common)
        else:
            others = [jar for other in groups if other is not group for jar in other]
            common += [word for jar in others for word in ("--lib", jar)]
            tools.java(BUNDLETOOL, "com.android.tools.r8.D8", *common)
        for file in sorted(output.glob("classes*.dex")):
            entries[f"classes{len(entries) + 1}.dex" if entries else "classes.dex"] = file.read_bytes()
    if settings.shrink and (sample.is_variant or settings.sources is not None):
        _shorten_mapping(work / sample.mapping_name, settings.mapped)
    if "classes.dex" not in entries:
        raise BuildError(f"{sample.name}: no classes.dex came out of its sources")
    for jar in jars:
        with zipfile.ZipFile(jar) as archive:
            if _PUBLIC_SUFFIXES in archive.namelist():
                entries[_PUBLIC_SUFFIXES] = archive.read(_PUBLIC_SUFFIXES)
    return entries


def _rules(sample: Sample, name: str) -> Path:
    """Return a file of rules: beside the package, beside the sources, or beside the list of builds."""
    folders = (sample.outputs, sample.folder, sample.folder.parent)
    return next(file for file in (folder / name for folder in folders) if file.exists())


def _shorten_mapping(file: Path, mapped: tuple[str, ...]) -> None:
    """Keep the names of the app's classes and of the library's that matter, without lines of source."""
    prefixes = (*_MAPPED, *(f"{name}{end}" for name in mapped for end in (" ", "$")))
    kept, start, wanted = [], 0, False
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.lstrip().startswith("#"):
            continue
        if not line.startswith(" "):
            wanted, start = line.startswith(prefixes), len(kept)
        elif wanted:
            line = f"    {_LINES.sub('', line.strip())}"
        # A method is there once for each of its lines of source.
        if wanted and line not in kept[start:]:
            kept.append(line)
    file.write_text("\n".join(kept) + "\n", encoding="utf-8")


def _split(app: Path, secondary: tuple[str, ...], work: Path, jars: list[Path]) -> list[list[Path]]:
    """Return what goes into each DEX file."""
    if not secondary:
        return [[app, *jars]]
    parts: list[dict[str, bytes]] = [{}, {}]
    for name, data in read_zip(app).items():
        outer = name.removesuffix(".class").replace("/", ".").partition("$")[0]
        parts[outer in secondary][name] = data
    files = [work / "first.jar", work / "second.jar"]
    for file, part in zip(files, parts, strict=True):
        write_zip(file, part)
    return [[files[0], *jars], [files[1]]]


def _proguard(tools: Tools, libraries: CodeLibraries, sample: Sample, jars: list[Path], work: Path) -> Path:
    """Shrink and rename with ProGuard, and return the jar that comes out."""
    output = work / "shrunk.jar"
    inputs = [word for jar in jars for word in ("-injars", f"{jar}(!META-INF/**,!**/package-info.class)")]
    rules = [f"@{_rules(sample, name)}" for name in sample.settings.rules]
    tools.java(
        JAVA_LIBRARIES / "proguard.jar", "proguard.ProGuard", *inputs, "-outjars", output,
        "-libraryjars", libraries.java, "-libraryjars", libraries.android, *rules,
        "-printmapping", work / sample.mapping_name,
    )  # fmt: skip
    # The order and the dates of what ProGuard writes are its own.
    entries = {name: data for name, data in read_zip(output).items() if name.endswith(".class")}
    write_zip(output, entries)
    return output


def _kotlin(tools: Tools, output: Path, sources: list[Path], class_path: list[Path]) -> dict[str, Path]:
    """Compile Kotlin for Java 8 and return the class files by their name in a jar."""
    output.mkdir()
    lib = KOTLIN / "lib"
    tools.java(
        lib / "kotlin-preloader.jar", "org.jetbrains.kotlin.preloading.Preloader", "-cp", lib / "kotlin-compiler.jar",
        "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler", "-jvm-target", "1.8", "-no-jdk", "-no-reflect", "-nowarn",
        "-module-name", "app", "-kotlin-home", KOTLIN, "-cp", ":".join(map(str, class_path)), "-d", output, *sources,
    )  # fmt: skip
    return {file.relative_to(output).as_posix(): file for file in output.rglob("*.class")}


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
