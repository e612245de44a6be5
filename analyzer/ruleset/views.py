"""What a rule's condition sees as ``fact``: one record type per ``for_each`` kind.

Some kinds are facts as they are; the others, defined here, join a fact with the context that its judgement
needs, so that conditions stay short. Building them is a pure rearrangement and judges nothing.
"""

from typing import Literal

from analyzer.model import (
    DebugOverrides,
    Location,
    PinFact,
    PolicyDomain,
    PolicyError,
    PolicyIssue,
    Record,
    Settings,
    TrustKitDomain,
)
from analyzer.model.pins import Activation, Mechanism


class PolicyScopeView(Record, frozen=True, kw_only=True):
    """``policy_scope``: one scope of one variant on one band of API levels."""

    entry: str
    qualifiers: str
    has_file: bool
    """False when the manifest names no policy and the scope is made of defaults alone."""
    kind: Literal["base", "domain", "localhost"]
    path: str | None
    line: int | None
    domains: tuple[PolicyDomain, ...]
    """Those that can match some host; all of them when none can."""
    names: tuple[str, ...]
    """Host patterns for messages: ``*.`` before names that include subdomains; ``all other hosts`` for base."""
    local_only: bool
    """Every domain is loopback, private, link-local, or a name reserved for tests and local networks."""
    never_matches: bool
    """True for a domain scope none of whose domains can ever match a host."""
    first_level: int
    last_level: int
    settings: Settings
    base: Settings
    """The base scope's settings on the same levels."""
    default: Settings
    """What would hold on the same levels without any policy file."""
    pins_expired: bool
    """The pin-set has an expiration that lies at or before `as_of`."""
    pins_live: bool
    """Pins exist, have not expired, and no anchor of the scope overrides them."""
    pins_days_left: int | None
    """Whole days from `as_of` to the start of the expiration day (UTC); negative when past; None without date."""
    evidence: tuple[Location, ...]


class PolicyDomainView(Record, frozen=True, kw_only=True):
    """``policy_domain``: one ``<domain>`` with its scope and what would cover it otherwise."""

    entry: str
    domain: PolicyDomain
    settings: Settings
    """Effective settings of its scope on the newest level on which the policy loads."""
    first_level: int
    last_level: int
    covering: str | None
    """Name of the longest other entry with includeSubdomains that would apply without this one; None for base."""
    covering_settings: Settings
    """Settings of that other entry's scope, or of base."""
    covering_is_ancestor: bool
    """True when that entry belongs to an enclosing domain-config."""
    local: bool
    evidence: tuple[Location, ...]


class PolicyErrorView(Record, frozen=True, kw_only=True):
    """``policy_error``: a reason why the platform refuses the file."""

    entry: str
    error: PolicyError
    first_level: int
    last_level: int
    evidence: tuple[Location, ...]


class PolicyIssueView(Record, frozen=True, kw_only=True):
    """``policy_issue``: something ineffective in the file."""

    entry: str
    issue: PolicyIssue
    evidence: tuple[Location, ...]


EncryptionFlaw = Literal["disabled", "unknown-mode", "no-mode"]


class DomainEncryptionView(Record, frozen=True, kw_only=True):
    """``policy_encryption``: one ``<domainEncryption>``, where devices that the app runs on know the element."""

    entry: str
    qualifiers: str
    kind: Literal["base", "domain", "localhost"]
    """Kind of the scope whose element it is."""
    names: tuple[str, ...]
    """Host patterns of the scope, as in `PolicyScopeView`; empty for one without domains."""
    flaw: EncryptionFlaw | None
    """None for an element with a known mode other than ``disabled``."""
    mode: str
    """The mode as written; empty when there is none."""
    path: str
    first_level: int
    last_level: int
    evidence: tuple[Location, ...]


class DebugOverridesView(Record, frozen=True, kw_only=True):
    """``debug_overrides``: the block, whether or not it is in force."""

    entry: str
    overrides: DebugOverrides
    evidence: tuple[Location, ...]


class TrustKitView(Record, frozen=True, kw_only=True):
    """``trustkit_domain``: a ``<trustkit-config>`` and the domain-config around it."""

    entry: str
    config: TrustKitDomain
    evidence: tuple[Location, ...]


class PolicyView(Record, frozen=True, kw_only=True):
    """``policy``: the policy as a whole (one per app)."""

    state: Literal["none", "resolved", "unresolved", "unreadable"]
    reference: str | None
    entries: tuple[str, ...]
    variants_differ: bool
    """Two or more configurations of the resource resolve to different effective policies."""
    domain_scopes: int
    has_live_pins: bool
    orphans: tuple[Location, ...]
    evidence: tuple[Location, ...]


class OrphanView(Record, frozen=True, kw_only=True):
    """``policy_orphan``: a policy-looking file that nothing refers to."""

    entry: str
    evidence: tuple[Location, ...]


class PinSetView(Record, frozen=True, kw_only=True):
    """``pin_set``: all pins of one mechanism, host pattern and scope."""

    mechanism: Mechanism
    host: str | None
    include_subdomains: bool
    hosts: tuple[str, ...]
    """Host patterns for messages, ``*.`` before names that include subdomains: the set's own, and in a policy's
    leading set those of all domains that its pin-set element stands for. Empty for every host."""
    leads: bool
    """True for the first set of a pin-set element, so that a rule can speak once of all; local hosts have a leading
    set of their own. Always true outside the policy."""
    scope: str
    pins: tuple[PinFact, ...]
    distinct: int
    """Distinct decodable digests, copies counted once."""
    duplicates: tuple[str, ...]
    """Values that decode to the bytes of an earlier pin of the set."""
    placeholders: int
    """Distinct digests with a `problem` of placeholder, example or empty-input."""
    resolved: bool
    """False when some pin could not be resolved, so that the counts are lower bounds."""
    activation: Activation
    owner: str
    local: bool
    expired: bool
    evidence: tuple[Location, ...]


class CertificatePinView(Record, frozen=True, kw_only=True):
    """``certificate_pin``: a whole certificate that hosts are held to, as a pin or as the only trust anchor."""

    mechanism: str
    host: str | None
    """The host pattern, ``*.`` before names that include subdomains; None for every host of the client."""
    value: str
    """The fingerprint as written, or the file that holds the certificate."""
    leaf: bool
    """It is a leaf's: of a mechanism that looks at the leaf alone, or of a certificate that is no authority."""
    anchor: bool
    """It is a trust anchor, which Android holds against subject and key instead of the whole certificate."""
    local: bool
    activation: Activation
    owner: str
    evidence: tuple[Location, ...]


class PinReuseView(Record, frozen=True, kw_only=True):
    """``pin_reuse``: one digest used under two or more registrable domains."""

    value: str
    hosts: tuple[str, ...]
    domains: tuple[str, ...]
    evidence: tuple[Location, ...]


class OptionsView(Record, frozen=True, kw_only=True):
    """``options``: what the user decides about how to judge."""

    profile: str
    expiry_warning_days: int
    build_type: str
    first_party: tuple[str, ...]
