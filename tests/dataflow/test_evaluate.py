"""One method: branches, loops, exceptions, arrays and objects."""

import pytest

from analyzer.dataflow.evaluate import Evaluator
from analyzer.dataflow.limits import FlowLimits
from analyzer.dataflow.values import Created, Number, Numbers, Parameter, Text, Value, join
from tests.dataflow.support import method, program, resolver, sites


def _evaluate(name: str, place: str) -> tuple[Value, ...]:
    values = resolver(name).evaluator.evaluate(method(name, place))
    assert values is not None and values.incomplete is None
    return values.returns


def test_a_branch_on_a_constant_goes_one_way() -> None:
    assert _evaluate("java", "app.Literals.constantBranch") == (Text("new.example.com"),)


def test_an_unknown_condition_leaves_both_values() -> None:
    values = resolver("java").resolve(join(_evaluate("java", "app.Literals.ternary")))
    assert values.texts == ("debug.example.com", "release.example.com")


def test_a_handler_sees_the_values_before_the_exception() -> None:
    found = set(_evaluate("java", "app.Literals.caught"))
    assert found == {Text("before.example.com"), Text("after.example.com")}


def test_a_builder_holds_its_calls_in_order() -> None:
    (site,) = sites("shrunk", "app.Main.onCreate", "b")[:1]
    values = resolver("shrunk").evaluator.evaluate(site.method)
    assert values is not None
    (builder,) = values.calls[site.offset].arguments
    assert isinstance(builder, Created)
    # R8 made the fluent method void, so that the calls hang on the object alone.
    added = [event for event in builder.events if event.ref is not None and event.ref.name == "a"]
    assert [event.arguments[0] for event in added] == [Text("shrunk.example.com"), Text("second.shrunk.example.com")]
    assert all(event.position == 0 and event.often == "once" for event in added)


def test_array_data_becomes_numbers() -> None:
    found = resolver("smali").resolve(_evaluate("smali", "app.Cases.bytes")[0])
    assert found.values == (Numbers("[B", (1, 2, -1, 4)),)


def test_a_switch_is_judged_for_one_discriminator_at_a_time() -> None:
    merged = method("smali", "app.Cases.merged")
    cases = {}
    for number in range(3):
        values = resolver("smali").evaluator.evaluate(merged, {0: Number(number)})
        assert values is not None
        cases[number] = values.returns
    assert cases == {0: (Text("zero"),), 1: (Text("one"),), 2: (Text("last"),)}


def test_a_method_without_end_returns_nothing() -> None:
    assert _evaluate("smali", "app.Cases.endless") == ()


def test_a_field_of_an_assumed_value_decides_a_branch() -> None:
    helper = method("java", "app.Literals.mutableSuffix")
    ref = next(iter(program("java").field_refs("Lapp/Literals;", "suffix")))
    values = resolver("java").evaluator.evaluate(helper, fields={ref: Text(".assumed.example.com")})
    assert values is not None
    assert resolver("java").resolve(values.returns[0]).texts == ("api.assumed.example.com",)


def test_an_abstract_method_has_no_values() -> None:
    assert resolver("smali").evaluator.evaluate(method("smali", "app.Cases.step")) is None


def test_too_many_steps_are_a_reason_and_no_silence() -> None:
    evaluator = Evaluator(program("java"), FlowLimits(method_steps=3))
    values = evaluator.evaluate(method("java", "app.Literals.builderOnTwoWays"))
    assert values is not None and values.incomplete == "the method takes too many steps to evaluate"


def test_parameters_keep_their_place_behind_a_long() -> None:
    wide = method("smali", "app.Cases.wide")
    assert _evaluate("smali", "app.Cases.wide") == (Parameter(wide.ref, 1),)


@pytest.mark.parametrize("name", ["java", "shrunk", "kotlin", "kotlin-shrunk", "smali"])
def test_every_method_of_the_fixtures_is_evaluated_completely(name: str) -> None:
    evaluator = Evaluator(program(name))
    evaluated = 0
    for owner in program(name).classes:
        for one in owner.methods:
            values = evaluator.evaluate(one)
            if values is None:
                continue
            assert values.incomplete is None, one
            evaluated += 1
            for call in values.calls.values():
                assert len(call.arguments) == len(call.ref.parameters) + (call.kind != "static"), (one, call.ref)
    assert evaluated > 5


def test_a_method_of_ten_thousand_instructions_stays_within_its_budget() -> None:
    fill = method("long", "app.Long.fill")
    code = fill.code()
    assert code is not None and len(code.instructions) > 10_000
    values = Evaluator(program("long")).evaluate(fill)
    assert values is not None and values.incomplete is None
    last = values.calls[max(values.calls)]
    assert last.ref.name == "use" and last.arguments == (Text("last.example.com"),)
