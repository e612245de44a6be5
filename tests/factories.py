"""One builder per model type: valid by default, keyword overrides for what a test is about."""

import datetime as dt
from typing import Any

import msgspec

from analyzer.model import (
    AnalysisGap,
    ApiUse,
    AppInfo,
    CallbackFact,
    Facts,
    HostFact,
    Location,
    NetworkPolicy,
    Origin,
    PinFact,
    PinSet,
    PolicyDomain,
    PolicyPin,
    PolicyScope,
    PolicyVariant,
    ScopeBand,
    Settings,
    TrustAnchor,
)
from analyzer.options import ScanOptions
from analyzer.ruleset.schema import Rule

AS_OF = dt.datetime(2026, 1, 15, 12, tzinfo=dt.UTC)
POLICY_ENTRY = "res/xml/network_security_config.xml"
DIGEST = bytes(range(7, 39))
DEFAULT = Origin(kind="platform-default")
SYSTEM = TrustAnchor(source="system")


def options(**changes: Any) -> ScanOptions:
    """Default options as of 2026-01-15, noon."""
    return ScanOptions(**{"as_of": AS_OF, **changes})


def app(**changes: Any) -> AppInfo:
    """A release app for API 24 and higher."""
    given = {"package": "org.example.app", "version_name": "1.0", "version_code": 1, "min_sdk": 24, "target_sdk": 36}
    return AppInfo(**{**given, **changes})


def location(**changes: Any) -> Location:
    """A place in the policy file."""
    return Location(**{"kind": "xml", "entry": POLICY_ENTRY, "xml_path": "network-security-config", **changes})


def settings(**changes: Any) -> Settings:
    """What holds by default: TLS only, system CAs, no pins."""
    given: dict[str, Any] = {
        "cleartext": False,
        "cleartext_origin": DEFAULT,
        "trust_anchors": (SYSTEM,),
        "trust_anchors_origin": DEFAULT,
        "pin_set": PinSet(),
        "pin_set_origin": DEFAULT,
        "ct_required": None,
        "ct_origin": None,
        "domain_encryption": None,
        "domain_encryption_origin": None,
    }
    return Settings(**{**given, **changes})


def pin_set(*digests: bytes, expires: str | None = None) -> PinSet:
    """A pin-set with these digests."""
    pins = tuple(
        PolicyPin(digest=digest, value=digest.hex(), path=f"pin[{number}]") for number, digest in enumerate(digests)
    )
    return PinSet(pins=pins, expires_on=expires, expires_date=expires)


def domain(name: str, **changes: Any) -> PolicyDomain:
    """A ``<domain>``."""
    given = {"name": name, "written": name, "include_subdomains": False, "path": f"domain({name})", "line": 4}
    return PolicyDomain(**{**given, **changes})


def band(first: int = 24, last: int = 37, **changes: Any) -> ScopeBand:
    """A band of levels with default settings."""
    return ScopeBand(first_level=first, last_level=last, settings=settings(**changes))


def scope(*domains: PolicyDomain | str, **changes: Any) -> PolicyScope:
    """A domain-config with these domains; without any, the base."""
    listed = tuple(item if isinstance(item, PolicyDomain) else domain(item) for item in domains)
    kind = "domain" if listed else "base"
    given: dict[str, Any] = {"kind": kind, "path": f"{kind}-config", "line": 3, "domains": listed, "bands": (band(),)}
    return PolicyScope(**{**given, **changes})


def variant(*scopes: PolicyScope, **changes: Any) -> PolicyVariant:
    """A policy file; a base scope with default settings is added unless one is given."""
    listed = scopes if any(item.kind == "base" for item in scopes) else (scope(), *scopes)
    return PolicyVariant(**{"entry": POLICY_ENTRY, "qualifiers": "", "scopes": listed, **changes})


def policy(*variants: PolicyVariant, **changes: Any) -> NetworkPolicy:
    """A resolved policy; without variants, what holds without a file."""
    listed = variants or (variant(entry="AndroidManifest.xml"),)
    return NetworkPolicy(**{"state": "resolved" if variants else "none", "variants": listed, **changes})


def pin(**changes: Any) -> PinFact:
    """A pin of the policy for api.example.com."""
    given: dict[str, Any] = {
        "mechanism": "nsc",
        "host": "api.example.com",
        "include_subdomains": False,
        "algorithm": "sha256",
        "digest": DIGEST,
        "hashed_object": "spki",
        "value": "BwgJ",
        "checked_against": "validated",
        "resolution": "constant",
        "activation": "active",
        "scope": f"{POLICY_ENTRY}#domain-config",
        "evidence": (location(xml_path="pin"),),
    }
    return PinFact(**{**given, **changes})


def callback(**changes: Any) -> CallbackFact:
    """A trust manager that accepts everything and is used."""
    given: dict[str, Any] = {
        "kind": "trust_manager",
        "class_name": "org.example.app.TrustEverything",
        "behaviour": "accept-all",
        "activation": "active",
        "owner": "first-party",
        "evidence": (Location(kind="code", entry="classes.dex", class_name="org.example.app.TrustEverything"),),
    }
    return CallbackFact(**{**given, **changes})


def api_use(**changes: Any) -> ApiUse:
    """A call of a catalogued API."""
    return ApiUse(**{"api": "provider-installer", "activation": "active", **changes})


def host(name: str, **changes: Any) -> HostFact:
    """A host named in code."""
    return HostFact(**{"name": name, "owner": "first-party", "source": "code", **changes})


def facts(**changes: Any) -> Facts:
    """A release app without a policy file, whose manifest and policy were read."""
    given: dict[str, Any] = {"app": app(), "policy": policy(), "covered": ("app", "pin", "policy")}
    return Facts(**{**given, **changes})


def gap(**changes: Any) -> AnalysisGap:
    """A DEX file that could not be read."""
    given: dict[str, Any] = {
        "stage": "code",
        "reason": "unreadable",
        "subject": "classes2.dex",
        "detail": "The DEX file could not be read.",
        "hides": ("code",),
    }
    return AnalysisGap(**{**given, **changes})


_RULE: dict[str, Any] = {
    "id": "NSC-TEST",
    "name": "test-pattern",
    "since": "0.1.0",
    "title": "A pattern for tests",
    "severity": "high",
    "confidence": "certain",
    "texts": {"what": "What.", "why": "Why.", "fix": "Fix.", "limits": "Limits."},
    "for_each": "policy_scope",
    "when": "true",
    "subject": "{fact.names}",
    "message": "Something holds for {fact.names}.",
    "samples": {"bad": [{"name": "bad"}], "good": [{"name": "good"}]},
}


def rule(**changes: Any) -> Rule:
    """A rule over policy scopes that always speaks; None leaves a key out."""
    given = {key: value for key, value in {**_RULE, **changes}.items() if value is not None}
    return msgspec.convert(given, Rule)


def rule_data(**changes: Any) -> dict[str, Any]:
    """The same as a rule file would say it."""
    return {key: value for key, value in {**_RULE, **changes}.items() if value is not None}
