"""Resources and code to a signed package: one APK, or the splits of an app bundle."""

import shutil
from pathlib import Path

from builder.archives import read_zip, write_zip
from builder.code import CodeLibraries, compile_code
from builder.settings import ROOT, BuildError, Sample
from builder.tools import BUNDLETOOL, FRAMEWORK, JAVA_LIBRARIES, Tools

KEY_STORE = ROOT / "test-key.p12"
_KEY_ALIAS = "sample"
_KEY_PASSWORD = "pass:sample-test-key"  # a test key: see the README
_FIRST_LEVEL_WITH_V2 = 24
# aapt2 stores a boolean as a number. A word of the same length that is none stays a string, and becomes the
# boolean's text once the file is compiled: the attribute's type is then that of a string, and nothing else differs.
_STAND_INS = {"true": "trve", "false": "faise"}


def build_package(tools: Tools, sample: Sample, code: dict[str, bytes], work: Path) -> Path:
    """Link the resources, add the code, align and sign; returns the finished file in `work`."""
    match sample.settings.package_as:
        case "app-bundle":
            return _bundle(tools, sample, code, work)
        case "apk" | "base-of-split":
            return _sign(tools, sample, {**_linked(tools, sample, work), **code}, work)


def _linked(tools: Tools, sample: Sample, work: Path, *options: str | Path) -> dict[str, bytes]:
    """Return the entries that aapt2 makes of manifest and resources."""
    settings = sample.settings
    linked = work / "linked.apk"
    command: list[str | Path] = ["aapt2", "link", "-I", FRAMEWORK, "--manifest", sample.manifest]
    command += ["--auto-add-overlay", "-o", linked, *options]
    assets = sample.folder / "assets"
    if assets.is_dir():
        command += ["-A", assets]
    if settings.split is not None:
        # Without the option aapt2 drops a resource that has no default value, before it splits.
        command += ["--no-resource-removal", "--split", f"{work / 'split.apk'}:{settings.split}"]
    resources = sample.folder / "res"
    if resources.is_dir():
        compiled = work / "resources.zip"
        copy = work / "res"
        shutil.copytree(resources, copy)
        for name in settings.string_booleans:
            _replace_in_source(copy.parent / name)
        tools.run("aapt2", "compile", "--dir", copy, "-o", compiled)
        command.append(compiled)
    tools.run(*command)
    if settings.shorten_resources:
        shortened = work / "shortened.apk"
        renaming = ("--enable-resource-path-shortening", "--enable-resource-obfuscation")
        tools.run("aapt2", "optimize", *renaming, "-o", shortened, linked)
        linked = shortened
    entries = read_zip(linked)
    for name in settings.string_booleans:
        entries[name] = _restore_booleans(entries[name], f"{sample.name}: {name}")
    return entries


def _replace_in_source(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    for boolean, stand_in in _STAND_INS.items():
        text = text.replace(f'="{boolean}"', f'="{stand_in}"')
    file.write_text(text, encoding="utf-8")


def _restore_booleans(data: bytes, where: str) -> bytes:
    """Put the booleans' texts back into the string pool of a compiled XML file."""
    changed = data
    for boolean, stand_in in _STAND_INS.items():
        for encoding in ("utf-8", "utf-16-le"):
            changed = changed.replace(stand_in.encode(encoding), boolean.encode(encoding))
    if changed == data:
        raise BuildError(f"{where}: there is no boolean to store as a string")
    return changed


def _sign(tools: Tools, sample: Sample, entries: dict[str, bytes], work: Path) -> Path:
    unaligned = work / "unaligned.apk"
    output = work / sample.output_name
    write_zip(unaligned, entries)
    tools.run("zipalign", "-f", "-p", "4", unaligned, output)
    with_v1 = "true" if sample.min_sdk < _FIRST_LEVEL_WITH_V2 else "false"
    options = ["--ks", str(KEY_STORE), "--ks-pass", _KEY_PASSWORD, "--ks-key-alias", _KEY_ALIAS]
    options += ["--min-sdk-version", str(sample.min_sdk), "--v1-signing-enabled", with_v1]
    options += ["--v2-signing-enabled", "true", "--v3-signing-enabled", "false", "--v4-signing-enabled", "false"]
    tools.java_jar(JAVA_LIBRARIES / "apksigner.jar", "sign", *options, output)
    return output


def _bundle(tools: Tools, sample: Sample, code: dict[str, bytes], work: Path) -> Path:
    """Make an app bundle, and of it the APKs for all devices, in one file; returns the latter."""
    modules = [_module(tools, sample, code, work)]
    base = work / "as-apk/linked.apk"
    if sample.features:
        # Features refer to the base's resources, which aapt2 reads from the binary form alone.
        base.parent.mkdir()
        _linked(tools, sample, base.parent)
    for number, feature in enumerate(sample.features):
        inner = work / feature.name
        inner.mkdir()
        # Below the base's id, so that devices without support for higher ones read them (aapt2, ``--package-id``).
        options = ("--package-id", f"{0x7F - 1 - number:#x}", "--allow-reserved-package-id", "-I", base)
        feature_code = compile_code(tools, CodeLibraries(tools, inner), feature, inner)
        modules.append(_module(tools, feature, feature_code, inner, *options))
    bundle, output = work / sample.bundle_name, work / sample.output_name
    tools.java_jar(BUNDLETOOL, "build-bundle", f"--modules={','.join(map(str, modules))}", f"--output={bundle}")
    write_zip(bundle, read_zip(bundle))  # bundletool writes the time of the build
    signing = [f"--ks={KEY_STORE}", f"--ks-pass={_KEY_PASSWORD}", f"--ks-key-alias={_KEY_ALIAS}"]
    tools.java_jar(BUNDLETOOL, "build-apks", f"--bundle={bundle}", f"--output={output}", *signing)
    return output


def _module(tools: Tools, sample: Sample, code: dict[str, bytes], work: Path, *options: str | Path) -> Path:
    """Make one module: what aapt2 links, and the code, where a bundle wants them."""
    module = {}
    for name, data in _linked(tools, sample, work, "--proto-format", *options).items():
        if name == "resources.pb":
            data = _without_sources(data)
        module[f"manifest/{name}" if name == "AndroidManifest.xml" else name] = data
    for name, data in code.items():
        module[f"dex/{name}" if name.endswith(".dex") else f"root/{name}"] = data
    # bundletool calls the module as the file.
    path = work / ("base.zip" if not options else f"{sample.name}.zip")
    write_zip(path, module)
    return path


def _without_sources(table: bytes) -> bytes:
    """Leave out the first field of a resource table, which names the folders it was compiled in."""
    size = shift = 0
    position = 1
    while table[0] == 0x0A:
        byte = table[position]
        size |= (byte & 0x7F) << shift
        shift, position = shift + 7, position + 1
        if byte < 0x80:
            return table[position + size :]
    return table
