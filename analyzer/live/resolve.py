"""From a host name to addresses that passed the policy, without ever waiting longer than asked."""

import ipaddress
import queue
import socket
import threading
from collections.abc import Callable, Mapping, Sequence

from analyzer.live.addresses import Network, may_connect
from analyzer.live.errors import ProbeError
from analyzer.live.names import Host

RESOLVE_SECONDS = 5.0
MAX_ADDRESSES = 64
"""Most addresses of one answer that are looked at."""

Resolver = Callable[[str, int], Sequence[str]]
"""From a name and port to addresses in the resolver's order; raises `OSError`."""


def system_resolver(name: str, port: int) -> Sequence[str]:
    """Ask the system; the order is that of RFC 6724."""
    found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [str(entry[4][0]) for entry in found]


def resolve(
    host: Host,
    port: int,
    *,
    private: Sequence[Network] = (),
    overrides: Mapping[tuple[str, int], Sequence[str]] | None = None,
    resolver: Resolver = system_resolver,
    seconds: float = RESOLVE_SECONDS,
) -> tuple[str, ...]:
    """Return the distinct addresses of a host, all of which may be connected to.

    One that may not refuses them all: a mixed answer is the sign of DNS rebinding.

    Args:
        host: What to resolve; a literal stands for itself.
        port: Goes to the resolver, and chooses among `overrides`.
        private: Networks that the user allows beside public ones.
        overrides: Addresses by name and port that replace the resolver (``--resolve``).
        resolver: Stands in for the system's.
        seconds: Longest wait; the resolver cannot be interrupted and is left behind.

    Raises:
        ProbeError: ``dns``, ``dns-timeout`` or ``blocked-address``.
    """
    given = (overrides or {}).get((host.name, port))
    if given is not None:
        addresses: Sequence[str] = given
    elif host.literal:
        addresses = (host.name,)
    else:
        addresses = look_up(host.name, port, resolver, seconds)
    distinct = tuple(dict.fromkeys(addresses))[:MAX_ADDRESSES]
    if not distinct:
        raise ProbeError("dns", "the name has no address")
    if not all(may_connect(address, private) for address in distinct):
        raise ProbeError("blocked-address", "the name leads to an address that is not public (see --allow-private)")
    return distinct


def look_up(name: str, port: int, resolver: Resolver, seconds: float) -> Sequence[str]:
    """Ask a resolver, for at most so many seconds.

    Raises:
        ProbeError: ``dns`` or ``dns-timeout``.
    """
    answers: queue.SimpleQueue[Sequence[str] | None] = queue.SimpleQueue()

    def work() -> None:
        try:
            answers.put(resolver(name, port))
        except (OSError, UnicodeError):
            answers.put(None)

    # A daemon thread: a resolver that hangs must not hold the process at its end.
    threading.Thread(target=work, daemon=True, name="resolver").start()
    try:
        answer = answers.get(timeout=max(0.0, seconds))
    except queue.Empty:
        raise ProbeError("dns-timeout", f"the name was not resolved within {seconds:g} s") from None
    if answer is None:
        raise ProbeError("dns", "the name could not be resolved")
    return answer


def choose(addresses: Sequence[str], *, most: int) -> tuple[str, ...]:
    """Return the addresses to try in the resolver's order: the first of each family, or up to `most` of them all."""
    if most > 2:
        return tuple(addresses[:most])
    firsts: dict[int, str] = {}
    for address in addresses:
        firsts.setdefault(ipaddress.ip_address(address).version, address)
    return tuple(firsts.values())
