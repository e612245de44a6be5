"""What one question across methods knows, spends, and answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

import msgspec

from analyzer.dataflow.limits import FlowLimits
from analyzer.dataflow.values import (
    ClassName,
    Entries,
    Items,
    Joined,
    Moment,
    Number,
    Numbers,
    Result,
    Text,
    Unknown,
    Value,
    alternatives,
)
from analyzer.dex import MethodRef, dotted

State = Literal["constant", "partial", "unresolved"]
RECURSION = Unknown("a recursion")
"""What following something that is being followed already yields; it adds nothing to other values."""

NEVER = Unknown("a method that never returns")
"""The result of a method that only throws; it adds nothing to other values."""
RESUMED = Unknown("the result of a call that was suspended")
"""What a suspended call resumes with: it is what the call returns when it was not suspended."""
NOT_NAMED = Unknown("which constant of an enum a name stands for")
"""A constant that is asked for by a name that is not known: what it holds is not what any of them may hold."""
ADDING_NOTHING = (RECURSION, NEVER, RESUMED)


class Resources(Protocol):
    """The resource table, as far as values need it; one result per configuration."""

    def string(self, resource_id: int) -> tuple[str, ...]:
        """Return the texts of a string resource; empty when there is none."""
        ...

    def string_array(self, resource_id: int) -> tuple[tuple[str, ...], ...]:
        """Return the texts of an array resource; empty when there is none."""
        ...

    def raw_entry(self, resource_id: int) -> str | None:
        """Return the container entry of a file resource, or None."""
        ...


@dataclass(frozen=True, eq=False, slots=True)
class Frame:
    """A call that is being followed: what the parameters of `method` are."""

    method: MethodRef
    arguments: tuple[Value, ...]
    parent: "Frame | None"
    """The frame in which `arguments` are to be understood."""
    told: Mapping[object, Value] = field(default_factory=dict)
    """What is known of values of the method in one round of a loop: see `dataflow.rounds`."""

    def tells(self, value: Value) -> Value | None:
        """Return what is known of a value of the method; None when nothing is."""
        return self.told.get((value.method, value.offset) if isinstance(value, Result) else value)


@runtime_checkable
class BundledPins(Protocol):
    """Resources that also know the certificates of the app."""

    def pins_of(self, value: Value) -> tuple[str, ...]:
        """Return ``sha256/…`` of the keys of the certificates that an object may be; empty when that is not known."""
        ...


class Instance(Value, frozen=True, cache_hash=True):
    """An object that is known by where it comes from: created, returned by the platform, or in a field of it."""

    value: Value
    frame: Frame | None
    """What the parameters inside `value` are; None for any caller."""

    @property
    def type(self) -> str | None:
        """Its class, when the app creates it."""
        return getattr(self.value, "type", None)


class Step(msgspec.Struct, frozen=True):
    """One step on the way to a value."""

    what: str
    """What was looked at: ``parameter 1 of app.Pins.add``."""
    method: MethodRef
    """Where it was found."""
    offset: int | None = None
    """The instruction there."""


class Resolution(msgspec.Struct, frozen=True):
    """The answer to what a value is."""

    state: State
    """``constant``: all of it is known; there may be several values. ``partial``: some is known."""
    values: tuple[Value, ...]
    """What it may be, in the order it was found; without what is not known."""
    reasons: tuple[str, ...]
    """Why something is not known, without duplicates."""
    trail: tuple[Step, ...]
    """The ways that were followed, in order."""
    others: bool = False
    """True where it may be something beside `values` of which nothing is known."""

    @property
    def texts(self) -> tuple[str, ...]:
        """The values that are text, and the text elements of those that are arrays or collections."""
        found: dict[str, None] = {}
        for value in self.values:
            parts = value.elements if isinstance(value, Items) else (value,)
            for part in parts:
                found.update((one.value, None) for one in alternatives(part) if isinstance(one, Text))
        return tuple(found)


@dataclass(slots=True)
class Question:
    """The budget and the trail of one question."""

    limits: FlowLimits
    work: int = 0
    evaluations: int = 0
    trail: dict[Step, None] = field(default_factory=dict)
    active: dict[object, int] = field(default_factory=dict)
    fixed: Mapping[object, Value] = field(default_factory=dict)
    """What is assumed of places where there are several possibilities: see `dataflow.together`."""
    open: dict[object, tuple[Value, ...]] = field(default_factory=dict)
    """The possibilities at places that were met and nothing is assumed of, in the order they were met."""

    def spend(self) -> bool:
        """Count a step; False when there are too many."""
        self.work += 1
        return self.work <= self.limits.work

    def choose(self, place: object, possible: tuple[Value, ...]) -> tuple[Value, ...]:
        """Return what is assumed of a place where there are several possibilities, or all of them."""
        assumed = self.fixed.get(place)
        if assumed is not None:
            return (assumed,)
        if len(possible) > 1:
            self.open.setdefault(place, possible)
        return possible

    def note(self, what: str, method: MethodRef, offset: int | None = None) -> None:
        """Add to the trail; its length is bounded by the work."""
        self.trail[Step(what, method, offset)] = None

    def answer(self, value: Value) -> Resolution:
        """Say how much of a reduced value is known."""
        known: list[Value] = []
        reasons: dict[str, None] = {}
        complete = True
        others = False
        for one in alternatives(value):
            missing = _missing(one, reasons)
            if isinstance(one, Unknown):
                others = True
            else:
                known.append(one)
            complete = complete and not missing
        if complete:
            state: State = "constant"
        else:
            state = "partial" if any(_tells(one) for one in known) else "unresolved"
        return Resolution(state, tuple(known), tuple(reasons), tuple(self.trail), others)


def name_of(ref: MethodRef) -> str:
    """Return ``package.Class.method``."""
    return f"{dotted(ref.owner)}.{ref.name}"


def _missing(value: Value, reasons: dict[str, None]) -> bool:
    """Say whether something in a reduced value is not known, and add why."""
    missing = False
    waiting = [value]
    while waiting:
        one = waiting.pop()
        match one:
            case Unknown(reason=reason):
                reasons[reason] = None
                missing = True
            case Items(elements=elements, complete=complete):
                waiting.extend(reversed(elements))
                if not complete:
                    reasons["elements that are not known"] = None
                    missing = True
            case Entries(entries=entries, complete=complete):
                waiting.extend(part for entry in reversed(entries) for part in reversed(entry))
                if not complete:
                    reasons["entries that are not known"] = None
                    missing = True
            case Joined(parts=parts):
                waiting.extend(reversed(parts))
            case Text() | Number() | Numbers() | ClassName() | Moment() | Instance():
                pass
            case _:
                waiting.extend(alternatives(one) if len(alternatives(one)) > 1 else ())
    return missing


def _tells(value: Value) -> bool:
    """Say whether anything in a reduced value is known."""
    match value:
        case Items(elements=parts) | Joined(parts=parts):
            return any(not isinstance(part, Unknown) for part in parts)
        case Entries(entries=entries):
            return bool(entries)
        case Unknown():
            return False
    return True
