"""Which ways through a method are told apart for one call."""

from analyzer.dataflow.together import resolve_together
from analyzer.dataflow.ways import ways_to
from tests.dataflow.support import resolver, sites


def _given(place: str) -> list[set[str]]:
    """Return what is given together to the call of ``sink`` on each way through a method."""
    found = []
    (site,) = sites("branches", f"app.Branches.{place}", "sink")
    for call in ways_to(resolver("branches").evaluator, site.method, site.offset):
        pairs = resolve_together(resolver("branches"), call.arguments)
        found.append({one + other for host, pin in pairs for one in host.texts for other in pin.texts})
    return found


def test_branches_that_a_call_does_not_depend_on_multiply_no_ways() -> None:
    assert _given("late") == [{"a1"}, {"b2"}]


def test_a_branch_counts_that_only_fills_what_a_call_is_given() -> None:
    assert _given("filled") == [{"a1"}, {"b2"}]


def test_of_many_branches_those_that_decide_are_named() -> None:
    (site,) = sites("branches", "app.Branches.late", "sink")
    values = resolver("branches").evaluator.evaluate(site.method)
    assert values is not None
    assert len(values.merges) == 9
    assert values.merges_deciding(site.offset) == values.merges[-1:]
