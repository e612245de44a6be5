"""Hosts that only resources name."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from analyzer.apk.resources import ResourceText
from analyzer.extractors.code.hosts import extract_hosts
from analyzer.model import HostFact
from tests.extractors.code.smali_fixtures import context_of


def found_in(*texts: tuple[str | None, str]) -> list[HostFact]:
    def search(fragments: Sequence[str]) -> Iterable[ResourceText]:
        assert list(fragments) == ["://"]
        return [ResourceText(entry="resources.arsc", name=name, text=text) for name, text in texts]

    code = replace(context_of("hosts"), resource_texts=search)
    return [fact for fact in extract_hosts(code).hosts if fact.source == "resource"]


def test_a_url_in_a_string_resource_names_a_host_that_nobody_is_known_to_contact() -> None:
    (fact,) = found_in(("string/firebase_database_url", "https://shop-1234.firebaseio.com"))
    assert (fact.name, fact.owner, fact.client) == ("shop-1234.firebaseio.com", "unknown", None)
    assert (fact.tls_ports, fact.cleartext_named) == ((443,), False)
    (place,) = fact.evidence
    assert (place.kind, place.snippet) == (
        "resource",
        "string/firebase_database_url = https://shop-1234.firebaseio.com",
    )


def test_a_url_without_tls_is_told_apart() -> None:
    (fact,) = found_in(("string/login_url", "http://login.example.net/in"))
    assert (fact.cleartext_named, fact.tls_ports) == (True, ())


def test_two_languages_of_one_host_are_one_fact() -> None:
    (fact,) = found_in(("string/base", "https://a.example.net/de"), ("string/base", "https://a.example.net/en"))
    assert len(fact.evidence) == 2


def test_what_the_code_names_itself_is_left_to_it() -> None:
    assert found_in(("string/base", "https://live.shop.example.com/")) == []


def test_links_in_styled_texts_and_addresses_in_sentences_are_left_out() -> None:
    assert found_in((None, "a;href=https://www.example.net/"), ("string/about", "See https://www.example.net/.")) == []


def test_an_app_without_resources_has_none() -> None:
    code = replace(context_of("hosts"), resource_texts=None)
    assert {fact.source for fact in extract_hosts(code).hosts} == {"code"}


def test_more_hosts_than_are_kept_are_said_to_be_left_out() -> None:
    texts = [
        ResourceText(entry="resources.arsc", name="array/mirrors", text=f"https://m{number}.example.net/")
        for number in range(502)
    ]
    found = extract_hosts(replace(context_of("hosts"), resource_texts=lambda _: texts))
    assert sum(fact.source == "resource" for fact in found.hosts) == 500
    assert "2 hosts of resources were left out." in [gap.detail for gap in found.gaps]
