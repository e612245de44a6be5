"""Pins that are another digest of a certificate than their mechanism computes."""

import base64
import hashlib

import pytest

from analyzer.extractors.pin_objects import BundledCertificate, with_wrong_objects
from analyzer.model import PinFact
from analyzer.x509.store_files import certifi_store
from tests.factories import pin
from tests.x509.makers import make

CA = make("Shop CA", ca=True)
BUNDLED = (BundledCertificate(CA.certificate, "res/raw/ca.pem"),)


def marked(digest: bytes, **changes: object) -> PinFact:
    [found] = with_wrong_objects((pin(digest=digest, **changes),), BUNDLED)
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
