"""Two values of one moment: what belongs together is not mixed, and what does not is."""

import pytest

from analyzer.dataflow.question import Question
from analyzer.dataflow.together import resolve_together
from analyzer.dataflow.values import Number, Parameter, Unknown
from analyzer.dataflow.ways import ways_to
from tests.dataflow.support import resolver, sites

_OWN = {"a1", "b2"}
_ALL = {"a1", "a2", "b1", "b2"}


def _pairs(place: str) -> set[str]:
    found = set()
    for site in sites("together", place, "sink"):
        for call in ways_to(resolver("together").evaluator, site.method, site.offset):
            for host, pin in resolve_together(resolver("together"), call.arguments):
                found |= {one + other for one in host.texts for other in pin.texts}
    return found


@pytest.mark.parametrize(
    "method", ["sameCondition", "oppositeComparison", "oneIndex", "oneIndexOfLists", "numbered", "Both.use"]
)
def test_what_one_decision_chooses_stays_together(method: str) -> None:
    place = f"app.Together${method}" if "." in method else f"app.Together.{method}"
    assert _pairs(place) == _OWN


@pytest.mark.parametrize("method", ["twoConditions", "changedCondition", "nestedLoops"])
def test_what_several_decisions_choose_comes_in_every_combination(method: str) -> None:
    assert _pairs(f"app.Together.{method}") == _ALL


def test_two_switches_over_one_number_go_the_same_way() -> None:
    assert _pairs("app.Together.switchTwice") == {"a1", "b2", "c3"}


def test_a_choice_among_callers_outlives_the_work_to_find_them_again() -> None:
    asked = resolver("together")
    called = [
        method
        for one in asked.program.classes
        for method in one.methods
        if method.is_static and method.ref.parameters and asked.call_sites(method)
    ]
    assert called
    for method in called:
        question = Question(asked.limits, evaluations=asked.limits.evaluations, fixed={("caller", method): Number(0)})
        assert isinstance(asked.reduce(Parameter(method.ref, 0), None, question, 0), Unknown)
