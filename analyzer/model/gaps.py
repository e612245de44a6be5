"""What the analysis did not see, why, and which facts that may hide."""

from typing import Literal

from analyzer.model.base import Record

GapReason = Literal[
    "unreadable",
    "recovered",
    "limit",
    "timeout",
    "packed",
    "unresolved-value",
    "unsupported-format",
    "unsupported-runtime",
    "not-analysed-yet",
    "missing-split",
    "unreachable",
    "failure",
]
"""Why something was not seen.

``recovered`` means that the strict reader gave up and the tolerant one read what a device would read.
``unreachable`` stands for hosts whose chain was asked for and not seen.
``failure`` is a bug of ours: an unexpected exception, kept from ending the run.
"""

FactKind = Literal[
    "app", "policy", "pin", "callback", "socket", "certificate", "sdk", "host", "chain", "code", "native"
]  # fmt: skip
"""Kinds of facts a gap may hide; ``code`` stands for everything that is read from bytecode, ``socket`` for those
callbacks alone that are sockets made by hand, ``native`` for what native libraries do."""


class AnalysisGap(Record, frozen=True, kw_only=True):
    """Something that was not analysed; absence of facts behind a gap proves nothing."""

    stage: str
    """The pipeline stage that left it: ``container``, ``manifest``, ``policy``, ``code``, ``live``, ``rules``."""
    reason: GapReason
    subject: str
    """What was not read: an entry, a class, a host."""
    detail: str
    """One sentence: what happened and, where there is one, what to do about it."""
    hides: tuple[FactKind, ...] = ()
    """Fact kinds that may be missing because of it."""
    incomplete: bool = False
    """True when the scan counts as incomplete because of it (exit code 3)."""
