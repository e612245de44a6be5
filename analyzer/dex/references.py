"""Who refers to what: for each kind of index, where in the code of one DEX file it occurs.

All code is looked at once, as 16-bit units: a unit whose low byte is a matching instruction, followed by an index
that exists, is a candidate. Candidates are sorted by index, so that any number of users is found by bisection; that a
candidate is an instruction is checked only when it is asked for, by following the instructions of its method.
"""

from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analyzer.dex.bodies import Bodies
from analyzer.dex.code import TableSizes
from analyzer.dex.opcodes import LISTED_ARGUMENTS, IndexKind, opcodes_using

_CONST_STRING_JUMBO = 0x1B
_LISTED = 5
_JUMBO = "string by 32 bits"
_KINDS: tuple[IndexKind, ...] = ("string", "type", "field", "method", "proto", "call-site", "method-handle")
_CLASSES: dict[str, frozenset[int]] = {
    **{kind: opcodes_using(kind) - {_CONST_STRING_JUMBO} for kind in _KINDS},
    _JUMBO: frozenset({_CONST_STRING_JUMBO}),
}
"""The instructions that refer to each kind of index. None refers to two of them, but for the prototype of a call."""
_NUMBERS = {what: number for number, what in enumerate(_CLASSES, 1)}
_TRANSLATION = bytes(
    next((_NUMBERS[what] for what, opcodes in _CLASSES.items() if opcode in opcodes), 0) for opcode in range(256)
)


class Reference(NamedTuple):
    """One instruction that refers to an index."""

    target: int
    """The index it refers to."""
    body: int
    """Row of the code item."""
    offset: int
    """Code units from the start of the code."""
    opcode: int


class _Candidates(NamedTuple):
    """Where an instruction may refer to an index; sorted by index."""

    indices: npt.NDArray[np.uint16] | npt.NDArray[np.uint32]
    positions: npt.NDArray[np.int32]
    """Code unit of the instruction, from the start of the file."""


class ReferenceIndex:
    """The references of one DEX file; each kind is indexed when it is first asked for."""

    def __init__(self, bodies: Bodies, sizes: TableSizes) -> None:
        """Index the code in `bodies`; `sizes` says which indices exist."""
        self._bodies = bodies
        self._sizes = sizes
        self._candidates: dict[IndexKind, tuple[_Candidates, ...]] = {}

    def users(self, kind: IndexKind, indices: Iterable[int], opcodes: frozenset[int] | None = None) -> list[Reference]:
        """Return the instructions that refer to any of `indices`, by place.

        Args:
            kind: The table the indices belong to.
            indices: What to look for; many cost little more than one.
            opcodes: Only these instructions; None for all of the kind.
        """
        wanted = sorted(set(indices))
        found: list[Reference] = []
        for candidates in self._of(kind):
            # Numbers of another width would have all candidates copied, for each question.
            width = candidates.indices.dtype
            narrow = np.array(wanted[: bisect_right(wanted, np.iinfo(width).max)], width)
            low = candidates.indices.searchsorted(narrow, "left").tolist()
            high = candidates.indices.searchsorted(narrow, "right").tolist()
            ranges = [np.arange(first, last) for first, last in zip(low, high, strict=True) if first < last]
            if ranges:
                rows = np.concatenate(ranges)
                found += self._confirmed(candidates.positions[rows], candidates.indices[rows], opcodes)
        found.sort(key=lambda reference: (reference.body, reference.offset))
        return found

    def _confirmed(
        self,
        positions: npt.NDArray[np.int32],
        indices: npt.NDArray[np.uint16] | npt.NDArray[np.uint32],
        opcodes: frozenset[int] | None,
    ) -> list[Reference]:
        bodies = self._bodies
        places = positions.astype(np.int64)
        rows = bodies.containing(places)
        offsets = places - bodies.starts[rows]
        found = []
        for row, offset, index, first in zip(
            rows.tolist(), offsets.tolist(), indices.tolist(), bodies.units[places].tolist(), strict=True
        ):
            opcode = first & 0xFF
            if row < 0 or (opcodes is not None and opcode not in opcodes):
                continue
            if not bodies.instruction_starts(row)[offset]:
                continue
            if opcode in LISTED_ARGUMENTS and first >> 12 > _LISTED:
                bodies.note_damage(row, "an instruction names more registers than it can")
                continue
            found.append(Reference(index, row, offset, opcode))
        return found

    def _of(self, kind: IndexKind) -> tuple[_Candidates, ...]:
        known = self._candidates.get(kind)
        if known is None:
            known = self._candidates[kind] = tuple(self._collect(kind))
        return known

    def _collect(self, kind: IndexKind) -> list[_Candidates]:
        found = [self._scan(kind, 1)]
        if kind == "string":
            found.append(self._scan(_JUMBO, 2))
        return found

    @cached_property
    def _classes(self) -> npt.NDArray[np.uint8]:
        """What the low byte of each unit makes an instruction refer to: a number of `_CLASSES`, or 0 for nothing."""
        octets = self._code.tobytes()[::2]
        return np.frombuffer(octets.translate(_TRANSLATION), np.uint8)

    @property
    def _code(self) -> npt.NDArray[np.uint16]:
        """The units from the first code item to the end of the last."""
        bodies = self._bodies
        return bodies.units[int(bodies.starts[0]) : int(bodies.ends.max())]

    def _scan(self, what: str, words: int) -> _Candidates:
        """Find the units that a class of `_CLASSES` stands for, followed by an index of `words` units that exists."""
        size = max(self._sizes.by_opcode[opcode] for opcode in _CLASSES[what])
        if not len(self._bodies) or not size:
            return _Candidates(np.empty(0, np.uint16), np.empty(0, np.int32))
        code, start = self._code, int(self._bodies.starts[0])
        classes = self._classes[: max(len(code) - words, 0)]
        positions = np.flatnonzero(classes == _NUMBERS[what]).astype(np.int32)
        indices: npt.NDArray[np.uint16] | npt.NDArray[np.uint32] = code[positions + 1]
        if words == 2:
            indices = indices.astype(np.uint32) | code[positions + 2].astype(np.uint32) << np.uint32(16)
        if size <= np.iinfo(indices.dtype).max:
            exists = indices < size
            positions, indices = positions[exists], indices[exists]
        order = np.argsort(indices, kind="stable")
        return _Candidates(indices[order], positions[order] + np.int32(start))
