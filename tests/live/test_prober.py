"""The prober against servers on loopback: well-behaved ones, and every kind of hostile one."""

import ssl
import time
from pathlib import Path

import pytest

from analyzer.live.errors import ProbeError
from analyzer.live.names import Host
from analyzer.live.prober import MAX_CERTIFICATES, Sighting, _secure_renegotiation, fetch
from tests.live import servers
from tests.live.pki import Issued, authority
from tests.live.servers import Handler, serving
from tests.live.zoo import NAMES, Row, rows

DEADLINE = 1.5
HOST = Host("api.shop.test")


class Zoo:
    """One certification authority, and files that servers load."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = authority("Root")
        self.intermediate = authority("Intermediate", self.root)
        self.leaf = self.intermediate.issue("leaf", hosts=[HOST.name])
        self.good = self.leaf.write(folder, "good")

    def file(self, name: str, leaf: Issued, sent: list[Issued] | None = None) -> Path:
        return leaf.write(self.folder, name, sent)


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Zoo:
    return Zoo(tmp_path_factory.mktemp("zoo"))


def ask(handler: Handler, *, host: Host = HOST, address: str = "127.0.0.1", total: float = DEADLINE) -> Sighting:
    with serving(handler, address) as server:
        return fetch([address], host, server.port, total=total)


def ders(*issued: Issued) -> tuple[bytes, ...]:
    return tuple(item.der for item in issued)


# ---- every server of the zoo


@pytest.fixture(scope="module")
def all_rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Row]:
    return {row.name: row for row in rows(tmp_path_factory.mktemp("rows"))}


@pytest.mark.parametrize("name", NAMES)
def test_every_server_of_the_zoo_is_answered_as_designed(all_rows: dict[str, Row], name: str) -> None:
    row = all_rows[name]
    started = time.monotonic()
    seen = _outcome(row)
    assert time.monotonic() - started <= DEADLINE + 0.5
    if isinstance(seen, ProbeError):
        assert seen.kind in row.kinds
    else:
        assert seen.certificates == row.certificates
        assert (seen.alert is not None) is row.partial
        assert row.renegotiation is None or seen.secure_renegotiation is row.renegotiation


def _outcome(row: Row) -> Sighting | ProbeError:
    try:
        return ask(row.handler, host=Host(row.host), address=row.address)
    except ProbeError as error:
        return error


# ---- servers whose chain is seen


def test_a_good_server_gives_its_chain_in_the_order_sent(zoo: Zoo) -> None:
    seen = ask(servers.tls(zoo.good))
    assert seen.certificates == ders(zoo.leaf, zoo.intermediate)
    assert (seen.tls_version, seen.alert, seen.address, seen.dropped) == ("TLSv1.3", None, "127.0.0.1", 0)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_servers_of_one_version_are_seen(zoo: Zoo, version: ssl.TLSVersion) -> None:
    seen = ask(servers.tls(zoo.good, minimum=version, maximum=version))
    assert seen.tls_version == version.name.replace("_", ".")
    assert seen.secure_renegotiation is (None if version is ssl.TLSVersion.TLSv1_3 else True)
    assert seen.certificates == ders(zoo.leaf, zoo.intermediate)


def test_ipv6_is_spoken(zoo: Zoo) -> None:
    assert ask(servers.tls(zoo.good), address="::1").address == "::1"


def test_the_name_is_asked_for_and_an_address_has_none(zoo: Zoo) -> None:
    other = zoo.intermediate.issue("other", hosts=["b.test"])
    handler = servers.tls(zoo.good, by_name={"b.test": zoo.file("other", other)})
    assert ask(handler, host=Host("b.test")).certificates[0] == other.der
    with pytest.raises(ProbeError) as refused:
        ask(handler, host=Host("127.0.0.1", literal=True))
    assert refused.value.kind == "tls"


def test_a_server_that_wants_a_client_certificate_shows_its_own_first(zoo: Zoo) -> None:
    old = servers.tls(zoo.good, wants_client=True, maximum=ssl.TLSVersion.TLSv1_2)
    seen = ask(old)
    assert seen.certificates == ders(zoo.leaf, zoo.intermediate)
    assert seen.alert is not None
    assert ask(servers.tls(zoo.good, wants_client=True)).certificates == ders(zoo.leaf, zoo.intermediate)


def test_only_64_certificates_and_none_over_100_kb_are_kept(zoo: Zoo) -> None:
    many = [zoo.leaf, *[zoo.intermediate] * 70]
    seen = ask(servers.tls(zoo.file("many", zoo.leaf, many)))
    assert len(seen.certificates) == MAX_CERTIFICATES
    assert seen.dropped == len(many) - MAX_CERTIFICATES


def test_a_flood_after_the_handshake_is_not_read(zoo: Zoo) -> None:
    started = time.monotonic()
    assert ask(servers.tls(zoo.good, afterwards=b"x" * 16_000)).certificates
    assert time.monotonic() - started < 1


# ---- servers that do not behave


def test_a_certificate_message_beyond_the_librarys_limit_is_an_error_in_words(zoo: Zoo) -> None:
    huge = zoo.intermediate.issue("huge", hosts=[HOST.name], padding=157_000)
    with pytest.raises(ProbeError) as failed:
        ask(servers.tls(zoo.file("huge", huge)))
    assert (failed.value.kind, failed.value.text) == (
        "tls",
        "the server's certificates are larger than TLS libraries accept",
    )


def test_what_the_peer_says_is_never_repeated() -> None:
    with pytest.raises(ProbeError) as failed:
        ask(servers.saying(b"\x1b[31m::error::evil\r\n" * 40))
    assert "evil" not in str(failed.value) and "\x1b" not in str(failed.value)


def test_a_refused_port_is_refused_and_the_second_address_is_tried(zoo: Zoo) -> None:
    with serving(servers.tls(zoo.good), "127.0.0.1") as server:
        port = server.port
        assert fetch(["::1", "127.0.0.1"], HOST, port).address == "127.0.0.1"
    with pytest.raises(ProbeError) as failed:
        fetch(["127.0.0.1"], HOST, port)
    assert failed.value.kind == "refused"


# ---- the ServerHello in the clear


def _server_hello(extensions: bytes) -> bytes:
    body = b"\x03\x03" + b"\x07" * 32 + b"\x00" + b"\xc0\x2f" + b"\x00"
    if extensions:
        body += len(extensions).to_bytes(2, "big") + extensions
    message = b"\x02" + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x03" + len(message).to_bytes(2, "big") + message


@pytest.mark.parametrize(
    ("head", "confirmed"),
    [
        (_server_hello(b"\xff\x01\x00\x01\x00"), True),
        (_server_hello(b""), False),
        (_server_hello(b"\x00\x0b\x00\x02\x01\x00"), False),
        (_server_hello(b"\x00\x2b\x00\x02\x03\x04"), None),
        (_server_hello(b"")[:20], None),
        (b"HTTP/1.1 400", None),
        (b"", None),
    ],
    ids=["confirmed", "no extensions", "another extension", "TLS 1.3", "cut off", "not TLS", "nothing"],
)
def test_secure_renegotiation_is_read_from_the_server_hello(head: bytes, confirmed: bool | None) -> None:
    assert _secure_renegotiation(head) is confirmed
