"""The network security policy as the platform would resolve it, per scope and device API level.

Words are Android's own: base-config, domain-config, trust anchor, pin-set. The source of every rule here is
AOSP's package ``android.security.net.config`` (API 24 to the API 37 line).
"""

from typing import Literal

from analyzer.model.app import ResourceReference
from analyzer.model.base import Record
from analyzer.model.location import Location

FIRST_POLICY_LEVEL = 24
"""The first API level that knows network security configurations."""
HIGHEST_KNOWN_LEVEL = 37
"""The newest API level whose policy code has been modelled."""

OriginKind = Literal["declared", "inherited", "manifest", "platform-default", "implicit"]


class Origin(Record, frozen=True, kw_only=True):
    """Where an effective value comes from."""

    kind: OriginKind
    """``declared`` in this scope's own element, ``inherited`` from an enclosing one, from the ``manifest``
    attribute, the ``platform-default`` for this target SDK and device, or ``implicit`` (a consequence of
    another setting, such as certificate transparency switched off by a bundled anchor)."""
    path: str | None = None
    """Element path that states the value; None for platform defaults."""
    line: int | None = None


class TrustAnchor(Record, frozen=True, kw_only=True):
    """One ``<certificates>`` entry that counts in a scope, in order of look-up."""

    source: Literal["system", "user", "wfa", "raw"]
    """``raw`` stands for any resource reference."""
    resource: str | None = None
    """The reference as written, or ``@0x7f010001`` in a compiled file."""
    resource_name: str | None = None
    """The resource's name, such as ``@raw/proxy_ca``; None where no resource table that was read has it."""
    overrides_pins: bool = False
    """True when a chain that ends in one of these anchors is not checked against pins."""
    from_debug_overrides: bool = False
    path: str | None = None
    line: int | None = None


class PolicyPin(Record, frozen=True, kw_only=True):
    """One ``<pin>`` of a pin-set that the platform accepts."""

    digest: bytes
    """The 32 bytes of SHA-256 over the key's DER SubjectPublicKeyInfo, as Android's decoder reads them."""
    value: str
    """The text as written, trimmed."""
    digest_name: str = "SHA-256"
    """The ``digest`` attribute as written; the platform takes spellings in other cases for other pins."""
    path: str
    line: int | None = None


class PinSet(Record, frozen=True, kw_only=True):
    """The pin-set that counts in a scope. No pins means that nothing is pinned."""

    pins: tuple[PolicyPin, ...] = ()
    """In order of the file, duplicates included."""
    expires_on: str | None = None
    """The ``expiration`` attribute as written."""
    expires_date: str | None = None
    """The same as ``YYYY-MM-DD``: the pin-set is off from the start of that day in the device's time zone."""


class Settings(Record, frozen=True, kw_only=True):
    """The five effective values of a scope at one API level, each with its origin."""

    cleartext: bool
    cleartext_origin: Origin
    trust_anchors: tuple[TrustAnchor, ...]
    trust_anchors_origin: Origin
    pin_set: PinSet
    pin_set_origin: Origin
    ct_required: bool | None
    """Certificate transparency; None on levels that do not know it (below 36)."""
    ct_origin: Origin | None
    domain_encryption: str | None
    """ECH mode: ``disabled``, ``enabled``, ``opportunistic`` or ``required``; None below API 37."""
    domain_encryption_origin: Origin | None


class ScopeBand(Record, frozen=True, kw_only=True):
    """Consecutive device API levels on which a scope behaves alike."""

    first_level: int
    last_level: int
    settings: Settings


class PolicyDomain(Record, frozen=True, kw_only=True):
    """One ``<domain>`` of a domain-config."""

    name: str
    """As the platform compares it on the newest level: trimmed and lower-cased."""
    written: str
    """The text as written."""
    include_subdomains: bool
    path: str
    line: int | None = None
    problem: str | None = None
    """Why no host name can ever match it: ``wildcard``, ``scheme``, ``port``, ``path``, ``leading-dot``,
    ``trailing-dot``, ``empty-label``, ``whitespace``, ``several-names``, ``illegal-character``, ``reference`` (a
    resource reference taken literally), ``unicode``, ``cidr``; None for a name that can match."""


class PolicyScope(Record, frozen=True, kw_only=True):
    """A part of the host name space with one set of effective values."""

    kind: Literal["base", "domain", "localhost"]
    """``localhost`` is the implicit configuration for loopback names that the API 37 platform adds."""
    path: str | None
    """Path of the base-config or domain-config element; None when nothing in the file declares the scope."""
    parent_path: str | None = None
    """Path of the enclosing domain-config, for a nested one."""
    line: int | None = None
    domains: tuple[PolicyDomain, ...] = ()
    """Empty for the base and the implicit localhost scope."""
    bands: tuple[ScopeBand, ...] = ()
    """In ascending order; levels on which the platform refuses the file are left out."""


class PolicyError(Record, frozen=True, kw_only=True):
    """Why the platform refuses a policy file: every platform connection of the app then fails."""

    kind: str
    """A short stable name: ``pin-length``, ``pin-digest``, ``pin-base64``, ``duplicate-domain``, …"""
    message: str
    path: str
    line: int | None = None
    first_level: int = FIRST_POLICY_LEVEL
    last_level: int = HIGHEST_KNOWN_LEVEL
    subject: str | None = None
    """The offending value, such as the pin's text or the domain."""
    debuggable_only: bool = False
    """True when only debuggable builds read the part that is wrong."""


class PolicyIssue(Record, frozen=True, kw_only=True):
    """Something the platform reads without complaint but not as its author meant it."""

    kind: Literal[
        "unknown-element",
        "misplaced-element",
        "unknown-attribute",
        "misplaced-attribute",
        "namespaced-attribute",
        "untyped-boolean",
        "lenient-date",
        "pin-spelling",
        "duplicate-pin",
        "unknown-mode",
        "ignored-text",
        "inert-debug-overrides-setting",
    ]
    name: str
    """The element or attribute, or the value concerned."""
    element: str
    """The element it stands in or on."""
    detail: str
    """What the platform makes of it, in one sentence."""
    path: str
    line: int | None = None
    suggestion: str | None = None
    """The known name it is probably a misspelling of."""


class DebugOverrides(Record, frozen=True, kw_only=True):
    """The ``<debug-overrides>`` of a policy, or of its ``_debug`` sibling."""

    source: Literal["policy", "sibling"]
    entry: str
    path: str
    line: int | None = None
    trust_anchors: tuple[TrustAnchor, ...] = ()


class TrustKitDomain(Record, frozen=True, kw_only=True):
    """The ``<trustkit-config>`` of a domain-config, which the platform skips."""

    domains: tuple[str, ...]
    """The domains of the domain-config in file order; TrustKit knows only the last one."""
    enforce_pinning: bool | None
    """``enforcePinning`` as written; None when the attribute is absent, which means false."""
    disable_default_report_uri: bool | None
    report_uris: tuple[str, ...]
    pins: tuple[str, ...]
    """Pin texts of the enclosing domain-config's own pin-set."""
    digests: tuple[str, ...]
    """Their ``digest`` attributes as written."""
    expires_on: str | None
    path: str
    line: int | None = None


class PolicyVariant(Record, frozen=True, kw_only=True):
    """One configuration of the policy resource, such as the default or ``v28``."""

    entry: str
    """Container entry of the XML file."""
    qualifiers: str
    """Resource qualifiers, ``""`` for the default configuration."""
    default: bool = True
    """False when a qualifier other than the API level decides whether a device chooses this variant."""
    first_level: int = FIRST_POLICY_LEVEL
    """The first API level on which a device would choose this variant (from a version qualifier)."""
    last_level: int = HIGHEST_KNOWN_LEVEL
    """The last one, before a variant with a higher version qualifier takes over."""
    scopes: tuple[PolicyScope, ...] = ()
    errors: tuple[PolicyError, ...] = ()
    issues: tuple[PolicyIssue, ...] = ()
    debug_overrides: tuple[DebugOverrides, ...] = ()
    trustkit: tuple[TrustKitDomain, ...] = ()


class NetworkPolicy(Record, frozen=True, kw_only=True):
    """Everything the platform's policy machinery would decide for this app."""

    state: Literal["none", "resolved", "unresolved", "unreadable"]
    """``none``: the manifest names no file, platform defaults hold. ``unresolved``: it names a resource
    that no supplied split contains. ``unreadable``: the file exists but could not be read."""
    reference: ResourceReference | None = None
    variants: tuple[PolicyVariant, ...] = ()
    """One per resource configuration; exactly one (``entry`` = the manifest) when there is no file."""
    orphans: tuple[Location, ...] = ()
    """Entries that look like policies but that nothing refers to."""
