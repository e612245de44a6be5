"""Signer certificates of every scheme; androguard as the oracle."""

import hashlib
import struct
from pathlib import Path

import pytest

from analyzer.apk.archive import Archive, Budget
from analyzer.apk.signing import read_signers
from analyzer.options import Limits
from tests.apk.oracle import opened, packages
from tests.support.zips import Entry, archive

MAGIC = b"APK Sig Block 42"
V2, V3, V31 = 0x7109871A, 0xF05368C0, 0x1B93AD61


def prefixed(*parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack("<I", len(body)) + body


def signer(*certificates: bytes) -> bytes:
    signed_data = prefixed(prefixed(b""), prefixed(*(prefixed(c) for c in certificates)), prefixed(b""))
    return prefixed(signed_data, prefixed(b""), prefixed(b"key"))


def block(*pairs: tuple[int, bytes], magic: bytes = MAGIC, begin: int | None = None) -> bytes:
    body = b"".join(struct.pack("<QI", 4 + len(value), identifier) + value for identifier, value in pairs)
    size = len(body) + 24
    return struct.pack("<Q", size if begin is None else begin) + body + struct.pack("<Q", size) + magic


def signed(signing_block: bytes) -> Archive:
    data = archive(Entry("a", b"x"), before_directory=signing_block)
    limits = Limits()
    return Archive(memoryview(data), "app.apk", limits, Budget(limits, len(data)))


def schemes(app: Archive) -> list[tuple[str, bytes]]:
    signers, gaps = read_signers(app)
    assert gaps == ()
    return [(found.scheme, found.certificate_sha256) for found in signers]


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def test_the_first_certificate_of_each_signer_counts() -> None:
    app = signed(
        block(
            (0x42726577, b"\0" * 100),
            (V2, prefixed(signer(b"one", b"its CA"), signer(b"two"))),
            (V3, prefixed(signer(b"one"))),
            (V31, prefixed(signer(b"three"))),
        )
    )
    assert schemes(app) == [
        ("v2", sha256(b"one")),
        ("v2", sha256(b"two")),
        ("v3", sha256(b"one")),
        ("v3.1", sha256(b"three")),
    ]


def test_of_two_blocks_of_one_scheme_the_first_counts() -> None:
    app = signed(block((V2, prefixed(signer(b"real"))), (V2, prefixed(signer(b"added")))))
    assert schemes(app) == [("v2", sha256(b"real"))]


def test_without_the_magic_there_is_no_block() -> None:
    assert schemes(signed(block((V2, prefixed(signer(b"x"))), magic=b"APK Sig Block 41"))) == []


@pytest.mark.parametrize(
    "damaged",
    [
        block((V2, prefixed(signer(b"x"))), begin=7),
        struct.pack("<Q", 1 << 60) + struct.pack("<Q", 1 << 60) + MAGIC,
        block((V2, b"\xff" * 12)),
        block((V2, b"")),
        block((V2, prefixed(prefixed(b"\xff\xff\xff\xff")))),
    ],
)
def test_a_damaged_block_is_a_gap(damaged: bytes) -> None:
    signers, (gap,) = read_signers(signed(damaged))
    assert signers == ()
    assert gap.reason == "unreadable" and gap.subject == "app.apk: signing block"


@pytest.mark.parametrize("content", [b"", b"0", b"\x30\x80\0\0", b"\x30\x84\xff\xff\xff\xff", b"\x30\x03\x02\x01\x01"])
def test_a_damaged_jar_signature_is_a_gap(content: bytes) -> None:
    data = archive(Entry("META-INF/CERT.RSA", content), Entry("META-INF/CERT.SF", b""))
    app = Archive(memoryview(data), "app.apk", Limits(), Budget(Limits(), len(data)))
    signers, (gap,) = read_signers(app)
    assert signers == ()
    assert gap.reason == "unreadable" and gap.subject == "app.apk!META-INF/CERT.RSA"


def test_a_signature_block_without_its_signature_file_does_not_count() -> None:
    data = archive(Entry("META-INF/CERT.RSA", b"junk"))
    app = Archive(memoryview(data), "app.apk", Limits(), Budget(Limits(), len(data)))
    assert read_signers(app) == ((), ())


@pytest.mark.parametrize("path", packages(), ids=lambda path: path.name)
def test_signers_equal_those_of_androguard(path: Path) -> None:
    pytest.importorskip("loguru").logger.disable("androguard")
    androguard = pytest.importorskip("androguard.core.apk")
    package = androguard.APK(str(path), skip_analysis=True)
    expected = set()
    for scheme, certificates in (
        ("v2", package.get_certificates_der_v2),
        ("v3", package.get_certificates_der_v3),
        ("v3.1", package.get_certificates_der_v31),
    ):
        expected |= {(scheme, sha256(certificate)) for certificate in certificates()}
    for name in package.get_signature_names():
        certificate = package.get_certificate_der(name)
        if certificate:
            expected.add(("v1", sha256(certificate)))
    assert set(schemes(opened(path))) == expected
