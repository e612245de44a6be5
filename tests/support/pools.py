"""Builds string pools."""

import struct


class Pool:
    """Collects strings and writes them as a ``ResStringPool`` chunk."""

    def __init__(self, *, utf8: bool = True) -> None:
        self.utf8 = utf8
        self.strings: list[str] = []

    def index(self, text: str) -> int:
        """Return the index of a string, adding it when it is new."""
        if text not in self.strings:
            self.strings.append(text)
        return self.strings.index(text)

    def add(self, text: str) -> int:
        """Add a string even when there is an equal one."""
        self.strings.append(text)
        return len(self.strings) - 1

    def chunk(self) -> bytes:
        """Return the chunk."""
        offsets, body = [], bytearray()
        for text in self.strings:
            offsets.append(len(body))
            body += _utf8(text) if self.utf8 else _utf16(text)
        body += b"\0" * (-len(body) % 4)
        start = 28 + 4 * len(offsets)
        header = struct.pack(
            "<HHIIIIII", 1, 28, start + len(body), len(offsets), 0, 0x100 if self.utf8 else 0, start, 0
        )
        return header + struct.pack(f"<{len(offsets)}I", *offsets) + bytes(body)


def _utf8(text: str) -> bytes:
    raw = text.encode("utf-8", "surrogatepass")
    units = len(text.encode("utf-16-le", "surrogatepass")) // 2
    return _length8(units) + _length8(len(raw)) + raw + b"\0"


def _length8(length: int) -> bytes:
    # Compilers drop all but 15 bits of longer lengths.
    return bytes((length,)) if length < 0x80 else bytes((0x80 | length >> 8 & 0x7F, length & 0xFF))


def _utf16(text: str) -> bytes:
    raw = text.encode("utf-16-le", "surrogatepass")
    units = len(raw) // 2
    length = struct.pack("<H", units) if units < 0x8000 else struct.pack("<HH", 0x8000 | units >> 16, units & 0xFFFF)
    return length + raw + b"\0\0"
