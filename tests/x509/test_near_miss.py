"""The table of digests that are mistaken for pins."""

import hashlib

from analyzer.x509.certificate import read_certificate
from analyzer.x509.near_miss import digest_forms
from tests.live.pki import make

CERTIFICATE = read_certificate(make("leaf").der)


def test_there_are_64_distinct_forms_and_one_of_them_is_the_pin() -> None:
    forms = list(digest_forms(CERTIFICATE))
    assert len(forms) == 64 == len({form.digest for form in forms})
    pins = [form for form in forms if form.is_pin("spki", "sha256")]
    assert [form.digest for form in pins] == [CERTIFICATE.key.sha256]
    fingerprints = [form.digest for form in forms if form.is_pin("certificate", "sha1")]
    assert fingerprints == [hashlib.sha1(CERTIFICATE.der).digest()]


def test_hexadecimal_text_is_never_the_pin() -> None:
    assert not any(form.is_pin("spki", "sha256") for form in digest_forms(CERTIFICATE) if form.hexadecimal)
