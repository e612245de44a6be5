"""The loops of one method: where they begin, what belongs to them, and which registers count in them."""

from functools import cached_property

from analyzer.dataflow.cfg import Cfg
from analyzer.dex import CodeItem

_MOVES = frozenset(range(0x01, 0x0A))
_COUNTS = frozenset({0x90, 0x91, 0x9B, 0x9C, 0xB0, 0xB1, 0xBB, 0xBC, 0xD0, 0xD1, 0xD8, 0xD9})
"""Additions and subtractions of int and long."""


class Loops:
    """Natural loops; a jump back to a block that comes first in the order makes one."""

    def __init__(self, cfg: Cfg) -> None:
        """Find the loops of `cfg`."""
        self._cfg = cfg

    @cached_property
    def bodies(self) -> dict[int, frozenset[int]]:
        """The blocks of each loop, by the block it begins with."""
        rank = {start: place for place, start in enumerate(self._cfg.order)}
        before: dict[int, list[int]] = {}
        backs: dict[int, set[int]] = {}
        for start in rank:
            block = self._cfg.blocks[start]
            for after in block.successors + block.handlers:
                before.setdefault(after, []).append(start)
                # A handler that protects itself, as javac writes for monitors, is no loop of the program.
                if rank[after] <= rank[start] and after not in block.handlers:
                    backs.setdefault(after, set()).add(start)
        return {header: _body(header, ends, before) for header, ends in backs.items()}

    @cached_property
    def counters(self) -> dict[int, frozenset[int]]:
        """The registers that a loop adds to or subtracts from each time, by the block it begins with."""
        return {header: self._counted(body) for header, body in self.bodies.items()}

    def _counted(self, body: frozenset[int]) -> frozenset[int]:
        found: set[int] = set()
        moves: list[tuple[int, int]] = []
        for start in body:
            for instruction in self._cfg.blocks[start].instructions:
                if instruction.opcode in _COUNTS:
                    found.add(instruction.registers[0])
                elif instruction.opcode in _MOVES:
                    moves.append((instruction.registers[0], instruction.registers[1]))
        for _ in range(2):
            found |= {target for target, source in moves if source in found}
        return frozenset(found)

    def has_exit(self, header: int) -> bool:
        """Say whether a loop can be left, other than by an exception."""
        body = self.bodies[header]
        blocks = [self._cfg.blocks[start] for start in body]
        return any(not block.successors or set(block.successors) - body for block in blocks)

    def around(self, start: int) -> bool:
        """Say whether a block is in a loop."""
        return any(start in body for body in self.bodies.values())


def loops_of(code: CodeItem) -> tuple[Cfg, Loops]:
    """Return the control flow of a method with its loops."""
    cfg = Cfg(code)
    return cfg, Loops(cfg)


def _body(header: int, ends: set[int], before: dict[int, list[int]]) -> frozenset[int]:
    body = {header}
    waiting = list(ends)
    while waiting:
        start = waiting.pop()
        if start not in body:
            body.add(start)
            waiting.extend(before.get(start, ()))
    return frozenset(body)
