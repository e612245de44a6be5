"""What TrustKit makes of a network security configuration: the platform's file, read by other rules.

The facts are those of ``TrustKitConfigurationParser`` and ``DomainPinningPolicy`` of TrustKit-Android 1.1: of several
``<domain>`` elements in a block the last one is kept, values that a block leaves out come from the enclosing block,
and pins are only reported unless ``enforcePinning`` is true.
"""

import posixpath
from collections.abc import Iterator, Mapping

import msgspec

from analyzer.model import NetworkPolicy, PolicyDomain, PolicyPin, PolicyScope, PolicyVariant, TrustKitDomain


class KnownDomain(msgspec.Struct, frozen=True, kw_only=True):
    """What TrustKit keeps of one ``<domain-config>``."""

    entry: str
    path: str
    """Path of the domain-config."""
    domain: PolicyDomain
    pins: tuple[PolicyPin, ...]
    pin_set_path: str | None
    enforced: bool
    expires_on: str | None
    """``YYYY-MM-DD``."""


def known_domains(policy: NetworkPolicy) -> Iterator[KnownDomain]:
    """Yield the domains that TrustKit pins, in order of the file; files that the platform refuses give none."""
    for variant in policy.variants:
        yield from _of_variant(variant)


def _of_variant(variant: PolicyVariant) -> Iterator[KnownDomain]:
    blocks = {scope.path: scope for scope in variant.scopes if scope.kind == "domain" and scope.path is not None}
    configs = {posixpath.dirname(config.path): config for config in variant.trustkit}
    for path, scope in blocks.items():
        if not scope.bands or not scope.domains:
            continue
        settings = scope.bands[-1].settings
        if not settings.pin_set.pins:
            continue
        yield KnownDomain(
            entry=variant.entry,
            path=path,
            domain=scope.domains[-1],
            pins=settings.pin_set.pins,
            pin_set_path=settings.pin_set_origin.path,
            enforced=_is_enforced(scope, blocks, configs),
            expires_on=_expiration(scope, blocks),
        )


def _is_enforced(scope: PolicyScope, blocks: Mapping[str, PolicyScope], configs: dict[str, TrustKitDomain]) -> bool:
    """Take ``enforcePinning`` from the nearest block with a ``<trustkit-config>``; the attribute defaults to false."""
    for block in _outwards(scope, blocks):
        config = configs.get(block.path or "")
        if config is not None:
            return config.enforce_pinning is True
    return False


def _expiration(scope: PolicyScope, blocks: Mapping[str, PolicyScope]) -> str | None:
    """Take the date from the nearest block that has one: unlike the platform, TrustKit inherits it by itself."""
    for block in _outwards(scope, blocks):
        if block.bands and (date := block.bands[-1].settings.pin_set.expires_date) is not None:
            return date
    return None


def _outwards(scope: PolicyScope, blocks: Mapping[str, PolicyScope]) -> Iterator[PolicyScope]:
    """Yield a block and those around it; the parser bounds their depth."""
    current: PolicyScope | None = scope
    while current is not None:
        yield current
        current = blocks.get(current.parent_path) if current.parent_path is not None else None
