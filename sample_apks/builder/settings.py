"""What a sample's folder says about its build: the manifest, ``app.yaml`` and the sources that exist."""

import re
from pathlib import Path
from typing import Literal

import msgspec
import yaml

ROOT = Path(__file__).resolve().parent.parent
"""The folder of all samples."""


class BuildError(Exception):
    """A sample cannot be built; the message says which and why."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of ``app.yaml``. Every key is optional, and so is the file."""

    libraries: tuple[Literal["okhttp", "okio"], ...] = ()
    """Libraries from Debian that go into the app's code."""
    shrink: bool = False
    """Shrink and rename with R8, by the rules in ``r8.pro``; the mapping becomes ``mapping.txt``."""
    shorten_resources: bool = False
    """Rename resource files to ``res/aB.xml`` and their names to one placeholder, as release builds do."""
    string_booleans: tuple[str, ...] = ()
    """Resource files whose ``true`` and ``false`` are stored as strings, as some packers leave them."""
    package_as: Literal["apk", "app-bundle", "base-of-split"] = "apk"
    """``app-bundle``: all splits in one ``.apks``. ``base-of-split``: the base alone, its split left out."""
    split: str | None = None
    """The resource configuration that ``base-of-split`` moves into the split that is left out."""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One sample app."""

    name: str
    folder: Path
    settings: Settings
    min_sdk: int

    @property
    def manifest(self) -> Path:
        """The source manifest."""
        return self.folder / "AndroidManifest.xml"

    @property
    def output_name(self) -> str:
        """File name of the built package, which lies in the sample's folder."""
        return f"{self.name}.apks" if self.settings.package_as == "app-bundle" else f"{self.name}.apk"

    @property
    def output_names(self) -> tuple[str, ...]:
        """Every file that a build makes."""
        return (self.output_name, "mapping.txt") if self.settings.shrink else (self.output_name,)


def load_sample(folder: Path) -> Sample:
    """Read the settings of the sample in `folder`.

    Raises:
        BuildError: The manifest states no minSdkVersion, or ``app.yaml`` has an unknown key or value.
    """
    text = (folder / "AndroidManifest.xml").read_text(encoding="utf-8")
    stated = re.search(r'android:minSdkVersion="(\d+)"', text)
    if stated is None:
        raise BuildError(f"{folder.name}: AndroidManifest.xml states no minSdkVersion")
    file = folder / "app.yaml"
    content = yaml.safe_load(file.read_text(encoding="utf-8")) if file.exists() else {}
    try:
        settings = msgspec.convert(content, Settings)
    except msgspec.ValidationError as error:
        raise BuildError(f"{folder.name}: app.yaml: {error}") from error
    if (settings.package_as == "base-of-split") != (settings.split is not None):
        raise BuildError(f"{folder.name}: app.yaml: `split` belongs to `package_as: base-of-split`")
    return Sample(name=folder.name, folder=folder, settings=settings, min_sdk=int(stated[1]))


def all_samples() -> list[Sample]:
    """Return every sample, by name."""
    return [load_sample(manifest.parent) for manifest in sorted(ROOT.glob("*/AndroidManifest.xml"))]
