"""Which scope of a policy applies to a host: AOSP's ``ApplicationConfig.getConfigForHostname``."""

import ipaddress

from analyzer.model.policy import (
    HIGHEST_KNOWN_LEVEL,
    NetworkPolicy,
    PolicyDomain,
    PolicyError,
    PolicyScope,
    PolicyVariant,
    Settings,
)

_LOCALHOST_NAMES = frozenset({"localhost", "ip6-localhost"})


def normalise_host(host: str) -> str:
    """Lower-case a host name and drop one trailing dot, as the look-up does before comparing."""
    lowered = host.lower()
    return lowered[:-1] if lowered.endswith(".") else lowered


def is_loopback(host: str) -> bool:
    """Tell whether the API 37 platform takes a normalised host name for the device itself.

    ``127.1``, ``0.0.0.0``, ``10.0.2.2`` and names below ``localhost`` are not loopback names.
    """
    if host in _LOCALHOST_NAMES:
        return True
    literal = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        address = ipaddress.ip_address(literal)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def matches(domain: PolicyDomain, host: str) -> bool:
    """Tell whether a ``<domain>`` covers a normalised host name: exactly, or as a parent domain."""
    if host == domain.name:
        return True
    return domain.include_subdomains and host.endswith("." + domain.name)


def scope_for(variant: PolicyVariant, host: str, level: int) -> PolicyScope | None:
    """Return the scope that decides about `host`, or None when the variant has no scopes.

    An exact match wins, then the longest domain with ``includeSubdomains``, then the implicit localhost
    configuration (where the level has one), then the base. An empty host asks for the base.
    """
    name = normalise_host(host)
    base = localhost = best = None
    best_length = -1
    for scope in variant.scopes:
        if scope.kind == "base":
            base = scope
        elif scope.kind == "localhost":
            localhost = scope
        elif name:
            for domain in scope.domains:
                if domain.name == name:
                    return scope
                # AOSP looks for the host's suffix after a dot, so the domain must be shorter than the host.
                if matches(domain, name) and len(domain.name) > best_length:
                    best, best_length = scope, len(domain.name)
    if best is not None:
        return best
    if localhost is not None and settings_at(localhost, level) is not None and is_loopback(name):
        return localhost
    return base


def settings_at(scope: PolicyScope, level: int) -> Settings | None:
    """Return the settings of a scope on devices of `level`, None where it has none."""
    for band in scope.bands:
        if band.first_level <= level <= band.last_level:
            return band.settings
    return None


def variant_at(policy: NetworkPolicy, level: int) -> PolicyVariant | None:
    """Return the variant that a device of `level` in the default configuration would choose."""
    candidates = [variant for variant in policy.variants if variant.default and variant.first_level <= level]
    if not candidates:
        candidates = [variant for variant in policy.variants if variant.first_level <= level]
    return max(candidates, key=lambda variant: variant.first_level, default=None)


def effective(policy: NetworkPolicy, host: str, level: int = HIGHEST_KNOWN_LEVEL) -> Settings | None:
    """Return what holds for `host` on devices of `level`, in the default resource configuration.

    None means that the question has no answer: the platform refuses the file on that level, or the policy
    could not be read, or the level is outside the range of the app.
    """
    variant = variant_at(policy, level)
    if variant is None:
        return None
    scope = scope_for(variant, host, level)
    return settings_at(scope, level) if scope is not None else None


def errors_at(variant: PolicyVariant, level: int) -> tuple[PolicyError, ...]:
    """Return the reasons why devices of `level` refuse the file, in file order."""
    return tuple(error for error in variant.errors if error.first_level <= level <= error.last_level)
