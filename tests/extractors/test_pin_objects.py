"""Pins that are another digest of a certificate than their mechanism computes."""

import base64
import hashlib

import pytest

from analyzer.extractors.catalogue import load_catalogue
from analyzer.extractors.pin_objects import BundledCertificate, with_wrong_objects
from analyzer.model import PinFact
from analyzer.x509.store_files import certifi_store
from tests.factories import pin
from tests.x509.makers import make

CATALOGUE = load_catalogue()
CA = make("Shop CA", ca=True)
BUNDLED = (BundledCertificate(CA.certificate, "res/raw/ca.pem"),)


def marked(digest: bytes, **changes: object) -> PinFact:
    [found] = with_wrong_objects((pin(digest=digest, **changes),), BUNDLED, CATALOGUE)
    return found


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (CA.der, "SHA-256 of the whole certificate"),
        (CA.pem, "SHA-256 of the certificate as PEM text"),
        (base64.b64encode(CA.der), "SHA-256 of the base64 text of the certificate"),
    ],
)
def test_the_digest_of_something_else_is_named(data: bytes, words: str) -> None:
    found = marked(hashlib.sha256(data).digest())
    assert (found.problem, found.problem_detail) == ("wrong-object", f"it is the {words}, Shop CA in res/raw/ca.pem")


def test_the_digest_of_a_public_root_instead_of_its_key_is_named() -> None:
    root = certifi_store().anchors[0]
    found = marked(root.sha256)
    assert found.problem == "wrong-object" and found.problem_detail is not None
    assert str(root.subject.common_name) in found.problem_detail


def test_the_right_digest_and_unknown_ones_are_left_alone() -> None:
    assert marked(CA.certificate.key.sha256).problem is None
    assert marked(bytes(range(32))).problem is None


def test_a_mechanism_that_compares_certificates_is_given_the_right_one() -> None:
    assert marked(CA.certificate.sha256, hashed_object="certificate").problem is None


def test_the_digest_of_an_intermediates_certificate_instead_of_its_key_is_named_without_the_certificate() -> None:
    digest, known = next(
        (digest, one) for digest, one in CATALOGUE.certificates_of.items() if one.kind == "intermediate"
    )
    found = marked(digest)
    assert (found.problem, found.problem_detail) == (
        "wrong-object", f"it is the SHA-256 of the whole certificate, {known.name}",
    )  # fmt: skip


def test_a_fingerprint_that_is_that_of_a_public_authority_is_named() -> None:
    digest, known = next(iter(CATALOGUE.certificates_of.items()))
    found = marked(digest, hashed_object="certificate")
    assert found.problem is None
    assert found.identity is not None and found.identity.name == known.name
