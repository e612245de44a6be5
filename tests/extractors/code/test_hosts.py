"""Hosts that texts in the code name, with whose code names them and where."""

import pytest

from analyzer.extractors.code import hosts as hosts_module
from analyzer.extractors.code.hosts import HostFacts, extract_hosts
from tests.extractors.code.smali_fixtures import context_of


@pytest.fixture(scope="module")
def found() -> HostFacts:
    return extract_hosts(context_of("hosts"))


def places(found: HostFacts, name: str, owner: str) -> list[tuple[str | None, str | None]]:
    (fact,) = [fact for fact in found.hosts if (fact.name, fact.owner) == (name, owner)]
    return [(place.class_name, (place.method or "").partition("(")[0] or None) for place in fact.evidence]


def test_exactly_the_hosts_of_the_source_are_found_each_with_its_owner(found: HostFacts) -> None:
    own = {
        "api.shop.example.com", "live.shop.example.com", "192.0.2.7", "github.com", "one.example.org", "two.example.org",
        "static.shop.example.com",
    }  # fmt: skip
    assert {(fact.name, fact.owner) for fact in found.hosts} == {
        *((name, "first-party") for name in own),
        ("collector.vendor.example.net", "sdk:okhttp"),
        ("api.shop.example.com", "sdk:okhttp"),
        ("annotated.shop.example.com", "unknown"),
    }
    assert {fact.source for fact in found.hosts} == {"code"}


def test_a_host_names_the_places_that_load_it(found: HostFacts) -> None:
    assert places(found, "api.shop.example.com", "first-party") == [("org.example.shop.Urls", "load")] * 2
    assert places(found, "api.shop.example.com", "sdk:okhttp") == [("okhttp3.Library", "load")]


def test_a_constant_that_no_code_loads_is_placed_at_its_field_s_class(found: HostFacts) -> None:
    assert places(found, "static.shop.example.com", "first-party") == [("org.example.shop.Urls", None)]


def test_a_text_of_an_annotation_belongs_to_the_file_only(found: HostFacts) -> None:
    (fact,) = [fact for fact in found.hosts if fact.owner == "unknown"]
    (place,) = fact.evidence
    assert (place.kind, place.entry) == ("entry", "hosts.dex")


def test_a_host_that_is_put_together_is_said_to_be_unknown_in_the_app_s_code_only(found: HostFacts) -> None:
    (gap,) = found.gaps
    assert (gap.reason, gap.subject, gap.hides) == ("unresolved-value", "1 place", ("host",))
    assert "org.example.shop.Urls" in gap.detail and "okhttp3" not in gap.detail


def test_beyond_the_bound_texts_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts_module, "_MAX_TEXTS", 3)
    gaps = extract_hosts(context_of("hosts")).gaps
    assert any(gap.reason == "limit" and gap.incomplete and "texts with URLs" in gap.subject for gap in gaps)
