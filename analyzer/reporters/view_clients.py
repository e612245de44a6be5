"""Which clients contact a host, and which of them a pinning mechanism does not reach."""

from collections.abc import Iterable, Mapping, Sequence

from analyzer.model import Facts
from analyzer.model.client_names import CLIENTS
from analyzer.model.pins import Mechanism
from analyzer.model.policy_lookup import normalise_host
from analyzer.reporters.view_code_pins import CodePinSet
from analyzer.reporters.words import show

# Clients with a network stack of their own, or the platform's: pins given to another library's client mean nothing
# to them. Others (Glide, Ktor, Volley, gRPC and so on) may be built on the client that is pinned.
_NEVER_OKHTTP = frozenset(
    {"apache-httpclient", "cronet", "download-manager", "httpengine", "loopj-async-http", "media-player", "mqtt",
     "socket", "url-connection", "webview"}
)  # fmt: skip
_NEVER_CRONET = _NEVER_OKHTTP - {"cronet", "httpengine"}
_PLAIN = "okhttp-plain"
"""An OkHttp client that was certainly built without pins."""
_NO_CONNECTION = frozenset(CLIENTS) - {"url-connection", "socket"}
"""Whatever makes its connections out of the app's sight."""
_OUTSIDE: Mapping[Mechanism, frozenset[str]] = {
    "okhttp3": _NEVER_OKHTTP | {_PLAIN},
    "okhttp2": _NEVER_OKHTTP | {_PLAIN},
    "interceptor": _NEVER_OKHTTP,
    "connection-pin": _NO_CONNECTION,
    "cronet": _NEVER_CRONET,
    "httpengine": _NEVER_CRONET,
}


class HostClients:
    """The clients of the hosts that an app's code names."""

    def __init__(self, facts: Facts) -> None:
        """Take the facts; clients inside known SDKs do not count, which pins of the app are not for."""
        self._by_host: dict[str, set[str]] = {}
        for host in facts.hosts:
            if host.client and not host.owner.startswith("sdk:"):
                self._by_host.setdefault(normalise_host(host.name), set()).update(host.client.split(", "))

    def of(self, hosts: Iterable[str], *, pinned: bool = True) -> tuple[str, ...]:
        """Return the clients of some hosts in words, sorted.

        Calls through an OkHttp client without pins are calls of OkHttp as well; where nothing is `pinned`, they are
        named once.
        """
        clients = {client for host in hosts for client in self._by_host.get(normalise_host(host), ())}
        return _words(clients if pinned or _PLAIN not in clients else clients - {"okhttp"})

    def covered_by(self, pin_set: CodePinSet) -> tuple[str, ...]:
        """Return the hosts with a known client that a pin-set is for."""
        return tuple(host for host in self._by_host if pin_set.covers(host))

    def outside(self, pin_set: CodePinSet) -> Mapping[str, tuple[str, ...]]:
        """Return the hosts of a pin-set that are contacted past it, with the clients that do so."""
        beyond = _OUTSIDE.get(pin_set.kind, frozenset())
        found = {host: self._by_host[host] & beyond for host in self.covered_by(pin_set)}
        return {host: _words(clients) for host, clients in found.items() if clients}


def same_clients(clients: HostClients, hosts: Sequence[str]) -> list[tuple[str, ...]]:
    """Group hosts by the clients that contact them, in the order in which each group begins."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for host in hosts:
        groups.setdefault(clients.of((host,), pinned=False), []).append(host)
    return [tuple(group) for group in groups.values()]


def _words(clients: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(CLIENTS.get(client, show(client, 40)) for client in clients))
