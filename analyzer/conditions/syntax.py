"""The syntax tree of a compiled expression, read from the form in which CEL itself writes it.

The form is ``cel.expr.CheckedExpr`` of the CEL specification (``checked.proto``, ``syntax.proto``) in protocol
buffer encoding. Reading the few messages that matter takes less than a dependency would, and guarantees that what
is checked is what CEL evaluates, macros expanded.
"""

import struct

import msgspec


class Constant(msgspec.Struct, frozen=True):
    """A literal."""

    value: object


class Name(msgspec.Struct, frozen=True):
    """A variable, a macro's variable, or a type's name."""

    name: str


class Select(msgspec.Struct, frozen=True):
    """``operand.field``; with `test`, the macro ``has(operand.field)``."""

    operand: "Node"
    field: str
    test: bool


class Call(msgspec.Struct, frozen=True):
    """A function or operator, operators under CEL's internal names such as ``_==_``.

    The receiver of a method call is the first argument.
    """

    function: str
    arguments: "tuple[Node, ...]"
    method: bool


class ListLiteral(msgspec.Struct, frozen=True):
    """``[a, b]``."""

    elements: "tuple[Node, ...]"


class MapLiteral(msgspec.Struct, frozen=True):
    """``{key: value}``; only the values are kept."""

    values: "tuple[Node, ...]"


class Comprehension(msgspec.Struct, frozen=True):
    """What ``exists``, ``all``, ``exists_one``, ``map`` and ``filter`` expand to."""

    variable: str
    over: "Node"
    accumulator: str
    initial: "Node"
    step: "Node"
    result: "Node"


Node = Constant | Name | Select | Call | ListLiteral | MapLiteral | Comprehension

_Fields = dict[int, list["int | bytes"]]

# Field numbers of the messages.
_ANY_VALUE = 2
_CHECKED_EXPRESSION = 4
_CONSTANT, _NAME, _SELECT, _CALL, _LIST, _STRUCT, _COMPREHENSION = 3, 4, 5, 6, 7, 8, 9


def read_syntax(serialized: bytes) -> Node:
    """Return the root of the tree. Its depth is bounded by CEL's own limit on nesting."""
    return _node(_message(_bytes(_message(_bytes(_message(serialized), _ANY_VALUE)), _CHECKED_EXPRESSION)))


def _message(data: bytes) -> _Fields:
    fields: _Fields = {}
    position = 0
    while position < len(data):
        key, position = _varint(data, position)
        value: int | bytes
        match key & 7:
            case 0:
                value, position = _varint(data, position)
            case 1:
                value, position = data[position : position + 8], position + 8
            case 2:
                size, position = _varint(data, position)
                value, position = data[position : position + size], position + size
            case 5:
                value, position = data[position : position + 4], position + 4
            case wire_type:
                raise ValueError(f"unknown wire type {wire_type}")
        fields.setdefault(key >> 3, []).append(value)
    return fields


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7


def _bytes(fields: _Fields, number: int) -> bytes:
    value = fields.get(number, [b""])[-1]
    assert isinstance(value, bytes)
    return value


def _text(fields: _Fields, number: int) -> str:
    return _bytes(fields, number).decode()


def _child(fields: _Fields, number: int) -> Node:
    return _node(_message(_bytes(fields, number)))


def _children(fields: _Fields, number: int) -> tuple[Node, ...]:
    return tuple(_node(_message(item)) for item in fields.get(number, ()) if isinstance(item, bytes))


def _node(fields: _Fields) -> Node:
    if _CONSTANT in fields:
        return Constant(_constant(_message(_bytes(fields, _CONSTANT))))
    if _NAME in fields:
        return Name(_text(_message(_bytes(fields, _NAME)), 1))
    if _SELECT in fields:
        select = _message(_bytes(fields, _SELECT))
        return Select(_child(select, 1), _text(select, 2), bool(select.get(3, [0])[-1]))
    if _CALL in fields:
        call = _message(_bytes(fields, _CALL))
        return Call(_text(call, 2), (*_children(call, 1), *_children(call, 3)), 1 in call)
    if _LIST in fields:
        return ListLiteral(_children(_message(_bytes(fields, _LIST)), 1))
    if _STRUCT in fields:
        entries = _message(_bytes(fields, _STRUCT)).get(2, [])
        return MapLiteral(tuple(_child(_message(entry), 4) for entry in entries if isinstance(entry, bytes)))
    if _COMPREHENSION in fields:
        loop = _message(_bytes(fields, _COMPREHENSION))
        return Comprehension(
            _text(loop, 1), _child(loop, 2), _text(loop, 3), _child(loop, 4), _child(loop, 6), _child(loop, 7)
        )
    raise ValueError(f"unknown expression with fields {sorted(fields)}")


def _constant(fields: _Fields) -> object:
    number, values = next(iter(fields.items()))
    value = values[-1]
    match number, value:
        case 1, _:
            return None
        case 2, int():
            return bool(value)
        case 3, int():
            return value - (1 << 64) if value >> 63 else value
        case 4, int():
            return value
        case 5, bytes():
            return struct.unpack("<d", value)[0]
        case 6, bytes():
            return value.decode()
        case 7, bytes():
            return value
    raise ValueError(f"unknown constant with fields {sorted(fields)}")
