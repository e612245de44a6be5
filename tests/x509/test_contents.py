"""What files and texts hold, told by their content."""

import base64
import random
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509 import CertificateSigningRequestBuilder, load_der_x509_certificate

from analyzer.x509.asn1 import node_bytes
from analyzer.x509.contents import MAX_INPUT_BYTES, MAX_ITEMS, Item, read_contents
from analyzer.x509.pbe import MAX_ITERATIONS, Password, Work
from analyzer.x509.rc2 import decrypt_cbc
from tests.x509.makers import key, make, name

FIXTURES = Path(__file__).parent / "fixtures" / "stores"
WRONG = Password(text="guess", source="another constant")
RIGHT = Password(text="changeit", source="a constant")
CERTIFICATE = make("content", ca=True)
RSA = rsa.generate_private_key(65537, 2048)
PKCS8 = RSA.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def found(data: bytes, *passwords: Password, embedded: bool = False) -> tuple[Item, ...]:
    return read_contents(data, passwords, embedded=embedded).items


def store(file: str, *passwords: Password) -> Item:
    [item] = found((FIXTURES / file).read_bytes(), *passwords)
    return item


def test_a_certificate_is_found_in_every_spelling() -> None:
    der = CERTIFICATE.der
    text = base64.b64encode(der)
    spellings = {
        "DER": der, "PEM": CERTIFICATE.pem, "base64": text, "hex": der.hex().encode(),
    }  # fmt: skip
    more = [
        ("base64", b"\n".join(text[at : at + 64] for at in range(0, len(text), 64)) + b"\n"),
        ("base64", base64.urlsafe_b64encode(der).rstrip(b"=")),
        ("hex", der.hex(":").encode().upper()),
        ("PEM", b"const ca = '" + CERTIFICATE.pem.replace(b"\n", b"\\n") + b"';"),
    ]
    for form, data in [*spellings.items(), *more]:
        [item] = found(data)
        assert (item.kind, item.form, item.certificate) == ("certificate", form, CERTIFICATE.certificate), data[:20]


def test_several_certificates_in_one_file_are_all_found() -> None:
    other = make("other")
    for data in (CERTIFICATE.der + other.der, CERTIFICATE.pem + b"# words\n" + other.pem):
        assert [item.certificate for item in found(data)] == [CERTIFICATE.certificate, other.certificate]


def test_a_bundle_of_pkcs7_is_read() -> None:
    [item] = found((FIXTURES / "bundle.p7b").read_bytes())
    assert (item.form, item.certificate and item.certificate.subject.text) == ("PKCS#7", "CN=store leaf")


def test_certificates_inside_other_data_are_found_on_request() -> None:
    big = make("embedded", hosts=["a.example.com", "b.example.com"], for_key=RSA)
    data = bytes(1000) + big.der + b"\x30\x82\x01\x00\x30\x82" + bytes(500)
    assert found(data) == ()
    assert [(item.certificate, item.offset) for item in found(data, embedded=True)] == [(big.certificate, 1000)]


def test_public_keys_are_found_in_both_forms() -> None:
    public = RSA.public_key()
    spki = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    for encoding in (serialization.Encoding.DER, serialization.Encoding.PEM):
        for form in (serialization.PublicFormat.SubjectPublicKeyInfo, serialization.PublicFormat.PKCS1):
            [item] = found(public.public_bytes(encoding, form))
            assert item.public_key is not None and item.public_key.spki == spki


def test_a_signing_request_is_read() -> None:
    request = CertificateSigningRequestBuilder().subject_name(name("request")).sign(RSA, hashes.SHA256())
    for encoding in (serialization.Encoding.DER, serialization.Encoding.PEM):
        [item] = found(request.public_bytes(encoding))
        assert item.request is not None
        assert (item.request.subject.text, item.request.key.kind) == ("CN=request", "RSA")


@pytest.mark.parametrize("form", [serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL])
@pytest.mark.parametrize("encoding", [serialization.Encoding.DER, serialization.Encoding.PEM])
def test_private_keys_are_found_with_their_public_half(
    form: serialization.PrivateFormat, encoding: serialization.Encoding
) -> None:
    for private in (RSA, key("private")):
        [item] = found(private.private_bytes(encoding, form, serialization.NoEncryption()))
        assert item.private_key is not None and item.private_key.public is not None
        assert item.private_key.public.spki == private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        assert not item.private_key.encrypted


@pytest.mark.parametrize("form", [serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL])
def test_an_encrypted_private_key_is_found_and_opened_by_a_known_password(form: serialization.PrivateFormat) -> None:
    data = RSA.private_bytes(serialization.Encoding.PEM, form, serialization.BestAvailableEncryption(b"changeit"))
    [closed] = found(data, WRONG)
    [opened] = found(data, WRONG, RIGHT)
    assert closed.private_key is not None and opened.private_key is not None
    assert (closed.private_key.encrypted, closed.private_key.public, closed.private_key.password) == (True, None, None)
    assert (opened.private_key.encrypted, opened.private_key.password) == (True, "a constant")
    assert opened.private_key.public is not None


@pytest.mark.parametrize(
    "data",
    [
        b"-----BEGIN RSA PRIVATE KEY-----\nYOUR KEY HERE\n-----END RSA PRIVATE KEY-----\n",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
    ],
)
def test_a_block_that_holds_nothing_is_unreadable(data: bytes) -> None:
    [item] = found(data)
    assert item.kind == "unreadable" and item.problem is not None


@pytest.mark.parametrize(
    "data",
    [b"", b"0", b"0\x80", b"plain words", bytes(range(256)) * 20, b"\x30\x06\x02\x01\x00\x02\x01\x01", b"MIIB" * 40,
     b"-----BEGIN PGP SIGNATURE-----\nAAAA\n-----END PGP SIGNATURE-----\n", b"30" * 60],
)  # fmt: skip
def test_other_data_holds_nothing(data: bytes) -> None:
    assert found(data, embedded=True) == ()


# ---- key stores


@pytest.mark.parametrize(
    ("file", "form"),
    [("jks.bin", "JKS"), ("jceks-certificates.bin", "JCEKS"), ("bks1.bin", "BKS"), ("bks2.bin", "BKS")],
)
def test_certificates_of_java_stores_need_no_password(file: str, form: str) -> None:
    item = store(file)
    assert item.store is not None
    assert (item.store.form, item.store.opened, item.store.problem) == (form, False, None)
    assert {entry.alias for entry in item.store.entries} == {"c1", "k1"}
    assert "CN=store leaf" in {certificate.subject.text for certificate in item.store.certificates}
    assert item.store.has_private_key
    [own] = [entry for entry in item.store.entries if entry.alias == "k1"]
    assert own.key is not None and own.key.public is not None and own.key.public.kind == "EC"


@pytest.mark.parametrize(
    "file",
    ["jks.bin", "jceks.bin", "bks1.bin", "bks2.bin", "pkcs12-rc2.bin", "pkcs12-java.bin", "pkcs12-trust.bin"],
)
def test_the_password_that_fits_is_named(file: str) -> None:
    closed, opened = store(file, WRONG), store(file, WRONG, RIGHT)
    assert closed.store is not None and opened.store is not None
    assert (closed.store.opened, closed.store.password) == (False, None)
    assert (opened.store.opened, opened.store.password) == (True, "a constant")


@pytest.mark.parametrize(("file", "subject"), [("pkcs12-rc2.bin", "store leaf"), ("pkcs12-java.bin", "p12")])
def test_an_opened_pkcs12_store_shows_its_key_and_chain(file: str, subject: str) -> None:
    item = store(file, RIGHT)
    assert item.store is not None
    [entry] = item.store.entries
    assert (entry.kind, [one.subject.common_name for one in entry.certificates]) == ("private-key", [subject])
    assert entry.key is not None and entry.key.public == entry.certificates[0].key


@pytest.mark.parametrize("file", ["pkcs12-rc2.bin", "pkcs12-java.bin"])
def test_a_closed_pkcs12_store_still_shows_that_it_has_a_private_key(file: str) -> None:
    item = store(file)
    assert item.store is not None and item.store.has_private_key
    assert item.store.problem == "no password that was tried opens it"


def test_the_empty_password_is_always_tried() -> None:
    item = store("pkcs12-empty-password.bin")
    assert item.store is not None
    assert (item.store.opened, item.store.password) == (True, "the empty password")


def test_a_secret_key_of_jceks_ends_the_reading() -> None:
    item = store("jceks.bin")
    assert item.store is not None
    assert [entry.kind for entry in item.store.entries] == ["secret-key"]
    assert item.store.problem is not None


@pytest.mark.parametrize(("file", "form"), [("uber.bin", "UBER"), ("bcfks.bin", "BCFKS")])
def test_stores_that_are_encrypted_as_a_whole_are_recognised(file: str, form: str) -> None:
    item = store(file, RIGHT)
    assert item.store is not None
    assert (item.store.form, item.store.entries, item.store.opened) == (form, (), False)


def test_stores_of_the_library_are_read() -> None:
    certificate = make("library")
    encryption = (
        serialization.PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(100)
        .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
        .hmac_hash(hashes.SHA1())
        .build(b"changeit")
    )
    data = pkcs12.serialize_key_and_certificates(
        b"alias", certificate.key, load_der_x509_certificate(certificate.der), None, encryption  # type: ignore[arg-type]
    )  # fmt: skip
    [item] = found(data, RIGHT)
    assert item.store is not None and item.store.opened
    assert item.store.certificates == (certificate.certificate,)
    [open_item] = found(
        pkcs12.serialize_key_and_certificates(
            None, None, load_der_x509_certificate(certificate.der), None, serialization.NoEncryption()
        )
    )
    assert open_item.store is not None and open_item.store.certificates == (certificate.certificate,)


def test_a_store_that_demands_too_much_work_is_left_closed() -> None:
    builder = serialization.PrivateFormat.PKCS12.encryption_builder().kdf_rounds(100)
    data = pkcs12.serialize_key_and_certificates(
        b"alias", RSA, None, None, builder.key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC).build(b"changeit")
    )
    rounds = node_bytes(2, b"\x64")
    assert rounds in data
    hostile = data.replace(rounds, node_bytes(2, b"\x7f"))
    assert found(hostile, RIGHT)[0].store is not None
    bks = (FIXTURES / "bks2.bin").read_bytes()
    at = 8 + int.from_bytes(bks[4:8], "big")
    endless = bks[:at] + b"\x7f\xff\xff\xff" + bks[at + 4 :]
    started = time.process_time()
    [item] = found(endless, RIGHT)
    assert time.process_time() - started < 1
    assert item.store is not None and not item.store.opened
    assert item.store.certificates, "certificates need no password"


def test_work_is_shared_by_everything_that_is_read() -> None:
    work = Work(3_000)
    data = (FIXTURES / "pkcs12-rc2.bin").read_bytes()
    passwords = tuple(Password(text=f"guess {number}", source="x") for number in range(50))
    contents = read_contents(data, passwords, work)
    assert work.spent and work.left < 3_000 < MAX_ITERATIONS
    assert contents.items[0].store is not None and not contents.items[0].store.opened


def test_rc2_gives_the_vectors_of_its_rfc() -> None:
    # RFC 2268 section 5: keys whose effective length is their whole length.
    assert decrypt_cbc(
        bytes.fromhex("88bca90e90875a7f0f79c384627bafb2"), bytes(8), bytes.fromhex("2269552ab0f85ca6")
    ) == bytes(8)
    assert decrypt_cbc(bytes.fromhex("3000000000000000"), bytes(8), bytes.fromhex("30649edf9be7d2c2")) == bytes.fromhex(
        "1000000000000001"
    )


def test_mutated_stores_end_in_answers() -> None:
    generator = random.Random(20261101)
    files = [file.read_bytes() for file in sorted(FIXTURES.glob("*.bin"))]
    started = time.process_time()
    for _ in range(1_000):
        data = bytearray(generator.choice(files))
        for _ in range(generator.randint(1, 6)):
            data[generator.randrange(len(data))] = generator.randrange(256)
        if generator.random() < 0.3:
            del data[generator.randrange(len(data)) :]
        read_contents(bytes(data), (), Work(200_000), embedded=True)
    assert time.process_time() - started < 60


def test_bounds_hold() -> None:
    assert read_contents(bytes(MAX_INPUT_BYTES + 1)).truncated
    contents = read_contents(CERTIFICATE.pem * (MAX_ITEMS + 5))
    assert (len(contents.items), contents.truncated) == (MAX_ITEMS, True)
