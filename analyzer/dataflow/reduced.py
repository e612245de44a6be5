"""Small questions about reduced values: elements, lengths, texts, and where a choice is made."""

from analyzer.dataflow.question import NEVER, Frame, Instance, name_of
from analyzer.dataflow.values import (
    Event,
    FieldValue,
    Items,
    Joined,
    Number,
    Numbers,
    Parameter,
    Result,
    Text,
    Unknown,
    Value,
    alternatives,
    join,
)
from analyzer.dex import dotted

_MAX_LENGTH = 1 << 16
COMPUTED = Unknown("a number or byte that is computed")


def place_of(kind: str, value: Value, frame: Frame | None) -> tuple[str, Value, Frame | None]:
    """Name something that may be several things by where it comes from, not by the parameters it passes through."""
    while isinstance(value, Parameter) and frame is not None and frame.method == value.method:
        if value.index >= len(frame.arguments):
            break
        value, frame = frame.arguments[value.index], frame.parent
    return kind, value, frame


def as_text(value: Value) -> Value:
    """Return a text, null or a collection of these; anything else as why it is none."""
    match value:
        case Text() | Joined() | Unknown() | Number(value=0):
            return value
        case Items(type=kind, elements=elements, complete=complete):
            return Items(
                kind,
                tuple(join(map(as_text, alternatives(one)), len(alternatives(one))) for one in elements),
                complete,
            )
        case Instance(value=Result(ref=ref)):
            return Unknown(f"the result of {name_of(ref)}")
        case Instance(value=FieldValue(ref=field)):
            return Unknown(f"the field {dotted(field.owner)}.{field.name}, which is not in the app")
        case Instance(type=str() as kind):
            return Unknown(f"an object of {dotted(kind)}")
    return Unknown("a value that is no text")


def element_of(chosen: tuple[Value, ...]) -> Value:
    """Return the element of an array at an index; any of them when the index is not known."""
    array, index = chosen
    match array:
        case Items(elements=elements):
            if isinstance(index, Number):
                if 0 <= index.value < len(elements):
                    return elements[index.value]
                return NEVER if array.complete else Unknown("an index outside its array")
            found = join(elements, max(len(elements), 1)) if elements else NEVER
            return found if array.complete else join((found, Unknown("elements that are not known")), len(elements) + 1)
        case Numbers(elements=numbers):
            if isinstance(index, Number) and 0 <= index.value < len(numbers):
                return Number(numbers[index.value])
            return Unknown("a number or byte that is computed")
        case Unknown():
            return array
    return Unknown("an element of an array that is not known")


def sum_of(name: str, chosen: tuple[Value, ...]) -> Value:
    """Return the sum or the difference of two numbers that are known."""
    left, right = chosen
    if not isinstance(left, Number) or not isinstance(right, Number):
        return COMPUTED
    return Number(left.value + right.value if name == "add" else left.value - right.value)


def length_of(chosen: tuple[Value, ...]) -> Value:
    """Return the length of an array."""
    match chosen[0]:
        case Items(elements=elements, complete=True):
            return Number(len(elements))
        case Numbers(elements=numbers):
            return Number(len(numbers))
    return Unknown("the length of an array that is not known")


def number_array(type_name: str, size: int | None, slots: dict[int, Value]) -> Value:
    """Return an array of numbers; what no slot holds is 0."""
    if size is None or not 0 <= size <= _MAX_LENGTH:
        return Unknown("an array whose length is not known")
    values = [slots.get(index, Number(0)) for index in range(size)]
    numbers = tuple(value.value for value in values if isinstance(value, Number))
    if len(numbers) != size:
        unknown = next((value for value in values if isinstance(value, Unknown)), None)
        return unknown if unknown is not None else Unknown("an array with several contents")
    return Numbers(type_name, numbers)


def with_loops(histories: tuple[tuple[Event, ...], ...]) -> tuple[tuple[Event, ...], ...]:
    """Leave out histories that differ from another only in that a loop never ran: what it would add is the point."""
    places = [frozenset(event.offset for event in history) for history in histories]
    looped = [
        place
        for place, history in zip(places, histories, strict=True)
        if any(event.often == "repeated" for event in history)
    ]
    kept = [
        history for history, place in zip(histories, places, strict=True) if not any(place < other for other in looped)
    ]
    return tuple(kept)
