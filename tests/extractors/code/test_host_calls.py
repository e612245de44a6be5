"""Hosts by the client that contacts them: in calls of known libraries, of the app's subclasses, of renamed code."""

import pytest

from analyzer.extractors.code.host_calls import RUN_TIME_HOST
from analyzer.extractors.code.hosts import HostFacts, extract_hosts
from tests.extractors.code.smali_fixtures import context_of


@pytest.fixture(scope="module")
def found() -> HostFacts:
    return extract_hosts(context_of("host-calls"))


@pytest.mark.parametrize(
    ("name", "client"),
    [
        ("files", "download-manager"),
        ("ktor", "ktor"),
        ("grpc", "grpc"),
        ("target", "grpc"),
        ("quic", "cronet"),
        ("rest", "retrofit"),
        ("prices", "volley"),
        ("volley", "volley"),
        ("plain", "url-connection"),
        ("mail", "socket"),
        ("web", "webview"),
        ("articles", "webview"),
        ("renamed", "okhttp"),
    ],
)
def test_each_host_is_reported_with_its_client(found: HostFacts, name: str, client: str) -> None:
    (host,) = [fact for fact in found.hosts if fact.name == f"{name}.shop.example.com"]
    assert (host.client, host.owner) == (client, "first-party")


def test_a_renamed_call_is_placed_where_the_address_is_given(found: HostFacts) -> None:
    (host,) = [fact for fact in found.hosts if fact.name == "renamed.shop.example.com"]
    assert {(place.class_name, (place.method or "").partition("(")[0]) for place in host.evidence} == {
        ("org.example.shop.Calls", "renamed")
    }


def test_addresses_that_arrive_at_run_time_are_said_to_be_unknown(found: HostFacts) -> None:
    (gap,) = found.gaps
    assert (gap.reason, gap.hides) == ("unresolved-value", ("host",))
    assert "org.example.shop.Calls" in gap.detail
    assert "org.example.shop.LoginTask" in gap.detail


def test_addresses_whose_host_is_known_or_that_are_files_are_no_gap(found: HostFacts) -> None:
    (gap,) = found.gaps
    assert "ShopView" not in gap.detail


def test_cleartext_to_a_host_that_is_known_at_run_time_is_reported(found: HostFacts) -> None:
    (use,) = [use for use in found.api_uses if use.api == RUN_TIME_HOST]
    assert (use.arguments, use.owner) == (("apache-httpclient", "http", None), "first-party")
    assert [place.class_name for place in use.evidence] == ["org.example.shop.LoginTask"]


def test_cleartext_to_a_host_whose_address_is_known_is_the_host_s(found: HostFacts) -> None:
    (host,) = [fact for fact in found.hosts if fact.name == "articles.shop.example.com"]
    assert host.cleartext_clients == ("webview",)


def test_nothing_else_is_taken_for_a_host(found: HostFacts) -> None:
    assert len(found.hosts) == 13
