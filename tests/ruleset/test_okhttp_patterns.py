"""OkHttp's host patterns, version by version."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analyzer.model.okhttp_patterns import NEWEST, PatternError, matches, parse_version, pattern_error, why_never

_SHARED = Path(os.environ.get("PINSCOPE_SHARED") or Path(__file__).resolve().parents[3] / "shared")
_FILES = sorted((_SHARED / "vectors").glob("okhttp_*.json"))


def _observed() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in _FILES:
        content = json.loads(path.read_text(encoding="utf-8"))
        for version in (content["version"], *content["same_results_in"]):
            for case in content["cases"]:
                yield version, case


@pytest.mark.skipif(not _FILES, reason="no recorded behaviour of OkHttp here; PINSCOPE_SHARED may name its folder")
class TestAgainstTheLibraries:
    def test_the_same_patterns_are_refused(self) -> None:
        wrong = []
        for text, case in _observed():
            if case["op"] == "pattern":
                version = parse_version(text)
                assert version is not None
                refused = pattern_error(case["pattern"], version) is not None
                if refused != (case["expected"]["error"] is not None):
                    wrong.append((text, case["id"], case["pattern"]))
        assert wrong == []

    def test_pins_apply_to_the_same_hosts(self) -> None:
        wrong = []
        compared = 0
        for text, case in _observed():
            if case["op"] != "match" or case["expected"]["error"] is not None:
                continue
            version = parse_version(text)
            assert version is not None
            for host, expected in case["expected"]["hosts"].items():
                for asked, pins in ((host, expected["pins"]), (expected["url_host"], expected["url_pins"])):
                    if asked is None:
                        continue
                    compared += 1
                    found = {pin for pattern, pin in case["pins"] if matches(pattern, asked, version)}
                    if found != set(pins):
                        wrong.append((text, case["id"], [pattern for pattern, _ in case["pins"]], asked, pins))
        assert compared > 1_000
        assert wrong == []

    def test_a_pattern_said_to_match_nothing_applies_to_no_ordinary_host(self) -> None:
        wrong = []
        for text, case in _observed():
            if case["op"] != "match" or case["expected"]["error"] is not None or len(case["pins"]) != 1:
                continue
            version = parse_version(text)
            assert version is not None
            if why_never(case["pins"][0][0], version) is None:
                continue
            ordinary = [
                answer["url_host"]
                for answer in case["expected"]["hosts"].values()
                if answer["url_pins"]
                and answer["url_host"] not in ("http", "https")
                and "*" not in answer["url_host"]
                and not answer["url_host"].endswith(".")
            ]
            if ordinary:
                wrong.append((text, case["pins"][0][0], ordinary))
        assert wrong == []


@pytest.mark.parametrize(
    ("text", "version"),
    [("4.12.0", (4, 12, 0)), ("5.0.0-alpha.3", (5, 0, 0)), ("3.9", (3, 9, 0)), ("none", None)],
)
def test_versions_are_read_from_text(text: str, version: tuple[int, int, int] | None) -> None:
    assert parse_version(text) == version


def test_two_asterisks_cover_the_name_itself_and_every_depth_since_4_3() -> None:
    hosts = ("a.example", "b.a.example", "c.b.a.example", "xa.example")
    assert [matches("**.a.example", host, (4, 3, 0)) for host in hosts] == [True, True, True, False]


def test_two_asterisks_are_a_literal_text_before_4_3() -> None:
    assert not matches("**.a.example", "b.a.example", (4, 2, 2))
    assert why_never("**.a.example", (4, 2, 2)) is not None
    assert why_never("**.a.example", (4, 3, 0)) is None


def test_one_asterisk_stands_for_exactly_one_label() -> None:
    hosts = ("a.example", "b.a.example", "c.b.a.example")
    assert [matches("*.a.example", host, NEWEST) for host in hosts] == [False, True, False]


def test_a_wildcard_of_old_versions_also_covers_longer_names_of_others() -> None:
    assert matches("*.a.example", "x.a.example.evil.test", (3, 8, 1))
    assert not matches("*.a.example", "x.a.example.evil.test", (3, 9, 0))


def test_a_scheme_is_refused_since_4_3_and_stands_for_another_host_before() -> None:
    assert pattern_error("https://a.example", (4, 3, 0)) is not None
    assert pattern_error("https://a.example", (3, 14, 9)) is None
    assert why_never("https://a.example", (3, 14, 9)) == (
        "it starts with a scheme, so that it stands for a host named 'https'"
    )


def test_upper_case_never_matches_before_3_4() -> None:
    assert why_never("API.a.example", (3, 3, 1)) is not None
    assert why_never("API.a.example", (3, 4, 0)) is None


def test_a_refused_pattern_cannot_be_asked_for_matches() -> None:
    with pytest.raises(PatternError):
        matches("a.*.example", "a.b.example", NEWEST)


def test_a_pattern_of_absurd_length_is_refused_quickly() -> None:
    assert pattern_error("a." * 1_000_000, NEWEST) is not None
