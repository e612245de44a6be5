"""Reads well-formed binary XML with androguard's event parser; everything irregular is left to the tolerant reader.

androguard follows sizes without checking them and searches byte by byte for the next chunk after a bad one, which
takes quadratic time on hostile files, so the chunks are checked before it sees them.
"""

import importlib.util
import struct
import sys
from typing import Any

from analyzer.apk.axml_recovery import (
    ATTRIBUTE,
    CDATA,
    CHUNK_HEADER,
    ELEMENT,
    END_ELEMENT,
    END_NAMESPACE,
    NODE,
    RESOURCE_MAP,
    START_ELEMENT,
    START_NAMESPACE,
    STRING_POOL,
    XML_DOCUMENT,
    make_attribute,
)
from analyzer.apk.string_pool import PoolError, StringPool
from analyzer.apk.tree import XmlAttribute, XmlElement
from analyzer.apk.tree_builder import TreeBuilder
from analyzer.options import Limits

_BODY_BYTES = {START_NAMESPACE: 8, END_NAMESPACE: 8, START_ELEMENT: 20, END_ELEMENT: 8, CDATA: 12}


class IrregularError(ValueError):
    """The file is not laid out as resource compilers write it; it may still be readable."""


def read_strictly(data: bytes, entry: str, limits: Limits) -> XmlElement:
    """Read a binary XML file that is laid out as resource compilers write it.

    Raises:
        IrregularError: It is not, or androguard refuses it.
        XmlError: It exceeds a limit.
    """
    pool = _check_layout(data, limits)
    # Imported late: androguard takes a while to load, and plain XML does not need it.
    _postpone_resource_names()
    from androguard.core.axml import END_DOCUMENT, END_TAG, START_TAG, TEXT, AXMLParser, ResParserError
    from loguru import logger

    logger.disable("androguard")
    builder = TreeBuilder(entry, limits)
    try:
        parser = AXMLParser(data)
        while parser.is_valid() and builder.root is None:
            event = next(parser)
            if event == START_TAG:
                builder.reserve_attributes(parser.m_attribute_count)
                name, namespace = _string(pool, parser.m_name), pool.get(parser.m_namespaceUri)
                builder.start(name, namespace, _attributes(parser, pool), _line(parser))
            elif event == END_TAG:
                builder.end()
            elif event == TEXT:
                text = pool.get(parser.m_name)
                if text is not None:
                    builder.text(text, _line(parser))
            elif event == END_DOCUMENT:
                break
    except (ResParserError, struct.error, AssertionError, IndexError, ValueError, OverflowError) as error:
        raise IrregularError(f"androguard refuses it ({type(error).__name__})") from None
    if builder.root is None:
        raise IrregularError("the root element is not closed")
    return builder.root


def _postpone_resource_names() -> None:
    """Let androguard read its list of the platform's resource names only when one is asked for; nothing here does.

    The list is XML with thousands of elements, and reading it takes longer than reading most apps' manifests.
    """
    package = "androguard.core.resources"
    name = f"{package}.public"
    if name in sys.modules:
        return
    spec = importlib.util.find_spec(name)
    if spec is None or spec.loader is None:
        return
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    # An import statement that finds it only among the modules would look at it, and thereby load it.
    vars(sys.modules[package])["public"] = module


def _check_layout(data: bytes, limits: Limits) -> StringPool:
    """Check that the chunks follow each other without gaps, each complete, and return the string pool."""
    if len(data) < CHUNK_HEADER.size:
        raise IrregularError("shorter than a header")
    kind, header_size, size = CHUNK_HEADER.unpack_from(data, 0)
    if kind != XML_DOCUMENT or header_size != CHUNK_HEADER.size or size != len(data):
        raise IrregularError("its first header is not that of a compiled XML file")
    pool: StringPool | None = None
    position = header_size
    while position < len(data):
        if position + CHUNK_HEADER.size > len(data):
            raise IrregularError("bytes are left after the last chunk")
        kind, header_size, size = CHUNK_HEADER.unpack_from(data, position)
        if header_size > size or size & 3 or size > len(data) - position:
            raise IrregularError(f"chunk at {position} has impossible sizes")
        if kind == STRING_POOL and pool is None:
            pool = _pool(data, position, size, limits)
        elif pool is None:
            raise IrregularError("the string pool does not come first")
        elif kind == RESOURCE_MAP:
            if header_size != CHUNK_HEADER.size:
                raise IrregularError("its resource map has an unusual header")
        else:
            _check_node(data, position)
        position += size
    if pool is None:
        raise IrregularError("there is no string pool in it")
    return pool


def _pool(data: bytes, position: int, size: int, limits: Limits) -> StringPool:
    try:
        return StringPool(data, position, position + size, max_strings=limits.pool_strings)
    except PoolError as error:
        raise IrregularError(str(error)) from None


def _check_node(data: bytes, position: int) -> None:
    kind, header_size, size = CHUNK_HEADER.unpack_from(data, position)
    if kind not in _BODY_BYTES or header_size != NODE.size or size - header_size < _BODY_BYTES[kind]:
        raise IrregularError(f"chunk at {position} is none that a resource compiler writes")
    if kind == START_ELEMENT:
        _, _, start, width, count, *_ = ELEMENT.unpack_from(data, position + header_size)
        if start != ELEMENT.size or width != ATTRIBUTE.size or start + width * count > size - header_size:
            raise IrregularError(f"the attributes of the element at {position} are laid out in an unusual way")


def _attributes(parser: Any, pool: StringPool) -> tuple[XmlAttribute, ...]:
    fields: list[int] = parser.m_attributes
    resource_ids = parser.m_resourceIDs
    # Five numbers per attribute, the fourth already reduced to the data type.
    return tuple(make_attribute(pool, resource_ids, *fields[start : start + 5]) for start in range(0, len(fields), 5))


def _string(pool: StringPool, index: int) -> str:
    return pool.get(index) or ""


def _line(parser: Any) -> int | None:
    line: int = parser.m_lineNumber
    return line if 0 < line < 0x8000_0000 else None
