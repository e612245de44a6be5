"""What the argument of a client's call tells of the hosts it contacts, also where only the beginning is known."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from analyzer.dataflow.question import Resolution
from analyzer.dataflow.values import Items, Joined, Number, Text, Value, alternatives
from analyzer.extractors.code.host_names import SCHEMES, host_of, hosts_in, plain_host
from analyzer.extractors.sdk_catalogue import HostCall

CLEARTEXT = frozenset({"http", "ws", "ftp"})
"""Schemes of URLs whose traffic is not encrypted."""

_BEGINNING = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]{0,15}):(?://([^/?#\\]*)([/?#\\].*)?|(?!//))", re.DOTALL)
"""How a URL begins: its scheme; its authority; and what follows, once the authority has ended."""


class Peer(NamedTuple):
    """A host that an argument names."""

    name: str
    scheme: str
    """That of the URL; empty when the call is given a mere host."""
    port: int | None
    """The port over TLS, where it is known."""
    text: str
    """The argument, or how it begins."""


class Told(NamedTuple):
    """What an argument tells."""

    peers: tuple[Peer, ...]
    open_schemes: tuple[str, ...]
    """Schemes of URLs whose host is put together at run time."""
    is_open: bool
    """True when the host, or one of the hosts, is not known."""


def read_argument(resolution: Resolution, call: HostCall) -> Told:
    """Say which hosts an argument names.

    A URL of which only the end is not known names its host all the same: ``"https://api.example.com/items/" + id``.
    One that begins with a scheme alone tells whether TLS is used: ``"http://" + host``. What is no URL of a host on the
    network, such as ``file:`` and ``javascript:``, contacts none.
    """
    peers: dict[Peer, None] = {}
    schemes: dict[str, None] = {}
    is_open = resolution.others
    for value in (part for whole in resolution.values for part in _parts(whole)):
        match value:
            case Text(value=text):
                found = list(_whole(text, call))
                peers.update((peer, None) for peer in found if peer.name)
                schemes.update((peer.scheme, None) for peer in found if not peer.name and peer.scheme)
                is_open |= any(not peer.name for peer in found)
            case Joined(parts=(Text(value=start), *rest)) if call.form == "url":
                told = _begun(start, rest)
                peers.update(dict.fromkeys(told.peers))
                schemes.update(dict.fromkeys(told.open_schemes))
                is_open |= told.is_open
            case Number(value=0):
                pass
            case _:
                is_open = True
    return Told(tuple(peers), tuple(schemes), is_open)


def _parts(value: Value) -> Iterator[Value]:
    """Yield a value, or the elements of an array or collection."""
    if not isinstance(value, Items):
        yield from alternatives(value)
        return
    for element in value.elements:
        yield from alternatives(element)
    if not value.complete:
        yield value


def _whole(text: str, call: HostCall) -> Iterator[Peer]:
    """Yield the hosts in an argument that is known as a whole; their names are empty for placeholders."""
    if call.form == "url":
        for named in hosts_in(text, of_library=False):
            yield Peer(named.name, named.scheme, named.port, text)
        return
    name = plain_host(text) if call.form == "host" else host_of(text.rpartition("/")[2])
    if name is not None:
        yield Peer(name, "", None, text)


def _begun(start: str, rest: list[Value]) -> Told:
    """Say what a URL tells of which the beginning is known, and of the rest perhaps parts."""
    match = _BEGINNING.match(start)
    if match is None:
        return Told((), (), is_open=True)
    scheme, authority, after = match[1].lower(), match[2], match[3]
    if authority is None or scheme not in SCHEMES:
        return Told((), (), is_open=False)
    # A port may be what follows a colon, or a password.
    ends = after is not None or (
        authority.endswith(":") and not any(isinstance(part, Text) and "@" in part.value for part in rest)
    )
    if not ends:
        return Told((), (scheme,), is_open=True)
    known = f"{scheme}://{authority.removesuffix(':')}{after or ''}"
    found = hosts_in(known, of_library=False)
    if any(not named.name for named in found):
        return Told((), (scheme,), is_open=True)
    port_is_known = not authority.endswith(":")
    return Told(
        tuple(Peer(named.name, named.scheme, named.port if port_is_known else None, start) for named in found),
        (),
        False,
    )
