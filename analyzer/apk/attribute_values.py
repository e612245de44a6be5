"""Types attribute texts of plain XML as the resource compiler types them when it compiles the file.

The order of attempts and the accepted spellings are those of aapt2 (AOSP, ``ResourceUtils.cpp``,
``TryParseItemForAttribute`` for an attribute that it does not know) and of ``ResTable::stringToInt`` and
``stringToFloat``.
"""

import re
import struct

from analyzer.apk.tree import ValueType

_SPACE = " \t\n\v\f\r"
_BOOLEANS = {"true": 0xFFFFFFFF, "TRUE": 0xFFFFFFFF, "True": 0xFFFFFFFF, "false": 0, "FALSE": 0, "False": 0}
_RESOURCE_TYPES = re.compile(
    "anim|animator|array|attr|bool|color|dimen|drawable|font|fraction|id|integer|interpolator|layout|macro|menu|"
    "mipmap|navigation|plurals|raw|string|style|styleable|transition|xml"
)
_REFERENCE = re.compile(r"@\+?\*?(?:[A-Za-z0-9_.$-]*:)?([a-z]+)/(\S+)", re.ASCII)
_ATTRIBUTE_REFERENCE = re.compile(r"\?\+?\*?(?:[A-Za-z0-9_.$-]*:)?(?:attr/)?([A-Za-z_]\S*)", re.ASCII)
_NUMBER = re.compile(r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)([a-z%]*)", re.ASCII)
_HEXADECIMAL_FLOAT = re.compile(r"[+-]?0[xX][0-9A-Fa-f]+\.?[0-9A-Fa-f]*(?:[pP][+-]?[0-9]{1,9})?", re.ASCII)
_INTEGER = re.compile(r"-?[0-9]+", re.ASCII)
_HEXADECIMAL = re.compile(r"0x([0-9A-Fa-f]+)", re.ASCII)
_COLOUR = re.compile(r"#([0-9A-Fa-f]{3,8})", re.ASCII)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|[^u]|$)", re.DOTALL)
_COLOUR_TYPES = {
    3: ValueType.INT_COLOR_RGB4,
    4: ValueType.INT_COLOR_ARGB4,
    6: ValueType.INT_COLOR_RGB8,
    8: ValueType.INT_COLOR_ARGB8,
}
_UNITS = {
    "px": (ValueType.DIMENSION, 0),
    "dp": (ValueType.DIMENSION, 1),
    "dip": (ValueType.DIMENSION, 1),
    "sp": (ValueType.DIMENSION, 2),
    "pt": (ValueType.DIMENSION, 3),
    "in": (ValueType.DIMENSION, 4),
    "mm": (ValueType.DIMENSION, 5),
    "%": (ValueType.FRACTION, 0),
    "%p": (ValueType.FRACTION, 1),
}
_LONGEST_NUMBER = 126
"""Longest text that ``ResTable::stringToFloat`` looks at."""

TypedValue = tuple[int, int, str | None]
"""Value type, data, and the text where the compiled form cannot express it (strings, references by name)."""


def compile_value(text: str) -> TypedValue:
    """Return what the compiler makes of an attribute's text."""
    trimmed = text.strip(_SPACE)
    if trimmed == "@null":
        return ValueType.REFERENCE, 0, None
    if trimmed == "@empty":
        return ValueType.NULL, 1, None
    return (
        _reference(trimmed)
        or _colour(trimmed)
        or _boolean(trimmed)
        or _integer(trimmed)
        or _number(trimmed)
        or (ValueType.STRING, 0, _ESCAPE.sub(_unescape, text))
    )


def _unescape(match: re.Match[str]) -> str:
    """Replace one backslash sequence as ``StringBuilder`` does."""
    escaped = match[1]
    if len(escaped) == 5:
        code = int(escaped[1:], 16)
        return "\N{REPLACEMENT CHARACTER}" if 0xD800 <= code < 0xE000 else chr(code)
    return {"t": "\t", "n": "\n"}.get(escaped, escaped)


def _reference(text: str) -> TypedValue | None:
    if text.startswith("@"):
        identifier = _HEXADECIMAL.fullmatch(text[1:])
        if identifier is not None:
            value = int(identifier[1], 16)
            return (ValueType.REFERENCE, value, None) if value <= 0xFFFFFFFF else None
        name = _REFERENCE.fullmatch(text)
        return (ValueType.REFERENCE, 0, text) if name is not None and _RESOURCE_TYPES.fullmatch(name[1]) else None
    if _ATTRIBUTE_REFERENCE.fullmatch(text):
        return ValueType.ATTRIBUTE, 0, text
    return None


def _colour(text: str) -> TypedValue | None:
    match = _COLOUR.fullmatch(text)
    if match is None or len(match[1]) not in _COLOUR_TYPES:
        return None
    digits = match[1]
    value_type = _COLOUR_TYPES[len(digits)]
    if len(digits) <= 4:
        digits = "".join(digit * 2 for digit in digits)
    return value_type, int(digits.rjust(8, "f"), 16), None


def _boolean(text: str) -> TypedValue | None:
    value = _BOOLEANS.get(text)
    return None if value is None else (ValueType.INT_BOOLEAN, value, None)


def _integer(text: str) -> TypedValue | None:
    if len(text) > _LONGEST_NUMBER:
        return None
    hexadecimal = _HEXADECIMAL.fullmatch(text)
    if hexadecimal is not None:
        value = int(hexadecimal[1], 16)
        return (ValueType.INT_HEX, value, None) if value <= 0xFFFFFFFF else None
    if _INTEGER.fullmatch(text) is None:
        return None
    value = int(text)
    if not -(1 << 31) <= value < 1 << 31:
        return None
    return ValueType.INT_DEC, value & 0xFFFFFFFF, None


def _number(text: str) -> TypedValue | None:
    """Floats, dimensions and fractions."""
    if len(text) > _LONGEST_NUMBER:
        return None
    if _HEXADECIMAL_FLOAT.fullmatch(text):
        return ValueType.FLOAT, _float_bits(_from_hexadecimal(text)), None
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    value = _to_float32(float(match[1]))
    if not match[2]:
        return ValueType.FLOAT, _float_bits(value), None
    unit = _UNITS.get(match[2])
    if unit is None:
        return None
    value_type, unit_bits = unit
    if value_type is ValueType.FRACTION:
        value = _to_float32(value / 100)
    return value_type, _complex(value) | unit_bits, None


def _from_hexadecimal(text: str) -> float:
    try:
        return _to_float32(float.fromhex(text))
    except OverflowError:
        return float("-inf") if text.startswith("-") else float("inf")


def _float_bits(value: float) -> int:
    bits: int = struct.unpack("<I", struct.pack("<f", value))[0]
    return bits


def _to_float32(value: float) -> float:
    try:
        narrowed: float = struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
    return narrowed


def _complex(value: float) -> int:
    """Pack a number into the 24 + 2 bits of mantissa and radix of ``Res_value``."""
    magnitude = min(abs(value), float(1 << 24))
    bits = int(magnitude * (1 << 23) + 0.5)
    if bits & 0x7FFFFF == 0:
        radix, shift = 0, 23
    elif bits & ~0x7FFFFF == 0:
        radix, shift = 3, 0
    elif bits & ~0x7FFFFFFF == 0:
        radix, shift = 2, 8
    elif bits & ~0x7FFFFFFFFF == 0:
        radix, shift = 1, 16
    else:
        radix, shift = 0, 23
    mantissa = (bits >> shift) & 0xFFFFFF
    if value < 0:
        mantissa = -mantissa & 0xFFFFFF
    return mantissa << 8 | radix << 4
