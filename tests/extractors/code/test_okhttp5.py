"""OkHttp 5: what interceptors give the rest of a call, under the library's names and renamed."""

import hashlib
from functools import cache

import pytest

from analyzer.extractors.code.callback_wiring import CallbackWiring
from analyzer.extractors.code.client_facts import extract_clients
from analyzer.extractors.code.context import CodeContext
from analyzer.extractors.code.hostname_verifiers import extract_hostname_verifiers
from analyzer.extractors.code.okhttp import extract_okhttp
from analyzer.extractors.code.okhttp_fingerprints import load_fingerprints
from analyzer.extractors.code.trust_managers import extract_trust_managers
from analyzer.model import PinFact
from tests.extractors.code.smali_fixtures import context_of

BUILDS = ["okhttp5", "okhttp5-r8"]


@cache
def context(build: str) -> CodeContext:
    return context_of(build, application="org.example.shop.App", package="org.example.shop")


@cache
def pins(build: str) -> dict[bytes | None, PinFact]:
    return {pin.digest: pin for pin in extract_okhttp(context(build)).pins}


def _sha256(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


@pytest.mark.parametrize("build", BUILDS)
def test_the_library_is_recognised_with_its_version(build: str) -> None:
    (copy,) = context(build).okhttp_copies
    assert (copy.mechanism, copy.version) == ("okhttp3", "5.3.2")
    assert copy.found_by == ("structure" if build.endswith("r8") else "name")


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize(("name", "host"), [("Ok5Client", "client"), ("Ok5Chain", "chain")])
def test_pins_of_clients_and_of_chains_are_in_use(build: str, name: str, host: str) -> None:
    pin = pins(build)[_sha256(name)]
    assert (pin.host, pin.activation, pin.problem) == (f"{host}.shop.example.com", "active", None)


@pytest.mark.parametrize("build", BUILDS)
def test_a_method_that_is_only_named_like_that_of_a_chain_puts_nothing_to_use(build: str) -> None:
    assert pins(build)[_sha256("Ok5Held")].activation == "unknown"


def test_only_methods_of_chains_are_taken_for_theirs() -> None:
    (copy,) = context("okhttp5").okhttp_copies
    assert {ref.owner for ref in copy.chain_setters} == {
        "Lokhttp3/Interceptor$Chain;", "Lokhttp3/RealInterceptorChain;"
    }  # fmt: skip
    assert {ref.owner for ref in copy.setters} == {"Lokhttp3/OkHttpClient$Builder;"}


@pytest.mark.parametrize("build", BUILDS)
def test_a_verifier_that_a_chain_is_given_is_one_of_okhttp(build: str) -> None:
    code = context(build)
    (fact,) = extract_hostname_verifiers(code, CallbackWiring(code)).callbacks
    assert (fact.behaviour, fact.activation, fact.clients) == ("accept-all", "active", ("okhttp",))


@pytest.mark.parametrize("build", BUILDS)
def test_a_manager_in_the_socket_factory_of_a_chain_is_one_of_okhttp(build: str) -> None:
    code = context(build)
    (fact,) = extract_trust_managers(code, CallbackWiring(code)).callbacks
    assert (fact.behaviour, fact.activation, fact.clients) == ("accept-all", "active", ("okhttp",))


@pytest.mark.parametrize("build", BUILDS)
def test_a_chain_is_no_client_without_pins(build: str) -> None:
    code = context(build)
    assert [fact.pinned for fact in extract_clients(code, CallbackWiring(code)).clients] == [True]


def test_the_refusal_of_a_name_is_known_as_each_release_writes_it() -> None:
    own = load_fingerprints().okhttp_anchors.own
    release_5 = "\n            |Hostname \0 not verified:\n            |    certificate: "
    assert any(text in release_5 for text in own)
