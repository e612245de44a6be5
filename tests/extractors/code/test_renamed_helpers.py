"""Helpers of libraries that accept everything, in builds where a shrinker took the libraries' names.

``renamed-helpers`` calls them, with the classes of Apache's HttpClient 4.x, loopj's client and Netty built as stand-ins;
``renamed-strict`` uses the same library well.
"""

from functools import cache

import pytest

from analyzer.dex import dotted
from analyzer.extractors.code.callback_wiring import CallbackWiring
from analyzer.extractors.code.context import CodeContext
from analyzer.extractors.code.hostname_verifiers import VerifierFacts, extract_hostname_verifiers
from analyzer.extractors.code.trust_managers import extract_trust_managers
from analyzer.model import CallbackFact
from tests.extractors.code.smali_fixtures import context_of


@cache
def context(build: str) -> CodeContext:
    return context_of(build, application="org.example.shop.App", package="org.example.shop")


@cache
def verifiers(build: str) -> VerifierFacts:
    return extract_hostname_verifiers(context(build), CallbackWiring(context(build)))


@cache
def managers(build: str) -> tuple[CallbackFact, ...]:
    return extract_trust_managers(context(build), CallbackWiring(context(build))).callbacks


def saying(build: str, text: str) -> CallbackFact:
    """Return the fact about the verifier that calls itself `text`, which no shrinker changes."""
    sites = context(build).program.users.loads_of((text,))
    names = {dotted(site.method.ref.owner) for site in sites if site.method.ref.name == "toString"}
    (found,) = [fact for fact in verifiers(build).callbacks if fact.class_name in names]
    return found


def test_the_names_of_the_libraries_are_gone() -> None:
    names = [descriptor for descriptor, _ in context("renamed-helpers-r8").program.hierarchy.definitions]
    assert not [name for name in names if "apache" in name or "loopj" in name or "netty" in name]


@pytest.mark.parametrize("build", ["renamed-helpers", "renamed-helpers-r8"])
@pytest.mark.parametrize("text", ["NO_OP", "ALLOW_ALL"])
def test_a_verifier_that_accepts_every_name_is_in_use(build: str, text: str) -> None:
    found = saying(build, text)
    assert (found.behaviour, found.activation) == ("accept-all", "active")


def test_a_verifier_is_used_by_what_asks_it_for_a_socket_under_any_name() -> None:
    assert saying("renamed-helpers-r8", "ALLOW_ALL").clients == ("by-hand",)
    assert saying("renamed-helpers-r8", "NO_OP").clients == ("https-url-connection",)


@pytest.mark.parametrize("build", ["renamed-helpers", "renamed-helpers-r8", "renamed-strict", "renamed-strict-r8"])
def test_a_verifier_that_compares_names_in_what_its_superclass_calls_is_none(build: str) -> None:
    assert saying(build, "STRICT").behaviour == "custom"


def test_a_verifier_that_is_made_and_never_asked_is_not_in_use() -> None:
    assert saying("renamed-strict-r8", "ALLOW_ALL").activation == "created"


def test_managers_that_accept_everything_are_found_by_what_they_do() -> None:
    found = [(fact.behaviour, fact.activation) for fact in managers("renamed-helpers-r8")]
    assert found == [("accept-all", "active")] * 3


def test_their_clients_are_told() -> None:
    found = {fact.clients for fact in managers("renamed-helpers-r8")}
    assert found == {("https-url-connection",), ("socket",), ("https-url-connection", "socket")}


@pytest.mark.parametrize("build", ["renamed-strict", "renamed-strict-r8"])
def test_a_strategy_that_accepts_one_key_or_leaves_it_to_the_platform_is_no_manager_that_accepts_everything(
    build: str,
) -> None:
    found = [fact.behaviour for fact in managers(build) if fact.activation == "active"]
    assert found == ["pin-leaf-key"]
