"""ZIP files whose bytes depend on their content alone."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

_EPOCH = (1980, 1, 1, 0, 0, 0)
# Android maps the resource table into memory and demands it stored from target SDK 30 on.
_STORED = frozenset({"resources.arsc"})


def write_zip(path: Path, entries: Mapping[str, bytes]) -> None:
    """Write entries in the order of their names, all with the same date and attributes."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(entries):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_STORED if name in _STORED else zipfile.ZIP_DEFLATED
            archive.writestr(info, entries[name], compresslevel=9)


def read_zip(path: Path) -> dict[str, bytes]:
    """Return all entries by name."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
