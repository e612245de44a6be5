"""What several values of one moment are together: a host with its own pin, not with those of others."""

from collections import Counter
from collections.abc import Sequence

from analyzer.dataflow.question import NEVER, Frame, Question, Resolution
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import Value, walk


def resolve_together(
    resolver: Resolver, values: Sequence[Value], frame: Frame | None = None
) -> list[tuple[Resolution, ...]]:
    """Return what values of one moment are together, once for each possibility that several of them share.

    A host and its pin that come from one entry of a map, one index, one object or one caller stay together.
    What only one of them depends on is not told apart.
    """
    found: list[tuple[Resolution, ...]] = []
    waiting: list[dict[object, Value]] = [{}]
    while waiting:
        fixed = waiting.pop()
        questions = [Question(resolver.limits, fixed=fixed) for _ in values]
        reduced = [
            resolver.reduce(value, frame, question, 0) for value, question in zip(values, questions, strict=True)
        ]
        if fixed and any(part == NEVER for one in reduced for part in walk(one)):
            continue
        answers = tuple(question.answer(one) for question, one in zip(questions, reduced, strict=True))
        met = Counter(place for question in questions for place in question.open)
        shared = next((place for place, times in met.items() if times > 1), None)
        possible = () if shared is None else next(one.open[shared] for one in questions if shared in one.open)
        if shared is None or len(found) + len(waiting) + len(possible) > resolver.limits.results:
            found.append(answers)
        else:
            waiting += [{**fixed, shared: one} for one in reversed(possible)]
    return found
