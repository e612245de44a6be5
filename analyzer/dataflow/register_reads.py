"""Whether a register is read before it is written again."""

from analyzer.dataflow.cfg import Cfg
from analyzer.dex import CodeItem, Instruction

_COPIES_AND_CONSTANTS = frozenset({*range(0x01, 0x0E), *range(0x12, 0x1D)})
_OTHERS = frozenset({0x20, 0x21, 0x22, 0x23, *range(0x2D, 0x32), *range(0x44, 0x4B), *range(0x52, 0x59)})
_WRITING = _COPIES_AND_CONSTANTS | _OTHERS | frozenset({*range(0x60, 0x67), *range(0x7B, 0xB0), *range(0xD0, 0xE3)})
"""Instructions whose first register is written and not read; those of the form ``/2addr`` do both."""


def is_read(code: CodeItem, written: Instruction) -> bool:
    """Say whether what an instruction writes into its first register is read on some way from there.

    A copy into another register counts as a read. Where the flow of the method is damaged, everything does.
    """
    flow = Cfg(code)
    register = written.registers[0]
    start = next((block for block in flow.blocks.values() if written in block.instructions), None)
    if start is None or flow.damage is not None:
        return True
    behind = start.instructions[start.instructions.index(written) + 1 :]
    found = _first_use(behind, register)
    if found:
        return True
    # What stands before it in its block counts where a loop leads back.
    waiting = [*start.handlers] if found is False else [*start.successors, *start.handlers]
    seen: set[int] = set()
    while waiting:
        block = flow.blocks.get(waiting.pop())
        if block is None or block.start in seen:
            continue
        seen.add(block.start)
        found = _first_use(block.instructions, register)
        if found:
            return True
        # An exception may leave the block before its write.
        waiting += block.handlers if found is False else (*block.successors, *block.handlers)
    return False


def _first_use(instructions: tuple[Instruction, ...], register: int) -> bool | None:
    """Say whether a register is read first (True) or written (False); None when neither happens."""
    for instruction in instructions:
        registers = instruction.registers
        writes = instruction.opcode in _WRITING
        if register in (registers[1:] if writes else registers):
            return True
        if writes and registers and registers[0] == register:
            return False
    return None
