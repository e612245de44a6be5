"""Arrays of bytes that code fills from constants: where each is, and what is in it."""

from collections.abc import Iterator, Sequence

import numpy as np

from analyzer.dex.classes import DexMethod
from analyzer.dex.file import DexFile
from analyzer.dex.opcodes import ARRAY_PAYLOAD
from analyzer.dex.program import Program

# The payload of fill-array-data: its mark, the width of an element, and how many there are in two code units.
_HEAD_UNITS = 4
_HEAD_BYTES = 2 * _HEAD_UNITS
_MOST_ELEMENTS = 0x1FFFF


class ByteArray:
    """One array. Methods that share code share it; the first is named."""

    def __init__(self, method: DexMethod, offset: int, data: bytes) -> None:
        """See the attributes."""
        self.method = method
        """Where it is."""
        self.offset = offset
        """Of the payload, in code units from the start of the method's code."""
        self.data = data


def byte_arrays(program: Program, beginnings: Sequence[bytes], *, least: int, most: int) -> list[ByteArray]:
    """Return the arrays that begin with one of some texts and have `least` to 131,071 elements.

    At most `most` for each beginning, in the order of `beginnings`. Files are searched as they are, so that methods
    without such an array are never decoded.
    """
    found: dict[bytes, list[ByteArray]] = {beginning: [] for beginning in beginnings}
    for file in program.files:
        for unit, size in _payloads(file, least):
            start = 2 * unit + _HEAD_BYTES
            for beginning in beginnings:
                if len(found[beginning]) < most and file.data.startswith(beginning, start):
                    found[beginning] += _array_at(file, unit, file.data[start : start + size], size)
    return [array for beginning in beginnings for array in found[beginning]]


def _payloads(file: DexFile, least: int) -> Iterator[tuple[int, int]]:
    """Yield code unit and size of everything that looks like an array of `least` bytes or more."""
    units = file.bodies.units
    marks = np.flatnonzero(units[: 1 - _HEAD_UNITS] == ARRAY_PAYLOAD)
    marks = marks[units[marks + 1] == 1]
    sizes = units[marks + 2].astype(np.int64) | units[marks + 3].astype(np.int64) << 16
    suited = (sizes >= least) & (sizes <= _MOST_ELEMENTS)
    yield from zip(marks[suited].tolist(), sizes[suited].tolist(), strict=True)


def _array_at(file: DexFile, unit: int, content: bytes, size: int) -> list[ByteArray]:
    row = int(file.bodies.containing(np.array([unit], np.int64))[0])
    if row < 0 or len(content) < size:
        return []
    offset = unit - int(file.bodies.starts[row])
    return [ByteArray(DexMethod(file, method), offset, content) for method in file.bodies.methods_of(row)[:1]]
