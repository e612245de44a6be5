"""Certificates: structure and key read from the bytes themselves, extensions by the library."""

import datetime as dt
import hashlib
import ipaddress
from typing import TypeAlias

import msgspec

from analyzer.x509.asn1 import (
    CONTEXT_0,
    INTEGER,
    OCTET_STRING,
    SEQUENCE,
    DerError,
    Node,
    expect,
    oid_text,
    read_children,
    read_node,
    time_of,
)
from analyzer.x509.errors import UnreadableError
from analyzer.x509.keys import PublicKey, read_public_key
from analyzer.x509.names import Name, read_name

MAX_CERTIFICATE_BYTES = 100_000
"""Larger certificates are not read; the largest that a TLS stack passes on is about as large."""
_MAX_EXTENSIONS = 100
_BASIC_CONSTRAINTS = "2.5.29.19"
_KEY_USAGE = "2.5.29.15"
_EXTENSIONS = 0xA3
_BOOLEAN = 0x01
_KEY_CERT_SIGN = 0x04
"""In the first octet of the bits of a key usage (RFC 5280, section 4.2.1.3)."""
IpNetwork: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
_SIGNATURES = {
    "1.2.840.113549.1.1.2": ("md2WithRSA", "md2"),
    "1.2.840.113549.1.1.3": ("md4WithRSA", "md4"),
    "1.2.840.113549.1.1.4": ("md5WithRSA", "md5"),
    "1.2.840.113549.1.1.5": ("sha1WithRSA", "sha1"),
    "1.3.14.3.2.29": ("sha1WithRSA", "sha1"),
    "1.2.840.113549.1.1.14": ("sha224WithRSA", "sha224"),
    "1.2.840.113549.1.1.11": ("sha256WithRSA", "sha256"),
    "1.2.840.113549.1.1.12": ("sha384WithRSA", "sha384"),
    "1.2.840.113549.1.1.13": ("sha512WithRSA", "sha512"),
    "1.2.840.113549.1.1.10": ("RSASSA-PSS", None),
    "1.2.840.10045.4.1": ("ecdsa-with-SHA1", "sha1"),
    "1.2.840.10045.4.3.1": ("ecdsa-with-SHA224", "sha224"),
    "1.2.840.10045.4.3.2": ("ecdsa-with-SHA256", "sha256"),
    "1.2.840.10045.4.3.3": ("ecdsa-with-SHA384", "sha384"),
    "1.2.840.10045.4.3.4": ("ecdsa-with-SHA512", "sha512"),
    "1.2.840.10040.4.3": ("dsa-with-SHA1", "sha1"),
    "2.16.840.1.101.3.4.3.1": ("dsa-with-SHA224", "sha224"),
    "2.16.840.1.101.3.4.3.2": ("dsa-with-SHA256", "sha256"),
    "1.3.101.112": ("Ed25519", None),
    "1.3.101.113": ("Ed448", None),
}


class NameConstraints(msgspec.Struct, frozen=True, kw_only=True):
    """Which DNS names and addresses a CA may sign for; other kinds of names are only counted."""

    permitted_dns: tuple[str, ...] = ()
    excluded_dns: tuple[str, ...] = ()
    permitted_networks: tuple[IpNetwork, ...] = ()
    excluded_networks: tuple[IpNetwork, ...] = ()
    other_kinds: int = 0


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """An X.509 certificate. Two are equal when their bytes are."""

    der: bytes
    key: PublicKey
    subject: Name
    issuer: Name
    serial: int
    not_before: dt.datetime
    not_after: dt.datetime
    """The last instant of validity, itself included (RFC 5280 section 4.1.2.5)."""
    version: int
    """1 to 3."""
    signature_algorithm: str
    """Its usual name, such as ``sha256WithRSA``; the object identifier where it has none here."""
    signature_digest: str | None = None
    """``md5``, ``sha1``, ``sha256`` …; None where the algorithm has none of its own or it is not known."""
    is_ca: bool | None = None
    """The CA flag of the basic constraints; None without that extension."""
    path_length: int | None = None
    may_sign_certificates: bool | None = None
    """The keyCertSign bit; None without a key usage."""
    extended_key_usage: tuple[str, ...] | None = None
    """Object identifiers of what the key may be used for; None without the extension."""
    dns_names: tuple[str, ...] = ()
    ip_addresses: tuple[str, ...] = ()
    name_constraints: NameConstraints | None = None
    unknown_critical: tuple[str, ...] = ()
    """Object identifiers of critical extensions that a path validator would have to refuse."""
    problem: str | None = None
    """Why extensions are missing from this record: the library does not read the certificate, or not them."""

    @property
    def sha256(self) -> bytes:
        """Digest of the whole certificate."""
        return hashlib.sha256(self.der).digest()

    @property
    def sha1(self) -> bytes:
        """SHA-1 of the whole certificate, as old fingerprints state it."""
        return hashlib.sha1(self.der, usedforsecurity=False).digest()

    @property
    def self_issued(self) -> bool:
        """Subject and issuer are the same name: for Android, the end of a path."""
        return self.subject.canonical == self.issuer.canonical

    @property
    def identity(self) -> tuple[bytes, bytes]:
        """Subject and key: what makes two trust anchors the same to Android (conscrypt's TrustedCertificateIndex)."""
        return self.subject.canonical, self.key.spki

    def __hash__(self) -> int:
        return hash(self.der)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Certificate) and other.der == self.der


class _Outline(msgspec.Struct, frozen=True):
    """What the bytes say without any library."""

    version: int
    serial: int
    signature: str
    pss_digest: str | None
    issuer: bytes
    not_before: dt.datetime
    not_after: dt.datetime
    subject: bytes
    spki: bytes


def read_certificate(der: bytes) -> Certificate:
    """Read one certificate from exactly its DER bytes.

    Raises:
        UnreadableError: The bytes are no certificate, more than one, or too many.
    """
    if len(der) > MAX_CERTIFICATE_BYTES:
        raise UnreadableError(f"a certificate of {len(der)} bytes is larger than {MAX_CERTIFICATE_BYTES}")
    try:
        outline = _outline(der)
        subject, issuer = read_name(outline.subject), read_name(outline.issuer)
        key = read_public_key(outline.spki)
    except (ValueError, IndexError) as error:
        raise UnreadableError(f"no certificate: {error}") from error
    name, digest = _SIGNATURES.get(outline.signature, (outline.signature, None))
    certificate = Certificate(
        der=der,
        key=key,
        subject=subject,
        issuer=issuer,
        serial=outline.serial,
        not_before=outline.not_before,
        not_after=outline.not_after,
        version=outline.version,
        signature_algorithm=name,
        signature_digest=digest or outline.pss_digest,
    )
    return _with_extensions(certificate)


def _outline(der: bytes) -> _Outline:
    whole = expect(read_node(der), SEQUENCE)
    if len(whole.encoded) != len(der):
        raise UnreadableError("bytes follow the certificate")
    tbs, algorithm, _ = read_children(whole, most=3)
    fields = read_children(expect(tbs, SEQUENCE), most=8)
    version = 1
    if fields[0].tag == CONTEXT_0:
        version = 1 + int.from_bytes(expect(read_node(fields[0].content), INTEGER).content[:2], "big")
        fields = fields[1:]
    serial, _, issuer, validity, subject, spki = fields[:6]
    start, end = (time_of(node) for node in read_children(expect(validity, SEQUENCE), most=2))
    parts = read_children(expect(algorithm, SEQUENCE), most=2)
    signature = oid_text(parts[0])
    return _Outline(
        version=version,
        serial=int.from_bytes(expect(serial, INTEGER).content[:64], "big", signed=True),
        signature=signature,
        pss_digest=_pss_digest(parts[1]) if signature == "1.2.840.113549.1.1.10" and len(parts) > 1 else None,
        issuer=issuer.encoded,
        not_before=start,
        not_after=end,
        subject=subject.encoded,
        spki=expect(spki, SEQUENCE).encoded,
    )


def _pss_digest(parameters: Node) -> str | None:
    """Return the digest of RSASSA-PSS parameters (RFC 8017 appendix A.2.3); SHA-1 when it is left out."""
    known = {"1.3.14.3.2.26": "sha1", "2.16.840.1.101.3.4.2.1": "sha256", "2.16.840.1.101.3.4.2.2": "sha384",
             "2.16.840.1.101.3.4.2.3": "sha512", "2.16.840.1.101.3.4.2.4": "sha224"}  # fmt: skip
    for part in read_children(expect(parameters, SEQUENCE), most=4):
        if part.tag == CONTEXT_0:
            return known.get(oid_text(read_children(expect(read_node(part.content), SEQUENCE), most=1)[0]))
    return "sha1"


def _with_extensions(certificate: Certificate) -> Certificate:
    # Imported late: loading the library takes a while, and most apps hold no certificate.
    from analyzer.x509.extensions import ExtensionsError, loaded, read_extensions

    library = loaded(certificate.der)
    if library is None:
        return msgspec.structs.replace(certificate, problem="the library refuses the certificate's encoding")
    try:
        found, unknown = read_extensions(library)
    except ExtensionsError as error:
        # One value that the library does not know, such as a TLS feature, hides all extensions.
        problem = f"its extensions cannot be read ({error})"
        return msgspec.structs.replace(certificate, problem=problem, **_plain_extensions(certificate.der))
    return msgspec.structs.replace(certificate, unknown_critical=unknown, **found)


def _plain_extensions(der: bytes) -> dict[str, object]:
    """Return whether a certificate is one of an authority, read without the library; empty when that is malformed."""
    found: dict[str, object] = {}
    try:
        fields = read_children(read_children(read_node(der), most=1)[0], most=12)
        wrapped = next((field for field in fields if field.tag == _EXTENSIONS), None)
        extensions = [] if wrapped is None else read_children(read_node(wrapped.content), most=_MAX_EXTENSIONS)
        for extension in extensions:
            parts = read_children(extension, most=3)
            value = read_node(expect(parts[-1], OCTET_STRING).content)
            kind = oid_text(parts[0])
            if kind == _BASIC_CONSTRAINTS:
                flags = read_children(expect(value, SEQUENCE), most=2)
                found["is_ca"] = any(flag.tag == _BOOLEAN and flag.content != b"\0" for flag in flags)
                lengths = [int.from_bytes(flag.content[:8], "big") for flag in flags if flag.tag == INTEGER]
                found["path_length"] = lengths[0] if lengths else None
            elif kind == _KEY_USAGE:
                found["may_sign_certificates"] = bool(value.content[1:2] and value.content[1] & _KEY_CERT_SIGN)
    except (DerError, ValueError, IndexError):
        return {}
    return found
