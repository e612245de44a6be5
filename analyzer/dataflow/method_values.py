"""What the evaluation of a method found; values are made when they are asked for."""

from functools import cached_property

import msgspec

from analyzer.dataflow.control import Control
from analyzer.dataflow.snapshot import Snapshots
from analyzer.dataflow.state import Def, Heap
from analyzer.dataflow.values import CallKind, Value
from analyzer.dex import DexMethod, FieldRef, MethodRef


class Point(msgspec.Struct, frozen=True):
    """A place in the code where values can be asked for."""

    snapshots: Snapshots
    heap: Heap

    def value(self, raw: Value | None) -> Value:
        """Return what a register holds, as a value that stands on its own."""
        return self.snapshots.of(raw, self.heap)


class Call:
    """One call in a method."""

    def __init__(self, offset: int, ref: MethodRef, kind: CallKind, operands: list[Value], at: Point) -> None:
        """Describe the call at `offset`."""
        self.offset = offset
        """Code units from the start of the method's code."""
        self.ref = ref
        self.kind = kind
        self._operands = operands
        self._at = at

    @cached_property
    def arguments(self) -> tuple[Value, ...]:
        """The arguments, receiver first, as they are when the call is made."""
        return tuple(self._at.value(operand) for operand in self._operands)


class Store:
    """One write into a field."""

    def __init__(self, offset: int, ref: FieldRef, operands: list[Value | None], at: Point) -> None:
        """Describe the write at `offset`."""
        self.offset = offset
        self.ref = ref
        self._operands = operands
        self._at = at

    @cached_property
    def value(self) -> Value:
        """What is written; objects as they are when the method ends."""
        return self._at.value(self._operands[0])

    @cached_property
    def base(self) -> Value | None:
        """The object; None for a static field."""
        return self._at.value(self._operands[1]) if len(self._operands) > 1 else None


class ElementStore:
    """One write into an array."""

    def __init__(self, offset: int, operands: list[Value | None], at: Point) -> None:
        """Describe the write at `offset`."""
        self.offset = offset
        self._operands = operands
        self._at = at

    @cached_property
    def array(self) -> Value:
        """The array, as it is when the method ends."""
        return self._at.value(self._operands[1])

    @cached_property
    def value(self) -> Value:
        """What is written."""
        return self._at.value(self._operands[0])


class FilledArray:
    """One array that an instruction makes of its elements."""

    def __init__(self, operands: list[Value | None], at: "Point") -> None:
        """Describe an array of `operands`."""
        self._operands = operands
        self._at = at

    @cached_property
    def elements(self) -> tuple[Value, ...]:
        """What the array is made of; objects as they are when the method ends."""
        return tuple(self._at.value(operand) for operand in self._operands)


class MethodValues:
    """What is known of the values in one method; values are made when they are asked for."""

    def __init__(
        self,
        method: DexMethod,
        calls: dict[int, Call],
        stores: dict[int, Store],
        element_stores: dict[int, ElementStore],
        filled_arrays: dict[int, FilledArray],
        returned: list[tuple[Value | None, Point]],
        return_offsets: tuple[int, ...],
        ending: Point,
        incomplete: str | None,
        control: Control,
    ) -> None:
        """Keep what `_Evaluation` found."""
        self.method = method
        self.calls = calls
        """By offset; calls that never run are not there, and neither are those through handles and call sites."""
        self.stores = stores
        """By offset."""
        self.element_stores = element_stores
        """By offset."""
        self.filled_arrays = filled_arrays
        """By offset: arrays of objects or numbers that are made together with their elements."""
        self.return_offsets = return_offsets
        """The return instructions that can run, ``return-void`` included."""
        self.merges = control.merges
        """Where branches meet that leave different values, in the order of the code."""
        self.merges_deciding = control.deciding
        """Those on which the arguments of a call may depend, by the call's offset."""
        self.compared = control.compared
        """With which numbers branches compare parameters, by the parameter's index."""
        self.tested = control.tested
        """Of which parameters, by their indices, the method asks whether they are of a class."""
        self.branches = control.branches
        """The branches that are open, in the order of the code."""
        self.edges = control.edges
        """By block, the blocks that control comes from; exceptions are left out."""
        self._returned = returned
        self._ending = ending
        self._incomplete = incomplete

    @cached_property
    def returns(self) -> tuple[Value, ...]:
        """What the method may return, one for each ``return``; empty for ``void``, and when it only throws."""
        return tuple(at.value(raw) for raw, at in self._returned)

    def block_of(self, offset: int) -> int:
        """Return the block that the instruction at `offset` is in."""
        return max((start for start in (0, *self.edges) if start <= offset), default=0)

    @property
    def creations(self) -> tuple[int, ...]:
        """Offsets of what was created or returned by calls and changed afterwards."""
        return tuple(sorted(self._ending.heap))

    def object_at(self, offset: int) -> Value:
        """Return what the instruction at `offset` created or returned, as it is when the method ends."""
        return self._ending.value(Def(offset))

    @property
    def incomplete(self) -> str | None:
        """Why something may be missing: the method's code is damaged, or too much to evaluate."""
        if self._incomplete is None and self._ending.snapshots.nodes_left <= 0:
            return "the method has too many values to record"
        return self._incomplete
