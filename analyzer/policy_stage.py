"""What the team's policy adds to a scan: its expectations and conditions as findings, its severities and waivers."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from analyzer.conditions.environment import ConditionError
from analyzer.errors import RuleError, UsageError
from analyzer.gate.expectations import check_expectations
from analyzer.gate.team_policy import check_rule_names
from analyzer.gate.waivers import accept_by_policy, judge_by_policy
from analyzer.model import AnalysisGap, Confidence, Facts, Finding, NotEvaluated, PolicyCheck, TeamPolicy
from analyzer.model.team_policy import ConditionEntry
from analyzer.options import ScanOptions
from analyzer.ruleset.compiled import check_rule
from analyzer.ruleset.engine import Evaluation, evaluate
from analyzer.ruleset.kinds import KINDS
from analyzer.ruleset.loader import RuleSet
from analyzer.ruleset.schema import RuleHead, Texts

_DEMANDS = {
    "pinned": "POLICY-NOT-PINNED",
    "pin-count": "POLICY-PIN-COUNT",
    "backup": "POLICY-BACKUP",
    "validity": "POLICY-VALIDITY",
    "exact-pins": "POLICY-PINS",
    "allowed-keys": "POLICY-KEYS",
    "no-cleartext": "POLICY-CLEARTEXT",
    "certificate-transparency": "POLICY-TRANSPARENCY",
}
"""The rule that speaks of each demand of the policy on a host."""
MAX_REASONS = 3


class PolicyRules(msgspec.Struct, frozen=True):
    """The rules that speak of the policy, and those that it adds."""

    demands: RuleSet
    conditions: RuleSet


def policy_rules(rules: RuleSet, policy: TeamPolicy) -> PolicyRules:
    """Make the policy's conditions rules, and check that every rule it names exists.

    Raises:
        UsageError: A rule does not exist, or a condition is wrong; the message names file and line.
    """
    check_rule_names(policy, rules.by_id)
    added = [_rule_of(policy, index, entry) for index, entry in enumerate(policy.form.conditions)]
    for index, rule in enumerate(added):
        place = policy.place("conditions", index)
        try:
            check_rule(rule, rules.environment, f"{place.entry}, line {place.line}")
        except (RuleError, ConditionError) as error:
            raise UsageError(str(error)) from None
    own = [(rule, rules.paths[rule.id]) for rule in rules.rules if rule.for_each == "policy_check"]
    return PolicyRules(
        demands=RuleSet(own, rules.digest, rules.environment),
        conditions=RuleSet([(rule, Path(policy.path)) for rule in added], rules.digest, rules.environment),
    )


def _rule_of(policy: TeamPolicy, index: int, entry: ConditionEntry) -> RuleHead:
    if entry.for_each not in KINDS or entry.for_each == "policy_check":
        place = policy.place("conditions", index, "for_each")
        known = ", ".join(kind for kind in KINDS if kind != "policy_check")
        line = f"{place.entry}, line {place.line}"
        raise UsageError(f"{line}: for_each: no kind of fact is called {entry.for_each!r} (valid: {known})")
    place = policy.place("conditions", index)
    texts = Texts(
        what=f"A condition of the team's own policy, {place.entry}:{place.line}: `{' '.join(entry.when.split())}`.",
        why="The team that releases the app has written this condition down.",
        fix="Change the app so that the condition does not hold, or change the policy.",
        limits="The condition sees what the analysis sees.",
    )
    head = {
        "id": entry.id,
        "name": entry.id.lower(),
        "since": policy.path,
        "title": f"A condition of the team's policy: {entry.id}",
        "severity": entry.severity,
        "confidence": Confidence.CERTAIN,
        "texts": msgspec.to_builtins(texts),
        "for_each": entry.for_each,
        "when": entry.when,
        "subject": entry.subject,
        "message": entry.message,
    }
    return msgspec.convert(head, RuleHead)


def judge_policy(
    evaluation: Evaluation,
    policy: TeamPolicy,
    rules: PolicyRules,
    facts: Facts,
    gaps: Sequence[AnalysisGap],
    options: ScanOptions,
) -> tuple[Evaluation, tuple[PolicyCheck, ...]]:
    """Add what the policy says to what the rules say.

    Returns:
        Everything that is found, with waivers attached, and each of the policy's demands compared with the app.
    """
    checks = check_expectations(policy, facts, gaps, options.as_of)
    own = evaluate(rules.demands, replace(facts, policy_checks=checks), gaps, options)
    added = evaluate(rules.conditions, facts, gaps, options)
    added = replace(added, findings=tuple(_placed(finding, policy) for finding in added.findings))
    whole = _joined(evaluation, own, added)
    unanswered = tuple(_unanswered(checks, rules.demands))
    whole = replace(whole, not_evaluated=_by_rule((*whole.not_evaluated, *unanswered)))
    findings, waivers = accept_by_policy(judge_by_policy(whole.findings, policy), policy, whole.not_evaluated, options)
    spoken = evaluate(rules.demands, replace(facts, policy_checks=waivers), gaps, options)
    whole = _joined(
        replace(whole, findings=findings), replace(spoken, findings=judge_by_policy(spoken.findings, policy))
    )
    return whole, (*checks, *waivers)


def _placed(finding: Finding, policy: TeamPolicy) -> Finding:
    """Add the line of the condition that a finding breaks."""
    index = next(index for index, entry in enumerate(policy.form.conditions) if entry.id == finding.rule_id)
    return replace(finding, locations=(policy.place("conditions", index), *finding.locations))


def _joined(first: Evaluation, *others: Evaluation) -> Evaluation:
    every = (first, *others)
    findings = [finding for one in every for finding in one.findings]
    return Evaluation(
        # Stable, so that what is equally bad keeps the order of the rules.
        findings=tuple(sorted(findings, key=lambda finding: -finding.severity.rank)),
        strengths=tuple(strength for one in every for strength in one.strengths),
        not_evaluated=_by_rule(rule for one in every for rule in one.not_evaluated),
        rules=dict(sorted((rule, text) for one in every for rule, text in one.rules.items())),
    )


def _by_rule(rules: Iterable[NotEvaluated]) -> tuple[NotEvaluated, ...]:
    return tuple(sorted(rules, key=lambda rule: rule.rule_id))


def _unanswered(checks: Sequence[PolicyCheck], demands: RuleSet) -> Iterable[NotEvaluated]:
    """Say which expectations could not be checked: none of them is a pass."""
    open_checks: dict[str, list[PolicyCheck]] = {}
    for check in checks:
        if check.state == "unknown" and check.demand in _DEMANDS:
            open_checks.setdefault(_DEMANDS[check.demand], []).append(check)
    for rule_id, members in open_checks.items():
        reasons = [f"{check.line} ({check.subject}) could not be checked: {check.found}" for check in members]
        if len(reasons) > MAX_REASONS:
            reasons[MAX_REASONS:] = [f"So it is with {len(reasons) - MAX_REASONS} more."]
        yield NotEvaluated(
            rule_id=rule_id, title=demands.by_id[rule_id].title, reason=" ".join(reasons), incomplete=True
        )
