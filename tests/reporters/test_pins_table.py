"""The table of ``pinscope pins`` on facts of every kind: what is unresolved, reported only, or text alone."""

from analyzer.model import AnalysisGap, Location, PinFact, ScanResult, SdkFact
from analyzer.reporters.pins_table import render_pins_text
from tests import factories
from tests.reporters.report_cases import scan_result


def result(*pins: PinFact, gaps: tuple[AnalysisGap, ...] = ()) -> ScanResult:
    app = factories.app()
    return scan_result(app=app, facts=factories.facts(app=app, pins=pins), gaps=gaps)


def shown(*pins: PinFact, gaps: tuple[AnalysisGap, ...] = ()) -> str:
    text = render_pins_text([result(*pins, gaps=gaps)], width=80, color=False)
    assert max(map(len, text.splitlines())) <= 80
    return text


def pin(**changes: object) -> PinFact:
    place = Location(
        kind="code", entry="classes.dex", class_name="org.example.app.Net", method="make()V", code_offset=4
    )
    given = {"mechanism": "okhttp3", "host": "api.example.org", "include_subdomains": False, "evidence": (place,)}
    return factories.pin(**{**given, **changes})


def test_an_unresolved_pin_says_why() -> None:
    text = shown(
        pin(digest=None, value="", resolution="unresolved", problem_detail="the result of java.util.Scanner.nextLine")
    )
    assert "1 whose value is not known." in text
    assert "value not known" in text and "java.util.Scanner.nextLine" in text
    assert "← org.example.app.Net.make, classes.dex" in text


def test_hosts_with_the_same_pins_share_a_row() -> None:
    text = shown(pin(), pin(host="img.example.org"))
    assert text.count("org.example.app.Net.make") == 1
    assert "api.example.org" in text and "img.example.org" in text


def test_pins_that_hold_for_different_reasons_do_not() -> None:
    assert shown(pin(), pin(activation="created")).count("OkHttp") == 2


def test_a_text_alone_is_counted_apart() -> None:
    text = shown(pin(mechanism="string", host=None, activation="unknown", checked_against="unknown"))
    assert "1 text in the form of a pin without a known use." in " ".join(text.split())
    assert "host not known" in text


def test_a_hostile_name_cannot_drive_the_terminal() -> None:
    text = shown(pin(host="\x1b[31mevil\u202e.example.org", value="\x1b]0;x\x07"))
    assert "\x1b" not in text and "\u202e" not in text and "\x07" not in text


def test_what_may_hide_pins_is_said_and_other_gaps_are_not() -> None:
    hiding = factories.gap(subject="library.dex", hides=("pin",))
    other = factories.gap(subject="somewhere else", hides=("host",))
    text = shown(pin(), gaps=(hiding, other))
    assert "Where there may be further pins" in text and "library.dex" in text
    assert "somewhere else" not in text


def test_a_pattern_that_the_apps_okhttp_applies_to_no_host_is_not_said_to_be_enforced() -> None:
    app = factories.app()
    library = SdkFact(name="okhttp", kind="library", version="3.13.1")
    known = factories.facts(app=app, pins=(pin(host="**.example.org"), pin()), sdks=(library,))
    text = render_pins_text([scan_result(app=app, facts=known)], width=80, color=False)
    assert "Can match no host" in text and "Enforced" in text
