"""What code an app carries as its own: its DEX files, and what is not analysed."""

from typing import Protocol

from analyzer.errors import TargetError
from analyzer.model import AnalysisGap, FactKind
from analyzer.options import Limits

_DEX_MAGIC = b"dex\n"
_CODE_FACTS: tuple[FactKind, ...] = ("pin", "callback", "certificate", "sdk", "host", "code")


class CodeSource(Protocol):
    """The part of an opened app that holds code."""

    @property
    def dex_entries(self) -> tuple[str, ...]:
        """Entries with DEX code in load order."""
        ...

    def entries(self) -> tuple[str, ...]:
        """Return the names of all entries."""
        ...

    def read(self, entry: str) -> bytes:
        """Return an entry's content."""
        ...


def read_dex_files(app: CodeSource, limits: Limits) -> tuple[list[tuple[str, bytes]], list[AnalysisGap]]:
    """Read the DEX files in load order, with their names; what could not be read is among the gaps."""
    gaps: list[AnalysisGap] = []
    entries = app.dex_entries
    if len(entries) > limits.dex_entries:
        gaps.append(
            AnalysisGap(
                stage="code",
                reason="limit",
                subject=f"{len(entries)} DEX files",
                detail=f"Only the first {limits.dex_entries} DEX files were looked at.",
                hides=_CODE_FACTS,
                incomplete=True,
            )
        )
        entries = entries[: limits.dex_entries]
    files: list[tuple[str, bytes]] = []
    for entry in entries:
        try:
            data = app.read(entry)
        except TargetError as error:
            gaps.append(_unreadable(entry, str(error)))
            continue
        if data.startswith(_DEX_MAGIC):
            files.append((entry, data))
        else:
            gaps.append(_unreadable(entry, "it does not start with a DEX header"))
    return files, gaps


def unread_parts(app: CodeSource, native_libraries: tuple[str, ...]) -> tuple[AnalysisGap, ...]:
    """Say which parts of an app no stage looks at yet."""
    gaps: list[AnalysisGap] = []
    if native_libraries:
        gaps.append(
            AnalysisGap(
                stage="code",
                reason="not-analysed-yet",
                subject=", ".join(native_libraries[:5]) + (" …" if len(native_libraries) > 5 else ""),
                detail="Native libraries are not analysed: TLS done there ignores the network security configuration.",
                hides=("native",),
            )
        )
    return tuple(gaps)


def _unreadable(entry: str, why: str) -> AnalysisGap:
    return AnalysisGap(
        stage="code",
        reason="unreadable",
        subject=entry,
        detail=f"The DEX file could not be read: {why}",
        hides=_CODE_FACTS,
        incomplete=True,
    )
