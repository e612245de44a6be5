"""Every bad sample makes its rule speak as expected, every good one leaves it silent, every unknown one unanswered."""

import pytest
from _pytest.mark.structures import ParameterSet
from msgspec.structs import replace

from analyzer.model import Finding, Strength
from analyzer.ruleset.engine import Evaluation
from analyzer.ruleset.loader import read_rule, rules_folder
from analyzer.ruleset.schema import Expectation, Rule, Sample
from tests.rules.sample_facts import evaluate_sample

RULES = {path.stem: read_rule(path) for path in sorted((rules_folder() / "checks").rglob("*.yaml"))}


def _samples(kind: str) -> list[ParameterSet]:
    return [
        pytest.param(rule, sample, id=f"{rule.id}: {sample.name}")
        for rule in RULES.values()
        for sample in getattr(rule.samples, kind)
    ]


def _statements(evaluation: Evaluation) -> tuple[Finding | Strength, ...]:
    return evaluation.findings + evaluation.strengths


def _unmet(expected: Expectation, statement: Finding | Strength) -> list[str]:
    """Return how a statement differs from what a sample expects."""
    differences = []
    for key in ("severity", "confidence", "subject", "first_level", "last_level"):
        wanted = getattr(expected, key)
        if wanted is not None and getattr(statement, key, None) != wanted:
            differences.append(f"{key} is {getattr(statement, key, None)!r}, not {wanted!r}")
    if expected.message_contains is not None and expected.message_contains not in statement.message:
        differences.append(f"the message is {statement.message!r}")
    return differences


def failure(rule: Rule, kind: str, sample: Sample) -> str | None:
    """Return why a sample does not show what it says, None when it does."""
    evaluation = evaluate_sample(rule, sample)
    statements = _statements(evaluation)
    unanswered = [entry.reason for entry in evaluation.not_evaluated]
    if kind == "bad":
        expected = sample.expect
        if not statements:
            return f"the rule says nothing; not evaluated because: {unanswered}"
        if expected.count is not None and len(statements) != expected.count:
            return f"{len(statements)} findings: {[s.message for s in statements]}"
        unmet = [_unmet(expected, statement) for statement in statements]
        if all(unmet):
            return f"no finding is as expected: {unmet}"
        if any(not statement.message.strip() or not statement.subject.strip() for statement in statements):
            return "a finding has no subject or no message"
        return f"the rule failed: {unanswered}" if unanswered else None
    if statements:
        return f"the rule speaks: {[(s.subject, s.message) for s in statements]}"
    if kind == "good":
        return f"the rule was not evaluated: {unanswered}" if unanswered else None
    return None if unanswered and not evaluation.not_evaluated[0].incomplete else "the rule was evaluated"


@pytest.mark.parametrize(("rule", "sample"), _samples("bad"))
def test_a_bad_sample_makes_the_rule_speak(rule: Rule, sample: Sample) -> None:
    assert failure(rule, "bad", sample) is None


@pytest.mark.parametrize(("rule", "sample"), _samples("good"))
def test_a_good_sample_leaves_the_rule_silent(rule: Rule, sample: Sample) -> None:
    assert failure(rule, "good", sample) is None


@pytest.mark.parametrize(("rule", "sample"), _samples("unknown"))
def test_an_unknown_sample_leaves_the_rule_unanswered(rule: Rule, sample: Sample) -> None:
    assert failure(rule, "unknown", sample) is None


def _failing(rule: Rule) -> list[str]:
    return [
        f"{kind}: {sample.name}"
        for kind in ("bad", "good", "unknown")
        for sample in getattr(rule.samples, kind)
        if failure(rule, kind, sample) is not None
    ]


@pytest.mark.parametrize("rule", list(RULES.values()), ids=list(RULES))
def test_the_samples_notice_an_inverted_condition(rule: Rule) -> None:
    assert _failing(replace(rule, when=f"!({rule.when})"))


@pytest.mark.parametrize("rule", list(RULES.values()), ids=list(RULES))
def test_the_good_samples_notice_a_condition_that_always_holds(rule: Rule) -> None:
    assert [name for name in _failing(replace(rule, when="true")) if name.startswith("good")]


@pytest.mark.parametrize("rule", [rule for rule in RULES.values() if rule.cases], ids=lambda rule: rule.id)
def test_the_samples_notice_every_missing_case(rule: Rule) -> None:
    unnoticed = [
        case.when
        for index, case in enumerate(rule.cases)
        if not _failing(replace(rule, cases=rule.cases[:index] + rule.cases[index + 1 :]))
    ]
    assert unnoticed == []
