"""Reads an XML file of an app, binary or plain, into a typed tree."""

import codecs

from analyzer.apk.axml_recovery import read_tolerantly
from analyzer.apk.axml_strict import IrregularError, read_strictly
from analyzer.apk.errors import XmlError, XmlLimitError
from analyzer.apk.plain_xml import read_plain
from analyzer.apk.proto_xml import read_proto_xml
from analyzer.apk.tree import XmlElement
from analyzer.model import Record
from analyzer.options import Limits

_PROTO_STARTS = (0x0A, 0x1A)
"""First bytes of a compiled file in a bundle: the tags of an ``XmlNode``'s element and source."""
_BYTE_ORDER_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class XmlDocument(Record, frozen=True, kw_only=True):
    """An XML file that was read."""

    root: XmlElement
    recovered: bool = False
    """True when the strict reader gave up and the file was read by the platform's rules."""
    detail: str | None = None
    """Why the strict reader gave up; None when it did not."""
    binary: bool = True
    """False for plain XML."""


def read_xml(data: bytes, entry: str, limits: Limits, *, of_bundle: bool = False) -> XmlDocument:
    """Read an XML file; what it is, binary or plain, is told by its content.

    Args:
        data: The file.
        entry: What to call the file in messages.
        limits: Bounds on size, depth and counts.
        of_bundle: True for a file of an app bundle, which may be compiled to a protocol buffer.

    Raises:
        XmlError: Neither reader can read it, or it exceeds a limit; the message is one line.
    """
    if not data:
        raise XmlError(f"{entry}: the file is empty")
    if len(data) > limits.xml_bytes:
        raise XmlLimitError(f"{entry}: {len(data)} bytes are more than {limits.xml_bytes} (limit xml_bytes)")
    if of_bundle and data[0] in _PROTO_STARTS:
        try:
            return XmlDocument(root=read_proto_xml(data, entry, limits))
        except XmlLimitError:
            raise
        except XmlError:
            # A line break, too, may be how a plain file starts.
            if not _looks_plain(data):
                raise
    if _looks_plain(data):
        return XmlDocument(root=read_plain(data, entry, limits), binary=False)
    try:
        return XmlDocument(root=read_strictly(data, entry, limits))
    except IrregularError as error:
        return XmlDocument(root=read_tolerantly(data, entry, limits), recovered=True, detail=str(error))


def _looks_plain(data: bytes) -> bool:
    return data.startswith(_BYTE_ORDER_MARKS) or data[:256].lstrip(b" \t\r\n").startswith(b"<")
