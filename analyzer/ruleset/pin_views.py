"""Views of pins: the sets they form, and digests that turn up under unrelated domains."""

import datetime as dt
from collections.abc import Iterable, Iterator

from analyzer.model import Facts, Location, PinFact
from analyzer.model.pins import Mechanism
from analyzer.ruleset.expiry import is_expired
from analyzer.ruleset.locality import is_local, registrable_domain
from analyzer.ruleset.views import PinReuseView, PinSetView

_STAND_INS = frozenset({"placeholder", "example", "empty-input"})
_ACTIVATIONS = ("active", "unknown", "created", "defined_only")
"""Strongest first: a set is as active as its most active pin."""


def pins_for_hosts(facts: Facts) -> tuple[PinFact, ...]:
    """Return the pins without those of a policy's domains that can match no host."""
    nowhere = {
        (variant.entry, domain.name)
        for variant in facts.policy.variants
        for scope in variant.scopes
        for domain in scope.domains
        if domain.problem is not None
    }
    if not nowhere:
        return facts.pins
    return tuple(pin for pin in facts.pins if pin.mechanism != "nsc" or (_entry(pin), pin.host) not in nowhere)


def pins_in_force(facts: Facts) -> tuple[PinFact, ...]:
    """Return the pins without those that stand for no host, or in a policy file that no device accepts.

    What is wrong there is said of the domain or of the file; such pins change nothing.
    """
    accepted = {variant.entry for variant in facts.policy.variants if any(scope.bands for scope in variant.scopes)}
    refused = {variant.entry for variant in facts.policy.variants if variant.errors} - accepted
    return tuple(pin for pin in pins_for_hosts(facts) if pin.mechanism != "nsc" or _entry(pin) not in refused)


def _entry(pin: PinFact) -> str:
    """Return the file of a pin of the policy."""
    return pin.scope.rpartition("#")[0]


def pin_sets(facts: Facts, as_of: dt.datetime) -> Iterator[PinSetView]:
    """View all pins of one mechanism, host pattern and scope together, in the order of their first pins."""
    groups: dict[tuple[Mechanism, str | None, bool, str], list[PinFact]] = {}
    for pin in pins_in_force(facts):
        groups.setdefault((pin.mechanism, pin.host, pin.include_subdomains, pin.scope), []).append(pin)
    patterns: dict[tuple[str, bool], list[str]] = {}
    for mechanism, host, include_subdomains, scope in groups:
        if mechanism == "nsc" and host is not None:
            pattern = host_pattern(host, include_subdomains=include_subdomains)
            patterns.setdefault((scope, is_local(host)), []).append(pattern)
    led: set[tuple[str, bool]] = set()
    for (mechanism, host, include_subdomains, scope), pins in groups.items():
        local = host is not None and is_local(host)
        hosts: tuple[str, ...] = ()
        leads = True
        if host is not None:
            hosts = (host_pattern(host, include_subdomains=include_subdomains),)
            if mechanism == "nsc":
                leads = (scope, local) not in led
                led.add((scope, local))
                # Only one set lists them all: there may be thousands of domains, and as many sets.
                hosts = tuple(patterns[scope, local]) if leads else hosts
        seen: set[tuple[str, bytes]] = set()
        duplicates: list[str] = []
        stand_ins: set[tuple[str, bytes]] = set()
        for pin in pins:
            if pin.digest is None:
                continue
            key = (pin.algorithm, pin.digest)
            if key in seen:
                duplicates.append(pin.value)
            seen.add(key)
            if pin.problem in _STAND_INS:
                stand_ins.add(key)
        yield PinSetView(
            mechanism=mechanism,
            host=host,
            include_subdomains=include_subdomains,
            hosts=hosts,
            leads=leads,
            scope=scope,
            pins=tuple(pins),
            distinct=len(seen),
            duplicates=tuple(duplicates),
            placeholders=len(stand_ins),
            resolved=all(pin.resolution == "constant" for pin in pins),
            activation=min((pin.activation for pin in pins), key=_ACTIVATIONS.index),
            owner=pins[0].owner,
            local=local,
            expired=all(is_expired(pin.expires_on, as_of) for pin in pins),
            evidence=_united(pins),
        )


def reused_pins(facts: Facts) -> Iterator[PinReuseView]:
    """View every digest that is used under two or more registrable domains."""
    groups: dict[tuple[str, bytes], list[PinFact]] = {}
    for pin in pins_in_force(facts):
        if pin.digest is not None and pin.host is not None:
            groups.setdefault((pin.algorithm, pin.digest), []).append(pin)
    for pins in groups.values():
        domains = {domain for pin in pins if (domain := registrable_domain(pin.host or "")) is not None}
        if len(domains) > 1:
            yield PinReuseView(
                value=pins[0].value,
                hosts=tuple(sorted({pin.host for pin in pins if pin.host is not None})),
                domains=tuple(sorted(domains)),
                evidence=_united(pins),
            )


def host_pattern(host: str, *, include_subdomains: bool) -> str:
    """Write a host with ``*.`` before it where its subdomains count; a pattern of code stays as it is."""
    return f"*.{host}" if include_subdomains and not host.startswith("*") else host


def _united(pins: Iterable[PinFact]) -> tuple[Location, ...]:
    return tuple(dict.fromkeys(location for pin in pins for location in pin.evidence))
