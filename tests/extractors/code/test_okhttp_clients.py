"""Calls through OkHttp clients that certainly have no pins, in code that javac and D8 made."""

import pytest

from analyzer.extractors.code.hosts import HostFacts, extract_hosts
from analyzer.extractors.code.okhttp_clients import CLIENT, PLAIN_CLIENT
from tests.extractors.code.smali_fixtures import context_of


@pytest.fixture(scope="module")
def found() -> HostFacts:
    return extract_hosts(context_of("plain-clients"))


def clients_of(found: HostFacts, name: str) -> set[str]:
    (host,) = [fact for fact in found.hosts if fact.name == f"{name}.shop.example.com"]
    return set((host.client or "").split(", "))


@pytest.mark.parametrize("name", ["field", "local", "helper", "passed"])
def test_a_client_made_without_a_pinner_is_known(found: HostFacts, name: str) -> None:
    assert clients_of(found, name) == {"okhttp", CLIENT}


@pytest.mark.parametrize("name", ["pinned", "derived", "guarded", "either", "configured"])
def test_a_client_that_has_pins_or_may_have_them_is_not_called_plain(found: HostFacts, name: str) -> None:
    assert clients_of(found, name) == {"okhttp"}


def test_each_such_call_is_a_use_that_rules_can_ask_for(found: HostFacts) -> None:
    assert {(use.api, use.arguments, use.activation, use.owner) for use in found.api_uses} == {
        (PLAIN_CLIENT, (f"{name}.shop.example.com",), "active", "first-party")
        for name in ("field", "local", "helper", "passed")
    }


def test_an_app_without_okhttp_has_none() -> None:
    assert extract_hosts(context_of("trustkit-free")).api_uses == ()
