"""The team's own policy, ``pinscope.yaml``: what must hold for which hosts, what blocks, and what is accepted."""

from typing import Annotated, Literal

import msgspec

from analyzer.model.base import Record
from analyzer.model.findings import Severity
from analyzer.model.location import Location
from analyzer.model.pins import Mechanism

TEAM_POLICY_VERSION = 1

Text = Annotated[str, msgspec.Meta(min_length=1)]
Date = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
RuleGlob = Annotated[str, msgspec.Meta(pattern=r"^[A-Z0-9*?-]+$")]
Digest = Annotated[str, msgspec.Meta(pattern=r"^sha256/[A-Za-z0-9+/]{43}=$")]
Days = Annotated[int, msgspec.Meta(ge=0, le=3650)]


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mapping without unknown keys."""


class HostExpectation(_Strict, frozen=True, kw_only=True):
    """What must hold for some hosts."""

    hosts: Annotated[tuple[Text, ...], msgspec.Meta(min_length=1)]
    """``api.example.com`` for one host, ``*.example.com`` for every name below a domain (not the domain itself)."""
    pinned: bool = False
    """Some mechanism pins the host, on every device that the app runs on and that knows the mechanism."""
    pinned_by: tuple[Mechanism, ...] = ()
    """Each of these mechanisms pins the host: ``nsc``, ``okhttp3``, ``trustkit``, …"""
    min_pins: Annotated[int, msgspec.Meta(ge=1, le=100)] | None = None
    """Every mechanism that pins the host holds at least this many distinct pins for it. Placeholders do not count."""
    backup: bool = False
    """Every mechanism that pins the host has a pin to fall back on: with chains (``--live``, ``--chains``) one for a
    key outside of the chain that is in use, without them a second distinct pin."""
    not_expiring_within_days: Days | None = None
    """No pin-set of the host ends within this many days after `supported_until` of the policy; without that date,
    after the day of the scan. A pin-set without an expiration never ends."""
    pins: tuple[Digest, ...] = ()
    """Every mechanism that pins the host holds exactly these pins, written ``sha256/…=``."""
    allowed_cas: tuple[Text, ...] = ()
    """Every pin of the host is for one of these keys: a name of a known authority's key, in which ``*`` and ``?``
    are wildcards, or a digest written ``sha256/…=``."""
    no_cleartext: bool = False
    """The network security policy permits no cleartext for the host on any device."""
    certificate_transparency: bool = False
    """Certificate transparency is required for the host on devices that know it (API 36 and higher)."""


class RuleSettings(_Strict, frozen=True, kw_only=True):
    """How the team judges a rule."""

    severity: Severity
    """Replaces the severity that the rule gives."""


class Forbidden(_Strict, frozen=True, kw_only=True):
    """Findings that block whatever `fail_on` says."""

    rule: RuleGlob
    """A rule, or several with ``*``: ``TM-*``."""
    severity: Severity = Severity.INFO
    """Only from this severity on."""
    confidence: Literal["certain", "firm", "tentative"] = "firm"
    """Only from this confidence on."""


class Scope(_Strict, frozen=True, kw_only=True):
    """Which findings the team answers for. What is left out is reported as waived and never blocks."""

    first_party_only: bool = False
    """Leave out what is known to belong to an SDK. What nobody could be named for stays in."""
    ignore_owners: tuple[Text, ...] = ()
    """Owners that are left out, as reports write them, with wildcards: ``sdk:facebook*``."""
    ignore_hosts: tuple[Text, ...] = ()
    """Subjects that are left out, as reports write them, with wildcards: ``*.test.example.com``."""


class WaiverEntry(_Strict, frozen=True, kw_only=True):
    """Findings that are accepted for a while."""

    rule: RuleGlob | None = None
    """A rule, or several with ``*``; it or `fingerprint` is needed."""
    fingerprint: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}$")] | None = None
    """One finding, by the 32 digits that reports give."""
    subject: Text = "*"
    """Only findings about this, as reports write it, with wildcards; ``[*]`` is a literal asterisk."""
    reason: Text
    """Why it is accepted; stands in every report."""
    until: Date
    """The last day (UTC) on which the waiver holds, ``YYYY-MM-DD``."""


class ConditionEntry(_Strict, frozen=True, kw_only=True):
    """What a table cannot say: a condition in CEL over facts."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]+(-[A-Z0-9]+)+$")]
    """The rule's id in reports: ``ACME-NO-SHA1``."""
    for_each: Text = "app"
    """The kind of fact that ``fact`` stands for, as in rule files: ``app``, ``pin``, ``pin_set``, ``host``, …"""
    when: Text
    """CEL; a finding for every fact for which it is true. ``app``, ``policy``, ``options`` and ``as_of`` are known."""
    subject: Text = "{app.package}"
    """What the finding is about, with CEL in braces."""
    message: Text
    """What is the case, with CEL in braces."""
    severity: Severity = Severity.HIGH
    """Severity of the findings; `high` when left out."""


class TeamPolicyForm(_Strict, frozen=True, kw_only=True):
    """A ``pinscope.yaml``."""

    version: Literal[1]
    """Version of the format: 1."""
    first_party: tuple[Text, ...] = ()
    """Domains that are ours: ``example.com`` stands for itself and every name below, as does ``*.example.com``."""
    supported_until: Date | None = None
    """The last day on which this release is supported, for `not_expiring_within_days`."""
    expect: tuple[HostExpectation, ...] = ()
    """What must hold for which hosts."""
    fail_on: Literal["critical", "high", "medium", "low", "info", "never"] | None = None
    """Lowest severity that blocks; ``--fail-on`` wins."""
    min_confidence: Literal["certain", "firm", "tentative"] | None = None
    """Lowest confidence with which a finding may block; ``--min-confidence`` wins."""
    forbid: tuple[Forbidden, ...] = ()
    """What blocks whatever `fail_on` says."""
    rules: dict[str, RuleSettings] = {}
    """Severities that the team gives to rules, by rule id."""
    scope: Scope = Scope()
    """Which findings the team answers for."""
    waivers: tuple[WaiverEntry, ...] = ()
    """What is accepted, why, and until when."""
    conditions: tuple[ConditionEntry, ...] = ()
    """Rules of the team's own, in CEL."""
    required: tuple[Text, ...] = ()
    """Rules that must have been evaluated; otherwise the analysis is incomplete (exit code 3)."""


class TeamPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A policy that was read, with the lines of its parts."""

    path: str
    """As reports name it."""
    form: TeamPolicyForm
    lines: dict[tuple[str | int, ...], int] = {}
    """Line of every key and entry, by the keys and positions that lead to it."""

    def place(self, *steps: str | int) -> Location:
        """Return the location of an entry, or of the nearest one that holds it."""
        while steps and steps not in self.lines:
            steps = steps[:-1]
        return Location(kind="team-policy", entry=self.path, line=self.lines.get(steps, 1))


Demand = Literal[
    "pinned", "pin-count", "backup", "validity", "exact-pins", "allowed-keys", "no-cleartext",
    "certificate-transparency", "waiver-date", "waiver-use",
]  # fmt: skip


class PolicyCheck(Record, frozen=True, kw_only=True):
    """One thing that the team's policy demands, compared with the app."""

    demand: Demand
    state: Literal["met", "violated", "unknown"]
    subject: str
    """The host pattern of the policy; for waivers, the rule or fingerprint."""
    line: str
    """File and line of the policy: ``pinscope.yaml:12``."""
    found: str
    """What is the case, or why that could not be told: one sentence."""
    evidence: tuple[Location, ...]
    """The line of the policy first, then places in the app."""
