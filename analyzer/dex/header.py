"""The header of a DEX file, and the list of DEX files in a container (version 041)."""

import struct

import msgspec

from analyzer.dex.errors import DexError
from analyzer.dex.problems import ProblemLog

_MAGIC = b"dex\n"
_HEADER_BYTES = 0x70
_CONTAINER_HEADER_BYTES = 0x78
_CONTAINER_VERSION = 41
_LITTLE_ENDIAN = 0x12345678
_KNOWN_VERSIONS = frozenset({35, 37, 38, 39, 40, 41})
"""Versions that Android has ever accepted in apps; 036 was skipped (ART DexFileLoader)."""
_CONTAINED_FILES = 256


class Section(msgspec.Struct, frozen=True):
    """A table: how many rows it is said to have, and where it starts in the file or container."""

    size: int
    offset: int


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a DEX header that say where things are."""

    version: int
    """35 to 41."""
    offset: int
    """Where the header itself starts; other than 0 only in a container."""
    file_bytes: int
    """Said size of the file; in a container the distance to the next header."""
    map_offset: int
    strings: Section
    types: Section
    protos: Section
    fields: Section
    methods: Section
    classes: Section


def read_header(data: bytes, offset: int, log: ProblemLog) -> Header:
    """Read the header at `offset`.

    Offsets inside a container count from the start of the container (ART: DexFile::GetDataRange).

    Raises:
        DexError: The bytes are no DEX file, are cut off within the header, or have the wrong byte order.
    """
    entry = log.entry
    if data[offset : offset + 4] != _MAGIC:
        raise DexError(f"{entry}: it does not start with a DEX header")
    if len(data) - offset < _HEADER_BYTES:
        raise DexError(f"{entry}: the DEX header is cut off after {len(data) - offset} of {_HEADER_BYTES} bytes")
    digits = data[offset + 4 : offset + 7]
    if not digits.isdigit() or data[offset + 7] != 0:
        raise DexError(f"{entry}: the DEX version {digits!r} is not a number")
    version = int(digits)
    if version not in _KNOWN_VERSIONS:
        log.note("header", f"DEX version {version:03d} is unknown")
    fields = struct.unpack_from("<20I", data, offset + 0x20)
    file_bytes, header_bytes, endian_tag, _, _, map_offset = fields[:6]
    if endian_tag != _LITTLE_ENDIAN:
        raise DexError(f"{entry}: the byte order mark is {endian_tag:#010x}; Android reads little-endian files only")
    expected = _CONTAINER_HEADER_BYTES if version >= _CONTAINER_VERSION else _HEADER_BYTES
    if header_bytes != expected:
        log.note("header", "the header has an unexpected size")
    if offset + file_bytes > len(data):
        log.note("header", "the file is shorter than its header says")
    sections = [Section(size, at) for size, at in zip(fields[6:18:2], fields[7:18:2], strict=True)]
    strings, types, protos, field_ids, methods, classes = sections
    return Header(
        version=version,
        offset=offset,
        file_bytes=file_bytes,
        map_offset=map_offset,
        strings=strings,
        types=types,
        protos=protos,
        fields=field_ids,
        methods=methods,
        classes=classes,
    )


def header_offsets(data: bytes, log: ProblemLog) -> tuple[int, ...]:
    """Return where the DEX files in `data` start: 0, and more when it is a container (version 041).

    Headers are chained: each says how far away the next one is.
    """
    offsets = [0]
    if data[:4] != _MAGIC or len(data) < _CONTAINER_HEADER_BYTES or not data[4:7].isdigit():
        return (0,)
    if int(data[4:7]) < _CONTAINER_VERSION:
        return (0,)
    container_bytes = struct.unpack_from("<I", data, _HEADER_BYTES)[0]
    if container_bytes != len(data):
        log.note("header", "the container is not as long as its header says")
    end = min(container_bytes, len(data))
    while True:
        at = offsets[-1]
        distance = struct.unpack_from("<I", data, at + 0x20)[0]
        following = at + distance
        if following >= end:
            return tuple(offsets)
        if distance < _CONTAINER_HEADER_BYTES or end - following < _CONTAINER_HEADER_BYTES:
            log.note("header", "the chain of headers in the container is broken")
            return tuple(offsets)
        if data[following : following + 4] != _MAGIC:
            log.note("header", "the chain of headers in the container is broken")
            return tuple(offsets)
        if len(offsets) == _CONTAINED_FILES:
            log.note("limit", "the container holds more DEX files than are read")
            return tuple(offsets)
        offsets.append(following)
