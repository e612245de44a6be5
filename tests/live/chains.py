"""Chains as facts, made from certificates that tests make."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from analyzer.live.names import Host
from analyzer.live.observe import Seen, Store, observe
from analyzer.live.pool import Place
from analyzer.model import ChainObservation, PinFact
from analyzer.x509.certificate import read_certificate
from analyzer.x509.trust_store import trust_store
from tests import factories
from tests.live.pki import NOW, Issued


def store(name: str, *anchors: Issued, kind: Any = "default") -> Store:
    """A trust store with these anchors."""
    return Store(store=trust_store(name, [read_certificate(anchor.der) for anchor in anchors]), kind=kind)


def chain(
    host: str,
    sent: Sequence[Issued],
    *stores: Store,
    at: dt.datetime = NOW,
    pins: Sequence[PinFact] = (),
    others: Sequence[Issued] = (),
    **details: Any,
) -> ChainObservation:
    """What is stated of a chain under these stores."""
    seen = Seen(
        place=Place(Host(host), 443),
        recorded=True,
        certificates=tuple(item.der for item in sent),
        at=at,
        **details,
    )
    return observe(seen, stores, at, pins=pins, others=[read_certificate(item.der) for item in others])


def pin_of(issued: Issued | bytes, **changes: Any) -> PinFact:
    """A pin of a certificate's key for the host api.shop.com, or of a digest as given."""
    digest = issued if isinstance(issued, bytes) else issued.pin
    given = {"host": "api.shop.com", "digest": digest, "value": digest.hex()[:12]}
    return factories.pin(**{**given, **changes})
