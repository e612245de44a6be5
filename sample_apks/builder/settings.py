"""What a sample's folder says about its build: the manifest, ``app.yaml`` and the sources that exist."""

import re
from pathlib import Path
from typing import Literal, TypeVar

import msgspec
import yaml

ROOT = Path(__file__).resolve().parent.parent
"""The folder of all samples."""


_T = TypeVar("_T")

Library = Literal["okhttp", "okio", "okhttp-4.12", "kotlin"]


class BuildError(Exception):
    """A sample cannot be built; the message says which and why."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of ``app.yaml``. Every key is optional, and so is the file."""

    sources: str | None = None
    """The sample whose manifest, code and resources this one is built from too, in another way."""
    libraries: tuple[Library, ...] = ()
    """Libraries that go into the app's code; where they come from is in `builder.libraries`."""
    shrink: bool | Literal["proguard"] = False
    """Shrink and rename with R8, or with ProGuard before D8; the mapping becomes ``mapping.txt``."""
    rules: tuple[str, ...] = ("r8.pro",)
    """The files with the shrinker's rules, beside the sources."""
    mapped: tuple[str, ...] = ()
    """Classes of libraries that the mapping of a variant keeps, besides those that pin; nested ones with them."""
    secondary_dex: tuple[str, ...] = ()
    """Classes that go into ``classes2.dex``, by their dotted names."""
    shorten_resources: bool = False
    """Rename resource files to ``res/aB.xml`` and their names to one placeholder, as release builds do."""
    string_booleans: tuple[str, ...] = ()
    """Resource files whose ``true`` and ``false`` are stored as strings, as some packers leave them."""
    package_as: Literal["apk", "app-bundle", "base-of-split"] = "apk"
    """``app-bundle``: the bundle, and all splits in one ``.apks``. ``base-of-split``: the base without its split."""
    split: str | None = None
    """The resource configuration that ``base-of-split`` moves into the split that is left out."""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One sample app."""

    name: str
    folder: Path
    settings: Settings
    min_sdk: int
    outputs: Path
    """The folder of what is built."""
    is_variant: bool = False
    """Whether it is one of many builds in one folder: then each mapping is named after its package."""

    @property
    def manifest(self) -> Path:
        """The source manifest."""
        return self.folder / "AndroidManifest.xml"

    @property
    def output_name(self) -> str:
        """File name of the built package, which lies in the sample's folder."""
        return f"{self.name}.apks" if self.settings.package_as == "app-bundle" else f"{self.name}.apk"

    @property
    def mapping_name(self) -> str:
        """File name of the shrinker's mapping."""
        return f"{self.name}.mapping.txt" if self.is_variant else "mapping.txt"

    @property
    def output_names(self) -> tuple[str, ...]:
        """Every file that a build makes."""
        names = [self.output_name]
        names += [self.bundle_name] if self.settings.package_as == "app-bundle" else []
        names += [self.mapping_name] if self.settings.shrink else []
        return tuple(names)

    @property
    def bundle_name(self) -> str:
        """File name of the app bundle that the package is made from."""
        return f"{self.name}.aab"

    @property
    def features(self) -> "tuple[Sample, ...]":
        """The feature modules of an app bundle: folders below ``features`` that have all that a sample has."""
        return tuple(
            load_sample(manifest.parent) for manifest in sorted(self.folder.glob("features/*/AndroidManifest.xml"))
        )


def load_sample(folder: Path) -> Sample:
    """Read the settings of the sample in `folder`.

    Raises:
        BuildError: The manifest states no minSdkVersion, or ``app.yaml`` has an unknown key or value.
    """
    file = folder / "app.yaml"
    settings = _read(file, Settings) if file.exists() else Settings()
    if (settings.package_as == "base-of-split") != (settings.split is not None):
        raise BuildError(f"{folder.name}: app.yaml: `split` belongs to `package_as: base-of-split`")
    sources = folder if settings.sources is None else folder.parent / settings.sources
    return Sample(name=folder.name, folder=sources, settings=settings, min_sdk=_min_sdk(sources), outputs=folder)


class Build(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way to build an app, in a ``builds.yaml``."""

    app: str
    """The folder with its sources."""
    settings: Settings = Settings()


def load_builds(file: Path) -> list[Sample]:
    """Read the ways to build the apps beside `file`; the packages are in the folder ``builds`` there.

    Raises:
        BuildError: As for `load_sample`.
    """
    return [
        Sample(
            name=name,
            folder=file.parent / build.app,
            settings=build.settings,
            min_sdk=_min_sdk(file.parent / build.app),
            outputs=file.parent / "builds",
            is_variant=True,
        )
        for name, build in _read(file, dict[str, Build]).items()
    ]


def all_samples() -> list[Sample]:
    """Return every sample: those with an expectation of their own by name, then the variants of others."""
    own = [load_sample(expected.parent) for expected in sorted(ROOT.glob("*/expected.yaml"))]
    return own + [sample for file in sorted(ROOT.glob("*/builds.yaml")) for sample in load_builds(file)]


def _min_sdk(folder: Path) -> int:
    text = (folder / "AndroidManifest.xml").read_text(encoding="utf-8")
    stated = re.search(r'android:minSdkVersion="(\d+)"', text)
    if stated is None:
        raise BuildError(f"{folder.name}: AndroidManifest.xml states no minSdkVersion")
    return int(stated[1])


def _read(file: Path, wanted: type[_T]) -> _T:
    try:
        return msgspec.convert(yaml.safe_load(file.read_text(encoding="utf-8")) or {}, wanted)
    except msgspec.ValidationError as error:
        raise BuildError(f"{file.parent.name}: {file.name}: {error}") from error
