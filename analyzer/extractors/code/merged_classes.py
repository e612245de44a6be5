"""Classes that a shrinker merged from several: the field that tells the cases apart, and its values."""

import msgspec

from analyzer.dataflow.evaluate import Evaluator
from analyzer.dataflow.values import Number, Parameter
from analyzer.dex import CodeItem, DexMethod, FieldRef, Instruction, Program, SwitchPayload

_SWITCHES = frozenset({0x2B, 0x2C})
_IFS = frozenset(range(0x32, 0x3E))
_OBJECT_MOVES = frozenset({0x07, 0x08, 0x09})
"""``move-object`` in its three widths."""
_IGET = 0x52
_CONSTANTS = frozenset({0x12, 0x13, 0x14, 0x15})
_MAX_SCANNED = 20_000
_HEAD = 24
"""The discriminator is read and tested among the first instructions."""
MAX_CASES = 256


class Discriminator(msgspec.Struct, frozen=True):
    """The field of a merged class, and the values that a method tells apart."""

    field: FieldRef
    cases: tuple[int, ...]
    """The keys of the switch, ascending, and one more value that stands for its default."""


def discriminator_of(program: Program, evaluator: Evaluator, method: DexMethod) -> Discriminator | None:
    """Return what a method of a merged class decides by; None for a method of an ordinary class.

    R8 gives a merged class an ``int`` field that only its constructors write, and each method begins with a switch
    over it (``HorizontalClassMerger``); for two cases it may be a comparison.
    """
    code = method.code()
    if code is None or method.is_static:
        return None
    found = _tested_field(method, code)
    if found is None:
        return None
    field, keys = found
    if not _written_by_constructors_alone(program, evaluator, field):
        return None
    return Discriminator(field, (*keys, _other(keys)))


def _tested_field(method: DexMethod, code: CodeItem) -> tuple[FieldRef, tuple[int, ...]] | None:
    """Return the ``int`` field of ``this`` that is switched on first, and the keys."""
    # A method with many registers moves its object to one that all instructions can name.
    these = {code.registers_size - code.ins_size}
    holders: dict[int, FieldRef] = {}
    constants: dict[int, int] = {}
    for instruction in code.instructions[:_HEAD]:
        opcode, registers = instruction.opcode, instruction.registers
        if opcode in _OBJECT_MOVES and registers[1] in these:
            these.add(registers[0])
            continue
        if opcode == _IGET and registers[1] in these:
            ref = method.file.field(instruction.index or 0)
            if ref.type == "I" and ref.owner == method.ref.owner:
                holders[registers[0]] = ref
                continue
        if opcode in _SWITCHES and registers[0] in holders:
            payload = code.payload(instruction)
            keys = payload.keys if isinstance(payload, SwitchPayload) else ()
            return (holders[registers[0]], keys[:MAX_CASES]) if keys else None
        if opcode in _IFS:
            return _compared(instruction, holders, constants)
        if opcode in _CONSTANTS:
            constants[registers[0]] = instruction.literal or 0
        elif registers and opcode not in _IFS:
            these.discard(registers[0])
            holders.pop(registers[0], None)
            constants.pop(registers[0], None)
    return None


def _compared(
    instruction: Instruction, holders: dict[int, FieldRef], constants: dict[int, int]
) -> tuple[FieldRef, tuple[int, ...]] | None:
    """Return the field and the one value that a comparison for equality tells apart."""
    registers = instruction.registers
    if instruction.name not in ("if-eq", "if-ne", "if-eqz", "if-nez"):
        return None
    if len(registers) == 1:
        return (holders[registers[0]], (0,)) if registers[0] in holders else None
    for one, other in (registers, registers[::-1]):
        if one in holders and other in constants:
            return holders[one], (constants[other],)
    return None


def _written_by_constructors_alone(program: Program, evaluator: Evaluator, field: FieldRef) -> bool:
    """Say whether all writes of a field are in constructors, of constants or of a parameter."""
    sites = program.users.writers_of((field,))
    if not sites or len(sites) > MAX_CASES:
        return False
    for site in sites:
        if site.method.ref.owner != field.owner or site.method.ref.name != "<init>":
            return False
        values = evaluator.evaluate(site.method)
        store = None if values is None else values.stores.get(site.offset)
        if store is None or not isinstance(store.value, Number | Parameter):
            return False
    return True


def _other(keys: tuple[int, ...]) -> int:
    """Return the value that the default stands for: cases are numbered from 0 without holes."""
    return next(number for number in range(len(keys) + 1) if number not in keys)
