"""OkHttp 2, whose clients have setters of their own: pins, managers, verifiers, interceptors and settings."""

import hashlib
from functools import cache

import pytest

from analyzer.dex import FieldRef
from analyzer.extractors.code.api_uses import extract_api_uses
from analyzer.extractors.code.callback_wiring import CallbackWiring
from analyzer.extractors.code.client_facts import extract_clients
from analyzer.extractors.code.handshake_pins import extract_interceptor_pins
from analyzer.extractors.code.hostname_verifiers import extract_hostname_verifiers
from analyzer.extractors.code.hosts import extract_hosts
from analyzer.extractors.code.okhttp import RESET, OkHttpFacts, extract_okhttp
from analyzer.extractors.code.okhttp_settings import extract_okhttp_settings
from analyzer.extractors.code.trust_managers import extract_trust_managers
from analyzer.model import PinFact
from tests.extractors.code.smali_fixtures import context_of

BUILDS = ["okhttp2", "okhttp2-r8"]
PINS = {
    "Ok2Api1": ("api.shop.example.com", "active"),
    "Ok2Api2": ("api.shop.example.com", "active"),
    "Ok2Images": ("*.img.shop.example.com", "active"),
    "Ok2Clone": ("clone.shop.example.com", "active"),
    "Ok2Rest": ("rest.shop.example.com", "active"),
    "Ok2Reset": ("reset.shop.example.com", "created"),
    "Ok2Unused": ("unused.shop.example.com", "unknown"),
}
"""Each pin is the SHA-1 of its name. The unused one is printed: who prints it might keep it."""


def _sha1(name: str) -> bytes:
    return hashlib.sha1(name.encode(), usedforsecurity=False).digest()


def _sha256(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


@cache
def facts(build: str) -> OkHttpFacts:
    return extract_okhttp(context_of(build))


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("name", PINS)
def test_pins_have_their_host_and_whether_a_client_gets_them(build: str, name: str) -> None:
    (pin,) = [pin for pin in facts(build).pins if pin.digest == _sha1(name)]
    assert (pin.host, pin.activation) == PINS[name]
    assert (pin.mechanism, pin.algorithm, pin.hashed_object) == ("okhttp2", "sha1", "spki")
    assert (pin.checked_against, pin.resolution) == ("validated", "constant")


@pytest.mark.parametrize("build", BUILDS)
def test_pins_of_sha256_are_refused_by_the_version(build: str) -> None:
    (pin,) = [pin for pin in facts(build).pins if pin.host == "new.shop.example.com"]
    assert (pin.digest, pin.problem) == (None, "prefix")
    assert "OkHttp 2.7.5 takes pins that begin with sha1/ alone" in (pin.problem_detail or "")


@pytest.mark.parametrize("build", BUILDS)
def test_no_other_pins_are_found_and_the_default_pinner_resets(build: str) -> None:
    assert len(facts(build).pins) == len(PINS) + 1
    assert [use.api for use in facts(build).api_uses] == [RESET]


@pytest.mark.parametrize("build", BUILDS)
def test_a_pinning_manager_in_a_socket_factory_is_in_use(build: str) -> None:
    code = context_of(build)
    (pin,) = extract_trust_managers(code, CallbackWiring(code)).pins
    assert (pin.digest, pin.activation, pin.clients) == (_sha256("Ok2Managed"), "active", ("okhttp",))


@pytest.mark.parametrize("build", BUILDS)
def test_a_verifier_that_a_client_is_given_is_in_use(build: str) -> None:
    code = context_of(build)
    (fact,) = extract_hostname_verifiers(code, CallbackWiring(code)).callbacks
    assert (fact.behaviour, fact.activation) == ("allow-list", "active")


def interceptor_pins(build: str) -> dict[bytes | None, PinFact]:
    code = context_of(build)
    return {pin.digest: pin for pin in extract_interceptor_pins(code, CallbackWiring(code)).pins}


@pytest.mark.parametrize("build", BUILDS)
def test_interceptors_are_in_use_where_they_are_added_to_a_list(build: str) -> None:
    pins = interceptor_pins(build)
    assert {name: pins[_sha256(name)].activation for name in ("Ok2Connection", "Ok2Response")} == {
        "Ok2Connection": "active", "Ok2Response": "active"
    }  # fmt: skip
    without = pins[_sha256("Ok2WithoutConnection")]
    assert without.activation == "created"
    assert "only network interceptors" in (without.problem_detail or "")


@pytest.mark.parametrize("build", BUILDS)
def test_an_interceptor_that_is_printed_is_not_in_use(build: str) -> None:
    assert interceptor_pins(build)[_sha256("Ok2NotAdded")].activation in ("created", "unknown")


def test_the_parts_of_a_renamed_copy_that_are_not_known_leave_a_gap() -> None:
    code = context_of("okhttp2-r8")
    (gap,) = extract_okhttp_settings(code, CallbackWiring(code)).gaps
    assert "those of version 2" in gap.detail and "may be missing" in gap.detail


def test_a_copy_with_its_names_leaves_none() -> None:
    code = context_of("okhttp2")
    assert not extract_okhttp_settings(code, CallbackWiring(code)).gaps


def test_lists_that_no_chain_takes_interceptors_from_are_not_taken_for_them() -> None:
    code = context_of("okhttp2-r8")
    (copy,) = code.okhttp_copies
    other = FieldRef(copy.client_fields[0].owner, "g", "Ljava/util/List;")
    (renamed,) = code.renamed_okhttp
    assert code.program.resolve_field(other) is not None
    assert other not in renamed.fields
    assert sorted(renamed.fields.values()) == ["interceptor", "network-interceptor"]


def test_clients_have_what_their_setters_gave_them() -> None:
    code = context_of("okhttp2")
    found = {fact.method.partition("(")[0]: fact for fact in extract_clients(code, CallbackWiring(code)).clients}
    assert {name: found[name].pinned for name in ("<init>", "cloned", "plain", "managed")} == {
        "<init>": True, "cloned": True, "plain": False, "managed": False
    }  # fmt: skip
    assert found["managed"].factory_managers == ("org.example.shop.Pinned",)
    assert found["managed"].own_verifier is True


def test_a_client_in_a_field_that_gets_its_pins_later_is_no_plain_one() -> None:
    hosts = {host.name: host.client for host in extract_hosts(context_of("okhttp2")).hosts}
    assert hosts["api.shop.example.com"] == "okhttp"
    assert hosts["plain.shop.example.com"] == "okhttp, okhttp-plain"


def test_settings_of_clients_are_read() -> None:
    code = context_of("okhttp2")
    uses = {(use.api, use.arguments) for use in extract_api_uses(code, CallbackWiring(code)).api_uses}
    assert ("okhttp-follow-ssl-redirects", ("false",)) in uses
    assert ("okhttp-connection-specs", ("COMPATIBLE_TLS", "CLEARTEXT")) in uses
