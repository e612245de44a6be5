"""Trust stores: sets of anchors, found by name as Android finds them."""

import datetime as dt
from collections.abc import Iterable

import msgspec

from analyzer.x509.certificate import Certificate

_DIGEST_RANK = {"sha512": 1, "sha384": 2, "sha256": 3, "sha224": 4, "sha1": 5, "md5": 6}
_KIND_RANK = {"EC": 0, "RSA": 1, "RSA-PSS": 1, "DSA": 2}
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class TrustStore(msgspec.Struct, frozen=True, kw_only=True):
    """Anchors under one name. Build it with `trust_store`."""

    name: str
    """What reports call it, such as ``certifi 2026.10.18``."""
    anchors: tuple[Certificate, ...]
    """Without repeats, in the order given."""
    by_subject: dict[bytes, tuple[Certificate, ...]]
    """By canonical subject, those first that conscrypt tries first."""

    def issuers_of(self, certificate: Certificate) -> tuple[Certificate, ...]:
        """Return the anchors that bear the name of the certificate's issuer; signatures are not looked at."""
        return self.by_subject.get(certificate.issuer.canonical, ())

    def anchor_like(self, certificate: Certificate) -> Certificate | None:
        """Return the anchor with the certificate's subject and key, perhaps another certificate for them."""
        same = self.by_subject.get(certificate.subject.canonical, ())
        return next((anchor for anchor in same if anchor.key.spki == certificate.key.spki), None)


def trust_store(name: str, anchors: Iterable[Certificate]) -> TrustStore:
    """Make a store of `anchors`; certificates that occur twice count once."""
    distinct = tuple(dict.fromkeys(anchors))
    groups: dict[bytes, list[Certificate]] = {}
    for anchor in distinct:
        groups.setdefault(anchor.subject.canonical, []).append(anchor)
    return TrustStore(
        name=name,
        anchors=distinct,
        by_subject={subject: tuple(sorted(group, key=_priority)) for subject, group in groups.items()},
    )


def _priority(anchor: Certificate) -> tuple[bool, int, int, int, float, float]:
    """Order anchors as conscrypt's ``CertificatePriorityComparator`` does.

    Self-issued ones first, then EC before RSA, larger keys, stronger digests, and the latest dates.
    """
    return (
        not anchor.self_issued,
        _KIND_RANK.get(anchor.key.kind, 3),
        -(anchor.key.bits or 0),
        _DIGEST_RANK.get(anchor.signature_digest or "", 7),
        -(anchor.not_after - _EPOCH).total_seconds(),
        -(anchor.not_before - _EPOCH).total_seconds(),
    )
