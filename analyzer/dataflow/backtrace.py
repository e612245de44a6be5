"""Follows a value back to what made it: `Resolver` says what a value is, this says where an object is from."""

from collections.abc import Callable

import msgspec

from analyzer.dataflow.origins import Origins
from analyzer.dataflow.question import Question
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import (
    Computed,
    Created,
    Element,
    Entries,
    FieldValue,
    Items,
    Number,
    OneOf,
    Parameter,
    Result,
    Unknown,
    Value,
)
from analyzer.dex import DexField, DexMethod, FieldRef, MethodRef

_MAX_VALUES = 400
"""Most values that one question looks at."""
_MAX_TARGETS = 4
_DELEGATIONS = 4
"""Most constructors that call each other with ``this(…)`` and ``super(…)``."""
_COLLECTIONS = ("Ljava/util/", "Lkotlin/collections/", "Lkotlin/sequences/", "Ljava/lang/reflect/Array;")
_ACCESSORS = frozenset(
    {
        "get", "next", "iterator", "listIterator", "asList", "of", "listOf", "setOf", "arrayListOf", "mutableListOf",
        "first", "firstOrNull", "single", "last", "lastOrNull", "toArray", "toList", "elementAt", "orNull", "cast",
        "singletonList", "singleton", "unmodifiableList", "requireNonNull", "copyOf", "clone", "getOrNull",
    }
)  # fmt: skip
"""Methods of collections that hand out what was put in."""
_LAZY = "Lkotlin/Lazy;"
_PUTS = frozenset({"add", "addAll", "addFirst", "addLast", "put", "putAll", "offer", "push"})


class Backtrace:
    """Answers for one program."""

    def __init__(self, resolver: Resolver) -> None:
        """Use the evaluated methods and the limits of `resolver`."""
        self._resolver = resolver
        self._program = resolver.program
        self._origins = Origins(resolver)

    def sources(
        self, value: Value, objects: tuple[Created, ...] = (), stop: Callable[[Value], bool] | None = None
    ) -> tuple[Value, ...]:
        """Return what `value` may have come from, through fields, parameters, results, arrays and collections.

        These are creations, results of methods that are not the app's, constants, parameters nothing is passed for,
        and `Unknown` where the search ended. `objects` are those that ``this`` may be: then fields of ``this`` are
        what their constructors wrote. What `stop` says yes to is not followed further.
        """
        question = Question(self._resolver.limits)
        if isinstance(value, FieldValue) and isinstance(value.base, Parameter) and value.base.index == 0 and objects:
            fields = [self.field_of(one, value.ref, question) for one in objects]
            if all(fields):
                return tuple(
                    dict.fromkeys(end for one in fields for part in one for end in self.sources(part, (), stop))
                )
        found: dict[Value, None] = {}
        seen: set[Value] = set()
        waiting = [value]
        while waiting:
            one = waiting.pop()
            if one in seen:
                continue
            seen.add(one)
            if len(seen) > _MAX_VALUES:
                found[Unknown("too much work to follow")] = None
                break
            further = None if stop is not None and stop(one) else self._further(one, question, objects)
            if further is None:
                found[one] = None
            else:
                waiting.extend(reversed(further))
        return tuple(found)

    def types_of(self, value: Value) -> list[str] | None:
        """Return the classes of the objects that a value may be, null left out; None when one is not known."""
        types = [getattr(one, "type", None) for one in self.sources(value) if one != Number(0)]
        return [one for one in types if one] if types and all(types) else None

    def number_of(self, value: FieldValue, objects: tuple[Created, ...]) -> int | None:
        """Return the only number that a field holds where ``this`` is one of `objects`, and constructors set it."""
        definition = self._program.resolve_field(value.ref)
        if definition is None or not objects or not self._set_by_constructors(definition):
            return None
        found = self.sources(value, objects)
        return found[0].value if len(found) == 1 and isinstance(found[0], Number) else None

    def _further(self, value: Value, question: Question, objects: tuple[Created, ...] = ()) -> list[Value] | None:
        """Return where a value is from, one step back; None when it is where it begins."""
        match value:
            case OneOf(values=values) | Items(elements=values):
                return list(values)
            case Element(array=array):
                return [array]
            case Entries(entries=entries):
                return [part for _, part in entries]
            case FieldValue():
                return self._held(value, question, objects) or self._written(value, question)
            case Parameter():
                return self._passed(value, question)
            case Result():
                return self._returned(value, question)
            case Created(type=name) if name[0] == "[" or name.startswith("Ljava/util/"):
                return [part for event in value.events for part in event.arguments if not isinstance(part, Computed)]
        return None

    def field_of(self, created: Created, ref: FieldRef, question: Question | None = None) -> list[Value]:
        """Return what was written into a field of an object that is made here, by its constructor or after it."""
        question = question or Question(self._resolver.limits)
        definition = self._program.resolve_field(ref)
        written = [
            event.arguments[0]
            for event in created.events
            if isinstance(event.ref, FieldRef) and self._program.resolve_field(event.ref) == definition
        ]
        if written or definition is None:
            return written
        for event in created.events:
            if isinstance(event.ref, MethodRef) and event.ref.name == "<init>" and event.position == 0:
                return self._from_constructor(event.ref, (created, *event.arguments), definition, question)
        return []

    def _from_constructor(
        self, ref: MethodRef, arguments: tuple[Value, ...], definition: DexField, question: Question
    ) -> list[Value]:
        for _ in range(_DELEGATIONS):
            constructor = self._program.resolve_method(ref)
            assumed = {index: one for index, one in enumerate(arguments) if isinstance(one, Number)}
            values = None if constructor is None else self._resolver.evaluate(constructor, question, assumed)
            if constructor is None or values is None:
                return []
            this = Parameter(constructor.ref, 0)
            found = [
                _with_arguments(store.value, constructor.ref, arguments)
                for store in values.stores.values()
                if store.base == this and self._program.resolve_field(store.ref) == definition
            ]
            if found:
                return found
            above = [one for one in values.calls.values() if one.ref.name == "<init>" and one.arguments[:1] == (this,)]
            if not above:
                return []
            ref = above[0].ref
            arguments = tuple(_with_arguments(one, constructor.ref, arguments) for one in above[0].arguments)
        return []

    def _held(self, value: FieldValue, question: Question, objects: tuple[Created, ...]) -> list[Value] | None:
        """Return what a field holds of the very objects that have it: a lambda of one constant of an enum.

        None where these are not known, or where others than constructors write the field. Values nest a limited
        number of times, and so does this.
        """
        if value.base is None or isinstance(value.base, Parameter) or not question.spend():
            return None
        definition = self._program.resolve_field(value.ref)
        if definition is None or not self._set_by_constructors(definition):
            return None
        owners = self.sources(value.base, objects)
        found: list[Value] = []
        for owner in owners:
            held = self.field_of(owner, value.ref, question) if isinstance(owner, Created) else []
            if not held:
                return None
            found += held
        return found or None

    def _set_by_constructors(self, definition: DexField) -> bool:
        return all(site.method.ref.name == "<init>" for site in self._origins.writers(definition))

    def _written(self, value: FieldValue, question: Question) -> list[Value] | None:
        definition = self._program.resolve_field(value.ref)
        if definition is None:
            return None
        found: list[Value] = []
        sites = self._origins.writers(definition)[: self._resolver.limits.users]
        for site in sites:
            values = self._resolver.evaluate(site.method, question)
            store = None if values is None else values.stores.get(site.offset)
            if store is not None:
                found.append(store.value)
        if definition.ref.type.startswith("Ljava/util/"):
            found += self._added(value, definition, question)
        return found or None

    def _added(self, value: FieldValue, definition: DexField, question: Question) -> list[Value]:
        """Return what is put into the collection that a field holds, where that is done through the field."""
        found: list[Value] = []
        sites = self._program.users.readers_of((value.ref, definition.ref))[: self._resolver.limits.users]
        for method in dict.fromkeys(site.method for site in sites):
            values = self._resolver.evaluate(method, question)
            for call in values.calls.values() if values is not None else ():
                receiver = call.arguments[0] if call.arguments else None
                if call.ref.name in _PUTS and isinstance(receiver, FieldValue) and receiver.ref == value.ref:
                    # Of a map, what is put in is the last argument.
                    found.append(call.arguments[-1])
        return found

    def _passed(self, value: Parameter, question: Question) -> list[Value] | None:
        method = self._program.resolve_method(value.method)
        if method is None or (value.index == 0 and not method.is_static):
            return None
        callers, _ = self._origins.callers(method, question)
        found = [call.arguments[value.index] for _, call in callers if value.index < len(call.arguments)]
        return found or None

    def _returned(self, value: Result, question: Question) -> list[Value] | None:
        ref = value.ref
        if ref.owner.startswith(_COLLECTIONS) and ref.name in _ACCESSORS:
            return list(value.arguments if value.kind == "static" else value.arguments[:1])
        if self._resolver.kotlin.returns_lazy_value(ref):
            return self._lazy(value, question)
        found: list[Value] = []
        # Kotlin's defaults are a null and a mask that says so: which way a helper takes depends on constants.
        assumed = {index: one for index, one in enumerate(value.arguments) if isinstance(one, Number)}
        for target in self._targets(ref, value):
            values = self._resolver.evaluate(target, question, assumed)
            if values is not None:
                found.extend(_with_arguments(one, target.ref, value.arguments) for one in values.returns)
        return found or None

    def _lazy(self, value: Result, question: Question) -> list[Value] | None:
        """Go on with what makes a lazy value, and from there with what its block returns."""
        holder = value.arguments[0]
        block = None
        if isinstance(holder, Created) or (isinstance(holder, Result) and holder.ref.return_type == _LAZY):
            block = self._resolver.kotlin.block_argument(holder)
        if block is None:
            further = self._further(holder, question)
            if further is None:
                return None
            return [msgspec.structs.replace(value, arguments=(one, *value.arguments[1:])) for one in further]
        name = block.type if isinstance(block, Created) else block.ref.type if isinstance(block, FieldValue) else None
        method = None if name is None else self._resolver.kotlin.block_of(name)
        values = None if method is None else self._resolver.evaluate(method, question)
        return None if values is None else list(values.returns)

    def _targets(self, ref: MethodRef, value: Result) -> tuple[DexMethod, ...]:
        method = self._program.resolve_method(ref)
        if method is not None and (value.kind in ("static", "direct", "super") or method.is_direct):
            return (method,) if method.code_offset else ()
        if method is None and self._program.find_class(ref.owner) is None:
            return ()
        found = self._program.implementations_of(ref)
        return found if len(found) <= _MAX_TARGETS else ()


def _with_arguments(value: Value, method: MethodRef, arguments: tuple[Value, ...]) -> Value:
    """Return the argument itself for a method that hands one back, and its field for one that hands out that."""
    if isinstance(value, Parameter) and value.method == method and value.index < len(arguments):
        return arguments[value.index]
    if isinstance(value, FieldValue) and value.base == Parameter(method, 0) and arguments:
        return FieldValue(value.ref, arguments[0])
    return value
