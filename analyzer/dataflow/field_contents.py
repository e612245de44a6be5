"""What is put into the lists and maps that fields hold, after the field was set."""

from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from operator import eq
from typing import TYPE_CHECKING

import msgspec

from analyzer.dataflow.collection_models import ADDING, ADDING_ALL, ADDING_TO_FIRST, PUTTING, REMOVING
from analyzer.dataflow.evaluate import Call, MethodValues
from analyzer.dataflow.question import Frame, Instance, Question
from analyzer.dataflow.values import (
    Created,
    Entries,
    Event,
    FieldValue,
    Items,
    Number,
    Parameter,
    Result,
    Unknown,
    Value,
    alternatives,
)
from analyzer.dex import DexField, DexMethod, MethodRef, dotted

if TYPE_CHECKING:
    from analyzer.dataflow.origins import Origins
    from analyzer.dataflow.resolve import Resolver

_CHANGING = ADDING | ADDING_ALL | PUTTING | REMOVING
_PLATFORM = ("Ljava/util/", "Landroid/util/", "Landroidx/collection/", "Lkotlin/collections/")
_NESTED = 6
"""Most methods that hand an object on to the one that fills it."""
_STEPS = 64
"""Most calls that get an object and are looked into for what they put into one of its fields."""
_DIFFERS = Unknown("a list that differs between objects that are not told apart")


class Change(msgspec.Struct, frozen=True):
    """A call that changes the collection in a field."""

    values: MethodValues
    """The method that makes it."""
    call: Call
    base: Value | None
    """The object whose field it is; None for a static field."""

    @property
    def event(self) -> Event:
        """The call, as something that happened to the collection."""
        call = self.call
        return Event(call.ref, call.arguments[1:], int(call.kind == "static"), call.offset, "once")


class _Made(msgspec.Struct, frozen=True):
    """A change as one of the ways to get there makes it."""

    change: Change
    frame: Frame | None


class FieldContents:
    """Answers for one program."""

    def __init__(self, resolver: "Resolver", origins: "Origins") -> None:
        """Resolve what is put in with `resolver`; callers and readers are those of `origins`."""
        self._resolver = resolver
        self._program = resolver.program
        self._origins = origins
        self._known: dict[DexField, tuple[Change, ...] | None] = {}

    def after_changes(
        self, content: Value, definition: DexField, instance: Instance | None, question: Question, depth: int
    ) -> Value:
        """Return what a field holds when its first `content` was a collection that was changed through the field.

        With `instance` it is the field of that object; otherwise the field is static, or the object is not known.
        The order of the changes is not followed, and neither is whether they were made before the field is read.
        """
        if definition.ref.type[0] != "L" or not any(isinstance(one, Items | Entries) for one in alternatives(content)):
            return content
        place = ("contents", definition, None if instance is None else _identity(instance.value))
        if question.active.get(place):
            return content
        changes = self._changes(definition, question)
        if not changes and changes is not None:
            return content
        question.active[place] = 1
        try:
            return self._changed(content, definition, changes, instance, question, depth)
        finally:
            question.active[place] = 0

    def _changed(
        self,
        content: Value,
        definition: DexField,
        changes: tuple[Change, ...] | None,
        instance: Instance | None,
        question: Question,
        depth: int,
    ) -> Value:
        complete = changes is not None
        made: list[_Made] = []
        if instance is None:
            if not definition.is_static and self._differs(definition):
                return self._resolver.join(_DIFFERS if isinstance(one, Items) else one for one in alternatives(content))
            made = [_Made(change, None) for change in changes or ()]
        elif changes:
            made, complete = self._of_object(definition, changes, instance, question, depth)
        found: list[Value] = []
        for one in alternatives(content):
            if isinstance(one, Items | Entries):
                for change in made:
                    where = f"{dotted(definition.ref.owner)}.{definition.ref.name}"
                    question.note(f"put into {where}", change.change.values.method.ref, change.change.call.offset)
                    one = self._resolver.contents.replay(one, change.change.event, change.frame, question, depth + 1)
                if not complete and isinstance(one, Items | Entries):
                    one = msgspec.structs.replace(one, complete=False)
            found.append(one)
        return self._resolver.join(found)

    def _differs(self, definition: DexField) -> bool:
        """Say whether the objects that have a field are made at several places, so that their lists differ."""
        owner = definition.ref.owner
        types = (owner, *self._program.hierarchy.subtypes_of(owner))
        return len(self._program.users.creations_of(types)) > 1

    def set_later(self, instance: Instance, definition: DexField, question: Question, depth: int) -> Value | None:
        """Return what methods of an object last wrote into a field; None when nothing did, or others may have."""
        created = instance.value
        assert isinstance(created, Created)
        walk = _Walk(self._resolver, (), question, definition)
        walk.maker(created, instance.frame, depth)
        if walk.escapes or not walk.complete or not walk.stored:
            return None
        place = ("setting", definition, _identity(created))
        if question.active.get(place):
            return None
        question.active[place] = 1
        frame, value = walk.stored[-1]
        try:
            return self._resolver.reduce(value, frame, question, depth + 1)
        finally:
            question.active[place] = 0

    # ---- which calls change what the field holds

    def _changes(self, definition: DexField, question: Question) -> tuple[Change, ...] | None:
        """Return the calls that change the collection in a field, of any object; None when there are too many."""
        if definition not in self._known:
            ref = definition.ref
            names = [
                other
                for other in self._program.field_refs(None, ref.name, ref.type)
                if other == ref or self._program.resolve_field(other) == definition
            ]
            methods = dict.fromkeys(site.method for site in self._program.users.readers_of(names))
            if len(methods) > self._resolver.limits.users:
                self._known[definition] = None
            else:
                question.evaluations += len(methods)
                self._known[definition] = tuple(
                    change for method in methods for change in self._changes_in(method, definition)
                )
        return self._known[definition]

    def _changes_in(self, method: DexMethod, definition: DexField) -> Iterator[Change]:
        # What is remembered for other questions must not depend on what this one may still spend.
        values = self._resolver.evaluator.evaluate(method)
        for call in () if values is None else values.calls.values():
            if not _may_change(call.ref, call.kind == "static"):
                continue
            for holder in alternatives(call.arguments[0]):
                if isinstance(holder, FieldValue) and self._program.resolve_field(holder.ref) == definition:
                    assert values is not None
                    yield Change(values, call, holder.base)

    # ---- those of one object

    def _of_object(
        self,
        definition: DexField,
        changes: tuple[Change, ...],
        instance: Instance,
        question: Question,
        depth: int,
    ) -> tuple[list[_Made], bool]:
        """Return the changes of one object's field, and whether these are certainly all and no others."""
        created = instance.value
        assert isinstance(created, Created)
        walk = _Walk(self._resolver, changes, question)
        walk.maker(created, instance.frame, depth)
        complete = walk.complete
        made = list(walk.made)
        for change in changes if walk.escapes else ():
            if change in walk.met:
                continue
            for frame, base in self._bases(change, question):
                same = self._is_same(base, created, frame, question, depth)
                if same is None:
                    complete = False
                elif same:
                    made.append(_Made(change, frame))
                    complete = complete and (instance.frame is None or self._is_made_once(created))
        return made, complete

    def _bases(self, change: Change, question: Question) -> Iterator[tuple[Frame | None, Value | None]]:
        """Yield the objects whose field a call changes, for each way in which callers hand one in."""
        waiting: deque[tuple[Value | None, DexMethod, tuple[tuple[MethodRef, tuple[Value, ...]], ...]]] = deque()
        waiting.append((change.base, change.values.method, ()))
        seen: set[Value] = set()
        while waiting:
            base, method, calls = waiting.popleft()
            if not isinstance(base, Parameter) or base.method != method.ref:
                frame = None
                for called, arguments in calls:
                    frame = Frame(called, arguments, frame)
                yield frame, base
                continue
            if base in seen:
                continue
            seen.add(base)
            callers, why = self._origins.callers(method, question)
            if why is not None or len(calls) >= _NESTED:
                yield None, why or Unknown("an object that is handed on too often")
                continue
            for values, call in callers:
                if base.index < len(call.arguments):
                    step = (method.ref, call.arguments)
                    for one in alternatives(call.arguments[base.index]):
                        waiting.append((one, values.method, (step, *calls)))

    def _is_same(
        self, base: Value | None, created: Created, frame: Frame | None, question: Question, depth: int
    ) -> bool | None:
        """Say whether a value may be an object that is reached in another way than from where it is made."""
        if base is None or isinstance(base, Unknown):
            return None
        if isinstance(base, Created):
            # What happens where the object is made was looked at there.
            return False
        found: bool | None = False
        for one in alternatives(self._resolver.reduce(base, None, question, depth + 1)):
            if isinstance(one, Instance) and isinstance(one.value, Created):
                if _identity(one.value) == _identity(created):
                    return True
            elif isinstance(one, Unknown | Instance):
                found = None
        return found

    def _is_made_once(self, created: Created) -> bool:
        method = self._program.resolve_method(created.method)
        return method is not None and len(self._origins.call_sites(method)) <= 1


class _Walk:
    """Follows one object from where it is made into the methods that get it."""

    def __init__(
        self,
        resolver: "Resolver",
        changes: tuple[Change, ...],
        question: Question,
        definition: DexField | None = None,
    ) -> None:
        self._definition = definition
        self.stored: list[tuple[Frame | None, Value]] = []
        """What was written into the field that is asked for, in order."""
        self._resolver = resolver
        self._changes = changes
        self._question = question
        self._steps = _STEPS
        self.made: list[_Made] = []
        self.met: set[Change] = set()
        self.complete = True
        self.escapes = False
        """Whether the object is kept or handed out where it may be changed in other ways than those that were seen."""

    def maker(self, created: Created, frame: Frame | None, depth: int) -> None:
        """Look at what happened to the object before it is asked for."""
        method = self._resolver.program.resolve_method(created.method)
        values = None if method is None else self._resolver.evaluate(method, self._question)
        if values is None:
            self.complete = False
            return
        wanted = _identity(created)
        self._look(values, frame, lambda base: isinstance(base, Created) and _identity(base) == wanted)
        for offset in dict.fromkeys(event.offset for event in created.events if isinstance(event.ref, MethodRef)):
            call = values.calls.get(offset)
            if call is not None:
                self._into(values, call, _places(call, created), frame, depth, 0)

    def _look(self, values: MethodValues, frame: Frame | None, is_object: Callable[[Value], bool]) -> None:
        """Note what a method changes in the object, and whether it keeps or hands out the object itself."""
        self._note(values, frame, is_object)
        for store in values.stores.values() if self._definition is not None else ():
            if self._resolver.program.resolve_field(store.ref) != self._definition or store.base is None:
                continue
            if any(map(is_object, alternatives(store.base))):
                self.stored.append((frame, store.value))
        kept = (
            *(store.value for store in values.stores.values()),
            *(element.value for element in values.element_stores.values()),
            *(element for array in values.filled_arrays.values() for element in array.elements),
            # What a method returns as the object it is called on, its caller knows as that.
            *(one for one in values.returns if values.method.is_static or one != Parameter(values.method.ref, 0)),
        )
        self.escapes = self.escapes or any(is_object(one) for value in kept for one in alternatives(value))

    def _note(self, values: MethodValues, frame: Frame | None, is_object: Callable[[Value], bool]) -> None:
        for change in self._changes:
            if change.values.method == values.method and any(map(is_object, alternatives(change.base or Number(0)))):
                self.met.add(change)
                if change.call.offset in values.calls:
                    current = Change(values, values.calls[change.call.offset], change.base)
                    self.made.append(_Made(current, frame))

    def _into(
        self, values: MethodValues, call: Call, places: list[int], frame: Frame | None, depth: int, nested: int
    ) -> None:
        """Look into what a call runs that gets the object at `places` of its arguments."""
        if not places:
            return
        if _is_platform(call.ref):
            # A list may keep what it is given; what is called on the object itself is its supertype's.
            self.escapes = self.escapes or any(place or call.kind == "static" for place in places)
            return
        self._steps -= 1
        if self._steps < 0 or nested >= _NESTED or not self._question.spend():
            self.complete = False
            return
        resolver, question = self._resolver, self._question
        result = Result(call.ref, call.kind, call.arguments, values.method.ref, call.offset)
        targets, _ = resolver.targets(result, frame, question, depth + 1)
        self.escapes = self.escapes or not targets
        for target in targets:
            if target.is_native:
                continue
            inner_frame = Frame(target.ref, call.arguments, frame)
            inner = resolver.evaluate(
                target, question, resolver.assumptions.arguments(target, call.arguments, frame, question, depth + 1)
            )
            if inner is None:
                self.complete = self.complete and not target.code_offset
                continue
            for place in places:
                passed = Parameter(target.ref, place)
                self._look(inner, inner_frame, partial(eq, passed))
                for further in inner.calls.values():
                    at = [index for index, one in enumerate(further.arguments) if passed in alternatives(one)]
                    self._into(inner, further, at, inner_frame, depth + 1, nested + 1)


def _identity(value: Value) -> object:
    return (value.method, value.offset) if isinstance(value, Created) else value


def _places(call: Call, created: Created) -> list[int]:
    wanted = _identity(created)
    return [
        index
        for index, argument in enumerate(call.arguments)
        if any(isinstance(one, Created) and _identity(one) == wanted for one in alternatives(argument))
    ]


def _is_platform(ref: MethodRef) -> bool:
    return ref.owner.startswith(("Ljava/", "Landroid/", "Ljavax/"))


def _may_change(ref: MethodRef, is_static: bool) -> bool:
    if is_static:
        return (ref.owner, ref.name) in ADDING_TO_FIRST
    return ref.name in _CHANGING and ref.owner.startswith(_PLATFORM)
