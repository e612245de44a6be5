"""``certificate_pin``: whole certificates that hosts are held to."""

from collections.abc import Iterator

from analyzer.model import CertificateFact, Facts, PinFact
from analyzer.ruleset.locality import is_local
from analyzer.ruleset.pin_views import pins_in_force
from analyzer.ruleset.views import CertificatePinView


def certificate_pins(facts: Facts) -> tuple[CertificatePinView, ...]:
    """Return the fingerprints of certificates among the pins, and bundled certificates that are the only anchors."""
    return (*_fingerprints(pins_in_force(facts)), *_anchors(facts.certificates))


def _fingerprints(pins: tuple[PinFact, ...]) -> Iterator[CertificatePinView]:
    for pin in pins:
        if pin.hashed_object != "certificate" or pin.mechanism == "string":
            continue
        host = pin.host
        if host is not None and pin.include_subdomains and not host.startswith("*"):
            host = f"*.{host}"
        yield CertificatePinView(
            mechanism=pin.mechanism,
            host=host,
            value=pin.value,
            leaf=pin.checked_against == "leaf" or (pin.identity is not None and pin.identity.kind == "leaf"),
            anchor=False,
            local=host is not None and is_local(host),
            activation=pin.activation,
            owner=pin.owner,
            evidence=pin.evidence,
        )


def _anchors(certificates: tuple[CertificateFact, ...]) -> Iterator[CertificatePinView]:
    for fact in certificates:
        if fact.kind != "certificate":
            continue
        for use in fact.uses:
            if use.kind != "policy-anchor" or not use.sole:
                continue
            for host in use.hosts or (None,):
                yield CertificatePinView(
                    mechanism="nsc",
                    host=host,
                    value=fact.entry,
                    leaf=fact.role == "leaf",
                    anchor=True,
                    local=host is not None and is_local(host),
                    activation=use.activation,
                    owner=use.owner,
                    evidence=(*use.evidence, *fact.evidence),
                )
