"""The values of ASN.1 that certificates are made of, read with the tolerance that hashing a key needs.

What a library may refuse, such as a length in more octets than needed, still has bytes that a pin is computed from
(see the vectors on odd key encodings): the structure is read here, and the meaning by the library.
"""

import datetime as dt
import re

from analyzer.apk.der import CONTEXT_0, INTEGER, SEQUENCE, SET, DerError, Node, expect, read_children, read_node

BIT_STRING = 0x03
OCTET_STRING = 0x04
OBJECT_IDENTIFIER = 0x06
UTC_TIME = 0x17
GENERALIZED_TIME = 0x18
MAX_TEXT_CHARACTERS = 200
"""Longest text taken from a name: names are for people, and certificates may hold megabytes of them."""

_TEXT_CODECS = {
    0x0C: "utf-8",
    0x13: "ascii",
    0x14: "latin-1",
    0x16: "ascii",
    0x1A: "ascii",
    0x1C: "utf-32-be",
    0x1E: "utf-16-be",
}
_TIME = re.compile(r"(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?(?:\.\d+)?(Z|[+-]\d{4})?", re.ASCII)
_MAX_OID_BYTES = 64
_UTC_PIVOT = 50
"""RFC 5280 section 4.1.2.5.1: two-digit years from 50 are of the last century."""


def oid_text(node: Node) -> str:
    """Return an object identifier in dotted form.

    Raises:
        DerError: It is none.
    """
    content = expect(node, OBJECT_IDENTIFIER).content
    if not content or len(content) > _MAX_OID_BYTES or content[-1] & 0x80:
        raise DerError("an object identifier is malformed")
    numbers: list[int] = []
    value = 0
    for octet in content:
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            numbers.append(value)
            value = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))


def oid_bytes(text: str) -> bytes:
    """Return the content octets of an object identifier in dotted form."""
    first, second, *rest = (int(part) for part in text.split("."))
    octets = bytearray()
    for number in (40 * first + second, *rest):
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.append(number & 0x7F | 0x80)
        octets.extend(reversed(groups))
    return bytes(octets)


def text_of(node: Node) -> str | None:
    """Return the text of a string type, at most `MAX_TEXT_CHARACTERS` of it; None for other types.

    Octets that the type does not allow are replaced: a wrong letter in a name must not hide a certificate.
    """
    codec = _TEXT_CODECS.get(node.tag)
    if codec is None:
        return None
    return node.content[: 4 * MAX_TEXT_CHARACTERS].decode(codec, "replace")[:MAX_TEXT_CHARACTERS]


def time_of(node: Node) -> dt.datetime:
    """Return an instant (aware, UTC).

    Raises:
        DerError: It is no time, or none that a calendar has.
    """
    if node.tag not in (UTC_TIME, GENERALIZED_TIME):
        raise DerError(f"tag 0x{node.tag:02x} stands where a time is expected")
    match = _TIME.fullmatch(node.content[:32].decode("ascii", "replace"))
    if match is None or (len(match[1]) == 2) != (node.tag == UTC_TIME):
        raise DerError("a time is malformed")
    year = int(match[1])
    if node.tag == UTC_TIME:
        year += 1900 if year >= _UTC_PIVOT else 2000
    zone = match[7]
    shift = dt.timedelta()
    if zone is not None and zone != "Z":
        shift = dt.timedelta(hours=int(zone[1:3]), minutes=int(zone[3:])) * (1 if zone[0] == "+" else -1)
    try:
        moment = dt.datetime(
            year, int(match[2]), int(match[3]), int(match[4]), int(match[5]), int(match[6] or 0), tzinfo=dt.UTC
        )
        return moment - shift
    except (ValueError, OverflowError) as error:
        raise DerError("a time is on no calendar") from error


def node_bytes(tag: int, content: bytes) -> bytes:
    """Encode one value in DER."""
    if len(content) < 0x80:
        return bytes((tag, len(content))) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


__all__ = [
    "BIT_STRING",
    "CONTEXT_0",
    "GENERALIZED_TIME",
    "INTEGER",
    "MAX_TEXT_CHARACTERS",
    "OBJECT_IDENTIFIER",
    "OCTET_STRING",
    "SEQUENCE",
    "SET",
    "UTC_TIME",
    "DerError",
    "Node",
    "expect",
    "node_bytes",
    "oid_bytes",
    "oid_text",
    "read_children",
    "read_node",
    "text_of",
    "time_of",
]
