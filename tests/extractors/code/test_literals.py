"""Texts in the form of pins, and texts that only look like them."""

from dataclasses import replace

import pytest

from analyzer.extractors.code.literals import extract_literals
from analyzer.extractors.pin_values import canonical
from analyzer.model import PinFact
from tests.extractors.code.smali_fixtures import context_of

EXPLAINED = "sha256/g+Vbi49gMtvQhuyQkLtdV0vuVH2CBzgcqSfHcmFdNbk="


def pinned(value: str) -> PinFact:
    """Return a pin that another extractor has found."""
    return PinFact(
        mechanism="okhttp3",
        host="api.shop.example.com",
        include_subdomains=False,
        algorithm="sha256",
        digest=None,
        hashed_object="spki",
        value=value,
        checked_against="validated",
        resolution="constant",
        activation="active",
        scope="client",
    )


@pytest.fixture(scope="module")
def found() -> dict[str, list[PinFact]]:
    """Return the texts by the method, or else the class, that holds them."""
    places: dict[str, list[PinFact]] = {}
    for fact in extract_literals(context_of("literals"), [pinned(EXPLAINED)]).pins:
        place = fact.evidence[0]
        places.setdefault((place.method or place.class_name or "").partition("(")[0], []).append(fact)
    return places


def test_a_prefix_is_enough(found: dict[str, list[PinFact]]) -> None:
    (fact,) = found["prefixed"]
    assert (fact.mechanism, fact.value, fact.host, fact.owner, fact.activation) == (
        "string",
        "sha256/Rt3ArTd/YKQMQOPhL6L0ySews57fy8Z8fG3G7PuNZqg=",
        None,
        "first-party",
        "unknown",
    )
    assert canonical(fact.algorithm, fact.digest or b"") == fact.value


def test_a_header_holds_several(found: dict[str, list[PinFact]]) -> None:
    assert [canonical(fact.algorithm, fact.digest or b"") for fact in found["header"]] == [
        "sha256/LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
        "sha256/GRAH5Ex+kB4cCQi5gMU82urf+6kEgbVtzfCSkw55AGk=",
    ]


def test_a_bare_digest_counts_beside_a_host(found: dict[str, list[PinFact]]) -> None:
    (fact,) = found["besideHost"]
    assert (fact.host, fact.value) == ("api.shop.example.com", "2pUN3PENQQBCGvF5homSqxFblNdxm78ng+QgkGxiJto=")


def test_a_fingerprint_beside_an_address_is_that_of_a_certificate(found: dict[str, list[PinFact]]) -> None:
    (fact,) = found["fingerprint"]
    assert (fact.host, fact.hashed_object, fact.algorithm) == ("pay.shop.example.com", "certificate", "sha256")
    assert fact.digest is not None and fact.digest[:2] == b"\xbb\xf7"


def test_a_constant_that_no_code_loads_is_found_in_its_field(found: dict[str, list[PinFact]]) -> None:
    (fact,) = found["org.example.shop.Texts"]
    assert fact.value == "sha256/g5EwQUplbGIFlaCJBjWsRt1c4qEsA/OMr7d2Cm0x+po="
    assert (fact.evidence[0].snippet or "").startswith("OLD_PIN = ")


def test_a_text_of_a_library_belongs_to_it(found: dict[str, list[PinFact]]) -> None:
    (fact,) = found["hidden"]
    assert (fact.owner, fact.algorithm) == ("sdk:play-services", "sha1")


def test_what_another_extractor_explains_is_not_repeated(found: dict[str, list[PinFact]]) -> None:
    assert "explained" not in found
    unexplained = extract_literals(context_of("literals"), []).pins
    assert EXPLAINED in {fact.value for fact in unexplained}


def test_values_of_annotations_are_no_pins(found: dict[str, list[PinFact]]) -> None:
    values = {fact.value for facts in found.values() for fact in facts}
    assert "sha256/ovqQW7NGHb1Hl0zDLBXPBDrzgIAgTYQjRz8GlgNtSk8=" not in values


@pytest.mark.parametrize(
    "trap",
    [
        "ciphertext",
        "subresource",
        "imageAddress",
        "cipherName",
        "identifier",
        "base64Data",
        "commit",
        "testVector",
        "sshKey",
    ],
)
def test_what_only_looks_like_a_pin_is_left_out(found: dict[str, list[PinFact]], trap: str) -> None:
    assert trap not in found


def test_the_digest_of_a_file_that_the_app_carries_is_no_pin() -> None:
    code = context_of("literals")
    holders = {fact.evidence[0].method for fact in extract_literals(code, []).pins}
    assert "fileDigest()V" in holders
    content = {"assets/model.bin": b"a file that the app downloads as well as carries", "assets/other.bin": b"other"}
    carrying = replace(code, entries=tuple(content), read=content.__getitem__)
    assert {fact.evidence[0].method for fact in extract_literals(carrying, []).pins} == holders - {"fileDigest()V"}


def test_an_app_without_such_texts_has_none() -> None:
    assert extract_literals(context_of("trustkit-free"), []).pins == ()
