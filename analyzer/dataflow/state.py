"""What a method knows at one point: its registers, and what happened so far to the objects it made."""

import msgspec

from analyzer.dataflow.values import MAX_ALTERNATIVES, CallKind, Unknown, Value, alternatives, join
from analyzer.dex import FieldRef, MethodRef

TOO_MANY = Unknown("too many values")
OVERWRITTEN = Unknown("a register without a value")


class Def(Value, frozen=True, cache_hash=True):
    """What the instruction at `offset` made; `Definition` says how. Never leaves the evaluation."""

    offset: int


class Definition(msgspec.Struct):
    """An instruction that makes or changes something, with its operands over all times it ran."""

    operation: str
    operands: list[Value]
    ref: MethodRef | FieldRef | None = None
    type: str = ""
    kind: CallKind = "virtual"
    text: object = None
    """Further constants: the data of an array, the recipe of a concatenation."""
    cells: "dict[int, Cell]" = {}
    """What had happened to the operands when it ran."""


class Cell(msgspec.Struct, frozen=True):
    """What happened to one object: offsets of instructions, in order, for each way to get here."""

    histories: tuple[tuple[int, ...], ...] = ((),)
    repeated: frozenset[int] = frozenset()
    """Instructions that ran more than once."""
    merged: frozenset[int] = frozenset()
    """When there were too many ways: the instructions that may not have run. There is one history then."""

    def after(self, offset: int) -> "Cell":
        """Return the cell after the instruction at `offset`."""
        if len(self.histories) == 1 and offset not in self.histories[0]:
            return Cell((*((*self.histories[0], offset),),), self.repeated, self.merged)
        repeated = self.repeated
        histories = []
        for history in self.histories:
            if offset in history:
                repeated |= {offset}
                histories.append(history)
            else:
                histories.append((*history, offset))
        return Cell(tuple(dict.fromkeys(histories)), repeated, self.merged)

    def joined(self, other: "Cell") -> "Cell":
        """Return what holds where two ways meet."""
        if self is other or self == other:
            return self
        repeated = self.repeated | other.repeated
        merged = self.merged | other.merged
        histories = tuple(dict.fromkeys(self.histories + other.histories))
        if len(histories) > MAX_ALTERNATIVES or (merged and len(histories) > 1):
            # Which of them ran together is given up, what ran is kept.
            union = tuple(dict.fromkeys(offset for history in histories for offset in history))
            always = set(histories[0]).intersection(*histories[1:])
            merged |= {offset for offset in union if offset not in always}
            histories = (union,)
        return Cell(histories, repeated, merged)


Heap = dict[int, Cell]
"""By the offset of the instruction that made the object."""


class State(msgspec.Struct):
    """Registers and objects; `pending` is what ``move-result`` takes."""

    registers: list[Value | None]
    heap: Heap
    pending: Value | None = None

    def copy(self) -> "State":
        """Return a state that can be changed on its own."""
        return State(self.registers.copy(), self.heap.copy(), self.pending)

    def join(self, other: "State", differences: "Differences | None" = None) -> bool:
        """Take in what holds on another way; say whether that changed anything, and what to `differences`."""
        changed = False
        registers = self.registers
        for number, (mine, theirs) in enumerate(zip(registers, other.registers, strict=True)):
            if mine is theirs or mine is None:
                continue
            if theirs is None:
                registers[number] = None
                changed = True
                continue
            merged = join_atoms(mine, theirs)
            if merged is not mine:
                registers[number] = merged
                changed = True
                if differences is not None:
                    differences.values[merged] = None
        heap = self.heap
        for site, cell in other.heap.items():
            known = heap.get(site)
            if known is cell:
                continue
            merged_cell = cell if known is None else known.joined(cell)
            if merged_cell is not known and merged_cell != known:
                heap[site] = merged_cell
                changed = True
                if differences is not None:
                    differences.sites.add(site)
        return changed


class Differences(msgspec.Struct):
    """What is not the same on all ways that meet at one place."""

    values: dict[Value, None] = {}
    """What registers then hold."""
    sites: set[int] = set()
    """The objects to which not the same happened, by the offset of the instruction that made each."""


def join_atoms(mine: Value, theirs: Value) -> Value:
    """Join two values of registers; returns `mine` itself when `theirs` adds nothing."""
    if mine in (theirs, TOO_MANY):
        return mine
    known = alternatives(mine)
    if all(one in known for one in alternatives(theirs)):
        return mine
    return join((mine, theirs))
