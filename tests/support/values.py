"""Typed values as compiled files hold them, for the builders of binary XML and resource tables."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Ref:
    """A reference to a resource id."""

    target: int


@dataclass(frozen=True)
class Typed:
    """Any value type with its 32 bits."""

    value_type: int
    data: int


Value = str | bool | int | Ref | Typed


def typed(value: Value) -> tuple[int, int]:
    """Return type and data of a value that is no string."""
    match value:
        case bool():
            return 0x12, 0xFFFFFFFF if value else 0
        case int():
            return 0x10, value & 0xFFFFFFFF
        case Ref(target):
            return 0x01, target
        case Typed(value_type, data):
            return value_type, data
    raise TypeError(value)
