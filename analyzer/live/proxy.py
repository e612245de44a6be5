"""HTTP proxies: ``CONNECT`` over a socket that is already there, and where the proxy's name comes from."""

import base64
import os
import socket
import urllib.parse
from collections.abc import Callable, Mapping
from typing import NamedTuple

from analyzer.live.errors import ProbeError
from analyzer.live.names import Host

_MAX_REPLY = 16 * 1024
_MAX_URL = 2048


class Proxy(NamedTuple):
    """Where to connect instead of the host; `authorization` never leaves the request."""

    host: str
    port: int
    authorization: str | None = None
    exempt: tuple[str, ...] = ()
    """Entries of ``NO_PROXY``: domain suffixes, or ``*``."""

    def __repr__(self) -> str:
        return f"Proxy({self.host}:{self.port})"

    def serves(self, host: Host) -> bool:
        """Tell whether connections to a host go through this proxy."""
        for entry in self.exempt:
            suffix = entry.lstrip(".").lower()
            if entry == "*" or host.name == suffix or (suffix and host.name.endswith("." + suffix)):
                return False
        return True


class ProxyError(ValueError):
    """A proxy setting is wrong; the message does not repeat it, since it may hold a password."""


def parse_proxy(url: str, *, exempt: tuple[str, ...] = ()) -> Proxy:
    """Read ``http://[user:password@]host:port``.

    Raises:
        ProxyError: It is something else.
    """
    if len(url) > _MAX_URL or any(not 0x20 < ord(character) < 0x7F for character in url):
        raise ProxyError("the proxy is no http:// address")
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port
    except ValueError:
        raise ProxyError("the proxy is no http:// address") from None
    if parts.scheme == "https":
        raise ProxyError("proxies that are spoken to over TLS (https://) are not supported; use http://")
    if parts.scheme != "http" or not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise ProxyError("the proxy is no address of the form http://host:port")
    authorization = None
    if parts.username is not None:
        user = urllib.parse.unquote(parts.username)
        password = urllib.parse.unquote(parts.password or "")
        token = base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
        authorization = f"Basic {token}"
    return Proxy(parts.hostname, port or 80, authorization, exempt)


def proxy_from_environment(environment: Mapping[str, str] = os.environ) -> Proxy | None:
    """Return the proxy that ``HTTPS_PROXY`` names, with the exceptions of ``NO_PROXY``; lower case wins.

    Raises:
        ProxyError: The variable holds something else.
    """
    url = environment.get("https_proxy") or environment.get("HTTPS_PROXY")
    if not url:
        return None
    listed = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    exempt = tuple(entry.strip() for entry in listed.split(",") if entry.strip())
    return parse_proxy(url if "://" in url else f"http://{url}", exempt=exempt)


def open_tunnel(connection: socket.socket, proxy: Proxy, host: Host, port: int, remaining: Callable[[], float]) -> None:
    """Ask a proxy for a connection to a host. No byte behind its reply is read, so none of the host's is lost.

    Raises:
        ProbeError: ``proxy-refused``, ``proxy-bad`` or ``proxy-timeout``.
    """
    authority = f"[{host.name}]:{port}" if ":" in host.name else f"{host.name}:{port}"
    lines = [f"CONNECT {authority} HTTP/1.1", f"Host: {authority}"]
    if proxy.authorization is not None:
        lines.append(f"Proxy-Authorization: {proxy.authorization}")
    try:
        connection.settimeout(_positive(remaining()))
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("ascii"))
        reply = _read_head(connection, remaining)
    except TimeoutError:
        raise ProbeError("proxy-timeout", "the proxy did not answer in time") from None
    except OSError:
        raise ProbeError("proxy-bad", "the proxy closed the connection") from None
    status = reply.split(b"\r\n", 1)[0].split(b" ", 2)
    if len(status) < 2 or not status[0].startswith(b"HTTP/1.") or not status[1].isdigit() or len(status[1]) != 3:
        raise ProbeError("proxy-bad", "the proxy did not answer in HTTP")
    if not status[1].startswith(b"2"):
        raise ProbeError("proxy-refused", f"the proxy refused the connection (status {int(status[1])})")


def _read_head(connection: socket.socket, remaining: Callable[[], float]) -> bytes:
    head = bytearray()
    while not head.endswith(b"\r\n\r\n"):
        if len(head) >= _MAX_REPLY:
            raise ProbeError("proxy-bad", f"the proxy's answer is longer than {_MAX_REPLY} bytes")
        connection.settimeout(_positive(remaining()))
        byte = connection.recv(1)
        if not byte:
            raise ProbeError("proxy-bad", "the proxy closed the connection")
        head += byte
    return bytes(head)


def _positive(seconds: float) -> float:
    if seconds <= 0:
        raise TimeoutError
    return seconds
