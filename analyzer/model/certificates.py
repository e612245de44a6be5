"""Certificates, keys and key stores that come with the app, and what uses them."""

from typing import Literal

from analyzer.model.base import Record
from analyzer.model.location import Location
from analyzer.model.pins import Activation, PinIdentity

CertificateKind = Literal["certificate", "private-key", "public-key", "keystore", "unreadable"]
CertificateRole = Literal["leaf", "intermediate", "root"]
UseKind = Literal[
    "policy-anchor", "debug-anchor", "key-store", "certificate-factory", "trust-manager", "key-manager", "pin",
    "comparison",
]  # fmt: skip


class CertificateUse(Record, frozen=True, kw_only=True):
    """Something in the app that uses a file."""

    kind: UseKind
    """``policy-anchor`` and ``debug-anchor``: ``<certificates src="@raw/…">`` in the network security policy, the
    latter in its debug-overrides; ``key-store``: ``KeyStore.load``; ``certificate-factory``:
    ``CertificateFactory.generateCertificate`` and its like. What becomes of what these two read: ``trust-manager``, a
    trust manager or factory is made to trust it; ``key-manager``, it is the app's own identity; ``pin``, a digest of it
    or its key is computed; ``comparison``, code that judges a server's certificates compares them with it."""
    hosts: tuple[str, ...] = ()
    """Host patterns of the policy's scope; empty for every host, and where code decides."""
    sole: bool = False
    """True when nothing but bundled anchors counts in the scope."""
    activation: Activation = "unknown"
    """Whether the code runs, and what it makes is put to use; of the policy, whether this build heeds the place."""
    owner: str = "unknown"
    evidence: tuple[Location, ...] = ()


class CertificateFact(Record, frozen=True, kw_only=True):
    """A certificate, key or key store that the app carries, found by its content.

    Entries of a key store have facts of their own beside the store's.
    """

    kind: CertificateKind
    """``unreadable``: it has the form of one of the others, and cannot be read."""
    entry: str
    """The file it stands in; the DEX file for texts and arrays of bytes in code."""
    form: str = "DER"
    """How it is written: ``PEM``, ``DER``, ``base64``, ``hex``, ``PKCS#7``, or the form of its key store."""
    group: str = ""
    """Equal for everything that stands in one file, text or array."""
    group_size: int = 1
    """How many certificates stand in the group."""
    source: Literal["file", "code", "resource"] = "file"
    role: CertificateRole | None = None
    """Of a certificate: ``root`` is self-issued and an authority, ``intermediate`` another authority."""
    subject: str | None = None
    issuer: str | None = None
    serial: str | None = None
    """Hexadecimal."""
    not_before: str | None = None
    """RFC 3339 instant."""
    not_after: str | None = None
    """RFC 3339 instant."""
    self_signed: bool | None = None
    """Its own key made its signature; None when that could not be computed."""
    is_ca: bool | None = None
    """The CA flag of the basic constraints; None without that extension."""
    path_length: int | None = None
    dns_names: tuple[str, ...] = ()
    signature_algorithm: str | None = None
    signature_digest: str | None = None
    """``md5``, ``sha1``, ``sha256`` …"""
    key_kind: str | None = None
    """``RSA``, ``EC``, ``Ed25519`` …"""
    key_bits: int | None = None
    key_exponent: int | None = None
    """Public exponent of an RSA key."""
    spki_sha256: bytes | None = None
    """Of the key as it stands in the certificate; of the public half of a private key."""
    reencoded_spki_sha256: bytes | None = None
    """Of the key as a library writes it again, where its encoding is unusual: implementations differ on its pin."""
    certificate_sha256: bytes | None = None
    identity: PinIdentity | None = None
    """Whose key it is, when it is a publicly known one."""
    extended_key_usage: tuple[str, ...] | None = None
    """Object identifiers of what the key may be used for; None without the extension."""
    tool: str | None = None
    """The tool for intercepting TLS whose authority has this subject."""
    staging: str | None = None
    """The authority for tests, which issues to anyone, that has this subject or key."""
    published: str | None = None
    """Where the private half of the key is published, for keys that libraries test themselves with."""
    store_form: str | None = None
    """``PKCS#12``, ``JKS``, ``JCEKS``, ``BKS``, ``UBER`` or ``BCFKS``: of a key store, and of what stands in one."""
    alias: str | None = None
    chain_position: int | None = None
    """Place in the chain of a key store's key entry, 0 being the key's own certificate."""
    opened: bool | None = None
    """Of a key store: a password fits its integrity check. Certificates of JKS and BKS are read without one."""
    password: str | None = None
    """Where the password is from that opened a key store or an encrypted key."""
    encrypted: bool = False
    """Of a private key: it is encrypted, whether or not a password opened it."""
    entries: int | None = None
    """How many entries of a key store were read."""
    owner: str = "unknown"
    """Whose code it stands in or beside: ``first-party``, ``sdk:<name>`` or ``unknown``."""
    uses: tuple[CertificateUse, ...] = ()
    problem: str | None = None
    """Why something of it is missing or cannot be used."""
    evidence: tuple[Location, ...] = ()


class BundledAnchor(Record, frozen=True, kw_only=True):
    """A certificate of the app's own that its policy or code trusts, so that paths can be built without the app."""

    certificate: bytes
    """DER."""
    certificate_sha256: bytes
    resources: tuple[str, ...] = ()
    """The references of the policy's trust anchors that it is read from, as `TrustAnchor.resource` has them; empty for
    one that only key stores in code hold. The pins of these have its digest."""
