"""Reads the certificates that a server sends, and nothing else.

One ClientHello goes out; no application data is sent, none is read, and nothing that comes in is trusted. The
handshake runs on memory buffers, so that one deadline and one byte limit hold whatever the peer does, and the chain
can be read even when the handshake fails after the server's certificates have come.
"""

import contextlib
import functools
import ipaddress
import re
import socket
import ssl
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from analyzer.live.errors import ProbeError
from analyzer.live.names import Host
from analyzer.live.proxy import Proxy, open_tunnel

TOTAL_SECONDS = 10.0
CONNECT_SECONDS = 4.0
MAX_BYTES = 512 * 1024
MAX_READS = 4000
MAX_CERTIFICATES = 64
MAX_CERTIFICATE_BYTES = 100 * 1024
_CHUNK = 16 * 1024
_OP_LEGACY_SERVER_CONNECT = 0x4
"""OpenSSL's constant; Python names it from 3.12 on."""
_ENCODING_DER = 2
"""`_ssl.ENCODING_DER`, for the certificate objects before Python 3.13."""
_REASON = re.compile(r"[A-Z0-9_]{1,80}")
_RENEGOTIATION_INFO = 0xFF01


class Sighting(NamedTuple):
    """What a server sent."""

    certificates: tuple[bytes, ...]
    """DER, in the order in which they were sent."""
    dropped: int
    """Certificates left out: beyond the 64th, or larger than 100 KB."""
    address: str | None
    """The address that answered; None through a proxy, which resolves the name itself."""
    tls_version: str | None
    alert: str | None
    """OpenSSL's name of the reason why the handshake did not end well; None when it did."""
    secure_renegotiation: bool | None
    """Whether a server of TLS 1.2 or older confirmed RFC 5746; None where that could not be seen."""


@functools.cache
def _observing_context() -> ssl.SSLContext:
    """Return the one TLS context of the prober: it observes and must never carry data.

    Verification is off on purpose. The chain is judged by our own path builder, as Android would judge it, and a
    chain that no platform accepts is exactly what has to be seen. Old versions and weak algorithms are offered for
    the same reason: a server that offers nothing better is a finding, not an error. Nothing is sent after the
    handshake. Keep this context private to this module.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.options |= _OP_LEGACY_SERVER_CONNECT | ssl.OP_NO_TICKET | ssl.OP_NO_COMPRESSION
    # As OkHttp does: some servers choose their certificate by it.
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


def fetch(
    addresses: Sequence[str],
    host: Host,
    port: int,
    *,
    total: float = TOTAL_SECONDS,
    connect: float = CONNECT_SECONDS,
    max_bytes: int = MAX_BYTES,
    max_reads: int = MAX_READS,
    proxy: Proxy | None = None,
    tunnel_addresses: Sequence[str] = (),
) -> Sighting:
    """Return the certificates that a server sends.

    The second address is tried only when the first does not answer.

    Args:
        addresses: Where to connect, already checked against the address policy. Not used through a proxy.
        host: Whose name to ask for.
        port: TCP port.
        total: Seconds for everything: connecting, proxy, handshake.
        connect: Seconds for connecting to one address, within `total`.
        max_bytes: Most bytes to read.
        max_reads: Most reads; a peer that drips is stopped by the deadline, one that floods by this.
        proxy: Where to connect instead.
        tunnel_addresses: The proxy's addresses.

    Raises:
        ProbeError: No certificate was seen.
    """
    deadline = time.monotonic() + total

    def remaining() -> float:
        return deadline - time.monotonic()

    if proxy is not None:
        connection, _ = _connect(tunnel_addresses, proxy.port, connect, remaining)
        with contextlib.closing(connection):
            open_tunnel(connection, proxy, host, port, remaining)
            return _observe(connection, host, None, remaining, max_bytes, max_reads)
    connection, address = _connect(addresses, port, connect, remaining)
    with contextlib.closing(connection):
        return _observe(connection, host, address, remaining, max_bytes, max_reads)


def _connect(
    addresses: Iterable[str], port: int, connect: float, remaining: Callable[[], float]
) -> tuple[socket.socket, str]:
    problem = ProbeError("unreachable", "there is no address to connect to")
    for address in addresses:
        seconds = min(connect, remaining())
        if seconds <= 0:
            break
        version = ipaddress.ip_address(address).version
        connection = socket.socket(socket.AF_INET6 if version == 6 else socket.AF_INET, socket.SOCK_STREAM)
        try:
            connection.settimeout(seconds)
            connection.connect((address, port))
            # The address was checked before; nothing may have come between.
            if ipaddress.ip_address(connection.getpeername()[0]) != ipaddress.ip_address(address):
                raise ProbeError("blocked-address", "the connection led to another address")
        except TimeoutError:
            problem = ProbeError("connect-timeout", f"no connection within {connect:g} s")
        except ConnectionRefusedError:
            problem = ProbeError("refused", "the connection was refused")
        except ConnectionResetError:
            problem = ProbeError("reset", "the connection was reset")
        except OSError:
            problem = ProbeError("unreachable", "the address could not be reached")
        except ProbeError:
            connection.close()
            raise
        else:
            return connection, address
        connection.close()
    raise problem


def _observe(
    connection: socket.socket,
    host: Host,
    address: str | None,
    remaining: Callable[[], float],
    max_bytes: int,
    max_reads: int,
) -> Sighting:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = _observing_context().wrap_bio(incoming, outgoing, server_hostname=host.sni)
    head = bytearray()
    problem: ProbeError | None = None
    alert: str | None = None
    try:
        _shake_hands(session, connection, incoming, outgoing, head, remaining, max_bytes, max_reads)
    except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
        problem = ProbeError("closed", "the server closed the connection during the handshake")
    except ssl.SSLError as error:
        reason = error.reason or ""
        alert = reason if _REASON.fullmatch(reason) else "TLS_ERROR"
        problem = ProbeError("tls", _tls_words(alert))
    except TimeoutError:
        problem = ProbeError("timeout", "the server did not finish the handshake in time")
    except ConnectionResetError:
        problem = ProbeError("reset", "the server reset the connection")
    except OSError:
        problem = ProbeError("closed", "the connection broke")
    except ProbeError as error:
        problem = error
    chain = _chain(session)
    kept = tuple(der for der in chain[:MAX_CERTIFICATES] if len(der) <= MAX_CERTIFICATE_BYTES)
    if not kept:
        raise problem or ProbeError("no-certificate", "the server sent no certificate")
    if problem is not None and alert is None:
        alert = problem.kind.upper().replace("-", "_")
    return Sighting(
        certificates=kept,
        dropped=len(chain) - len(kept),
        address=address,
        tls_version=session.version(),
        alert=alert,
        secure_renegotiation=_secure_renegotiation(bytes(head)),
    )


def _shake_hands(
    session: ssl.SSLObject,
    connection: socket.socket,
    incoming: ssl.MemoryBIO,
    outgoing: ssl.MemoryBIO,
    head: bytearray,
    remaining: Callable[[], float],
    max_bytes: int,
    max_reads: int,
) -> None:
    received = reads = 0
    ended, writable = False, True
    while True:
        try:
            session.do_handshake()
        except ssl.SSLWantReadError:
            pass
        else:
            return
        if ended:
            raise ProbeError("closed", "the server closed the connection during the handshake")
        waiting = outgoing.read()
        if waiting and writable:
            connection.settimeout(_positive(remaining()))
            try:
                connection.sendall(waiting)
            except TimeoutError:
                raise
            except OSError:
                # What the server sent before it closed is still to be read: its certificates, and its alert.
                writable = False
        connection.settimeout(_positive(remaining()))
        data = connection.recv(_CHUNK)
        reads += 1
        received += len(data)
        if received > max_bytes or reads > max_reads:
            raise ProbeError("too-much", "the server sent more than a handshake needs")
        if data:
            if len(head) < _CHUNK:
                head += data
            incoming.write(data)
        else:
            ended = True
            incoming.write_eof()


def _positive(seconds: float) -> float:
    if seconds <= 0:
        raise TimeoutError
    return seconds


def _chain(session: ssl.SSLObject) -> list[bytes]:
    """Return what the server sent, as DER; also after a failed handshake."""
    # Public from Python 3.13 on; the same function exists on the inner object from 3.10 on.
    source: Any = session if hasattr(session, "get_unverified_chain") else getattr(session, "_sslobj", None)
    if hasattr(source, "get_unverified_chain"):
        try:
            chain = source.get_unverified_chain()
        except ssl.SSLError:
            chain = None
        return [item if isinstance(item, bytes) else item.public_bytes(_ENCODING_DER) for item in chain or ()]
    try:
        leaf = session.getpeercert(binary_form=True)
    except ValueError:
        leaf = None
    return [leaf] if leaf else []


def _tls_words(reason: str) -> str:
    if reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "PACKET_LENGTH_TOO_LONG"):
        return "the server does not speak TLS"
    if reason == "EXCESSIVE_MESSAGE_SIZE":
        return "the server's certificates are larger than TLS libraries accept"
    return f"the handshake failed ({reason})"


def _secure_renegotiation(head: bytes) -> bool | None:
    """Tell from the ServerHello, which is sent in the clear, whether the server confirms RFC 5746.

    TLS 1.3 has no renegotiation. None where the message is not complete in the first bytes.
    """
    body = _server_hello(head)
    if body is None or len(body) < 35:
        return None
    at = 35 + body[34] + 3
    extensions = body[at + 2 :] if len(body) > at + 2 else b""
    kinds = set()
    while len(extensions) >= 4:
        kinds.add(int.from_bytes(extensions[:2], "big"))
        extensions = extensions[4 + int.from_bytes(extensions[2:4], "big") :]
    return None if 43 in kinds else _RENEGOTIATION_INFO in kinds  # 43: supported_versions, so TLS 1.3


def _server_hello(head: bytes) -> bytes | None:
    messages = b""
    while len(head) >= 5 and head[0] == 22:
        size = int.from_bytes(head[3:5], "big")
        messages += head[5 : 5 + size]
        head = head[5 + size :]
        if len(messages) >= 4:
            if messages[0] != 2:
                return None
            length = int.from_bytes(messages[1:4], "big")
            if len(messages) >= 4 + length:
                return messages[4 : 4 + length]
    return None
