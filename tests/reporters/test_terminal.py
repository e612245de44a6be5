"""The terminal report: one screen, plain when piped, and safe to print."""

import re

import pytest
from msgspec.structs import replace
from rich.cells import cell_len
from rich.text import Text

from analyzer.model import NotEvaluated, PinCheck, Severity
from analyzer.reporters.terminal import render_terminal
from analyzer.reporters.terminal_words import broken
from analyzer.reporters.view import build_view
from analyzer.reporters.view_findings import says
from tests.reporters import report_cases as cases

CASES = {
    "shop": cases.shop,
    "clean": cases.clean,
    "refused": cases.refused,
    "unreadable": cases.unreadable,
    "hostile": cases.hostile,
}
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def plain(name: str, *, width: int = 80, verbose: bool = False) -> str:
    return render_terminal(CASES[name](), width=width, color=False, verbose=verbose)


def joined(text: str) -> str:
    """Undo the wrapping, so that sentences can be looked for."""
    return " ".join(text.split())


@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("width", [40, 80, 132])
@pytest.mark.parametrize("name", CASES)
def test_no_line_is_wider_than_the_terminal(name: str, width: int, verbose: bool) -> None:
    code = code_lines(name) if verbose else frozenset()
    for line in plain(name, width=width, verbose=verbose).split("\n"):
        # An address stays whole, so that it can be followed and copied.
        assert cell_len(line) <= width or line.strip() in code or re.fullmatch(r" +https://\S+", line)
        assert line == line.rstrip()


def code_lines(name: str) -> frozenset[str]:
    """Return the lines of snippets and quotations, which are not wrapped."""
    texts: list[str | None] = []
    for group in build_view(CASES[name]()).groups:
        texts += [group.rule.snippet if group.rule else None]
        texts += [finding.fix for finding in group.findings]
        texts += [place.snippet for finding in group.findings for place in finding.places]
    return frozenset(line.strip() for text in texts if text for line in text.split("\n"))


def test_lines_of_code_stay_whole() -> None:
    lines = plain("shop", width=40, verbose=True).split("\n")
    assert f'            <pin digest="SHA-256">{cases.PIN_OWN}</pin>' in lines


def test_host_names_stay_whole_while_other_columns_can_wrap() -> None:
    policy = (
        '<network-security-config><domain-config><domain includeSubdomains="true">api.placeholder.example.com</domain>'
        f'<pin-set><pin digest="SHA-256">{cases.PIN_EMPTY}</pin></pin-set></domain-config></network-security-config>'
    )
    text = render_terminal(cases.app_with_policy((policy, "")), width=80, color=False, verbose=False)
    assert "\n  *.api.placeholder.example.com  Placeholder pins " in text


def test_each_severity_of_a_rule_has_a_line_of_its_own() -> None:
    rule = cases.rule_text("NSC-X", "X", Severity.HIGH)
    findings = [
        cases.finding(rule, "a.example", "."),
        cases.finding(rule, "b.example", ".", severity=Severity.LOW),
        cases.finding(rule, "c.example", "."),
    ]
    result = cases.scan_result(app=cases.app_info(), findings=findings, rules=[rule])
    text = render_terminal(result, width=80, color=False, verbose=False)
    assert "▲ high      X: a.example and c.example  [NSC-X, blocks]" in text
    assert "○ low       X: b.example  [NSC-X]" in text


def test_rules_without_an_answer_stand_together_by_reason() -> None:
    unanswered = [NotEvaluated(rule_id=f"PIN-{name}", title=name, reason="Code was not read.") for name in "AB"]
    result = cases.scan_result(app=cases.app_info(), not_evaluated=unanswered)
    text = joined(render_terminal(result, width=80, color=False, verbose=True))
    assert "2 rules not evaluated: Code was not read. PIN-A, PIN-B" in text


@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_a_pipe_gets_no_escape_sequence_and_no_invisible_character(name: str, verbose: bool) -> None:
    text = plain(name, verbose=verbose)
    assert text.replace("\n", "").isprintable()
    assert text.endswith("\n") and not text.endswith("\n\n")


@pytest.mark.parametrize("name", CASES)
def test_colour_adds_only_colour(name: str) -> None:
    coloured = render_terminal(CASES[name](), width=80, color=True, verbose=False)
    assert _COLOUR.search(coloured)
    bare = [line.rstrip() for line in _COLOUR.sub("", coloured).split("\n")]
    assert bare == plain(name).split("\n")


def test_the_environment_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = plain("shop"), render_terminal(cases.shop(), width=80, color=True, verbose=False)
    for name, value in (("NO_COLOR", "1"), ("TERM", "dumb"), ("COLUMNS", "20"), ("FORCE_COLOR", "1")):
        monkeypatch.setenv(name, value)
    assert (plain("shop"), render_terminal(cases.shop(), width=80, color=True, verbose=False)) == before


def test_parts_follow_the_order_in_which_readers_ask() -> None:
    text = plain("shop")
    parts = (
        "com.example.shop 8.14.2",
        "3 of 5 host patterns are pinned",
        "? Code was not analysed",
        "Gate: Blocked (exit code 1).",
        "\nHosts\n",
        "\nFindings: 1 critical, 4 high, 2 medium, 2 low\n",
        "\nGoogle Play would reject\n",
        "\nEnds\n",
        "\nNot looked at\n",
        "\nGood\n",
        "--verbose adds",
    )
    positions = [text.index(part) for part in parts]
    assert positions == sorted(positions)


def test_hosts_stand_in_columns() -> None:
    rows = plain("shop").split("\n")
    assert "  Host pattern             Pins                        Cleartext     User CAs" in rows
    assert "  *.api.shop.example       Enforced                    Not allowed   Not trusted" in rows
    assert "  legacy.api.shop.example  Expired on 2025-11-30       Not allowed   Not trusted" in rows


def test_a_finding_is_one_entry_with_severity_subject_and_rule() -> None:
    text = joined(plain("shop"))
    assert "▲ high Pin-set expired, pinning is off: legacy.api.shop.example [NSC-PIN-EXPIRED, blocks]" in text
    assert "◆ medium Cleartext allowed for named hosts: *.cdn.images.example [NSC-DOMAIN-CLEARTEXT, waived]" in text


def test_a_clean_app_fits_in_half_a_screen() -> None:
    text = plain("clean")
    assert len(text.split("\n")) < 20
    assert "Findings: none" in text


def test_very_many_findings_stay_one_screen_and_are_counted() -> None:
    text = render_terminal(cases.crowded(500), width=80, color=False, verbose=False)
    assert len(text.split("\n")) < 70
    assert "host-0000.shop.example, host-0010.shop.example and 48 more" in joined(text)
    assert "Findings: 100 critical, 100 high, 100 medium, 100 low, 100 info" in text


def test_an_unreadable_target_says_why_and_does_not_claim_to_have_found_nothing() -> None:
    text = joined(plain("unreadable"))
    assert "notes.apk could not be read as an Android app." in text
    assert "notes.apk is not a ZIP archive" in text
    assert "Gate: Incomplete (exit code 3)." in text
    assert "Findings: no rule could be evaluated" in text
    assert "Findings: none" not in text


def test_details_come_with_verbose_only() -> None:
    short, long = joined(plain("shop")), joined(plain("shop", verbose=True))
    for detail in (
        f"at {cases.POLICY_ENTRY}:11",
        f"pin {cases.PIN_ISRG} (ISRG Root X1)",
        "Pin-set: 3 listed; declared here",
        "Why: Whoever holds a certificate",
        "fix for this app:",
        "1 rule not evaluated: Code was not analysed. PIN-NONE",
        "Waived until 2026-04-30",
        f"SHA-256: {cases.shop().target.sha256}",
        "Dart code makes its own connections",
    ):
        assert detail in long
        assert detail not in short


def test_hostile_text_is_spelled_out() -> None:
    text = plain("hostile", width=132, verbose=True)
    assert "⟨U+001B⟩[31m" in text and "⟨U+202E⟩" in text


@pytest.mark.parametrize("width", range(40, 140, 7))
def test_no_wrapping_brings_a_command_of_a_build_server_to_the_start_of_a_line(width: int) -> None:
    lines = plain("hostile", width=width, verbose=True).split("\n")
    assert [line for line in lines if line.lstrip().startswith("::error::")] == []


@pytest.mark.parametrize("name", CASES)
def test_the_same_result_gives_the_same_text(name: str) -> None:
    assert plain(name, verbose=True) == plain(name, verbose=True)


def test_a_title_that_names_its_subject_is_not_followed_by_it() -> None:
    assert says("Cleartext allowed for all hosts", ["all hosts"])
    assert not says("Cleartext allowed for all hosts", ["all hosts", "shop.example"])
    assert says("First-party hosts without pins", ["first-party hosts"])
    assert not says("User-installed CAs trusted", ["all hosts"])
    assert not says("Policy of small hosts", ["all hosts"])


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("com.example.Outer$InnerClass", 20, ["com.example.Outer$", "InnerClass"]),
        ("drift.verdicts.example.com", 24, ["drift.verdicts.example.", "com"]),
        ("at com.example.Screen.open", 20, ["at com.example.Screen.", "open"]),
        ("a" * 30, 20, ["a" * 20, "a" * 10]),
        ("short words stay as they are", 20, ["short words stay as they are"]),
    ],
)
def test_a_name_longer_than_a_line_is_broken_at_a_joint(text: str, width: int, lines: list[str]) -> None:
    assert broken(Text(text), width).plain.split("\n") == lines


def test_a_long_table_keeps_the_hosts_that_need_a_look_and_says_what_their_chains_show() -> None:
    pins = "".join(f'<pin digest="SHA-256">{value}</pin>' for value in (cases.PIN_OWN, cases.PIN_BACKUP))
    domains = "".join(
        f'<domain-config><domain>host{number:02}.example.org</domain><pin-set expiration="{day}">{pins}</pin-set>'
        "</domain-config>"
        for number, day in [*((number, "2028-01-01") for number in range(20)), (20, "2025-01-01")]
    )
    result = cases.app_with_policy((f"<network-security-config>{domains}</network-security-config>", ""))
    assert result.facts is not None
    check = PinCheck(
        mechanism="nsc", pattern="host19.example.org", include_subdomains=False, scope="host19.example.org",
        host="host19.example.org", status="no-match", enforced=True, pins=2,
    )  # fmt: skip
    covered = (*result.facts.covered, "chain")
    looked = replace(result, facts=replace(result.facts, pin_checks=(check,), covered=covered))
    text = joined(render_terminal(looked, width=100, color=False, verbose=False))
    assert "host20.example.org Expired on 2025-01-01" in text
    assert "host19.example.org Enforced" in text and "at the host: no match" in text
    assert "host18.example.org" not in text
    assert "and 10 more rows" in text
