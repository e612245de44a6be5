"""The calls that hand pins to OkHttp, followed outwards through the app's own helpers."""

import itertools
from collections.abc import Iterator

import msgspec

from analyzer.dataflow.evaluate import Call
from analyzer.dataflow.limits import FlowLimits
from analyzer.dataflow.question import Frame, Question
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import Element, Number, Parameter, Value, alternatives, join, walk
from analyzer.dataflow.ways import ways_to
from analyzer.dex import DexMethod
from analyzer.extractors.code.okhttp_binding import OkHttpCopy, PinSink

_MAX_LEVELS = 6
"""Most helpers around a call that hands over pins."""
_MAX_CALLS = 1_000
_LITTLE = FlowLimits(work=1_000, evaluations=40, depth=24)
"""What it may cost to find out which of the classes that were merged an object had."""


class Level(msgspec.Struct, frozen=True):
    """One call on the way to the library."""

    method: DexMethod
    """Where the call is made."""
    call: Call
    is_one_of_several: bool = False
    """Whether branches of the method lead to the call with other arguments as well."""


class PinCall(msgspec.Struct, frozen=True):
    """One way to a method of the library that takes pins."""

    levels: tuple[Level, ...]
    """The call of the library first, then the calls of the methods around it; never empty."""
    pattern: Value | None
    """The host pattern, as the innermost method knows it."""
    pins: Value
    """One pin text, or an array of them."""

    @property
    def frame(self) -> Frame | None:
        """What the parameters of the innermost method are on this way."""
        frame = None
        for inner, outer in reversed(tuple(itertools.pairwise(self.levels))):
            frame = Frame(inner.method.ref, outer.call.arguments, frame)
        return frame


class PinCalls:
    """Finds the calls for one copy of the library."""

    def __init__(self, resolver: Resolver, copy: OkHttpCopy) -> None:
        """Look for calls of the sinks of `copy`."""
        self._resolver = resolver
        self._evaluator = resolver.evaluator
        self._copy = copy
        self._sinks = {sink.method: sink for sink in copy.sinks}
        self.dropped = 0
        """How many calls were not looked at because there are too many."""

    def __iter__(self) -> Iterator[PinCall]:
        """Yield the calls, in the order of the code."""
        left = _MAX_CALLS
        for sink in self._sinks.values():
            for level in self._calls_of(sink.method):
                # A library's builder hands on what it was given; its own callers are found by its own entry.
                if level.method in self._sinks:
                    continue
                for found in self._outwards(sink, level):
                    left -= 1
                    if left < 0:
                        self.dropped += 1
                        return
                    yield found

    def is_library(self, level: Level) -> bool:
        """Say whether a call is made by the library itself."""
        return level.method.owner.descriptor in self._copy.classes

    def _calls_of(self, method: DexMethod) -> Iterator[Level]:
        for site in self._resolver.call_sites(method):
            calls = ways_to(self._evaluator, site.method, site.offset)
            for call in calls:
                if not self._resolver.kotlin.is_entered_again(site.method.ref, call.arguments, method.ref):
                    yield Level(site.method, call, len(calls) > 1)

    def _outwards(self, sink: PinSink, first: Level) -> Iterator[PinCall]:
        waiting: list[tuple[Level, ...]] = [(first,)]
        met: set[object] = set()
        while waiting:
            levels = waiting.pop()
            pattern, pins = self._arguments(sink, levels[0])
            outer = levels[-1]
            handed_on = self._hands_on(pattern, pins, levels[0].method)
            if handed_on and len(levels) < _MAX_LEVELS and self._needs_callers(levels, pattern, pins):
                seen = {level.method for level in levels}
                around = [
                    level
                    for level in self._calls_of(outer.method)
                    if level.method not in seen and self._is_case_of(outer, level.call)
                ]
                if around:
                    longer = [one for level in around for one in self._within(levels, level)]
                    for one in reversed(longer):
                        key = tuple((level.method, level.call.offset, level.call.arguments) for level in one)
                        if key not in met:
                            met.add(key)
                            waiting.append(one)
                    continue
                if len(levels) == 1 and self._is_library_builder(sink, pins, outer):
                    continue
            if not outer.is_one_of_several or self._is_asked_for(outer):
                yield PinCall(levels, pattern, pins)

    def _is_asked_for(self, level: Level) -> bool:
        """Say whether some caller's numbers let the method go the way that leads to a call."""
        callers = list(self._calls_of(level.method))
        if not callers:
            return True
        for caller in callers:
            numbers = self._deciding(level.method, caller.call)
            if not numbers:
                return True
            calls = ways_to(self._evaluator, level.method, level.call.offset, numbers)
            if any(call.arguments == level.call.arguments for call in calls):
                return True
        return False

    def _deciding(self, method: DexMethod, call: Call) -> dict[int, Value]:
        """Return the numbers that a call passes and on which branches of `method` may depend."""
        values = self._evaluator.evaluate(method)
        compared = {} if values is None else values.compared
        return {
            index: one
            for index, one in enumerate(call.arguments)
            if isinstance(one, Number) and (index in compared or _is_mask(method, index))
        }

    def _is_case_of(self, level: Level, caller: Call) -> bool:
        """Say whether the object that a caller asks may come to a call: a number says which of merged classes it is."""
        if level.method.is_static or not caller.arguments:
            return True
        fields = self._resolver.assumptions.fields(level.method, caller.arguments, None, Question(_LITTLE), 0)
        if not fields:
            return True
        values = self._evaluator.evaluate(level.method, fields=fields)
        return values is None or level.call.offset in values.calls

    def _arguments(self, sink: PinSink, first: Level) -> tuple[Value | None, Value]:
        """Return the host pattern and the pins that a call of the library gets."""
        pattern = self._given(sink.pattern, first.call)
        pins = self._given(sink.pins, first.call)
        assert pins is not None
        if pattern is None or _indices(pattern).isdisjoint(_indices(pins)):
            pins = _whole(pins)
        return pattern, pins

    def _within(self, levels: tuple[Level, ...], caller: Level) -> Iterator[tuple[Level, ...]]:
        """Yield the way with one call more around it, as numbers that the caller passes decide the branches there.

        So Kotlin's default arguments are told apart: a mask says which of them the caller leaves out.
        """
        *inner, outer = levels
        numbers = self._deciding(outer.method, caller.call)
        if not numbers:
            yield (*levels, caller)
            return
        for call in ways_to(self._evaluator, outer.method, outer.call.offset, numbers):
            yield (*inner, msgspec.structs.replace(outer, call=call), caller)

    @staticmethod
    def _given(role: int | Value | None, call: Call) -> Value | None:
        if not isinstance(role, int):
            return role
        return call.arguments[role] if role < len(call.arguments) else None

    def _needs_callers(self, levels: tuple[Level, ...], pattern: Value | None, pins: Value) -> bool:
        """Say whether the arguments of the outermost method decide what is pinned."""
        wanted = [value for value in (pattern, pins) if value is not None]
        for inner, outer in itertools.pairwise(levels):
            indices = {part.index for value in wanted for part in self._own_parameters(value, inner.method)}
            wanted = [outer.call.arguments[index] for index in indices if index < len(outer.call.arguments)]
        return any(True for value in wanted for _ in self._own_parameters(value, levels[-1].method))

    def _hands_on(self, pattern: Value | None, pins: Value, method: DexMethod) -> bool:
        given = [value for value in (pattern, pins) if value is not None]
        return any(True for value in given for _ in self._own_parameters(value, method))

    def _own_parameters(self, value: Value, method: DexMethod) -> Iterator[Parameter]:
        """Yield the parameters of `method` in a value, its ``this`` left out: that is followed through its fields."""
        for part in walk(value):
            if not isinstance(part, Parameter) or part.method != method.ref:
                continue
            if (part.index > 0 or method.is_static) and not self._resolver.kotlin.is_resumed_value(part):
                yield part

    def _is_library_builder(self, sink: PinSink, pins: Value, level: Level) -> bool:
        """Recognise a renamed builder that nothing calls: it makes a pin of each element of an argument."""
        return self.is_library(level) or (
            self._copy.found_by == "structure"
            and sink.method.owner.descriptor in self._copy.classes
            and isinstance(pins, Parameter)
            and pins.method.parameters[pins.index - (not level.method.is_static)].startswith("[")
        )


def _indices(value: Value) -> set[Value]:
    """Return the indices of a loop in a value."""
    return {part.index for part in walk(value) if isinstance(part, Element) and not isinstance(part.index, Number)}


def _is_mask(method: DexMethod, index: int) -> bool:
    """Say whether a parameter is a number, of whose bits branches may depend."""
    at = index - (not method.is_static)
    return 0 <= at < len(method.ref.parameters) and method.ref.parameters[at] == "I"


def _whole(value: Value) -> Value:
    """Return the array where a loop goes through its elements: all of them are meant."""
    found = [
        one.array if isinstance(one, Element) and not isinstance(one.index, Number) else one
        for one in alternatives(value)
    ]
    return join(found)
