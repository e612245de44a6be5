"""Follows an object forwards: through locals, fields, results, builders and collections, to the calls that get it."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Literal

import msgspec

from analyzer.dataflow.answering import FUNCTIONS, Answering
from analyzer.dataflow.evaluate import Call, MethodValues
from analyzer.dataflow.origins import Origins
from analyzer.dataflow.question import Question, Step, name_of
from analyzer.dataflow.receivers import Receivers, added_to, hands_on, is_telling
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import Created, Element, FieldValue, Parameter, Result, Value, alternatives
from analyzer.dex import DexField, DexMethod, FieldRef, MethodRef, Site, dotted

Goal = Callable[[MethodRef, int], bool]
"""Says whether an argument of a call is what is looked for; 0 is the receiver, parameters count from 1."""
StoreGoal = Callable[[FieldRef | MethodRef], bool]
"""Says whether a field that is set or added to, or the collection that a method hands out, is what is looked for."""
Start = tuple[DexMethod, int | Parameter | FieldRef]
"""A method, and the offset of what creates or returns an object in it, one of its parameters, or a static field."""
FlowState = Literal["reaches", "does-not-reach", "unknown"]

_MAX_TARGETS = 16
_MAX_ENTRIES = 4
"""Most nested calls that a result is returned through to where it came from."""
_NOT_CARRYING = frozenset({"Ljava/lang/String;", "Ljava/lang/Class;", "Ljava/lang/Boolean;", "Ljava/lang/Integer;"})


class Use(msgspec.Struct, frozen=True):
    """A call that gets the object, or something that holds it, or a field that it is kept in."""

    ref: MethodRef | FieldRef
    """A field, or what hands out a collection, only among the goals that were reached."""
    position: int
    """0 for the receiver, parameters count from 1; 1 for a field."""
    method: MethodRef
    """Where it is."""
    offset: int
    trail: tuple[Step, ...]
    """How the object came there, in order."""


class Flow(msgspec.Struct, frozen=True):
    """Where an object goes."""

    state: FlowState
    reached: tuple[Use, ...]
    """Calls that are the goal."""
    uses: tuple[Use, ...]
    """All calls that were met on the way, the goals included."""
    reasons: tuple[str, ...]
    """Why it may go further than was seen."""


class _Entry(msgspec.Struct, frozen=True):
    """The call through which the object came into a method: a result goes back there, and nowhere else."""

    method: DexMethod
    """The caller."""
    offset: int
    outer: "_Entry | None"


class _Item(msgspec.Struct, frozen=True):
    """Something in one method that is or holds the object."""

    method: DexMethod
    key: object
    """Offset of the instruction that made it, a `Parameter`, a `DexField`, or a `FieldRef` of another's constant."""
    entry: _Entry | None = None
    """None when it did not come through a call."""


class Wiring:
    """Follows objects in one program."""

    def __init__(self, resolver: Resolver) -> None:
        """Use the evaluated methods of `resolver`, and its limits."""
        self._resolver = resolver
        self._origins = Origins(resolver, follows_objects=False)

    def follow(self, method: DexMethod, offset: int, goal: Goal) -> Flow:
        """Follow what the instruction at `offset` creates or returns, until `goal` is met or there is nowhere to go."""
        return _Search(self._resolver, self._origins, goal).run([_Item(method, offset)])

    def follow_all(self, starts: Iterable[Start], goal: Goal, store_goal: StoreGoal | None = None) -> Flow:
        """Follow several objects at once, whatever they have in common only once, to calls and fields."""
        search = _Search(self._resolver, self._origins, goal, store_goal)
        return search.run([_Item(method, search.key_of(key)) for method, key in starts])

    def follow_argument(self, site: Site, position: int, goal: Goal) -> Flow:
        """Follow an argument of a call (receiver counted), from the method that makes the call and from its origins.

        So a builder that a helper gets as a parameter is also followed in the callers, and one in a field wherever
        the field is read.
        """
        values = self._resolver.evaluator.evaluate(site.method)
        call = None if values is None else values.calls.get(site.offset)
        if call is None or position >= len(call.arguments):
            return Flow("does-not-reach", (), (), ())
        search = _Search(self._resolver, self._origins, goal)
        return search.run(search.sources([_Item(site.method, key) for key in search.keys(call.arguments[position])]))


def _entered(item: _Item, offset: int) -> _Entry:
    """Return how the object enters what is called at `offset`; the outermost calls are forgotten in deep nesting."""
    chain: list[_Entry] = []
    outer = item.entry
    while outer is not None and len(chain) < _MAX_ENTRIES - 1:
        chain.append(outer)
        outer = outer.outer
    kept: _Entry | None = None
    for one in reversed(chain):
        kept = _Entry(one.method, one.offset, kept)
    return _Entry(item.method, offset, kept)


class _Search:
    """One question."""

    def __init__(self, resolver: Resolver, origins: Origins, goal: Goal, store_goal: StoreGoal | None = None) -> None:
        self._store_goal = store_goal
        self._resolver = resolver
        self._program = resolver.program
        self._origins = origins
        self._receivers = Receivers(resolver)
        self._goal = goal
        self._question = Question(resolver.limits)
        self._came_from: dict[_Item, tuple[_Item | None, Step | None]] = {}
        self._waiting: deque[_Item] = deque()
        self._uses: list[Use] = []
        self._reached: list[Use] = []
        self._reasons: dict[str, None] = {}
        self._answering = Answering(resolver)
        self._asked: set[_Item] = set()
        """Objects that give the one that is followed to whoever asks them."""

    def run(self, items: Iterable[_Item]) -> Flow:
        for item in items:
            self._add(item, None, None)
        while self._waiting:
            item = self._waiting.popleft()
            values = self._resolver.evaluate(item.method, self._question)
            if values is None:
                if item.method.code_offset:
                    self._reasons["too much work to follow"] = None
                    break
                continue
            if values.incomplete is not None:
                self._reasons[values.incomplete] = None
            self._visit(item, values)
        if self._reached:
            state: FlowState = "reaches"
        else:
            state = "unknown" if self._reasons else "does-not-reach"
        return Flow(state, tuple(self._reached), tuple(self._uses), tuple(self._reasons))

    def sources(self, items: list[_Item]) -> list[_Item]:
        """Return `items` with all places that may hold the same object: callers, fields, and what callees return."""
        found = dict.fromkeys(items)
        waiting = deque(items)
        while waiting and self._question.spend():
            item = waiting.popleft()
            for origin in self._same_object(item):
                if origin not in found:
                    found[origin] = None
                    waiting.append(origin)
        return list(found)

    def _same_object(self, item: _Item) -> list[_Item]:
        if isinstance(item.key, DexField):
            return self.readers(item.key)
        if isinstance(item.key, Parameter):
            index = item.key.index
            return [
                _Item(values.method, key)
                for values, call in self._calls_of(item.method)
                if index < len(call.arguments)
                for key in self.keys(call.arguments[index])
            ]
        values = self._resolver.evaluate(item.method, self._question)
        call = values.calls.get(item.key) if values is not None and isinstance(item.key, int) else None
        if call is None:
            return []
        targets = self._targets(call) or ()
        bodies = [self._resolver.evaluate(target, self._question) for target in targets]
        return [
            _Item(body.method, key)
            for body in bodies
            if body is not None
            for one in body.returns
            for key in self.keys(one)
        ]

    def _add(self, item: _Item, origin: _Item | None, step: Step | None) -> None:
        if item not in self._came_from:
            self._came_from[item] = (origin, step)
            self._waiting.append(item)

    def _trail(self, item: _Item) -> tuple[Step, ...]:
        steps: list[Step] = []
        current: _Item | None = item
        while current is not None:
            current, step = self._came_from[current]
            if step is not None:
                steps.append(step)
        return tuple(reversed(steps))

    def key_of(self, start: int | Parameter | FieldRef) -> object:
        """Return the key of an item that begins at `start`."""
        if isinstance(start, FieldRef):
            return self._program.resolve_field(start) or start
        return start

    def keys(self, value: Value) -> set[object]:
        """Return what a value may be, as keys of items."""
        found: set[object] = set()
        waiting = [value]
        while waiting:
            for one in alternatives(waiting.pop()):
                match one:
                    case Created(offset=offset) | Result(offset=offset):
                        found.add(offset)
                    case Parameter():
                        found.add(one)
                    case FieldValue(ref=ref, base=base):
                        definition = self._program.resolve_field(ref)
                        if definition is not None:
                            found.add(definition)
                        elif base is None:
                            # A constant of the platform, or of a library that is not there.
                            found.add(ref)
                    case Element(array=array):
                        waiting.append(array)
        return found

    def _visit(self, item: _Item, values: MethodValues) -> None:
        """Follow one object through its method; what holds it is followed as well."""
        carriers: set[object] = {item.key}
        seen: set[tuple[int, int]] = set()
        before = -1
        while len(carriers) != before:
            before = len(carriers)
            for call in values.calls.values():
                for position, argument in enumerate(call.arguments):
                    if (call.offset, position) not in seen and self.keys(argument) & carriers:
                        seen.add((call.offset, position))
                        carriers |= self._passed(item, call, position)
            for element in values.element_stores.values():
                if self.keys(element.value) & carriers:
                    carriers |= self.keys(element.array)
            carriers |= self._filled(values, carriers)
        # A parameter that holds the object carries it back to the callers.
        for key in carriers - {item.key}:
            if isinstance(key, Parameter) and key.method == item.method.ref:
                self._back_to_callers(item, key)
            elif isinstance(key, DexField):
                self._read_elsewhere(item, key, item.method.ref, None)
        for store in values.stores.values():
            if self.keys(store.value) & carriers:
                if self._store_goal is not None and self._store_goal(store.ref):
                    use = Use(store.ref, 1, item.method.ref, store.offset, self._trail(item))
                    self._reached.append(use)
                    continue
                definition = self._program.resolve_field(store.ref)
                if definition is None:
                    self._reasons[f"stored in {dotted(store.ref.owner)}.{store.ref.name}, outside of the app"] = None
                else:
                    self._read_elsewhere(item, definition, item.method.ref, store.offset)
        if any(self.keys(value) & carriers for value in values.returns):
            self._returned(item)

    def _filled(self, values: MethodValues, carriers: set[object]) -> set[object]:
        """Return the arrays that one instruction makes of all their elements, the object among them."""
        return {
            offset
            for offset, array in values.filled_arrays.items()
            if offset not in carriers and any(self.keys(element) & carriers for element in array.elements)
        }

    def _passed(self, item: _Item, call: Call, position: int) -> set[object]:
        """Note a call that gets the object; return what holds it afterwards in this method."""
        place = position + (call.kind == "static")
        use = Use(call.ref, place, item.method.ref, call.offset, self._trail(item))
        self._uses.append(use)
        if self._goal(call.ref, place):
            self._reached.append(use)
            return set()
        if position and self._store_goal is not None and (field := added_to(call)) and self._store_goal(field):
            self._reached.append(Use(field, 1, use.method, use.offset, use.trail))
            return set()
        if is_telling(call.ref, position):
            return set()
        targets = self._targets(call)
        if item in self._asked:
            if self._answering.is_kept_by_library(call, position):
                self._reasons[f"handed to {name_of(call.ref)}, which may ask it"] = None
            if self._resolver.kotlin.makes_lazy_value(call.ref):
                targets = ()
        if targets is None and hands_on(call.ref):
            targets = ()
        if targets is None:
            self._reasons[f"too many methods implement {name_of(call.ref)}"] = None
            return set()
        if targets:
            step = Step(f"passed to {name_of(call.ref)}", item.method.ref, call.offset)
            entry = _entered(item, call.offset)
            for target in targets:
                self._add(_Item(target, Parameter(target.ref, position), entry), item, step)
            # What the platform declares may run code of the platform as well.
            if self._program.resolve_method(call.ref) is not None or call.ref.owner.startswith(FUNCTIONS):
                return set()
        held: set[object] = set()
        if (returned := call.ref.return_type.lstrip("["))[0] == "L" and returned not in _NOT_CARRYING:
            held.add(call.offset)
        if position and call.kind != "static":
            held |= self.keys(call.arguments[0])
        return held

    def _targets(self, call: Call) -> tuple[DexMethod, ...] | None:
        """Return the app's methods that a call may run; None when there are too many to follow."""
        if self._resolver.kotlin.passes_lazily(call.ref):
            return ()
        method = self._program.resolve_method(call.ref)
        if call.kind in ("static", "direct", "super") or (method is not None and method.is_direct):
            return () if method is None else (method,)
        receiver = call.arguments[0] if call.arguments else None
        if isinstance(receiver, Created):
            exact = self._program.resolve_method(MethodRef(receiver.type, call.ref.name, call.ref.descriptor))
            return () if exact is None else (exact,)
        targets = self._program.implementations_of(call.ref)
        if len(targets) > 1 and receiver is not None:
            targets = self._receivers.among(receiver, targets)
        return None if len(targets) > _MAX_TARGETS else targets

    def _calls_of(self, method: DexMethod) -> tuple[tuple[MethodValues, Call], ...]:
        callers, why = self._origins.callers(method, self._question)
        if why is not None:
            reason = getattr(why, "reason", "")
            self._reasons[reason] = None
        return tuple(found for found in callers if self._receivers.may_run(found[1], method))

    def _returned(self, item: _Item) -> None:
        method = item.method
        step = Step(f"returned by {name_of(method.ref)}", method.ref)
        entry = item.entry
        if entry is not None:
            self._add(_Item(entry.method, entry.offset, entry.outer), item, step)
            return
        ask = self._answering
        is_asked = ask.is_asked_from_outside(method)
        for values, call in self._calls_of(method):
            if ask.is_lazy(values.method):
                is_asked = True
            elif not (is_asked and ask.is_library_of_functions(values.method, call)):
                self._add(_Item(values.method, call.offset), item, step)
        if is_asked:
            # Whoever holds the object that answers may ask it: a lazy value its block, a provider's user the provider.
            step = Step(f"{dotted(method.ref.owner)} is created", method.ref)
            sites = ask.creations(method, item.key, self._question)
            if not sites or len(sites) > self._resolver.limits.users:
                self._reasons[f"returned by {name_of(method.ref)} to code outside of the app"] = None
            for site in sites[: self._resolver.limits.users]:
                made = _Item(site.method, site.offset)
                self._asked.add(made)
                self._add(made, item, step)

    def _back_to_callers(self, item: _Item, key: Parameter) -> None:
        step = Step(f"kept in argument {key.index} of {name_of(item.method.ref)}", item.method.ref)
        entry = item.entry
        outer = None if entry is None else entry.outer
        for values, call in self._calls_of(item.method):
            if entry is not None and (values.method, call.offset) != (entry.method, entry.offset):
                continue
            if key.index < len(call.arguments):
                for passed in self.keys(call.arguments[key.index]):
                    self._add(_Item(values.method, passed, outer), item, step)

    def readers(self, definition: DexField) -> list[_Item]:
        """Return the methods that read a field."""
        ref = definition.ref
        names = [
            other
            for other in self._program.field_refs(None, ref.name, ref.type)
            if other == ref or self._program.resolve_field(other) == definition
        ]
        sites = self._program.users.readers_of(names)
        if len(sites) > self._resolver.limits.users:
            self._reasons[f"too many places read {dotted(ref.owner)}.{ref.name}"] = None
            return []
        return [_Item(site.method, definition) for site in sites]

    def _read_elsewhere(self, item: _Item, definition: DexField, method: MethodRef, offset: int | None) -> None:
        step = Step(f"kept in {dotted(definition.ref.owner)}.{definition.ref.name}", method, offset)
        for reader in self.readers(definition):
            self._add(reader, item, step)
