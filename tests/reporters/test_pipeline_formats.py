"""JUnit, Markdown, GitLab, GitHub and CSV reports: complete, valid, and without a way for an app's text to act."""

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from lxml import etree  # type: ignore[import-untyped]
from markdown_it import MarkdownIt
from msgspec.structs import replace

from analyzer.model import Finding, ScanResult, Severity, Waiver
from analyzer.reporters.csv_tables import FINDING_COLUMNS, PIN_COLUMNS
from analyzer.reporters.formats import render
from analyzer.reporters.markdown import code, escape
from tests.reporters import report_cases as cases
from tests.reporters.results import ACCEPT_ALL, EXPIRED, full_result, result, unreadable_result
from tests.schemas import junit_schema

ROOT = "/home/someone/project"
CASES = {
    "full": full_result,
    "clean": cases.clean,
    "shop": cases.shop,
    "hostile": cases.hostile,
    "unreadable": unreadable_result,
}
WAIVED: Finding = replace(EXPIRED, waiver=Waiver(reason="rotation is under way", until="2026-03-01"))


def text_of(name: str, *results: ScanResult) -> str:
    return render(name, results, root=ROOT).decode()


def junit(*results: ScanResult) -> ET.Element:
    return ET.fromstring(text_of("junit", *results))


def case_named(suites: ET.Element, classname: str) -> ET.Element:
    (found,) = [case for case in suites.iter("testcase") if case.get("classname") == classname]
    return found


# JUnit


@pytest.mark.parametrize("name", CASES)
def test_junit_follows_the_published_schema(name: str) -> None:
    schema = etree.XMLSchema(etree.fromstring(junit_schema()))
    schema.assertValid(etree.fromstring(render("junit", [CASES[name]()], root=ROOT)))


def test_a_clean_app_has_one_test_that_passed() -> None:
    (case,) = junit(result()).iter("testcase")
    assert (case.get("name"), len(case)) == ("gate", 0)


def test_what_blocks_has_failed_and_what_does_not_only_says_so() -> None:
    scan = result(EXPIRED, replace(ACCEPT_ALL, severity=Severity.LOW, fingerprint="9" * 32))
    suites = junit(scan)
    failure = case_named(suites, EXPIRED.rule_id).find("failure")
    assert failure is not None and failure.get("type") == "high" and EXPIRED.message in (failure.text or "")
    harmless = case_named(suites, ACCEPT_ALL.rule_id)
    assert harmless.find("failure") is None and harmless.find("system-out") is not None
    (suite,) = suites
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "2", "0")


def test_what_is_waived_was_skipped_with_the_reason() -> None:
    skipped = case_named(junit(result(WAIVED)), WAIVED.rule_id).find("skipped")
    assert skipped is not None and skipped.get("message") == "waived until 2026-03-01: rotation is under way"


def test_a_target_that_cannot_be_read_is_an_error_and_not_a_pass() -> None:
    error = case_named(junit(unreadable_result()), "pinscope").find("error")
    assert error is not None and "not a ZIP archive" in (error.text or "")


# GitHub


def test_an_annotation_names_file_rule_and_place() -> None:
    first, *_ = text_of("github", full_result()).splitlines()
    assert first.startswith("::error file=build/outputs/shop.apk,title=")
    assert any(EXPIRED.rule_id in line and "line 12" in line for line in text_of("github", full_result()).splitlines())


def test_every_line_of_annotations_is_one_command_whatever_the_app_says() -> None:
    command = re.compile(r"::(error|warning|notice) file=[^:,\n]*,title=[^:,\n]*::[^\r\n]*")
    for name in CASES:
        for line in text_of("github", CASES[name]()).splitlines():
            assert command.fullmatch(line), line


def test_a_waived_finding_is_no_annotation() -> None:
    assert WAIVED.rule_id not in text_of("github", result(WAIVED)).replace(result(WAIVED).gate.reason, "")


# GitLab


def gitlab(*results: ScanResult) -> dict[str, Any]:
    decoded = json.loads(text_of("gitlab", *results))
    assert isinstance(decoded, dict)
    return decoded


@pytest.mark.parametrize("name", CASES)
def test_a_gitlab_report_has_what_its_schema_requires(name: str) -> None:
    report = gitlab(CASES[name]())
    assert re.fullmatch(r"15\.\d+\.\d+", report["version"])
    scan = report["scan"]
    assert scan["type"] == "sast" and scan["status"] in ("success", "failure")
    for key in ("start_time", "end_time"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", scan[key])
    for key in ("analyzer", "scanner"):
        assert {"id", "name", "version", "vendor"} <= scan[key].keys() and scan[key]["vendor"]["name"]
    for message in scan["messages"]:
        assert message["level"] in ("info", "warn", "fatal") and message["value"]
    for one in report["vulnerabilities"]:
        assert one["id"] and 0 < len(one["name"]) <= 255
        assert one["severity"] in ("Critical", "High", "Medium", "Low", "Info")
        assert one["location"]["file"] and one["identifiers"]
        assert all(part["type"] and part["name"] and part["value"] for part in one["identifiers"])


def test_gitlab_identifiers_are_stable_and_distinct() -> None:
    first, again = gitlab(full_result())["vulnerabilities"], gitlab(full_result())["vulnerabilities"]
    assert [one["id"] for one in first] == [one["id"] for one in again]
    unwaived = {one.fingerprint for one in full_result().findings if one.waiver is None}
    assert len({one["id"] for one in first}) == len(first) == len(unwaived) > 1


def test_an_incomplete_scan_is_a_failure_for_gitlab() -> None:
    assert gitlab(unreadable_result())["scan"]["status"] == "failure"


# CSV


def rows(name: str, *results: ScanResult) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text_of(name, *results), newline="")))


def test_findings_have_one_line_each_with_all_columns() -> None:
    table = rows("csv", full_result())
    assert [row["rule_id"] for row in table if row["kind"] == "finding"] == [
        one.rule_id for one in full_result().findings
    ]
    assert tuple(table[0]) == FINDING_COLUMNS
    assert table[0]["fingerprint"] == full_result().findings[0].fingerprint


def test_pins_have_one_line_each_with_the_digest_in_one_spelling() -> None:
    facts = cases.shop().facts
    assert facts is not None
    table = rows("pins-csv", cases.shop())
    assert sum(row["kind"] == "pin" for row in table) == len(facts.pins) and tuple(table[0]) == PIN_COLUMNS
    assert all(row["pin"].startswith(("sha256/", "sha1/")) or row["pin"] == "" for row in table)


def test_a_table_of_a_target_that_cannot_be_read_is_not_empty() -> None:
    for name in ("csv", "pins-csv"):
        (row,) = rows(name, unreadable_result())
        assert row["kind"] == "gap" and "not a ZIP archive" in "".join(row.values())


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " \t=1"])
def test_no_cell_is_a_formula(start: str) -> None:
    table = rows("csv", result(replace(EXPIRED, subject=start, message=start)))
    assert not table[0]["subject"].startswith(("=", "+", "-", "@", "\t", "\r"))
    assert not table[0]["message"].startswith(("=", "+", "-", "@", "\t", "\r"))


# Markdown


def tokens(markdown: str) -> list[str]:
    """Return the kinds of inline elements, and the HTML, that a reader of the text would see."""
    found = []
    for block in MarkdownIt("commonmark").enable("table").parse(markdown):
        found.append(block.type if block.type != "html_block" else block.content)
        found += [child.type if child.type != "html_inline" else child.content for child in block.children or ()]
    return found


HOSTILE_TEXTS = [
    "<script>alert(1)</script>", "a|b", "[x](https://evil.example)", "![x](https://evil.example/x.png)",
    "`code`", "```", "**bold** __bold__ ~~gone~~", "- item", "+ item", "1. item", "1) item", "# head", "> quote",
    "http://evil.example/", "www.evil.example", "<https://evil.example>", "&lt;b&gt;", "\\`x\\`", "=====", "$x$",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_escaped_text_is_shown_as_it_is(text: str) -> None:
    (opening, inline, closing) = MarkdownIt("commonmark").parse(escape(text))
    assert (opening.type, closing.type) == ("paragraph_open", "paragraph_close")
    assert {child.type for child in inline.children or ()} <= {"text", "text_special", "html_inline"}
    shown = "".join(child.content for child in inline.children or () if child.type != "html_inline")
    assert shown == text


@pytest.mark.parametrize("text", ["plain", "with `one`", "``", "`", "ends with `", "a``b`c"])
def test_a_code_span_holds_its_text(text: str) -> None:
    (span,) = (child for block in MarkdownIt("commonmark").parse(code(text)) for child in block.children or ())
    assert (span.type, span.content) == ("code_inline", text)


def test_nobody_is_mentioned_and_no_issue_referred_to() -> None:
    assert re.search(r"@\w", escape("@someone")) is None
    assert re.search(r"(?<!&)#\d", escape("#12")) is None


@pytest.mark.parametrize("name", CASES)
def test_no_html_but_our_own_comes_through(name: str) -> None:
    allowed = re.compile(r"</?(details|summary)>|<br>|<!---->|<details><summary>[^<>]*</summary>\n?|</details>\n?")
    for token in tokens(text_of("markdown", CASES[name]())):
        if "<" in token:
            assert allowed.fullmatch(token), token
    assert "link_open" not in tokens(text_of("markdown", CASES[name]()))


def test_the_summary_says_decision_hosts_and_findings() -> None:
    summary = text_of("markdown", cases.shop())
    assert "**Gate: " in summary and "### Hosts" in summary and "### Findings" in summary
    for finding in cases.shop().findings:
        assert code(finding.rule_id) in summary


def test_a_waiver_is_shown_with_its_end() -> None:
    assert "Waived until 2026-03-01: rotation is under way" in text_of("markdown", result(WAIVED))


# All of them


@pytest.mark.parametrize("name", ["markdown", "junit", "gitlab", "github", "csv", "pins-csv"])
def test_several_targets_share_a_report_that_is_the_same_every_time(name: str) -> None:
    both = (full_result(), cases.shop())
    written = render(name, both, root=ROOT)
    assert written == render(name, both, root=ROOT)
    assert len(written) > len(render(name, both[:1], root=ROOT))


@pytest.mark.parametrize("name", ["markdown", "junit", "gitlab", "github", "csv", "pins-csv"])
def test_no_control_or_bidirectional_character_gets_out(name: str) -> None:
    written = text_of(name, cases.hostile())
    assert re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", written) is None
