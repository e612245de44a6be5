"""Typed values as app bundles keep them (AOSP, ``Resources.proto``: ``Item``), in the terms of ``Res_value``."""

from typing import NamedTuple

from analyzer.apk.protobuf import WireError, fields, message_of, number_of, text_of
from analyzer.apk.typed_values import ValueType

_REFERENCE, _STRING, _RAW_STRING, _STYLED_STRING, _FILE, _ID, _PRIMITIVE = 1, 2, 3, 4, 5, 6, 7
_ATTRIBUTE = 1
"""``Reference.Type`` of ``?attr/…``."""
_NUMBERS = {
    3: ValueType.FLOAT,
    6: ValueType.INT_DEC,
    7: ValueType.INT_HEX,
    9: ValueType.INT_COLOR_ARGB8,
    10: ValueType.INT_COLOR_RGB8,
    11: ValueType.INT_COLOR_ARGB4,
    12: ValueType.INT_COLOR_RGB4,
    13: ValueType.DIMENSION,
    14: ValueType.FRACTION,
}
"""Fields of ``Primitive`` whose bits are those of ``Res_value::data``."""
_EMPTY, _BOOLEAN = 2, 8


class ItemValue(NamedTuple):
    """One value."""

    value_type: int
    data: int
    string: str | None


NO_VALUE = ItemValue(ValueType.NULL, 0, None)


def read_item(item: memoryview) -> ItemValue:
    """Return the value of an ``Item``, as aapt2 would write it into a binary file.

    Raises:
        WireError: It is no message.
    """
    for number, value in fields(item):
        if number == _REFERENCE:
            return _reference(message_of(value))
        if number in (_STRING, _RAW_STRING, _STYLED_STRING, _FILE):
            return ItemValue(ValueType.STRING, 0, _first_text(message_of(value)))
        if number == _ID:
            return ItemValue(ValueType.INT_BOOLEAN, 0, None)
        if number == _PRIMITIVE:
            return _primitive(message_of(value))
    return NO_VALUE


def _first_text(message: memoryview) -> str:
    """Return field 1, which is the text of every kind of string and the path of a file."""
    return next((text_of(value) for number, value in fields(message) if number == 1), "")


def _reference(message: memoryview) -> ItemValue:
    kind = identifier = 0
    name = ""
    dynamic = False
    for number, value in fields(message):
        match number:
            case 1:
                kind = number_of(value)
            case 2:
                identifier = number_of(value) & 0xFFFF_FFFF
            case 3:
                name = text_of(value)
            case 5:
                dynamic = _is_set(message_of(value))
    if kind == _ATTRIBUTE:
        value_type = ValueType.ATTRIBUTE
    else:
        value_type = ValueType.DYNAMIC_REFERENCE if dynamic else ValueType.REFERENCE
    # A reference without an id is one that nobody linked; its name is all that is known.
    return ItemValue(value_type, identifier, f"@{name}" if name and not identifier else None)


def _is_set(boolean: memoryview) -> bool:
    """Read the message ``Boolean``, which wraps a truth value."""
    return any(number_of(value) for number, value in fields(boolean) if number == 1)


def _primitive(message: memoryview) -> ItemValue:
    for number, value in fields(message):
        if number == _EMPTY:
            return ItemValue(ValueType.NULL, 1, None)
        if number == _BOOLEAN:
            return ItemValue(ValueType.INT_BOOLEAN, 0xFFFF_FFFF if number_of(value) else 0, None)
        if number in _NUMBERS:
            return ItemValue(_NUMBERS[number], number_of(value) & 0xFFFF_FFFF, None)
    return NO_VALUE


__all__ = ["NO_VALUE", "ItemValue", "WireError", "read_item"]
