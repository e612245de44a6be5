"""The body of a method (``code_item``): registers, instructions, and what its exceptions are handled by."""

import struct
from collections.abc import Sequence
from functools import cached_property

import msgspec

from analyzer.dex.errors import DamagedItem
from analyzer.dex.instructions import (
    ArrayPayload,
    Instruction,
    SwitchPayload,
    decode_all,
    payload_units,
    read_payload,
)
from analyzer.dex.leb128 import read_sleb128, read_uleb128
from analyzer.dex.opcodes import OPCODES, IndexKind
from analyzer.dex.problems import ProblemLog

HEADER_BYTES = 16
_HANDLERS_PER_UNIT = 16
"""Most handlers of one method, for each code unit it has; shared lists count once."""
_FEW_HANDLERS = 64


class Handler(msgspec.Struct, frozen=True):
    """One ``catch``."""

    type_index: int | None
    """The exception; None catches everything."""
    target: int
    """Where it is handled: code units from the start of the code."""


class TryBlock(msgspec.Struct, frozen=True):
    """A range of instructions whose exceptions are caught."""

    start: int
    """First code unit."""
    end: int
    """Code unit behind the last."""
    handlers: tuple[Handler, ...]
    """In the order they are tried; one that catches everything comes last."""


class TableSizes(msgspec.Struct, frozen=True):
    """How many rows there are to point to, by opcode: 0 where an instruction has no index."""

    by_opcode: tuple[int, ...]

    @classmethod
    def of(cls, sizes: dict[IndexKind, int]) -> "TableSizes":
        """Spread the sizes of tables over the instructions that use them."""
        kinds = [OPCODES[value].index_kind if value in OPCODES else None for value in range(256)]
        return cls(tuple(0 if kind is None else sizes[kind] for kind in kinds))


class CodeItem:
    """The code of one method, or of several that share it; decoded on demand."""

    def __init__(
        self, data: bytes, offset: int, units: Sequence[int], sizes: TableSizes, protos: int, log: ProblemLog
    ) -> None:
        """Describe the code at `offset` in `data`, whose code units are `units`."""
        self.offset = offset
        """Where it is in the DEX file, in bytes."""
        self.units = units
        """The code as 16-bit numbers; shorter than declared when the file is cut off."""
        self._data = data
        self._sizes = sizes
        self._protos = protos
        self._log = log
        registers, ins, outs, tries, _, declared = struct.unpack_from("<HHHHII", data, offset)
        self.registers_size: int = registers
        """How many registers it uses; the arguments are in the last ones."""
        self.ins_size: int = ins
        """How many registers its arguments take."""
        self.outs_size: int = outs
        """How many registers its calls need for their arguments."""
        self.tries_size: int = tries
        self._declared_units: int = declared
        self._max_handlers = _FEW_HANDLERS + _HANDLERS_PER_UNIT * len(units)
        self._payloads: dict[int, SwitchPayload | ArrayPayload | None] = {}
        self._payload_units_left = len(units)

    @property
    def instructions(self) -> tuple[Instruction, ...]:
        """All instructions in order, payloads included; up to the damage when there is some.

        Indices, registers and branch targets are inside their tables, frame and code; a target need not be the
        start of an instruction.
        """
        return self._decoded[0]

    def instruction_at(self, offset: int) -> Instruction | None:
        """Return the instruction that starts at a code unit; None in the middle of one, and behind damage."""
        return self._by_offset.get(offset)

    @property
    def damage(self) -> str | None:
        """Why `instructions` is not complete, or None."""
        return self._decoded[1]

    @property
    def try_blocks(self) -> tuple[TryBlock, ...]:
        """The protected ranges, ascending; empty when they cannot be read, see `handlers_damage`."""
        return self._tries[0]

    @property
    def handlers_damage(self) -> str | None:
        """Why `try_blocks` is empty although there are some, or None."""
        return self._tries[1]

    def payload(self, instruction: Instruction) -> SwitchPayload | ArrayPayload | None:
        """Return what a switch or ``fill-array-data`` points to, or None when that is damaged."""
        target = -1 if instruction.target is None else instruction.target
        if target not in self._payloads:
            self._payloads[target] = self._read_payload(target)
        return self._payloads[target]

    def _read_payload(self, target: int) -> SwitchPayload | ArrayPayload | None:
        try:
            if not 0 <= target < len(self.units):
                raise DamagedItem("a payload lies outside its method")
            # Payloads that overlap could be far more than the code in all.
            self._payload_units_left -= payload_units(self.units, target)
            if self._payload_units_left < 0:
                raise DamagedItem("payloads overlap")
            return read_payload(self.units, target)
        except DamagedItem as damage:
            self._log.note("code", str(damage), at=self.offset)
            return None

    @cached_property
    def _by_offset(self) -> dict[int, Instruction]:
        return {instruction.offset: instruction for instruction in self.instructions}

    @cached_property
    def _decoded(self) -> tuple[tuple[Instruction, ...], str | None]:
        instructions: list[Instruction] = []
        damage = None
        try:
            for instruction in decode_all(self.units):
                self._check(instruction)
                instructions.append(instruction)
            if self._declared_units > len(self.units):
                raise DamagedItem("the code of a method is cut off")
        except DamagedItem as found:
            damage = str(found)
            self._log.note("code", damage, at=self.offset)
        return tuple(instructions), damage

    def _check(self, instruction: Instruction) -> None:
        if instruction.index is not None and instruction.index >= self._sizes.by_opcode[instruction.opcode]:
            raise DamagedItem("an instruction refers to something that does not exist")
        if instruction.registers and max(instruction.registers) >= self.registers_size:
            raise DamagedItem("an instruction uses a register its method does not have")
        if instruction.target is not None and not 0 <= instruction.target < len(self.units):
            raise DamagedItem("a branch leaves its method")
        if instruction.proto is not None and instruction.proto >= self._protos:
            raise DamagedItem("an instruction refers to something that does not exist")

    @cached_property
    def _tries(self) -> tuple[tuple[TryBlock, ...], str | None]:
        if self.tries_size == 0:
            return (), None
        try:
            return self._read_tries(), None
        except DamagedItem as found:
            damage = f"exception handlers: {found}"
            self._log.note("code", damage, at=self.offset)
            return (), damage

    def _read_tries(self) -> tuple[TryBlock, ...]:
        code_end = self.offset + HEADER_BYTES + 2 * self._declared_units
        tries_start = (code_end + 3) & ~3
        handlers_start = tries_start + 8 * self.tries_size
        if handlers_start > len(self._data):
            raise DamagedItem("they lie outside the file")
        if self.tries_size > len(self.units):
            raise DamagedItem("there are more than can be")
        read: dict[int, tuple[Handler, ...]] = {}
        blocks = []
        handlers = 0
        for at in range(tries_start, handlers_start, 8):
            start, length, handler_offset = struct.unpack_from("<IHH", self._data, at)
            if handler_offset not in read:
                read[handler_offset] = self._read_handlers(handlers_start + handler_offset)
                handlers += len(read[handler_offset])
                if handlers > self._max_handlers:
                    raise DamagedItem("there are more than can be")
            if start + length > self._declared_units:
                raise DamagedItem("a protected range leaves its method")
            blocks.append(TryBlock(start, start + length, read[handler_offset]))
        return tuple(blocks)

    def _read_handlers(self, at: int) -> tuple[Handler, ...]:
        size, at = read_sleb128(self._data, at)
        if abs(size) > self._max_handlers:
            raise DamagedItem("there are more than can be")
        handlers = []
        for _ in range(abs(size)):
            type_index, at = read_uleb128(self._data, at)
            target, at = read_uleb128(self._data, at)
            handlers.append(self._handler(type_index, target))
        if size <= 0:
            target, at = read_uleb128(self._data, at)
            handlers.append(self._handler(None, target))
        return tuple(handlers)

    def _handler(self, type_index: int | None, target: int) -> Handler:
        if target >= self._declared_units:
            raise DamagedItem("a handler lies outside its method")
        if type_index is not None and type_index >= self._sizes.by_opcode[_NEW_INSTANCE]:
            raise DamagedItem("a handler catches a type that does not exist")
        return Handler(type_index, target)


_NEW_INSTANCE = 0x22
