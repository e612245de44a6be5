"""Turns what an evaluation knows at one point into values that stand on their own."""

from collections.abc import Iterator

from analyzer.dataflow.limits import FlowLimits
from analyzer.dataflow.state import Cell, Def, Definition, Heap
from analyzer.dataflow.values import (
    Computed,
    Created,
    Element,
    Event,
    FieldValue,
    Joined,
    Length,
    Number,
    Numbers,
    Often,
    OneOf,
    Result,
    Text,
    Unknown,
    Value,
    alternatives,
    join,
)
from analyzer.dex import ArrayPayload, FieldRef, MethodRef

_TOO_LARGE = Unknown("a value too large to follow")
_IN_A_LOOP = Unknown("a value that changes in a loop")


class Snapshots:
    """Makes values of one method."""

    def __init__(self, method: MethodRef, definitions: dict[int, Definition], limits: FlowLimits) -> None:
        """Read `definitions`; the evaluation has ended."""
        self._method = method
        self._definitions = definitions
        self._limits = limits
        self.nodes_left = limits.method_values
        """How many nodes may still be made for this method."""

    def of(self, raw: Value | None, heap: Heap) -> Value:
        """Return `raw` as it is when the objects are as in `heap`."""
        return _Snapshot(self, heap).value(raw, 0)

    def spend(self, taken: int) -> bool:
        """Count a node of a value that has `taken` so far; False when there are too many."""
        self.nodes_left -= 1
        return taken <= self._limits.value_nodes and self.nodes_left > 0

    @property
    def method(self) -> MethodRef:
        """The method whose values these are."""
        return self._method

    @property
    def depth(self) -> int:
        """Deepest nesting."""
        return self._limits.value_depth

    def definition(self, offset: int) -> Definition | None:
        """Return the instruction at `offset`."""
        return self._definitions.get(offset)


class _Snapshot:
    """One value; the recursion is bounded by `FlowLimits.value_depth`."""

    def __init__(self, owner: Snapshots, heap: Heap) -> None:
        self._owner = owner
        self._heap = heap
        self._nodes = 0
        self._open: set[int] = set()

    def value(self, raw: Value | None, depth: int) -> Value:
        self._nodes += 1
        if not self._owner.spend(self._nodes) or depth > self._owner.depth:
            return _TOO_LARGE
        if raw is None:
            return Unknown("a register without a value")
        if isinstance(raw, OneOf):
            return join(self.value(one, depth) for one in self._without_first_rounds(raw.values))
        if not isinstance(raw, Def):
            return raw
        if raw.offset in self._open:
            return _IN_A_LOOP
        definition = self._owner.definition(raw.offset)
        if definition is None:
            return Unknown("a value without an origin")
        self._open.add(raw.offset)
        try:
            return self._defined(raw.offset, definition, depth + 1)
        finally:
            self._open.discard(raw.offset)

    def _without_first_rounds(self, values: tuple[Value, ...]) -> tuple[Value, ...]:
        """Leave out elements of an array beside any element of it: a loop's first round, where the index is known."""
        known: set[Value] = set()
        for one in values:
            made = self._owner.definition(one.offset) if isinstance(one, Def) else None
            if made is None or made.operation != "aget" or isinstance(made.operands[1], Number):
                continue
            for array in alternatives(made.operands[0]):
                if isinstance(array, Def):
                    known.update(self._put_into(array, {**made.cells, **self._heap}.get(array.offset, Cell())))
        return tuple(one for one in values if one not in known) if known else values

    def _put_into(self, array: Def, cell: Cell) -> Iterator[Value]:
        """Yield what is known to be put into an array."""
        made = self._owner.definition(array.offset)
        if made is not None and made.operation == "filled":
            yield from made.operands
        for offset in {offset for history in cell.histories for offset in history}:
            write = self._owner.definition(offset)
            if write is not None and write.operation == "aput" and not isinstance(write.operands[1], OneOf):
                yield write.operands[1]

    def _defined(self, offset: int, definition: Definition, depth: int) -> Value:
        match definition.operation:
            case "new" | "array" | "filled":
                return self._created(offset, definition, depth)
            case "call" | "custom":
                return self._result(offset, definition, depth)
            case "get":
                assert isinstance(definition.ref, FieldRef)
                base = self.value(definition.operands[0], depth) if definition.operands else None
                return FieldValue(definition.ref, base)
            case "aget":
                array, index = self._as_it_was(definition, depth)
                return Element(array, index)
            case "length":
                return Length(self.value(definition.operands[0], depth))
            case name:
                return Computed(name, tuple(self.value(operand, depth) for operand in definition.operands), offset)

    def _as_it_was(self, definition: Definition, depth: int) -> tuple[Value, ...]:
        """Return operands with the objects as they were when the instruction ran."""
        outer = self._heap
        self._heap = {**outer, **definition.cells}
        try:
            return tuple(self.value(operand, depth) for operand in definition.operands)
        finally:
            self._heap = outer

    def _result(self, offset: int, definition: Definition, depth: int) -> Value:
        assert isinstance(definition.ref, MethodRef)
        arguments = self._as_it_was(definition, depth)
        if definition.operation == "custom":
            return _concatenation(definition, arguments)
        histories = self._histories(self._heap.get(offset, Cell()), offset, depth)
        return Result(definition.ref, definition.kind, arguments, self._owner.method, offset, histories)

    def _created(self, offset: int, definition: Definition, depth: int) -> Value:
        cell = self._heap.get(offset, Cell())
        method, histories = self._owner.method, self._histories(cell, offset, depth)
        if definition.operation == "new":
            return Created(definition.type, method, offset, None, histories)
        if definition.operation == "filled":
            elements = tuple(
                Event(None, (Number(index), self.value(operand, depth)), 0, offset, "once")
                for index, operand in enumerate(definition.operands)
            )
            length: Value = Number(len(elements))
            return Created(definition.type, method, offset, length, tuple(elements + one for one in histories))
        return Created(definition.type, method, offset, self.value(definition.operands[0], depth), histories)

    def _histories(self, cell: Cell, site: int, depth: int) -> tuple[tuple[Event, ...], ...]:
        return tuple(
            tuple(self._event(offset, cell, site, depth) for offset in history if offset != site)
            for history in cell.histories
        )

    def _event(self, offset: int, cell: Cell, site: int, depth: int) -> Event:
        definition = self._owner.definition(offset)
        often: Often = "once"
        if offset in cell.repeated:
            often = "repeated"
        elif offset in cell.merged:
            often = "maybe"
        if definition is None:
            return Event(None, (Unknown("a change without an origin"),), 0, offset, often)
        operands = definition.operands
        match definition.operation:
            case "call":
                position = next((at for at, one in enumerate(operands) if _may_be(one, site)), 0)
                others = (*operands[:position], *operands[position + 1 :])
                arguments = tuple(self.value(one, depth) for one in others)
                # Parameters count from 1, so that 0 always means the receiver.
                return Event(definition.ref, arguments, position + (definition.kind == "static"), offset, often)
            case "put":
                return Event(definition.ref, (self.value(operands[0], depth),), 0, offset, often)
            case "aput":
                return Event(None, tuple(self.value(one, depth) for one in operands), 0, offset, often)
            case _:
                payload = definition.text
                if isinstance(payload, ArrayPayload):
                    return Event(None, (Numbers("", payload.elements),), 0, offset, often)
                return Event(None, (Unknown("array data that is damaged"),), 0, offset, often)


def _may_be(raw: Value, site: int) -> bool:
    return raw == Def(site) or (isinstance(raw, OneOf) and Def(site) in raw.values)


def _concatenation(definition: Definition, arguments: tuple[Value, ...]) -> Value:
    r"""Return what a call site of ``StringConcatFactory`` makes: \1 stands for an argument, \2 for a constant."""
    constants = definition.text if isinstance(definition.text, tuple) else ()
    assert isinstance(definition.ref, MethodRef)
    if definition.ref.name == "makeConcat":
        return Joined(arguments)
    if definition.ref.name != "makeConcatWithConstants" or not constants or not isinstance(constants[0], str):
        return Unknown("the result of a call site that is bound at run time")
    parts: list[Value] = []
    waiting, fixed = iter(arguments), iter(constants[1:])
    text = ""
    for character in constants[0]:
        if character not in "\1\2":
            text += character
            continue
        if text:
            parts.append(Text(text))
            text = ""
        if character == "\1":
            parts.append(next(waiting, Unknown("an argument that is missing")))
        else:
            constant = next(fixed, None)
            known = isinstance(constant, str)
            parts.append(Text(str(constant)) if known else Unknown("a constant that is no text"))
    return Joined((*parts, Text(text)) if text else tuple(parts))
