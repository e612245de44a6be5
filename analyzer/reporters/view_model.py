"""What a human report shows, in the order of the reader's questions: the one model behind every human format.

All texts are safe to print (see `analyzer.reporters.text`); formats only add their own escaping and layout.
"""

from typing import Literal

import msgspec

from analyzer.model import Confidence, Severity

State = Literal["good", "warn", "bad", "unknown", "neutral"]
"""How a value reads at a glance; always shown together with its words, never by colour alone."""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """Base class of the parts of a report."""


class Verdict(View, frozen=True, kw_only=True):
    """The answer to "is it all right?", in sentences."""

    known: tuple[str, ...]
    """What holds, most important first."""
    unknown: tuple[str, ...]
    """What could not be told, as visible as the rest."""

    @property
    def sentence(self) -> str:
        """All of it as one paragraph."""
        return " ".join((*self.known, *self.unknown))


class BlockingFinding(View, frozen=True, kw_only=True):
    """A finding that stops the build."""

    anchor: str
    title: str
    subject: str


class GateView(View, frozen=True, kw_only=True):
    """The gate's decision and why."""

    outcome: Literal["pass", "blocked", "incomplete", "failed"]
    label: str
    reason: str
    exit_code: int
    thresholds: str
    blocking: tuple[BlockingFinding, ...]
    baseline: str = ""
    """What the baseline did, in a sentence; empty without one."""


class Value(View, frozen=True, kw_only=True):
    """A value, and the device levels on which it holds."""

    text: str
    state: State = "neutral"
    levels: str = ""
    """In words; empty when it holds on every device level that the policy covers for this app."""
    api: str = ""
    """The same levels in numbers alone."""


class PinView(View, frozen=True, kw_only=True):
    """One pin of a set."""

    value: str
    name: str | None = None
    """Whose key it is, where that is publicly known."""
    problem: str | None = None


class TrailStep(View, frozen=True, kw_only=True):
    """Where a value of a row comes from."""

    setting: str
    value: str
    origin: str
    place: str
    """``entry, path, line 12``; empty for platform defaults."""
    levels: str = ""


RowKind = Literal["base", "domain", "code", "host"]
"""All other hosts, domains of the policy, a pattern that only code pins, hosts that only code names."""


class HostRow(View, frozen=True, kw_only=True):
    """Host patterns that are treated alike, and what protects them. Values stand newest devices first."""

    kind: RowKind
    patterns: tuple[str, ...]
    more_patterns: int
    notes: tuple[str, ...]
    """What else a reader must know of these patterns, such as one that can never match."""
    owner: str
    mechanism: str
    clients: tuple[str, ...] = ()
    """What contacts the hosts, as far as the code shows it."""
    variant: str
    """Which configuration of the policy resource it stands in; empty when there is only one."""
    enforced: tuple[Value, ...]
    pins: tuple[PinView, ...]
    backup: Value
    until: tuple[Value, ...]
    cleartext: tuple[Value, ...]
    user_cas: tuple[Value, ...]
    anchors: tuple[Value, ...]
    transparency: tuple[Value, ...]
    encryption: tuple[Value, ...]
    trail: tuple[TrailStep, ...]
    live: tuple[Value, ...] = ()
    """What the chains of its hosts say of its pins, worst first; empty where none was looked at."""


class HostTable(View, frozen=True, kw_only=True):
    """Which hosts, and what protects each."""

    rows: tuple[HostRow, ...]
    notes: tuple[str, ...]
    """What holds for the whole table."""
    omitted: int = 0
    """Rows left out of human reports; the JSON report has them all."""
    live: bool = False
    """Chains of hosts were looked at, so that a column says what they show."""


class PlaceView(View, frozen=True, kw_only=True):
    """Where something was seen."""

    text: str
    snippet: str | None = None


class FindingView(View, frozen=True, kw_only=True):
    """One finding."""

    anchor: str
    rule_id: str
    title: str
    severity: Severity
    confidence: Confidence
    subject: str
    message: str
    levels: str
    owner: str
    places: tuple[PlaceView, ...]
    more_places: int
    adjustments: tuple[str, ...]
    fix: str | None
    """A snippet made for this app."""
    waiver: str | None
    known: bool
    """The baseline lists it."""
    fingerprint: str
    blocking: bool
    tags: tuple[str, ...]


class RejectionView(View, frozen=True, kw_only=True):
    """One class for which the store rejects the build, or may."""

    name: str
    """The class, one case of a merged class with its number."""
    owner: str
    certain: bool
    reason: str
    use: str
    """Whether it is used, which the store does not ask."""
    place: str
    code: str | None
    """The deciding statements."""


class CertificateRow(View, frozen=True, kw_only=True):
    """A certificate, key or key store that comes with the app."""

    kind: str
    name: str
    place: str
    detail: str
    use: str
    starts_on: str | None = None
    ends_on: str | None = None
    state: State


class StoreView(View, frozen=True, kw_only=True):
    """What Google Play would say of the build."""

    title: str
    rejected: tuple[RejectionView, ...]
    perhaps: tuple[RejectionView, ...]
    nothing: str | None
    """What to say when there is nothing to list."""
    note: str | None
    """Why there may be more."""


class LinkView(View, frozen=True, kw_only=True):
    """A further source; without a link when the address is not https."""

    title: str
    url: str | None


class RuleView(View, frozen=True, kw_only=True):
    """A rule's own words. Texts are paragraphs; `code` stands in backticks."""

    rule_id: str
    name: str
    title: str
    what: tuple[str, ...]
    why: tuple[str, ...]
    fix: tuple[str, ...]
    snippet: str | None
    language: str | None
    limits: tuple[str, ...]
    standards: tuple[str, ...]
    references: tuple[LinkView, ...]


class FindingGroup(View, frozen=True, kw_only=True):
    """The findings of one rule that weigh the same: one root cause, many subjects."""

    rule_id: str
    title: str
    severity: Severity
    """Of each of its findings."""
    rule: RuleView | None
    """The rule's own words; None when the result lacks them, and in all groups of a rule but its first."""
    explained_above: bool = False
    """True when an earlier group is of the same rule."""
    findings: tuple[FindingView, ...]


class StrengthView(View, frozen=True, kw_only=True):
    """Something done right."""

    rule_id: str
    title: str
    subject: str
    message: str
    levels: str
    places: tuple[PlaceView, ...]


class TimelineEntry(View, frozen=True, kw_only=True):
    """A day on which something ends."""

    label: str
    what: str
    ends_on: str
    """``YYYY-MM-DD``."""
    days_left: int
    """Whole days from the report's date; negative when it lies in the past, 0 on the day itself."""
    state: State
    words: str
    """``in 3 days``, ``46 days ago``."""


class ChainRow(View, frozen=True, kw_only=True):
    """One certificate of a chain."""

    name: str
    role: str
    """``leaf``, ``intermediate``, ``trust anchor``, or ``sent, not used``."""
    origin: str
    starts_on: str
    """``YYYY-MM-DD``."""
    ends_on: str
    """``YYYY-MM-DD``."""
    days_left: int
    state: State
    pinned: tuple[str, ...]
    """Mechanisms that have a pin of its key, or of the certificate as a whole, each with the pin's beginning."""


class ChainCard(View, frozen=True, kw_only=True):
    """What one host presents, and how long that fits the app's pins."""

    host: str
    seen: str
    store: str
    problem: str
    """Why there is no valid path; empty for a valid one."""
    verdicts: tuple[Value, ...]
    rows: tuple[ChainRow, ...]
    """From the leaf to the anchor, then what is sent and not used."""
    expires_on: str | None
    """First day on which a pin-set for the host is off."""
    breaks_on: str | None
    """First day on which the app stops connecting unless keys are kept."""


class GapView(View, frozen=True, kw_only=True):
    """Something that was not looked at."""

    subject: str
    reason: str
    detail: str
    hides: str
    incomplete: bool


class UnansweredView(View, frozen=True, kw_only=True):
    """A rule that could not be answered."""

    rule_id: str
    title: str
    reason: str
    incomplete: bool


class MethodEntry(View, frozen=True, kw_only=True):
    """A name and a value of the method section; a digest can be copied."""

    name: str
    value: str
    digest: bool = False


class FactRow(View, frozen=True, kw_only=True):
    """One raw fact."""

    kind: str
    subject: str
    detail: str
    place: str


class ReportView(View, frozen=True, kw_only=True):
    """A whole report."""

    title: str
    app_name: str
    app_line: str
    """Version, SDK range: one line under the title."""
    readable: bool
    """False when the target could not be read as an app, so that no rule was evaluated."""
    as_of: str
    verdict: Verdict
    gate: GateView
    severities: tuple[tuple[Severity, int], ...]
    """Counts, worst first."""
    hosts: HostTable
    groups: tuple[FindingGroup, ...]
    store: StoreView
    timeline: tuple[TimelineEntry, ...]
    certificates: tuple[CertificateRow, ...]
    certificates_omitted: int
    chains: tuple[ChainCard, ...]
    asked: bool
    """Hosts were contacted for this report."""
    gaps: tuple[GapView, ...]
    not_evaluated: tuple[UnansweredView, ...]
    strengths: tuple[StrengthView, ...]
    method: tuple[MethodEntry, ...]
    facts: tuple[FactRow, ...]
    facts_omitted: int
