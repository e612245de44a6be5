"""Servers on loopback: those that speak TLS, and those that do not behave."""

import contextlib
import hashlib
import hmac
import os
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

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


def up_to_tls11(identity: Path) -> Handler:
    """A server that speaks nothing newer than TLS 1.1."""
    return tls(identity, maximum=ssl.TLSVersion.TLSv1_1)


def tls12_with_client_certificate(identity: Path) -> Handler:
    """A server that shows its chain and refuses clients without a certificate."""
    return tls(identity, wants_client=True, maximum=ssl.TLSVersion.TLSv1_2)


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


def without_renegotiation_info(identity: Path) -> Handler:
    """A TLS 1.2 server from before RFC 5746, which OpenSSL cannot play: RSA key exchange with AES-128-GCM.

    The key in the file must be RSA. What the client says is not checked.
    """
    content = identity.read_bytes()
    key = load_pem_private_key(content, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    ders = [one.public_bytes(Encoding.DER) for one in x509.load_pem_x509_certificates(content)]
    entries = b"".join(len(der).to_bytes(3) + der for der in ders)

    def handle(connection: socket.socket) -> None:
        transcript = b""
        hello = _handshake(connection)
        server_random = os.urandom(32)
        replies = (
            _message(2, b"\x03\x03" + server_random + b"\0" + b"\x00\x9c" + b"\0"),
            _message(11, len(entries).to_bytes(3) + entries),
            _message(14, b""),
        )
        connection.sendall(b"".join(_record(22, reply) for reply in replies))
        exchange = _handshake(connection)
        transcript = hello + b"".join(replies) + exchange
        secret = key.decrypt(exchange[6:], padding.PKCS1v15())
        randoms = hello[6:38], server_random
        master = _prf(secret, b"master secret", b"".join(randoms), 48)
        keys = _prf(master, b"key expansion", b"".join(reversed(randoms)), 40)
        client_key, server_key, client_salt, server_salt = keys[:16], keys[16:32], keys[32:36], keys[36:]
        assert _read_record(connection)[0] == 20
        kind, sealed = _read_record(connection)
        extra = bytes(8) + bytes([kind, 3, 3]) + (len(sealed) - 24).to_bytes(2)
        transcript += AESGCM(client_key).decrypt(client_salt + sealed[:8], sealed[8:], extra)
        done = _message(20, _prf(master, b"server finished", hashlib.sha256(transcript).digest(), 12))
        extra = bytes(8) + b"\x16\x03\x03" + len(done).to_bytes(2)
        finished = bytes(8) + AESGCM(server_key).encrypt(server_salt + bytes(8), done, extra)
        connection.sendall(_record(20, b"\x01") + _record(22, finished))
        connection.recv(1)

    return handle


def _prf(secret: bytes, label: bytes, seed: bytes, length: int) -> bytes:
    """The pseudo-random function of RFC 5246, section 5."""
    made, block = b"", label + seed
    while len(made) < length:
        block = hmac.digest(secret, block, "sha256")
        made += hmac.digest(secret, block + label + seed, "sha256")
    return made[:length]


def _message(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + len(body).to_bytes(3) + body


def _record(kind: int, body: bytes) -> bytes:
    return bytes([kind, 3, 3]) + len(body).to_bytes(2) + body


def _read_record(connection: socket.socket) -> tuple[int, bytes]:
    head = _exactly(connection, 5)
    return head[0], _exactly(connection, int.from_bytes(head[3:]))


def _handshake(connection: socket.socket) -> bytes:
    """Read one message, which clients send in a record of its own."""
    kind, body = _read_record(connection)
    assert kind == 22, "a handshake record"
    return body


def _exactly(connection: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        more = connection.recv(length - len(data))
        if not more:
            raise ConnectionError("the client has left")
        data += more
    return data


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


def stalling(identity: Path) -> Handler:
    """Send half of what a server says first, and nothing more."""
    context = _server_context(identity, None, None)

    def handle(connection: socket.socket) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        session = context.wrap_bio(incoming, outgoing, server_side=True)
        incoming.write(connection.recv(16_384))
        with contextlib.suppress(ssl.SSLWantReadError):
            session.do_handshake()
        flight = outgoing.read()
        connection.sendall(flight[: len(flight) // 2])
        time.sleep(20)

    return handle


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
