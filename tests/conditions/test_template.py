"""Texts with expressions in braces."""

import pytest

from analyzer.conditions.environment import ConditionError, Environment, Value
from analyzer.conditions.template import MAX_CHARACTERS, MAX_ITEMS, Template, check_template
from analyzer.model import PinFact
from tests import factories

ENVIRONMENT = Environment(variables={"fact": PinFact, "hosts": list[str]})


def render(source: str, *, whole: bool = False, hosts: list[str] | None = None, **changes: object) -> str:
    values = {"fact": Value(factories.pin(**changes)), "hosts": Value(hosts or ["a.example", "b.example"])}
    return Template(source, ENVIRONMENT).render(ENVIRONMENT.bind(values), whole=whole)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("", ""),
        ("plain", "plain"),
        ("{fact.host} is pinned", "api.example.com is pinned"),
        ("{hosts}", "a.example, b.example"),
        ("{size(hosts)} hosts, {fact.include_subdomains}", "2 hosts, false"),
        ("{{literal}} {fact.host}", "{literal} api.example.com"),
        ("{fact.host == null ? 'every host' : fact.host}", "api.example.com"),
        ("{hosts.map(h, '}' + h)}", "}a.example, }b.example"),
        ("{ {'a': 'b'}['a'] }", "b"),
        ('{"it\'s \\"{" + fact.host}', "it's \"{api.example.com"),
    ],
)
def test_a_template_is_written_out(source: str, text: str) -> None:
    assert render(source) == text


@pytest.mark.parametrize("text", ["{fact.value}", "{{", "}", "{1 / 0}", "%s {0}"])
def test_braces_in_the_apps_text_are_never_read(text: str) -> None:
    assert render("{fact.value}!", value=text) == f"{text}!"


def test_long_lists_and_values_are_cut_for_readers_but_not_for_identity() -> None:
    many = [f"h{number}" for number in range(MAX_ITEMS + 5)]
    assert render("{hosts}", hosts=many).endswith("h19 and 5 more")
    assert render("{hosts}", hosts=many, whole=True).endswith("h24")
    long = "x" * (MAX_CHARACTERS + 1)
    assert render("{fact.value}", value=long) == "x" * (MAX_CHARACTERS - 1) + "…"
    assert render("{fact.value}", value=long, whole=True) == long


@pytest.mark.parametrize("source", ["{fact.host", "fact.host}", "{}", "{ }", "{'unclosed}", "{fact.host{"])
def test_an_unbalanced_template_is_refused(source: str) -> None:
    with pytest.raises(ConditionError, match="brace"):
        Template(source, ENVIRONMENT)


@pytest.mark.parametrize("source", ["{fact.identity}", "{fact.digest}", "{fact.problem}"])
def test_only_texts_numbers_and_truth_values_are_written(source: str) -> None:
    with pytest.raises(ConditionError):
        render(source)
    with pytest.raises(ConditionError, match=r"cannot be written as text|may be null"):
        check_template(source, ENVIRONMENT, {})


def test_a_guard_before_the_template_counts() -> None:
    check_template("{fact.problem}", ENVIRONMENT, {}, known=frozenset({("fact", "problem")}))
