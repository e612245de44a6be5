"""Arrays of bytes that code fills from constants: where each is, and what is in it."""

import re

import numpy as np

from analyzer.dex.classes import DexMethod
from analyzer.dex.program import Program

# The payload of fill-array-data: its mark, one byte per element, and how many there are.
_PAYLOAD = re.compile(rb"\x00\x03\x01\x00(?P<size>..[\x00-\x01]\x00)", re.DOTALL)


class ByteArray:
    """One array. Methods that share code share it; the first is named."""

    def __init__(self, method: DexMethod, offset: int, data: bytes) -> None:
        """See the attributes."""
        self.method = method
        """Where it is."""
        self.offset = offset
        """Of the payload, in code units from the start of the method's code."""
        self.data = data


def byte_arrays(program: Program, beginning: bytes, *, least: int, most: int) -> list[ByteArray]:
    """Return the arrays that begin with some bytes and have `least` to 131,071 elements; at most `most` of them.

    The whole file is searched as bytes, so that methods without such an array are never decoded.
    """
    found: list[ByteArray] = []
    for file in program.files:
        data = file.data
        position = 0
        while len(found) < most and (match := _PAYLOAD.search(data, position)) is not None:
            position = match.start() + 2
            size = int.from_bytes(match["size"], "little")
            if match.start() % 2 or size < least or not data.startswith(beginning, match.end()):
                continue
            unit = match.start() // 2
            row = int(file.bodies.containing(np.array([unit], np.int64))[0])
            content = bytes(data[match.end() : match.end() + size])
            if row < 0 or len(content) < size:
                continue
            offset = unit - int(file.bodies.starts[row])
            methods = file.bodies.methods_of(row)[:1]
            found.extend(ByteArray(DexMethod(file, method), offset, content) for method in methods)
    return found
