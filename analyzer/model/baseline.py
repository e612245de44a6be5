"""Findings that a team has accepted for now: the baseline that later builds are compared with."""

from analyzer.model.base import Record
from analyzer.model.findings import Severity

BASELINE_VERSION = 1


class BaselineEntry(Record, frozen=True, kw_only=True):
    """Findings of one app with one fingerprint."""

    fingerprint: str
    """Identifies the finding across builds."""
    rule_id: str
    """For readers only, as are subject and severity: the fingerprint alone counts."""
    subject: str
    severity: Severity
    count: int = 1
    """How many findings of the app have the fingerprint."""


class Baseline(Record, frozen=True, kw_only=True):
    """The known findings of one or more apps."""

    baseline_version: int
    apps: dict[str, tuple[BaselineEntry, ...]]
    """Entries by package name, both sorted."""


class BaselineUse(Record, frozen=True, kw_only=True):
    """What a baseline did to one target."""

    known: int
    """Findings that the baseline lists; they do not block."""
    new: int
    """Findings that it does not list, waived ones aside."""
    # Those of confidence coverage, which no baseline lists, do not count either.
    stale: tuple[BaselineEntry, ...]
    """What it lists and the app does not have any more, with the number that is too many as `BaselineEntry.count`."""
    unconfirmed: tuple[BaselineEntry, ...] = ()
    """What it lists and nobody looked for: the rule was not evaluated. Not stale."""
