"""What several values of one moment are together: a host with its own pin, not with those of others."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from analyzer.dataflow.collection_models import NOT_PAIRED, in_order
from analyzer.dataflow.method_values import MethodValues
from analyzer.dataflow.question import NEVER, Frame, Question, Resolution
from analyzer.dataflow.rounds import counted, one_loop
from analyzer.dataflow.values import Value, walk
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
        if shared is None and (steps := _in_step(resolver, questions, parent, {**assumed, **fixed})):
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


def _in_step(
    resolver: "Resolver", questions: Sequence[Question], parent: Question | None, fixed: dict[object, Value]
) -> list[dict[object, Value]]:
    """Return what the element of an iterator and the index of a loop are together, or two of such elements.

    Both count the same rounds. Where it is not known what they are in each of them, neither is which belong together.
    """
    places = [place for question in questions for place in question.open if isinstance(place, tuple)]
    for place in places:
        if place[0] != "result" or (asked := _asked(resolver, place)) is None:
            continue
        body, iterated = asked
        _, ref, offset, frame = place
        for other in dict.fromkeys(places):
            following: tuple[Value, ...] | None
            if other[0] == "result" and other[1] == ref and other[2] != offset and other[3] is frame:
                others = _asked(resolver, other)
                if others is None or not one_loop(body, offset, other[2]):
                    continue
                following = _elements(resolver, others[1], frame, parent, fixed)
            elif other[0] == "index" and other[2] is frame:
                added = counted(other[1])
                if added is None or not one_loop(body, offset, added):
                    continue
                following = next(one.open[other] for one in questions if other in one.open)
            else:
                continue
            elements = _elements(resolver, iterated, frame, parent, fixed)
            if elements is None or following is None:
                return [{place: NOT_PAIRED}]
            return [{place: one, other: two} for one, two in zip(elements, following, strict=False)]
    return []


def _asked(resolver: "Resolver", place: tuple[object, ...]) -> tuple[MethodValues, Value] | None:
    """Return the method and the iterator of a place where one is asked for its next element; None for others."""
    ref, offset = place[1:3]
    method = resolver.program.resolve_method(ref) if isinstance(ref, MethodRef) else None
    values = None if method is None else resolver.evaluator.evaluate(method)
    call = values.calls.get(offset) if values is not None and isinstance(offset, int) else None
    if values is None or call is None or call.ref.name != "next" or not call.arguments:
        return None
    return values, call.arguments[0]


def _elements(
    resolver: "Resolver", iterated: Value, frame: Frame | None, parent: Question | None, fixed: dict[object, Value]
) -> tuple[Value, ...] | None:
    return in_order(resolver.reduce(iterated, frame, _question(resolver, parent, fixed), 0))
