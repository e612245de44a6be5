"""Reads binary XML by the rules of the platform's own parser, for files that the strict reader refuses.

The rules are those of ``ResXMLTree`` (AOSP, ``ResourceTypes.cpp``): chunks of unknown types are skipped, attribute
records may be larger than the structure they hold, end tags need not match, nothing after the root matters.
"""

import struct

from analyzer.apk.errors import XmlError
from analyzer.apk.string_pool import PoolError, StringPool
from analyzer.apk.tree import ValueType, XmlAttribute, XmlElement
from analyzer.apk.tree_builder import TreeBuilder
from analyzer.options import Limits

STRING_POOL = 0x0001
XML_DOCUMENT = 0x0003
START_NAMESPACE = 0x0100
END_NAMESPACE = 0x0101
START_ELEMENT = 0x0102
END_ELEMENT = 0x0103
CDATA = 0x0104
LAST_XML_CHUNK = 0x017F
RESOURCE_MAP = 0x0180

CHUNK_HEADER = struct.Struct("<HHI")
NODE = struct.Struct("<HHIII")
"""A chunk header, line number and comment index."""
ELEMENT = struct.Struct("<IIHHHHHH")
"""Namespace, name, attribute start, attribute size, attribute count, and three indices that nothing here needs."""
ATTRIBUTE = struct.Struct("<IIIHBBI")
"""Namespace, name, raw value, size, zero, data type, data."""
_PAIR = struct.Struct("<II")
_BODY_BYTES = {START_NAMESPACE: 8, END_NAMESPACE: 8, START_ELEMENT: 20, END_ELEMENT: 8, CDATA: 12}


def make_attribute(
    pool: StringPool, resource_ids: tuple[int, ...], namespace: int, name: int, raw: int, value_type: int, data: int
) -> XmlAttribute:
    """Build an attribute from the fields of ``ResXMLTree_attribute``.

    Its text is the raw string when there is one, else the string that the typed value names, the order of
    ``XmlBlock.Parser.getAttributeValue``.
    """
    typed_string = pool.get(data) if value_type == ValueType.STRING else None
    raw_string = pool.get(raw)
    string = raw_string if raw_string is not None else typed_string
    return XmlAttribute(
        name=pool.get(name) or "",
        namespace=pool.get(namespace),
        resource_id=(resource_ids[name] or None) if name < len(resource_ids) else None,
        value_type=value_type,
        data=data,
        string=string,
        typed_string=typed_string if typed_string != string else None,
    )


class _Reader:
    """One pass over the chunks of a document."""

    def __init__(self, data: bytes, entry: str, limits: Limits) -> None:
        self.data = data
        self.entry = entry
        self.limits = limits
        self.builder = TreeBuilder(entry, limits)
        self.pool: StringPool | None = None
        self.resource_ids: tuple[int, ...] = ()
        self.end = 0

    def fail(self, what: str) -> XmlError:
        return XmlError(f"{self.entry}: not readable as binary XML: {what}")

    def read(self) -> XmlElement:
        if len(self.data) < CHUNK_HEADER.size:
            raise self.fail("shorter than a header")
        _, header_size, size = CHUNK_HEADER.unpack_from(self.data, 0)
        if header_size > size or size > len(self.data):
            raise self.fail(f"announces {size} bytes but {len(self.data)} are there")
        self.end = size
        position = self._read_preamble(header_size)
        self._read_nodes(position)
        root = self.builder.end_document()
        if root is None:
            raise self.fail("there is no element in it")
        return root

    def _chunk(self, position: int, minimum: int) -> tuple[int, int, int]:
        """Return type, header size and size of the chunk at `position`, as ``validate_chunk`` checks them."""
        if position + CHUNK_HEADER.size > self.end:
            raise self.fail(f"chunk at {position} is cut off")
        kind, header_size, size = CHUNK_HEADER.unpack_from(self.data, position)
        if header_size < minimum or header_size > size or (header_size | size) & 3 or size > self.end - position:
            raise self.fail(f"chunk at {position} has impossible sizes")
        return kind, header_size, size

    def _read_preamble(self, position: int) -> int:
        """Read string pool and resource map; return where the first node starts."""
        while position < self.end - CHUNK_HEADER.size:
            kind, header_size, size = self._chunk(position, CHUNK_HEADER.size)
            if START_NAMESPACE <= kind <= LAST_XML_CHUNK:
                break
            if kind == STRING_POOL:
                try:
                    self.pool = StringPool(self.data, position, position + size, max_strings=self.limits.pool_strings)
                except PoolError as error:
                    raise self.fail(str(error)) from None
            elif kind == RESOURCE_MAP:
                count = (size - header_size) // 4
                self.resource_ids = struct.unpack_from(f"<{count}I", self.data, position + header_size)
            position += size
        return position

    def _read_nodes(self, position: int) -> None:
        if self.pool is None:
            raise self.fail("there is no string pool in it")
        while position < self.end and self.builder.root is None:
            kind, header_size, size = self._chunk(position, NODE.size)
            if kind in _BODY_BYTES:
                if size - header_size < _BODY_BYTES[kind]:
                    raise self.fail(f"chunk at {position} is too short")
                self._read_node(kind, position, header_size, size)
            position += size

    def _read_node(self, kind: int, position: int, header_size: int, size: int) -> None:
        pool = self.pool
        assert pool is not None
        line = _line(NODE.unpack_from(self.data, position)[3])
        body = position + header_size
        if kind == START_ELEMENT:
            namespace, name, start, width, count, *_ = ELEMENT.unpack_from(self.data, body)
            if start + width * count > size - header_size:
                raise self.fail(f"the attributes of the element at {position} do not fit")
            if width < ATTRIBUTE.size and count > 1:
                # The platform would read overlapping records, which no compiler or packer writes.
                raise self.fail(f"the attributes of the element at {position} overlap")
            self.builder.reserve_attributes(count)
            attributes = tuple(self._attribute(pool, body + start + width * index) for index in range(count))
            self.builder.start(pool.get(name) or "", pool.get(namespace), attributes, line)
        elif kind == END_ELEMENT:
            self.builder.end()
        elif kind == CDATA:
            text = pool.get(_PAIR.unpack_from(self.data, body)[0])
            if text is not None:
                self.builder.text(text, line)

    def _attribute(self, pool: StringPool, position: int) -> XmlAttribute:
        # A record that is smaller than the structure can reach past the end of the file.
        if position + ATTRIBUTE.size > len(self.data):
            raise self.fail(f"attribute at {position} is cut off")
        namespace, name, raw, _, _, value_type, value = ATTRIBUTE.unpack_from(self.data, position)
        return make_attribute(pool, self.resource_ids, namespace, name, raw, value_type, value)


def _line(value: int) -> int | None:
    """Line numbers are 1-based; builders write 0 or -1 when they know none."""
    return value if 0 < value < 0x8000_0000 else None


def read_tolerantly(data: bytes, entry: str, limits: Limits) -> XmlElement:
    """Read a binary XML file as a device does.

    Raises:
        XmlError: A device could not read it either, or it exceeds a limit.
    """
    return _Reader(data, entry, limits).read()
