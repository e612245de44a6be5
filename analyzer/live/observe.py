"""From what a server sent to a fact: its certificates, and the path that each trust store leads to."""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import msgspec

from analyzer.live.errors import ProbeError
from analyzer.live.pool import Place
from analyzer.live.prober import Sighting
from analyzer.live.recordings import Recording
from analyzer.model import ChainObservation, ChainPath, NearMiss, ObservedCertificate, PinFact, PinIdentity
from analyzer.model.pins import Algorithm
from analyzer.x509.certificate import Certificate, read_certificate
from analyzer.x509.errors import UnreadableError
from analyzer.x509.hosts import covers_host
from analyzer.x509.near_miss import digest_forms
from analyzer.x509.path import PathResult, build_path
from analyzer.x509.trust_store import TrustStore

Identify = Callable[[bytes], PinIdentity | None]
"""Names a key by its SPKI SHA-256."""
_MAX_BORROWED = 200
_MAX_NEAR_MISSES = 200


class Store(msgspec.Struct, frozen=True, kw_only=True):
    """A trust store to build paths with."""

    store: TrustStore
    kind: Literal["default", "user", "app"]
    complete: bool = True
    """False where anchors of the app's own that count are not known."""
    scope: str | None = None
    clients: tuple[str, ...] = ()
    """Both as in `ChainPath`."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What a server sent, wherever that is known from."""

    place: Place
    recorded: bool
    certificates: tuple[bytes, ...] = ()
    at: dt.datetime | None = None
    error: ProbeError | None = None
    address: str | None = None
    via_proxy: bool = False
    tls_version: str | None = None
    alert: str | None = None
    secure_renegotiation: bool | None = None
    dropped: int = 0
    superseded: bool = False

    @classmethod
    def of_sighting(cls, place: Place, sighting: Sighting, at: dt.datetime) -> "Seen":
        """Describe what came over the network."""
        return cls(
            place=place,
            recorded=False,
            certificates=sighting.certificates,
            at=at,
            address=sighting.address,
            via_proxy=sighting.address is None,
            tls_version=sighting.tls_version,
            alert=sighting.alert,
            secure_renegotiation=sighting.secure_renegotiation,
            dropped=sighting.dropped,
        )

    @classmethod
    def of_recording(cls, place: Place, recording: Recording, *, superseded: bool = False) -> "Seen":
        """Describe what a file holds."""
        return cls(
            place=place,
            recorded=True,
            certificates=recording.certificates,
            at=recording.recorded_at,
            address=recording.address,
            tls_version=recording.tls_version,
            alert=recording.partial,
            dropped=recording.dropped,
            superseded=superseded,
        )


def readable(ders: Iterable[bytes]) -> list[Certificate | None]:
    """Read certificates; None stands for one that cannot be read."""
    found: list[Certificate | None] = []
    for der in ders:
        try:
            found.append(read_certificate(der))
        except UnreadableError:
            found.append(None)
    return found


def observe(
    seen: Seen,
    stores: Sequence[Store],
    at: dt.datetime,
    *,
    pins: Sequence[PinFact] = (),
    identify: Identify = lambda _: None,
    others: Sequence[Certificate] = (),
    key_stores: Sequence[Store] = (),
) -> ChainObservation:
    """State what a chain is: certificates, paths, and which pins are other digests of them.

    Args:
        seen: What the server sent.
        stores: Trust stores, the one that counts first.
        at: The instant at which paths must be valid.
        pins: Those whose values are compared.
        identify: Names keys.
        others: CA certificates that other hosts sent, tried where the server's own are not enough.
        key_stores: What code of the app trusts in place of trust stores.
    """
    plain = ChainObservation(
        host=seen.place.host.name,
        port=seen.place.port,
        recorded=seen.recorded,
        error=seen.error.kind if seen.error is not None else None,
        error_detail=seen.error.text if seen.error is not None else None,
        observed_at=_instant(seen.at) if seen.at is not None else None,
        address=seen.address,
        via_proxy=seen.via_proxy,
        tls_version=seen.tls_version,
        alert=seen.alert,
        secure_renegotiation=seen.secure_renegotiation,
        dropped=seen.dropped,
        superseded=seen.superseded,
    )
    if not seen.certificates:
        return plain
    read = readable(seen.certificates)
    sent = [certificate for certificate in read if certificate is not None]
    leaf = read[0]
    table = _Table(sent)
    paths = [_path(build_path(sent, store.store, at), store, table) for store in stores] if leaf is not None else []
    if paths and all(path.problem == "no-trust-anchor" for path in paths):
        helpers = [other for other in others[:_MAX_BORROWED] if other.is_ca and other not in sent]
        helped = (_borrowed_path(sent, store, helpers, table, at) for store in stores if helpers)
        paths += [path for path in [next(filter(None, helped), None)] if path is not None]
    paths = [_unless_unread(path, store) for path, store in zip(paths, stores, strict=False)] + paths[len(stores) :]
    in_code = [
        _unless_unread(_path(build_path(sent, store.store, at), store, table), store)
        for store in (key_stores if leaf is not None else ())
    ]
    valid = next((path for path in (*paths, *in_code) if path.problem is None), None)
    certificates = table.observed(identify, [store.store for store in stores])
    return msgspec.structs.replace(
        plain,
        unread=len(read) - len(sent),
        covers_host=covers_host(leaf, seen.place.host.name) if leaf is not None else None,
        certificates=certificates,
        paths=tuple(paths),
        key_store_paths=tuple(in_code),
        near_misses=tuple(_near_misses(table.certificates, pins)),
        recording_sha256=hashlib.sha256(b"".join(seen.certificates)).digest(),
        presented_sha256=tuple(certificate.key.sha256 for certificate in sent),
        validated_sha256=tuple(certificates[index].spki_sha256 for index in valid.certificates) if valid else (),
    )


class _Table:
    """The certificates of an observation: those sent, and what paths add."""

    def __init__(self, sent: Sequence[Certificate]) -> None:
        self.certificates = list(sent)
        self._sent = len(sent)

    def position(self, certificate: Certificate) -> int:
        """Return where a certificate stands, adding it where it does not yet."""
        for index, known in enumerate(self.certificates):
            if known == certificate:
                return index
        self.certificates.append(certificate)
        return len(self.certificates) - 1

    def observed(self, identify: Identify, stores: Sequence[TrustStore]) -> tuple[ObservedCertificate, ...]:
        return tuple(
            _observed(certificate, index if index < self._sent else None, identify, stores)
            for index, certificate in enumerate(self.certificates)
        )


def _observed(
    certificate: Certificate, sent_at: int | None, identify: Identify, stores: Sequence[TrustStore]
) -> ObservedCertificate:
    twins = [
        store.name
        for store in stores
        if certificate.is_ca
        and not certificate.self_issued
        and (twin := store.anchor_like(certificate)) is not None
        and twin.self_issued
    ]
    return ObservedCertificate(
        subject=certificate.subject.text,
        issuer=certificate.issuer.text,
        spki_sha256=certificate.key.sha256,
        spki_sha1=certificate.key.sha1,
        certificate_sha256=certificate.sha256,
        certificate_sha1=certificate.sha1,
        not_before=_instant(certificate.not_before),
        not_after=_instant(certificate.not_after),
        sent_at=sent_at,
        ca=bool(certificate.is_ca),
        self_issued=certificate.self_issued,
        key=certificate.key.text,
        key_kind=certificate.key.kind,
        key_bits=certificate.key.bits,
        signature=certificate.signature_algorithm,
        signature_digest=certificate.signature_digest,
        identity=identify(certificate.key.sha256),
        unusual_encoding=certificate.key.reencoded is not None,
        twin_in=tuple(twins),
    )


def _path(result: PathResult, store: Store, table: _Table) -> ChainPath:
    positions = tuple(table.position(element.certificate) for element in result.path)
    trusted = [
        element
        for element in result.path
        if element.role == "anchor" or store.store.anchor_like(element.certificate) is not None
    ]
    borrowed = tuple(
        position
        for position, element in zip(positions, result.path, strict=True)
        # An anchor that another CA signed is an intermediate by trade: the server should have sent it.
        if element.origin == "store" and not element.certificate.self_issued
    )
    return ChainPath(
        store=result.store,
        kind=store.kind,
        problem=result.problem,
        detail=result.detail,
        certificates=positions,
        anchors=len(trusted),
        borrowed=borrowed,
        scope=store.scope,
        clients=store.clients,
    )


def _unless_unread(path: ChainPath, store: Store) -> ChainPath:
    """Let what is not known of the app's own anchors be the reason why there is no path."""
    if path.problem != "no-trust-anchor" or store.complete:
        return path
    detail = f"certificates of the app's own that count here are not known, and none of {store.store.name} is reached"
    return msgspec.structs.replace(path, problem="anchors-unread", detail=detail)


def _borrowed_path(
    sent: Sequence[Certificate], store: Store, helpers: Sequence[Certificate], table: _Table, at: dt.datetime
) -> ChainPath | None:
    """Return the path with intermediates that other hosts sent, None when these do not help either."""
    result = build_path([*sent, *helpers], store.store, at)
    if not result.valid:
        return None
    path = _path(result, store, table)
    missing = tuple(
        position
        for position, element in zip(path.certificates, result.path, strict=True)
        if element.certificate in helpers and element.role == "intermediate"
    )
    label = f"{path.store}, with certificates that other hosts sent"
    return msgspec.structs.replace(path, store=label, borrowed=missing)


def _near_misses(certificates: Sequence[Certificate], pins: Sequence[PinFact]) -> Iterable[NearMiss]:
    """Yield the pins that are some digest of a certificate, but not the one that their mechanism computes."""
    by_digest: dict[bytes, list[PinFact]] = {}
    for pin in pins:
        if pin.digest:
            by_digest.setdefault(pin.digest, []).append(pin)
    found: dict[tuple[Algorithm, bytes, int, str], None] = {}
    for index, certificate in enumerate(certificates if by_digest else ()):
        for form in digest_forms(certificate):
            for pin in by_digest.get(form.digest, ()):
                if not form.is_pin(pin.hashed_object, pin.algorithm):
                    found[pin.algorithm, form.digest, index, form.words] = None
    for algorithm, digest, index, words in list(found)[:_MAX_NEAR_MISSES]:
        yield NearMiss(algorithm=algorithm, digest=digest, certificate=index, form=words)


def _instant(moment: dt.datetime) -> str:
    return f"{moment.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"
