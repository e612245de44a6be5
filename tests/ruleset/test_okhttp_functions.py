"""Judgements about OkHttp: one pattern, and what each version in the app makes of it."""

import datetime as dt

import pytest

from analyzer.model import HostFact, PinFact, SdkFact
from analyzer.options import ScanOptions
from analyzer.ruleset.functions.okhttp import (
    okhttp_flaw,
    okhttp_missed_hosts,
    okhttp_pattern_refused,
    okhttp_pattern_useless,
    okhttp_pooled_with,
    okhttp_refused_pins,
    okhttp_version,
)
from analyzer.ruleset.functions.registry import Context
from analyzer.ruleset.pin_views import pin_sets
from analyzer.ruleset.views import PinSetView
from tests import factories

_AS_OF = dt.datetime(2026, 1, 15, 12, tzinfo=dt.UTC)


def _pin(host: str, letter: bytes = b"a", mechanism: str = "okhttp3") -> PinFact:
    return factories.pin(mechanism=mechanism, host=host, digest=letter * 32, value="sha256/x", scope="client")


def _asked(
    *pins: PinFact, versions: tuple[str, ...] = ("4.12.0",), hosts: tuple[str, ...] = ()
) -> tuple[Context, PinSetView]:
    facts = factories.facts(
        pins=pins,
        sdks=tuple(SdkFact(name="okhttp", kind="library", version=version) for version in versions),
        hosts=tuple(HostFact(name=name, owner="first-party", source="code") for name in hosts),
    )
    return Context(facts, ScanOptions(as_of=_AS_OF)), next(iter(pin_sets(facts, _AS_OF)))


def test_one_version_is_the_version_and_two_are_none() -> None:
    assert okhttp_version(*_asked(_pin("a.example"))) == "4.12.0"
    assert okhttp_version(*_asked(_pin("a.example"), versions=("3.12.0", "4.12.0"))) == ""
    assert okhttp_version(*_asked(_pin("a.example"), versions=())) == ""


def test_a_version_of_the_other_generation_says_nothing() -> None:
    assert okhttp_version(*_asked(_pin("a.example"), versions=("2.7.5", "4.12.0"))) == "4.12.0"
    assert okhttp_version(*_asked(_pin("a.example", mechanism="okhttp2"), versions=("2.7.5", "4.12.0"))) == "2.7.5"


def test_what_any_of_the_versions_makes_of_a_pattern_counts() -> None:
    asked = _asked(_pin("**.a.example"), versions=("3.12.0", "4.12.0"))
    assert okhttp_pattern_useless(*asked).startswith("it starts with '**.'")
    assert okhttp_pattern_refused(*asked) == ""


def test_without_a_version_the_newest_decides() -> None:
    assert okhttp_pattern_useless(*_asked(_pin("**.a.example"), versions=())) == ""
    assert okhttp_pattern_refused(*_asked(_pin("https://a.example"), versions=())) == "it is no host name"


def test_patterns_of_other_mechanisms_are_not_judged() -> None:
    asked = _asked(_pin("https://a.example", mechanism="nsc"))
    assert (okhttp_pattern_refused(*asked), okhttp_refused_pins(*asked)) == ("", ())


def test_hosts_that_another_pattern_covers_are_not_missed() -> None:
    hosts = ("a.example", "b.a.example", "d.c.a.example", "xa.example")
    assert okhttp_missed_hosts(*_asked(_pin("*.a.example"), hosts=hosts)) == ("a.example", "d.c.a.example")
    covered = _asked(_pin("*.a.example"), _pin("**.a.example"), hosts=hosts)
    assert okhttp_missed_hosts(*covered) == ()


def test_a_wildcard_adds_its_pins_only_where_its_version_lets_it_match() -> None:
    pins = (_pin("b.a.example"), _pin("**.a.example", b"b"))
    assert okhttp_pooled_with(*_asked(*pins)) == ("**.a.example",)
    assert okhttp_pooled_with(*_asked(*pins, versions=("3.14.9",))) == ()


@pytest.mark.parametrize(
    ("version", "flaw"),
    [
        ("2.7.3", "CVE-2016-2402"), ("2.7.4", "CVE-2021-0341"), ("3.1.1", "CVE-2016-2402"),
        ("3.1.2", "CVE-2021-0341"), ("4.9.1", "CVE-2021-0341"), ("4.9.2", ""), ("5.0.0-alpha.14", ""),
    ],
)  # fmt: skip
def test_published_flaws_are_told_by_the_version(version: str, flaw: str) -> None:
    assert okhttp_flaw(SdkFact(name="okhttp", kind="library", version=version)) == flaw


def test_other_libraries_with_such_versions_have_none() -> None:
    assert okhttp_flaw(SdkFact(name="retrofit", kind="library", version="2.7.3")) == ""
