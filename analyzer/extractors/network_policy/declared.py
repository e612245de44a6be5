"""What a policy file declares, before inheritance: the parser's output."""

import msgspec

from analyzer.model import (
    PinSet,
    PolicyDomain,
    PolicyError,
    PolicyIssue,
    TrustAnchor,
    TrustKitDomain,
)


class DeclaredFlag(msgspec.Struct, frozen=True):
    """A boolean that an element states."""

    value: bool
    path: str
    line: int | None


class DeclaredMode(msgspec.Struct, frozen=True):
    """A ``domainEncryption`` mode; None when the text names no mode and the platform default holds."""

    value: str | None
    path: str
    line: int | None


class DeclaredAnchors(msgspec.Struct, frozen=True):
    """A ``<trust-anchors>`` element, possibly empty."""

    anchors: tuple[TrustAnchor, ...]
    path: str
    line: int | None


class DeclaredPinSet(msgspec.Struct, frozen=True):
    """A ``<pin-set>`` element, possibly empty."""

    pin_set: PinSet
    path: str
    line: int | None


class DeclaredConfig(msgspec.Struct, kw_only=True):
    """A base-config, domain-config or debug-overrides element; None where it is silent."""

    kind: str
    """``base``, ``domain`` or ``debug``."""
    path: str
    line: int | None
    parent: int | None = None
    """Index of the enclosing domain-config in the list of configs."""
    domains: list[PolicyDomain] = []
    cleartext: DeclaredFlag | None = None
    anchors: DeclaredAnchors | None = None
    pin_set: DeclaredPinSet | None = None
    ct: DeclaredFlag | None = None
    encryption: DeclaredMode | None = None


class MalformedPin(msgspec.Struct, frozen=True):
    """A ``<pin>`` that the platform does not accept."""

    config: int
    value: str
    path: str
    line: int | None
    error_kind: str
    detail: str


class DeclaredPolicy(msgspec.Struct, kw_only=True):
    """A whole file."""

    configs: list[DeclaredConfig] = []
    base: int | None = None
    debug: int | None = None
    debug_seen: bool = False
    errors: list[PolicyError] = []
    issues: list[PolicyIssue] = []
    malformed_pins: list[MalformedPin] = []
    trustkit: list[TrustKitDomain] = []
