"""Retrofit's addresses: which hosts it contacts, with its names and OkHttp's, and with both renamed by R8."""

from functools import cache

import pytest

from analyzer.extractors.code.context import CodeContext
from analyzer.extractors.code.hosts import extract_hosts
from analyzer.extractors.code.retrofit_addresses import RetrofitAddresses
from analyzer.model import HostFact
from tests.extractors.code.smali_fixtures import context_of

BUILDS = ["retrofit", "retrofit-r8"]


@cache
def context(build: str) -> CodeContext:
    return context_of(build, application="org.example.shop.App", package="org.example.shop")


@cache
def hosts(build: str) -> tuple[HostFact, ...]:
    return extract_hosts(context(build)).hosts


def clients(build: str, name: str) -> set[str]:
    """Return the clients of a host, without what is not known."""
    return {fact.client for fact in hosts(build) if fact.name == f"{name}.example.com" and fact.client is not None}


def test_the_names_of_retrofit_are_gone_from_the_renamed_build() -> None:
    assert context("retrofit").program.find_class("Lretrofit2/Retrofit;") is not None
    assert context("retrofit-r8").program.find_class("Lretrofit2/Retrofit;") is None


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("name", ["first", "second"])
def test_hosts_of_addresses_that_retrofit_is_given_are_its_own(build: str, name: str) -> None:
    assert clients(build, name) == {"retrofit"}


@pytest.mark.parametrize("name", ["first", "second"])
def test_they_are_placed_where_the_app_gives_the_address(name: str) -> None:
    (fact,) = [one for one in hosts("retrofit-r8") if (one.name, one.client) == (f"{name}.example.com", "retrofit")]
    assert fact.owner == "first-party"
    assert {(place.class_name, place.method) for place in fact.evidence} == {("org.example.shop.App", "onCreate()V")}


@pytest.mark.parametrize("build", BUILDS)
def test_an_address_that_is_parsed_beside_it_is_none_of_retrofit(build: str) -> None:
    assert clients(build, "parsed") == {"okhttp"}


@pytest.mark.parametrize("build", BUILDS)
def test_an_address_of_a_request_is_none_of_retrofit(build: str) -> None:
    assert "retrofit" not in clients(build, "direct")


def test_without_its_text_nothing_is_taken_for_retrofits() -> None:
    code = context_of("clients-renamed")
    assert code.resolver is not None
    retrofit = RetrofitAddresses(code, code.resolver)
    for renamed in code.renamed_okhttp:
        for site in code.program.users.callers_of(renamed.requests.parsers):
            assert not retrofit.takes(site)
