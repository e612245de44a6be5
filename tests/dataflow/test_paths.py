"""The ways through a method, helpers included."""

from collections.abc import Mapping

from analyzer.dataflow.dispatch import Dispatch
from analyzer.dataflow.exceptions import catches
from analyzer.dataflow.path_model import Path, Paths
from analyzer.dataflow.paths import PathFinder, PathLimits
from analyzer.dataflow.values import Element, FieldValue, Number, Parameter, Text, Unknown, Value
from analyzer.dex import FieldRef, MethodRef
from tests.dataflow.support import method, program

_CERTIFICATE = "Ljava/security/cert/CertificateException;"


def _decides(ref: MethodRef) -> bool:
    return ref.name == "checkServerTrusted"


def _paths(
    place: str,
    this_type: str | None = None,
    fields: Mapping[FieldRef, Value] | None = None,
    limits: PathLimits | None = None,
) -> Paths:
    found = PathFinder(program("paths"), _decides, limits).paths(method("paths", place), this_type, None, fields)
    assert found is not None
    return found


def _endings(paths: Paths) -> list[tuple[str, str | None]]:
    return sorted((path.ending, path.exception) for path in paths.paths)


def _calls(path: Path) -> list[tuple[str, str | None]]:
    return [(step.ref.name, step.threw) for step in path.steps if step.kind != "write"]


def test_an_empty_body_only_returns() -> None:
    assert _endings(_paths("app.Ways.nothing")) == [("returns", None)]


def test_guards_are_conditions_on_the_arguments() -> None:
    paths = _paths("app.Ways.guarded")
    assert _endings(paths) == [("returns", None), *[("throws", "Ljava/lang/IllegalArgumentException;")] * 2]
    (accepting,) = paths.returning
    assert [condition.operator for condition in accepting.conditions] == ["ne", "ne"]
    assert accepting.conditions[0].left == Parameter(method("paths", "app.Ways.guarded").ref, 1)
    assert accepting.conditions[0].holds


def test_a_swallowed_exception_is_a_path_that_returns() -> None:
    threw = [[step.threw for step in path.caught] for path in _paths("app.Ways.swallowed").returning]
    assert sorted(threw) == [[], [_CERTIFICATE]]


def test_a_wrapped_exception_still_throws() -> None:
    paths = _paths("app.Ways.wrapped")
    assert _endings(paths) == [("returns", None), ("throws", _CERTIFICATE)]
    assert not paths.returning[0].caught
    assert [step.threw for step in paths.throwing[0].caught] == ["Ljava/lang/Exception;"]


def test_an_exception_that_is_recorded_and_thrown_later_is_not_swallowed() -> None:
    paths = _paths("app.Ways.recorded")
    assert [path.caught for path in paths.returning] == [()]
    assert len(paths.throwing) == 1


def test_finally_and_synchronized_rethrow() -> None:
    paths = _paths("app.Ways.atLast")
    assert [path.caught for path in paths.returning] == [()]
    assert [path.ending for path in paths.paths if path.caught] == ["throws"]


def test_a_field_that_decides_is_a_condition() -> None:
    conditions = {
        (path.conditions[0].holds, len(_calls(path))): path.conditions[0].left for path in _paths("app.Ways.flag").paths
    }
    assert sorted(conditions) == [(False, 0), (True, 1)]
    assert all(isinstance(left, FieldValue) and left.ref.name == "strict" for left in conditions.values())


def test_a_loop_runs_not_at_all_or_once_over_any_element() -> None:
    paths = _paths("app.Ways.anyOf")
    (accepting,) = paths.returning
    element = next(step.arguments[0] for step in accepting.steps if step.ref.name == "getSubjectDN")
    assert isinstance(element, Element) and isinstance(element.index, Unknown)
    assert all(step.in_loop for step in accepting.steps)
    assert sorted(bool(path.skipped_loops) for path in paths.throwing) == [False, True]


def test_a_flag_set_in_a_loop_is_remembered_behind_it() -> None:
    (accepting,) = _paths("app.Ways.found").returning
    assert [one.holds for one in accepting.conditions if one.left in _results(accepting, "contains")] == [True]


def _results(path: Path, name: str) -> list[Value | None]:
    return [step.result for step in path.steps if step.ref.name == name]


def test_a_check_two_calls_away_is_seen_in_terms_of_the_arguments() -> None:
    paths = _paths("app.Ways.deep")
    assert _endings(paths) == [("returns", None), ("throws", _CERTIFICATE)]
    chain = Parameter(method("paths", "app.Ways.deep").ref, 1)
    subject = next(step for step in paths.returning[0].steps if step.ref.name == "getSubjectDN")
    assert subject.arguments == (Element(chain, Number(0)),)
    assert subject.frame.method == method("paths", "app.Ways.second")
    assert subject.frame.parent is not None and subject.frame.parent.method == method("paths", "app.Ways.first")
    compared = paths.returning[0].conditions[0].left
    assert {Text("CN=ours"), chain} <= set(paths.ingredients(compared))


def test_a_method_without_end_runs_forever() -> None:
    assert _endings(_paths("app.Ways.forever")) == [("runs-forever", None)]


def test_each_case_of_a_switch_is_a_path() -> None:
    paths = _paths("app.Ways.kinds")
    assert {path.value for path in paths.returning} == {Text("zero"), Text("other")}
    (thrown,) = paths.throwing
    assert thrown.conditions[-1].right == Number(7)


def test_a_method_that_always_throws_never_returns() -> None:
    assert _endings(_paths("app.Ways.denied")) == [("throws", _CERTIFICATE)]


def test_null_checks_of_parameters_are_no_paths_under_any_name() -> None:
    assert _endings(_paths("app.Ways.required")) == [("returns", None)]
    dispatch = Dispatch(program("paths"), _decides)
    assert dispatch.is_null_check(method("paths", "app.Ways.require"))
    assert not dispatch.is_null_check(method("paths", "app.Ways.kinds"))


def test_a_merged_class_is_judged_for_one_number_at_a_time() -> None:
    which = FieldRef("Lapp/Ways$Merged;", "which", "I")
    found = {
        number: [_calls(path) for path in _paths("app.Ways$Merged.check", None, {which: Number(number)}).paths]
        for number in (0, 1)
    }
    assert found == {0: [[]], 1: [[("checkServerTrusted", None)]]}


def test_an_abstract_base_decides_as_the_class_below_it_does() -> None:
    endings = {name: _endings(_paths("app.Below.check", f"Lapp/Below${name};")) for name in ("Yes", "No")}
    assert endings == {"Yes": [("returns", None)], "No": [("throws", _CERTIFICATE)]}


def test_a_budget_that_is_spent_is_said() -> None:
    paths = _paths("app.Ways.many", limits=PathLimits(paths=50))
    assert paths.incomplete == "the method has too many paths" and len(paths.paths) == 50


def test_handlers_catch_by_the_hierarchy_of_exceptions() -> None:
    found = [
        catches(program("paths"), handler, thrown)
        for handler, thrown in (
            ("Ljava/security/GeneralSecurityException;", _CERTIFICATE),
            ("Ljava/security/cert/CertificateExpiredException;", _CERTIFICATE),
            ("Ljava/io/IOException;", _CERTIFICATE),
            (None, _CERTIFICATE),
            ("Ljava/lang/Exception;", "Lunknown/Failure;"),
        )
    ]
    assert found == [True, None, False, True, True]
