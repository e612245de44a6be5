"""Objects inside of values."""

from analyzer.dataflow.values import Created, Event, FieldValue, Items, Parameter, Result, Text, Value
from analyzer.dex import FieldRef, MethodRef
from analyzer.extractors.code.held_objects import Held, HeldObjects

_METHOD = MethodRef("Lapp/A;", "start", "(Lapp/B;)V")
_ELSEWHERE = MethodRef("Lapp/A;", "other", "(Lapp/B;)V")
_ADD = MethodRef("Ljava/util/List;", "add", "(Ljava/lang/Object;)Z")
_WRAP = MethodRef("Lapp/C;", "wrap", "(Ljava/lang/Object;)Ljava/lang/Object;")
_FIELD = FieldRef("Lapp/A;", "held", "Lapp/B;")


def _objects() -> HeldObjects:
    return HeldObjects(_METHOD, lambda value: isinstance(value, Text))


def _wrapped(value: Value, offset: int) -> Result:
    return Result(_WRAP, "static", (value,), _METHOD, offset, ((),))


def test_an_object_is_held_by_what_was_called_on_it() -> None:
    made = Created("Lapp/B;", _METHOD, 3, None, ((Event(_ADD, (), 0, 7, "once"),),))
    assert _objects().holds(made, Held(call=7))
    assert not _objects().holds(made, Held(call=3))


def test_a_parameter_of_another_method_is_another_object() -> None:
    assert _objects().holds(Parameter(_METHOD, 1), Held(parameter=1))
    assert not _objects().holds(Parameter(_ELSEWHERE, 1), Held(parameter=1))


def test_an_object_deep_inside_of_another_is_held() -> None:
    inner = FieldValue(_FIELD, None)
    assert _objects().holds(Items("[Lapp/B;", (Text("x"), _wrapped(_wrapped(inner, 9), 5))), Held(field=_FIELD))


def test_what_is_closed_holds_nothing() -> None:
    objects = HeldObjects(_METHOD, lambda value: isinstance(value, Result))
    assert not objects.holds(_wrapped(Parameter(_METHOD, 1), 5), Held(parameter=1))


def test_values_that_share_all_they_are_made_of_are_looked_through_once() -> None:
    value: Value = Parameter(_METHOD, 1)
    # As a tree this has more nodes than could ever be walked.
    for _ in range(200):
        value = Items("[Lapp/B;", (value, value))
    objects = _objects()
    assert objects.holds(value, Held(parameter=1))
    assert not objects.holds(value, Held(parameter=2))


def test_methods_with_thousands_of_objects_are_answered_for_as_well() -> None:
    objects = _objects()
    parts = [_wrapped(Parameter(_METHOD, 1), offset) for offset in range(5_000)]
    assert all(objects.holds(part, Held(call=offset)) for offset, part in enumerate(parts))
    assert not objects.holds(parts[4_000], Held(call=7))
    assert objects.holds(Items("[Lapp/B;", tuple(parts[:50])), Held(call=7))
