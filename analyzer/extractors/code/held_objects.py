"""Which objects the values of a method are, or have inside."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from analyzer.dataflow.values import Created, FieldValue, Parameter, Result, Value, children
from analyzer.dex import FieldRef, MethodRef

_MOST = 2_048
"""With more objects in a method than this, what each value holds would take too much memory to be kept."""


class Held(NamedTuple):
    """What an object is known by in one method; one of these says it."""

    call: int | None = None
    """The offset of a call that it took part in, or that returned it."""
    parameter: int | None = None
    field: FieldRef | None = None


class HeldObjects:
    """Answers for the values of one method. Values share their parts, and each is looked through once."""

    def __init__(self, ref: MethodRef, is_closed: Callable[[Value], bool]) -> None:
        """Answer for the values of the method `ref`.

        Args:
            ref: The method.
            is_closed: Says that it does not count what a value is or has inside.
        """
        self._ref = ref
        self._is_closed = is_closed
        self._known: dict[int, tuple[Value, int]] = {}
        """By the identity of a value: the value, so that it stays what it is, and what it holds, a bit for each."""
        self._bits: dict[Held, int] = {}

    def holds(self, value: Value, wanted: Held) -> bool:
        """Say whether a value of the method is the object, or has it inside."""
        if len(self._bits) <= _MOST:
            inside = self._inside(value)
            if len(self._bits) <= _MOST:
                return bool(inside & self._bits.get(wanted, 0))
            self._known.clear()
        return self._leads_to(value, wanted)

    def _leads_to(self, value: Value, wanted: Held) -> bool:
        waiting = [value]
        seen: set[int] = set()
        while waiting:
            part = waiting.pop()
            if id(part) in seen or self._is_closed(part):
                continue
            seen.add(id(part))
            if wanted in self._of(part):
                return True
            waiting += children(part)
        return False

    def _inside(self, value: Value) -> int:
        known = self._known
        waiting = [value]
        while waiting:
            part = waiting[-1]
            if id(part) in known:
                waiting.pop()
                continue
            inside = 0
            if not self._is_closed(part):
                parts = children(part)
                missing = [one for one in parts if id(one) not in known]
                if missing:
                    waiting += missing
                    continue
                for held in self._of(part):
                    inside |= self._bits.setdefault(held, 1 << len(self._bits))
                for one in parts:
                    inside |= known[id(one)][1]
            known[id(part)] = (part, inside)
            waiting.pop()
        return known[id(value)][1]

    def _of(self, part: Value) -> Iterator[Held]:
        match part:
            case Created(method=method, histories=histories) if method == self._ref:
                yield from (Held(call=event.offset) for history in histories for event in history)
            case Result(method=method, offset=offset, histories=histories) if method == self._ref:
                yield Held(call=offset)
                yield from (Held(call=event.offset) for history in histories for event in history)
            case Parameter(method=method, index=index) if method == self._ref:
                yield Held(parameter=index)
            case FieldValue(ref=field):
                yield Held(field=field)
