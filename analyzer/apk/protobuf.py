"""The wire format of protocol buffers (protobuf.dev, "Encoding"), read field by field without a schema.

Nothing is copied and nothing is decoded ahead: a message is a view, and its fields come in file order. Field numbers
are given meaning by the readers of compiled resources.
"""

import struct
from collections.abc import Iterator

Field = tuple[int, "int | memoryview"]
"""Field number, and the number (of varints and fixed widths, unsigned) or the bytes."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_UINT32 = struct.Struct("<I")
_UINT64 = struct.Struct("<Q")
_MOST_VARINT_BYTES = 10


class WireError(ValueError):
    """The bytes are no message."""


def fields(message: memoryview) -> Iterator[Field]:
    """Yield the fields of a message.

    Raises:
        WireError: A field is cut off, or of a kind that proto3 does not have.
    """
    position, end = 0, len(message)
    while position < end:
        key, position = _varint(message, position)
        number, kind = key >> 3, key & 7
        if not number:
            raise WireError(f"field number 0 at {position}")
        if kind == _VARINT:
            value, position = _varint(message, position)
            yield number, value
        elif kind == _BYTES:
            size, position = _varint(message, position)
            if size > end - position:
                raise WireError(f"field {number} at {position} is cut off")
            yield number, message[position : position + size]
            position += size
        elif kind in (_FIXED32, _FIXED64):
            layout = _UINT32 if kind == _FIXED32 else _UINT64
            if position + layout.size > end:
                raise WireError(f"field {number} at {position} is cut off")
            yield number, layout.unpack_from(message, position)[0]
            position += layout.size
        else:
            raise WireError(f"field {number} at {position} is of the unknown kind {kind}")


def message_of(value: "int | memoryview") -> memoryview:
    """Return the value of a field that holds a message or text.

    Raises:
        WireError: It is a number.
    """
    if isinstance(value, int):
        raise WireError("a number where a message was expected")
    return value


def text_of(value: "int | memoryview") -> str:
    """Return the text of a field; what is no UTF-8 is replaced.

    Raises:
        WireError: It is a number.
    """
    return bytes(message_of(value)).decode("utf-8", "replace")


def number_of(value: "int | memoryview") -> int:
    """Return the number of a field.

    Raises:
        WireError: It is a message or text.
    """
    if not isinstance(value, int):
        raise WireError("a message where a number was expected")
    return value


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    """Return a base-128 number and where it ends."""
    value = shift = 0
    for at in range(position, min(position + _MOST_VARINT_BYTES, len(message))):
        byte = message[at]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at + 1
        shift += 7
    raise WireError(f"number at {position} is cut off")
