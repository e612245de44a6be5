"""What the exploration of a method's paths answers: conditions, calls, ways out.

All values are terms over the parameters of the method that was asked about, also for what happens in helpers that were
entered. An object that was created is a `Created` or `Items` without history: what was put into it is in
`Paths.inputs`.
"""

from collections.abc import Callable, Iterable
from typing import Literal

import msgspec

from analyzer.dataflow.values import CallKind, Value, children
from analyzer.dex import DexMethod, FieldRef, MethodRef

Operator = Literal["eq", "ne", "lt", "ge", "gt", "le"]
Ending = Literal["returns", "throws", "runs-forever"]
MAX_CONE = 2_048
"""Most terms that `Paths.ingredients` looks at."""


class Caught(Value, frozen=True, cache_hash=True):
    """An exception that a call raised and a handler caught."""

    type: str
    """The handler's type; ``Ljava/lang/Throwable;`` for one that catches everything."""
    method: MethodRef
    offset: int
    """The call that raised it."""


class Frame(msgspec.Struct, frozen=True):
    """Where in the entered helpers something happens."""

    method: DexMethod
    parent: "Frame | None" = None
    """The caller; None for the method that was asked about."""
    offset: int | None = None
    """The call in the caller."""


class Condition(msgspec.Struct, frozen=True):
    """What holds on a path because of a branch: ``left operator right``.

    Tests of booleans and references compare with ``Number(0)``: ``eq`` means false or null. ``instanceof`` is
    ``Computed("instance-of", (value, ClassName))``. The cases of a switch are ``eq`` with their key, and its default
    is one ``ne`` for each key.
    """

    left: Value
    operator: Operator
    right: Value
    frame: Frame
    offset: int

    @property
    def holds(self) -> bool | None:
        """For a test of a boolean (or reference) whether it was true (not null); None for other comparisons."""
        zero = getattr(self.right, "value", None) == 0
        return (self.operator == "ne") if zero and self.operator in ("eq", "ne") else None


class Step(msgspec.Struct, frozen=True):
    """A call on a path, or a write into a field. Calls of helpers that were entered are not steps themselves."""

    ref: MethodRef | FieldRef
    kind: CallKind | Literal["write"]
    arguments: tuple[Value, ...]
    """Receiver first; for a write the value, then the object unless the field is static."""
    result: Value | None
    """What the call returns; None for ``void``, and for writes."""
    frame: Frame
    offset: int
    in_loop: bool
    threw: str | None = None
    """The type of the handler that caught what the call raised; None when it returned."""
    known: bool = True
    """False when the call runs code of the app that was not looked into: native, too many candidates, too deep."""

    @property
    def called(self) -> MethodRef | None:
        """The method, when the step is a call."""
        return self.ref if isinstance(self.ref, MethodRef) else None


class Path(msgspec.Struct, frozen=True):
    """One way through a method, helpers included."""

    conditions: tuple[Condition, ...]
    """In the order they were decided; those on constants are left out."""
    steps: tuple[Step, ...]
    ending: Ending
    value: Value | None
    """What is returned or thrown; None for ``void``."""
    exception: str | None
    """Descriptor of the exception that is thrown."""
    frame: Frame
    """Where the path ends."""
    offset: int
    skipped_loops: tuple[tuple[MethodRef, int], ...] = ()
    """Loops (method and first instruction) that did not run even once on this path."""
    ran_loops: tuple[tuple[MethodRef, int], ...] = ()
    """Loops that ran once."""
    recovered: tuple[str, ...] = ()
    """Exceptions (descriptors) that the code threw itself and then caught on this path."""
    order: tuple[Condition | Step, ...] = ()
    """Conditions and steps together, in order."""

    @property
    def caught(self) -> tuple[Step, ...]:
        """The calls whose exception was caught on this path."""
        return tuple(step for step in self.steps if step.threw is not None)


class Paths(msgspec.Struct, frozen=True):
    """All paths of a method, up to the budget."""

    method: DexMethod
    paths: tuple[Path, ...]
    inputs: dict[Value, tuple[Value, ...]]
    """What was passed to calls on an object, written into an array, or passed along with it, over all paths."""
    incomplete: str | None
    """Why there may be more paths; None when these are all."""

    @property
    def returning(self) -> tuple[Path, ...]:
        """The paths that return."""
        return tuple(path for path in self.paths if path.ending == "returns")

    @property
    def throwing(self) -> tuple[Path, ...]:
        """The paths that throw on purpose; that any call may fail is not a path of its own."""
        return tuple(path for path in self.paths if path.ending == "throws")

    def ingredients(self, *values: Value) -> Iterable[Value]:
        """Yield `values` and all that they are made of, what was put into objects included; at most `MAX_CONE`."""
        seen: set[Value] = set()
        waiting = list(reversed(values))
        while waiting and len(seen) < MAX_CONE:
            value = waiting.pop()
            if value in seen:
                continue
            seen.add(value)
            yield value
            waiting.extend(reversed(self.inputs.get(value, ())))
            waiting.extend(reversed(children(value)))


Interesting = Callable[[MethodRef], bool]
"""Says whether a call decides something: it is followed into helpers, and its exceptions are told apart."""
