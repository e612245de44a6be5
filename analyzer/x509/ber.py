"""BER as older tools write it (indefinite lengths, octet strings in pieces), turned into what a reader of DER takes.

PKCS#12 and PKCS#7 allow BER (ITU-T X.690, section 8.1.3.6); Bouncy Castle, Netscape's libraries and streaming encoders
use it. Values that are in definite form already keep their bytes: those of certificates are hashed and signed.
"""

from dataclasses import dataclass, field

from analyzer.x509.asn1 import OCTET_STRING, DerError, node_bytes, read_node

_CONSTRUCTED = 0x20
_PIECES = OCTET_STRING | _CONSTRUCTED
_END = b"\0\0"
_MAX_DEPTH = 40
_MAX_VALUES = 100_000
_LONGEST_LENGTH = 4


@dataclass(slots=True)
class _Open:
    """A constructed value that is being read."""

    tag: int
    start: int
    end: int | None
    """None for an indefinite length."""
    limit: int
    """Where it ends at the latest."""
    parts: list[bytes] = field(default_factory=list)
    changed: bool = False


def to_definite(data: bytes) -> bytes | None:
    """Return the value that `data` begins with, in definite form; None when it is malformed, too deep or too much.

    What a value of definite length holds is left as it is when it is no BER itself. Nothing here is recursive, and
    the work is bounded by the input and by a number of values.
    """
    waiting: list[_Open] = []
    position = values = 0
    while True:
        top = waiting[-1] if waiting else None
        if top is not None:
            ends_here = top.end is None and data[position : position + 2] == _END
            if ends_here or position == top.end:
                position += 2 * ends_here
                waiting.pop()
                encoded = _closed(data, top, position)
                if encoded is None:
                    resumed = _give_up(data, waiting)
                    if resumed is None:
                        return None
                    position = resumed
                    continue
                if not waiting:
                    return encoded
                waiting[-1].parts.append(encoded)
                waiting[-1].changed = waiting[-1].changed or top.changed
                continue
        values += 1
        if values > _MAX_VALUES:
            return None
        header = _header(data, position, top.limit if top is not None else len(data))
        if header is None or (header[2] is None and len(waiting) >= _MAX_DEPTH):
            resumed = _give_up(data, waiting)
            if resumed is None:
                return None
            position = resumed
            continue
        tag, start, end = header
        if tag & _CONSTRUCTED and len(waiting) < _MAX_DEPTH:
            limit = end if end is not None else top.limit if top is not None else len(data)
            waiting.append(_Open(tag, position, end, limit))
            position = start
            continue
        assert end is not None, "primitive values have a length"
        if top is None:
            return data[position:end]
        top.parts.append(data[position:end])
        position = end


def _header(data: bytes, position: int, limit: int) -> tuple[int, int, int | None] | None:
    """Return tag, start of the content, and its end or None for an indefinite length; None when there is no value."""
    if position + 2 > limit:
        return None
    tag, length, start = data[position], data[position + 1], position + 2
    if tag & 0x1F == 0x1F or tag == 0:
        return None
    if length == 0x80:
        return (tag, start, None) if tag & _CONSTRUCTED else None
    if length & 0x80:
        count = length & 0x7F
        if count > _LONGEST_LENGTH or start + count > limit:
            return None
        length = int.from_bytes(data[start : start + count], "big")
        start += count
    return (tag, start, start + length) if start + length <= limit else None


def _closed(data: bytes, value: _Open, position: int) -> bytes | None:
    """Return a value that was read to its end, in definite form; None when its pieces are no octets."""
    if value.tag == _PIECES:
        value.changed = True
        try:
            pieces = [read_node(part) for part in value.parts]
        except DerError:
            return None
        if any(piece.tag != OCTET_STRING for piece in pieces):
            return None
        return node_bytes(OCTET_STRING, b"".join(piece.content for piece in pieces))
    if value.end is not None and not value.changed:
        return data[value.start : position]
    value.changed = True
    return node_bytes(value.tag, b"".join(value.parts))


def _give_up(data: bytes, waiting: list[_Open]) -> int | None:
    """Leave the innermost value of definite length as it is, since it holds something else; return where it ends."""
    while waiting:
        value = waiting.pop()
        if value.end is not None and value.tag != _PIECES:
            if not waiting:
                return None
            waiting[-1].parts.append(data[value.start : value.end])
            return value.end
    return None
