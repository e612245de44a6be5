"""Writes ZIP archives byte by byte, so that every field can lie."""

import struct
import zlib
from dataclasses import dataclass


@dataclass
class Entry:
    """One entry; fields that are None hold the truth."""

    name: str | bytes
    content: bytes = b""
    deflate: bool = True
    method: int | None = None
    flags: int = 0
    stored_bytes: int | None = None
    size_bytes: int | None = None
    local_extra: bytes = b""
    central_extra: bytes = b""
    central_extra_length: int | None = None
    header_offset: int | None = None
    raw: bytes | None = None
    """Data as stored, instead of `content` in whichever form `deflate` says."""


def deflated(content: bytes) -> bytes:
    """Return the raw deflate stream of some bytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()


def archive(
    *entries: Entry,
    comment: bytes = b"",
    before: bytes = b"",
    before_directory: bytes = b"",
    after: bytes = b"",
    announced: int | None = None,
    directory_offset: int | None = None,
    directory_size: int | None = None,
) -> bytes:
    """Return an archive of the entries."""
    out = bytearray(before)
    central = bytearray()
    for entry in entries:
        name = entry.name.encode() if isinstance(entry.name, str) else entry.name
        data = entry.raw if entry.raw is not None else deflated(entry.content) if entry.deflate else entry.content
        method = entry.method if entry.method is not None else 8 if entry.deflate else 0
        stored = len(data) if entry.stored_bytes is None else entry.stored_bytes
        size = len(entry.content) if entry.size_bytes is None else entry.size_bytes
        offset = len(out) if entry.header_offset is None else entry.header_offset
        crc = zlib.crc32(entry.content)
        common = (entry.flags, method, 0, 0x21, crc, stored, size, len(name))
        out += struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, *common, len(entry.local_extra))
        out += name + entry.local_extra + data
        extra_length = len(entry.central_extra) if entry.central_extra_length is None else entry.central_extra_length
        central += struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 20, 20, *common, extra_length, 0, 0, 0, 0, offset)
        central += name + entry.central_extra
    out += before_directory
    count = len(entries) if announced is None else announced
    where = len(out) if directory_offset is None else directory_offset
    size = len(central) if directory_size is None else directory_size
    out += central
    out += struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, count & 0xFFFF, count & 0xFFFF, size, where, len(comment))
    return bytes(out) + comment + after
