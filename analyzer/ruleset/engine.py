"""Evaluates rules over facts: findings, strengths, and the rules that could not be answered."""

import re
from collections.abc import Iterable, Sequence
from itertools import islice

import msgspec
from msgspec.structs import replace

from analyzer.conditions.environment import Bindings, ConditionError, Value
from analyzer.model import (
    AnalysisGap,
    AppInfo,
    Confidence,
    Facts,
    Finding,
    NotEvaluated,
    Record,
    RuleText,
    Strength,
)
from analyzer.model.policy import HIGHEST_KNOWN_LEVEL
from analyzer.options import ScanOptions
from analyzer.ruleset.compiled import CompiledRule
from analyzer.ruleset.coverage import blindness
from analyzer.ruleset.functions import Context
from analyzer.ruleset.judge import Draft, judge
from analyzer.ruleset.kinds import KINDS
from analyzer.ruleset.loader import RuleSet, texts
from analyzer.ruleset.merge import findings_of, strengths_of
from analyzer.ruleset.policy_views import policy_view
from analyzer.ruleset.schema import Kind, RuleHead
from analyzer.ruleset.views import OptionsView

MAX_FACTS_OF_A_KIND = 20_000
"""Most facts that one rule is asked about; an app with more was made to be slow."""
_WORD = re.compile(r"\w+")


class Evaluation(Record, frozen=True, kw_only=True):
    """What the rules say about one app."""

    findings: tuple[Finding, ...]
    """Worst first, then by rule, subject and device level."""
    strengths: tuple[Strength, ...]
    not_evaluated: tuple[NotEvaluated, ...]
    rules: dict[str, RuleText]
    """Texts of the rules that findings and strengths refer to, by id."""


class _Outcome(msgspec.Struct):
    """What asking a rule about every fact has led to."""

    drafts: list[Draft]
    problem: str | None = None
    """Why some facts were not judged."""


def evaluate(rules: RuleSet, facts: Facts, gaps: Sequence[AnalysisGap], options: ScanOptions) -> Evaluation:
    """Ask every rule about every fact of its kind.

    A rule that says something is believed even where facts may be missing. A rule that says nothing although
    facts that it reads were not looked for, or may be hidden by a gap, is reported as not evaluated.
    """
    findings: list[Finding] = []
    strengths: list[Strength] = []
    not_evaluated: list[NotEvaluated] = []
    spoken: dict[str, RuleText] = {}
    by_kind: dict[Kind, list[RuleHead]] = {}
    for rule in rules.rules:
        by_kind.setdefault(rule.for_each, []).append(rule)
    variables = _Variables(rules, facts, tuple(gaps), options)
    for kind, members in by_kind.items():
        blind = {rule.id: blindness(rule, facts, gaps) for rule in members}
        askable = [rule for rule in members if not blind[rule.id].missing_needs]
        outcomes = _ask(rules, askable, kind, facts, options, variables)
        for rule in members:
            outcome = outcomes.get(rule.id) or _Outcome([])
            drafts = outcome.drafts
            if blind[rule.id].uncertain_needs:
                drafts = [replace(draft, confidence=Confidence.COVERAGE) for draft in drafts]
            drafts = [draft for draft in drafts if not _below_min_sdk(draft, facts.app)]
            if rule.type == "problem":
                findings.extend(findings_of(rule, drafts))
            else:
                strengths.extend(strengths_of(rule, drafts))
            if drafts:
                spoken[rule.id] = texts(rule)
            reason = outcome.problem or (None if drafts else blind[rule.id].reason)
            if reason is not None:
                not_evaluated.append(
                    NotEvaluated(
                        rule_id=rule.id, title=rule.title, reason=reason, incomplete=outcome.problem is not None
                    )
                )
    return Evaluation(
        findings=tuple(sorted(findings, key=_worst_first)),
        strengths=tuple(sorted(strengths, key=lambda s: (s.rule_id, s.subject, s.first_level or 0, s.message))),
        not_evaluated=tuple(sorted(not_evaluated, key=lambda rule: rule.rule_id)),
        rules=dict(sorted(spoken.items())),
    )


def _ask(
    rules: RuleSet,
    members: Sequence[RuleHead],
    kind: Kind,
    facts: Facts,
    options: ScanOptions,
    variables: "_Variables",
) -> dict[str, _Outcome]:
    """Ask the rules of one kind about its facts; each fact is converted once for all of them."""
    outcomes = {rule.id: _Outcome([]) for rule in members}
    records = iter(KINDS[kind].build(facts, options.as_of))
    for fact in islice(records, MAX_FACTS_OF_A_KIND):
        try:
            bindings = variables.bind(fact)
        except ConditionError as error:
            for outcome in outcomes.values():
                outcome.problem = outcome.problem or f"A fact could not be judged: {error}."
            continue
        for rule in members:
            _ask_one(rules, rule, fact, bindings, outcomes[rule.id])
    if next(records, None) is not None:
        for outcome in outcomes.values():
            outcome.problem = outcome.problem or f"Only the first {MAX_FACTS_OF_A_KIND} facts were judged."
    return outcomes


def _ask_one(rules: RuleSet, rule: RuleHead, fact: Record, bindings: Bindings, outcome: _Outcome) -> None:
    try:
        compiled: CompiledRule = rules.compiled(rule)
        draft = judge(compiled, fact, bindings)
    except ConditionError as error:
        outcome.problem = outcome.problem or f"The condition failed on a fact: {error}."
        return
    if draft is not None:
        outcome.drafts.append(draft)


class _Variables:
    """The variables that are the same for every fact, converted once."""

    def __init__(self, rules: RuleSet, facts: Facts, gaps: tuple[AnalysisGap, ...], options: ScanOptions) -> None:
        self._environment = rules.environment
        self._context = Context(facts, options, gaps)
        app = Value(facts.app)
        # CEL converts a variable anew for every fact that it is read with, and apps declare hundreds of
        # components: leave out the fields that no rule mentions.
        mentioned = _words(rules.rules)
        app.data = {name: value for name, value in app.data.items() if name in mentioned}
        view = OptionsView(
            profile=options.profile,
            expiry_warning_days=options.expiry_warning_days,
            build_type=options.build_type,
            first_party=options.first_party,
        )
        self._values = {
            "app": app,
            "policy": Value(policy_view(facts, options.as_of)),
            "options": Value(view),
            "as_of": Value(options.as_of),
        }

    def bind(self, fact: Record) -> Bindings:
        return self._environment.bind({**self._values, "fact": Value(fact)}, self._context)


def _words(rules: Iterable[RuleHead]) -> set[str]:
    """Return every word in the expressions of the rules."""
    words: set[str] = set()
    for rule in rules:
        sources = [rule.when, *(case.when for case in rule.cases)]
        sources += [rule.subject, rule.message, rule.anchor or "", rule.fix or ""]
        sources += [case.message for case in rule.cases if case.message is not None]
        for source in sources:
            words.update(_WORD.findall(source))
    return words


def _below_min_sdk(draft: Draft, app: AppInfo) -> bool:
    return draft.last_level is not None and draft.last_level < min(app.min_sdk, HIGHEST_KNOWN_LEVEL)


def _worst_first(finding: Finding) -> tuple[object, ...]:
    return -finding.severity.rank, finding.rule_id, finding.subject, finding.first_level or 0, finding.message
