"""Pinning mechanisms that are known by the names of their methods."""

import pytest

from analyzer.extractors.code.pin_libraries import PinLibraryFacts, extract_pin_libraries
from analyzer.extractors.pin_values import canonical
from analyzer.model import PinFact
from tests.extractors.code.smali_fixtures import context_of

BASE64_PIN = "sha256/g+Vbi49gMtvQhuyQkLtdV0vuVH2CBzgcqSfHcmFdNbk="
BYTES_PIN = "sha256/Rt7ArTd/YKQMQOPhL6L0yySewo57ft/Lxnx8bcbs+40="


@pytest.fixture(scope="module")
def found() -> PinLibraryFacts:
    return extract_pin_libraries(context_of("pin-libraries"))


def pins(found: PinLibraryFacts, mechanism: str, host: str | None = None) -> list[PinFact]:
    return [pin for pin in found.pins if pin.mechanism == mechanism and (host is None or pin.host == host)]


def test_an_app_without_such_libraries_has_none_of_these_facts() -> None:
    assert extract_pin_libraries(context_of("trustkit-free")) == PinLibraryFacts()


def test_cronet_pins_are_read_from_base64_and_from_bytes(found: PinLibraryFacts) -> None:
    facts = pins(found, "cronet", "api.shop.example.com")
    assert [canonical(fact.algorithm, fact.digest or b"") for fact in facts] == [BASE64_PIN, BYTES_PIN]
    assert {(fact.include_subdomains, fact.expires_on, fact.checked_against) for fact in facts} == {
        (True, "2029-12-25", "validated")
    }
    assert {(fact.resolution, fact.activation, fact.owner) for fact in facts} == {("constant", "active", "first-party")}
    place = facts[0].evidence[0]
    assert (place.class_name, (place.method or "").partition("(")[0]) == ("org.example.shop.Engines", "cronet")


def test_pins_that_nobody_passes_are_unresolved_and_not_active(found: PinLibraryFacts) -> None:
    (fact,) = pins(found, "cronet", "old.shop.example.com")
    assert (fact.digest, fact.resolution, fact.activation) == (None, "unresolved", "defined_only")
    assert fact.problem_detail == "nothing in the app calls org.example.shop.Engines.unknown"


def test_a_digest_of_another_length_is_refused_by_the_platforms_engine(found: PinLibraryFacts) -> None:
    (fact,) = pins(found, "httpengine")
    assert (fact.host, fact.problem, fact.digest, fact.expires_on) == ("pay.shop.example.com", "length", None, None)


def test_the_bypass_is_read_where_the_app_sets_it_and_not_in_cronets_own_builder(found: PinLibraryFacts) -> None:
    uses = [use for use in found.api_uses if use.api == "cronet-local-bypass"]
    assert [(use.arguments, use.evidence[0].class_name) for use in uses] == [(("false",), "org.example.shop.Engines")]


def test_androidpinning_holds_the_host_of_an_address_to_keys(found: PinLibraryFacts) -> None:
    (fact,) = pins(found, "androidpinning")
    assert (fact.host, fact.algorithm, fact.hashed_object, fact.problem) == (
        "api.shop.example.com",
        "sha1",
        "spki",
        "example",
    )


def test_netty_compares_leaf_certificates_by_a_manager_that_has_yet_to_be_used(found: PinLibraryFacts) -> None:
    (fact,) = pins(found, "netty")
    assert (fact.host, fact.hashed_object, fact.checked_against, fact.activation) == (
        None,
        "certificate",
        "leaf",
        "unknown",
    )
    assert fact.digest == bytes.fromhex("AA11223344556677889900ABCDEF1234567890AB")


def test_pins_that_a_provider_returns_are_read(found: PinLibraryFacts) -> None:
    (fact,) = pins(found, "fabric")
    assert (fact.value, fact.scope, fact.resolution) == (
        "40c5401d6f8cbaf08b00edefb1ee87d005b3b9cd",
        "org.example.shop.Info",
        "constant",
    )


def test_a_class_that_decides_by_itself_is_an_unresolved_pin(found: PinLibraryFacts) -> None:
    (fact,) = pins(found, "conscrypt")
    assert (fact.resolution, fact.evidence[0].class_name) == ("unresolved", "org.example.shop.Manager")
    assert fact.problem_detail == "the class org.example.shop.Manager decides by itself"


def test_pins_from_another_language_leave_a_gap(found: PinLibraryFacts) -> None:
    (gap,) = found.gaps
    assert (gap.subject, gap.hides) == ("appcelerator.https.PinningTrustManager", ("pin",))
