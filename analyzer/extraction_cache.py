"""Keeps what was read from an app, so that scanning the same package again only judges it.

Kept are facts and gaps, not findings: dates, policies and baselines may change from one scan to the next, and judging
takes no time. An entry is found by the digest of the package, its file name, the version of the tool, the digest of
rules and catalogues, and the limits. An entry that cannot be read is as good as none.
"""

import hashlib
from pathlib import Path
from typing import Protocol

import msgspec

from analyzer._version import __version__
from analyzer.model import AnalysisGap, Facts, StageRecord, Target
from analyzer.options import Limits

_READ_BYTES = 1 << 20
_FORMAT = 1
"""Changes when what is kept changes."""


class Extraction(msgspec.Struct, frozen=True, kw_only=True):
    """What was read from one app."""

    target: Target
    facts: Facts
    gaps: tuple[AnalysisGap, ...]
    stages: tuple[StageRecord, ...]


class ByteStore(Protocol):
    """Where entries are kept."""

    def get(self, key: str) -> bytes | None:
        """Return an entry, None when there is none or it cannot be read."""
        ...

    def put(self, key: str, content: bytes) -> None:
        """Keep an entry; it may be lost."""
        ...


class ExtractionCache:
    """Extractions by package."""

    def __init__(self, store: ByteStore, rules_digest: str, limits: Limits) -> None:
        """Keep entries in `store`, for one set of rules and limits."""
        self._store = store
        settings = msgspec.json.encode([_FORMAT, __version__, rules_digest, msgspec.to_builtins(limits)])
        self._settings = hashlib.sha256(settings).digest()
        self._limits = limits

    def key(self, path: Path) -> str | None:
        """Return the name of a package's entry; None when the package cannot be read, or is larger than allowed."""
        digest = hashlib.sha256(self._settings)
        files = sorted(path.glob("*.[aA][pP][kK]")) if path.is_dir() else [path]
        left = self._limits.target_bytes
        try:
            for file in (path, *files):
                digest.update(file.name.encode("utf-8", "surrogateescape") + b"\0")
            for file in files:
                if not file.is_file():
                    return None
                left -= file.stat().st_size
                if left < 0:
                    return None
                with file.open("rb") as stream:
                    while chunk := stream.read(_READ_BYTES):
                        digest.update(chunk)
        except OSError:
            return None
        return digest.hexdigest()

    def load(self, key: str) -> Extraction | None:
        """Return what was kept; None when there is nothing, or it is damaged."""
        content = self._store.get(key)
        if content is None:
            return None
        check, _, packed = content.partition(b"\n")
        if hashlib.sha256(packed).hexdigest().encode() != check:
            return None
        try:
            return msgspec.msgpack.decode(packed, type=Extraction)
        except (msgspec.DecodeError, msgspec.ValidationError):
            return None

    def save(self, key: str, extraction: Extraction) -> None:
        """Keep an extraction, unless the analyzer failed somewhere: that is worth another try."""
        if any(gap.reason == "failure" for gap in extraction.gaps):
            return
        packed = msgspec.msgpack.encode(extraction)
        self._store.put(key, hashlib.sha256(packed).hexdigest().encode() + b"\n" + packed)
