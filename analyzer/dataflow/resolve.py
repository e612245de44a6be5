"""Follows values across methods: to callers, results, fields, resources, and through the platform's methods."""

from collections.abc import Callable, Iterable, Mapping
from itertools import islice, product
from math import prod

import msgspec

from analyzer.dataflow.assumptions import Assumptions
from analyzer.dataflow.collection_models import collection_model, join_elements
from analyzer.dataflow.contents import Contents
from analyzer.dataflow.default_arguments import bound_callers
from analyzer.dataflow.enums import enum_result
from analyzer.dataflow.evaluate import Call, Evaluator, MethodValues
from analyzer.dataflow.kotlin import KotlinRuntime
from analyzer.dataflow.lazy_values import lazy_content
from analyzer.dataflow.limits import FlowLimits
from analyzer.dataflow.origins import Origins
from analyzer.dataflow.platform_models import model_of, resource_model, returns_opaque
from analyzer.dataflow.question import (
    ADDING_NOTHING,
    NEVER,
    RECURSION,
    RESUMED,
    Frame,
    Instance,
    Question,
    Resolution,
    Resources,
    name_of,
)
from analyzer.dataflow.reduced import COMPUTED, as_text, element_of, length_of, place_of, sum_of
from analyzer.dataflow.rounds import counting_rounds
from analyzer.dataflow.text_models import Model, joined, text_of
from analyzer.dataflow.values import (
    ClassName,
    Computed,
    Created,
    Element,
    FieldValue,
    Items,
    Joined,
    Length,
    Number,
    OneOf,
    Parameter,
    Result,
    Unknown,
    Value,
    alternatives,
    join,
    walk,
)
from analyzer.dex import DexMethod, FieldRef, MethodRef, Program, Site

_TOO_MUCH = Unknown("too much work to follow")
_TOO_DEEP = Unknown("followed too deeply")
_TOO_MANY, _MAX_TARGETS = Unknown("too many values"), 16
_TEXTS = frozenset(
    {"Ljava/lang/String;", "Ljava/lang/CharSequence;", "[Ljava/lang/String;", "[Ljava/lang/CharSequence;"}
)
_JOIN_TO_STRING = MethodRef("Lkotlin/collections/CollectionsKt;", "joinToString$default", "()Ljava/lang/String;")
_INDEXED = frozenset({"get", "elementAt"})
_LAZY = frozenset({"Lkotlin/LazyKt;", "Lkotlin/LazyKt__LazyJVMKt;"})

Combine = Callable[[tuple[Value, ...]], Value]


class BoundCall(msgspec.Struct, frozen=True):
    """One call, as one of the ways to get there makes it."""

    arguments: tuple[Resolution, ...]
    """Receiver first."""
    called_from: MethodRef | None
    """The caller of the method whose arguments decide; None when none do."""


class Resolver:
    """Answers what values are, across methods."""

    def __init__(
        self,
        program: Program,
        resources: Resources | None = None,
        limits: FlowLimits | None = None,
        evaluator: Evaluator | None = None,
    ) -> None:
        """Follow values in `program`; without `resources` those of the app are not known."""
        self.program = program
        self.limits = limits or FlowLimits()
        self.evaluator = evaluator or Evaluator(program, self.limits)
        self.resources = resources
        self.kotlin = KotlinRuntime(program)
        self.side_work = self.evaluator.side_work
        # What `dataflow.receivers` found out about the classes that the receivers of calls may have.
        self.receiver_types: dict[Value, frozenset[str] | None] = {}
        self.contents = Contents(self)
        self._origins = Origins(self)
        self.assumptions = Assumptions(self, self._origins)

    def resolve(self, value: Value, frame: Frame | None = None) -> Resolution:
        """Return what `value` is; in any call of its method, or in that of `frame`."""
        question = Question(self.limits)
        return question.answer(self.reduce(value, frame, question, 0))

    def resolve_texts(self, value: Value, frame: Frame | None = None) -> Resolution:
        """Return which texts `value` is, or holds; what is none counts as unknown."""
        question = Question(self.limits)
        return question.answer(self.only_texts(self.reduce(value, frame, question, 0)))

    def only_texts(self, value: Value) -> Value:
        """Replace what is no text, null or collection of these, in a reduced value, by why it is none."""
        return self.join(as_text(one) for one in alternatives(value))

    def _resolve_as(self, type_name: str, value: Value, frame: Frame | None = None) -> Resolution:
        return (self.resolve_texts if type_name in _TEXTS else self.resolve)(value, frame)

    def _resolve_all(self, call: Call, frame: Frame | None = None) -> tuple[Resolution, ...]:
        types = call.ref.parameters if call.kind == "static" else (call.ref.owner, *call.ref.parameters)
        pairs = zip(types, call.arguments, strict=False)
        return tuple(self._resolve_as(type_name, argument, frame) for type_name, argument in pairs)

    def resolve_arguments(self, site: Site) -> tuple[Resolution, ...] | None:
        """Return what the arguments of a call may be, receiver first; None when the call never runs."""
        call = self._call_at(site.method, site.offset)
        return None if call is None else self._resolve_all(call)

    def bound_calls(self, site: Site) -> tuple[BoundCall, ...]:
        """Return the arguments of a call together, once for each caller of the method whose arguments decide them.

        So a host and its pins stay together when a helper gets both. Empty when the call never runs.
        """
        call = self._call_at(site.method, site.offset)
        if call is None:
            return ()
        depends = any(
            isinstance(part, Parameter) and (part.index > 0 or site.method.is_static)
            for argument in call.arguments
            for part in walk(argument)
        )
        callers, _ = bound_callers(self, self._origins, site.method, Question(self.limits)) if depends else ((), None)
        if not callers:
            return (BoundCall(self._resolve_all(call), None),)
        found = []
        for one in callers:
            frame = Frame(site.method.ref, one.call.arguments, one.frame)
            assumed = {index: each for index, each in enumerate(one.call.arguments) if isinstance(each, Number)}
            inner = self._call_at(site.method, site.offset, assumed)
            if inner is not None:
                found.append(BoundCall(self._resolve_all(inner, frame), one.caller))
        return tuple(found)

    def _call_at(self, method: DexMethod, offset: int, assumed: dict[int, Number] | None = None) -> Call | None:
        values = self.evaluator.evaluate(method, assumed)
        return None if values is None else values.calls.get(offset)

    def call_sites(self, method: DexMethod) -> tuple[Site, ...]:
        """Return where `method` may be called; none when too much else is called through a supertype of its class."""
        sites = self._origins.call_sites(method)
        if len(sites) > self.limits.users and self._origins.is_called_through_supertype(method, sites):
            return ()
        return sites

    def evaluate(
        self,
        method: DexMethod,
        question: Question,
        assumed: Mapping[int, Value] | None = None,
        fields: Mapping[FieldRef, Value] | None = None,
    ) -> MethodValues | None:
        """Evaluate a method on behalf of a question; None when it has no code, or too many were evaluated."""
        question.evaluations += 1
        if question.evaluations > self.limits.evaluations:
            return None
        return self.evaluator.evaluate(method, assumed, fields)

    def reduce(self, value: Value, frame: Frame | None, question: Question, depth: int) -> Value:
        """Return `value` in terms of constants, arrays, collections, objects and what is unknown.

        The recursion is bounded by `FlowLimits.depth`.
        """
        self.side_work.step()
        if not question.spend():
            return _TOO_MUCH
        if depth > self.limits.depth:
            return _TOO_DEEP
        if frame is not None and frame.told and (told := frame.tells(value)) is not None:
            return told
        match value:
            case OneOf(values=values):
                return self.join(self.reduce(one, frame, question, depth + 1) for one in values)
            case Joined(parts=parts):
                return self.concatenate([self.reduce(part, frame, question, depth + 1) for part in parts])
            case Parameter():
                if self.kotlin.is_resumed_value(value):
                    return RESUMED
                if frame is not None and frame.method == value.method:
                    if value.index >= len(frame.arguments):
                        return Unknown("an argument that is missing")
                    return self.reduce(frame.arguments[value.index], frame.parent, question, depth + 1)
                return self._origins.parameter(value, question, depth)
            case FieldValue():
                return self._origins.field(value, frame, question, depth)
            case Result():
                place = ("result", value.method, value.offset, frame)
                if place in question.fixed:
                    return question.fixed[place]
                found = self._result(value, frame, question, depth)
                question.choose(place, alternatives(found))
                return found
            case Created():
                return self.contents.of(value, frame, question, depth)
            case Element(array=array, index=index):
                whole = self.reduce(array, frame, question, depth + 1)
                return self._element(whole, self._index(whole, index, frame, question, depth))
            case Length(array=array):
                return self._each((self.reduce(array, frame, question, depth + 1),), length_of)
            case Computed(operation=name, operands=(left, right)) if name in ("add", "sub"):
                both = (self.reduce(left, frame, question, depth + 1), self.reduce(right, frame, question, depth + 1))
                return self._each(both, lambda chosen: sum_of(name, chosen))
            case Computed():
                return COMPUTED
            case _:
                return value

    def join(self, values: Iterable[Value]) -> Value:
        """Join reduced values; a recursion adds nothing to others."""
        found = [one for value in values for one in alternatives(value)]
        return join([one for one in found if one not in ADDING_NOTHING] or found, self.limits.results)

    def concatenate(self, parts: list[Value]) -> Value:
        """Join reduced texts one after the other, in all combinations."""
        texts = [self.join(text_of(one, "I") for one in alternatives(part)) for part in parts]
        return self._each(tuple(texts), lambda chosen: joined(list(chosen), self.limits.text_length))

    def _each(self, values: tuple[Value, ...], function: Combine) -> Value:
        """Apply `function` to each combination of alternatives."""
        choices = [alternatives(value) for value in values]
        if prod(map(len, choices)) > self.limits.results:
            return _TOO_MANY
        return self.join(function(chosen) for chosen in islice(product(*choices), self.limits.results))

    def _index(self, array: Value, index: Value, frame: Frame | None, question: Question, depth: int) -> Value:
        """Return what an index may be: in a loop over an array or a list, every place of it."""
        reduced = self.reduce(index, frame, question, depth + 1)
        if isinstance(reduced, Number):
            return reduced
        _, origin, place = place_of("index", index, frame)
        if place is not None and place.told and (told := place.tells(origin)) is not None:
            return told
        lengths = [len(one.elements) if isinstance(one, Items) and one.complete else 0 for one in alternatives(array)]
        if not 1 < max(lengths) <= self.limits.results:
            return reduced
        places = question.choose(place_of("index", index, frame), tuple(map(Number, range(max(lengths)))))
        return places[0] if len(places) == 1 else reduced

    def _element(self, array: Value, index: Value) -> Value:
        return self._each((array, index), element_of)

    def _result(self, result: Result, frame: Frame | None, question: Question, depth: int) -> Value:
        changed = self.contents.appended(result, frame, question, depth)
        if changed is not None:
            return changed
        modelled = enum_result(self, result, frame, question, depth)
        if modelled is None:
            modelled = self._modelled(result, frame, question, depth)
        if modelled is not None:
            return modelled
        ref = result.ref
        if self.kotlin.returns_lazy_value(ref):
            return lazy_content(self, result, frame, question, depth)
        if ref.owner in _LAZY:
            return Instance(result, frame)
        targets, why = self.targets(result, frame, question, depth)
        if targets:
            return self.join(self.returned(one, result.arguments, frame, question, depth) for one in targets)
        return why if why is not None else returns_opaque(result, frame)

    def _modelled(self, result: Result, frame: Frame | None, question: Question, depth: int) -> Value | None:
        ref = result.ref
        model = model_of(ref, is_static=result.kind == "static") or self._model_of_app(ref)
        from_resources = resource_model(ref, self.resources)
        given = self.kotlin.joined(ref, result.arguments)
        if given is not None:
            ref, model = _JOIN_TO_STRING, join_elements
        if model is None and from_resources is None:
            return None
        arguments = result.arguments if given is None else given
        reduced = tuple(self.reduce(argument, frame, question, depth + 1) for argument in arguments)
        if len(reduced) == 2 and ref.name in _INDEXED and ref.parameters == ("I",):
            reduced = (reduced[0], self._index(reduced[0], result.arguments[1], frame, question, depth))
        unknown = next((one for one in reduced if isinstance(one, Unknown)), None)

        def apply(chosen: tuple[Value, ...]) -> Value:
            found = None
            if from_resources is not None:
                found = from_resources(ref, chosen)
            elif model is not None:
                found = model(ref, chosen)
            if found is not None:
                return found
            missing = next((one for one in chosen if isinstance(one, Unknown)), unknown)
            return missing if missing is not None else returns_opaque(result, frame)

        found = self._each(reduced, apply)
        # A class of the app may have a method of its own where the model knows nothing.
        owners = [ref.owner, *(one.type or "" for one in reduced[:1] if isinstance(one, Instance))]
        own = (self.program.resolve_method(MethodRef(name, ref.name, ref.descriptor)) for name in owners if name)
        return None if isinstance(found, Instance) and any(own) else found

    def _model_of_app(self, ref: MethodRef) -> Model | None:
        """Return the model of a method of a collection that the app defines, or of one of Kotlin's that was renamed."""
        contents = self.contents
        if contents.is_collection(ref.owner) or contents.is_map(ref.owner) or contents.is_spread_builder(ref.owner):
            return collection_model(ref, of_app=True)
        return None

    def targets(
        self, result: Result, frame: Frame | None, question: Question, depth: int
    ) -> tuple[tuple[DexMethod, ...], Value | None]:
        """Return the methods of the app that a call may run; with none of them, why they are not known."""
        ref = result.ref
        method = self.program.resolve_method(ref)
        if result.kind in ("static", "direct", "super"):
            if method is None or method.code_offset:
                return ((method,) if method is not None else ()), None
            return (), Unknown(f"{name_of(ref)} has no code in the app")
        if method is not None and method.is_direct:
            return (method,), None
        implementations = self.program.implementations_of(ref)
        if len(implementations) > 1 and result.arguments:
            receiver = self.reduce(result.arguments[0], frame, question, depth + 1)
            types = [one.type if isinstance(one, Instance) else None for one in alternatives(receiver)]
            known = [name for name in types if name is not None]
            if known and len(known) == len(types):
                exact = [self.program.resolve_method(MethodRef(name, ref.name, ref.descriptor)) for name in known]
                chosen = tuple(dict.fromkeys(one for one in exact if one is not None and not one.is_abstract))
                if chosen:
                    return chosen[:_MAX_TARGETS], None
        if 1 < len(implementations) <= _MAX_TARGETS and result.arguments:
            return self._dispatched(implementations, result, frame, question), None
        if len(implementations) > _MAX_TARGETS:
            return (), Unknown(f"too many methods implement {name_of(ref)}")
        if not implementations and method is not None:
            return (), Unknown(f"nothing in the app implements {name_of(ref)}")
        return implementations, None

    def _dispatched(
        self, implementations: tuple[DexMethod, ...], result: Result, frame: Frame | None, question: Question
    ) -> tuple[DexMethod, ...]:
        """Return the implementations that run, where the class of the object that is asked is assumed."""
        ref = result.ref
        hierarchy = self.program.hierarchy
        owners = (name for one in implementations for name in (one.ref.owner, *hierarchy.subtypes_of(one.ref.owner)))
        classes = [name for name in dict.fromkeys(owners) if self._is_concrete(name)]
        if len(classes) > _MAX_TARGETS:
            return implementations
        chosen = question.choose(place_of("class", result.arguments[0], frame), tuple(map(ClassName, classes)))
        if len(chosen) != 1 or not isinstance(chosen[0], ClassName):
            return implementations
        exact = self.program.resolve_method(MethodRef(chosen[0].descriptor, ref.name, ref.descriptor))
        return implementations if exact is None else (exact,)

    def _is_concrete(self, name: str) -> bool:
        definition = self.program.find_class(name)
        return definition is not None and not definition.is_abstract

    def returned(
        self, target: DexMethod, arguments: tuple[Value, ...], frame: Frame | None, question: Question, depth: int
    ) -> Value:
        """Return what a method returns for `arguments`, which are to be understood in `frame`."""
        if target.is_native:
            return Unknown(f"{name_of(target.ref)} is native")
        entered = question.active.get(target, 0)
        if entered >= self.limits.recursion:
            return RECURSION
        assumed = self.assumptions.arguments(target, arguments, frame, question, depth)
        fields = {} if target.is_static else self.assumptions.fields(target, arguments, frame, question, depth)
        values = self.evaluate(target, question, assumed, fields)
        if values is None:
            return _TOO_MUCH if target.code_offset else Unknown(f"{name_of(target.ref)} has no code in the app")
        question.active[target] = entered + 1
        question.note(f"result of {name_of(target.ref)}", target.ref)
        inner = Frame(target.ref, arguments, frame)
        try:
            rounds = counting_rounds(self, target, values, inner, question, depth) or (inner,)
            found = [self.reduce(one, each, question, depth + 1) for each in rounds for one in values.returns]
        finally:
            question.active[target] = entered
        if values.incomplete is not None:
            found.append(Unknown(values.incomplete))
        return self.join(found) if found else NEVER
