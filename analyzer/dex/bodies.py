"""Where the code of a DEX file is: every code item, found from the methods without walking classes."""

import numpy as np
import numpy.typing as npt

from analyzer.dex.arrays import distinct
from analyzer.dex.code import HEADER_BYTES
from analyzer.dex.errors import DamagedItem
from analyzer.dex.instructions import payload_length
from analyzer.dex.members import Ints, Members
from analyzer.dex.opcodes import PAYLOADS, UNITS
from analyzer.dex.problems import ProblemLog

_STEPS = bytes([0, *UNITS[1:]])
"""Lengths of instructions; 0 for what needs a closer look: unused ones, and ``nop``, which payloads look like."""


class Bodies:
    """The code items of one DEX file in ascending order, and the methods that use each.

    Compilers let several methods share one code item.
    """

    def __init__(self, data: bytes, members: Members, max_units: int, log: ProblemLog) -> None:
        """Find the code of `members`; bodies above `max_units` code units are left out."""
        self._data = data
        self._log = log
        self.units: npt.NDArray[np.uint16] = np.frombuffer(data, "<u2", len(data) // 2)
        """The whole file as code units."""
        self.offsets = self._usable(distinct(members.method_code[members.method_code > 0]))
        """Where each code item begins, in bytes."""
        words = np.frombuffer(data, "<u4", len(data) // 4)
        declared = words[self.offsets // 4 + 3].astype(np.int64)
        self.starts: Ints = self.offsets // 2 + HEADER_BYTES // 2
        """First code unit of each, counted from the start of the file."""
        available = len(self.units) - self.starts
        log.note("code", "the code of a method is cut off", int(np.count_nonzero(declared > available)))
        lengths = np.minimum(declared, available)
        log.note("limit", "a method is longer than is read", int(np.count_nonzero(lengths > max_units)))
        lengths[lengths > max_units] = 0
        self.ends: Ints = self.starts + lengths
        """Code unit behind the last of each."""
        # In a valid file bodies stand apart. Each ends where the next begins, so that all are no more than the file.
        following = np.maximum(self.starts[1:] - HEADER_BYTES // 2, self.starts[:-1])
        log.note("code", "the code of methods overlaps", int(np.count_nonzero(self.ends[:-1] > following)))
        self.ends[:-1] = np.minimum(self.ends[:-1], following)
        order = np.argsort(members.method_code, kind="stable")
        self._methods = order
        self._method_codes = members.method_code[order]
        self._instruction_starts: dict[int, bytes] = {}

    def __len__(self) -> int:
        return len(self.offsets)

    def find(self, offset: int) -> int | None:
        """Return the row of the code item at `offset`, or None when there is none that can be read."""
        row = int(self.offsets.searchsorted(offset))
        return row if row < len(self.offsets) and int(self.offsets[row]) == offset else None

    def methods_of(self, row: int) -> list[int]:
        """Return the rows of the methods whose code this is."""
        offset = self.offsets[row]
        codes = self._method_codes
        rows: list[int] = self._methods[codes.searchsorted(offset) : codes.searchsorted(offset, "right")].tolist()
        return rows

    def containing(self, positions: Ints) -> Ints:
        """Return the row of the body each code unit lies in, or -1."""
        if not len(self.starts):
            return np.full(len(positions), -1, np.int64)
        rows = self.starts.searchsorted(positions, "right")
        rows -= 1
        inside = (rows >= 0) & (positions < self.ends[rows])
        rows[~inside] = -1
        return rows

    def instruction_starts(self, row: int) -> bytes:
        """Return one byte per code unit of a body: 1 where an instruction starts.

        Follows the lengths of instructions from the first one, as the verifier of a device does; ends early where
        the code is damaged.
        """
        known = self._instruction_starts.get(row)
        if known is None:
            known = self._instruction_starts[row] = self._follow(int(self.starts[row]), int(self.ends[row]))
        return known

    def _follow(self, start: int, end: int) -> bytes:
        low_bytes = self._data[2 * start : 2 * end : 2]
        size = end - start
        flags = bytearray(size)
        at = last = 0
        try:
            while at < size:
                length = _STEPS[low_bytes[at]]
                if not length:
                    length = self._unusual_units(start + at, end)
                flags[at] = 1
                last = at
                at += length
            if at > size:
                flags[last] = 0
                raise DamagedItem("an instruction runs over the end of its method")
        except DamagedItem as damage:
            self._log.note("code", str(damage), at=2 * start - HEADER_BYTES)
        return bytes(flags)

    def _unusual_units(self, place: int, end: int) -> int:
        """Return the length of the ``nop`` or payload at `place`."""
        first = int(self.units[place])
        if first in PAYLOADS:
            return payload_length(self.units[place : min(place + 4, end)].tolist())
        if first & 0xFF:
            raise DamagedItem("code holds an unused instruction")
        return 1

    def note_damage(self, row: int, detail: str) -> None:
        """Record that a body is damaged."""
        self._log.note("code", detail, at=int(self.offsets[row]))

    def _usable(self, offsets: Ints) -> Ints:
        good: npt.NDArray[np.bool_] = (offsets % 4 == 0) & (offsets + HEADER_BYTES <= len(self._data) // 4 * 4)
        self._log.note("code", "code lies outside the file or is not aligned", int(np.count_nonzero(~good)))
        return offsets[good]
