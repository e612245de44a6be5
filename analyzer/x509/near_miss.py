"""Digests that are mistaken for the pin of a certificate: of other bytes, by other algorithms, in other spellings."""

import base64
import hashlib
from collections.abc import Iterator
from typing import Literal

import msgspec

from analyzer.x509.asn1 import BIT_STRING, DerError, expect, read_children, read_node
from analyzer.x509.certificate import Certificate

Object = Literal["spki", "certificate", "key", "text"]
_DIGESTS = ("sha256", "sha1", "sha512", "md5")


class DigestForm(msgspec.Struct, frozen=True, kw_only=True):
    """One way to make a digest of a certificate."""

    digest: bytes
    """As a pin would hold it: the digest, or its hexadecimal text."""
    of: Object
    algorithm: str
    hexadecimal: bool
    """The digest is written as hexadecimal text and taken for bytes."""
    words: str
    """What it is, such as ``SHA-256 of the whole certificate``."""

    def is_pin(self, hashed_object: str, algorithm: str) -> bool:
        """Tell whether it is just what a mechanism computes that hashes this object with this algorithm."""
        return not self.hexadecimal and self.of == hashed_object and self.algorithm == algorithm


def digest_forms(certificate: Certificate) -> Iterator[DigestForm]:
    """Yield 64 digests: 8 forms of bytes, 4 algorithms, raw and as hexadecimal text."""
    spki = certificate.key.spki
    forms: list[tuple[Object, str, bytes]] = [
        ("spki", "the public key", spki),
        ("certificate", "the whole certificate", certificate.der),
        ("key", "the bare key without its algorithm", _bare_key(spki)),
        ("text", "the certificate as PEM text", _pem("CERTIFICATE", certificate.der)),
        ("text", "the public key as PEM text", _pem("PUBLIC KEY", spki)),
        ("text", "the base64 text of the certificate", base64.b64encode(certificate.der)),
        ("text", "the base64 text of the public key", base64.b64encode(spki)),
        ("text", "the hexadecimal text of the public key", spki.hex().encode("ascii")),
    ]
    for of, words, data in forms:
        for algorithm in _DIGESTS:
            digest = hashlib.new(algorithm, data, usedforsecurity=False).digest()
            name = f"{algorithm.upper().replace('SHA', 'SHA-')} of {words}"
            yield DigestForm(digest=digest, of=of, algorithm=algorithm, hexadecimal=False, words=name)
            text = digest.hex().encode("ascii")
            written = f"{name}, as hexadecimal text"
            yield DigestForm(digest=text, of=of, algorithm=algorithm, hexadecimal=True, words=written)


def _bare_key(spki: bytes) -> bytes:
    """Return the content of the bit string: PKCS#1 for RSA, the point for EC."""
    try:
        bits = read_children(read_node(spki), most=3)[1]
        return expect(bits, BIT_STRING).content[1:]
    except (DerError, IndexError):
        return b""


def _pem(label: str, data: bytes) -> bytes:
    text = base64.b64encode(data).decode("ascii")
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""]).encode("ascii")
