"""Which hosts are asked with a trust manager that code makes, as far as its clients tell."""

from collections.abc import Sequence

from analyzer.model import Facts, PinFact
from analyzer.model.served_clients import served_over, surely_served

OKHTTP = "okhttp"
_RUNS = frozenset({"active", "unknown"})


def wired_hosts(pins: Sequence[PinFact], facts: Facts) -> tuple[str, ...]:
    """Return the hosts that only clients with the trust manager of these pins ask.

    Empty where that is not known: the app has clients of the same kind with other trust managers, and nothing tells
    which of them asks which host.

    Args:
        pins: A set of a trust manager.
        facts: Of the app.
    """
    first = pins[0]
    found: dict[str, None] = {}
    for client in first.clients:
        names = list(dict.fromkeys(fact.name for fact in facts.hosts if _asks(fact.client, client)))
        if client == OKHTTP:
            alone = first.process_wide or _okhttp_clients(facts) <= 1
        else:
            alone = first.process_wide or len(names) == 1
        if alone:
            found.update(dict.fromkeys(names))
    return tuple(found)


def _asks(clients: str | None, user: str) -> bool:
    asking = surely_served(user) | served_over(user)
    return clients is not None and not asking.isdisjoint(clients.split(", "))


def _okhttp_clients(facts: Facts) -> int:
    return sum(fact.activation in _RUNS for fact in facts.clients)
