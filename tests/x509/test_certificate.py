"""Certificates: digests over the bytes as they stand, and the fields of facts."""

import base64
import datetime as dt
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from analyzer.model.okhttp_patterns import parse_version
from analyzer.x509.asn1 import SEQUENCE, node_bytes, oid_bytes, oid_text, read_children, read_node
from analyzer.x509.certificate import MAX_CERTIFICATE_BYTES, read_certificate
from analyzer.x509.errors import UnreadableError
from analyzer.x509.hosts import covers_host
from analyzer.x509.keys import read_public_key
from analyzer.x509.names import read_name
from analyzer.x509.pem import pem_blocks
from analyzer.x509.signatures import is_self_signed, signed_by
from tests.x509.makers import make, name

_VECTORS = Path(__file__).resolve().parents[3] / "shared" / "vectors"


def _cases(file: str) -> list[dict[str, Any]]:
    path = _VECTORS / file
    return json.loads(path.read_bytes())["cases"] if path.is_file() else []


_SPKI = _cases("spki.json")
_HOSTS = _cases("hostname.json")


@pytest.mark.skipif(not _SPKI, reason="the recorded vectors are not beside the project")
@pytest.mark.parametrize("case", _SPKI, ids=lambda case: case["id"])
def test_digests_agree_with_those_recorded(case: dict[str, Any]) -> None:
    for der in (base64.b64decode(case["der_base64"]), next(pem_blocks(case["pem"].encode(), most=9)).data):
        assert der is not None
        certificate = read_certificate(der)
        assert certificate.key.pin == case["spki_sha256"]
        assert "sha1/" + base64.b64encode(certificate.key.sha1).decode() == case["spki_sha1"]
        assert certificate.sha256.hex() == case["certificate_sha256"]
        if case["all_agree"]:
            assert certificate.key.reencoded is None


@pytest.mark.skipif(not _HOSTS, reason="the recorded vectors are not beside the project")
@pytest.mark.parametrize("case", _HOSTS, ids=lambda case: case["id"])
def test_hosts_are_covered_as_each_version_of_okhttp_finds(case: dict[str, Any]) -> None:
    certificate = read_certificate(next(pem_blocks(case["pem"].encode(), most=9)).data or b"")
    compared = 0
    for expected in case["expected"]:
        for text in expected["versions"]:
            version = parse_version(text)
            assert version is not None
            found = {host for host in case["probes"] if covers_host(certificate, host, version, platform="jdk")}
            assert found == set(expected["accepted"]), text
            assert expected["errors"] == {}
            compared += 1
    assert compared == 6


def test_hosts_of_old_versions_are_those_of_the_common_name_where_there_is_no_dns_name() -> None:
    bare = read_certificate(make("shop.example.com", hosts=()).der)
    assert [covers_host(bare, "shop.example.com", version) for version in ((3, 9, 1), (3, 10, 0))] == [True, False]


def test_letters_outside_ascii_equal_ascii_letters_before_4_9_2() -> None:
    certificate = read_certificate(make("kelvin", hosts=("kelvin.example",)).der)
    asked = "\u212aelvin.example"
    assert [covers_host(certificate, asked, version) for version in ((4, 9, 1), (4, 9, 2))] == [True, False]


def _respelled(spki: bytes) -> bytes:
    """The same RSA key with a length in one octet more than needed."""
    algorithm, bits = read_children(read_node(spki), most=2)
    assert bits.encoded[:2] == b"\x03\x82"
    return node_bytes(SEQUENCE, algorithm.encoded + b"\x03\x83\x00" + bits.encoded[2:])


def _with_key(der: bytes, old: bytes, new: bytes) -> bytes:
    tbs, algorithm, signature = read_children(read_node(der), most=3)
    assert old in tbs.content
    body = node_bytes(SEQUENCE, tbs.content.replace(old, new))
    return node_bytes(SEQUENCE, body + algorithm.encoded + signature.encoded)


def test_a_key_in_an_odd_encoding_is_hashed_as_it_stands() -> None:
    private = rsa.generate_private_key(65537, 2048)
    made = make("odd", for_key=private)
    usual = made.certificate.key.spki
    odd = _respelled(usual)
    certificate = read_certificate(_with_key(made.der, usual, odd))
    assert certificate.key.spki == odd
    assert certificate.key.pin != made.certificate.key.pin
    assert (certificate.key.kind, certificate.key.bits, certificate.key.exponent) == ("RSA", 2048, 65537)
    assert certificate.problem is not None, "the library refuses it, and the record says so"
    assert (certificate.subject.text, certificate.not_after) == ("CN=odd", made.certificate.not_after)


def test_a_key_whose_parameters_are_absent_has_two_pins() -> None:
    private = rsa.generate_private_key(65537, 2048)
    made = make("no-parameters", for_key=private)
    usual = made.certificate.key.spki
    algorithm, bits = read_children(read_node(usual), most=2)
    bare = node_bytes(SEQUENCE, read_children(algorithm, most=1)[0].encoded)
    odd = node_bytes(SEQUENCE, bare + bits.encoded)
    key = read_certificate(_with_key(made.der, usual, odd)).key
    assert (key.spki, key.reencoded, key.reencoded_pin) == (odd, usual, made.certificate.key.pin)


def test_a_key_of_an_unknown_kind_has_a_pin() -> None:
    spki = bytes.fromhex("300c300706052a03040507030100")
    key = read_public_key(spki)
    assert (key.kind, key.algorithm, key.problem) == ("unknown", "1.2.3.4.5.7", "the kind of key is not supported")
    assert key.text == "algorithm 1.2.3.4.5.7"


def test_fields_are_those_of_the_certificate() -> None:
    root = make(name("Root", "Example Org"), ca=True, path_length=1, signs=True)
    leaf = make("leaf", root, hosts=["api.example.com", "192.0.2.7"], for_key=ed25519.Ed25519PrivateKey.generate())
    certificate = leaf.certificate
    assert (certificate.subject.text, certificate.issuer.text) == ("CN=leaf", "CN=Root, O=Example Org")
    assert (certificate.dns_names, certificate.ip_addresses) == (("api.example.com",), ("192.0.2.7",))
    assert (certificate.key.kind, certificate.signature_algorithm, certificate.version) == (
        "Ed25519", "ecdsa-with-SHA256", 3,
    )  # fmt: skip
    assert (root.certificate.is_ca, root.certificate.path_length, root.certificate.may_sign_certificates) == (
        True,
        1,
        True,
    )
    assert certificate.is_ca is None
    assert signed_by(certificate, root.certificate.key)
    assert is_self_signed(root.certificate) and is_self_signed(certificate) is False


def test_a_root_that_only_claims_to_be_self_signed_is_not() -> None:
    other = make("Other", ca=True)
    pretender = make("Root", ca=True, signed_with=other.key)
    assert pretender.certificate.self_issued and is_self_signed(pretender.certificate) is False


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("Example  CA", "EXAMPLE ca", True),
        ("Example CA", "Example CB", False),
    ],
)
def test_names_compare_without_case_and_white_space(one: str, other: str, equal: bool) -> None:
    names = [read_name(name(text).public_bytes()).canonical for text in (one, other)]
    assert (names[0] == names[1]) is equal


@pytest.mark.parametrize("text", ["1.2.840.113549.1.1.1", "2.5.4.3", "2.999.1", "0.9.2342.19200300.100.1.1"])
def test_object_identifiers_survive_both_ways(text: str) -> None:
    assert oid_text(read_node(node_bytes(6, oid_bytes(text)))) == text


def test_damaged_and_foreign_bytes_are_refused() -> None:
    der = make("whole").der
    for data in (b"", b"\x30", der[:-1], der + b"\0", b"\x30\x80" + der[2:], der[:40] + b"\xff" * 8 + der[48:]):
        with pytest.raises(UnreadableError):
            read_certificate(data)
    with pytest.raises(UnreadableError, match="larger"):
        read_certificate(der + bytes(MAX_CERTIFICATE_BYTES))


def test_every_cut_and_flip_is_an_answer_or_a_refusal() -> None:
    der = make("fuzz", ca=True, hosts=["a.example.com"], permitted=["example.com"], signs=True).der
    for position in range(len(der)):
        for data in (der[:position], der[:position] + bytes((der[position] ^ 0x41,)) + der[position + 1 :]):
            try:
                read_certificate(data)
            except UnreadableError:
                continue


def test_a_huge_key_is_described_and_never_computed_with() -> None:
    modulus = b"\x00" + b"\xff" * 8192
    numbers = node_bytes(SEQUENCE, node_bytes(2, modulus) + node_bytes(2, b"\x01\x00\x01"))
    algorithm = node_bytes(SEQUENCE, node_bytes(6, oid_bytes("1.2.840.113549.1.1.1")) + b"\x05\x00")
    key = read_public_key(node_bytes(SEQUENCE, algorithm + node_bytes(3, b"\0" + numbers)))
    assert key.bits == 65536
    assert key.problem is not None


def test_two_digit_years_turn_at_fifty() -> None:
    old = make(
        "old", not_before=dt.datetime(1950, 1, 1, tzinfo=dt.UTC), not_after=dt.datetime(2049, 12, 31, tzinfo=dt.UTC)
    )
    far = make("far", not_after=dt.datetime(2050, 1, 1, tzinfo=dt.UTC))
    assert (old.certificate.not_before.year, old.certificate.not_after.year, far.certificate.not_after.year) == (
        1950,
        2049,
        2050,
    )


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
@pytest.mark.parametrize(
    ("options", "form", "length"),
    [
        (["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], "uncompressed", 91),
        (["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], "compressed", 59),
        (["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:explicit"], None, None),
        (["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], None, 294),
        (["-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"], None, None),
        (["-algorithm", "ED25519"], None, 44),
    ],
    ids=["EC", "EC, compressed", "EC, explicit parameters", "RSA", "RSA-PSS", "Ed25519"],
)
def test_pins_equal_the_usual_pipeline(
    options: list[str], form: str | None, length: int | None, tmp_path: Path
) -> None:
    def openssl(*arguments: str | Path, given: bytes = b"") -> bytes:
        return subprocess.run(["openssl", *arguments], input=given, check=True, capture_output=True).stdout

    key_file, pem = tmp_path / "k.pem", tmp_path / "c.pem"
    key_file.write_bytes(openssl("genpkey", *options))
    if form is not None:
        key_file.write_bytes(openssl("ec", "-in", key_file, "-conv_form", form))
    openssl("req", "-x509", "-key", key_file, "-out", pem, "-subj", "/CN=x")
    key = read_certificate(next(pem_blocks(pem.read_bytes(), most=1)).data or b"").key
    public = openssl("x509", "-pubkey", "-noout", "-in", pem)
    der = openssl("pkey", "-pubin", "-outform", "der", given=public)
    assert length is None or len(der) == length
    assert openssl("dgst", "-sha256", "-binary", given=der) == key.sha256
    assert read_public_key(der).pin == key.pin


def test_an_extension_that_the_library_does_not_know_hides_neither_the_certificate_nor_that_it_is_an_authority() -> (
    None
):
    # The TLS features 6, 7 and 8 (RFC 7633) are on no list that the library has: it fails on all extensions.
    features = x509.UnrecognizedExtension(
        x509.ObjectIdentifier("1.3.6.1.5.5.7.1.24"), bytes.fromhex("300c020105020106020107020108")
    )
    certificate = read_certificate(make("Feature CA", ca=True, signs=True, more=((features, False),)).der)
    assert certificate.problem == "its extensions cannot be read (KeyError)"
    assert (certificate.is_ca, certificate.may_sign_certificates) == (True, True)
    assert certificate.key.pin.startswith("sha256/")
