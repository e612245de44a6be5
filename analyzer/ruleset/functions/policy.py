"""Judgements about the network security policy that need more than one scope, or more than one fact.

Conditions call them by the name given to ``@judgement``. All of them look only at policy files that the platform
accepts; nothing here knows severities.
"""

import html
from collections.abc import Iterable

from analyzer.model import PinSet, PolicyScope, PolicyVariant, Settings, TrustAnchor
from analyzer.model.policy_lookup import normalise_host, scope_for, settings_at
from analyzer.ruleset.expiry import is_expired
from analyzer.ruleset.functions.public_suffixes import is_public_suffix
from analyzer.ruleset.functions.registry import Context, judgement
from analyzer.ruleset.views import DebugOverridesView, PinSetView, PolicyDomainView, PolicyScopeView

_NEVER_MATCHING = {
    "wildcard": "a wildcard is compared as it is",
    "scheme": "a host has no scheme",
    "port": "a host has no port",
    "path": "a host has no path",
    "leading-dot": "no host begins with a dot",
    "trailing-dot": "the final dot of a host is dropped before the comparison, that of a domain is not",
    "empty-label": "no host has two dots in a row",
    "several-names": "each domain element holds one name, and this one holds several",
    "illegal-character": "it contains a character that no host has",
    "reference": "the text is taken as it is, and references to resources are not resolved",
    "whitespace": "a host has neither blanks nor invisible characters",
    "unicode": "hosts are compared in their ASCII form",
    "cidr": "address ranges are not known",
}
_NO_KEY = frozenset({"placeholder", "example", "empty-input", "wrong-object"})
_LIBRARIES_THAT_READ_POLICIES = frozenset({"trustkit", "cwac-netsecurity"})
# Networks whose integration guides ask for cleartext exceptions.
_ADVERTISING = frozenset(
    {
        "adcolony.com",
        "applovin.com",
        "applvn.com",
        "chartboost.com",
        "doubleclick.net",
        "flurry.com",
        "fyber.com",
        "googleadservices.com",
        "googlesyndication.com",
        "inmobi.com",
        "inner-active.mobi",
        "ironsrc.com",
        "mopub.com",
        "rayjump.com",
        "smaato.net",
        "startapp.com",
        "supersonicads.com",
        "tapjoy.com",
        "unityads.unity3d.com",
        "vungle.com",
    }
)


# ---- hosts


@judgement("known_hosts_forbid_cleartext")
def known_hosts_forbid_cleartext(context: Context, fact: PolicyScopeView) -> bool:
    """Tell whether the policy forbids cleartext for every host that the app is known to use.

    False as well when hosts were not looked for or none was found: the policy's own names say nothing about use.
    """
    if "host" not in context.facts.covered or any("host" in gap.hides for gap in context.gaps):
        return False
    hosts = [host.name for host in context.facts.hosts if host.source != "policy"]
    variant = _variant(context, fact.entry, fact.first_level)
    if variant is None or not hosts:
        return False
    settings = [_settings_for(variant, host, fact.first_level) for host in hosts]
    return all(found is not None and not found.cleartext for found in settings)


@judgement("unpinned_hosts_below")
def unpinned_hosts_below(context: Context, fact: PolicyDomainView) -> tuple[str, ...]:
    """Name the known hosts below a domain that the policy does not pin, sorted."""
    variant = _variant(context, fact.entry, fact.last_level)
    if variant is None:
        return ()
    names = {normalise_host(host.name) for host in context.facts.hosts if host.source != "policy"}
    below = sorted(name for name in names if name.endswith("." + fact.domain.name))
    return tuple(
        name
        for name in below
        if (settings := _settings_for(variant, name, fact.last_level)) is not None and not settings.pin_set.pins
    )


@judgement("hosted_by_app_team")
def hosted_by_app_team(context: Context, host: str) -> bool:
    """Tell whether a host is under one of the configured first-party domains, else under the package's domain.

    The package's domain is its first labels turned round: ``org.example.app`` suggests ``example.org``, and
    ``uk.co.example.app`` suggests ``example.co.uk``.
    """
    domains = [normalise_host(name.removeprefix("*.")) for name in context.options.first_party]
    if not domains:
        labels = context.facts.app.package.lower().split(".")
        candidates = (".".join(reversed(labels[:count])) for count in (2, 3) if len(labels) > count)
        domains = [name for name in candidates if not is_public_suffix(name)][:1]
    return any(host == domain or host.endswith("." + domain) for domain in domains)


@judgement("advertising_host")
def advertising_host(host: str) -> bool:
    """Tell whether a host belongs to an advertising network."""
    return any(host == domain or host.endswith("." + domain) for domain in _ADVERTISING)


@judgement("public_suffix")
def public_suffix(host: str) -> bool:
    """Tell whether names directly below a name are registered by different parties, as below ``com`` or ``co.uk``."""
    return is_public_suffix(host)


@judgement("why_never_matching")
def why_never_matching(fact: PolicyDomainView) -> str:
    """Explain why a domain's text can equal no host name."""
    return _NEVER_MATCHING.get(fact.domain.problem or "", "hosts are compared in another form")


@judgement("domain_elements")
def domain_elements(fact: PolicyScopeView) -> str:
    """Write a scope's domains as ``<domain>`` elements, one a line, to be set four spaces deep."""
    return "\n    ".join(
        f'<domain includeSubdomains="true">{html.escape(domain.name)}</domain>'
        if domain.include_subdomains
        else f"<domain>{html.escape(domain.name)}</domain>"
        for domain in fact.domains
    )


# ---- trust anchors


@judgement("bundled_anchors")
def bundled_anchors(fact: PolicyScopeView) -> tuple[str, ...]:
    """Name the resources among a scope's trust anchors, those of debug-overrides left out."""
    return _sources(anchor for anchor in _own_anchors(fact.settings) if anchor.source == "raw")


@judgement("overriding_anchors")
def overriding_anchors(fact: PolicyScopeView) -> tuple[str, ...]:
    """Name the sources among a scope's trust anchors that override pins, those of debug-overrides left out."""
    return _sources(anchor for anchor in _own_anchors(fact.settings) if anchor.overrides_pins)


@judgement("debug_anchors")
def debug_anchors(fact: DebugOverridesView) -> tuple[str, ...]:
    """Write the trust anchors that debug-overrides add as the elements that name them."""
    return tuple(f'<certificates src="{source}">' for source in _sources(fact.overrides.trust_anchors))


@judgement("anchors_reach_pins")
def anchors_reach_pins(context: Context, fact: PolicyScopeView) -> bool:
    """Tell whether some scope with pins that have not expired uses the trust anchors declared in this one."""
    variant = _variant(context, fact.entry, fact.first_level)
    if variant is None:
        return False
    for scope in variant.scopes:
        settings = settings_at(scope, fact.first_level)
        if (
            settings is not None
            and settings.trust_anchors_origin.path == fact.settings.trust_anchors_origin.path
            and settings.pin_set.pins
            and not is_expired(settings.pin_set.expires_date, context.as_of)
        ):
            return True
    return False


@judgement("weaker_than_default")
def weaker_than_default(fact: PolicyScopeView) -> tuple[str, ...]:
    """Name what a scope allows although the platform's default would not."""
    weaker: list[str] = []
    settings, default = fact.settings, fact.default
    if settings.cleartext and not default.cleartext:
        weaker.append("cleartext traffic")
    sources = {anchor.source for anchor in _own_anchors(settings)}
    if "user" in sources and all(anchor.source != "user" for anchor in default.trust_anchors):
        weaker.append("user-installed CAs")
    if {"raw", "system"} <= sources:
        weaker.append("bundled CAs beside the system's")
    if default.ct_required and settings.ct_required is False:
        weaker.append("certificates without proof of certificate transparency")
    return tuple(weaker)


# ---- certificate transparency


@judgement("gives_up_transparency")
def gives_up_transparency(context: Context, fact: PolicyScopeView) -> bool:
    """Tell whether a scope goes without certificate transparency by the file's doing, apart from what base-config does.

    An explicit setting counts in any case, the implicit one of trust anchors only where the scope around it, or the
    platform's default, requires certificate transparency. Domains that inherit from base-config do not count again.
    """
    variant = _variant(context, fact.entry, fact.first_level)
    scopes = _scopes_by_path(variant)
    settings: Settings | None = fact.settings
    path = fact.path
    while settings is not None and settings.ct_required is False and settings.ct_origin is not None:
        scope = scopes.get(path)
        parent = scopes.get(scope.parent_path) if scope is not None else None
        outer = settings_at(parent, fact.first_level) if parent is not None else None
        match settings.ct_origin.kind:
            case "declared":
                return True
            case "implicit":
                around = outer or (fact.default if scope is None or scope.kind == "base" else fact.base)
                return around.ct_required is True
            case "inherited":
                settings, path = outer, parent.path if parent is not None else None
            case _:
                return False
    return False


# ---- pins


@judgement("covering_pins_live")
def covering_pins_live(context: Context, fact: PolicyDomainView) -> bool:
    """Tell whether the wider entry around a domain has pins that are enforced."""
    covering = fact.covering_settings
    return (
        bool(covering.pin_set.pins)
        and not is_expired(covering.pin_set.expires_date, context.as_of)
        and not any(anchor.overrides_pins for anchor in covering.trust_anchors)
    )


@judgement("enclosing_pin_set")
def enclosing_pin_set(context: Context, fact: PolicyScopeView) -> PinSet:
    """Return the pin-set that a nested domain-config would inherit if it declared none; an empty one at the top."""
    variant = _variant(context, fact.entry, fact.first_level)
    scopes = context.once(("scopes", fact.entry, fact.first_level), lambda: _scopes_by_path(variant))
    scope = scopes.get(fact.path)
    parent = scopes.get(scope.parent_path) if scope is not None else None
    settings = settings_at(parent, fact.first_level) if parent is not None else None
    return settings.pin_set if settings is not None else PinSet()


@judgement("real_pins")
def real_pins(context: Context, fact: PolicyScopeView) -> int:
    """Count the distinct digests of a scope's pin-set that may be of a key which some server has.

    No examples, placeholders and digests of nothing, none of anything but a key, and no authorities for tests.
    """
    dummies = context.once("policy dummies", lambda: _dummies(context))
    return len({pin.digest for pin in fact.settings.pin_set.pins} - dummies)


def _dummies(context: Context) -> frozenset[bytes | None]:
    pins = context.facts.pins
    return frozenset(
        pin.digest
        for pin in pins
        if pin.mechanism == "nsc"
        and (pin.problem in _NO_KEY or (pin.identity is not None and pin.identity.kind == "staging"))
    )


@judgement("pinned_outside_policy")
def pinned_outside_policy(context: Context, fact: PinSetView) -> bool:
    """Tell whether something that also runs below API 24 pins the hosts of a pin-set.

    Either a library reads the policy file there, or code pins the same hosts.
    """
    libraries = {sdk.name.lower() for sdk in context.facts.sdks}
    if libraries & _LIBRARIES_THAT_READ_POLICIES:
        return True
    return any(
        pin.mechanism not in ("nsc", "httpengine", "string")
        and pin.activation in ("active", "unknown")
        and not pin.owner.startswith("sdk:")
        and (pin.host is None or (fact.host is not None and _covers(pin.host, pin.include_subdomains, fact)))
        for pin in context.facts.pins
    )


def _covers(pattern: str, include_subdomains: bool, pins: PinSetView) -> bool:
    """Tell whether a host pattern of code covers every host of a pin-set of the policy."""
    bare = pattern.lower().removeprefix("**.").removeprefix("*.")
    host = pins.host or ""
    deep = include_subdomains or pattern.startswith("**.")
    if host.endswith("." + bare):
        return deep or (pattern.startswith("*.") and not pins.include_subdomains and "." not in host[: -len(bare) - 1])
    return host == bare and not pattern.startswith("*.") and (deep or not pins.include_subdomains)


# ---- shared


def _variant(context: Context, entry: str, level: int) -> PolicyVariant | None:
    """Return the variant of an entry on a device level; one file may serve several configurations."""
    for variant in context.facts.policy.variants:
        if variant.entry == entry and variant.first_level <= level <= variant.last_level:
            return variant
    return None


def _scopes_by_path(variant: PolicyVariant | None) -> dict[str | None, PolicyScope]:
    """Return the scopes that an element declares, by its path. None is no key."""
    scopes = variant.scopes if variant is not None else ()
    return {scope.path: scope for scope in scopes if scope.path is not None}


def _settings_for(variant: PolicyVariant, host: str, level: int) -> Settings | None:
    scope = scope_for(variant, host, level)
    return settings_at(scope, level) if scope is not None else None


def _own_anchors(settings: Settings) -> list[TrustAnchor]:
    return [anchor for anchor in settings.trust_anchors if not anchor.from_debug_overrides]


def _sources(anchors: Iterable[TrustAnchor]) -> tuple[str, ...]:
    """Return the ``src`` of anchors as in the source file, in order, without repeats."""
    return tuple(dict.fromkeys(anchor.resource_name or anchor.resource or anchor.source for anchor in anchors))
