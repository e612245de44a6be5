"""Where parameters and fields get their values: callers, initial values, writers, and the object's own constructor."""

from typing import TYPE_CHECKING

from analyzer.dataflow.default_arguments import bound_callers
from analyzer.dataflow.evaluate import Call, MethodValues
from analyzer.dataflow.field_contents import FieldContents
from analyzer.dataflow.question import NEVER, NOT_NAMED, RECURSION, Frame, Instance, Question, name_of
from analyzer.dataflow.values import (
    ClassName,
    Created,
    FieldValue,
    Number,
    Parameter,
    Text,
    Unknown,
    Value,
    alternatives,
)
from analyzer.dex import DexField, DexMethod, EncodedValue, FieldRef, MethodRef, Site, dotted

if TYPE_CHECKING:
    from analyzer.dataflow.resolve import Resolver

_FEW_SITES = 12
"""Up to so many calls through a supertype are all taken to be possible when none is found by following objects."""
_DELEGATIONS = 4
"""Most constructors that call each other with ``this(…)`` and ``super(…)``."""
_CONSTRUCTORS = ("<init>", "<clinit>")

Callers = tuple[tuple[MethodValues, Call], ...]


class Origins:
    """Looks outside of a method for what its parameters and fields hold."""

    def __init__(self, resolver: "Resolver", *, follows_objects: bool = True) -> None:
        """Resolve what is found there with `resolver`.

        With `follows_objects`, calls through a supertype that many classes have are told apart by following objects.
        """
        self._follows_objects = follows_objects
        self._is_following = False
        self._resolver = resolver
        self._program = resolver.program
        self._sites: dict[DexMethod, tuple[Site, ...]] = {}
        self._writers: dict[DexField, tuple[Site, ...]] = {}
        self._places: dict[str, int] = {}
        self._made: dict[str, tuple[Value, ...]] = {}
        """The objects of a class."""
        self._field_contents = FieldContents(resolver, self)

    def parameter(self, parameter: Parameter, question: Question, depth: int) -> Value:
        """Return what all callers pass for a parameter."""
        method = self._program.resolve_method(parameter.method)
        if method is None:
            return Unknown(f"a parameter of {name_of(parameter.method)}")
        if question.active.get(parameter):
            return RECURSION
        question.active[parameter] = 1
        try:
            return self._passed(parameter, method, question, depth)
        finally:
            question.active[parameter] = 0

    def _passed(self, parameter: Parameter, method: DexMethod, question: Question, depth: int) -> Value:
        callers, why = bound_callers(self._resolver, self, method, question)
        found: list[Value] = [] if why is None else [why]
        # What one caller passes belongs together.
        places = question.choose(("caller", method), tuple(Number(place) for place in range(len(callers))))
        for place in places:
            assert isinstance(place, Number)
            if place.value >= len(callers):
                # The choice was made when there was more work left, and the callers were all looked at.
                found.append(Unknown("too much work to follow"))
                continue
            one = callers[place.value]
            if parameter.index >= len(one.call.arguments):
                found.append(Unknown("an argument that is missing"))
                continue
            question.note(f"argument {parameter.index} of {name_of(parameter.method)}", one.caller, one.call.offset)
            found.append(self._resolver.reduce(one.call.arguments[parameter.index], one.frame, question, depth + 1))
        if not found:
            return Unknown(f"nothing in the app calls {name_of(parameter.method)}")
        return self._resolver.join(found)

    def callers(self, method: DexMethod, question: Question) -> tuple[Callers, Value | None]:
        """Return the calls that may run `method`, and why there may be more."""
        sites = self.call_sites(method)
        if not sites:
            return (), None
        limit = self._resolver.limits.users
        if len(sites) > limit:
            return (), Unknown(f"more than {limit} places call {name_of(method.ref)}")
        found = []
        why: Value | None = None
        for site in sites:
            if site.via != "instruction":
                why = Unknown(f"{name_of(method.ref)} is called through a method handle")
                continue
            values = self._resolver.evaluate(site.method, question)
            if values is None:
                why = Unknown("too much work to follow")
                break
            call = values.calls.get(site.offset)
            if call is None:
                why = why if values.incomplete is None else Unknown(values.incomplete)
            elif self._may_run(call, method) and not self._resolver.kotlin.is_entered_again(
                site.method.ref, call.arguments, method.ref
            ):
                found.append((values, call))
        return tuple(found), why

    def call_sites(self, method: DexMethod) -> tuple[Site, ...]:
        """Return where `method` may be called, under all names it has."""
        known = self._sites.get(method)
        if known is None:
            known = self._program.calls_of((method,))
            if len(known) > 1 and not method.is_direct and not self._follows_objects:
                known = self._without_unused(known)
            if len(known) > 1 and self._follows_objects and self.is_called_through_supertype(method, known):
                if self._is_following:
                    # Following an object asks for callers in turn: those are not told apart.
                    return known
                known = self._sites_of_objects(method, known)
            self._sites[method] = known
        return known

    def _without_unused(self, sites: tuple[Site, ...]) -> tuple[Site, ...]:
        """Leave out callers in Kotlin's library that never run; there may be too many others for it to matter."""
        kotlin = self._resolver.kotlin
        others = sum(not kotlin.is_of_library(site.method) for site in sites)
        if others > self._resolver.limits.users:
            return sites
        return tuple(site for site in sites if not kotlin.is_unused(site.method))

    def is_called_through_supertype(self, method: DexMethod, sites: tuple[Site, ...]) -> bool:
        """Say whether some of the calls name a supertype, which others have as well."""
        if method.is_direct:
            return False
        own = {method.ref.owner, *self._program.hierarchy.subtypes_of(method.ref.owner)}
        return any(isinstance(site.target, MethodRef) and site.target.owner not in own for site in sites)

    def _sites_of_objects(self, method: DexMethod, sites: tuple[Site, ...]) -> tuple[Site, ...]:
        """Return those of many calls through a supertype whose object may be one that has `method`.

        The objects are followed from where they are created: so the calls of one lambda are found among all calls of
        lambdas.
        """
        # Wiring follows values with this resolver: it cannot be known when this module is read.
        from analyzer.dataflow.wiring import Wiring

        owner = method.ref.owner
        types = (owner, *self._program.hierarchy.subtypes_of(owner))
        created = self._program.users.creations_of(types)
        if not created or len(created) > self._resolver.limits.users:
            return sites
        wiring = Wiring(self._resolver)
        side = self._resolver.side_work
        self._is_following = True
        flows = []
        try:
            with side.question():
                for site in created:
                    if side.is_spent:
                        return sites
                    flows.append(wiring.follow(site.method, site.offset, lambda ref, position: False))
        finally:
            self._is_following = False
        places = {(use.method, use.offset) for flow in flows for use in flow.uses if use.position == 0}
        found = tuple(site for site in sites if (site.method.ref, site.offset) in places)
        return found if found or len(sites) > _FEW_SITES else sites

    def _may_run(self, call: Call, method: DexMethod) -> bool:
        """Say whether a call may reach a method: not when its receiver is known to be of another class."""
        if call.kind not in ("virtual", "interface") or not call.arguments:
            return True
        receiver = call.arguments[0]
        if not isinstance(receiver, Created):
            return True
        ref = method.ref
        return self._program.resolve_method(MethodRef(receiver.type, ref.name, ref.descriptor)) in (None, method)

    def field(self, value: FieldValue, frame: Frame | None, question: Question, depth: int) -> Value:
        """Return what a field may hold when it is read."""
        definition = self._program.resolve_field(value.ref)
        if definition is None:
            if value.ref.type[0] == "L" and value.ref.type != "Ljava/lang/String;":
                return Instance(value, frame)
            return Unknown(f"the field {dotted(value.ref.owner)}.{value.ref.name}, which is not in the app")
        if question.active.get(definition):
            return RECURSION
        if value.base is not None:
            own = self._of_object(value, definition, frame, question, depth)
            if own is not None:
                return own
        question.active[definition] = 1
        try:
            return self._written(definition, question, depth)
        finally:
            question.active[definition] = 0

    def writers(self, definition: DexField) -> tuple[Site, ...]:
        """Return where a field is written, under all names it has; its initial value is none of these."""
        known = self._writers.get(definition)
        if known is None:
            ref = definition.ref
            names = [
                other
                for other in self._program.field_refs(None, ref.name, ref.type)
                if other == ref or self._program.resolve_field(other) == definition
            ]
            known = self._writers[definition] = self._program.users.writers_of(names)
        return known

    def _written(self, definition: DexField, question: Question, depth: int) -> Value:
        ref = definition.ref
        initial = definition.initial_value
        sites = self.writers(definition)
        if len(sites) > self._resolver.limits.users:
            return Unknown(f"too many places write {dotted(ref.owner)}.{ref.name}")
        found: list[Value] = []
        if initial is not None and initial.kind != "null":
            question.note(f"initial value of {dotted(ref.owner)}.{ref.name}", MethodRef(ref.owner, "<clinit>", "()V"))
            found.append(_constant(initial))
        for site in sites:
            if site.via != "instruction":
                found.append(Unknown(f"{dotted(ref.owner)}.{ref.name} is written through a method handle"))
                continue
            values = self._resolver.evaluate(site.method, question)
            store = None if values is None else values.stores.get(site.offset)
            if values is None or (store is None and values.incomplete is not None):
                found.append(Unknown("too much work to follow"))
            elif store is not None:
                question.note(f"field {dotted(ref.owner)}.{ref.name}", site.method.ref, site.offset)
                found.append(self._resolver.reduce(store.value, None, question, depth + 1))
        set_later = [one for one in found if one != Number(0)]
        if ref.type[0] in "L[" and set_later:
            # Null stands for "not yet" or "no longer" where the field is also given an object.
            found = set_later
        content = self._resolver.join(found) if found else Number(0)
        return self._field_contents.after_changes(content, definition, None, question, depth)

    def _of_object(
        self, value: FieldValue, definition: DexField, frame: Frame | None, question: Question, depth: int
    ) -> Value | None:
        """Return the field of the very object it is read from; None when that is not known to be its only content."""
        base = value.base
        assert base is not None
        set_later = not isinstance(base, Created) and any(
            site.method.ref.name not in _CONSTRUCTORS for site in self.writers(definition)
        )
        open_ = isinstance(base, Parameter) and (frame is None or frame.method != base.method)
        if (set_later or open_) and self._resolver.kotlin.remembers(definition.ref.owner):
            return None
        if open_ and isinstance(base, Parameter) and not base.index and not set_later:
            objects = self._objects(base, question)
        elif open_ and not 1 < self._made_at(definition.ref.owner) <= _FEW_SITES:
            return None
        else:
            objects = alternatives(self._resolver.reduce(base, frame, question, depth + 1))
        found: list[Value] = []
        for one in objects:
            if one in (NEVER, Number(0)):
                # Nothing is read from null: there the method throws.
                found.append(NEVER)
                continue
            if one == NOT_NAMED:
                found.append(one)
                continue
            if not isinstance(one, Instance) or not isinstance(one.value, Created):
                return None
            if set_later:
                own = self._field_contents.set_later(one, definition, question, depth)
            else:
                own = self.of_instance(one, definition, question, depth)
            if own is None:
                return None
            found.append(own)
        return self._resolver.join(found) if found else None

    def _made_at(self, owner: str) -> int:
        """Return at how many places objects of a class are made."""
        if owner not in self._places:
            types = (owner, *self._program.hierarchy.subtypes_of(owner))
            self._places[owner] = len(self._program.users.creations_of(types))
        return self._places[owner]

    def _objects(self, this: Parameter, question: Question) -> tuple[Value, ...]:
        """Return what ``this`` may be in a method of a class whose objects are made at few, but several places.

        What is known of its fields belongs together for each of them.
        """
        method = self._program.resolve_method(this.method)
        if this.index or method is None or method.is_static or method.ref.name in _CONSTRUCTORS:
            return ()
        owner = method.ref.owner
        if owner not in self._made:
            types = (owner, *self._program.hierarchy.subtypes_of(owner))
            sites = self._program.users.creations_of(types)
            found = []
            for site in sites if 1 < len(sites) <= _FEW_SITES else ():
                values = self._resolver.evaluator.evaluate(site.method)
                found.append(None if values is None else values.object_at(site.offset))
            self._made[owner] = tuple(Instance(one, None) for one in found if isinstance(one, Created))
        return question.choose(("object", this), self._made[owner])

    def of_instance(self, instance: Instance, definition: DexField, question: Question, depth: int) -> Value | None:
        """Return what a field of an object holds; None when that is not known."""
        first = self._first_of(instance, definition, question, depth)
        if first is None:
            return None
        return self._field_contents.after_changes(first, definition, instance, question, depth)

    def _first_of(self, instance: Instance, definition: DexField, question: Question, depth: int) -> Value | None:
        """Return what a field of an object was given when it was made."""
        created = instance.value
        assert isinstance(created, Created)
        if not created.events:
            # Its own constructor hands it on: what the constructor was called with is not yet in its history.
            created = self._as_made(created)
        written = [
            event.arguments[0]
            for event in created.events
            if isinstance(event.ref, FieldRef) and self._program.resolve_field(event.ref) == definition
        ]
        if written:
            return self._resolver.reduce(written[-1], instance.frame, question, depth + 1)
        for event in created.events:
            if isinstance(event.ref, MethodRef) and event.ref.name == "<init>" and not event.position:
                arguments = (created, *event.arguments)
                return self._from_constructor(event.ref, arguments, instance.frame, definition, question, depth)
        return None

    def _as_made(self, created: Created) -> Created:
        """Return an object as it is when the method that makes it ends."""
        method = self._program.resolve_method(created.method)
        values = None if method is None else self._resolver.evaluator.evaluate(method)
        found = None if values is None else values.object_at(created.offset)
        return found if isinstance(found, Created) else created

    def _from_constructor(
        self,
        ref: MethodRef,
        arguments: tuple[Value, ...],
        frame: Frame | None,
        definition: DexField,
        question: Question,
        depth: int,
    ) -> Value | None:
        """Return what a constructor writes into a field of the new object."""
        for _ in range(_DELEGATIONS):
            constructor = self._program.resolve_method(ref)
            if constructor is None:
                return None
            assumed = {index: one for index, one in enumerate(arguments) if isinstance(one, Number)}
            values = self._resolver.evaluate(constructor, question, assumed)
            if values is None:
                return None
            this = Parameter(constructor.ref, 0)
            frame = Frame(constructor.ref, arguments, frame)
            stores = [
                store
                for store in values.stores.values()
                if store.base == this and self._program.resolve_field(store.ref) == definition
            ]
            if stores:
                where = f"{dotted(definition.ref.owner)}.{definition.ref.name}"
                question.note(f"field {where} in its constructor", constructor.ref, stores[-1].offset)
                return self._resolver.join(
                    self._resolver.reduce(store.value, frame, question, depth + 1) for store in stores
                )
            above = [
                call for call in values.calls.values() if call.ref.name == "<init>" and call.arguments[:1] == (this,)
            ]
            if not above:
                return None
            ref, arguments = above[0].ref, above[0].arguments
        return None


def _constant(value: EncodedValue) -> Value:
    """Return the initial value of a static field."""
    match value.value:
        case bool() as flag:
            return Number(int(flag))
        case int() as number if value.kind in ("byte", "short", "char", "int", "long"):
            return Number(number)
        case str() as text if value.kind == "string":
            return Text(text)
        case str() as descriptor if value.kind == "type":
            return ClassName(descriptor)
        case None:
            return Number(0)
    return Unknown("a constant of another kind")
