"""Views of the network security policy: each scope, domain and flaw joined with what its judgement needs."""

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Literal

from analyzer.model import (
    AppInfo,
    Facts,
    Location,
    NetworkPolicy,
    Origin,
    PolicyDomain,
    PolicyScope,
    PolicyVariant,
    ScopeBand,
    Settings,
)
from analyzer.model.location import MAX_SNIPPET_CHARACTERS
from analyzer.model.policy import FIRST_POLICY_LEVEL, HIGHEST_KNOWN_LEVEL
from analyzer.model.policy_defaults import platform_default
from analyzer.model.policy_lookup import settings_at
from analyzer.ruleset.expiry import days_left, is_expired
from analyzer.ruleset.locality import is_local
from analyzer.ruleset.views import (
    DebugOverridesView,
    OrphanView,
    PolicyDomainView,
    PolicyErrorView,
    PolicyIssueView,
    PolicyScopeView,
    PolicyView,
    TrustKitView,
)

MAX_LABELS = 128
"""Most labels a host name can have (RFC 1035: 253 characters)."""


def policy_scopes(facts: Facts, as_of: dt.datetime) -> Iterator[PolicyScopeView]:
    """View every scope of every variant on each band of levels on which it, the base and the default stay alike."""
    defaults = _Defaults(facts.app)
    for variant in facts.policy.variants:
        base = _base(variant)
        if base is None:
            continue
        cuts = sorted({band.first_level for band in base.bands} | defaults.cuts)
        several = any(scope.kind == "domain" for scope in variant.scopes)
        for scope in variant.scopes:
            yield from _scope_views(facts, variant, scope, as_of, cuts=cuts, defaults=defaults, several=several)


def _scope_views(
    facts: Facts,
    variant: PolicyVariant,
    scope: PolicyScope,
    as_of: dt.datetime,
    *,
    cuts: list[int],
    defaults: "_Defaults",
    several: bool,
) -> Iterator[PolicyScopeView]:
    base = _base(variant)
    # What a domain that can match nothing says holds for no host, so that only its own rule speaks of it. A scope
    # with no other domain keeps its own: `never_matches` tells.
    domains = tuple(domain for domain in scope.domains if domain.problem is None) or scope.domains
    names = host_patterns(scope.kind, domains, several=several)
    local = scope.kind == "localhost" or (bool(domains) and all(is_local(domain.name) for domain in domains))
    never = bool(domains) and all(domain.problem is not None for domain in domains)
    evidence = (_scope_location(facts, variant, scope),)
    for band in scope.bands:
        settings = band.settings
        pin_set = settings.pin_set
        expired = is_expired(pin_set.expires_date, as_of)
        overridden = any(anchor.overrides_pins for anchor in settings.trust_anchors)
        for first, last in _split(band, cuts):
            base_settings = settings_at(base, first) if base is not None else None
            if base_settings is None:
                continue
            yield PolicyScopeView(
                entry=variant.entry,
                qualifiers=variant.qualifiers,
                has_file=facts.policy.state == "resolved",
                kind=scope.kind,
                path=scope.path,
                line=scope.line,
                domains=domains,
                names=names,
                local_only=local,
                never_matches=never,
                first_level=first,
                last_level=last,
                settings=settings,
                base=base_settings,
                default=defaults.at(first),
                pins_expired=expired,
                pins_live=bool(pin_set.pins) and not expired and not overridden,
                pins_days_left=days_left(pin_set.expires_date, as_of),
                evidence=evidence,
            )


class _Defaults:
    """What would hold without a policy file, once per level."""

    def __init__(self, app: AppInfo) -> None:
        self._by_level = {
            level: platform_default(app, level, has_file=False)
            for level in range(FIRST_POLICY_LEVEL, HIGHEST_KNOWN_LEVEL + 1)
        }
        self.cuts = {
            level
            for level in range(FIRST_POLICY_LEVEL + 1, HIGHEST_KNOWN_LEVEL + 1)
            if self._by_level[level] != self._by_level[level - 1]
        }
        """Levels from which another default holds."""

    def at(self, level: int) -> Settings:
        return self._by_level[level]


def _split(band: ScopeBand, cuts: Iterable[int]) -> Iterator[tuple[int, int]]:
    first = band.first_level
    for cut in cuts:
        if first < cut <= band.last_level:
            yield first, cut - 1
            first = cut
    yield first, band.last_level


def policy_domains(facts: Facts) -> Iterator[PolicyDomainView]:
    """View every ``<domain>`` of every variant that some device accepts."""
    for variant in facts.policy.variants:
        base = _base(variant)
        if base is None or not base.bands:
            continue
        by_path = {scope.path: scope for scope in variant.scopes if scope.kind == "domain"}
        covers = {
            domain.name: (domain, scope)
            for scope in by_path.values()
            for domain in scope.domains
            if domain.include_subdomains
        }
        for scope in by_path.values():
            if not scope.bands:
                continue
            newest = scope.bands[-1]
            for domain in scope.domains:
                name, cover = _cover(domain, covers)
                other = cover if cover is not None else base
                yield PolicyDomainView(
                    entry=variant.entry,
                    domain=domain,
                    settings=newest.settings,
                    first_level=scope.bands[0].first_level,
                    last_level=newest.last_level,
                    covering=name,
                    covering_settings=settings_at(other, newest.last_level) or base.bands[-1].settings,
                    covering_is_ancestor=cover is not None and _encloses(cover, scope, by_path),
                    local=is_local(domain.name),
                    evidence=(element_location(variant.entry, domain.path, domain.line, domain.written.strip()),),
                )


def _cover(
    domain: PolicyDomain, covers: dict[str, tuple[PolicyDomain, PolicyScope]]
) -> tuple[str | None, PolicyScope | None]:
    """Find the longest other entry with includeSubdomains whose subdomain this one is."""
    labels = domain.name.split(".")
    start = max(1, len(labels) - MAX_LABELS)
    for index in range(start, len(labels)):
        found = covers.get(".".join(labels[index:]))
        if found is not None:
            return found[0].name, found[1]
    return None, None


def _encloses(outer: PolicyScope, inner: PolicyScope, by_path: dict[str | None, PolicyScope]) -> bool:
    """Tell whether a domain-config is an enclosing one of another."""
    parent = inner.parent_path
    while parent is not None:
        if parent == outer.path:
            return True
        enclosing = by_path.get(parent)
        parent = enclosing.parent_path if enclosing is not None else None
    return False


def policy_errors(facts: Facts) -> Iterator[PolicyErrorView]:
    """View every reason why some device that the app runs on refuses the file."""
    app = facts.app
    for variant in facts.policy.variants:
        for error in variant.errors:
            first = max(error.first_level, variant.first_level, min(app.min_sdk, HIGHEST_KNOWN_LEVEL))
            last = min(error.last_level, variant.last_level, app.max_sdk or HIGHEST_KNOWN_LEVEL)
            if first > last:
                continue
            yield PolicyErrorView(
                entry=variant.entry,
                error=error,
                first_level=first,
                last_level=last,
                evidence=(element_location(variant.entry, error.path, error.line, error.subject),),
            )


def policy_issues(facts: Facts) -> Iterator[PolicyIssueView]:
    """View everything ineffective in the files."""
    for variant in facts.policy.variants:
        for issue in variant.issues:
            location = element_location(variant.entry, issue.path, issue.line, None)
            yield PolicyIssueView(entry=variant.entry, issue=issue, evidence=(location,))


def debug_overrides(facts: Facts) -> Iterator[DebugOverridesView]:
    """View every debug-overrides block, of the policy and of its ``_debug`` sibling."""
    for variant in facts.policy.variants:
        for overrides in variant.debug_overrides:
            location = element_location(overrides.entry, overrides.path, overrides.line, None)
            yield DebugOverridesView(entry=overrides.entry, overrides=overrides, evidence=(location,))


def trustkit_domains(facts: Facts) -> Iterator[TrustKitView]:
    """View every ``<trustkit-config>``."""
    for variant in facts.policy.variants:
        for config in variant.trustkit:
            location = element_location(variant.entry, config.path, config.line, None)
            yield TrustKitView(entry=variant.entry, config=config, evidence=(location,))


def policy_orphans(facts: Facts) -> Iterator[OrphanView]:
    """View every policy-looking file that nothing refers to."""
    for location in facts.policy.orphans:
        yield OrphanView(entry=location.entry, evidence=(location,))


def policy_view(facts: Facts, as_of: dt.datetime) -> PolicyView:
    """View the policy as a whole."""
    policy = facts.policy
    reference = policy.reference
    resolved = policy.state == "resolved"
    where = facts.app.network_security_config_location or facts.app.application_location
    return PolicyView(
        state=policy.state,
        reference=None if reference is None else (f"@{reference.name}" if reference.name else reference.text),
        entries=tuple(dict.fromkeys(variant.entry for variant in policy.variants)) if resolved else (),
        variants_differ=len({_signature(variant) for variant in policy.variants}) > 1,
        domain_scopes=max(
            (sum(scope.kind == "domain" for scope in variant.scopes) for variant in policy.variants), default=0
        ),
        has_live_pins=_has_live_pins(policy, as_of),
        orphans=policy.orphans,
        evidence=(where,) if where is not None else (),
    )


def _has_live_pins(policy: NetworkPolicy, as_of: dt.datetime) -> bool:
    for variant in policy.variants:
        for scope in variant.scopes:
            if scope.kind != "domain" or all(domain.problem is not None for domain in scope.domains):
                continue
            for band in scope.bands:
                settings = band.settings
                overridden = any(anchor.overrides_pins for anchor in settings.trust_anchors)
                if settings.pin_set.pins and not overridden and not is_expired(settings.pin_set.expires_date, as_of):
                    return True
    return False


def _signature(variant: PolicyVariant) -> object:
    """Describe what a variant decides, whatever file it stands in and whichever levels choose it.

    Values that the platform's defaults supply depend on the device level alone and count as equal.
    """
    scopes: set[object] = set()
    for scope in variant.scopes:
        if scope.kind == "localhost" or not scope.bands:
            continue
        settings = scope.bands[-1].settings
        scopes.add(
            (
                scope.kind,
                frozenset((domain.name, domain.include_subdomains) for domain in scope.domains),
                None if settings.cleartext_origin.kind == "platform-default" else settings.cleartext,
                tuple((a.source, a.resource, a.overrides_pins) for a in settings.trust_anchors),
                frozenset(pin.digest for pin in settings.pin_set.pins),
                settings.pin_set.expires_date,
                _declared(settings.ct_required, settings.ct_origin),
                _declared(settings.domain_encryption, settings.domain_encryption_origin),
            )
        )
    return frozenset(scopes), frozenset(error.kind for error in variant.errors)


def _declared(value: object, origin: Origin | None) -> object:
    return None if origin is None or origin.kind == "platform-default" else value


def _base(variant: PolicyVariant) -> PolicyScope | None:
    return next((scope for scope in variant.scopes if scope.kind == "base"), None)


def host_patterns(
    kind: Literal["base", "domain", "localhost"], domains: Iterable[PolicyDomain], *, several: bool
) -> tuple[str, ...]:
    """Name what a scope covers; `several` tells that the file has domain scopes beside the base."""
    match kind:
        case "base":
            return ("all other hosts" if several else "all hosts",)
        case "localhost":
            return ("localhost",)
        case "domain":
            return tuple(f"*.{domain.name}" if domain.include_subdomains else domain.name for domain in domains)


def _scope_location(facts: Facts, variant: PolicyVariant, scope: PolicyScope) -> Location:
    if facts.policy.state == "resolved":
        return element_location(variant.entry, scope.path or "network-security-config", scope.line, None)
    app = facts.app
    return (
        app.cleartext_location
        or app.application_location
        or Location(kind="manifest", entry=variant.entry, xml_path="manifest/application")
    )


def element_location(entry: str, path: str, line: int | None, text: str | None) -> Location:
    """Return the place of an element of a policy file."""
    snippet = text[:MAX_SNIPPET_CHARACTERS] if text else None
    return Location(kind="xml", entry=entry, xml_path=path, line=line, snippet=snippet)
