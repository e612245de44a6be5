"""Judgements about TrustKit: what its settings make of the pins it is given.

Conditions call them by the name given to ``@judgement``.
"""

import ipaddress
import posixpath
import re

from analyzer.ruleset.functions.registry import Context, judgement
from analyzer.ruleset.views import PinSetView, TrustKitView

_CONNECTIONS = frozenset(
    {"trustkit-socket-factory", "trustkit-trust-manager", "trustkit-okhttp", "trustkit-okhttp-interceptor"}
)
_DEFAULT_NAME = "xml/network_security_config"
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
_LEAST_PINS = 2


@judgement("trustkit_connects")
def trustkit_connects(context: Context) -> bool:
    """Tell whether some connection that may run goes through TrustKit's factories, managers or interceptors."""
    return any(use.api in _CONNECTIONS and use.activation != "defined_only" for use in context.facts.api_uses)


@judgement("trustkit_has_options")
def trustkit_has_options(context: Context) -> bool:
    """Tell whether TrustKit is started with options, which may name another address for reports."""
    return any(use.api == "trustkit-init" and "options" in use.arguments for use in context.facts.api_uses)


@judgement("is_report_only")
def is_report_only(fact: PinSetView) -> bool:
    """Tell whether a mismatch with a set is reported but not enforced."""
    return any(pin.enforced is False for pin in fact.pins)


@judgement("is_enforced")
def is_enforced(fact: PinSetView) -> bool:
    """Tell whether a set of a mechanism that may report instead is enforced."""
    return all(pin.enforced is True for pin in fact.pins)


@judgement("trustkit_pin_count")
def trustkit_pin_count(context: Context, fact: TrustKitView) -> int:
    """Count the distinct pins that TrustKit has for a block: its own, or those of the block around it."""
    return len(_pins(context, fact))


@judgement("trustkit_refusals")
def trustkit_refusals(context: Context, fact: TrustKitView) -> tuple[str, ...]:
    """Say why TrustKit ends with an exception when it reads a block, each reason a clause; empty when it does not."""
    config = fact.config
    reasons: list[str] = []
    pins = len(_pins(context, fact))
    if config.enforce_pinning is True and pins < _LEAST_PINS:
        amount = "no pin" if pins == 0 else "only one pin"
        reasons.append(f"the block has {amount}, and enforcement takes at least two")
    spellings = [digest for digest in config.digests if digest != "SHA-256"]
    if spellings:
        reasons.append(f'the digest is written "{spellings[0]}", and only "SHA-256" is accepted')
    name = config.domains[-1].strip() if config.domains else ""
    if not _is_domain(name):
        reasons.append(f'"{name}" is no domain name to TrustKit')
    elif _kept_names(context, fact).count(name) > 1:
        reasons.append(f'"{name}" is configured twice')
    reference = context.facts.policy.reference
    by_name = [use for use in context.facts.api_uses if use.api == "trustkit-init" and "default-name" in use.arguments]
    if by_name and reference is not None and reference.name is not None and reference.name != _DEFAULT_NAME:
        reasons.append(f"it looks for the resource {_DEFAULT_NAME}, and the policy is {reference.name}")
    return tuple(reasons)


def _pins(context: Context, fact: TrustKitView) -> set[str]:
    path = posixpath.dirname(fact.config.path)
    for variant in context.facts.policy.variants:
        for scope in variant.scopes:
            if variant.entry == fact.entry and scope.path == path and scope.bands:
                return {pin.value for pin in scope.bands[-1].settings.pin_set.pins}
    # The platform refuses the file; what the block says itself is all there is.
    return set(fact.config.pins)


def _kept_names(context: Context, fact: TrustKitView) -> list[str]:
    """Name the last domain of every block of the same file."""
    return [
        scope.domains[-1].written.strip()
        for variant in context.facts.policy.variants
        if variant.entry == fact.entry
        for scope in variant.scopes
        if scope.kind == "domain" and scope.domains
    ]


def _is_domain(name: str) -> bool:
    """Tell whether TrustKit's ``DomainValidator`` takes a name for a domain; top-level ones are not asked for."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        labels = name.split(".")
        return len(labels) > 1 and all(len(label) <= 63 and _LABEL.fullmatch(label) for label in labels)
    return False
