"""Checks of the MASTG and of Android Lint: each is answered by rules that demonstrably speak and stay silent."""

import pytest

from tests.rules.test_samples import RULES, failure
from tools.coverage import LINT, MASTG, WITHOUT, answering, coverage_page, unexplained

ANSWERS = answering(RULES.values())


@pytest.mark.parametrize("check", [*MASTG, *LINT])
def test_a_check_has_a_rule_or_a_reason_for_having_none(check: str) -> None:
    assert bool(ANSWERS[check]) != (check in WITHOUT)


@pytest.mark.parametrize("number", [217, 233, 234, 235, 242, 243, 282, 283, 284, 285, 286, 295])
def test_every_test_of_the_mastg_that_a_package_can_answer_is_answered(number: int) -> None:
    assert ANSWERS[f"MASTG-TEST-{number:04}"]


@pytest.mark.parametrize("check", [check for check, rules in ANSWERS.items() if rules])
def test_rules_speak_of_bad_samples_and_stay_silent_on_good_ones(check: str) -> None:
    for name in ANSWERS[check]:
        rule = RULES[name]
        assert [failure(rule, "bad", sample) for sample in rule.samples.bad] == [None] * len(rule.samples.bad)
        assert [failure(rule, "good", sample) for sample in rule.samples.good] == [None] * len(rule.samples.good)


def test_the_page_names_every_check_with_its_rules() -> None:
    page = coverage_page(RULES.values())
    for check, rules in ANSWERS.items():
        (row,) = [line for line in page.splitlines() if line.startswith(f"| {check} |")]
        assert all(f"[{name}](rules/{name}.md)" in row for name in rules)
        assert rules or WITHOUT[check] in row


def test_a_check_that_nothing_answers_is_noticed() -> None:
    assert unexplained({**ANSWERS, "BadHostnameVerifier": ()}) == ["BadHostnameVerifier"]
    assert unexplained({**ANSWERS, "InsecureDnsSdkLevel": ("HV-CUSTOM",)}) == ["InsecureDnsSdkLevel"]
