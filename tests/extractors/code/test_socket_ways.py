"""Sockets whose name somebody else sees to: functions, factories, callers; and what else such code hands around."""

from functools import cache

import pytest

from analyzer.extractors.code.api_uses import extract_api_uses
from analyzer.extractors.code.callback_wiring import CallbackWiring
from analyzer.extractors.code.sockets import SocketFacts, extract_sockets
from analyzer.extractors.code.trust_keystores import extract_keystores
from tests.extractors.code.smali_fixtures import context_of


@cache
def _facts() -> SocketFacts:
    code = context_of("socket-ways")
    return extract_sockets(code, CallbackWiring(code))


@cache
def _uses(api: str) -> list[tuple[str | None, ...]]:
    return [use.arguments for use in extract_api_uses(context_of("socket-ways")).api_uses if use.api == api]


def _behaviours(name: str) -> list[str]:
    return [fact.behaviour for fact in _facts().callbacks if fact.class_name == f"org.example.shop.App${name}"]


@pytest.mark.parametrize(
    ("name", "behaviour"),
    [
        ("FilledByFunction", "endpoint-identification"),
        ("FilledWithoutName", "no-name-check"),
        ("MadeByChecking", "endpoint-identification"),
        ("MadeByWrapped", "endpoint-identification"),
        ("MadeElsewhere", "no-name-check"),
        ("MadeByHanding", "no-name-check"),
        ("ToldAndTested", "verifier-tested"),
    ],
)
def test_who_sees_to_the_name_is_found(name: str, behaviour: str) -> None:
    assert _behaviours(name) == [behaviour]


def test_a_verdict_that_is_only_told_is_ignored() -> None:
    assert _behaviours("Told") == ["verify-result-ignored"]


def test_of_several_callers_the_one_that_asks_for_no_check_is_named() -> None:
    assert _behaviours("AsksForNone") == ["endpoint-id-cleared"]
    assert _behaviours("AsksForCheck") == []


def test_parameters_that_an_unknown_function_fills_in_are_a_gap() -> None:
    assert _behaviours("FilledByUnknown") == []
    (gap,) = _facts().gaps
    assert "App$FilledByUnknown (its parameters come from elsewhere)" in gap.detail


def test_what_a_caller_leaves_out_is_no_argument() -> None:
    assert ("first.example.com", None) in _uses("raw-socket")
    assert ("default.example.com", None) in _uses("raw-socket")
    assert not [given for given in _uses("raw-socket") if "null" in given]


def test_defaults_that_nobody_asks_for_are_no_argument() -> None:
    assert ("given.example.com", None) in _uses("raw-socket")
    assert ("unused.example.com", None) not in _uses("raw-socket")


def test_properties_in_maps_and_pairs_are_read() -> None:
    found = _uses("mail-property")
    assert ("mail.imap.starttls.enable", "true") in found
    assert ("mail.smtp.starttls.enable", "true") in found
    assert not [given for given in found if "colour" in given]


def test_a_filter_that_is_a_function_counts_where_it_takes_the_systems_authorities() -> None:
    code = context_of("socket-ways")
    uses = extract_keystores(code, CallbackWiring(code)).api_uses
    places = [(use.api, use.arguments, use.evidence[0].class_name) for use in uses]
    assert places == [("android-ca-store-trust", ("user",), "org.example.shop.App$OfUser")]
