"""Sockets and engines made by hand, and who compares the server's name."""

from functools import cache

import pytest

from analyzer.extractors.code.callback_wiring import CallbackWiring
from analyzer.extractors.code.sockets import SocketFacts, extract_sockets
from analyzer.model import CallbackFact
from tests.extractors.code.smali_fixtures import context_of


@cache
def _facts() -> SocketFacts:
    code = context_of("sockets")
    return extract_sockets(code, CallbackWiring(code))


def _of(name: str) -> list[CallbackFact]:
    return [fact for fact in _facts().callbacks if fact.class_name == f"org.example.shop.App${name}"]


@pytest.mark.parametrize(
    ("name", "behaviour", "client"),
    [
        ("Unchecked", "no-name-check", "socket"),
        ("DefaultFactory", "no-name-check", "socket"),
        ("Layered", "no-name-check", "socket"),
        ("Engine", "no-name-check", "ssl-engine"),
        ("ByAddress", "no-name-check", "ssl-certificate-socket"),
        ("Identified", "endpoint-identification", "socket"),
        ("IdentifiedByHelper", "endpoint-identification", "socket"),
        ("EngineIdentified", "endpoint-identification", "ssl-engine"),
        ("Verified", "verifier-tested", "socket"),
        ("VerifiedElsewhere", "verifier-tested", "socket"),
        ("Ignored", "verify-result-ignored", "socket"),
        ("Cleared", "endpoint-id-cleared", "socket"),
        ("Socketed", "endpoint-id-cleared", "java-websocket"),
        ("Insecure", "get-insecure", "socket"),
    ],
)
def test_each_way_to_use_a_socket_has_its_behaviour(name: str, behaviour: str, client: str) -> None:
    assert [(fact.behaviour, fact.clients, fact.activation) for fact in _of(name)] == [(behaviour, (client,), "active")]


@pytest.mark.parametrize("name", ["Untouched", "Tuning", "SocketedWell", "Compared", "Handed"])
def test_nothing_is_said_where_nothing_connects_or_it_cannot_be_told(name: str) -> None:
    assert _of(name) == []


def test_sockets_that_could_not_be_judged_are_a_gap() -> None:
    (gap,) = _facts().gaps
    assert "App$Compared (getPeerCertificates is asked)" in gap.detail
    assert "App$Handed (it is handed to android.net.Wrapper.wrap)" in gap.detail
    assert gap.hides == ("socket",)


def test_it_is_told_whether_data_went_over_an_unchecked_socket() -> None:
    assert [fact.detail for fact in (*_of("Unchecked"), *_of("Engine"))] == [
        "data is exchanged over it",
        "a handshake is made with it",
    ]


def test_the_sockets_of_libraries_that_check_names_are_left_out() -> None:
    code = context_of("calls-shrunk")
    found = extract_sockets(code, CallbackWiring(code))
    assert {fact.behaviour for fact in found.callbacks} <= {"verifier-tested", "get-insecure"}


def test_an_answer_that_is_kept_and_never_read_is_ignored() -> None:
    code = context_of("kept-results")
    facts = extract_sockets(code, CallbackWiring(code)).callbacks
    assert {fact.behaviour for fact in facts} == {"verify-result-ignored"}
    names = {fact.class_name.removeprefix("org.example.shop.") for fact in facts}
    assert names == {"Unread", "Replaced", "InLoop"}


def test_the_exchange_of_data_is_evidence_where_it_is_claimed() -> None:
    claimed = [
        fact
        for fact in _facts().callbacks
        if fact.behaviour == "no-name-check" and fact.detail == "data is exchanged over it"
    ]
    assert len(claimed) >= 2
    for fact in claimed:
        assert any(
            f"->{name}(" in (place.snippet or "")
            for place in fact.evidence
            for name in ("getInputStream", "getOutputStream", "wrap", "unwrap")
        ), fact.class_name
