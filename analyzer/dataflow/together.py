"""What several values of one moment are together: a host with its own pin, not with those of others."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from analyzer.dataflow.question import NEVER, Frame, Question, Resolution
from analyzer.dataflow.values import Computed, Number, OneOf, Value, walk
from analyzer.dex import MethodRef

if TYPE_CHECKING:
    from analyzer.dataflow.resolve import Resolver


def resolve_together(
    resolver: "Resolver", values: Sequence[Value], frame: Frame | None = None
) -> list[tuple[Resolution, ...]]:
    """Return what values of one moment are together, once for each possibility that several of them share.

    A host and its pin that come from one entry of a map, one index, one object or one caller stay together.
    What only one of them depends on is not told apart.
    """
    return [
        tuple(question.answer(one) for one, question in zip(reduced, questions, strict=True))
        for reduced, questions in reduce_together(resolver, values, frame)
    ]


def reduce_together(
    resolver: "Resolver",
    values: Sequence[Value],
    frame: Frame | None,
    parent: Question | None = None,
    depth: int = 0,
) -> Iterator[tuple[list[Value], list[Question]]]:
    """Yield reduced values with the questions that found them, as part of the question `parent` if there is one."""
    assumed = {} if parent is None else parent.fixed
    found = 0
    waiting: list[dict[object, Value]] = [{}]
    while waiting:
        fixed = waiting.pop()
        questions = [_question(resolver, parent, {**assumed, **fixed}) for _ in values]
        reduced = [
            resolver.reduce(value, frame, question, depth) for value, question in zip(values, questions, strict=True)
        ]
        if parent is not None:
            parent.work += sum(question.work for question in questions) - parent.work * len(questions)
            parent.evaluations = max(parent.evaluations, *(question.evaluations for question in questions))
        if fixed and any(part == NEVER for one in reduced for part in walk(one)):
            continue
        met = Counter(place for question in questions for place in question.open)
        shared = next((place for place, times in met.items() if times > 1), None)
        possible = () if shared is None else next(one.open[shared] for one in questions if shared in one.open)
        if shared is None and (steps := _in_step(resolver, questions)):
            waiting += [{**fixed, **step} for step in reversed(steps)]
        elif shared is None or found + len(waiting) + len(possible) > resolver.limits.results:
            found += 1
            if parent is not None and not fixed:
                for question in questions:
                    parent.open.update((place, one) for place, one in question.open.items() if place not in parent.open)
            yield reduced, questions
        else:
            waiting += [{**fixed, shared: one} for one in reversed(possible)]


def _question(resolver: "Resolver", parent: Question | None, fixed: dict[object, Value]) -> Question:
    if parent is None:
        return Question(resolver.limits, fixed=fixed)
    return Question(
        resolver.limits,
        work=parent.work,
        evaluations=parent.evaluations,
        trail=parent.trail,
        active=dict(parent.active),
        fixed=fixed,
    )


def _in_step(resolver: "Resolver", questions: Sequence[Question]) -> list[dict[object, Value]]:
    """Return what the element of an iterator and the index of a loop are together, or two of such elements.

    Both count the same rounds.
    """
    places = [place for question in questions for place in question.open if isinstance(place, tuple)]
    for place in places:
        if place[0] != "result":
            continue
        _, ref, offset, frame = place
        elements = next(one.open[place] for one in questions if place in one.open)
        for other in places:
            if other[0] == "result" and other[1] == ref and other[2] != offset and other[3] is frame:
                following = next(one.open[other] for one in questions if other in one.open)
                if len(following) == len(elements) and _one_loop(resolver, ref, offset, other[2], both_next=True):
                    return [{place: one, other: two} for one, two in zip(elements, following, strict=True)]
            if other[0] != "index" or other[2] is not frame:
                continue
            indices = next(one.open[other] for one in questions if other in one.open)
            added = _counted(other[1])
            if len(indices) == len(elements) and added is not None and _one_loop(resolver, ref, offset, added):
                return [{place: one, other: index} for one, index in zip(elements, indices, strict=True)]
    return []


def _counted(index: object) -> int | None:
    """Return where one is added to an index that begins at zero."""
    if not isinstance(index, OneOf) or Number(0) not in index.values:
        return None
    added = [one for one in index.values if isinstance(one, Computed)]
    if len(added) != 1 or added[0].operation != "add" or Number(1) not in added[0].operands:
        return None
    return added[0].offset


def _one_loop(resolver: "Resolver", ref: MethodRef, first: int, second: int, *, both_next: bool = False) -> bool:
    """Say whether two instructions run equally often: each way round passes both.

    The first asks an iterator for its next element; with `both_next` the second does so as well.
    """
    method = resolver.program.resolve_method(ref)
    values = None if method is None else resolver.evaluator.evaluate(method)
    call = None if values is None else values.calls.get(first)
    if values is None or call is None or call.ref.name != "next":
        return False
    if both_next and ((other := values.calls.get(second)) is None or other.ref.name != "next"):
        return False
    places = (values.block_of(first), values.block_of(second))
    if places[0] == places[1]:
        return True
    return all(
        _comes_back(values.edges, one, None) and not _comes_back(values.edges, one, other)
        for one, other in (places, places[::-1])
    )


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
