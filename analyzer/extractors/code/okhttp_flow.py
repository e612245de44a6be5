"""Where a pinner goes after it was given its pins: to a client, into use by hand, or nowhere."""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Literal

import msgspec

from analyzer.dataflow.evaluate import Call, MethodValues
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import Created, Event, FieldValue, Parameter, Result, Value, alternatives, walk
from analyzer.dex import DexClass, DexMethod, FieldRef, dotted
from analyzer.extractors.code.held_objects import Held, HeldObjects
from analyzer.extractors.code.okhttp_binding import OkHttpCopy
from analyzer.extractors.code.okhttp_calls import Level, PinCall

_OBJECT = "Ljava/lang/Object;"
_LAZY = "Lkotlin/LazyKt"
_MAX_STATES = 200
_MAX_TARGETS = 8
_KEPT_METHODS = 256
_CHAINS = frozenset({"Ljava/util/List;", "[Ljava/security/cert/Certificate;"})
"""What methods of the pinner that check a chain get, besides the host; shrinkers drop a host that is constant."""
_HARMLESS = frozenset({"Ljava/lang/Object;", "Ljava/util/Objects;", "Lkotlin/jvm/internal/Intrinsics;"})
"""Classes whose methods keep nothing of what they are given."""

How = Literal["client", "check"]


class Arrival(msgspec.Struct, frozen=True):
    """A place where the pinner is put to use."""

    method: DexMethod
    offset: int
    how: How
    """``client``: handed to what makes clients; ``check``: asked about a chain by the app itself."""
    receiver: Value | None
    """What makes the client, as it is when the method ends."""
    given: Value | None = None
    """The pinner."""


class Flow(msgspec.Struct, frozen=True):
    """Where a pinner went."""

    arrivals: tuple[Arrival, ...]
    lost: tuple[str, ...]
    """Why the way could not be followed further, at places where it goes on."""


class _Needle(msgspec.Struct, frozen=True):
    """What to look for in a method: the pinner, or what builds it."""

    method: DexMethod
    held: Held


class PinnerFlow:
    """Follows pinners of one copy of the library."""

    def __init__(self, resolver: Resolver, copy: OkHttpCopy) -> None:
        """Follow to the clients of `copy`."""
        self._resolver = resolver
        self._program = resolver.program
        self._evaluator = resolver.evaluator
        self._copy = copy
        self._known: dict[tuple[DexMethod, int, bool], Flow] = {}
        self._held: dict[DexMethod, tuple[MethodValues, HeldObjects]] = {}
        self._clients = frozenset((*(ref.owner for ref in copy.client_fields), *(ref.owner for ref in copy.setters)))
        """What makes clients, and clients: who has the pinner through one of them got it by an arrival."""

    def of(self, call: PinCall) -> Flow:
        """Follow the pinner that gets the pins of `call`, from each method on the way to the library.

        A helper on the way hands it back to the next method of the way, not to its other callers.
        """
        outermost = call.levels[-1]
        flows = [self._from(level, is_helper=level is not outermost) for level in call.levels]
        arrivals = tuple(dict.fromkeys(arrival for flow in flows for arrival in flow.arrivals))
        return Flow(arrivals, flows[-1].lost)

    def _from(self, level: Level, *, is_helper: bool) -> Flow:
        key = (level.method, level.call.offset, is_helper)
        if key not in self._known:
            self._known[key] = self._follow(level, is_helper=is_helper)
        return self._known[key]

    def _follow(self, level: Level, *, is_helper: bool) -> Flow:
        arrivals: dict[Arrival, None] = {}
        lost: dict[str, None] = {}
        first = _Needle(level.method, Held(call=level.call.offset))
        seen = {first}
        waiting = deque([first, *(() if is_helper else self._handed_in(level))])
        while waiting:
            needle = waiting.popleft()
            values = self._evaluator.evaluate(needle.method)
            if values is None:
                continue
            goes_back = not is_helper or needle.method != level.method
            for found in self._step(needle, values, goes_back=goes_back):
                if isinstance(found, Arrival):
                    arrivals[found] = None
                elif isinstance(found, str):
                    lost[found] = None
                elif found not in seen:
                    if len(seen) >= _MAX_STATES:
                        lost["it is handed on more often than is followed"] = None
                        break
                    seen.add(found)
                    waiting.append(found)
        return Flow(tuple(arrivals), tuple(lost))

    def _handed_in(self, level: Level) -> Iterator[_Needle]:
        """Yield the callers of a method that adds pins to a builder it was given, and readers of a builder's field."""
        for argument in level.call.arguments[:1]:
            for part in walk(argument):
                if isinstance(part, Parameter) and (part.index > 0 or level.method.is_static):
                    yield from self._callers(level.method)
                elif isinstance(part, FieldValue):
                    yield from self._readers(part.ref)

    def _step(self, needle: _Needle, values: MethodValues, *, goes_back: bool) -> Iterator[_Needle | Arrival | str]:
        for call in values.calls.values():
            if call.offset != needle.held.call:
                yield from self._through(needle, values, call)
        for store in values.stores.values():
            if self._holds(values, store.value, needle):
                if store.ref in self._copy.client_fields:
                    yield Arrival(needle.method, store.offset, "client", store.base, store.value)
                else:
                    yield from self._readers(store.ref)
        if goes_back and any(self._holds(values, value, needle) for value in values.returns):
            yield from self._callers(needle.method)

    def _through(self, needle: _Needle, values: MethodValues, call: Call) -> Iterator[_Needle | Arrival | str]:
        for position, argument in enumerate(call.arguments):
            if not self._holds(values, argument, needle):
                continue
            if position == 1 and (call.ref in self._copy.setters or call.ref in self._copy.chain_setters):
                receiver = _final(values, call.arguments[0])
                yield Arrival(needle.method, call.offset, "client", receiver, call.arguments[1])
            elif position == 0 and self._checks(call):
                yield Arrival(needle.method, call.offset, "check", None)
            elif position == 0 and call.kind != "static":
                # What is called on the object itself belongs to the library, and changes or builds it.
                continue
            else:
                yield from self._into(call, position)
                yield from self._held_by(needle, call, position)

    def _held_by(self, needle: _Needle, call: Call, position: int) -> Iterator[_Needle]:
        """Yield the object whose list a pin is added to, where the builder's method for that was inlined."""
        if position == 0 or call.ref.name != "add" or not call.ref.owner.startswith("Ljava/util/"):
            return
        for one in alternatives(call.arguments[0]):
            if isinstance(one, FieldValue) and isinstance(one.base, Created) and one.base.events:
                yield _Needle(needle.method, Held(call=one.base.events[0].offset))

    def _holds(self, values: MethodValues, value: Value, needle: _Needle) -> bool:
        """Say whether a value is the object, or has it inside."""
        known = self._held.get(needle.method)
        if known is None or known[0] is not values:
            if len(self._held) >= _KEPT_METHODS:
                self._held.clear()
            known = self._held[needle.method] = (values, HeldObjects(needle.method.ref, self._is_closed))
        return known[1].holds(value, needle.held)

    def _is_closed(self, value: Value) -> bool:
        """Say whether it does not matter what a value has inside: clients, and what no object fits into."""
        return self._is_client(value) or (isinstance(value, Result) and not _may_hold(value))

    def _is_client(self, value: Value) -> bool:
        match value:
            case Created(type=name):
                return name in self._clients
            case Result(ref=ref):
                return ref.return_type in self._clients
            case FieldValue(ref=field):
                return field in self._copy.client_fields
        return False

    def _checks(self, call: Call) -> bool:
        ref = call.ref
        return ref.owner == self._copy.pinner and ref.name != "<init>" and not _CHAINS.isdisjoint(ref.parameters)

    def _into(self, call: Call, position: int) -> Iterator[_Needle | str]:
        ref = call.ref
        if ref.owner in self._copy.classes or ref.owner in _HARMLESS:
            return
        if ref.owner == self._copy.pinner and ref.name == "<init>":
            return
        if ref.owner in self._resolver.kotlin.lazy_classes or ref.owner.startswith(_LAZY):
            # A lazy value holds what its block returns, and hands it to whoever asks it: its own code serves all.
            return
        targets = self._program.implementations_of(ref)
        if not targets and (method := self._program.resolve_method(ref)) is not None:
            targets = (method,)
        for target in targets[:_MAX_TARGETS]:
            if target.owner.descriptor not in self._copy.classes | self._clients:
                yield _Needle(target, Held(parameter=position))
        if len(targets) > _MAX_TARGETS or (
            not targets and not ref.owner.startswith(("Ljava/lang/String", "Ljava/util/"))
        ):
            yield f"it is handed to {dotted(ref.owner)}.{ref.name}"

    def _callers(self, method: DexMethod) -> Iterator[_Needle]:
        for site in self._resolver.call_sites(method):
            yield _Needle(site.method, Held(call=site.offset))
        if method.is_direct or not self._is_answer(method):
            return
        # Whoever holds the object that answers may ask it: a lazy value its block, a user of a provider the provider.
        for site in self._program.users.creations_of((method.ref.owner,))[:_MAX_STATES]:
            values = self._evaluator.evaluate(site.method)
            made = None if values is None else values.object_at(site.offset)
            for event in made.events[:1] if isinstance(made, Created) else ():
                yield _Needle(site.method, Held(call=event.offset))

    def _is_answer(self, method: DexMethod) -> bool:
        """Say whether a method implements one of an interface that lambdas implement, or of the platform's."""
        hierarchy = self._program.hierarchy
        return any(
            name != _OBJECT and (hierarchy.find(name) is None or _is_function(hierarchy.find(name)))
            for name in hierarchy.supertypes_of(method.ref.owner)
        )

    def _readers(self, ref: FieldRef) -> Iterator[_Needle]:
        for site in self._program.users.readers_of((ref,)):
            yield _Needle(site.method, Held(field=ref))


def _is_function(definition: DexClass | None) -> bool:
    """Say whether a type is an interface of one method, as lambdas implement them."""
    return definition is not None and definition.is_interface and len(definition.methods) == 1


def _may_hold(result: Result) -> bool:
    """Say whether what a call returned may have its arguments inside: no number or text does."""
    kind = result.ref.return_type
    return kind[:1] in ("L", "[") and kind != "Ljava/lang/String;"


def _final(values: MethodValues, value: Value) -> Value:
    """Return an object as it is when its method ends."""
    if isinstance(value, Created) and value.method == values.method.ref:
        return values.object_at(value.offset)
    return value


def last_events(receiver: Value | None, offset: int, wanted: Callable[[Event], bool]) -> tuple[Event, ...]:
    """Return the last event of a kind after the call at `offset`, for each way through the method.

    Empty when there is a way without any: then what the call did lasts.
    """
    if not isinstance(receiver, Created | Result):
        return ()
    found: dict[Event, None] = {}
    for history in receiver.histories:
        places = [at for at, event in enumerate(history) if event.offset == offset]
        if not places:
            continue
        later = [event for event in history[places[-1] + 1 :] if wanted(event)]
        if not later or later[-1].often == "maybe":
            return ()
        found[later[-1]] = None
    return tuple(found)
