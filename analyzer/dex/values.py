"""Encoded values: the initial values of static fields and the arguments of call sites."""

import struct
from collections.abc import Callable
from typing import Literal

import msgspec

from analyzer.dex.errors import DamagedItem
from analyzer.dex.leb128 import read_uleb128
from analyzer.dex.symbols import FieldRef, MethodRef

ValueKind = Literal[
    "byte", "short", "char", "int", "long", "float", "double", "method-type", "method-handle",
    "string", "type", "field", "method", "enum", "array", "annotation", "null", "boolean",
]  # fmt: skip

_KINDS: dict[int, ValueKind] = {
    0x00: "byte",
    0x02: "short",
    0x03: "char",
    0x04: "int",
    0x06: "long",
    0x10: "float",
    0x11: "double",
    0x15: "method-type",
    0x16: "method-handle",
    0x17: "string",
    0x18: "type",
    0x19: "field",
    0x1A: "method",
    0x1B: "enum",
    0x1C: "array",
    0x1D: "annotation",
    0x1E: "null",
    0x1F: "boolean",
}
_MAX_SIZES: dict[ValueKind, int] = {"byte": 1, "short": 2, "char": 2, "int": 4, "float": 4, "long": 8, "double": 8}
_SIGNED: frozenset[ValueKind] = frozenset({"byte", "short", "int", "long"})
_INDICES: frozenset[ValueKind] = frozenset(
    {"method-type", "method-handle", "string", "type", "field", "method", "enum"}
)


class EncodedValue(msgspec.Struct, frozen=True):
    """A constant in a DEX file."""

    kind: ValueKind
    value: "int | float | bool | str | FieldRef | MethodRef | tuple[EncodedValue, ...] | None"
    """A number, text, descriptor or reference; the elements of an array; None for null.

    The value of a method type is its descriptor, that of a method handle its index. The elements of an annotation
    are left out.
    """
    index: int | None = None
    """The index into the table that `kind` names, where it names one."""


Resolver = Callable[[ValueKind, int], "int | str | FieldRef | MethodRef"]
"""Turns an index into what it stands for."""


class _Open:
    """An array or annotation whose elements are being read."""

    def __init__(self, kind: ValueKind, left: int) -> None:
        self.kind = kind
        self.left = left
        self.elements: list[EncodedValue] = []


class ValueBudget:
    """How many values may still be read from one file, damaged arrays included."""

    def __init__(self, left: int) -> None:
        """Allow `left` values."""
        self.left = left


def read_array(
    data: bytes, offset: int, resolve: Resolver, depth: int, budget: ValueBudget
) -> tuple[EncodedValue, ...]:
    """Read an ``encoded_array`` of at most `depth` levels; each value is taken from the `budget`.

    Raises:
        DamagedItem: It is damaged, or larger or deeper than allowed.
    """
    size, at = read_uleb128(data, offset)
    stack = [_Open("array", size)]
    while True:
        level = stack[-1]
        if level.left == 0:
            closed = stack.pop()
            if not stack:
                return tuple(closed.elements)
            value = tuple(closed.elements) if closed.kind == "array" else ()
            stack[-1].elements.append(EncodedValue(closed.kind, value))
            continue
        level.left -= 1
        budget.left -= 1
        if budget.left < 0:
            raise DamagedItem("an encoded array has too many elements")
        if level.kind == "annotation":
            at = read_uleb128(data, at)[1]
        kind, argument, at = _read_kind(data, at)
        if kind in ("array", "annotation"):
            if len(stack) >= depth:
                raise DamagedItem("an encoded array is nested too deeply")
            if kind == "annotation":
                at = read_uleb128(data, at)[1]
            size, at = read_uleb128(data, at)
            stack.append(_Open(kind, size))
        else:
            value_read, at = _read_scalar(data, at, kind, argument, resolve)
            level.elements.append(value_read)


def _read_kind(data: bytes, at: int) -> tuple[ValueKind, int, int]:
    if not 0 <= at < len(data):
        raise DamagedItem("an encoded value is cut off")
    kind = _KINDS.get(data[at] & 0x1F)
    if kind is None:
        raise DamagedItem("an encoded value has an unknown type")
    return kind, data[at] >> 5, at + 1


def _read_scalar(data: bytes, at: int, kind: ValueKind, argument: int, resolve: Resolver) -> tuple[EncodedValue, int]:
    if kind == "null":
        return EncodedValue(kind, None), at
    if kind == "boolean":
        return EncodedValue(kind, argument != 0), at
    size = argument + 1
    if size > _MAX_SIZES.get(kind, 4) or at + size > len(data):
        raise DamagedItem("an encoded value has a wrong size")
    raw = data[at : at + size]
    if kind in _INDICES:
        index = int.from_bytes(raw, "little")
        return EncodedValue(kind, resolve(kind, index), index), at + size
    if kind in ("float", "double"):
        # Floating-point values lose their trailing zero bytes: what is stored are the most significant ones.
        width, code = (4, "<f") if kind == "float" else (8, "<d")
        return EncodedValue(kind, struct.unpack(code, raw.rjust(width, b"\0"))[0]), at + size
    return EncodedValue(kind, int.from_bytes(raw, "little", signed=kind in _SIGNED)), at + size
