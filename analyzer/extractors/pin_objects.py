"""Pins that are another digest of a certificate than the mechanism computes: certain mistakes, seen offline."""

from collections.abc import Iterable

import msgspec

from analyzer.extractors.catalogue import Catalogue
from analyzer.extractors.pin_values import identify_certificate
from analyzer.model import PinFact
from analyzer.model.pins import PinProblem
from analyzer.x509.certificate import Certificate
from analyzer.x509.near_miss import DigestForm, digest_forms
from analyzer.x509.store_files import certifi_store

_MAX_CERTIFICATES = 2_000
_OPEN: frozenset[PinProblem | None] = frozenset({None, "spelling"})


class BundledCertificate(msgspec.Struct, frozen=True):
    """A certificate of the app."""

    certificate: Certificate
    entry: str


def with_wrong_objects(
    pins: Iterable[PinFact], bundled: Iterable[BundledCertificate], catalogue: Catalogue
) -> tuple[PinFact, ...]:
    """Mark pins of keys that are another digest of a certificate of the app, or of a public authority.

    Sixty-four forms per certificate are compared: the whole certificate, its texts, the bare key, other algorithms,
    digests written as hexadecimal text; of authorities that only the catalogue knows, the whole certificate's digest.
    A pin that matches no certificate at hand may be wrong all the same. Fingerprints of whole certificates that are
    those of a public authority are named.
    """
    pins = tuple(_named(pin, catalogue) for pin in pins)
    if not any(_is_candidate(pin) for pin in pins):
        return pins
    forms = _forms(bundled)
    return tuple(_marked(pin, forms, catalogue) if _is_candidate(pin) else pin for pin in pins)


def _named(pin: PinFact, catalogue: Catalogue) -> PinFact:
    if pin.digest is None or pin.hashed_object != "certificate" or pin.identity is not None:
        return pin
    identity = identify_certificate(pin.digest, catalogue) if pin.algorithm == "sha256" else None
    return pin if identity is None else msgspec.structs.replace(pin, identity=identity)


def _is_candidate(pin: PinFact) -> bool:
    return (
        pin.digest is not None
        and pin.hashed_object == "spki"
        and pin.mechanism != "string"
        and pin.problem in _OPEN
        and pin.identity is None
    )


def _forms(bundled: Iterable[BundledCertificate]) -> dict[bytes, list[tuple[DigestForm, str]]]:
    named = [(one.certificate, f"{_name(one.certificate)} in {one.entry}") for one in bundled]
    named += [(root, _name(root)) for root in certifi_store().anchors]
    forms: dict[bytes, list[tuple[DigestForm, str]]] = {}
    for certificate, words in named[:_MAX_CERTIFICATES]:
        for form in digest_forms(certificate):
            forms.setdefault(form.digest, []).append((form, words))
    return forms


def _marked(pin: PinFact, forms: dict[bytes, list[tuple[DigestForm, str]]], catalogue: Catalogue) -> PinFact:
    found = forms.get(pin.digest or b"", [])
    known = catalogue.certificates_of.get(pin.digest or b"") if not found else None
    if known is not None:
        detail = f"it is the SHA-256 of the whole certificate, {known.name}"
        return msgspec.structs.replace(pin, problem="wrong-object", problem_detail=detail)
    if not found or any(form.is_pin(pin.hashed_object, pin.algorithm) for form, _ in found):
        return pin
    form, words = found[0]
    return msgspec.structs.replace(pin, problem="wrong-object", problem_detail=f"it is the {form.words}, {words}")


def _name(certificate: Certificate) -> str:
    return certificate.subject.common_name or certificate.subject.text or "a certificate"
