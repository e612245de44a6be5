"""What decides the branches of a method that is entered: numbers, lengths of arrays, and numbers in the object."""

from typing import TYPE_CHECKING

from analyzer.dataflow.folding import asks_about_texts
from analyzer.dataflow.origins import Origins
from analyzer.dataflow.question import Frame, Instance, Question
from analyzer.dataflow.reduced import place_of
from analyzer.dataflow.values import Created, Entries, Items, Length, Number, OfClass, Text, Value, alternatives
from analyzer.dex import DexMethod, FieldRef

if TYPE_CHECKING:
    from analyzer.dataflow.resolve import Resolver

_MAX_CASE_FIELDS = 3
_INSTANCE_OF = 0x20
_WIDE = frozenset({"Ljava/lang/Object;", "Ljava/lang/Iterable;", "Ljava/util/Collection;", "Ljava/lang/CharSequence;"})
"""Types of parameters that collections, arrays and texts are passed for."""


class Assumptions:
    """Prepares the evaluation of methods that are called with known arguments."""

    def __init__(self, resolver: "Resolver", origins: Origins) -> None:
        """Ask `resolver` what arguments are."""
        self._resolver = resolver
        self._origins = origins
        self._asking: dict[DexMethod, bool] = {}

    def _asks_about_texts(self, target: DexMethod) -> bool:
        if target not in self._asking:
            self._asking[target] = asks_about_texts(target)
        return self._asking[target]

    def fields(
        self, target: DexMethod, given: tuple[Value, ...], frame: Frame | None, question: Question, depth: int
    ) -> dict[FieldRef, Value]:
        """Return the numbers in the object's fields: of merged classes they say which one it was."""
        numbers = [field for field in target.owner.fields if field.ref.type == "I" and not field.is_static]
        if not 0 < len(numbers) <= _MAX_CASE_FIELDS or not given:
            return {}
        this = self._resolver.reduce(given[0], frame, question, depth + 1)
        if not isinstance(this, Instance) or not isinstance(this.value, Created):
            return {}
        found = {field.ref: self._origins.of_instance(this, field, question, depth) for field in numbers}
        return {ref: one for ref, one in found.items() if isinstance(one, Number)}

    def arguments(
        self, target: DexMethod, given: tuple[Value, ...], frame: Frame | None, question: Question, depth: int
    ) -> dict[int, Value]:
        """Return the arguments that decide branches: numbers, also those that stand for a constant of an enum.

        Of arrays it is how many elements they have.
        """
        assumed: dict[int, Value] = {}
        for index, argument in enumerate(given):
            _, value, _ = place_of("argument", argument, frame)
            if isinstance(argument, Number):
                assumed[index] = argument
            elif isinstance(value, Text) and self._asks_about_texts(target):
                assumed[index] = value
            elif isinstance(value, Created) and isinstance(value.length, Number):
                assumed[index] = Length(value.length)
        types = target.ref.parameters if target.is_static else (target.ref.owner, *target.ref.parameters)
        wide = [index for index, name in enumerate(types[: len(given)]) if name in _WIDE and index not in assumed]
        if wide:
            self._add_classes(assumed, wide, target, given, frame, question, depth)
        open_ = [index for index, name in enumerate(types[: len(given)]) if name in "ZBSCI" and index not in assumed]
        if not open_:
            return assumed
        values = self._resolver.evaluate(target, question, assumed)
        for index in open_:
            compared = () if values is None else values.compared.get(index, ())
            if not 0 < len(compared) <= self._resolver.limits.alternatives * 2:
                continue
            reduced = self._resolver.reduce(given[index], frame, question, depth + 1)
            possible = alternatives(reduced)
            if not all(isinstance(one, Number) for one in possible):
                # One more stands for all other numbers.
                possible = (*map(Number, compared), Number(compared[-1] + 1))
            chosen = question.choose(place_of("number", given[index], frame), possible)
            if len(chosen) == 1 and isinstance(chosen[0], Number):
                assumed[index] = chosen[0]
        return assumed

    def _add_classes(
        self,
        assumed: dict[int, Value],
        wide: list[int],
        target: DexMethod,
        given: tuple[Value, ...],
        frame: Frame | None,
        question: Question,
        depth: int,
    ) -> None:
        """Add the classes of arguments of which the method asks whether they are of one."""
        code = target.code()
        if code is None or not any(one.opcode == _INSTANCE_OF for one in code.instructions):
            return
        values = self._resolver.evaluate(target, question, assumed)
        for index in () if values is None else sorted(values.tested.intersection(wide)):
            kinds = {
                _kind(one) for one in alternatives(self._resolver.reduce(given[index], frame, question, depth + 1))
            }
            kind = kinds.pop() if len(kinds) == 1 else None
            if kind is not None:
                assumed[index] = kind


def _kind(value: Value) -> Value | None:
    """Return what is to be assumed of a reduced value."""
    match value:
        case Items(type=name, elements=elements, complete=True) if name[0] == "[":
            return Length(Number(len(elements)))
        case Items(type=name) | Entries(type=name) if name[0] == "L":
            return OfClass(name)
        case Text():
            return OfClass("Ljava/lang/String;")
        case Instance(type=str() as name) if name[0] == "L":
            return OfClass(name)
    return None
