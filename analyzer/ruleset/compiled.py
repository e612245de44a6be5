"""Rules made ready for evaluation, and the check of their expressions against the records they are about."""

import datetime as dt
from typing import Any

from analyzer.conditions.checker import Paths, Verdict, check_condition
from analyzer.conditions.environment import ConditionError, Environment, Expression
from analyzer.conditions.shapes import shape_of
from analyzer.conditions.template import Template, check_template
from analyzer.errors import RuleError
from analyzer.model import AppInfo
from analyzer.ruleset.functions import registered
from analyzer.ruleset.kinds import KINDS
from analyzer.ruleset.schema import Case, RuleHead
from analyzer.ruleset.views import OptionsView, PolicyView


def rule_environment() -> Environment:
    """Return what conditions may name. ``fact`` is anything here; `check_rule` knows its record."""
    return Environment(
        variables={"fact": Any, "app": AppInfo, "policy": PolicyView, "options": OptionsView, "as_of": dt.datetime},
        functions=registered().values(),
    )


class CompiledCase:
    """A case with its condition."""

    __slots__ = ("case", "message", "when")

    def __init__(self, case: Case, environment: Environment) -> None:
        self.case = case
        self.when: Expression = environment.compile(case.when)
        self.message = Template(case.message, environment) if case.message is not None else None


class CompiledRule:
    """A rule with its condition, cases and texts."""

    __slots__ = ("anchor", "cases", "fix", "message", "rule", "subject", "when")

    def __init__(self, rule: RuleHead, environment: Environment) -> None:
        """Compile every expression of a rule.

        Raises:
            ConditionError: One is malformed or names something that does not exist.
        """
        self.rule = rule
        self.when: Expression = environment.compile(rule.when)
        self.cases = tuple(CompiledCase(case, environment) for case in rule.cases)
        self.subject = Template(rule.subject, environment)
        self.message = Template(rule.message, environment)
        self.anchor = Template(rule.anchor, environment) if rule.anchor is not None else None
        self.fix = Template(rule.fix, environment) if rule.fix is not None else None


def check_rule(rule: RuleHead, environment: Environment, name: str) -> None:
    """Check every expression of a rule against the record that its `for_each` ranges over.

    Args:
        rule: The rule.
        environment: From `rule_environment`.
        name: How error messages name the file.

    Raises:
        RuleError: Something is wrong; the message names file and key.
    """
    _RuleCheck(rule, environment, name).run()


class _RuleCheck:
    def __init__(self, rule: RuleHead, environment: Environment, name: str) -> None:
        self._rule = rule
        self._environment = environment
        self._name = name
        self._variables = {"fact": shape_of(KINDS[rule.for_each].record)}

    def run(self) -> None:
        rule = self._rule
        proven = self._condition("when", rule.when, frozenset()).when_true
        remaining = proven
        message_proven: list[Paths] = []
        for index, case in enumerate(rule.cases):
            verdict = self._condition(f"cases[{index}].when", case.when, remaining)
            if case.message is not None:
                self._template(f"cases[{index}].message", case.message, remaining | verdict.when_true)
            elif not case.suppress:
                message_proven.append(remaining | verdict.when_true)
            remaining = remaining | verdict.when_false
        self._template("message", rule.message, remaining.intersection(*message_proven))
        for key, text in (("subject", rule.subject), ("anchor", rule.anchor), ("fix", rule.fix)):
            if text is not None:
                self._template(key, text, proven)

    def _condition(self, key: str, source: str, known: Paths) -> Verdict:
        try:
            return check_condition(source, self._environment, self._variables, known=known)
        except ConditionError as error:
            raise RuleError(f"{self._name}: {key}: {error}") from None

    def _template(self, key: str, source: str, known: Paths) -> None:
        try:
            check_template(source, self._environment, self._variables, known=known)
        except ConditionError as error:
            raise RuleError(f"{self._name}: {key}: {error}") from None
