"""Typed values of compiled resources and how the platform writes them as text (AOSP, ``Res_value``, ``TypedValue``)."""

import enum
import struct

_MANTISSA_SCALES = (1.0, 1.0 / (1 << 7), 1.0 / (1 << 15), 1.0 / (1 << 23))
_DIMENSION_UNITS = ("px", "dip", "sp", "pt", "in", "mm")
_FRACTION_UNITS = ("%", "%p")


class ValueType(enum.IntEnum):
    """``Res_value::dataType``; types without a name of their own are kept as plain numbers."""

    NULL = 0x00
    REFERENCE = 0x01
    ATTRIBUTE = 0x02
    STRING = 0x03
    FLOAT = 0x04
    DIMENSION = 0x05
    FRACTION = 0x06
    DYNAMIC_REFERENCE = 0x07
    INT_DEC = 0x10
    INT_HEX = 0x11
    INT_BOOLEAN = 0x12
    INT_COLOR_ARGB8 = 0x1C
    INT_COLOR_RGB8 = 0x1D
    INT_COLOR_ARGB4 = 0x1E
    INT_COLOR_RGB4 = 0x1F


def coerce_to_string(value_type: int, data: int) -> str | None:
    """Write a typed value as ``TypedValue.coerceToString`` does, references as ``@0x…``.

    None for the null type, for strings, which only their pool can tell, and for types without a text.
    """
    match value_type:
        case ValueType.REFERENCE | ValueType.DYNAMIC_REFERENCE:
            return f"@0x{data:08x}" if data else "@null"
        case ValueType.ATTRIBUTE:
            return f"?0x{data:08x}"
        case ValueType.FLOAT:
            return _java_float(struct.unpack("<f", struct.pack("<I", data))[0])
        case ValueType.DIMENSION:
            return _with_unit(_complex_to_float(data), _DIMENSION_UNITS, data)
        case ValueType.FRACTION:
            return _with_unit(_complex_to_float(data) * 100, _FRACTION_UNITS, data)
        case ValueType.INT_BOOLEAN:
            return "true" if data else "false"
        case ValueType.INT_HEX:
            return f"0x{data:x}"
        case _ if ValueType.INT_COLOR_ARGB8 <= value_type <= ValueType.INT_COLOR_RGB4:
            return f"#{data:x}"
        case _ if ValueType.INT_DEC <= value_type <= 0x1F:
            return str(data - (1 << 32) if data & 0x8000_0000 else data)
        case _:
            return None


def _complex_to_float(data: int) -> float:
    mantissa = (data - (1 << 32) if data & 0x8000_0000 else data) >> 8
    return mantissa * _MANTISSA_SCALES[data >> 4 & 3]


def _with_unit(value: float, units: tuple[str, ...], data: int) -> str | None:
    unit = data & 0xF
    return _java_float(value) + units[unit] if unit < len(units) else None


def _java_float(value: float) -> str:
    """Write a 32-bit float as ``Float.toString`` does: the shortest digits that tell it from its neighbours."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    value = struct.unpack("<f", struct.pack("<f", value))[0]
    text = next(short for digits in range(18) if _same_single(float(short := f"{value:.{digits}e}"), value))
    mantissa, _, exponent_text = text.partition("e")
    exponent = int(exponent_text)
    sign = "-" if mantissa.startswith("-") else ""
    digits_only = mantissa.lstrip("-").replace(".", "").rstrip("0") or "0"
    if digits_only == "0":
        return f"{sign}0.0"
    if not -3 <= exponent < 7:
        return f"{sign}{digits_only[0]}.{digits_only[1:] or '0'}E{exponent}"
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits_only}"
    whole = digits_only[: exponent + 1].ljust(exponent + 1, "0")
    return f"{sign}{whole}.{digits_only[exponent + 1 :] or '0'}"


def _same_single(first: float, second: float) -> bool:
    try:
        return struct.pack("<f", first) == struct.pack("<f", second)
    except OverflowError:
        return False
