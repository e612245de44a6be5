"""Certificate chains of servers, seen on the network or read from recordings, and how an app's pins compare."""

from collections.abc import Sequence
from typing import Literal

from analyzer.model.base import Record
from analyzer.model.pins import Activation, Algorithm, CheckedAgainst, HashedObject, Mechanism, PinIdentity


class ObservedCertificate(Record, frozen=True, kw_only=True):
    """A certificate of a chain. Times are RFC 3339 instants in UTC."""

    subject: str
    """As RFC 4514 writes it, from the certificate, so whatever its maker wanted."""
    issuer: str
    spki_sha256: bytes
    """SHA-256 of the SubjectPublicKeyInfo as it stands in the certificate: what a pin is."""
    certificate_sha256: bytes
    spki_sha1: bytes | None = None
    certificate_sha1: bytes | None = None
    not_before: str
    not_after: str
    sent_at: int | None = None
    """Position among the certificates that the server sent; None for one that comes from a trust store."""
    ca: bool = False
    self_issued: bool = False
    key: str = ""
    """Kind and size in words, such as ``RSA 2048``."""
    key_kind: str = ""
    key_bits: int | None = None
    signature: str = ""
    """Signature algorithm by its usual name."""
    signature_digest: str | None = None
    identity: PinIdentity | None = None
    """Whose key it is, where that is publicly known."""
    unusual_encoding: bool = False
    """The key is encoded in a way that other tools hash differently: pins of it need a test on a device."""
    twin_in: tuple[str, ...] = ()
    """For a CA certificate that another CA signed: trust stores with a self-signed one of the same name and key."""


class ChainPath(Record, frozen=True, kw_only=True):
    """What a device with one trust store would make of a chain."""

    store: str
    """The store's label, such as ``certifi 2026.10.18``."""
    kind: Literal["default", "user", "app"] = "default"
    """``default``: certifi. ``user``: a store that the user gave. ``app``: anchors of the app's own alone."""
    problem: str | None = None
    """None for a valid path, else ``expired``, ``no-trust-anchor``, …: see `analyzer.x509.path_checks`. In place of
    the latter ``anchors-unread`` where certificates of the app's own that count are not known."""
    detail: str = ""
    certificates: tuple[int, ...] = ()
    """From the leaf to the last anchor, as positions in `ChainObservation.certificates`."""
    anchors: int = 0
    """How many at the end of `certificates` the store vouches for; 1 in most valid paths."""
    borrowed: tuple[int, ...] = ()
    """Certificates that the server should have sent: they come from a store or from another host's chain."""
    scope: str | None = None
    """Of a key store in code: the scope of its pins."""
    clients: tuple[str, ...] = ()
    """Of a key store in code: the clients that trust nothing else when they connect to this host, by the names of
    ``callback_sinks.yaml``; empty where it is not known that they connect to it."""


class NearMiss(Record, frozen=True, kw_only=True):
    """A pin that is another digest of a certificate than the mechanism computes."""

    algorithm: Algorithm
    digest: bytes
    certificate: int
    """Position in `ChainObservation.certificates`."""
    form: str
    """What the digest was computed over, in words."""


class ChainObservation(Record, frozen=True, kw_only=True):
    """A certificate chain seen on the network or read from a recording, or why there is none."""

    host: str
    """A-label form, or an IP address."""
    port: int
    recorded: bool
    """True when it was read from a file."""
    error: str | None = None
    """Why there is no chain: ``dns``, ``timeout``, ``refused``, … (`analyzer.live.errors`)."""
    error_detail: str | None = None
    observed_at: str | None = None
    """When the server was asked; None for a recording that does not say."""
    address: str | None = None
    """The address that answered; None through a proxy and in recordings."""
    via_proxy: bool = False
    tls_version: str | None = None
    alert: str | None = None
    """Why the handshake did not end well although certificates were seen, as OpenSSL names it."""
    secure_renegotiation: bool | None = None
    """RFC 5746, for TLS 1.2 and older; None where it is not known."""
    dropped: int = 0
    """Certificates that the server sent beyond what is kept."""
    unread: int = 0
    """Certificates that the server sent and that could not be read."""
    covers_host: bool | None = None
    """Whether the leaf's subject alternative names cover the host; None without a leaf that could be read."""
    certificates: tuple[ObservedCertificate, ...] = ()
    """Those that the server sent, in its order, then those that only paths add."""
    paths: tuple[ChainPath, ...] = ()
    """One per trust store, the one that counts first."""
    key_store_paths: tuple[ChainPath, ...] = ()
    """One per key store in code that decides about this host, whatever the trust stores say."""
    near_misses: tuple[NearMiss, ...] = ()
    superseded: bool = False
    """Another look at the same host counts: a newer one than this recording, or one at the address that answered
    first. This one only tells whether they differ."""
    recording_sha256: bytes | None = None
    """Digest over the certificates as sent."""
    presented_sha256: tuple[bytes, ...] = ()
    """SPKI digests of what the server sent."""
    validated_sha256: tuple[bytes, ...] = ()
    """SPKI digests of the path that counts; empty without a valid one."""


def closest_path(paths: Sequence[ChainPath]) -> ChainPath | None:
    """Return the path that says most: a valid one, else one that reaches an anchor and fails for another reason.

    That a store lacks the authority says nothing of the chain where another store has it.
    """
    for path in paths:
        if path.problem is None:
            return path
    reached = (path for path in paths if path.problem != "no-trust-anchor")
    return next(reached, paths[0] if paths else None)


class PinMatch(Record, frozen=True, kw_only=True):
    """A pin that fits a certificate of the chain."""

    value: str
    """The pin as written in the app."""
    certificate: int
    """Position in `ChainObservation.certificates`."""
    role: Literal["leaf", "intermediate", "anchor", "unused"]
    """Of the certificate in the path that counts; ``unused`` when it was sent but is not in it."""
    by_certificate: bool = False
    """The pin is of the whole certificate, not of its key, so that it ends with the certificate."""


CheckStatus = Literal["match", "no-match", "unknown"]


class PinCheck(Record, frozen=True, kw_only=True):
    """One pin-set compared with the chain of one host that it covers."""

    mechanism: Mechanism
    pattern: str | None
    """The host pattern as in `PinFact.host`."""
    include_subdomains: bool
    scope: str
    """As in `PinFact.scope`: mechanism, pattern, `include_subdomains` and scope identify the pin-set."""
    owner: str = "first-party"
    activation: Activation = "unknown"
    host: str | None
    """The concrete host; None when the app names none that the pattern covers."""
    port: int = 443
    chain: int | None = None
    """Position in `Facts.chains`; None when no chain was looked for."""
    status: CheckStatus
    reason: str | None = None
    """Why the status is ``unknown``, as a stable word: ``timeout``, ``no-concrete-host``, ``no-trust-anchor``, …"""
    detail: str | None = None
    """The same in a sentence."""
    checked_against: CheckedAgainst = "unknown"
    hashed_object: HashedObject = "spki"
    enforced: bool = True
    """False when the set is off at the time of the scan (expired, overridden), or only reports."""
    expires_on: str | None = None
    """``YYYY-MM-DD``: the pin-set is off from the start of that day."""
    pins: int = 0
    """Distinct digests in the set."""
    unresolved: int = 0
    """Pins of the set whose digest is not known; any of them might match."""
    matches: tuple[PinMatch, ...] = ()
    """In the chain or path that the mechanism looks at, under the trust store that counts."""
    unmatched: tuple[str, ...] = ()
    """The other pins with a known digest, as written."""
    only_sent: tuple[PinMatch, ...] = ()
    """Pins that fit only certificates which are sent but not in the path that the mechanism looks at."""
    differing_stores: tuple[str, ...] = ()
    """Labels of trust stores under which the outcome is the opposite."""
    store: str | None = None
    """Label of the trust store that counts."""
    private_root: bool = False
    """The path ends in a root that is not publicly known."""
    near_misses: tuple[str, ...] = ()
    """For a set that matches nothing: which pin is another digest of which certificate, in sentences."""
    right_pins: tuple[str, ...] = ()
    """The pins that were meant by `near_misses`, in base64."""
    breaks_on: str | None = None
    """``YYYY-MM-DD``: first day on which no matching certificate is valid any more, so that the app stops connecting
    unless the server renews with a pinned key; the day of the scan for a set that matches nothing. None where pins
    are off, end earlier, or nothing is known."""


__all__ = ["ChainObservation", "ChainPath", "CheckStatus", "NearMiss", "ObservedCertificate", "PinCheck", "PinMatch"]
