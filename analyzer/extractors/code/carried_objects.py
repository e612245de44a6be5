"""Objects of one class that are made with different arguments, each with where it comes from.

One trust manager often serves several clients, each with pins of its own that a constructor gets, through helpers that
make socket factories. The ways of calls to the constructor tell these objects apart.
"""

import itertools
from collections.abc import Iterable, Iterator

import msgspec

from analyzer.dataflow.question import Frame
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import (
    Computed,
    Created,
    Element,
    Event,
    FieldValue,
    OneOf,
    Parameter,
    Result,
    Value,
    join,
    walk,
)
from analyzer.dex import DexMethod, MethodRef, Site

_MAX_LEVELS = 4
"""Most helpers around a constructor."""
_MAX_DEPTH = 12
_MAX_CALLERS = 24
_MAX_OBJECTS = 48


class Carried(msgspec.Struct, frozen=True):
    """An object, as one way of calls makes it."""

    created: Created
    """With the arguments of its constructor as they are on this way."""
    method: DexMethod
    """The method that decides these arguments."""
    offset: int
    """The creation in it, or the call that leads there."""


class _Level(msgspec.Struct, frozen=True):
    method: DexMethod
    offset: int
    arguments: tuple[Value, ...]


def chain_start(value: Value, method: MethodRef) -> Created | Result | None:
    """Return the object that a chain of builder calls in a method begins with; None where it is made elsewhere."""
    while isinstance(value, Result) and value.method == method:
        if not value.arguments or not isinstance(value.arguments[0], Created | Result):
            return value
        value = value.arguments[0]
    return value if isinstance(value, Created) and value.method == method else None


def with_object(value: Value, this: Parameter, created: Created, depth: int = 0) -> Value:
    """Return a value of a method with one object in the place of its ``this``."""
    if value == this:
        return created
    if depth > _MAX_DEPTH:
        return value

    def inside(one: Value) -> Value:
        return with_object(one, this, created, depth + 1)

    match value:
        case FieldValue(base=base) if base is not None:
            return msgspec.structs.replace(value, base=inside(base))
        case Element(array=array, index=index):
            return Element(inside(array), inside(index))
        case Result(arguments=arguments):
            return msgspec.structs.replace(value, arguments=tuple(map(inside, arguments)))
        case Computed(operands=operands):
            return msgspec.structs.replace(value, operands=tuple(map(inside, operands)))
        case OneOf(values=values):
            return join(map(inside, values))
    return value


def carried_objects(resolver: Resolver, sites: Iterable[Site]) -> tuple[Carried, ...]:
    """Return the objects that are created at `sites`, once for each way on which their constructor gets its arguments.

    Empty where there are more than are told apart.
    """
    found: dict[Carried, None] = {}
    for site in sites:
        for one in _made_at(resolver, site):
            found[one] = None
            if len(found) > _MAX_OBJECTS:
                return ()
    return tuple(found)


def _made_at(resolver: Resolver, site: Site) -> Iterator[Carried]:
    values = resolver.evaluator.evaluate(site.method)
    created = None if values is None else values.object_at(site.offset)
    if not isinstance(created, Created):
        return
    made = next((event for event in created.events if _is_construction(event)), None)
    if made is None:
        yield Carried(created, site.method, site.offset)
        return
    first = _Level(site.method, site.offset, made.arguments)
    for levels in _ways(resolver, (first,)):
        arguments = _resolved(resolver, levels)
        outer = levels[-1]
        if arguments == made.arguments:
            yield Carried(created, outer.method, outer.offset)
        else:
            yield Carried(_made_with(created, made, arguments), outer.method, outer.offset)


def _is_construction(event: Event) -> bool:
    return isinstance(event.ref, MethodRef) and event.ref.name == "<init>" and event.position == 0


def _ways(resolver: Resolver, levels: tuple[_Level, ...]) -> Iterator[tuple[_Level, ...]]:
    waiting = [levels]
    while waiting:
        way = waiting.pop()
        outer = way[-1]
        sites = resolver.call_sites(outer.method) if len(way) <= _MAX_LEVELS and _depends(outer) else ()
        seen = {level.method for level in way}
        longer = []
        for site in sites if len(sites) <= _MAX_CALLERS else ():
            values = resolver.evaluator.evaluate(site.method) if site.method not in seen else None
            call = values.calls.get(site.offset) if values is not None else None
            if call is not None:
                longer.append((*way, _Level(site.method, site.offset, call.arguments)))
        if longer:
            waiting.extend(reversed(longer))
        else:
            yield way


def _depends(level: _Level) -> bool:
    """Say whether arguments depend on the parameters of the method that passes them."""
    return any(
        isinstance(part, Parameter) and part.method == level.method.ref and (part.index > 0 or level.method.is_static)
        for argument in level.arguments
        for part in walk(argument)
    )


def _resolved(resolver: Resolver, levels: tuple[_Level, ...]) -> tuple[Value, ...]:
    frame = None
    for inner, outer in reversed(tuple(itertools.pairwise(levels))):
        frame = Frame(inner.method.ref, outer.arguments, frame)
    if frame is None:
        return levels[0].arguments
    found = []
    for argument in levels[0].arguments:
        answers = resolver.resolve(argument, frame).values
        found.append(join(answers) if answers else argument)
    return tuple(found)


def _made_with(created: Created, made: Event, arguments: tuple[Value, ...]) -> Created:
    changed = msgspec.structs.replace(made, arguments=arguments)
    histories = tuple(tuple(changed if one == made else one for one in history) for history in created.histories)
    return msgspec.structs.replace(created, histories=histories)
