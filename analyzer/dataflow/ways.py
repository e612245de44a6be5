"""The ways through a method to one call: what branches chose together stays together."""

from collections.abc import Mapping

import msgspec

from analyzer.dataflow.control import Branch
from analyzer.dataflow.evaluate import Call, Evaluator, MethodValues
from analyzer.dataflow.values import FieldValue, OneOf, Unknown, Value, walk
from analyzer.dex import DexMethod

_SEVERAL = 2
_MAX_WAYS = 64
"""Most combinations of branches that are looked at for one call."""


class _Allowed(msgspec.Struct):
    """Which numbers a value may be on one way."""

    only: frozenset[int] | None = None
    never: frozenset[int] = frozenset()

    @property
    def is_possible(self) -> bool:
        return self.only is None or bool(self.only - self.never)


def ways_to(evaluator: Evaluator, method: DexMethod, offset: int) -> tuple[Call, ...]:
    """Return the call at `offset`, once for each combination of branches that decides several of its arguments.

    Combinations that need one value to be two things at once are left out. One call with all possibilities when
    there are too many; none when the call never runs.
    """
    whole = _call(evaluator.evaluate(method), offset)
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
        values = evaluator.evaluate(method, ways=ways)
        call = _call(values, offset)
        if values is None or call is None or (ways and not _is_possible(values, offset)):
            continue
        merges = [one for one in values.merges if one.start <= offset and one.start not in ways]
        if merges and _open_arguments(call):
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
    """Say whether the branches that lead to an instruction can all go the way they have to."""
    leading = _leading_to(values.edges, values.block_of(offset))
    allowed: dict[Value, _Allowed] = {}
    ordered: dict[tuple[object, ...], bool] = {}
    for branch in values.branches:
        if branch.block not in leading:
            continue
        open_ = [target for target in branch.outcomes if branch.block in leading.get(target, ())]
        if len(open_) != 1 or not _is_steady(branch, values):
            continue
        outcome = branch.outcomes[open_[0]]
        if isinstance(outcome, bool):
            key = (branch.operation, *branch.operands)
            if ordered.setdefault(key, outcome) != outcome:
                return False
            continue
        subject, numbers = branch.operands[0], outcome.numbers
        known = allowed.setdefault(subject, _Allowed())
        if outcome.inside:
            known.only = numbers if known.only is None else known.only & numbers
        else:
            known.never |= numbers
        if not known.is_possible:
            return False
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


def _is_steady(branch: Branch, values: MethodValues) -> bool:
    """Say whether what a branch asks for is the same wherever the method asks again."""
    written = {store.ref for store in values.stores.values()}
    return not any(
        isinstance(part, Unknown | OneOf) or (isinstance(part, FieldValue) and part.ref in written)
        for operand in branch.operands
        for part in walk(operand)
    )
