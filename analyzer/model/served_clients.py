"""Which connections use what is handed to a client: where two vocabularies of facts meet.

``CallbackFact.clients`` and ``PinFact.clients`` say what a trust manager, factory or verifier is handed to, by the
names of ``callback_sinks.yaml``. ``HostFact.client`` says what contacts a host, by the names of ``host_calls`` in
``apis.yaml``.
"""

from collections.abc import Iterable

from analyzer.model.base import Record


class _Served(Record, frozen=True, kw_only=True):
    surely: frozenset[str]
    """What connects with it, unless it is given something of its own."""
    over: frozenset[str] = frozenset()
    """Libraries that always connect over such a client, this one or another."""
    perhaps: frozenset[str] = frozenset()
    """Libraries that may be built on the client, or bring another one."""


_URL_CONNECTION = _Served(
    surely=frozenset({"url-connection"}), perhaps=frozenset({"volley", "picasso", "glide", "exoplayer"})
)
_SOCKET = _Served(surely=frozenset({"socket"}))
# Calls over "okhttp-plain" are made with a client that certainly was given nothing of the kind.
_CLIENTS = {
    "apache-httpclient": _Served(
        surely=frozenset({"apache-httpclient"}), perhaps=frozenset({"loopj-async-http", "volley"})
    ),
    "default-ssl-context": _URL_CONNECTION,
    "grpc": _Served(surely=frozenset({"grpc"})),
    "https-url-connection": _URL_CONNECTION,
    "hivemq": _Served(surely=frozenset({"mqtt"})),
    "java-websocket": _Served(surely=frozenset({"java-websocket"})),
    "ktor": _Served(surely=frozenset({"ktor"})),
    "loopj": _Served(surely=frozenset({"loopj-async-http"})),
    "nv-websocket": _Served(surely=frozenset({"nv-websocket"})),
    "okhttp": _Served(
        surely=frozenset({"okhttp"}),
        over=frozenset({"retrofit"}),
        perhaps=frozenset(
            {"volley", "picasso", "glide", "apollo", "fast-android-networking", "ktor", "exoplayer", "socket-io"}
        ),
    ),
    "paho": _Served(surely=frozenset({"mqtt"})),
    "socket": _SOCKET,
    "socket-io": _Served(surely=frozenset({"socket-io"})),
    "ssl-engine": _SOCKET,
    "volley": _Served(surely=frozenset({"volley"})),
}
"""By what something is handed to, what contacts hosts with it."""
_EVERYWHERE = _URL_CONNECTION.surely | _URL_CONNECTION.perhaps | _SOCKET.surely


def is_known(handed_to: str) -> bool:
    """Say whether it is known what connects with what is handed to this client."""
    return handed_to in _CLIENTS


def surely_served(handed_to: str) -> frozenset[str]:
    """Return the clients of hosts that connect with what is handed there; empty when that is not known."""
    found = _CLIENTS.get(handed_to)
    return frozenset() if found is None else found.surely


def served_over(handed_to: str) -> frozenset[str]:
    """Return the clients of hosts that always connect over a client of this kind, this one or another."""
    found = _CLIENTS.get(handed_to)
    return frozenset() if found is None else found.over


def perhaps_served(handed_to: Iterable[str], *, process_wide: bool = False) -> frozenset[str]:
    """Return the clients of hosts that may connect with what is handed to some clients, or set for the process."""
    found = (_CLIENTS[client] for client in handed_to if client in _CLIENTS)
    served = frozenset[str]().union(*(one.surely | one.over | one.perhaps for one in found))
    return served | _EVERYWHERE if process_wide else served
