"""Single instructions at the limits of their formats, payloads, and code that is damaged."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.dex import ArrayPayload, CodeItem, Instruction, MethodRef, Program, SwitchPayload
from analyzer.dex.code import TableSizes
from analyzer.dex.errors import DamagedItem
from analyzer.dex.instructions import decode, decode_all, read_payload
from analyzer.dex.opcodes import INVOKES, OPCODES, UNITS, opcodes_using
from analyzer.dex.problems import ProblemLog
from tests.dex.oracle import FIXTURES, ours

UNUSED = (*range(0x3E, 0x44), 0x73, 0x79, 0x7A, *range(0xE3, 0xFA))


def units(text: str) -> list[int]:
    """Read code units in hexadecimal."""
    return [int(word, 16) for word in text.split()]


def the_code() -> CodeItem:
    """Return the method that has one instruction of each kind."""
    program = Program((ours((FIXTURES / "opcodes.dex").read_bytes()),))
    method = program.resolve_method(MethodRef("Lfix/Ops;", "all", "()V"))
    assert method is not None
    code = method.code()
    assert code is not None
    return code


def test_the_fixture_has_every_instruction() -> None:
    assert {instruction.opcode for instruction in the_code().instructions} == set(OPCODES)


@pytest.mark.parametrize("opcode", UNUSED, ids=hex)
def test_unused_values_are_damage(opcode: int) -> None:
    assert UNITS[opcode] == 0
    with pytest.raises(DamagedItem, match="unused"):
        decode([opcode, 0, 0, 0, 0], 0)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("7f12", Instruction(0, 0x12, 1, (15,), 7)),
        ("8f12", Instruction(0, 0x12, 1, (15,), -8)),
        ("ff13 8000", Instruction(0, 0x13, 2, (255,), -0x8000)),
        ("0115 8000", Instruction(0, 0x15, 2, (1,), -0x80000000)),
        ("0119 7fff", Instruction(0, 0x19, 2, (1,), 0x7FFF << 48)),
        ("0118 ffff ffff ffff ffff", Instruction(0, 0x18, 5, (1,), -1)),
        ("011b 2345 0001", Instruction(0, 0x1B, 3, (1,), None, 0x12345)),
        ("ff28", Instruction(0, 0x28, 1, target=-1)),
        ("5f6e 0001 4321", Instruction(0, 0x6E, 3, (1, 2, 3, 4, 15), None, 1)),
        ("006e 0001 4321", Instruction(0, 0x6E, 3, (), None, 1)),
        ("0274 0001 fffe", Instruction(0, 0x74, 3, (0xFFFE, 0xFFFF), None, 1)),
        ("0074 0001 0000", Instruction(0, 0x74, 3, (), None, 1)),
        ("02fb 0001 0003 0009", Instruction(0, 0xFB, 4, (3, 4), None, 1, 9)),
        ("c8ff 0001", Instruction(0, 0xFF, 2, (200,), None, 1)),
        ("01d8 8002", Instruction(0, 0xD8, 2, (1, 2), -128)),
        ("ff00", Instruction(0, 0x00, 1)),
        ("0400", Instruction(0, 0x00, 1)),
    ],
)
def test_operands_at_the_limits(code: str, expected: Instruction) -> None:
    assert decode(units(code), 0) == expected


@pytest.mark.parametrize("opcode", sorted(value for value in OPCODES if value < 0x100 and UNITS[value] > 1))
def test_an_instruction_that_is_cut_off_is_damage(opcode: int) -> None:
    for length in range(1, UNITS[opcode]):
        with pytest.raises(DamagedItem, match="runs over the end"):
            decode([opcode] + [0] * (length - 1), 0)


def test_six_listed_registers_are_damage() -> None:
    with pytest.raises(DamagedItem, match="more registers"):
        decode(units("6f6e 0001 4321"), 0)


def test_payloads_are_read() -> None:
    assert read_payload(units("0100 0002 ffff ffff 0007 0000 fff9 ffff"), 0) == SwitchPayload((-1, 0), (7, -7))
    sparse = units("0200 0002 0000 8000 ffff 7fff 0001 0000 0002 0000")
    assert read_payload(sparse, 0) == SwitchPayload((-0x80000000, 0x7FFFFFFF), (1, 2))
    payload = read_payload(units("0300 0001 0003 0000 fe01 0003"), 0)
    assert payload == ArrayPayload(1, b"\x01\xfe\x03")
    assert payload.elements == (1, -2, 3)
    assert read_payload(units("0300 0008 0000 0000"), 0) == ArrayPayload(8, b"")


@pytest.mark.parametrize(
    "code",
    ["0100 ffff 0000 0000", "0200 0001 0000", "0300 0004 ffff ffff", "0300 0003 0001 0000 0000 0000", "000e", "0100"],
)
def test_damaged_payloads_are_damage(code: str) -> None:
    with pytest.raises(DamagedItem):
        read_payload(units(code), 0)
    with pytest.raises(DamagedItem):
        read_payload(units(code), 99)


def test_a_switch_leads_to_its_cases() -> None:
    code = the_code()
    payloads = {
        instruction.name: code.payload(instruction)
        for instruction in code.instructions
        if instruction.name in ("packed-switch", "sparse-switch", "fill-array-data")
    }
    packed, sparse = payloads["packed-switch"], payloads["sparse-switch"]
    assert isinstance(packed, SwitchPayload) and packed.keys == (-1, 0)
    assert isinstance(sparse, SwitchPayload) and sparse.keys == (-0x80000000, 0x7FFFFFFF)
    (switch,) = [instruction for instruction in code.instructions if instruction.name == "packed-switch"]
    case = code.instruction_at(switch.offset + packed.targets[0])
    assert case is not None and case.name == "move-exception"
    assert payloads["fill-array-data"] == ArrayPayload(1, b"\x01\xfe\x03")


def test_handlers_say_what_they_catch_and_where() -> None:
    code = the_code()
    (block,) = code.try_blocks
    caught = [handler.type_index for handler in block.handlers]
    assert (block.start, len(caught), caught[-1]) == (0, 2, None)
    assert all(code.instruction_at(handler.target) for handler in block.handlers)


def test_instructions_follow_each_other() -> None:
    code = the_code()
    assert list(decode_all(code.units)) == list(code.instructions)
    ends = [instruction.offset + instruction.units for instruction in code.instructions]
    assert [0, *ends] == [*[instruction.offset for instruction in code.instructions], len(code.units)]


def test_every_call_has_a_method_or_a_call_site() -> None:
    assert opcodes_using("method") | opcodes_using("call-site") == INVOKES


@pytest.mark.parametrize(
    ("before", "after", "damage"),
    [
        (0x0E, 0x3E, "code holds an unused instruction"),
        (0x0E, 0xFF, "an instruction runs over the end of its method"),
    ],
)
def test_damage_ends_a_method_and_keeps_what_came_before(before: int, after: int, damage: str) -> None:
    data = bytearray((FIXTURES / "users-base.dex").read_bytes())
    method = Program((ours(bytes(data)),)).methods_named("direct")[0]
    code = method.code()
    assert code is not None
    last = method.code_offset + 16 + 2 * code.instructions[-1].offset
    assert data[last] == before
    data[last] = after
    program = Program((ours(bytes(data)),))
    damaged = program.methods_named("direct")[0].code()
    assert damaged is not None and damaged.damage == damage
    assert damaged.instructions == code.instructions[:-1]
    assert damaged.instruction_at(code.instructions[-1].offset) is None
    helper = MethodRef("Lapp/Base;", "helper", "(Ljava/lang/String;)V")
    assert [site.offset for site in program.users.callers_of([helper])][:2] == [8, 11]
    assert [(problem.kind, problem.detail, problem.count) for problem in program.problems] == [("code", damage, 1)]


@pytest.mark.parametrize(
    ("unit", "value", "damage"),
    [
        (1, 0xFFFF, "an instruction refers to something that does not exist"),
        (0, 0xFF22, "an instruction uses a register its method does not have"),
    ],
)
def test_operands_that_cannot_be_are_damage(unit: int, value: int, damage: str) -> None:
    data = bytearray((FIXTURES / "users-base.dex").read_bytes())
    method = Program((ours(bytes(data)),)).methods_named("direct")[0]
    at = method.code_offset + 16 + 2 * unit
    data[at : at + 2] = value.to_bytes(2, "little")
    code = Program((ours(bytes(data)),)).methods_named("direct")[0].code()
    assert code is not None and (code.damage, code.instructions) == (damage, ())


# --- any code units at all ---

_ANY_UNITS = st.lists(
    st.one_of(
        st.integers(0, 0xFFFF),
        # Opcodes alone, and payloads: random units seldom hold either.
        st.integers(0, 0xFF),
        st.sampled_from([0x0100, 0x0200, 0x0300, 0x0000, 0x000E, 0x1A00, 0x6E20, 0x7402, 0x2B00, 0x2600]),
        st.sampled_from([value | 0x1200 for value in OPCODES]),
    ),
    max_size=60,
)


@settings(max_examples=400, deadline=None)
@given(_ANY_UNITS)
def test_instructions_tile_any_code_units_up_to_the_damage(code: list[int]) -> None:
    instructions: list[Instruction] = []
    damage = None
    try:
        for instruction in decode_all(code):
            instructions.append(instruction)
    except DamagedItem as error:
        damage = error
    at = 0
    for instruction in instructions:
        assert instruction.offset == at and instruction.units > 0
        assert instruction == decode(code, at), "an instruction decodes alone as it does in a row"
        at += instruction.units
    assert at <= len(code)
    assert (at == len(code)) == (damage is None)
    if damage is not None:
        with pytest.raises(DamagedItem):
            decode(code, at)


@settings(max_examples=200, deadline=None)
@given(_ANY_UNITS)
def test_the_code_of_a_method_keeps_what_it_can_and_says_what_is_damaged(code: list[int]) -> None:
    item, log = _code_item(code)
    ends = [instruction.offset + instruction.units for instruction in item.instructions]
    assert ends == sorted(set(ends)) and (not ends or ends[-1] <= len(code))
    whole = (ends[-1] if ends else 0) == len(code)
    assert whole == (item.damage is None)
    assert bool(log.problems) == (item.damage is not None)
    for instruction in item.instructions:
        assert item.instruction_at(instruction.offset) is instruction
        assert instruction.target is None or 0 <= instruction.target < len(code)
        assert all(0 <= register < 16 for register in instruction.registers)
        assert item.payload(instruction) is None or instruction.target is not None


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 8))
def test_a_file_of_any_bytes_is_read_or_refused(body: bytes, kind: int) -> None:
    base = (FIXTURES / "users-base.dex").read_bytes()
    data = (base[:0x70] + body, base[: len(base) // 2] + body, body, base[:8] + body)[kind % 4]
    program = Program.build([("classes.dex", data)])
    for definition in program.classes:
        for method in definition.methods:
            found = method.code()
            assert found is None or found.instructions is not None
    assert all(gap.subject == "classes.dex" for gap in program.gaps())


def _code_item(code: list[int]) -> tuple[CodeItem, ProblemLog]:
    """Return a method with 16 registers and this code, in a file with ten rows of everything."""
    kinds = {entry.index_kind for entry in OPCODES.values() if entry.index_kind is not None}
    header = struct.pack("<HHHHII", 16, 0, 5, 0, 0, len(code))
    log = ProblemLog("classes.dex")
    data = header + b"".join(unit.to_bytes(2, "little") for unit in code)
    return CodeItem(data, 0, code, TableSizes.of(dict.fromkeys(kinds, 10)), 10, log), log
