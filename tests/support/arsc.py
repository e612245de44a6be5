"""Builds resource tables in every encoding that the format knows."""

import struct
from dataclasses import dataclass, field

from tests.support.axml import chunk
from tests.support.pools import Pool
from tests.support.values import Value, typed

_NO_ENTRY = 0xFFFFFFFF
_CONFIG_BYTES = 64


@dataclass
class Resource:
    """A resource with a value per configuration (``""``, ``v28``, ``land``, ``de``, ``sw600dp``)."""

    kind: str
    name: str
    values: dict[str, Value | list[Value]]


@dataclass
class TableLayout:
    """How the table encodes its entries."""

    utf8: bool = True
    sparse: bool = False
    offset16: bool = False
    compact: bool = False
    reserved: int = 0
    package_id: int = 0x7F
    package: str = "org.example"
    type_offset: int = 0
    extra_chunks: bytes = b""
    sizes_lie: bool = False
    resources: list[Resource] = field(default_factory=list)


def resource_id(resources: list[Resource], kind: str, name: str, package_id: int = 0x7F) -> int:
    """Return the id that `table` gives to a resource."""
    kinds = list(dict.fromkeys(resource.kind for resource in resources))
    names = [resource.name for resource in resources if resource.kind == kind]
    return package_id << 24 | (kinds.index(kind) + 1) << 16 | names.index(name)


def table(resources: list[Resource], layout: TableLayout | None = None) -> bytes:
    """Return a ``resources.arsc``; ids count up in the order of the resources."""
    layout = layout or TableLayout()
    values, keys, types = Pool(utf8=layout.utf8), Pool(utf8=layout.utf8), Pool(utf8=layout.utf8)
    kinds = list(dict.fromkeys(resource.kind for resource in resources))
    chunks = [layout.extra_chunks]
    for number, kind in enumerate(kinds, start=1):
        types.index(kind)
        own = [resource for resource in resources if resource.kind == kind]
        configurations = list(dict.fromkeys(name for resource in own for name in resource.values))
        chunks.append(chunk(0x202, b"\0" * 4 * len(own), struct.pack("<BBHI", number, 0, 0, len(own))))
        for configuration in configurations:
            chunks.append(_type(number, own, configuration, values, keys, layout))
    type_pool, key_pool = types.chunk(), keys.chunk()
    header_bytes = 288
    header = struct.pack(
        "<I256sIIIII",
        layout.package_id,
        layout.package.encode("utf-16-le"),
        header_bytes,
        0,
        header_bytes + len(type_pool),
        0,
        layout.type_offset,
    )
    package = chunk(0x200, type_pool + key_pool + b"".join(chunks), header)
    content = values.chunk() + package
    size = 0x7FFFFFFF if layout.sizes_lie else 12 + len(content)
    return struct.pack("<HHII", 2, 12, size, 1) + content


def _type(number: int, own: list[Resource], configuration: str, values: Pool, keys: Pool, layout: TableLayout) -> bytes:
    offsets: list[int] = []
    body = bytearray()
    for resource in own:
        if configuration not in resource.values:
            offsets.append(_NO_ENTRY)
            continue
        offsets.append(len(body))
        body += _entry(resource.values[configuration], keys.index(resource.name), values, layout)
    if layout.sparse:
        present = [(index, offset) for index, offset in enumerate(offsets) if offset != _NO_ENTRY]
        index_table = b"".join(struct.pack("<HH", index, offset // 4) for index, offset in present)
        flags, count = 1, len(present)
    elif layout.offset16:
        index_table = b"".join(struct.pack("<H", 0xFFFF if o == _NO_ENTRY else o // 4) for o in offsets)
        flags, count = 2, len(offsets)
    else:
        index_table = struct.pack(f"<{len(offsets)}I", *offsets)
        flags, count = 0, len(offsets)
    index_table += b"\0" * (-len(index_table) % 4)
    header_bytes = 20 + _CONFIG_BYTES
    header = struct.pack("<BBHII", number, flags, layout.reserved, count, header_bytes + len(index_table)) + config(
        configuration
    )
    return chunk(0x201, index_table + bytes(body), header)


def _entry(value: Value | list[Value], key: int, values: Pool, layout: TableLayout) -> bytes:
    if isinstance(value, list):
        items = b"".join(struct.pack("<IHBBI", 0x01000000 + i, 8, 0, *_typed(v, values)) for i, v in enumerate(value))
        return struct.pack("<HHIII", 16, 1, key, 0, len(value)) + items
    value_type, data = _typed(value, values)
    if layout.compact:
        return struct.pack("<HHI", key, value_type << 8 | 8, data)
    return struct.pack("<HHIHBBI", 8, 0, key, 8, 0, value_type, data)


def _typed(value: Value, values: Pool) -> tuple[int, int]:
    return (3, values.index(value)) if isinstance(value, str) else typed(value)


def config(name: str) -> bytes:
    """Return a ``ResTable_config`` for the few qualifiers that tests need."""
    raw = bytearray(_CONFIG_BYTES)
    struct.pack_into("<I", raw, 0, _CONFIG_BYTES)
    for part in name.split("-") if name else []:
        if part.startswith("v"):
            struct.pack_into("<H", raw, 24, int(part[1:]))
        elif part == "land":
            raw[12] = 2
        elif part.startswith("sw"):
            struct.pack_into("<H", raw, 30, int(part[2:-2]))
        elif part.startswith("r"):
            raw[10:12] = part[1:].encode()
        else:
            raw[8:10] = part.encode()
    return bytes(raw)
