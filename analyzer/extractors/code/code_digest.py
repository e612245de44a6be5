"""Digests of code that survive a rebuild: what tells classes apart whose names a shrinker made up."""

import hashlib
import re
from collections.abc import Iterable, Iterator

from analyzer.dataflow.cfg import Block, Cfg
from analyzer.dex import DexMethod, FieldRef, Instruction, MethodRef, Program, SwitchPayload

_DIGITS = 32
_MAX_METHODS = 24
_MAX_INSTRUCTIONS = 2_000
_IGET = 0x52
_MOVES = frozenset({0x01, 0x02, 0x03})
_CONSTANTS = frozenset({0x12, 0x13, 0x14, 0x15})
_SWITCHES = frozenset({0x2B, 0x2C})
_FIRST_IF, _LAST_IF = 0x32, 0x3D
# What a shrinker puts in, takes out or moves elsewhere without changing what a method does.
_LEFT_OUT = ("move", "return", "const", "goto", "nop", "check-cast", "packed-switch", "sparse-switch")
_NULL_CHECKS = frozenset(
    {("Ljava/lang/Object;", "getClass"), ("Ljava/util/Objects;", "requireNonNull")}
)  # R8 keeps the exception of an inlined call on null with these.
_OPPOSITE = {"ne": "eq", "ge": "lt", "le": "gt", "nez": "eqz", "gez": "ltz", "lez": "gtz"}
_TYPE_NAME = re.compile(r"L[^;]+;")
_APP = "~"


def digest_of(
    program: Program, methods: Iterable[DexMethod], field: FieldRef | None = None, case: int | None = None
) -> str | None:
    """Return 32 hexadecimal digits of what methods do, None when none of them has code.

    They stand for the kinds of instructions and the classes, methods and fields of the platform that occur, without
    order and number. Names of the app's own, registers, constants, offsets and indices are left out, and what the
    app's static and direct methods do counts as done by their callers: a shrinker decides anew in each build what it
    inlines, in which order it lays out blocks, and which constants cases of a merged class share.

    Args:
        program: The app.
        methods: What to describe.
        field: The ``int`` field of ``this`` that tells the cases of a merged class apart.
        case: Its value: only what runs with it counts.
    """
    methods = [method for method in methods if method.code() is not None]
    if not methods:
        return None
    tokens = _tokens(program, methods, field, case, _MAX_METHODS)
    if tokens is None:
        # Too much to follow: what the methods themselves do must be enough.
        tokens = _tokens(program, methods, field, case, 0) or set()
    text = "\n".join(sorted(tokens))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def _tokens(
    program: Program, methods: list[DexMethod], field: FieldRef | None, case: int | None, followed: int
) -> set[str] | None:
    """Return the tokens of methods and of at most `followed` methods that they call; None when there are more."""
    tokens: set[str] = set()
    waiting = list(methods)
    seen = set(methods)
    instructions = 0
    while waiting:
        method = waiting.pop()
        for instruction in _running(method, field if method in methods else None, case):
            instructions += 1
            if followed and instructions > _MAX_INSTRUCTIONS:
                return None
            called = _followed(program, method, instruction) if followed else None
            if called is None:
                token = _token(program, method, instruction)
                if token is not None:
                    tokens.add(token)
            elif called not in seen:
                if len(seen) >= len(methods) + followed:
                    return None
                seen.add(called)
                waiting.append(called)
    return tokens


def _followed(program: Program, method: DexMethod, instruction: Instruction) -> DexMethod | None:
    """Return the app's method that a call certainly runs."""
    if not instruction.name.startswith(("invoke-static", "invoke-direct")) or instruction.index is None:
        return None
    called = program.resolve_method(method.file.method(instruction.index))
    return called if called is not None and called.code() is not None else None


def _running(method: DexMethod, field: FieldRef | None, case: int | None) -> Iterator[Instruction]:
    """Yield the instructions that can run, block by block, given the case of a merged class."""
    code = method.code()
    if code is None:
        return
    flow = Cfg(code)
    this = code.registers_size - code.ins_size
    waiting: list[tuple[int, frozenset[int], frozenset[tuple[int, int]]]] = [(flow.entry, frozenset(), frozenset())]
    seen: set[int] = set()
    while waiting:
        start, held, known = waiting.pop()
        block = flow.blocks.get(start)
        if block is None or start in seen:
            continue
        seen.add(start)
        holders, constants = set(held), dict(known)
        decided: int | None = None
        for instruction in block.instructions:
            opcode, registers = instruction.opcode, instruction.registers
            if field is not None and case is not None:
                if opcode == _IGET and registers[1] == this and method.file.field(instruction.index or 0) == field:
                    holders.add(registers[0])
                    continue
                if opcode in _SWITCHES and registers[0] in holders:
                    payload = code.payload(instruction)
                    decided = _target(instruction, payload, case) if isinstance(payload, SwitchPayload) else None
                    continue
                if _FIRST_IF <= opcode <= _LAST_IF:
                    holds = _holds(instruction, holders, constants, case)
                    if holds is not None:
                        decided = instruction.target if holds else instruction.offset + instruction.units
                        continue
                elif opcode in _MOVES and registers[1] in holders:
                    holders.add(registers[0])
                elif opcode in _CONSTANTS:
                    holders.discard(registers[0])
                    constants[registers[0]] = instruction.literal or 0
                elif registers and _writes(instruction):
                    holders.discard(registers[0])
                    constants.pop(registers[0], None)
            yield instruction
        state = frozenset(holders), frozenset(constants.items())
        waiting += [(after, *state) for after in _after(block, decided)]


def _after(block: Block, decided: int | None) -> tuple[int, ...]:
    return block.successors + block.handlers if decided is None else (decided, *block.handlers)


def _target(instruction: Instruction, payload: SwitchPayload, case: int) -> int:
    for key, target in zip(payload.keys, payload.targets, strict=True):
        if key == case:
            return instruction.offset + target
    return instruction.offset + instruction.units


def _holds(instruction: Instruction, holders: set[int], constants: dict[int, int], case: int) -> bool | None:
    """Say whether a branch on the case is taken; None for other branches."""
    registers = instruction.registers
    if not any(register in holders for register in registers):
        return None
    numbers = [case if register in holders else constants.get(register) for register in registers]
    left, right = numbers[0], numbers[1] if len(numbers) > 1 else 0
    if left is None or right is None:
        return None
    relation = instruction.name.removeprefix("if-")[:2]
    return {
        "eq": left == right, "ne": left != right, "lt": left < right, "ge": left >= right, "gt": left > right,
        "le": left <= right,
    }[relation]  # fmt: skip


def _writes(instruction: Instruction) -> bool:
    return not instruction.name.startswith(("iput", "sput", "aput", "invoke", "return", "throw", "monitor", "if-"))


def _token(program: Program, method: DexMethod, instruction: Instruction) -> str | None:
    """Return what an instruction counts as; None for one that says nothing about what a method does."""
    name = instruction.name
    if name.startswith(_LEFT_OUT):
        return None
    if name.startswith("if-"):
        relation = name.removeprefix("if-")
        return f"if-{_OPPOSITE.get(relation, relation)}"
    index = instruction.index
    if index is None:
        return name.partition("/")[0]
    if name.startswith("invoke-") and not name.startswith(("invoke-custom", "invoke-polymorphic")):
        return _call(program, method.file.method(index))
    if instruction.index_kind == "field":
        field = method.file.field(index)
        if program.find_class(field.owner) is not None:
            return None
        return f"{name[:4]} {field.owner}.{field.name}"
    if instruction.index_kind == "type":
        type_name = method.file.type(index)
        return None if _named(program, type_name) != type_name else f"{name.partition('/')[0]} {type_name}"
    return name.partition("/")[0]


def _call(program: Program, ref: MethodRef) -> str | None:
    if (ref.owner, ref.name) in _NULL_CHECKS or program.resolve_method(ref) is not None:
        return None
    return f"call {_named(program, ref.owner)}.{ref.name}{_named(program, ref.descriptor)}"


def _named(program: Program, text: str) -> str:
    """Return a descriptor with the app's own classes left out."""
    return _TYPE_NAME.sub(lambda found: _APP if program.find_class(found[0]) is not None else found[0], text)
