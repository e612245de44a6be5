"""Servers on loopback: those that speak TLS, and those that do not behave."""

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

Handler = Callable[[socket.socket], None]


class Server:
    """One listening address; every connection is handled in a daemon thread."""

    def __init__(self, handler: Handler, address: str = "127.0.0.1", port: int = 0) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((address, port))
        self._socket.listen(64)
        self.address = address
        self.port = int(self._socket.getsockname()[1])
        self.connections = 0
        self._handler = handler
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._handle, args=(connection,), daemon=True).start()

    def _handle(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            connection.settimeout(20)
            self._handler(connection)

    def close(self) -> None:
        # A thread in accept() keeps the address taken until it wakes up.
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@contextlib.contextmanager
def serving(handler: Handler, address: str = "127.0.0.1", port: int = 0) -> Iterator[Server]:
    """Serve until the block ends."""
    server = Server(handler, address, port)
    try:
        yield server
    finally:
        server.close()


def tls(
    identity: Path,
    *,
    minimum: ssl.TLSVersion | None = None,
    maximum: ssl.TLSVersion | None = None,
    wants_client: bool = False,
    by_name: dict[str, Path] | None = None,
    afterwards: bytes = b"",
) -> Handler:
    """A server that presents the certificates of a file, and reads until the client leaves."""
    context = _server_context(identity, minimum, maximum)
    if wants_client:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(identity)
    others = {name: _server_context(path, minimum, maximum) for name, path in (by_name or {}).items()}
    if others:

        def switch(connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
            if name in others:
                connection.context = others[name]
                return None
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

        context.sni_callback = switch

    def handle(connection: socket.socket) -> None:
        with contextlib.suppress(ssl.SSLError), context.wrap_socket(connection, server_side=True) as session:
            if afterwards:
                while True:
                    session.sendall(afterwards)
            session.recv(1)

    return handle


def _server_context(identity: Path, minimum: ssl.TLSVersion | None, maximum: ssl.TLSVersion | None) -> ssl.SSLContext:
    import warnings

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.load_cert_chain(identity)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = minimum or ssl.TLSVersion.TLSv1
        context.maximum_version = maximum or ssl.TLSVersion.MAXIMUM_SUPPORTED
    return context


def silent(connection: socket.socket) -> None:
    """Accept, and say nothing."""
    time.sleep(20)


def closing(connection: socket.socket) -> None:
    """Read the greeting and close."""
    connection.recv(4096)


def resetting(connection: socket.socket) -> None:
    """Read the greeting and reset."""
    connection.recv(4096)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def saying(text: bytes) -> Handler:
    """Say something that is not TLS."""

    def handle(connection: socket.socket) -> None:
        connection.sendall(text)
        connection.recv(4096)
        time.sleep(0.2)

    return handle


def dripping(connection: socket.socket) -> None:
    """Send a handshake record byte by byte, two a second."""
    connection.recv(4096)
    for byte in b"\x16\x03\x03\x40\x00" + b"\x02" * 100:
        connection.sendall(bytes([byte]))
        time.sleep(0.5)


def claiming_much(connection: socket.socket) -> None:
    """Announce a message of 16 MB."""
    connection.recv(4096)
    connection.sendall(b"\x16\x03\x03\x40\x00\x02\xff\xff\xff" + b"\0" * 0x3FFC)
    time.sleep(2)


def endless(record: bytes) -> Handler:
    """Send one record for ever."""

    def handle(connection: socket.socket) -> None:
        connection.recv(4096)
        while True:
            connection.sendall(record * 200)

    return handle


HELLO_REQUEST = b"\x16\x03\x03\x00\x04\x00\x00\x00\x00"
WARNING_ALERT = b"\x15\x03\x03\x00\x02\x01\x64"


def relaying(target: tuple[str, int], prefix: bytes, asked: list[bytes]) -> Handler:
    """A proxy that answers CONNECT with `prefix` and then relays to `target`."""

    def handle(connection: socket.socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += connection.recv(4096)
        asked.append(head)
        connection.sendall(prefix)
        if b" 200 " not in prefix:
            time.sleep(0.2)
            return
        with socket.create_connection(target) as upstream:
            one = threading.Thread(target=_copy, args=(connection, upstream), daemon=True)
            one.start()
            _copy(upstream, connection)

    return handle


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(4096):
            sink.sendall(data)
