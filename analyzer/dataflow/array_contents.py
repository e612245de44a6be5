"""What is in the arrays that a method creates, or changes: replays what happened to them."""

from typing import TYPE_CHECKING

from analyzer.dataflow.collection_models import elements_of, spread
from analyzer.dataflow.question import Frame, Question
from analyzer.dataflow.reduced import number_array
from analyzer.dataflow.values import Created, Event, Items, Number, Numbers, Parameter, Unknown, Value, alternatives
from analyzer.dex import MethodRef

if TYPE_CHECKING:
    from analyzer.dataflow.resolve import Resolver

_MAX_LENGTH = 1 << 16
_DEFAULTS = frozenset("ZBSCIJFD")


class ArrayReader:
    """Replays histories of arrays in one frame."""

    def __init__(self, resolver: "Resolver", frame: Frame | None, question: Question, depth: int) -> None:
        """Resolve what was put into arrays with `resolver`, in `frame`."""
        self._resolver = resolver
        self._frame = frame
        self._question = question
        self._depth = depth

    def _value(self, value: Value) -> Value:
        return self._resolver.reduce(value, self._frame, self._question, self._depth)

    def array(self, created: Created, history: tuple[Event, ...]) -> Value:
        """Return the elements of an array after `history`."""
        length = None if created.length is None else self._value(created.length)
        size = length.value if isinstance(length, Number) else None
        primitive = created.type[1] in _DEFAULTS and len(created.type) == 2
        slots: dict[int, Value] = {}
        loose: list[Value] = []
        complete = size is not None
        for event in history:
            if event.ref is None and len(event.arguments) == 1:
                filled = event.arguments[0]
                if not isinstance(filled, Numbers):
                    return filled
                slots.update({index: Number(value) for index, value in enumerate(filled.elements[:_MAX_LENGTH])})
            elif event.ref is None:
                index, value = self._value(event.arguments[0]), self._value(event.arguments[1])
                if isinstance(index, Number) and event.often == "once":
                    slots[index.value] = value
                else:
                    loose.append(value)
                    complete = False
            elif isinstance(event.ref, MethodRef):
                changed = self._array_call(event, slots)
                complete = complete and changed
        if primitive:
            return (
                number_array(created.type, size, slots)
                if complete
                else Unknown("an array that is filled by a computation")
            )
        known = [slots[index] for index in sorted(slots) if slots[index] != Number(0)]
        return Items(created.type, spread((*known, *loose)), complete)

    def changed_array(self, base: Value, history: tuple[Event, ...]) -> Value:
        """Return an array of objects that was returned by a call, after `history`."""
        if not isinstance(base, Items) or not base.complete:
            return Unknown("an array that is changed after it was made")
        filled = tuple(Event(None, (Number(index), value), 0, -1, "once") for index, value in enumerate(base.elements))
        length = max(len(filled), self._resolver.limits.value_nodes)
        made = Created(base.type, MethodRef("", "", "()V"), -1, Number(length), ())
        return self.array(made, (*filled, *history))

    def changes_array(self, event: Event) -> bool:
        """Say whether something that happened to an array may have changed what is in it."""
        if isinstance(event.ref, MethodRef):
            into = (event.ref.owner, event.ref.name, event.position) == ("Ljava/lang/System;", "arraycopy", 3)
            return into or not self._array_call(event, {})
        return True

    def _array_call(self, event: Event, slots: dict[int, Value]) -> bool:
        """Apply a call that got an array as an argument; False when its effect is not known."""
        called = event.ref
        assert isinstance(called, MethodRef)
        if (called.owner, called.name) == ("Ljava/lang/System;", "arraycopy"):
            if event.position != 3 or len(event.arguments) != 4:
                return event.position != 3
            source, start, target, count = (self._value(one) for one in event.arguments)
            inner = elements_of(source)
            numbers = [one.value for one in (start, target, count) if isinstance(one, Number)]
            if inner is None or len(numbers) != 3 or event.often != "once":
                return False
            first, goal, amount = numbers
            slots.update({goal + at: one for at, one in enumerate(inner[first : first + max(amount, 0)])})
            return True
        method = self._resolver.program.resolve_method(called)
        if method is None:
            return called.name not in ("fill", "reverse", "shuffle")
        values = self._resolver.evaluate(method, self._question)
        passed = Parameter(method.ref, event.position - method.is_static)
        return values is not None and not any(
            passed in alternatives(one.array) for one in values.element_stores.values()
        )
