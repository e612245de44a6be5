"""The ways through a method to one call: what branches chose together stays together."""

from collections.abc import Mapping

import msgspec

from analyzer.dataflow.control import Branch
from analyzer.dataflow.evaluate import Call, Evaluator, MethodValues
from analyzer.dataflow.values import (
    Created,
    FieldValue,
    Number,
    OneOf,
    Result,
    Text,
    Unknown,
    Value,
    alternatives,
    join,
    walk,
)
from analyzer.dex import DexMethod, FieldRef

_MAX_STEPS = 5_000
"""Most steps of looking for a way through a method."""
_STRING = "Ljava/lang/String;"
_SEVERAL = 2
_MAX_WAYS = 64
"""Most combinations of branches that are looked at for one call."""


class _Known(msgspec.Struct, frozen=True):
    """What branches on one way have told."""

    only: Mapping[Value, frozenset[int]] = {}
    """The numbers that a value is one of."""
    never: Mapping[Value, frozenset[int]] = {}
    """The numbers that a value is none of."""
    holds: Mapping[tuple[object, ...], bool] = {}
    """Comparisons of which is larger."""

    def after(self, branch: Branch, target: int) -> "_Known | None":
        """Return what is known when `branch` goes to `target`; None when it cannot."""
        outcome = branch.outcomes.get(target)
        operands = tuple(map(_whenever, branch.operands))
        if outcome is None:
            return self
        if isinstance(outcome, bool):
            key = (branch.operation, *operands)
            if self.holds.get(key, outcome) != outcome:
                return None
            return msgspec.structs.replace(self, holds={**self.holds, key: outcome})
        subject = operands[0]
        only, never = self.only.get(subject), self.never.get(subject, frozenset())
        if outcome.inside:
            only = outcome.numbers if only is None else only & outcome.numbers
        else:
            never |= outcome.numbers
        if only is not None and not only - never:
            return None
        told = self.only if only is None else {**self.only, subject: only}
        return msgspec.structs.replace(self, only=told, never={**self.never, subject: never})


def ways_to(
    evaluator: Evaluator, method: DexMethod, offset: int, parameters: Mapping[int, Value] | None = None
) -> tuple[Call, ...]:
    """Return the call at `offset`, once for each combination of branches that decides several of its arguments.

    `parameters` are taken to hold the constants that are given there. Combinations that need one value to be two
    things at once are left out. One call with all possibilities when there are too many; none when the call never
    runs.
    """
    whole = _call(evaluator.evaluate(method, parameters), offset)
    if whole is None:
        return ()
    if _open_arguments(whole) < _SEVERAL:
        return (whole,)
    found: dict[tuple[Value, ...], Call] = {}
    waiting: list[dict[int, int]] = [{}]
    for _ in range(_MAX_WAYS):
        if not waiting:
            return tuple(found.values())
        ways = waiting.pop()
        values = evaluator.evaluate(method, parameters, ways=ways)
        call = _call(values, offset)
        if values is None or call is None or (ways and not _is_possible(values, offset)):
            continue
        if not _open_arguments(call):
            found.setdefault(call.arguments, call)
            continue
        merges = [one for one in values.merges_deciding(offset) if one.start <= offset and one.start not in ways]
        if merges:
            last = merges[-1]
            waiting += [{**ways, last.start: origin} for origin in reversed(last.origins)]
        else:
            found.setdefault(call.arguments, call)
    return (whole,)


def _call(values: MethodValues | None, offset: int) -> Call | None:
    return None if values is None else values.calls.get(offset)


def _open_arguments(call: Call) -> int:
    """Count the arguments that may be several things; the combinations of two are of interest."""
    own = call.arguments if call.kind == "static" else call.arguments[1:]
    return sum(1 for argument in own if any(isinstance(part, OneOf) for part in walk(argument)))


def _is_possible(values: MethodValues, offset: int) -> bool:
    """Say whether control can get to an instruction without one value being two things at once; loops run once."""
    goal = values.block_of(offset)
    following: dict[int, list[int]] = {}
    for block, origins in _leading_to(values.edges, goal).items():
        for origin in origins:
            following.setdefault(origin, []).append(block)
    written = frozenset(store.ref for store in values.stores.values())
    branches = {one.block: one for one in values.branches if one.block in following and _is_steady(one, written)}
    waiting: list[tuple[int, frozenset[int], _Known]] = [(0, frozenset(), _Known())]
    for _ in range(_MAX_STEPS):
        if not waiting:
            return False
        block, passed, known = waiting.pop()
        if block == goal:
            return True
        branch = branches.get(block)
        for target in following.get(block, ()):
            if target in passed:
                continue
            then = known if branch is None else known.after(branch, target)
            if then is not None:
                waiting.append((target, passed | {block}, then))
    return True


def _leading_to(edges: Mapping[int, tuple[int, ...]], block: int) -> dict[int, tuple[int, ...]]:
    """Return the blocks from which control gets to `block`, each with those before it."""
    found: dict[int, tuple[int, ...]] = {}
    waiting = [block]
    while waiting:
        current = waiting.pop()
        if current not in found:
            found[current] = edges.get(current, ())
            waiting.extend(found[current])
    return found


def _whenever(value: Value) -> Value:
    """Return a value without what happened to its parts in between, which does not make it another one.

    Calls that are about texts alone lose their place: asking twice cannot make a difference. Values nest a limited
    number of times, and so does this.
    """
    match value:
        case OneOf(values=values):
            return join(map(_whenever, values))
        case Result(ref=ref, arguments=arguments):
            plain = msgspec.structs.replace(value, arguments=tuple(map(_whenever, arguments)), histories=((),))
            asks_text = ref.owner == _STRING or (value.kind == "static" and _is_text_only(plain))
            fixed = ref.return_type in ("Z", "I") and asks_text
            return msgspec.structs.replace(plain, offset=-1) if fixed else plain
        case FieldValue(base=base) if base is not None:
            return msgspec.structs.replace(value, base=_whenever(base))
        case Created():
            return msgspec.structs.replace(value, histories=((),))
    return value


def _is_text_only(result: Result) -> bool:
    """Say whether a call is about texts and numbers alone."""
    return bool(result.arguments) and all(
        isinstance(one, Text | Number) or (isinstance(one, Result) and one.ref.return_type == _STRING)
        for argument in result.arguments
        for one in alternatives(argument)
    )


def _is_steady(branch: Branch, written: frozenset[FieldRef]) -> bool:
    """Say whether what a branch asks for is the same wherever the method, which writes some fields, asks again."""
    return not any(
        isinstance(part, Unknown) or (isinstance(part, FieldValue) and part.ref in written)
        for operand in branch.operands
        for part in walk(operand)
    )
