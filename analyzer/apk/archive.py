"""Reads entries of a ZIP archive the way Android does, within limits.

Android's reader goes by the central directory and looks neither at the encryption flag nor at checksums. What is not
deflated is stored: so assets are read whatever their method says, while signed JAR files inflate what is not stored.
Python's ``zipfile`` refuses what devices install. Entries stay compressed until they are read.
"""

import zlib
from collections.abc import Iterable

from analyzer.apk.errors import EntryError, LimitError
from analyzer.apk.zip_directory import Buffer, DirectoryEntry, data_offset, read_directory
from analyzer.model import AnalysisGap, FactKind
from analyzer.options import Limits

_DEFLATE = 8
_STORED = 0
_EVERYTHING: tuple[FactKind, ...] = (
    "app", "policy", "pin", "callback", "certificate", "sdk", "host", "code", "native",
)  # fmt: skip
_SHOWN_NAMES = 5
_INFLATED_HEAD = 4_096
"""Deflated data begins with the lengths of its codes, which take a few hundred bytes at most."""


class Budget:
    """How many inflated bytes one target may still cost, shared by all of its containers.

    Each entry is charged once, however often it is read, and also when reading it fails.
    """

    def __init__(self, limits: Limits, target_bytes: int, ratio: int | None = None) -> None:
        """Allow `Limits.total_bytes`, and no more than `ratio` times the size of the target itself.

        The ratio is `Limits.ratio` by default.
        """
        ratio = limits.ratio if ratio is None else ratio
        self.left = min(limits.total_bytes, limits.ratio_floor_bytes + ratio * target_bytes)

    def spend(self, amount: int) -> None:
        """Take `amount` bytes from the budget."""
        self.left -= amount


class Archive:
    """A ZIP archive in memory."""

    resource_table = "resources.arsc"
    """The entry that holds the resource table, in an APK."""

    def __init__(self, data: Buffer, name: str, limits: Limits, budget: Budget) -> None:
        """Read the directory of the archive called `name` in messages.

        Raises:
            EntryError: It has no usable central directory.
        """
        self.name = name
        self.data = data
        self._limits = limits
        self._budget = budget
        self._charged: set[str] = set()
        self._too_large: dict[str, str] = {}
        try:
            self._directory = read_directory(data, limits)
        except EntryError as error:
            raise EntryError(f"{name}: {error}") from None
        self._entries = self._directory.entries

    @property
    def names(self) -> tuple[str, ...]:
        """Entry names in directory order."""
        return tuple(self._entries)

    @property
    def directory_offset(self) -> int:
        """Where the central directory starts."""
        return self._directory.directory_offset

    def use_budget(self, budget: Budget) -> None:
        """Draw on another budget from now on."""
        self._budget = budget

    def stored_bytes(self, name: str) -> int:
        """Return the size of an entry in the archive, as the directory says; 0 when there is no such entry."""
        entry = self._entries.get(name)
        return entry.stored_bytes if entry is not None else 0

    def __contains__(self, name: str) -> bool:
        """Tell whether there is an entry called exactly `name`."""
        return name in self._entries

    @property
    def gaps(self) -> tuple[AnalysisGap, ...]:
        """What is odd about the archive, and what was not read of its directory."""
        directory = self._directory
        found: list[AnalysisGap] = []
        if directory.cut_off is not None:
            found.append(
                AnalysisGap(
                    stage="container",
                    reason="limit" if "only the first" in directory.cut_off else "unreadable",
                    subject=self.name,
                    detail=f"The archive was not read to its end: {directory.cut_off}.",
                    hides=_EVERYTHING,
                    incomplete=True,
                )
            )
        if directory.duplicates:
            names = _some(directory.duplicates)
            found.append(self._refused(f"names occur twice ({names}), and the first of each was read"))
        if directory.odd_names:
            found.append(self._tolerated(f"names lead outside of a folder ({_some(directory.odd_names)})"))
        found.extend(self._refused(remark) for remark in directory.remarks[:_SHOWN_NAMES])
        odd_methods = [e.name for e in self._entries.values() if e.method not in (_STORED, _DEFLATE)]
        if odd_methods:
            found.append(self._tolerated(f"unknown compression methods ({_some(odd_methods)})"))
        return tuple(found)

    def _refused(self, what: str) -> AnalysisGap:
        """Describe damage for which no device would install the package: what was salvaged proves little."""
        return AnalysisGap(
            stage="container",
            reason="recovered",
            subject=self.name,
            detail=f"The archive is damaged; a device would refuse it, and what was read may not be all: {what}.",
            hides=_EVERYTHING,
            incomplete=True,
        )

    def _tolerated(self, what: str) -> AnalysisGap:
        return AnalysisGap(
            stage="container", reason="recovered", subject=self.name, detail=f"Tolerated in the archive: {what}."
        )

    def read(self, name: str) -> bytes:
        """Return an entry's content.

        Raises:
            EntryError: There is no such entry, or its data is damaged.
            LimitError: It is larger than the limits allow.
        """
        content = self.view(name)
        whole = content.obj
        # What was inflated is there as bytes already, and may be many megabytes.
        return whole if isinstance(whole, bytes) and len(whole) == len(content) else bytes(content)

    def starts_with(self, name: str, size: int) -> bytes:
        """Return the first bytes of an entry, at most `size`; none when there is no such entry or it is damaged.

        This costs next to nothing, whatever the size of the entry.
        """
        entry = self._entries.get(name)
        if entry is None:
            return b""
        try:
            start = data_offset(self.data, entry)
            raw = self.data[start : start + min(entry.stored_bytes, size + _INFLATED_HEAD)]
            if entry.method == _DEFLATE:
                return zlib.decompressobj(-zlib.MAX_WBITS).decompress(raw, size)
        except (EntryError, zlib.error):
            return b""
        return bytes(raw[:size])

    def view(self, name: str) -> Buffer:
        """Return an entry's content without copying it when it is stored."""
        entry = self._entries.get(name)
        if entry is None:
            raise EntryError(f"{self.name}: there is no entry {name!r}")
        try:
            return self._view(entry)
        except LimitError as error:
            raise LimitError(f"{self.name}: {name}: {error}") from None
        except EntryError as error:
            raise EntryError(f"{self.name}: {name}: {error}") from None

    def _view(self, entry: DirectoryEntry) -> Buffer:
        start = data_offset(self.data, entry)
        if entry.method == _DEFLATE:
            return memoryview(self._inflate(entry, start))
        if entry.method != _STORED and entry.stored_bytes != entry.size_bytes:
            try:
                return memoryview(self._inflate(entry, start))
            except LimitError:
                raise
            except EntryError:
                # Then it is stored, whatever its sizes say.
                pass
        # Android takes the inflated size for the length of stored data; the other one where that cannot be.
        for size in (entry.size_bytes, entry.stored_bytes):
            if start + size <= len(self.data):
                return self.data[start : start + size]
        raise EntryError("its data reaches beyond the end of the file")

    def _inflate(self, entry: DirectoryEntry, start: int) -> bytes:
        if entry.name in self._too_large:
            raise LimitError(self._too_large[entry.name])
        raw = self.data[start : min(start + entry.stored_bytes, len(self.data))]
        allowed, which = self._allowed(entry.name, len(raw))
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            content = inflater.decompress(raw, allowed + 1)
        except zlib.error:
            raise EntryError("its compressed data is damaged") from None
        if entry.name not in self._charged:
            self._charged.add(entry.name)
            self._budget.spend(len(content))
        if len(content) > allowed:
            self._too_large[entry.name] = f"it inflates to more than {allowed} bytes, the limit {which!r}"
            raise LimitError(self._too_large[entry.name])
        if not inflater.eof:
            raise EntryError("its compressed data is cut off")
        return content

    def _allowed(self, name: str, stored_bytes: int) -> tuple[int, str]:
        limits = self._limits
        bounds = [
            (limits.entry_bytes, "entry_bytes"),
            (max(limits.ratio_floor_bytes, limits.ratio * stored_bytes), "ratio"),
        ]
        if name not in self._charged:
            bounds.append((max(0, self._budget.left), "total_bytes"))
        return min(bounds)


def _some(names: Iterable[str]) -> str:
    """Name a few of many."""
    every = list(names)
    more = f" and {len(every) - _SHOWN_NAMES} more" if len(every) > _SHOWN_NAMES else ""
    return ", ".join(repr(name[:80]) for name in every[:_SHOWN_NAMES]) + more
