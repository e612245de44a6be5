"""The control flow of one method: basic blocks, what follows what, and where exceptions go."""

from functools import cached_property

import msgspec

from analyzer.dex import CodeItem, Instruction, SwitchPayload

_RETURNS = frozenset(range(0x0E, 0x12))
_THROW = 0x27
_GOTOS = frozenset({0x28, 0x29, 0x2A})
_SWITCHES = frozenset({0x2B, 0x2C})
_IFS = frozenset(range(0x32, 0x3E))
_FIRST_PAYLOAD = 0x100
_SILENT = frozenset({*range(0x00, 0x1A), *_GOTOS, *_SWITCHES, *range(0x2D, 0x3E), *range(0x7B, 0x93)}) | frozenset(
    value for value in range(0x95, 0xE3) if value not in {0x9E, 0x9F, 0xB3, 0xB4, 0xBE, 0xBF, 0xD3, 0xD4, 0xDB, 0xDC}
)
"""Instructions that cannot throw: all but calls, loads of objects, accesses, creations and integer divisions."""


class Block(msgspec.Struct, frozen=True):
    """Instructions that run one after the other."""

    start: int
    """Code unit of the first instruction."""
    instructions: tuple[Instruction, ...]
    successors: tuple[int, ...]
    """Starts of the blocks that may run next; a conditional branch names its target first, then what falls through."""
    handlers: tuple[int, ...]
    """Starts of the blocks that handle exceptions of its instructions."""


class Cfg:
    """The blocks of one method."""

    def __init__(self, code: CodeItem) -> None:
        """Split the instructions of `code`; what stands behind damage is not there."""
        self._code = code
        self._instructions = [one for one in code.instructions if one.opcode < _FIRST_PAYLOAD]
        known = {one.offset for one in self._instructions}
        self.damage: str | None = code.damage or code.handlers_damage
        """Why the flow is not complete, or None."""
        leaders = self._leaders(known)
        self.blocks: dict[int, Block] = self._split(leaders, known)
        """All blocks by start, those that never run included."""
        self.entry = 0

    @cached_property
    def order(self) -> tuple[int, ...]:
        """The starts of the blocks that can run, so that every block comes before those it leads to, loops aside."""
        if self.entry not in self.blocks:
            return ()
        seen = {self.entry}
        finished: list[int] = []
        stack = [(self.entry, iter(self._next(self.entry)))]
        while stack:
            start, waiting = stack[-1]
            following = next((after for after in waiting if after not in seen), None)
            if following is None:
                finished.append(start)
                stack.pop()
            else:
                seen.add(following)
                stack.append((following, iter(self._next(following))))
        return tuple(reversed(finished))

    def _next(self, start: int) -> tuple[int, ...]:
        block = self.blocks[start]
        return block.successors + block.handlers

    def _targets(self, instruction: Instruction) -> tuple[int, ...]:
        if instruction.opcode in _SWITCHES:
            payload = self._code.payload(instruction)
            if not isinstance(payload, SwitchPayload):
                self.damage = self.damage or "a switch points to no cases"
                return ()
            return tuple(instruction.offset + target for target in payload.targets)
        if (instruction.opcode in _GOTOS or instruction.opcode in _IFS) and instruction.target is not None:
            return (instruction.target,)
        return ()

    def _leaders(self, known: set[int]) -> set[int]:
        leaders = {0}
        for instruction in self._instructions:
            targets = self._targets(instruction)
            leaders.update(targets)
            if targets or instruction.opcode in _RETURNS or instruction.opcode == _THROW:
                leaders.add(instruction.offset + instruction.units)
        for block in self._code.try_blocks:
            leaders.update((block.start, block.end))
            leaders.update(handler.target for handler in block.handlers)
        return leaders & known

    def _split(self, leaders: set[int], known: set[int]) -> dict[int, Block]:
        groups: list[list[Instruction]] = []
        for instruction in self._instructions:
            if instruction.offset in leaders or not groups:
                groups.append([])
            groups[-1].append(instruction)
        protected = self._protected(leaders)
        blocks = {}
        for group in groups:
            last = group[-1]
            targets = self._targets(last)
            if not known.issuperset(targets):
                self.damage = self.damage or "a branch leads to no instruction"
            following = (*targets, *self._falls_through(last))
            successors = tuple(dict.fromkeys(target for target in following if target in known))
            throws = any(one.opcode not in _SILENT for one in group)
            handlers = protected.get(group[0].offset, ()) if throws else ()
            blocks[group[0].offset] = Block(group[0].offset, tuple(group), successors, handlers)
        return blocks

    def _falls_through(self, last: Instruction) -> tuple[int, ...]:
        if last.opcode in _RETURNS or last.opcode == _THROW or last.opcode in _GOTOS:
            return ()
        return (last.offset + last.units,)

    def _protected(self, leaders: set[int]) -> dict[int, tuple[int, ...]]:
        """Return the handlers of each block that has some; ranges ascend, and begin and end at blocks."""
        protected: dict[int, tuple[int, ...]] = {}
        tries = iter(self._code.try_blocks)
        current = next(tries, None)
        for start in sorted(leaders):
            while current is not None and current.end <= start:
                current = next(tries, None)
            if current is None:
                break
            if current.start <= start:
                targets = (handler.target for handler in current.handlers if handler.target in leaders)
                protected[start] = tuple(dict.fromkeys(targets))
        return protected


def can_throw(instruction: Instruction) -> bool:
    """Say whether an instruction may raise an exception."""
    return instruction.opcode not in _SILENT
