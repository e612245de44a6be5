"""LEB128 numbers, one at a time and a whole region at once (Dalvik executable format, "LEB128")."""

import numpy as np
import numpy.typing as npt

from analyzer.dex.errors import DamagedItem

_MAX_BYTES = 5
"""A DEX LEB128 number encodes 32 bits."""


def read_uleb128(data: bytes, offset: int) -> tuple[int, int]:
    """Read an unsigned number; return it and the offset behind it.

    Raises:
        DamagedItem: The number ends after the data, or is longer than five bytes.
    """
    value = 0
    for length in range(_MAX_BYTES):
        if not 0 <= offset + length < len(data):
            break
        byte = data[offset + length]
        value |= (byte & 0x7F) << (7 * length)
        if byte < 0x80:
            return value & 0xFFFFFFFF, offset + length + 1
    raise DamagedItem("damaged LEB128 number")


def read_sleb128(data: bytes, offset: int) -> tuple[int, int]:
    """Read a signed number; return it and the offset behind it.

    Raises:
        DamagedItem: The number ends after the data, or is longer than five bytes.
    """
    value, end = read_uleb128(data, offset)
    bits = min(7 * (end - offset), 32)
    return value - (1 << bits) if value >> (bits - 1) & 1 else value, end


class UlebRun:
    """All unsigned numbers of a region, decoded at once.

    Numbers follow each other without gaps; at each of the given `starts` a new one begins whatever precedes it.
    """

    def __init__(self, region: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64]) -> None:
        """Decode `region`; `starts` are ascending offsets into it, the first is 0."""
        ends_here = region < 0x80
        ends_here[starts[1:] - 1] = True
        ends = np.flatnonzero(ends_here).astype(np.int32)
        self.begins = np.empty_like(ends)
        """Where each number begins, ascending."""
        if len(ends):
            self.begins[0] = 0
            self.begins[1:] = ends[:-1] + 1
        lengths = ends - self.begins + 1
        values = (region[self.begins] & 0x7F).astype(np.int64)
        for position in range(1, _MAX_BYTES):
            longer = np.flatnonzero(lengths > position)
            if not len(longer):
                break
            more = (region[self.begins[longer] + position] & 0x7F).astype(np.int64)
            values[longer] |= more << (7 * position)
        self.values = values & 0xFFFFFFFF
        """The numbers."""
        self.damaged = (lengths > _MAX_BYTES) | (region[ends] >= 0x80)
        """Which of them are longer than five bytes, or cut off by the start of the next."""

    def __len__(self) -> int:
        return len(self.values)
