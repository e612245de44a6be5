"""Decodes instructions: from 16-bit code units to small records."""

from collections.abc import Callable, Iterator, Sequence

import msgspec

from analyzer.dex.errors import DamagedItem
from analyzer.dex.opcodes import (
    OPCODES,
    PACKED_SWITCH_PAYLOAD,
    PAYLOADS,
    SPARSE_SWITCH_PAYLOAD,
    UNITS,
    IndexKind,
)

Units = Sequence[int]
"""The code of one method as unsigned 16-bit numbers."""


class Instruction(msgspec.Struct, frozen=True, gc=False):
    """One instruction of a method."""

    offset: int
    """In code units from the start of the method's code."""
    opcode: int
    """0x00 to 0xff; payloads are 0x100, 0x200 and 0x300."""
    units: int
    """Length in code units."""
    registers: tuple[int, ...] = ()
    """In the order of the assembly: destination first where there is one; ranges are written out."""
    literal: int | None = None
    """The constant, signed and at its full width: ``const/high16`` is already shifted."""
    index: int | None = None
    """Index into the table `index_kind` names."""
    proto: int | None = None
    """Second index of ``invoke-polymorphic``: the prototype of this call."""
    target: int | None = None
    """Offset of the branch target, or of the payload; in code units from the start of the code."""

    @property
    def name(self) -> str:
        """The mnemonic: ``invoke-virtual/range``."""
        return OPCODES[self.opcode].name

    @property
    def index_kind(self) -> IndexKind | None:
        """What `index` points into."""
        return OPCODES[self.opcode].index_kind


class SwitchPayload(msgspec.Struct, frozen=True):
    """The cases of a switch."""

    keys: tuple[int, ...]
    """Values, signed, as stored: ascending in a valid file."""
    targets: tuple[int, ...]
    """Where each case goes: code units from the *switch instruction*, signed."""


class ArrayPayload(msgspec.Struct, frozen=True):
    """The elements of ``fill-array-data``."""

    element_bytes: int
    """Width of an element."""
    data: bytes
    """The elements, little-endian."""

    @property
    def elements(self) -> tuple[int, ...]:
        """The elements as signed numbers."""
        width = self.element_bytes
        return tuple(
            int.from_bytes(self.data[at : at + width], "little", signed=True) for at in range(0, len(self.data), width)
        )


def decode_all(units: Units) -> Iterator[Instruction]:
    """Decode a method's instructions one after the other.

    Raises:
        DamagedItem: An instruction is unused, or runs over the end; what came before it was delivered.
    """
    at = 0
    end = len(units)
    while at < end:
        instruction = decode(units, at)
        yield instruction
        at += instruction.units


def decode(units: Units, at: int) -> Instruction:
    """Decode the instruction at `at`.

    Raises:
        DamagedItem: It is unused, or runs over the end of the code.
    """
    first = units[at]
    opcode = first & 0xFF
    if first in PAYLOADS:
        return Instruction(at, first, payload_units(units, at))
    length = UNITS[opcode]
    if not length:
        raise DamagedItem("code holds an unused instruction")
    if at + length > len(units):
        raise DamagedItem("an instruction runs over the end of its method")
    return _DECODERS[opcode](units, at, opcode, first >> 8)


def payload_units(units: Units, at: int) -> int:
    """Return the length of the payload at `at`, in code units.

    Raises:
        DamagedItem: There is no payload, or it runs over the end of the code.
    """
    length = payload_length(units[at : at + 4])
    if at + length > len(units):
        raise DamagedItem("a payload runs over the end of its method")
    return length


def payload_length(head: Units) -> int:
    """Return the length of the payload that begins with the (at most four) code units of `head`.

    Raises:
        DamagedItem: There is no payload, or `head` is cut off.
    """
    kind = head[0]
    if kind not in PAYLOADS:
        raise DamagedItem("a switch or array instruction points to no payload")
    if len(head) < 4:
        raise DamagedItem("a payload runs over the end of its method")
    size = head[1]
    if kind == PACKED_SWITCH_PAYLOAD:
        return 4 + 2 * size
    if kind == SPARSE_SWITCH_PAYLOAD:
        return 2 + 4 * size
    return 4 + (size * (head[2] | head[3] << 16) + 1) // 2


def read_payload(units: Units, at: int) -> SwitchPayload | ArrayPayload:
    """Read the payload at `at`.

    Raises:
        DamagedItem: There is no payload, or it is damaged.
    """
    if not 0 <= at < len(units):
        raise DamagedItem("a payload lies outside its method")
    payload_units(units, at)
    kind, size = units[at], units[at + 1]
    if kind == PACKED_SWITCH_PAYLOAD:
        first_key = _int32(units, at + 2)
        keys = tuple(range(first_key, first_key + size))
        return SwitchPayload(keys, tuple(_int32(units, at + 4 + 2 * case) for case in range(size)))
    if kind == SPARSE_SWITCH_PAYLOAD:
        targets = at + 2 + 2 * size
        return SwitchPayload(
            tuple(_int32(units, at + 2 + 2 * case) for case in range(size)),
            tuple(_int32(units, targets + 2 * case) for case in range(size)),
        )
    width, count = size, units[at + 2] | units[at + 3] << 16
    if width not in (1, 2, 4, 8):
        raise DamagedItem("array data has elements of an impossible width")
    words = units[at + 4 : at + 4 + (width * count + 1) // 2]
    data = b"".join(unit.to_bytes(2, "little") for unit in words)
    return ArrayPayload(width, data[: width * count])


def _int16(value: int) -> int:
    return value - 0x10000 if value & 0x8000 else value


def _int8(value: int) -> int:
    return value - 0x100 if value & 0x80 else value


def _int4(value: int) -> int:
    return value - 0x10 if value & 0x8 else value


def _int32(units: Units, at: int) -> int:
    value = units[at] | units[at + 1] << 16
    return value - 0x100000000 if value & 0x80000000 else value


def _10x(units: Units, at: int, op: int, high: int) -> Instruction:
    return Instruction(at, op, 1)


def _12x(units: Units, at: int, op: int, high: int) -> Instruction:
    return Instruction(at, op, 1, (high & 0xF, high >> 4))


def _11n(units: Units, at: int, op: int, high: int) -> Instruction:
    return Instruction(at, op, 1, (high & 0xF,), _int4(high >> 4))


def _11x(units: Units, at: int, op: int, high: int) -> Instruction:
    return Instruction(at, op, 1, (high,))


def _10t(units: Units, at: int, op: int, high: int) -> Instruction:
    return Instruction(at, op, 1, target=at + _int8(high))


def _20t(units: Units, at: int, op: int, high: int) -> Instruction:
    return Instruction(at, op, 2, target=at + _int16(units[at + 1]))


def _22x(units: Units, at: int, op: int, high: int) -> Instruction:
    return Instruction(at, op, 2, (high, units[at + 1]))


def _21t(units: Units, at: int, op: int, high: int) -> Instruction:
    return Instruction(at, op, 2, (high,), target=at + _int16(units[at + 1]))


def _21s(units: Units, at: int, op: int, high: int) -> Instruction:
    return Instruction(at, op, 2, (high,), _int16(units[at + 1]))


def _21h(units: Units, at: int, op: int, high: int) -> Instruction:
    # const/high16 fills the upper half of 32 bits, const-wide/high16 the upper quarter of 64.
    return Instruction(at, op, 2, (high,), _int16(units[at + 1]) << (16 if op == 0x15 else 48))


def _21c(units: Units, at: int, op: int, high: int) -> Instruction:
    return Instruction(at, op, 2, (high,), None, units[at + 1])


def _23x(units: Units, at: int, op: int, high: int) -> Instruction:
    second = units[at + 1]
    return Instruction(at, op, 2, (high, second & 0xFF, second >> 8))


def _22b(units: Units, at: int, op: int, high: int) -> Instruction:
    second = units[at + 1]
    return Instruction(at, op, 2, (high, second & 0xFF), _int8(second >> 8))


def _22t(units: Units, at: int, op: int, high: int) -> Instruction:
    return Instruction(at, op, 2, (high & 0xF, high >> 4), target=at + _int16(units[at + 1]))


def _22s(units: Units, at: int, op: int, high: int) -> Instruction:
    return Instruction(at, op, 2, (high & 0xF, high >> 4), _int16(units[at + 1]))


def _22c(units: Units, at: int, op: int, high: int) -> Instruction:
    return Instruction(at, op, 2, (high & 0xF, high >> 4), None, units[at + 1])


def _30t(units: Units, at: int, op: int, high: int) -> Instruction:
    return Instruction(at, op, 3, target=at + _int32(units, at + 1))


def _32x(units: Units, at: int, op: int, high: int) -> Instruction:
    return Instruction(at, op, 3, (units[at + 1], units[at + 2]))


def _31i(units: Units, at: int, op: int, high: int) -> Instruction:
    return Instruction(at, op, 3, (high,), _int32(units, at + 1))


def _31t(units: Units, at: int, op: int, high: int) -> Instruction:
    return Instruction(at, op, 3, (high,), target=at + _int32(units, at + 1))


def _31c(units: Units, at: int, op: int, high: int) -> Instruction:
    return Instruction(at, op, 3, (high,), None, units[at + 1] | units[at + 2] << 16)


def _arguments(units: Units, at: int, high: int) -> tuple[int, ...]:
    count = high >> 4
    if count > 5:
        raise DamagedItem("an instruction names more registers than it can")
    packed = units[at + 2]
    return (packed & 0xF, packed >> 4 & 0xF, packed >> 8 & 0xF, packed >> 12, high & 0xF)[:count]


def _35c(units: Units, at: int, op: int, high: int) -> Instruction:
    return Instruction(at, op, 3, _arguments(units, at, high), None, units[at + 1])


def _3rc(units: Units, at: int, op: int, high: int) -> Instruction:
    first = units[at + 2]
    return Instruction(at, op, 3, tuple(range(first, first + high)), None, units[at + 1])


def _45cc(units: Units, at: int, op: int, high: int) -> Instruction:
    return Instruction(at, op, 4, _arguments(units, at, high), None, units[at + 1], units[at + 3])


def _4rcc(units: Units, at: int, op: int, high: int) -> Instruction:
    first = units[at + 2]
    return Instruction(at, op, 4, tuple(range(first, first + high)), None, units[at + 1], units[at + 3])


def _51l(units: Units, at: int, op: int, high: int) -> Instruction:
    value = units[at + 1] | units[at + 2] << 16 | units[at + 3] << 32 | units[at + 4] << 48
    return Instruction(at, op, 5, (high,), value - (1 << 64) if value >> 63 else value)


_FORMATS: dict[str, Callable[[Units, int, int, int], Instruction]] = {
    "10x": _10x, "12x": _12x, "11n": _11n, "11x": _11x, "10t": _10t, "20t": _20t, "22x": _22x, "21t": _21t,
    "21s": _21s, "21h": _21h, "21c": _21c, "23x": _23x, "22b": _22b, "22t": _22t, "22s": _22s, "22c": _22c,
    "30t": _30t, "32x": _32x, "31i": _31i, "31t": _31t, "31c": _31c, "35c": _35c, "3rc": _3rc, "45cc": _45cc,
    "4rcc": _4rcc, "51l": _51l,
}  # fmt: skip
_DECODERS = [_FORMATS[OPCODES[value].format] if value in OPCODES else _10x for value in range(256)]
