"""Real packages to compare readers over: the sample apps, and third-party packages where they are at hand."""

import os
from collections.abc import Iterator
from pathlib import Path

from analyzer.apk.archive import Archive, Budget
from analyzer.apk.errors import EntryError
from analyzer.options import Limits

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("PINSCOPE_SHARED", ROOT.parent / "shared"))
LIMITS = Limits()


def packages() -> list[Path]:
    """Return all APKs there are."""
    folders = [ROOT / "sample_apks", SHARED / "corpus"]
    return sorted(path for folder in folders if folder.is_dir() for path in folder.rglob("*.apk"))


def opened(path: Path) -> Archive:
    """Return a package as an archive."""
    data = path.read_bytes()
    return Archive(memoryview(data), path.name, LIMITS, Budget(LIMITS, len(data)))


def binary_xml(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of every binary XML file in a package."""
    archive = opened(path)
    for name in archive.names:
        if not name.endswith(".xml"):
            continue
        try:
            content = archive.read(name)
        except EntryError:
            continue
        if content.startswith(b"\x03\x00\x08\x00"):
            yield f"{path.name}!{name}", content
