"""Changes DEX files in ways no compiler does."""

import struct

HEADER_FIELDS = {
    "file_size": 0x20, "header_size": 0x24, "endian_tag": 0x28, "map_off": 0x34,
    "string_ids": 0x38, "type_ids": 0x40, "proto_ids": 0x48, "field_ids": 0x50, "method_ids": 0x58, "class_defs": 0x60,
}  # fmt: skip


def get_u32(data: bytes, offset: int) -> int:
    """Read a number."""
    return int.from_bytes(data[offset : offset + 4], "little")


def with_u32(data: bytes, offset: int, value: int) -> bytes:
    """Replace a number."""
    return data[:offset] + struct.pack("<I", value) + data[offset + 4 :]


def table(data: bytes, name: str, row_bytes: int) -> list[bytes]:
    """Return the rows of one of the tables in the header."""
    size, offset = get_u32(data, HEADER_FIELDS[name]), get_u32(data, HEADER_FIELDS[name] + 4)
    return [data[at : at + row_bytes] for at in range(offset, offset + size * row_bytes, row_bytes)]


def with_table(data: bytes, name: str, rows: list[bytes], header: int = 0) -> bytes:
    """Put a table with these rows at the end of the file, and let the header point to it."""
    data += bytes(-len(data) % 4)
    offset = len(data)
    data = with_u32(data, header + HEADER_FIELDS[name], len(rows))
    data = with_u32(data, header + HEADER_FIELDS[name] + 4, offset)
    return data + b"".join(rows)


def container(data: bytes, parts: int) -> bytes:
    """Turn a DEX file into a container of version 041: `parts` files that share everything but their classes.

    The string table moves, because the longer header of this version takes its place.
    """
    data = with_table(data, "string_ids", table(data, "string_ids", 4))
    classes = table(data, "class_defs", 32)
    data += bytes(-len(data) % 4)
    first_header = bytearray(data[:0x70])
    headers_at = [0]
    for _ in range(1, parts):
        headers_at.append(len(data))
        data += bytes(first_header) + bytes(8)
    for number, at in enumerate(headers_at):
        data = with_table(data, "class_defs", classes[number::parts], at)
    for number, at in enumerate(headers_at):
        following = headers_at[number + 1] if number + 1 < parts else len(data)
        data = data[: at + 4] + b"041\0" + data[at + 8 :]
        data = with_u32(data, at + HEADER_FIELDS["file_size"], following - at)
        data = with_u32(data, at + HEADER_FIELDS["header_size"], 0x78)
        data = with_u32(data, at + 0x70, len(data))
        data = with_u32(data, at + 0x74, at)
    return data
