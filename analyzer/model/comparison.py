"""What changed between two versions of an app."""

from typing import Literal

from analyzer.model.base import Record

Direction = Literal["weaker", "stronger", "changed"]
"""``weaker``: less is checked than before, or what is checked holds for less; ``changed``: neither can be said."""
Area = Literal["pins", "policy", "app", "callbacks", "certificates", "findings", "hosts", "libraries", "coverage"]
ChangeKind = Literal[
    "pinning-lost", "backup-lost", "pinning-gained", "pins-removed", "pins-replaced", "pins-added",
    "cleartext", "trust-anchors", "certificate-transparency", "domain-encryption", "policy-state",
    "debuggable", "target-sdk", "min-sdk",
    "expiration", "activation",
    "callback-added", "callback-removed", "certificate-added", "certificate-removed",
    "host-added", "host-removed", "library-added", "library-removed", "library-version",
    "finding-new", "finding-gone", "finding-severity", "strength-lost", "strength-gained",
    "gap-new", "gap-gone", "rule-not-evaluated",
]  # fmt: skip


class Change(Record, frozen=True, kw_only=True):
    """One difference."""

    area: Area
    kind: ChangeKind
    subject: str
    """What it is about: a host pattern, a class, a rule, a library."""
    old: str | None = None
    new: str | None = None
    direction: Direction
    first_level: int | None = None
    """First and last device API level on which it shows; None where levels do not matter."""
    last_level: int | None = None
    severity: str | None = None
    """Of findings."""


class ComparedApp(Record, frozen=True, kw_only=True):
    """One side of a comparison."""

    path: str
    sha256: str
    package: str
    version: str
    rules_digest: str
    as_of: str


class Comparison(Record, frozen=True, kw_only=True):
    """Two versions of an app, and all that differs."""

    comparison_version: int
    old: ComparedApp
    new: ComparedApp
    changes: tuple[Change, ...]
    """Weaker ones first, then by area, kind and subject."""
    weaker: bool
    notes: tuple[str, ...]
    """What limits the comparison, such as different rules or packages, or parts that were not analysed."""
    complete: bool
    """False when a side was not analysed to the end, so that a change may be missing."""
