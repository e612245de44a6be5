"""What instructions without control flow do on one path: registers of terms, without joins."""

from collections.abc import Callable, Mapping

import msgspec

from analyzer.dataflow.arithmetic import compute, convert, operation, wrap
from analyzer.dataflow.values import (
    ClassName,
    Computed,
    Created,
    Element,
    FieldValue,
    Items,
    Length,
    Number,
    Numbers,
    Text,
    Unknown,
    Value,
    is_larger,
)
from analyzer.dex import ArrayPayload, CodeItem, DexMethod, FieldRef, Instruction

NOTHING = Unknown("a register without a value")
CHANGES = Unknown("a value that changes in a loop")
_TOO_DEEP = Unknown("a value too large to follow")
_MAX_NODES = 400
"""Most nodes of one term."""
_MOVES = frozenset(range(0x01, 0x0A))
_MOVE_RESULTS = frozenset({0x0A, 0x0B, 0x0C})
_NUMBERS = frozenset(range(0x12, 0x1A))
_COMPARISONS = frozenset(range(0x2D, 0x32))
_AGETS, _APUTS = frozenset(range(0x44, 0x4B)), frozenset(range(0x4B, 0x52))
_IGETS, _IPUTS = frozenset(range(0x52, 0x59)), frozenset(range(0x59, 0x60))
_SGETS, _SPUTS = frozenset(range(0x60, 0x67)), frozenset(range(0x67, 0x6E))
_NO_EFFECT = frozenset({0x00, 0x1D, 0x1E, 0x1F})
_STEPS = frozenset({"add", "sub"})
"""What makes the place beside another one, as in ``chain[i + 1]``."""
FIELD_WRITES = _IPUTS | _SPUTS


class Memory(msgspec.Struct):
    """What one path wrote into fields and arrays."""

    fields: dict[tuple[Value | None, FieldRef], Value]
    elements: dict[tuple[Value, int], Value]

    def copy(self) -> "Memory":
        """Return a copy that can be changed on its own."""
        return Memory(self.fields.copy(), self.elements.copy())


class Inputs:
    """What went into objects, over all paths of one exploration."""

    def __init__(self) -> None:
        """Know nothing."""
        self.known: dict[Value, dict[Value, None]] = {}

    def add(self, target: Value, *values: Value) -> None:
        """Note that `values` may be inside `target`; constants are no objects, and too many are dropped."""
        if isinstance(target, Number | Text | ClassName | Unknown):
            return
        inside = self.known.setdefault(target, {})
        for value in values:
            if value != target and not isinstance(value, Unknown) and len(inside) < 64:
                inside[value] = None


class Assumed(msgspec.Struct, frozen=True):
    """What fields are taken to hold."""

    fields: Mapping[FieldRef, Value]
    """Whatever the object."""
    constants: Callable[[FieldRef], Value | None] | None = None
    """Says what a static field always holds; None where that is not known."""
    is_instance: Callable[[Value, str], bool | None] | None = None
    """Says whether a value is of a class; None where that is not known."""


class Registers:
    """The registers of one entered method."""

    def __init__(self, method: DexMethod, code: CodeItem, arguments: tuple[Value, ...]) -> None:
        """Begin with `arguments`, ``this`` included."""
        self.method = method
        self._code = code
        self._file = method.file
        self.values: list[Value] = [NOTHING] * code.registers_size
        self.pending: Value = NOTHING
        at = code.registers_size - code.ins_size
        ref = method.ref
        for type_name, value in zip(
            ref.parameters if method.is_static else (ref.owner, *ref.parameters), arguments, strict=False
        ):
            if 0 <= at < len(self.values):
                self.values[at] = value
            at += 2 if type_name in ("J", "D") else 1

    def copy(self) -> "Registers":
        """Return a copy that can be changed on its own."""
        other = object.__new__(Registers)
        other.method, other._code, other._file = self.method, self._code, self._file
        other.values, other.pending = self.values.copy(), self.pending
        return other

    def step(self, one: Instruction, memory: Memory, inputs: Inputs, assumed: "Assumed") -> None:
        """Run an instruction that is no call, branch, switch, return or throw."""
        opcode, registers, values = one.opcode, one.registers, self.values
        if opcode in _MOVES:
            values[registers[0]] = values[registers[1]]
        elif opcode in _MOVE_RESULTS:
            values[registers[0]] = self.pending
        elif opcode in _NUMBERS:
            values[registers[0]] = Number(one.literal or 0)
        elif opcode in _APUTS:
            self._write_element(registers, memory, inputs)
        elif opcode in _IPUTS or opcode in _SPUTS:
            base = values[registers[1]] if opcode in _IPUTS else None
            memory.fields[base, self._file.field(one.index or 0)] = values[registers[0]]
        elif opcode in _IGETS or opcode in _SGETS:
            base = values[registers[1]] if opcode in _IGETS else None
            values[registers[0]] = self._read_field(base, self._file.field(one.index or 0), memory, assumed)
        elif opcode in _AGETS:
            values[registers[0]] = self._element(values[registers[1]], values[registers[2]], memory)
        elif opcode not in _NO_EFFECT:
            self._other(one, inputs, assumed)

    def _other(self, one: Instruction, inputs: Inputs, assumed: "Assumed") -> None:
        opcode, registers, values = one.opcode, one.registers, self.values
        match opcode:
            case 0x1A | 0x1B:
                values[registers[0]] = Text(str(self._file.resolve("string", one.index or 0)))
            case 0x1C:
                values[registers[0]] = ClassName(self._type(one))
            case 0x20:
                values[registers[0]] = _instance_of(values[registers[1]], self._type(one), assumed)
            case 0x21:
                values[registers[0]] = _length(values[registers[1]])
            case 0x22:
                values[registers[0]] = Created(self._type(one), self.method.ref, one.offset, None, ((),))
            case 0x23:
                length = values[registers[1]]
                values[registers[0]] = Created(self._type(one), self.method.ref, one.offset, length, ((),))
            case 0x24 | 0x25:
                self.pending = small(Items(self._type(one), tuple(values[register] for register in registers)))
            case 0x26:
                payload = self._code.payload(one)
                if isinstance(payload, ArrayPayload):
                    inputs.add(values[registers[0]], Numbers("", payload.elements))
            case 0xFA | 0xFB | 0xFC | 0xFD:
                self.pending = small(Computed("call-site", tuple(values[register] for register in registers)))
            case _ if opcode in _COMPARISONS:
                operands = (values[registers[1]], values[registers[2]])
                values[registers[0]] = small(Computed("cmp", operands))
            case _ if 0x7B <= opcode <= 0xE2:
                values[registers[0]] = self._arithmetic(one)
            case _:
                if registers:
                    values[registers[0]] = Unknown("the result of an instruction that is not followed")

    def _type(self, one: Instruction) -> str:
        return self._file.type(one.index or 0)

    def _write_element(self, registers: tuple[int, ...], memory: Memory, inputs: Inputs) -> None:
        value, array, index = (self.values[register] for register in registers)
        inputs.add(array, value)
        if isinstance(index, Number):
            memory.elements[array, index.value] = value

    def _read_field(self, base: Value | None, ref: FieldRef, memory: Memory, assumed: "Assumed") -> Value:
        if ref in assumed.fields:
            return assumed.fields[ref]
        written = memory.fields.get((base, ref))
        if written is not None:
            return written
        constant = assumed.constants(ref) if base is None and assumed.constants is not None else None
        return FieldValue(ref, base) if constant is None else constant

    def _element(self, array: Value, index: Value, memory: Memory) -> Value:
        if isinstance(index, Number):
            if isinstance(array, Items) and 0 <= index.value < len(array.elements):
                return array.elements[index.value]
            written = memory.elements.get((array, index.value))
            if written is not None:
                return written
        return small(Element(array, index))

    def _arithmetic(self, one: Instruction) -> Value:
        opcode, registers = one.opcode, one.registers
        sources = registers if 0xB0 <= opcode <= 0xCF else registers[1:]
        operands: list[Value] = [self.values[register] for register in sources]
        if one.literal is not None:
            operands.append(Number(one.literal))
        named = operation(opcode)
        numbers = [operand.value for operand in operands if isinstance(operand, Number)]
        if len(numbers) == len(operands):
            result = None
            if len(numbers) == 1:
                result = convert(opcode, numbers[0])
            elif named is not None and len(numbers) == 2:
                result = compute(named[0], named[1], numbers[0], numbers[1])
            if result is not None:
                return Number(wrap(result, 64))
        if CHANGES in operands and not (named is not None and named[0] in _STEPS and len(numbers) == 1):
            return CHANGES
        return small(Computed(named[0] if named else "computed", tuple(operands)))


def _instance_of(value: Value, type_name: str, assumed: Assumed) -> Value:
    """Return whether an object is of a class, where that is certain."""
    if isinstance(value, Created) and value.type == type_name:
        return Number(1)
    known = None if assumed.is_instance is None else assumed.is_instance(value, type_name)
    return Computed("instance-of", (value, ClassName(type_name))) if known is None else Number(int(known))


def _length(array: Value) -> Value:
    match array:
        case Items(elements=elements, complete=True):
            return Number(len(elements))
        case Created(length=Number() as length):
            return length
    return Length(array)


def small(value: Value) -> Value:
    """Return `value`, or what stands for one that is too large."""
    return _TOO_DEEP if is_larger(value, _MAX_NODES + 1) else value
