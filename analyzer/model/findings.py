"""What rules conclude from facts."""

import enum

from analyzer.model.base import Record
from analyzer.model.location import Location


class Severity(enum.StrEnum):
    """Impact on a release build if the finding is true."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for ``info`` up to 4 for ``critical``."""
        return _SEVERITY_RANK[self]


class Confidence(enum.StrEnum):
    """How sure the analyzer is."""

    CERTAIN = "certain"
    FIRM = "firm"
    TENTATIVE = "tentative"
    COVERAGE = "coverage"

    @property
    def rank(self) -> int:
        """0 for ``coverage`` up to 3 for ``certain``."""
        return _CONFIDENCE_RANK[self]


_SEVERITY_RANK = {level: rank for rank, level in enumerate(reversed(Severity))}
_CONFIDENCE_RANK = {level: rank for rank, level in enumerate(reversed(Confidence))}


class Adjustment(Record, frozen=True, kw_only=True):
    """Why a finding's severity differs from its rule's."""

    reason: str
    from_severity: Severity
    to_severity: Severity


class Waiver(Record, frozen=True, kw_only=True):
    """An accepted finding."""

    reason: str
    until: str | None


class Finding(Record, frozen=True, kw_only=True):
    """One problem, with every place it shows."""

    rule_id: str
    name: str
    """The rule's readable name in kebab-case."""
    title: str
    severity: Severity
    confidence: Confidence
    subject: str
    """What it is about: a host pattern, a resource, a class."""
    message: str
    """What is the case in this app, in one or two sentences."""
    locations: tuple[Location, ...]
    fingerprint: str
    """Stable across rebuilds; 32 hexadecimal digits."""
    tags: tuple[str, ...] = ()
    owner: str = "first-party"
    waiver: Waiver | None = None
    known: bool = False
    """True when the baseline lists it, so that it does not block."""
    first_level: int | None = None
    """First device API level on which it holds; None when the level does not matter."""
    last_level: int | None = None
    adjustments: tuple[Adjustment, ...] = ()
    fix: str | None = None
    """How to fix it in this app: the rule's snippet with this app's hosts and values filled in."""


class Strength(Record, frozen=True, kw_only=True):
    """Something done right, with the same proof as a finding. Never counted."""

    rule_id: str
    name: str
    title: str
    confidence: Confidence
    subject: str
    message: str
    locations: tuple[Location, ...]
    first_level: int | None = None
    last_level: int | None = None


class NotEvaluated(Record, frozen=True, kw_only=True):
    """A rule that could not be answered."""

    rule_id: str
    title: str
    reason: str
    """One sentence that names what is missing."""
    incomplete: bool = False


class Reference(Record, frozen=True, kw_only=True):
    """A further source on a rule."""

    title: str
    url: str


class RuleText(Record, frozen=True, kw_only=True):
    """A rule's own words, so that reports need no rule set."""

    rule_id: str
    name: str
    title: str
    since: str
    severity: Severity | None
    """The default severity; None for a rule that states strengths."""
    confidence: Confidence
    what: str
    why: str
    fix: str
    snippet: str | None
    snippet_language: str | None
    limits: str
    cwe: tuple[int, ...]
    masvs: tuple[str, ...]
    mastg: tuple[str, ...]
    lint: tuple[str, ...]
    references: tuple[Reference, ...]
