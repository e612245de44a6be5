"""Misspelled fields, impossible words and unguarded nulls are found before anything is evaluated."""

import pytest

from analyzer.conditions.checker import check, check_condition
from analyzer.conditions.environment import ConditionError, Environment
from analyzer.conditions.functions import describe_function
from analyzer.conditions.shapes import shape_of
from analyzer.model import Facts, PinFact
from analyzer.ruleset.views import PolicyScopeView


def takes_pin(pin: PinFact) -> bool:
    return pin.host is None


def takes_text(text: str) -> bool:
    return bool(text)


ENVIRONMENT = Environment(
    variables={"fact": PolicyScopeView, "pin": PinFact, "facts": Facts, "as_of": str},
    functions=[describe_function("takes_pin", takes_pin), describe_function("takes_text", takes_text)],
)


@pytest.mark.parametrize(
    "source",
    [
        "fact.settings.pin_set.pins.exists(p, p.value == 'x')",
        "pin.host != null && pin.host.startsWith('api')",
        "pin.host == null || pin.host.startsWith('api')",
        "!(pin.host == null) && takes_text(pin.host)",
        "pin.host != null ? takes_text(pin.host) : true",
        "pin.identity != null && pin.identity.kind == 'example'",
        "pin.problem in ['placeholder', 'example'] && takes_text(pin.problem)",
        "pin.problem == 'placeholder' && takes_text(pin.problem)",
        "pin.problem != 'placeholder'",
        "fact.settings.ct_required == false",
        "fact.settings.ct_required == null || !fact.settings.ct_required",
        "facts.pins.exists(p, p.host != null && takes_text(p.host) && takes_pin(p))",
        "facts.pins.filter(p, p.host != null).all(p, p.host.endsWith('.example'))",
        "facts.pins.map(p, p.host != null, p.host).exists(h, h.startsWith('api'))",
        "facts.pins[0].value == 'x'",
        "(fact.path != null && fact.path != '') || fact.line == null",
        "size(fact.names) == 1 && fact.names[0] == 'all hosts'",
        "fact.first_level + 1 <= fact.last_level",
        "'policy' in facts.covered",
        "fact.settings.trust_anchors.exists_one(a, a.source == 'user')",
    ],
)
def test_a_correct_condition_passes(source: str) -> None:
    assert check(source, ENVIRONMENT, {}).shape.kind == "bool"


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("fact.hosts == null", "fact (PolicyScopeView) has no field hosts"),
        ("fact.setings.cleartext", "did you mean settings?"),
        ("fact.settings.pin_set.pins.exists(p, p.digst == b'x')", "p (PolicyPin) has no field digst; did you mean"),
        ("fact.settings.pin_set.pins.exists(p, p.line > 3)", "p.line may be null"),
        ("pin.host.startsWith('api')", "pin.host may be null"),
        ("pin.host == null && pin.host.startsWith('api')", "pin.host may be null"),
        ("pin.host != null || pin.host.startsWith('api')", "pin.host may be null"),
        ("pin.identity.kind == 'example'", "pin.identity may be null"),
        ("takes_text(pin.host)", "pin.host may be null"),
        ("!fact.settings.ct_required", "may be null: write == true or == false"),
        ("pin.activation == 'actve'", "pin.activation is never 'actve'; it is one of active, created"),
        ("pin.activation in ['active', 'crated']", "never 'crated'"),
        ("pin.include_subdomains == 'true'", "pin.include_subdomains is bool and 'true' is string: never equal"),
        ("fact.names == 'all hosts'", "never equal"),
        ("has(pin.host)", "always true: compare with null"),
        ("pin.value.text == 'x'", "pin.value is string and has no field text"),
        ("pin.value.exists(c, c == 'x')", "not a list"),
        ("pin['host'] == 'x'", "not a list: write .field"),
        ("takes_pin(fact)", "takes_pin: pin must be PinFact, not PolicyScopeView"),
        ("takes_text(fact.first_level)", "takes_text: text must be string, not int"),
        ("size(fact.first_level) == 1", "has no size"),
        ("fact.first_level && true", "not true or false"),
        ("fact.first_level.startsWith('2')", "startsWith works on texts"),
        ("pin.value + fact.first_level == ''", "cannot be joined"),
        ("'x' in pin.value", "not a list"),
        ("fact.names[0].host == ''", "has no field host"),
        ("facts.pins.map(p, p.host).exists(h, h.startsWith('api'))", "h may be null"),
    ],
)
def test_an_incorrect_condition_is_refused(source: str, part: str) -> None:
    with pytest.raises(ConditionError) as caught:
        check_condition(source, ENVIRONMENT, {})
    assert part in str(caught.value)


@pytest.mark.parametrize("source", ["fact.names", "pin.host", "fact.settings.ct_required"])
def test_a_condition_is_true_or_false(source: str) -> None:
    with pytest.raises(ConditionError, match="true or false"):
        check_condition(source, ENVIRONMENT, {})


def test_what_a_condition_proves_holds_afterwards() -> None:
    proven = check_condition("pin.host != null && pin.identity != null", ENVIRONMENT, {}).when_true
    assert proven == {("pin", "host"), ("pin", "identity")}
    check_condition("pin.host == pin.identity.name", ENVIRONMENT, {}, known=proven)


def test_the_shape_of_a_variable_can_be_given_later() -> None:
    environment = Environment(variables={"fact": dict[str, str]})
    with pytest.raises(ConditionError, match="has no field hots"):
        check("fact.hots == null", environment, {"fact": shape_of(PinFact)})
