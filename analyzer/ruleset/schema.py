"""The form of a rule file: what ``rules/checks/<family>/<ID>.yaml`` may say."""

from typing import Annotated, Any, Literal

import msgspec

from analyzer.model import Confidence, FactKind, Severity

RuleId = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]+(-[A-Z0-9]+)+$")]
RuleName = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
NonEmpty = Annotated[str, msgspec.Meta(min_length=1)]

Kind = Literal[
    "app", "policy", "policy_scope", "policy_domain", "policy_error", "policy_issue", "policy_orphan",
    "policy_encryption", "debug_overrides", "trustkit_domain", "pin", "pin_set", "pin_reuse", "callback",
    "certificate", "sdk", "host", "chain", "pin_check", "api_use", "client", "certificate_pin",
    "policy_check",
]  # fmt: skip
AdjustmentName = Literal["activation", "local", "process-wide"]


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mapping without unknown keys."""


class Case(_Strict, frozen=True, kw_only=True):
    """A circumstance under which a rule judges differently. The first case whose `when` holds applies."""

    when: NonEmpty
    severity: Severity | None = None
    confidence: Confidence | None = None
    message: str | None = None
    suppress: bool = False
    """True when the rule says nothing in this circumstance."""
    tags: tuple[str, ...] = ()


class Texts(_Strict, frozen=True, kw_only=True):
    """The rule's words. Plain text; paragraphs are separated by blank lines; `code` in backticks."""

    what: NonEmpty
    """What the rule looks for."""
    why: NonEmpty
    """Why it matters: what an attacker needs, what a user loses."""
    fix: NonEmpty
    """What to do."""
    snippet: str | None = None
    snippet_language: Literal["xml", "kotlin", "java", "groovy", "shell", "yaml"] | None = None
    limits: NonEmpty
    """What the rule does not see, and when it may be wrong."""


class Mapping(_Strict, frozen=True, kw_only=True):
    """Where other catalogues speak of the same thing."""

    cwe: tuple[int, ...] = ()
    masvs: tuple[Literal["MASVS-NETWORK-1", "MASVS-NETWORK-2"], ...] = ()
    mastg: tuple[str, ...] = ()
    lint: tuple[str, ...] = ()


class Link(_Strict, frozen=True, kw_only=True):
    """A further source."""

    title: NonEmpty
    url: Annotated[str, msgspec.Meta(pattern=r"^https://")]


class Expectation(_Strict, frozen=True, kw_only=True):
    """What a bad sample must lead to; keys that are left out are not compared."""

    severity: Severity | None = None
    confidence: Confidence | None = None
    subject: str | None = None
    message_contains: str | None = None
    count: int | None = None
    first_level: int | None = None
    last_level: int | None = None


class Sample(_Strict, frozen=True, kw_only=True):
    """A minimal app, given as the facts or files that matter."""

    name: NonEmpty
    """A sentence: what this sample shows."""
    app: dict[str, Any] = {}
    """Fields of `AppInfo` that differ from a plain release app (min 24, target 36)."""
    policy: str | None = None
    """A policy file as plain XML; the app then refers to it as ``@xml/network_security_config``."""
    debug_policy: str | None = None
    """The ``_debug`` sibling resource."""
    variants: dict[str, str] = {}
    """Further configurations of the policy: resource qualifiers to plain XML."""
    orphans: dict[str, str] = {}
    """Unreferenced XML files: entry name to plain XML."""
    policy_state: Literal["unresolved", "unreadable"] | None = None
    """For a reference that leads nowhere."""
    facts: dict[str, Any] = {}
    """Further facts by field of `Facts`, in their JSON form: ``pins``, ``callbacks``, ``api_uses``, …"""
    covered: tuple[str, ...] = ()
    """Fact kinds besides ``app``, ``policy`` and ``pin`` that count as looked for, such as ``code``."""
    gaps: tuple[dict[str, Any], ...] = ()
    as_of: str = "2026-01-15"
    options: dict[str, Any] = {}
    """Fields of `ScanOptions` that differ from the defaults."""
    expect: Expectation = Expectation()


class Samples(_Strict, frozen=True, kw_only=True):
    """Proof by example: every rule has both."""

    bad: Annotated[tuple[Sample, ...], msgspec.Meta(min_length=1)]
    """The rule fires (for a strength: states it)."""
    good: Annotated[tuple[Sample, ...], msgspec.Meta(min_length=1)]
    """The rule stays silent; the named false-positive traps stand here."""
    unknown: tuple[Sample, ...] = ()
    """The rule cannot be answered."""


class RuleHead(_Strict, frozen=True, kw_only=True):
    """A rule file without its samples: all that a scan needs."""

    id: RuleId
    name: RuleName
    since: NonEmpty
    title: NonEmpty
    type: Literal["problem", "strength"] = "problem"
    severity: Severity | None = None
    """Required for a problem; left out for a strength."""
    confidence: Confidence
    tags: tuple[str, ...] = ()
    mapping: Mapping = Mapping()
    texts: Texts
    references: tuple[Link, ...] = ()
    for_each: Kind
    needs: tuple[FactKind, ...] = ()
    """Fact kinds besides that of `for_each` without which the rule is not evaluated, such as ``code``. Where a
    gap may hide some of them, findings are kept with the confidence ``coverage``."""
    looks_in: tuple[FactKind, ...] = ()
    """Fact kinds that only the rule's silence rests on: what it says holds without them, but where they were not
    looked for, or a gap may hide them, saying nothing counts as not evaluated."""
    when: NonEmpty
    """CEL over ``fact`` (the record of `for_each`), ``app`` (`AppInfo`), ``policy`` (`PolicyView`), ``options``
    (`OptionsView`) and ``as_of`` (a timestamp). Field names and vocabularies are checked, and a field that may
    be null must be compared with null before it is used; ``cases`` and texts may rely on what `when` proved."""
    cases: tuple[Case, ...] = ()
    subject: NonEmpty
    """Template: text with CEL expressions in braces. What the finding is about; part of its fingerprint."""
    message: NonEmpty
    """Template: what is the case in this app. API levels are added by the reports."""
    anchor: str | None = None
    """Template for the stable anchor in the fingerprint; the subject when left out."""
    fix: str | None = None
    """Template of a snippet for this app (its hosts, its values); ``texts.snippet`` is the general one."""
    adjust: tuple[AdjustmentName, ...] = ("activation",)
    """Mechanical adjustments that apply after the case's severity."""
    location: Literal["debuggable_location", "cleartext_location", "network_security_config_location"] | None = None
    """For a rule over ``app``: the field that points at its place in the manifest. Where it is left out or empty,
    the application element is the place; facts of other kinds carry their own evidence."""
    continues: RuleId | None = None
    """The rule that says the same without chains: the finding keeps its fingerprint, so that a waiver still fits."""
    about: Literal["cleartext", "trust_anchors", "pin_set", "ct", "domain_encryption"] | None = None
    """For a rule over ``policy_scope``: the setting it is about. The finding then points at the element that states
    the setting, also when it is inherited, instead of the scope's own element."""


class Rule(RuleHead, frozen=True, kw_only=True):
    """One rule file."""

    samples: Samples
