"""Code that an app carries beside its own: DEX files among its assets and raw resources, plain or in a JAR or ZIP.

Such files are what ``DexClassLoader`` and its like are given. A file is told by its first bytes, whatever it is called.
An APK with a manifest is an app of its own, with resources and a policy of its own: it is named, not read.
"""

import re
from typing import Protocol

from analyzer.apk.archive import Archive, Budget
from analyzer.apk.errors import EntryError, LimitError
from analyzer.errors import TargetError
from analyzer.model import AnalysisGap, FactKind, Location, Record
from analyzer.options import Limits

_DEX_MAGIC = b"dex\n"
_ZIP_MAGIC = b"PK\x03\x04"
_MANIFEST = "AndroidManifest.xml"
_DEX_NAME = re.compile(r"classes([2-9]|[1-9][0-9]{1,3})?\.dex", re.ASCII)
_FOLDERS = re.compile(r"(?:^|!)(?:assets/|res/raw)")
_SUFFIXES = (".dex", ".jar", ".apk", ".zip")
_CODE_FACTS: tuple[FactKind, ...] = ("pin", "callback", "certificate", "sdk", "host", "code")


class PayloadSource(Protocol):
    """The part of an opened app that holds files."""

    @property
    def dex_entries(self) -> tuple[str, ...]:
        """Entries with the app's own code."""
        ...

    def entries(self) -> tuple[str, ...]:
        """Return the names of all entries."""
        ...

    def starts_with(self, entry: str, size: int) -> bytes:
        """Return the first bytes of an entry; fewer when it is shorter, or cannot be read."""
        ...

    def read(self, entry: str) -> bytes:
        """Return an entry's content."""
        ...


class Payloads(Record, frozen=True, kw_only=True):
    """Code beside the app's own."""

    files: tuple[tuple[str, bytes], ...] = ()
    """Names and contents of DEX files; inside an archive the name is joined to the archive's with ``!``."""
    unread: tuple[Location, ...] = ()
    """Entries with code that is not among `files`, or not all of it."""
    gaps: tuple[AnalysisGap, ...] = ()


def read_payloads(app: PayloadSource, limits: Limits) -> Payloads:
    """Read the DEX files among the entries of an app that are not its own code.

    No more is read than `Limits.payload_files` and `Limits.payload_bytes` allow; what is left out is among the gaps.
    """
    reader = _Reader(app, limits)
    own = set(app.dex_entries)
    for entry in app.entries():
        if entry not in own and (_FOLDERS.search(entry) or entry.lower().endswith(_SUFFIXES)):
            reader.look_at(entry)
    return Payloads(files=tuple(reader.files), unread=tuple(reader.unread), gaps=tuple(reader.gaps))


class _Reader:
    """Collects files until the limits are reached."""

    def __init__(self, app: PayloadSource, limits: Limits) -> None:
        self._app = app
        self._limits = limits
        self._bytes_left = limits.payload_bytes
        self.files: list[tuple[str, bytes]] = []
        self.unread: list[Location] = []
        self.gaps: list[AnalysisGap] = []

    def look_at(self, entry: str) -> None:
        """Read an entry if it is a DEX file, or an archive of such."""
        head = self._app.starts_with(entry, len(_DEX_MAGIC))
        if head not in (_DEX_MAGIC, _ZIP_MAGIC):
            return
        try:
            if head == _DEX_MAGIC:
                self._take(entry, self._app.read(entry))
            else:
                self._open(entry, self._app.read(entry))
        except LimitError as error:
            self._leave(entry, "limit", str(error))
        except TargetError as error:
            self._leave(entry, "unreadable", str(error))

    def _open(self, entry: str, data: bytes) -> None:
        try:
            archive = Archive(memoryview(data), entry, self._limits, Budget(self._limits, len(data)))
        except EntryError:
            # Many files begin like archives; without a directory no class loader reads one.
            return
        names = sorted(
            (name for name in archive.names if _DEX_NAME.fullmatch(name)), key=lambda name: (len(name), name)
        )
        if names and _MANIFEST in archive:
            self.unread.append(Location(kind="entry", entry=entry))
            return
        for name in names:
            content = archive.read(name)
            if not content.startswith(_DEX_MAGIC):
                raise EntryError(f"{entry}: {name}: it does not start with a DEX header")
            self._take(f"{entry}!{name}", content)

    def _take(self, name: str, data: bytes) -> None:
        self._bytes_left -= len(data)
        if len(self.files) >= self._limits.payload_files or self._bytes_left < 0:
            raise LimitError(f"{name}: there is more code among the files than is read")
        self.files.append((name, data))

    def _leave(self, entry: str, reason: str, why: str) -> None:
        self.unread.append(Location(kind="entry", entry=entry))
        self.gaps.append(
            AnalysisGap(
                stage="code",
                reason="limit" if reason == "limit" else "unreadable",
                subject=entry,
                detail=f"Code that may be loaded at run time was not read: {why}.",
                hides=_CODE_FACTS,
            )
        )
