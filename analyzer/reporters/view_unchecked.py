"""What the host table says of clients that check no certificate or no host name: a row's settings mean little there."""

from collections.abc import Iterable

from msgspec.structs import replace

from analyzer.model import ApiUse, CallbackFact, Facts
from analyzer.model.client_names import CLIENTS
from analyzer.model.served_clients import served_over, surely_served
from analyzer.reporters.view_model import HostRow, Value

_NOTHING_CHECKED = {
    "trust_manager": (frozenset({"accept-all", "null-guard", "swallow"}), "every certificate"),
    "hostname_verifier": (frozenset({"accept-all"}), "every host name"),
}
_OF_SOCKETS = {
    "get-insecure": "every certificate",
    "no-name-check": "every host name",
    "verify-result-ignored": "every host name",
}
_ACCEPTING_CALLS = {"insecure-": "every certificate", "hv-allow-all": "every host name"}
"""By how the catalogue's names of calls begin, what is accepted by whom the result is handed to."""


class UncheckedClients:
    """Clients to which something that accepts everything is handed, in code that runs."""

    def __init__(self, facts: Facts) -> None:
        """Take the facts. What is handed to single connections of an SDK says nothing of the app's own hosts."""
        self._everywhere: dict[str, dict[str, None]] = {}
        self._somewhere: dict[str, dict[str, None]] = {}
        self._perhaps: dict[str, dict[str, str]] = {}
        """By a library's name, what is accepted by a client that it may connect over, and the client's name."""
        self._webview = False
        self._plain_rpc = any(_is_plain_rpc(use) for use in facts.api_uses)
        for fact in facts.callbacks:
            if fact.activation != "active" or fact.debug_only:
                continue
            if fact.owner.startswith("sdk:") and not fact.process_wide:
                continue
            if fact.kind == "webview_ssl_error":
                self._webview |= fact.behaviour == "proceed"
            else:
                self._add(fact, _accepted(fact))
        for use in facts.api_uses:
            what = next((what for start, what in _ACCEPTING_CALLS.items() if use.api.startswith(start)), "")
            off = use.arguments[:1] in (("false",), (None,))
            if use.activation == "active" and not off and (use.process_wide or not use.owner.startswith("sdk:")):
                self._add(use, what)

    def _add(self, fact: CallbackFact | ApiUse, what: str) -> None:
        if not what:
            return
        found = self._everywhere if fact.process_wide else self._somewhere
        for sink in fact.clients:
            for client in sorted(surely_served(sink)):
                found.setdefault(CLIENTS[client], {})[what] = None
            for client in sorted(served_over(sink)):
                self._perhaps.setdefault(CLIENTS[client], {})[what] = CLIENTS[sink]

    def added(self, row: HostRow) -> HostRow:
        """Return a row of the table with what holds where one of its clients checks nothing.

        What is set for the whole process holds for hosts that are not known by name as well, and a page of any host
        may be opened. Which of several connections or WebViews contacts a host is not known.
        """
        clients = set(row.clients)
        values = [
            Value(text=f"{what.capitalize()} accepted over {client}", state="bad")
            for client, things in sorted(self._everywhere.items())
            if client in clients or row.kind == "base"
            for what in things
        ]
        values += [
            Value(text=f"Some calls over {client} accept {what}", state="warn")
            for client, things in sorted(self._somewhere.items())
            if client in clients
            for what in things
            if what not in self._everywhere.get(client, {})
        ]
        values += [
            Value(text=f"Calls over {client} may accept {what}, as some over {under} do", state="warn")
            for client, things in sorted(self._perhaps.items())
            if client in clients
            for what, under in things.items()
        ]
        if self._webview and (CLIENTS["webview"] in clients or row.kind == "base"):
            values.append(Value(text="A WebView goes on after any TLS error", state="warn"))
        if self._plain_rpc and CLIENTS["grpc"] in clients:
            # Channels of gRPC ask no policy whether cleartext is allowed.
            plain = Value(text="Some calls over gRPC use no TLS", state="warn")
            row = replace(row, cleartext=(*row.cleartext, plain))
        return replace(row, enforced=(*row.enforced, *values)) if values else row


def _is_plain_rpc(use: ApiUse) -> bool:
    """Tell whether a call that runs opens a channel of gRPC without TLS; `rules` say the same by NET-PLAINTEXT-RPC."""
    if use.activation != "active" or use.owner.startswith("sdk:"):
        return False
    match use.api, use.arguments:
        case ("grpc-plaintext" | "grpc-insecure-channel", _):
            return True
        case ("grpc-plaintext-flag", (_, "true")) | ("grpc-negotiation", (_, "PLAINTEXT")):
            return True
        case _:
            return False


def _accepted(fact: CallbackFact) -> str:
    if fact.kind == "socket":
        if fact.behaviour == "endpoint-id-cleared" and not (fact.detail or "").startswith("only "):
            return "every host name"
        return _OF_SOCKETS.get(fact.behaviour, "")
    behaviours, what = _NOTHING_CHECKED.get(fact.kind, (frozenset[str](), ""))
    return what if fact.behaviour in behaviours else ""


def with_unchecked(rows: Iterable[HostRow], facts: Facts) -> tuple[HostRow, ...]:
    """Return the rows of the table, each with what holds where one of its clients checks nothing."""
    unchecked = UncheckedClients(facts)
    return tuple(unchecked.added(row) for row in rows)
