"""What tells OkHttp in bytecode, by name and by what survives renaming: ``rules/catalogue/libraries.yaml``."""

from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from analyzer.extractors.catalogue_files import built_in_catalogues, read_catalogue_file

LIBRARIES_FILE = "libraries.yaml"


class OkHttpClasses(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Names behind the package."""

    pinner: str
    builder: str
    client: str
    client_builder: str
    chain: str | None = None
    """What interceptors get."""


class OkHttpNames(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One generation of the library by its names."""

    mechanism: Literal["okhttp3", "okhttp2"]
    library: str
    package: str
    """``okhttp3/``, possibly behind the package of who relocated it."""
    version: str
    """The text before the version number in the library's constant."""
    classes: OkHttpClasses
    add: str
    setter: str
    default: str
    chain_setter: str | None = None
    """The method of a chain that is given a pinner."""
    first_major: int
    """First major version of this generation."""

    def descriptor_suffix(self, name: str) -> str:
        """Return how the type descriptors of a class end."""
        return f"{self.package}{name};"


class OkHttpAnchors(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What survives renaming."""

    failure: tuple[str, ...]
    """How the text of a refused connection begins."""
    beside: tuple[str, ...]
    refusal: tuple[str, ...]
    """How the text of a refused pin begins."""
    prefixes: tuple[str, ...]
    client_fields: tuple[str, ...]
    own: tuple[str, ...]
    """Parts of texts that stand in classes of the library alone."""


class OkHttpFingerprints(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    okhttp: tuple[OkHttpNames, ...]
    okhttp_anchors: OkHttpAnchors


@cache
def load_fingerprints(folder: Path | None = None) -> OkHttpFingerprints:
    """Load the fingerprints from `folder`, or those that come with the package.

    Raises:
        RuleError: The file is missing or wrong; the message names file and key.
    """
    return read_catalogue_file((folder or built_in_catalogues()) / LIBRARIES_FILE, OkHttpFingerprints)
