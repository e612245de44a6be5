"""The calls that hand pins to OkHttp, followed outwards through the app's own helpers."""

import itertools
from collections.abc import Iterator

import msgspec

from analyzer.dataflow.evaluate import Call, Evaluator
from analyzer.dataflow.question import Frame
from analyzer.dataflow.values import Element, Number, Parameter, Value, alternatives, join, walk
from analyzer.dataflow.ways import ways_to
from analyzer.dex import DexMethod, Program
from analyzer.extractors.code.okhttp_binding import OkHttpCopy, PinSink

_MAX_LEVELS = 6
"""Most helpers around a call that hands over pins."""
_MAX_CALLS = 1_000


class Level(msgspec.Struct, frozen=True):
    """One call on the way to the library."""

    method: DexMethod
    """Where the call is made."""
    call: Call


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

    def __init__(self, program: Program, evaluator: Evaluator, copy: OkHttpCopy) -> None:
        """Look for calls of the sinks of `copy`."""
        self._program = program
        self._evaluator = evaluator
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
        for site in self._program.users.callers_of(self._program.refs_reaching(method)):
            for call in ways_to(self._evaluator, site.method, site.offset):
                yield Level(site.method, call)

    def _outwards(self, sink: PinSink, first: Level) -> Iterator[PinCall]:
        pattern = self._given(sink.pattern, first.call)
        pins = self._given(sink.pins, first.call)
        assert pins is not None
        if pattern is None or _indices(pattern).isdisjoint(_indices(pins)):
            pins = _whole(pins)
        handed_on = _hands_on(pattern, pins, first.method)
        waiting: list[tuple[Level, ...]] = [(first,)]
        while waiting:
            levels = waiting.pop()
            outer = levels[-1]
            if handed_on and len(levels) < _MAX_LEVELS and self._needs_callers(levels, pattern, pins):
                seen = {level.method for level in levels}
                around = [level for level in self._calls_of(outer.method) if level.method not in seen]
                if around:
                    waiting.extend((*levels, level) for level in reversed(around))
                    continue
                if len(levels) == 1 and self._is_library_builder(sink, pins, outer):
                    continue
            yield PinCall(levels, pattern, pins)

    @staticmethod
    def _given(role: int | Value | None, call: Call) -> Value | None:
        if not isinstance(role, int):
            return role
        return call.arguments[role] if role < len(call.arguments) else None

    @staticmethod
    def _needs_callers(levels: tuple[Level, ...], pattern: Value | None, pins: Value) -> bool:
        """Say whether the arguments of the outermost method decide what is pinned."""
        wanted = [value for value in (pattern, pins) if value is not None]
        for inner, outer in itertools.pairwise(levels):
            indices = {part.index for value in wanted for part in _own_parameters(value, inner.method)}
            wanted = [outer.call.arguments[index] for index in indices if index < len(outer.call.arguments)]
        return any(True for value in wanted for _ in _own_parameters(value, levels[-1].method))

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


def _whole(value: Value) -> Value:
    """Return the array where a loop goes through its elements: all of them are meant."""
    found = [
        one.array if isinstance(one, Element) and not isinstance(one.index, Number) else one
        for one in alternatives(value)
    ]
    return join(found)


def _hands_on(pattern: Value | None, pins: Value, method: DexMethod) -> bool:
    given = [value for value in (pattern, pins) if value is not None]
    return any(True for value in given for _ in _own_parameters(value, method))


def _own_parameters(value: Value, method: DexMethod) -> Iterator[Parameter]:
    """Yield the parameters of `method` in a value, its ``this`` left out: that is followed through its fields."""
    for part in walk(value):
        if isinstance(part, Parameter) and part.method == method.ref and (part.index > 0 or method.is_static):
            yield part
