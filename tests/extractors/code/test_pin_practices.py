"""Where pins come from at run time, and what apps do with certificates beside pinning them."""

import pytest

from analyzer.extractors.code.okhttp import extract_okhttp
from analyzer.extractors.code.pin_practices import OUT_OF_BAND, WINDOW, extract_pin_practices
from analyzer.extractors.code.pin_sources import PIN_SOURCE, extract_pin_sources
from analyzer.model import ApiUse, PinFact
from tests.extractors.code.smali_fixtures import context_of


@pytest.fixture(scope="module")
def pins() -> tuple[PinFact, ...]:
    return extract_okhttp(context_of("pin-practices")).pins


@pytest.fixture(scope="module")
def sources(pins: tuple[PinFact, ...]) -> dict[str | None, ApiUse]:
    return {use.arguments[1]: use for use in extract_pin_sources(context_of("pin-practices"), pins)}


@pytest.fixture(scope="module")
def practices() -> dict[tuple[str, str], ApiUse]:
    """Return the uses by the class and method that show them."""
    found = extract_pin_practices(context_of("pin-practices"))
    assert len({(use.evidence[0].class_name, use.evidence[0].method) for use in found}) == len(found)
    return {
        ((use.evidence[0].class_name or "").rpartition(".")[2], (use.evidence[0].method or "").partition("(")[0]): use
        for use in found
    }


def test_no_pin_of_these_is_a_constant(pins: tuple[PinFact, ...]) -> None:
    assert {pin.resolution for pin in pins} == {"partial"}
    assert {pin.host for pin in pins} == {
        f"{name}.shop.example.com" for name in ("prefs", "remote", "net", "signed", "asset")
    }


@pytest.mark.parametrize(
    ("host", "kind", "signed"),
    [
        ("prefs", "preferences", None),
        ("remote", "remote-config", None),
        ("net", "network", None),
        ("signed", "network", "signed"),
    ],
)
def test_the_kind_of_place_that_pins_come_from_is_told(
    sources: dict[str | None, ApiUse], host: str, kind: str, signed: str | None
) -> None:
    use = sources[f"{host}.shop.example.com"]
    assert (use.api, use.arguments[0], use.arguments[2]) == (PIN_SOURCE, kind, signed)
    assert (use.activation, use.owner) == ("active", "first-party")


def test_a_text_of_unknown_origin_is_no_proof_of_a_remote_source(sources: dict[str | None, ApiUse]) -> None:
    assert "asset.shop.example.com" not in sources


@pytest.mark.parametrize(
    ("method", "host"), [("check", "pay.shop.example.com"), ("handshake", "mail.shop.example.com")]
)
def test_a_certificate_compared_on_a_connection_of_its_own_is_a_probe(
    practices: dict[tuple[str, str], ApiUse], method: str, host: str
) -> None:
    use = practices["Probes", method]
    assert (use.api, use.arguments[1], use.activation, use.owner) == (OUT_OF_BAND, host, "active", "first-party")


@pytest.mark.parametrize("method", ["checkAndSend", "checkAndHandOn", "show"])
def test_a_check_of_the_connection_that_carries_the_traffic_is_none(
    practices: dict[tuple[str, str], ApiUse], method: str
) -> None:
    assert ("Probes", method) not in practices


def test_a_plugin_that_probes_is_found_by_its_name(practices: dict[tuple[str, str], ApiUse]) -> None:
    use = practices["SSLCertificateChecker", "execute"]
    assert (use.api, use.arguments[0], use.activation) == (OUT_OF_BAND, "SSLCertificateChecker", "unknown")


@pytest.mark.parametrize("place", [("FirstUse", "remember"), ("Memorizing", "checkServerTrusted")])
def test_keeping_what_the_first_connection_shows_is_trust_on_first_use(
    practices: dict[tuple[str, str], ApiUse], place: tuple[str, str]
) -> None:
    use = practices[place]
    assert (use.api, use.arguments[0], use.activation) == (PIN_SOURCE, "first-connection", "active")


def test_keeping_a_name_to_show_is_not(practices: dict[tuple[str, str], ApiUse]) -> None:
    assert ("FirstUse", "rememberName") not in practices


def test_pins_that_count_for_a_time_after_the_build_are_found(practices: dict[tuple[str, str], ApiUse]) -> None:
    use = practices["Ageing", "checkServerTrusted"]
    assert (use.api, use.arguments[0]) == (WINDOW, "7776000000")


def test_a_manager_that_only_looks_at_dates_has_no_pins_to_forget(practices: dict[tuple[str, str], ApiUse]) -> None:
    assert ("Patient", "checkServerTrusted") not in practices


def test_an_app_without_any_of_this_has_none() -> None:
    assert extract_pin_practices(context_of("trustkit-free")) == ()
