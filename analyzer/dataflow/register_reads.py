"""Whether a register is read before it is written again."""

from analyzer.dataflow.cfg import Cfg
from analyzer.dex import CodeItem, Instruction

_COPIES_AND_CONSTANTS = frozenset({*range(0x01, 0x0E), *range(0x12, 0x1D)})
_OTHERS = frozenset({0x20, 0x21, 0x22, 0x23, *range(0x2D, 0x32), *range(0x44, 0x4B), *range(0x52, 0x59)})
_WRITING = _COPIES_AND_CONSTANTS | _OTHERS | frozenset({*range(0x60, 0x67), *range(0x7B, 0xB0), *range(0xD0, 0xE3)})
"""Instructions whose first register is written and not read; those of the form ``/2addr`` do both."""


def reads_of(code: CodeItem, written: Instruction) -> tuple[Instruction, ...] | None:
    """Return the instructions that may read what an instruction writes into its first register.

    A copy into another register counts as a read, and is not followed. None where the flow of the method is damaged.
    """
    flow = Cfg(code)
    register = written.registers[0]
    start = next((block for block in flow.blocks.values() if written in block.instructions), None)
    if start is None or flow.damage is not None:
        return None
    behind = start.instructions[start.instructions.index(written) + 1 :]
    found: dict[Instruction, None] = {}
    is_lost = _read(behind, register, found)
    # What stands before it in its block counts where a loop leads back.
    waiting = [*start.handlers] if is_lost else [*start.successors, *start.handlers]
    seen: set[int] = set()
    while waiting:
        block = flow.blocks.get(waiting.pop())
        if block is None or block.start in seen:
            continue
        seen.add(block.start)
        is_lost = _read(block.instructions, register, found)
        # An exception may leave the block before its write.
        waiting += block.handlers if is_lost else (*block.successors, *block.handlers)
    return tuple(found)


def _read(instructions: tuple[Instruction, ...], register: int, found: dict[Instruction, None]) -> bool:
    """Add the instructions that read a register before it is written; says whether it is written."""
    for instruction in instructions:
        registers = instruction.registers
        writes = instruction.opcode in _WRITING
        if register in (registers[1:] if writes else registers):
            found[instruction] = None
        if writes and registers and registers[0] == register:
            return True
    return False
