"""What is in the arrays, collections and text builders that a method creates: replays what happened to them."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from analyzer.dataflow.array_contents import ArrayReader
from analyzer.dataflow.collection_models import (
    ADDING,
    ADDING_ALL,
    ADDING_TO_FIRST,
    LISTS,
    MAPS,
    PUTTING,
    REMOVING,
    SPREAD_BUILDER,
    UNORDERED,
    elements_of,
    is_reordering,
    spread,
)
from analyzer.dataflow.question import Frame, Instance, Question
from analyzer.dataflow.reduced import with_loops
from analyzer.dataflow.rounds import Rounds, rounds_of
from analyzer.dataflow.text_models import TEXT_MODELS, text_of
from analyzer.dataflow.together import reduce_together
from analyzer.dataflow.values import (
    Created,
    Entries,
    Event,
    Items,
    Joined,
    Number,
    OneOf,
    Parameter,
    Result,
    Text,
    Unknown,
    Value,
    alternatives,
)
from analyzer.dex import MethodRef

if TYPE_CHECKING:
    from analyzer.dataflow.resolve import Resolver

_TEXT_BUILDERS = frozenset({"Ljava/lang/StringBuilder;", "Ljava/lang/StringBuffer;"})
_ENTRY = "Ljava/util/AbstractMap$"
_PAIRS = frozenset({"Lkotlin/Pair;", f"{_ENTRY}SimpleEntry;", f"{_ENTRY}SimpleImmutableEntry;"})
_COLLECTIONS = frozenset(
    f"Ljava/util/{name};" for name in ("Collection", "List", "Set", "AbstractCollection", "AbstractList", "ArrayList")
)
_MAPS = frozenset({"Ljava/util/Map;", "Ljava/util/AbstractMap;"})
_READS_TEXT = frozenset(
    {"toString", "length", "charAt", "ensureCapacity", "isEmpty", "indexOf", "substring", "hashCode"}
)
_NOT_LISTED = Unknown("elements that are not known")
_TEXTUAL = ("Ljava/lang/String;", "Ljava/lang/CharSequence;")


class Contents:
    """Reads objects whose content matters more than their identity."""

    def __init__(self, resolver: "Resolver") -> None:
        """Resolve what was put into them with `resolver`."""
        self._resolver = resolver

    def of(self, created: Created, frame: Frame | None, question: Question, depth: int) -> Value:
        """Return the content of an array, collection or text builder; other objects stay what they are."""
        reader = _Reader(self._resolver, frame, question, depth + 1)
        created = msgspec.structs.replace(created, histories=with_loops(created.histories))
        if created.type[0] == "[":
            return self._resolver.join(reader.array(created, history) for history in created.histories)
        if created.type in _TEXT_BUILDERS:
            return self._resolver.join(reader.text(Text(""), history) for history in created.histories)
        if self._holds_elements(created.type):
            start = Items(created.type, (), ordered=created.type not in UNORDERED)
            return self._resolver.join(reader.items(start, history, created.method) for history in created.histories)
        if created.type in MAPS or self.is_map(created.type):
            return self._resolver.join(
                reader.entries(Entries(created.type, ()), history) for history in created.histories
            )
        made = reader.constructed(created)
        return Instance(created, frame) if made is None else made

    def _holds_elements(self, name: str) -> bool:
        return name in LISTS or self.is_spread_builder(name) or self.is_collection(name)

    def is_spread_builder(self, name: str) -> bool:
        """Recognise the class that puts arguments together, where Kotlin's library is not in the app to be followed."""
        return name == SPREAD_BUILDER and self._resolver.program.find_class(name) is None

    def is_collection(self, name: str) -> bool:
        """Say whether a class of the app, or of a library in it, is a collection of the platform's kind."""
        return not _COLLECTIONS.isdisjoint(self._resolver.program.hierarchy.supertypes_of(name))

    def is_map(self, name: str) -> bool:
        """Say whether a class of the app, or of a library in it, is a map of the platform's kind."""
        return not _MAPS.isdisjoint(self._resolver.program.hierarchy.supertypes_of(name))

    def replay(self, content: Value, event: Event, frame: Frame | None, question: Question, depth: int) -> Value:
        """Return a known collection or map as `event` leaves it; other values stay what they are."""
        reader = _Reader(self._resolver, frame, question, depth + 1)
        if isinstance(content, Items):
            return reader.items(content, (event,))
        return reader.entries(content, (event,)) if isinstance(content, Entries) else content

    def appended(self, result: Result, frame: Frame | None, question: Question, depth: int) -> Value | None:
        """Return the content of a text builder or collection that was returned and then changed; None for others."""
        if not any(result.histories):
            return None
        kind = result.ref.return_type
        if kind.startswith("["):
            reader = _Reader(self._resolver, frame, question, depth + 1)
            changed = any(reader.changes_array(event) for history in result.histories for event in history)
            if not changed:
                return None
            base = self._resolver.reduce(msgspec.structs.replace(result, histories=((),)), frame, question, depth + 1)
            return self._resolver.join(
                reader.changed_array(one, history) for one in alternatives(base) for history in result.histories
            )
        if kind not in _TEXT_BUILDERS and not kind.startswith("Ljava/util/"):
            return None
        reader = _Reader(self._resolver, frame, question, depth + 1)
        base = self._resolver.reduce(msgspec.structs.replace(result, histories=((),)), frame, question, depth + 1)
        found: list[Value] = []
        for one in alternatives(base):
            for history in with_loops(result.histories):
                if kind in _TEXT_BUILDERS and isinstance(one, Text | Joined):
                    found.append(reader.text(one, history))
                elif isinstance(one, Items):
                    found.append(reader.items(one, history, result.method))
                elif isinstance(one, Entries):
                    found.append(reader.entries(one, history))
                else:
                    found.append(one)
        return self._resolver.join(found)


class _Reader(ArrayReader):
    """Replays histories in one frame."""

    def text(self, start: Value, history: tuple[Event, ...]) -> Value:
        """Return the text a builder holds after `history`."""
        parts: list[tuple[Value, str]] = [(start, _TEXTUAL[0])]
        for event in history:
            called = event.ref
            if not isinstance(called, MethodRef) or event.position:
                return Unknown("a text builder that is passed on")
            if called.name in _READS_TEXT:
                continue
            if event.often == "repeated":
                return Unknown("a text that is put together in a loop")
            if event.often == "maybe":
                return Unknown("a text that is put together in too many ways")
            if called.name == "append" and len(event.arguments) == 1:
                parts.append((event.arguments[0], called.parameters[0]))
            elif called.name == "<init>":
                if called.parameters and called.parameters[0] in _TEXTUAL:
                    parts.append((event.arguments[0], called.parameters[0]))
            elif called.name == "setLength" and event.arguments == (Number(0),):
                parts = []
            elif called.name == "insert" and len(event.arguments) == 2 and event.arguments[0] == Number(0):
                parts.insert(0, (event.arguments[1], called.parameters[1]))
            else:
                return Unknown(f"a text builder changed by {called.name}")
        return self._together(parts)

    def _together(self, parts: list[tuple[Value, str]]) -> Value:
        """Return the text that values of some types make, one after the other."""
        found = [self._value(value) for value, _ in parts]
        choices = [found]
        if sum(isinstance(one, OneOf) for one in found) > 1:
            # One element that is there twice is the same both times.
            given = [value for value, _ in parts]
            together = reduce_together(self._resolver, given, self._frame, self._question, self._depth)
            choices = [reduced for reduced, _ in together]
        join = self._resolver.join
        texts = [
            [
                join(text_of(one, kind) for one in alternatives(value))
                for value, (_, kind) in zip(each, parts, strict=True)
            ]
            for each in choices
        ]
        return join(map(self._resolver.concatenate, texts))

    def items(self, start: Items, history: tuple[Event, ...], created: MethodRef | None = None) -> Value:
        """Return the elements of a collection after `history`."""
        elements, complete, ordered = list(start.elements), start.complete, start.ordered
        looped = 0
        for event in history:
            if getattr(event.ref, "name", "") == "clear" and not event.position and event.often == "once":
                elements, complete, ordered = [], True, start.ordered
                continue
            rounds = self._rounds(event, created)
            if rounds is None:
                added, known = self._added(event)
                ordered = ordered and (event.often == "once" or not added)
            else:
                added, known = [self._in_round(event, one) for one in rounds.frames], True
                ordered = ordered and rounds.ordered
            looped += event.often == "repeated" and bool(added)
            elements += added
            complete = complete and known
            ordered = ordered and not is_reordering(event)
        # What several calls in loops add may take turns.
        return Items(start.type, spread(tuple(elements)), complete, ordered and looped <= 1)

    def _rounds(self, event: Event, method: MethodRef | None) -> Rounds | None:
        """Return the rounds of the loop in which a call adds to a collection, where they are known."""
        called = event.ref
        if method is None or event.often != "repeated" or not isinstance(called, MethodRef) or event.position:
            return None
        if called.name not in ADDING or called.return_type.startswith("[") or not event.arguments:
            return None
        given = event.arguments[-1:]
        return rounds_of(self._resolver, method, event.offset, given, self._frame, self._question, self._depth)

    def _in_round(self, event: Event, frame: Frame) -> Value:
        return self._resolver.reduce(event.arguments[-1], frame, self._question, self._depth)

    def _added(self, event: Event) -> tuple[list[Value], bool]:
        """Return what a call adds to a collection, and whether that is all it does."""
        called = event.ref
        if not isinstance(called, MethodRef):
            return [], True
        if (called.owner, called.name) in ADDING_TO_FIRST and event.position == 1 and event.arguments:
            return self._all(event.arguments[0], event)
        if event.position:
            return self._added_by_helper(called, event.position, event.arguments)
        if not event.arguments:
            return [], called.name not in REMOVING
        if called.name in ADDING:
            if called.return_type.startswith("["):
                return [], True
            return [self._value(event.arguments[-1])], event.often != "maybe"
        if called.name in ADDING_ALL or (called.owner, called.name) == (SPREAD_BUILDER, "addSpread"):
            return self._all(event.arguments[-1], event)
        if called.name == "<init>" and called.parameters and called.parameters[0][0] == "L":
            return self._all(event.arguments[0], event)
        return [], called.name not in REMOVING

    def _all(self, value: Value, event: Event) -> tuple[list[Value], bool]:
        found: list[Value] = []
        complete = event.often != "maybe"
        for one in alternatives(self._value(value)):
            inner = elements_of(one)
            found += [_NOT_LISTED] if inner is None else inner
            complete = complete and inner is not None and getattr(one, "complete", True)
        return found, complete

    def _added_by_helper(
        self, called: MethodRef, position: int, arguments: tuple[Value, ...]
    ) -> tuple[list[Value], bool]:
        """Return what a method of the app adds to the collection it gets as an argument."""
        method = self._resolver.program.resolve_method(called)
        if method is None or self._depth > self._resolver.limits.depth:
            return [], True
        values = self._resolver.evaluate(method, self._question)
        if values is None:
            return [_NOT_LISTED], False
        position -= method.is_static
        passed = Parameter(method.ref, position)
        # The object itself is left out of an event's arguments.
        given = (*arguments[:position], Unknown("the collection itself"), *arguments[position:])
        inner = _Reader(self._resolver, Frame(method.ref, given, self._frame), self._question, self._depth + 1)
        found: list[Value] = []
        complete = True
        for call in values.calls.values():
            places = [at for at, one in enumerate(call.arguments) if one == passed]
            for at in places:
                others = (*call.arguments[:at], *call.arguments[at + 1 :])
                place = at + (call.kind == "static")
                added, known = inner._added(Event(call.ref, others, place, call.offset, "once"))
                found += added
                complete = complete and known
        return found, complete

    def _put_by_helper(
        self, called: MethodRef, position: int, arguments: tuple[Value, ...]
    ) -> tuple[list[tuple[Value, Value]], bool]:
        """Return what a method of the app puts into the map it gets as an argument."""
        method = self._resolver.program.resolve_method(called)
        values = None if method is None else self._resolver.evaluate(method, self._question)
        if method is None or values is None or self._depth > self._resolver.limits.depth:
            return [], False
        position -= method.is_static
        given = (*arguments[:position], Unknown("the map itself"), *arguments[position:])
        inner = _Reader(self._resolver, Frame(method.ref, given, self._frame), self._question, self._depth + 1)
        found: list[tuple[Value, Value]] = []
        complete = True
        for call in values.calls.values():
            if Parameter(method.ref, position) not in call.arguments:
                continue
            if call.ref.name in PUTTING and len(call.arguments) == 3:
                event = Event(call.ref, call.arguments[1:], 0, call.offset, "once")
                found += inner._puts(event)
            else:
                at = call.arguments.index(Parameter(method.ref, position))
                if at == 0 and call.kind != "static":
                    complete = complete and call.ref.name not in REMOVING
                    continue
                others = (*call.arguments[:at], *call.arguments[at + 1 :])
                added, known = inner._put_by_helper(call.ref, at + (call.kind == "static"), others)
                found += added
                complete = complete and known
        return found, complete

    def _puts(self, event: Event) -> list[tuple[Value, Value]]:
        both = reduce_together(self._resolver, event.arguments, self._frame, self._question, self._depth)
        return [(key, value) for (key, value), _ in both]

    def entries(self, start: Entries, history: tuple[Event, ...]) -> Value:
        """Return the entries of a map after `history`."""
        entries, complete = list(start.entries), start.complete
        for event in history:
            called = event.ref
            if not isinstance(called, MethodRef):
                continue
            if called.name in PUTTING and not event.position and len(event.arguments) == 2:
                entries += self._puts(event)
                complete = complete and event.often != "maybe"
            elif called.name == "<init>" and called.parameters and called.parameters[0][0] == "L":
                source = self._value(event.arguments[0])
                entries += source.entries if isinstance(source, Entries) else ()
                complete = complete and isinstance(source, Entries) and source.complete
            elif event.position:
                added, known = self._put_by_helper(called, event.position, event.arguments)
                entries += added
                complete = complete and known and event.often != "maybe"
            elif called.name in REMOVING:
                complete = False
        return Entries(start.type, tuple(entries), complete)

    def constructed(self, created: Created) -> Value | None:
        """Return what an object of the platform stands for, when its constructor says all about it."""
        model = TEXT_MODELS.get((created.type, "<init>"))
        if model is None and created.type not in _PAIRS:
            return None
        for event in created.events:
            called = event.ref
            if isinstance(called, MethodRef) and called.name == "<init>" and not event.position:
                if created.type in _PAIRS and len(event.arguments) == 2:
                    both = reduce_together(self._resolver, event.arguments, self._frame, self._question, self._depth)
                    return self._resolver.join(Items(created.type, tuple(parts)) for parts, _ in both)
                arguments = tuple(self._value(argument) for argument in event.arguments)
                return None if model is None else self._modelled(called, arguments, created)
        return None

    def _modelled(self, called: MethodRef, arguments: tuple[Value, ...], created: Created) -> Value:
        model = TEXT_MODELS[created.type, "<init>"]
        choices: Iterable[Value] = alternatives(arguments[0]) if arguments else ()
        found = [model(called, (one, *arguments[1:])) for one in choices] if arguments else [model(called, ())]
        missing = next(
            (one for one in arguments if isinstance(one, Unknown)), Unknown("an object that is not modelled")
        )
        return self._resolver.join(missing if one is None else one for one in found)
