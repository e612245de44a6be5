"""Pins that interceptors and host name verifiers compare by hand with the certificates of a handshake."""

import hashlib
from functools import cache

import pytest

from analyzer.extractors.code.callback_wiring import CallbackWiring
from analyzer.extractors.code.handshake_pins import extract_interceptor_pins, extract_verifier_pins
from analyzer.extractors.code.hostname_verifiers import extract_hostname_verifiers
from analyzer.model import PinFact
from tests.extractors.code.smali_fixtures import context_of

BUILDS = ("check-pins", "check-pins-r8", "check-pins-relocated")
NAMES = (
    "pinned", "host one", "host two", "logs", "local", "without", "after", "not added", "by library",
    "verifier leaf", "chain one", "chain two", "verifier logs", "verifier own", "verifier not set", "verifier by library", "in the list",
)  # fmt: skip
"""The sources hold the SHA-256 of each."""
BY_DIGEST = {hashlib.sha256(name.encode()).digest(): name for name in NAMES}


@cache
def found(build: str) -> dict[str, PinFact]:
    """Return the pins of a build by the text whose hash they are."""
    code = context_of(build)
    wiring = CallbackWiring(code)
    verifiers = extract_hostname_verifiers(code, wiring)
    pins = (*extract_interceptor_pins(code, wiring).pins, *extract_verifier_pins(code, verifiers).pins)
    assert all(pin.digest is not None and pin.resolution == "constant" for pin in pins)
    named = {BY_DIGEST[pin.digest or b""]: pin for pin in pins}
    assert len(named) == len(pins), "one pin is told twice"
    return named


@pytest.mark.parametrize("build", BUILDS)
def test_each_key_that_is_compared_with_the_servers_is_a_pin(build: str) -> None:
    assert {name: pin.mechanism for name, pin in found(build).items()} == {
        **dict.fromkeys(
            ("pinned", "host one", "host two", "logs", "without", "after", "not added", "by library"), "interceptor"
        ),
        **dict.fromkeys(
            ("verifier leaf", "chain one", "chain two", "verifier logs", "verifier not set", "verifier by library"),
            "verifier-pin",
        ),
    }
    assert {(pin.hashed_object, pin.algorithm) for pin in found(build).values()} == {("spki", "sha256")}


@pytest.mark.parametrize("build", BUILDS)
def test_the_apps_own_certificates_are_no_pins(build: str) -> None:
    assert not {"local", "verifier own"} & set(found(build))


@pytest.mark.parametrize("build", BUILDS)
def test_the_first_certificate_is_the_leaf_and_a_loop_takes_any_that_was_presented(build: str) -> None:
    against = {name: pin.checked_against for name, pin in found(build).items()}
    presented = {"host one", "host two", "chain one", "chain two"}
    assert {name for name, what in against.items() if what == "presented"} == presented
    assert {what for name, what in against.items() if name not in presented} == {"leaf"}


@pytest.mark.parametrize("build", BUILDS)
def test_a_host_is_known_only_where_the_address_is_compared_with_it(build: str) -> None:
    hosts = {name: pin.host for name, pin in found(build).items() if pin.host is not None}
    assert hosts == dict.fromkeys(("host one", "host two"), "pay.example.org")


@pytest.mark.parametrize("build", BUILDS)
def test_a_mismatch_that_is_only_logged_enforces_nothing(build: str) -> None:
    pins = found(build)
    assert {name for name, pin in pins.items() if pin.enforced is False} == {"logs", "verifier logs"}
    assert {pins["logs"].activation, pins["verifier logs"].activation} == {"created"}


@pytest.mark.parametrize("build", BUILDS)
def test_pins_run_where_the_interceptor_is_added_and_the_verifier_is_set(build: str) -> None:
    active = {name for name, pin in found(build).items() if pin.activation == "active"}
    assert active == {
        "by library",
        "verifier by library",
        "pinned",
        "host one",
        "host two",
        "after",
        "verifier leaf",
        "chain one",
        "chain two",
    }


@pytest.mark.parametrize("build", BUILDS)
def test_an_interceptor_that_is_not_on_the_network_has_no_connection_to_ask(build: str) -> None:
    pin = found(build)["without"]
    assert pin.activation == "created"
    assert "only network interceptors" in (pin.problem_detail or "")


def test_an_interceptor_that_is_added_to_a_list_which_a_builder_hands_out_is_in_use() -> None:
    pin = found("check-pins-list")["in the list"]
    assert (pin.activation, pin.checked_against, pin.enforced) == ("active", "leaf", None)
