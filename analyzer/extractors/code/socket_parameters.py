"""What the parameters that a socket is given ask for, also where a function that is handed over fills them in."""

from collections.abc import Iterator
from typing import Literal

from analyzer.dataflow.evaluate import Call
from analyzer.dataflow.question import Frame, Instance, Resolution
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import Created, Event, Parameter, Result, Value, walk
from analyzer.dataflow.wiring import Use
from analyzer.dex import DexMethod, MethodRef
from analyzer.extractors.code.endpoint_identification import SETTING, EndpointSettings, is_nothing

Setting = Literal["set", "cleared", "none", "unknown"]
_PLATFORM = ("Ljava/", "Ljavax/", "Landroid/", "Lkotlin/jvm/internal/")
_NESTED = 4
"""Most methods that hand the parameters on to each other."""


class ParameterSettings:
    """Tells what parameters ask for when a socket or an engine gets them."""

    def __init__(self, resolver: Resolver, settings: EndpointSettings) -> None:
        """Use `settings` to tell which calls set something."""
        self._resolver = resolver
        self._program = resolver.program
        self._settings = settings

    def of(self, use: Use, method: DexMethod | None, given: Value | None) -> Setting:
        """Say what the parameters `given` to the call of `use`, which stands in `method`, ask for."""
        if given is None or method is None:
            return "unknown"
        asked: list[Value] = []
        made: set[int] = set()
        for part in (given, *self._resolver.resolve(given).values):
            for one in walk(part.value if isinstance(part, Instance) else part):
                if isinstance(one, Created | Result):
                    events = (event for history in one.histories for event in history)
                    asked += [value for event in events if (value := self._settings.given(event)) is not None]
                    if one.method == method.ref:
                        made.add(one.offset)
        filled = self._filled_in(use, method, made)
        if filled is not None:
            asked += filled
        if not all(is_all_nothing(self._resolver.resolve(value)) for value in asked):
            return "set"
        if asked:
            return "cleared"
        is_known = filled is not None and isinstance(given, Created | Result) and _is_platforms(given)
        return "none" if is_known else "unknown"

    def _filled_in(self, use: Use, method: DexMethod, made: set[int]) -> list[Value] | None:
        """Return what functions set that get the parameters in `method`; None when some are not known."""
        values = self._resolver.evaluator.evaluate(method)
        asked: list[Value] = []
        for call in values.calls.values() if values is not None else ():
            if call.offset == use.offset or call.ref.owner.startswith(_PLATFORM):
                continue
            first = 0 if call.kind == "static" else 1
            for place, argument in enumerate(call.arguments[first:], first):
                if isinstance(argument, Created | Result) and argument.offset in made:
                    found = self._by_call(call, place, self._frame(use, method))
                    if found is None:
                        return None
                    asked += found
        return asked

    def _frame(self, use: Use, method: DexMethod) -> Frame | None:
        """Return the call through which the socket came into the method that gives it its parameters."""
        step = use.trail[-1] if use.trail else None
        if step is None or step.offset is None or not step.what.startswith("passed to"):
            return None
        caller = self._program.resolve_method(step.method)
        values = None if caller is None else self._resolver.evaluator.evaluate(caller)
        call = None if values is None else values.calls.get(step.offset)
        is_entry = call is not None and self._program.resolve_method(call.ref) == method
        return Frame(method.ref, call.arguments, None) if call is not None and is_entry else None

    def _by_call(self, call: Call, place: int, frame: Frame | None) -> list[Value] | None:
        if call.kind in ("static", "direct", "super"):
            method = self._program.resolve_method(call.ref)
            return None if method is None else list(self._asked(method, place))
        receivers = self._resolver.resolve(call.arguments[0], frame).values
        asked: list[Value] = []
        for one in receivers:
            name = one.type if isinstance(one, Instance) else None
            ref = call.ref
            method = None if name is None else self._program.resolve_method(MethodRef(name, ref.name, ref.descriptor))
            if method is None or method.is_abstract:
                return None
            asked += self._asked(method, place)
        # Of several functions it is not known which one fills in these.
        return asked if len(receivers) == 1 else None

    def _asked(self, method: DexMethod, place: int, nested: int = 0) -> Iterator[Value]:
        """Yield what a method sets on the parameters that it gets, itself or in what it hands them to."""
        values = self._resolver.evaluator.evaluate(method)
        this = Parameter(method.ref, place)
        for call in values.calls.values() if values is not None else ():
            for index, argument in enumerate(call.arguments):
                if argument != this:
                    continue
                others = call.arguments[:index] + call.arguments[index + 1 :]
                position = index + (call.kind == "static")
                value = self._settings.given(Event(call.ref, others, position, call.offset, "once"))
                target = self._program.resolve_method(call.ref) if call.kind in ("static", "direct") else None
                if value is not None:
                    yield value
                elif target is not None and call.ref.name != SETTING and nested < _NESTED:
                    yield from self._asked(target, index, nested + 1)


def is_all_nothing(resolution: Resolution) -> bool:
    """Say whether an algorithm is null or an empty text, whatever way leads to it."""
    return bool(resolution.values) and all(map(is_nothing, resolution.values))


def _is_platforms(value: Value) -> bool:
    ref = value.ref if isinstance(value, Result) else None
    return ref is None or ref.owner.startswith("Ljavax/net/ssl/")
