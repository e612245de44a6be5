"""Rules on pins, applied to facts that the extractors read from compiled code rather than to facts made by hand."""

import pytest

from analyzer.extractors.code.literals import extract_literals
from analyzer.extractors.code.okhttp import extract_okhttp
from analyzer.extractors.code.pin_libraries import extract_pin_libraries
from analyzer.extractors.code.pin_practices import extract_pin_practices
from analyzer.extractors.code.pin_sources import extract_pin_sources
from analyzer.extractors.code.sdks import extract_sdks
from analyzer.model import Finding
from analyzer.ruleset.engine import evaluate
from analyzer.ruleset.loader import load_rules
from tests import factories
from tests.extractors.code.smali_fixtures import context_of


def findings_of(fixture: str) -> dict[str, list[Finding]]:
    code = context_of(fixture)
    okhttp, libraries = extract_okhttp(code), extract_pin_libraries(code)
    pins = (*okhttp.pins, *libraries.pins)
    facts = factories.facts(
        app=code.app,
        policy=factories.policy(),
        pins=(*pins, *extract_literals(code, pins).pins),
        sdks=(*okhttp.sdks, *libraries.sdks, *extract_sdks(code).sdks),
        api_uses=(
            *okhttp.api_uses, *libraries.api_uses, *extract_pin_practices(code), *extract_pin_sources(code, pins)
        ),
        covered=("app", "code", "host", "pin", "policy", "sdk"),
    )  # fmt: skip
    found: dict[str, list[Finding]] = {}
    for finding in evaluate(load_rules(), facts, (), factories.options()).findings:
        found.setdefault(finding.rule_id, []).append(finding)
    return found


@pytest.fixture(scope="module")
def practices() -> dict[str, list[Finding]]:
    return findings_of("pin-practices")


@pytest.fixture(scope="module")
def libraries() -> dict[str, list[Finding]]:
    return findings_of("pin-libraries")


def subjects(findings: list[Finding]) -> set[str]:
    return {finding.subject for finding in findings}


def test_pins_from_preferences_configuration_and_network_are_remote(practices: dict[str, list[Finding]]) -> None:
    assert subjects(practices["PIN-REMOTE-SOURCE"]) == {
        "prefs.shop.example.com", "remote.shop.example.com", "net.shop.example.com"
    }  # fmt: skip


def test_every_value_that_is_not_known_is_said_to_be_unresolved(practices: dict[str, list[Finding]]) -> None:
    assert len(subjects(practices["PIN-UNRESOLVED"])) == 5
    assert "OKHTTP-PIN-INVALID" not in practices


def test_probes_first_use_and_ageing_pins_are_found(practices: dict[str, list[Finding]]) -> None:
    assert subjects(practices["PIN-OUT-OF-BAND"]) == {"pay.shop.example.com", "mail.shop.example.com", "every host"}
    (first_use,) = practices["PIN-TOFU"]
    assert {place.class_name for place in first_use.locations} == {
        "org.example.shop.FirstUse", "org.example.shop.Memorizing"
    }  # fmt: skip
    (window,) = practices["PIN-TIMEBOMB"]
    assert "7776000000 milliseconds" in window.message


def test_an_unmaintained_plugin_is_found(practices: dict[str, list[Finding]]) -> None:
    assert subjects(practices["PIN-LEGACY-LIB"]) == {"cordova-sslcertificatechecker"}


def test_whole_leaf_certificates_are_found(libraries: dict[str, list[Finding]]) -> None:
    assert libraries["PIN-LEAF-CERT"] and libraries["PIN-UNRESOLVED"]


def test_texts_without_a_sink_are_tentative() -> None:
    found = findings_of("literals")["PIN-STRING-ONLY"]
    assert {(finding.severity.value, finding.confidence.value) for finding in found} == {("info", "tentative")}
    assert "sha256/Rt3ArTd/YKQMQOPhL6L0ySews57fy8Z8fG3G7PuNZqg=" in subjects(found)
