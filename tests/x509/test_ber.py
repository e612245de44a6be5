"""BER of older tools: turned into definite form, with bounds on what a hostile file can cost."""

import random
import time
from pathlib import Path

import pytest

from analyzer.x509.asn1 import DerError, node_bytes, read_node
from analyzer.x509.ber import to_definite
from analyzer.x509.contents import Item, read_contents
from analyzer.x509.pbe import Password
from tests.x509.makers import make

FIXTURES = Path(__file__).parent / "fixtures" / "stores"
RIGHT = Password(text="changeit", source="a constant")


def loosened(der: bytes, chance: random.Random, depth: int = 0) -> bytes:
    """Write a DER value in BER at random: indefinite lengths, octets in pieces, lengths with leading zeros."""
    node = read_node(der)
    if node.tag == 0x04 and chance.random() < 0.5:
        at = chance.randrange(len(node.content) + 1)
        pieces = node_bytes(0x04, node.content[:at]) + node_bytes(0x04, node.content[at:])
        return b"\x24\x80" + pieces + b"\0\0" if chance.random() < 0.5 else node_bytes(0x24, pieces)
    if not node.tag & 0x20:
        return der
    children, position = b"", 0
    while position < len(node.content):
        child = read_node(node.content, position)
        children += loosened(child.encoded, chance, depth + 1)
        position += len(child.encoded)
    if chance.random() < 0.5:
        return bytes((node.tag, 0x80)) + children + b"\0\0"
    return node_bytes(node.tag, children)


def test_whatever_is_loosened_comes_back_as_it_was() -> None:
    chance = random.Random(5)
    samples = [(FIXTURES / name).read_bytes() for name in ("bundle.p7b", "pkcs12-java.bin", "bcfks.bin")]
    for der in [*samples, make("loose", ca=True).der]:
        for _ in range(20):
            assert to_definite(loosened(der, chance)) == der


def test_der_keeps_its_bytes_even_where_they_could_be_shorter() -> None:
    assert to_definite(bytes.fromhex("308200050c03414243")) == bytes.fromhex("308200050c03414243")
    assert to_definite(bytes.fromhex("3080308200050c034142430000")) == bytes.fromhex("3009308200050c03414243")


def test_what_is_no_value_inside_a_definite_length_is_left_alone() -> None:
    odd = node_bytes(0xA0, b"no values at all")
    loose = b"\x30\x80" + odd + b"\x02\x01\x05\0\0"
    assert to_definite(loose) == node_bytes(0x30, odd + b"\x02\x01\x05")


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\x30", b"\x30\x80", b"\x30\x80\x04\x80", b"\x30\x80\x1f\x81\x01\0\0", b"\x24\x80\x02\x01\x05\0\0",
        b"\x30\x80\x04\x05ab\0\0",
    ],
)  # fmt: skip
def test_what_is_malformed_is_nothing(data: bytes) -> None:
    assert to_definite(data) is None


@pytest.mark.parametrize(
    "data",
    [
        b"\x30\x80" * 4_000_000,
        b"\x30\x80" + b"\x30\0" * 4_000_000,
        b"\x24\x80" * 4_000_000,
        b"\x30\x80" + bytes(8_000_000),
    ],
    ids=["deep", "wide", "pieces in pieces", "zeros"],
)
def test_a_hostile_file_costs_little(data: bytes) -> None:
    start = time.monotonic()
    found = to_definite(data)
    assert found is None or found == b"\x30\0"
    assert time.monotonic() - start < 2


def test_nothing_that_is_damaged_raises() -> None:
    chance = random.Random(11)
    sample = (FIXTURES / "pkcs12-ber.bin").read_bytes()
    for _ in range(3_000):
        damaged = bytearray(sample)
        for _ in range(chance.randrange(1, 5)):
            damaged[chance.randrange(len(damaged))] = chance.choice((0, 0x80, 0xFF, 0x24, chance.randrange(256)))
        found = to_definite(bytes(damaged))
        if found is not None:
            try:
                read_node(found)
            except DerError:
                pytest.fail("what comes back is in definite form")


def only(data: bytes, *passwords: Password) -> Item:
    [item] = read_contents(data, passwords).items
    return item


def test_a_store_of_bouncy_castle_is_read_and_its_integrity_checked() -> None:
    item = only((FIXTURES / "pkcs12-ber.bin").read_bytes(), RIGHT)
    assert item.store is not None
    assert (item.store.form, item.store.opened, item.store.password) == ("PKCS#12", True, "a constant")
    [entry] = item.store.entries
    assert (entry.kind, entry.alias) == ("private-key", "ber")
    assert [one.subject.text for one in entry.certificates] == ["CN=BER sample"]
    assert entry.key is not None and entry.key.public is not None


def test_without_its_password_the_key_inside_is_seen_all_the_same() -> None:
    item = only((FIXTURES / "pkcs12-ber.bin").read_bytes())
    assert item.store is not None and not item.store.opened
    assert [entry.kind for entry in item.store.entries] == ["private-key"]


def test_signed_data_that_was_streamed_gives_its_certificate() -> None:
    item = only((FIXTURES / "signed-ber.p7s").read_bytes())
    assert (item.kind, item.form) == ("certificate", "PKCS#7")
    assert item.certificate is not None and item.certificate.subject.text == "CN=BER sample"


def test_a_store_that_is_ber_only_inside_is_read() -> None:
    whole = (FIXTURES / "pkcs12-ber.bin").read_bytes()
    inside = to_definite(whole)
    assert inside is not None
    assert only(inside, RIGHT).store is not None
    # An outer length that is definite, around fields that are not.
    assert whole[:2] == b"\x30\x80"
    half = node_bytes(0x30, whole[2:-2])
    item = only(half, RIGHT)
    assert item.store is not None and item.store.opened


def test_a_file_that_is_cut_off_says_so() -> None:
    item = only((FIXTURES / "pkcs12-ber.bin").read_bytes()[:900])
    assert item.kind == "unreadable" and item.problem is not None and "cut off" in item.problem
