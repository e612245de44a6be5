"""What a value in a condition may look like: its kind, its fields, its possible texts, whether it may be null.

CEL itself sees facts as maps of anything, so it cannot tell a misspelled field from a missing one. Shapes are
derived from the typed records that the facts are made of.
"""

import datetime as dt
import enum
import types
import typing
from typing import Any, Literal, Union

import msgspec

ShapeKind = Literal[
    "any", "null", "bool", "int", "double", "string", "bytes", "timestamp", "duration", "list", "map", "record"
]


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """The set of values that an expression may have."""

    kind: ShapeKind
    nullable: bool = False
    element: "Shape | None" = None
    """Of a list its elements, of a map its values."""
    record: type[msgspec.Struct] | None = None
    not_null: frozenset[tuple[str, ...]] = frozenset()
    """Field chains of a record that are known not to be null although their type allows it."""
    choices: frozenset[str] | None = None
    """The only texts that occur, for closed vocabularies."""

    def __str__(self) -> str:
        """Name the shape for an error message."""
        name: str = self.kind
        if self.kind == "record" and self.record is not None:
            name = self.record.__name__
        elif self.kind == "list" and self.element is not None:
            name = f"list of {self.element}"
        return f"{name} or null" if self.nullable else name


ANY = Shape(kind="any", nullable=True)
NULL = Shape(kind="null", nullable=True)
BOOL = Shape(kind="bool")
INT = Shape(kind="int")
DOUBLE = Shape(kind="double")
STRING = Shape(kind="string")
BYTES = Shape(kind="bytes")
TIMESTAMP = Shape(kind="timestamp")
DURATION = Shape(kind="duration")

_PLAIN: dict[object, Shape] = {
    bool: BOOL,
    int: INT,
    float: DOUBLE,
    str: STRING,
    bytes: BYTES,
    dt.datetime: TIMESTAMP,
    dt.timedelta: DURATION,
    type(None): NULL,
    Any: ANY,
}


def shape_of(annotation: object) -> Shape:
    """Return the shape of the values of a type: a plain type, a record, a sequence, a union of one with None.

    Raises:
        TypeError: The type has no counterpart in conditions.
    """
    if isinstance(annotation, type) or annotation is Any:
        plain = _PLAIN.get(annotation)
        if plain is not None:
            return plain
    origin = typing.get_origin(annotation)
    arguments = typing.get_args(annotation)
    if origin is Literal and all(isinstance(argument, str) for argument in arguments):
        return Shape(kind="string", choices=frozenset(arguments))
    if origin in (Union, types.UnionType):
        return _union([shape_of(argument) for argument in arguments], annotation)
    if origin in (tuple, list, frozenset):
        return Shape(kind="list", element=shape_of(arguments[0]))
    if origin is dict:
        return Shape(kind="map", element=shape_of(arguments[1]))
    if origin is typing.Annotated:
        return shape_of(arguments[0])
    if isinstance(annotation, type):
        if issubclass(annotation, msgspec.Struct):
            return Shape(kind="record", record=annotation)
        if issubclass(annotation, enum.StrEnum):
            return Shape(kind="string", choices=frozenset(member.value for member in annotation))
    raise TypeError(f"{annotation!r} has no counterpart in conditions")


def _union(members: list[Shape], annotation: object) -> Shape:
    values = [member for member in members if member.kind != "null"]
    if len(values) != 1:
        raise TypeError(f"{annotation!r} has no counterpart in conditions: only unions with None have")
    return msgspec.structs.replace(values[0], nullable=len(values) < len(members) or values[0].nullable)


def fields_of(record: type[msgspec.Struct]) -> dict[str, Shape]:
    """Return the shape of every field of a record."""
    known = _FIELDS.get(record)
    if known is None:
        hints = typing.get_type_hints(record, include_extras=True)
        known = _FIELDS[record] = {name: shape_of(hints[name]) for name in record.__struct_fields__}
    return known


_FIELDS: dict[type[msgspec.Struct], dict[str, Shape]] = {}


def join(left: Shape, right: Shape) -> Shape:
    """Return the shape of a value that has one shape or the other."""
    if left == right:
        return left
    if left.kind == "null":
        return msgspec.structs.replace(right, nullable=True)
    if right.kind == "null":
        return msgspec.structs.replace(left, nullable=True)
    nullable = left.nullable or right.nullable
    if left.kind != right.kind or left.record is not right.record:
        return msgspec.structs.replace(ANY, nullable=nullable)
    element = left.element
    if left.element is None or right.element is None:
        element = left.element or right.element
    elif left.element != right.element:
        element = join(left.element, right.element)
    choices = None if left.choices is None or right.choices is None else left.choices | right.choices
    return Shape(
        kind=left.kind,
        nullable=nullable,
        element=element,
        record=left.record,
        not_null=left.not_null & right.not_null,
        choices=choices,
    )
