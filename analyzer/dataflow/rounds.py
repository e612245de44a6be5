"""The rounds of a loop, one by one: what iterators and indices that move together give in each of them."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

from analyzer.dataflow.collection_models import NOT_PAIRED, in_order
from analyzer.dataflow.question import Frame, Question
from analyzer.dataflow.values import (
    Computed,
    Element,
    FieldValue,
    Number,
    OneOf,
    Parameter,
    Result,
    Value,
    walk,
)
from analyzer.dex import DexMethod, MethodRef

if TYPE_CHECKING:
    from analyzer.dataflow.method_values import MethodValues
    from analyzer.dataflow.resolve import Resolver

_ANY_METHOD = MethodRef("", "", "()V")
"""The method of a frame that stands for any call."""
_INDEXED = frozenset({"get", "elementAt"})


class Rounds(msgspec.Struct, frozen=True):
    """The rounds of the loops that something is done in."""

    frames: tuple[Frame, ...]
    """One for each round: what the values of the method are in it."""
    ordered: bool
    """True when it is done in each round once, in this order."""


class _Source(msgspec.Struct, frozen=True):
    """What moves on in each round: an iterator, or an index."""

    key: object
    """As `Frame.told` names it."""
    offset: int
    """Of the instruction that moves it on."""
    containers: tuple[Value, ...]
    """What is iterated, or indexed."""
    is_index: bool


def rounds_of(
    resolver: "Resolver",
    method: MethodRef,
    offset: int,
    values: Sequence[Value],
    frame: Frame | None,
    question: Question,
    depth: int,
) -> Rounds | None:
    """Return the rounds in which the instruction at `offset` uses `values`.

    None when these do not depend on the round, or when it is not known what there is in each of them.
    """
    definition = resolver.program.resolve_method(method)
    body = None if definition is None else resolver.evaluate(definition, question)
    sources = _sources(method, values)
    if body is None or not sources:
        return None
    # What is inside of others is moved on by the outer loops.
    groups = _groups(body, sources)
    found: list[dict[object, Value]] = [{}]
    ordered = True
    for group in groups:
        following: list[dict[object, Value]] = []
        for told in found:
            steps = _steps(resolver, group, _frame(frame, told), question, depth)
            if steps is None and len(group) == 1:
                return None
            known = steps if steps is not None else [{group[0].key: NOT_PAIRED}]
            ordered = ordered and steps is not None
            following += [{**told, **step} for step in known]
        found = following
        if len(found) > resolver.limits.results:
            return None
    ordered = ordered and all(_are_nested(body, one, two) for one, two in pairwise(groups))
    ordered = ordered and one_loop(body, groups[-1][0].offset, offset)
    return Rounds(tuple(_frame(frame, told) for told in found), ordered)


def _frame(frame: Frame | None, told: Mapping[object, Value]) -> Frame:
    if frame is None:
        return Frame(_ANY_METHOD, (), None, told)
    return Frame(frame.method, frame.arguments, frame.parent, {**frame.told, **told})


def _sources(method: MethodRef, values: Sequence[Value]) -> list[_Source]:
    """Return what moves on in `values`; what the container of another depends on comes first."""
    found: dict[object, _Source] = {}
    for value in values:
        for part in walk(value):
            source = _source(method, part)
            if source is None:
                continue
            before = found.pop(source.key, None)
            inside = () if before is None else before.containers
            found[source.key] = msgspec.structs.replace(
                source, containers=tuple(dict.fromkeys((*inside, *source.containers)))
            )
    return list(reversed(found.values()))


def _source(method: MethodRef, part: Value) -> _Source | None:
    match part:
        case Result(method=place, ref=ref, offset=offset, arguments=(container, *others)) if place == method:
            if ref.name == "next" and not others:
                return _Source((method, offset), offset, (container,), is_index=False)
            if ref.name in _INDEXED and ref.parameters == ("I",) and (at := counted(others[0])) is not None:
                return _Source(others[0], at, (container,), is_index=True)
        case Element(array=array, index=index) if (at := counted(index)) is not None:
            return _Source(index, at, (array,), is_index=True)
        case OneOf() if (at := counted(part)) is not None:
            return _Source(part, at, (), is_index=True)
    return None


def _groups(body: "MethodValues", sources: list[_Source]) -> list[list[_Source]]:
    """Put together what moves on in the same rounds."""
    groups: list[list[_Source]] = []
    for source in sources:
        for group in groups:
            together = one_loop(body, group[0].offset, source.offset)
            # What is neither in the same rounds nor in a loop of its own may skip some: nothing is known of its pairs.
            if together or not any(
                _are_nested(body, [one], [two]) for one, two in ((group[0], source), (source, group[0]))
            ):
                group.append(source if together else msgspec.structs.replace(source, containers=()))
                break
        else:
            groups.append([source])
    return groups


def _are_nested(body: "MethodValues", outer: list[_Source], inner: list[_Source]) -> bool:
    """Say whether one loop runs inside a round of another."""
    one, two = body.block_of(outer[0].offset), body.block_of(inner[0].offset)
    return one != two and _comes_back(body.edges, two, one)


def _steps(
    resolver: "Resolver", group: list[_Source], frame: Frame, question: Question, depth: int
) -> list[dict[object, Value]] | None:
    """Return what a group is in each round; None when that is not known."""
    lists: list[tuple[Value, ...] | None] = []
    for source in group:
        contents = [in_order(resolver.reduce(one, frame, question, depth + 1)) for one in source.containers]
        known = [one for one in contents if one is not None]
        if len(known) < len(contents) or (not contents and not source.is_index):
            return None
        if source.is_index:
            lists.append(tuple(map(Number, range(min(map(len, known))))) if known else None)
        else:
            lists.append(known[0])
    lengths = [len(one) for one in lists if one is not None]
    if not lengths or min(lengths) > resolver.limits.results:
        return None
    return [
        {source.key: Number(place) if one is None else one[place] for source, one in zip(group, lists, strict=True)}
        for place in range(min(lengths))
    ]


def counted(index: Value) -> int | None:
    """Return where one is added to an index that begins at zero; None for other values."""
    if not isinstance(index, OneOf) or Number(0) not in index.values:
        return None
    added = [one for one in index.values if isinstance(one, Computed)]
    if len(added) != 1 or added[0].operation != "add" or Number(1) not in added[0].operands:
        return None
    return added[0].offset


def one_loop(body: "MethodValues", first: int, second: int) -> bool:
    """Say whether two instructions run equally often: each way round passes both."""
    places = (body.block_of(first), body.block_of(second))
    if places[0] == places[1]:
        return True
    return all(
        _comes_back(body.edges, one, None) and not _comes_back(body.edges, one, other)
        for one, other in (places, places[::-1])
    )


def is_repeated(body: "MethodValues", offset: int) -> bool:
    """Say whether an instruction is in a loop."""
    return _comes_back(body.edges, body.block_of(offset), None)


def _comes_back(edges: Mapping[int, tuple[int, ...]], block: int, avoided: int | None) -> bool:
    """Say whether control can come from a block to itself without passing another."""
    seen: set[int] = set()
    waiting = list(edges.get(block, ()))
    while waiting:
        current = waiting.pop()
        if current == block:
            return True
        if current not in seen and current != avoided:
            seen.add(current)
            waiting.extend(edges.get(current, ()))
    return False


def counting_rounds(
    resolver: "Resolver", target: DexMethod, body: "MethodValues", inner: Frame, question: Question, depth: int
) -> tuple[Frame, ...] | None:
    """Return the rounds of an iterator that counts what another one gives, as Kotlin's ``withIndex`` makes it.

    None for other methods. Its ``next`` adds one to a number in a field, and asks the other iterator once.
    """
    if target.ref.name != "next" or target.ref.parameters:
        return None
    counters = [
        part
        for store in body.stores.values()
        if isinstance(store.value, Computed) and store.value.operation == "add" and Number(1) in store.value.operands
        for part in store.value.operands
        if isinstance(part, FieldValue) and part.ref == store.ref and isinstance(part.base, Parameter)
    ]
    asked = {
        part.offset: part
        for value in body.returns
        for part in walk(value)
        if isinstance(part, Result) and part.ref.name == "next" and part.method == target.ref
    }
    if len(counters) != 1 or len(asked) != 1:
        return None
    (iterated,) = asked.values()
    elements = in_order(resolver.reduce(iterated.arguments[0], inner, question, depth + 1))
    key = (iterated.method, iterated.offset)
    if elements is None:
        # A number that is not known must not be taken for any number beside each element.
        return (_frame(inner, {key: NOT_PAIRED}),)
    return tuple(_frame(inner, {key: one, counters[0]: Number(place)}) for place, one in enumerate(elements))
