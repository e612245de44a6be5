"""What is known of a value in bytecode: immutable terms over constants, objects, parameters, fields and results."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from analyzer.dex import FieldRef, MethodRef

Often = Literal["once", "maybe", "repeated"]
"""How often something happens each time its method runs; ``repeated`` means in a loop."""
CallKind = Literal["virtual", "super", "direct", "static", "interface", "custom"]
MAX_ALTERNATIVES = 8


class Value(msgspec.Struct, frozen=True, cache_hash=True):
    """Base class of all values."""


class Text(Value, frozen=True, cache_hash=True):
    """A string constant."""

    value: str


class Number(Value, frozen=True, cache_hash=True):
    """A number as its bits say: int, long, char, boolean; floats are their raw bits, and null is 0."""

    value: int


class ClassName(Value, frozen=True, cache_hash=True):
    """A ``java.lang.Class`` constant."""

    descriptor: str


class Numbers(Value, frozen=True, cache_hash=True):
    """An array of primitive values, all known."""

    type: str
    """``[B``, ``[C``, ``[I`` …"""
    elements: tuple[int, ...]

    @property
    def data(self) -> bytes:
        """The elements as bytes; only for arrays of bytes."""
        return bytes(element & 0xFF for element in self.elements)


class Items(Value, frozen=True, cache_hash=True):
    """An array or collection with its elements in order."""

    type: str
    """Descriptor of the array, or of the collection's class."""
    elements: tuple[Value, ...]
    complete: bool = True
    """False when there may be more elements."""
    ordered: bool = True
    """False when the order of the elements is not known, or some of them may be missing."""


class Entries(Value, frozen=True, cache_hash=True):
    """A map with its entries in order."""

    type: str
    entries: tuple[tuple[Value, Value], ...]
    complete: bool = True


class Event(Value, frozen=True, cache_hash=True):
    """A call that an object took part in, or a write into it, after it was created."""

    ref: MethodRef | FieldRef | None
    """The method that was called or the field that was written; None for an element of an array."""
    arguments: tuple[Value, ...]
    """Without the object itself; for an element of an array its index and value."""
    position: int
    """0 when it was called on the object, else which parameter (counted from 1) the object was passed for."""
    offset: int
    """Code units from the start of the method's code."""
    often: Often


class Created(Value, frozen=True, cache_hash=True):
    """An object or array that the method created, with what it did to it."""

    type: str
    method: MethodRef
    """Where it was created."""
    offset: int
    length: Value | None
    """Number of elements of an array."""
    histories: tuple[tuple[Event, ...], ...]
    """What happened to it, in order; several when branches did different things."""

    @property
    def events(self) -> tuple[Event, ...]:
        """Everything that happened to it in one list; what did not happen on all branches is ``maybe``."""
        if len(self.histories) == 1:
            return self.histories[0]
        everywhere = set.intersection(*({event.offset for event in one} for one in self.histories))
        merged: dict[int, Event] = {}
        for history in self.histories:
            for event in history:
                if event.offset in everywhere or event.often == "repeated":
                    merged.setdefault(event.offset, event)
                else:
                    merged.setdefault(event.offset, msgspec.structs.replace(event, often="maybe"))
        return tuple(merged.values())


class Parameter(Value, frozen=True, cache_hash=True):
    """An argument of the method that is evaluated."""

    method: MethodRef
    index: int
    """0 is ``this`` in instance methods."""


class FieldValue(Value, frozen=True, cache_hash=True):
    """What a field holds."""

    ref: FieldRef
    base: Value | None
    """The object; None for a static field."""


class Result(Value, frozen=True, cache_hash=True):
    """What a call returned."""

    ref: MethodRef
    kind: CallKind
    arguments: tuple[Value, ...]
    """With the receiver first, as they were when the call was made."""
    method: MethodRef
    """Where the call is made."""
    offset: int
    histories: tuple[tuple[Event, ...], ...] = ((),)
    """What happened to the result afterwards."""


class Element(Value, frozen=True, cache_hash=True):
    """An element of an array; with an unknown index any of them."""

    array: Value
    index: Value


class Length(Value, frozen=True, cache_hash=True):
    """How many elements an array has."""

    array: Value


class OfClass(Value, frozen=True, cache_hash=True):
    """Some object of a class; only among the assumptions of an evaluation."""

    type: str


class Joined(Value, frozen=True, cache_hash=True):
    """Texts one after the other."""

    parts: tuple[Value, ...]


class Computed(Value, frozen=True, cache_hash=True):
    """The result of an arithmetic instruction whose operands are not all constant."""

    operation: str
    operands: tuple[Value, ...]
    offset: int = -1
    """The instruction; -1 where it does not matter."""


class Moment(Value, frozen=True, cache_hash=True):
    """A point in time."""

    milliseconds: int
    """Since 1970-01-01T00:00Z."""


class OneOf(Value, frozen=True, cache_hash=True):
    """Any of several values; at least two, in the order they were found."""

    values: tuple[Value, ...]


class Unknown(Value, frozen=True, cache_hash=True):
    """A value that cannot be told."""

    reason: str


def alternatives(value: Value) -> tuple[Value, ...]:
    """Return the values that `value` may be."""
    return value.values if isinstance(value, OneOf) else (value,)


def join(values: Iterable[Value], limit: int = MAX_ALTERNATIVES) -> Value:
    """Return a value that may be any of `values`; unknown when there are none, or more than `limit`."""
    distinct: dict[Value, None] = {}
    for value in values:
        for one in alternatives(value):
            distinct[one] = None
            if len(distinct) > limit:
                return Unknown("too many values")
    if not distinct:
        return Unknown("no value")
    found = tuple(distinct)
    return found[0] if len(found) == 1 else OneOf(found)


def children(value: Value) -> tuple[Value, ...]:
    """Return the values that `value` is made of."""
    match value:
        case Items(elements=parts) | Joined(parts=parts) | OneOf(values=parts) | Computed(operands=parts):
            return parts
        case Entries(entries=entries):
            return tuple(part for entry in entries for part in entry)
        case Created(length=length, histories=histories):
            inner = tuple(part for history in histories for event in history for part in event.arguments)
            return inner if length is None else (length, *inner)
        case Result(arguments=arguments, histories=histories):
            return arguments + tuple(part for history in histories for event in history for part in event.arguments)
        case FieldValue(base=base):
            return () if base is None else (base,)
        case Element(array=array, index=index):
            return (array, index)
        case Length(array=array):
            return (array,)
        case _:
            return ()


def walk(value: Value) -> Iterable[Value]:
    """Yield `value` and everything it is made of, each object once: values share what they are made of."""
    waiting = [value]
    seen: set[int] = set()
    while waiting:
        current = waiting.pop()
        if id(current) not in seen:
            seen.add(id(current))
            yield current
            waiting.extend(reversed(children(current)))


def is_larger(value: Value, most: int) -> bool:
    """Say whether `value` is made of more than `most` parts, counting what is in it twice as often."""
    waiting, count = [value], 0
    while waiting:
        count += 1
        if count > most:
            return True
        waiting.extend(children(waiting.pop()))
    return False
