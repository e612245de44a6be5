"""Judgements about code that decides in place of the policy's pins: which of the pinned hosts it is about.

Conditions call them by the name given to ``@judgement``.
"""

from collections.abc import Iterator

from analyzer.model import CallbackFact
from analyzer.model.policy import HIGHEST_KNOWN_LEVEL
from analyzer.model.policy_lookup import effective
from analyzer.model.served_clients import is_known, perhaps_served
from analyzer.ruleset.expiry import is_expired
from analyzer.ruleset.functions.registry import Context, judgement


@judgement("pinned_hosts_reached")
def pinned_hosts_reached(context: Context, fact: CallbackFact) -> tuple[str, ...]:
    """Name the hosts that the policy pins and that are contacted by what may use a trust manager."""
    serves = _served_by(fact)
    return tuple(dict.fromkeys(name for name, clients in _pinned_hosts(context) if serves & clients))


@judgement("pinned_hosts_are_elsewhere")
def pinned_hosts_are_elsewhere(context: Context, fact: CallbackFact) -> bool:
    """Tell whether all known connections to hosts that the policy pins are made by what does not use a trust manager.

    False where no such connection is known, and where it is not known who may use the manager.
    """
    known = bool(fact.clients) and all(map(is_known, fact.clients))
    pinned = _pinned_hosts(context)
    return known and bool(pinned) and not any(_served_by(fact) & clients for _, clients in pinned)


def _served_by(fact: CallbackFact) -> frozenset[str]:
    return perhaps_served(fact.clients, process_wide=fact.process_wide)


def _pinned_hosts(context: Context) -> tuple[tuple[str, frozenset[str]], ...]:
    return context.once("hosts-pinned-by-policy", lambda: tuple(_find_pinned_hosts(context)))


def _find_pinned_hosts(context: Context) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the hosts that code contacts and the policy pins on the newest devices, with what contacts them."""
    facts = context.facts
    newest = min(HIGHEST_KNOWN_LEVEL, facts.app.max_sdk or HIGHEST_KNOWN_LEVEL)
    for host in facts.hosts:
        settings = effective(facts.policy, host.name, newest) if host.client is not None else None
        if settings is None or not settings.pin_set.pins or host.client is None:
            continue
        overridden = any(anchor.overrides_pins for anchor in settings.trust_anchors)
        if not overridden and not is_expired(settings.pin_set.expires_date, context.as_of):
            yield host.name, frozenset(host.client.split(", "))
