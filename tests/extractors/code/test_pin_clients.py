"""Pinning libraries and pinned clients inside other clients, in code that javac and D8 made."""

import pytest

from analyzer.extractors.code.okhttp import extract_okhttp
from analyzer.extractors.code.pin_libraries import extract_pin_libraries
from analyzer.model import PinFact
from tests.extractors.code.smali_fixtures import context_of


@pytest.fixture(scope="module")
def clients() -> dict[str | None, PinFact]:
    pins = extract_okhttp(context_of("pin-clients")).pins
    assert len({pin.host for pin in pins}) == len(pins)
    return {pin.host: pin for pin in pins}


@pytest.fixture(scope="module")
def legacy() -> dict[str, list[PinFact]]:
    found: dict[str, list[PinFact]] = {}
    for pin in extract_pin_libraries(context_of("pin-legacy")).pins:
        found.setdefault(pin.mechanism, []).append(pin)
    return found


@pytest.mark.parametrize(
    ("host", "pin"),
    [
        ("rn.shop.example.com", "sha256/Rt3ArTd/YKQMQOPhL6L0ySews57fy8Z8fG3G7PuNZqg="),
        ("*.rn.shop.example.com", "sha256/2pUN3PENQQBCGvF5homSqxFblNdxm78ng+QgkGxiJto="),
        ("custom.shop.example.com", "sha256/g+Vbi49gMtvQhuyQkLtdV0vuVH2CBzgcqSfHcmFdNbk="),
        ("ktor.shop.example.com", "sha256/g5EwQUplbGIFlaCJBjWsRt1c4qEsA/OMr7d2Cm0x+po="),
        ("made.shop.example.com", "sha256/ovqQW7NGHb1Hl0zDLBXPBDrzgIAgTYQjRz8GlgNtSk8="),
        ("rest.shop.example.com", "sha256/5UJiFctbmgbDoLXmpL12mkno8HT4Lv8dlat8FxR2GOc="),
    ],
    ids=["React Native", "React Native, wildcard", "React Native's builder", "Ktor", "Ktor, made before", "Retrofit"],
)
def test_a_pinner_inside_another_client_is_in_use(clients: dict[str | None, PinFact], host: str, pin: str) -> None:
    fact = clients[host]
    assert (fact.value, fact.resolution, fact.activation) == (pin, "constant", "active")
    assert not fact.owner.startswith("sdk:")


def test_relocated_androidpinning_says_until_when(legacy: dict[str, list[PinFact]]) -> None:
    assert [(pin.value[:4], pin.algorithm, pin.expires_on, pin.activation) for pin in legacy["androidpinning"]] == [
        ("40c5", "sha1", "2030-01-01", "unknown"),
        ("f300", "sha1", "2030-01-01", "unknown"),
    ]


def test_netty_takes_texts_collections_and_bytes(legacy: dict[str, list[PinFact]]) -> None:
    pins = legacy["netty"]
    assert [(pin.algorithm, (pin.digest or b"")[-1]) for pin in pins] == [
        ("sha1", 0xAC),
        ("sha256", 0xA1),
        ("sha256", 0xA2),
        ("sha256", 0xA3),
    ]
    assert {(pin.hashed_object, pin.checked_against) for pin in pins} == {("certificate", "leaf")}


def test_worklight_is_given_files(legacy: dict[str, list[PinFact]]) -> None:
    assert [(pin.value, pin.hashed_object, pin.activation) for pin in legacy["worklight"]] == [
        ("backend.cer", "key", "active"),
        ("first.cer", "key", "active"),
        ("second.cer", "key", "active"),
    ]
