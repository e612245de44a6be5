"""Branches on one path: which conditions each way out of them stands for, and which ways are still possible."""

from analyzer.dataflow.path_model import Caught, Condition, Frame, Operator
from analyzer.dataflow.terms import NOTHING
from analyzer.dataflow.values import (
    ClassName,
    Computed,
    Created,
    Items,
    Number,
    Result,
    Text,
    Unknown,
    Value,
    walk,
)
from analyzer.dex import CodeItem, Instruction, MethodRef, SwitchPayload

_OPERATORS: tuple[Operator, ...] = ("eq", "ne", "lt", "ge", "gt", "le")
OPPOSITE: dict[Operator, Operator] = {"eq": "ne", "ne": "eq", "lt": "ge", "ge": "lt", "gt": "le", "le": "gt"}
"""What holds where a comparison does not."""
_TEXTS = frozenset(f"Ljava/lang/{name};" for name in ("String", "StringBuilder", "StringBuffer"))
_FIRST_IF = 0x32
_FIRST_IF_ZERO = 0x38
Choice = tuple[int, tuple[Condition, ...]]
"""Where it goes on, and what holds there."""


def outcomes(branch: Instruction, values: list[Value], successors: tuple[int, ...], frame: Frame) -> list[Choice]:
    """Return both ways of an ``if``."""
    left = values[0]
    right: Value = values[1] if branch.opcode < _FIRST_IF_ZERO else Number(0)
    operator = _OPERATORS[(branch.opcode - _FIRST_IF) % 6]
    if isinstance(left, Computed) and left.operation == "cmp" and right == Number(0):
        left, right = left.operands
    if isinstance(left, Number) and not isinstance(right, Number) and operator in ("eq", "ne"):
        left, right = right, left
    taken = Condition(left, operator, right, frame, branch.offset)
    other = Condition(left, OPPOSITE[operator], right, frame, branch.offset)
    return [(successors[1], (other,)), (successors[0], (taken,))]


def cases(code: CodeItem, switch: Instruction, value: Value, frame: Frame) -> list[Choice]:
    """Return the ways of a switch, the default last."""
    payload = code.payload(switch)
    if not isinstance(payload, SwitchPayload):
        return []
    choices: list[Choice] = [
        (switch.offset + target, (Condition(value, "eq", Number(key), frame, switch.offset),))
        for key, target in zip(payload.keys, payload.targets, strict=True)
    ]
    others = tuple(Condition(value, "ne", Number(key), frame, switch.offset) for key in payload.keys)
    choices.append((switch.offset + switch.units, others))
    return choices


class Facts:
    """What the branches of one path have decided so far."""

    def __init__(self) -> None:
        """Know nothing."""
        self._known: dict[tuple[Value, Value], dict[Operator, bool]] = {}

    def copy(self) -> "Facts":
        """Return a copy that can be changed on its own."""
        other = Facts()
        other._known = {pair: one.copy() for pair, one in self._known.items()}
        return other

    def not_null(self, value: Value) -> None:
        """Note that a reference is not null."""
        if not isinstance(value, Number | Unknown):
            self._known.setdefault((value, Number(0)), {})["eq"] = False

    def add(self, condition: Condition) -> None:
        """Note that `condition` holds; nothing is kept about values that are not told apart."""
        if _constant(condition) is None and not _vague(condition.left) and not _vague(condition.right):
            key, operator = _canonical(condition)
            self._known.setdefault((condition.left, condition.right), {})[key] = operator

    def known(self, condition: Condition) -> bool:
        """Say whether `condition` follows from constants or from what was decided before."""
        return self._decide(condition) is True

    def allows(self, condition: Condition) -> bool:
        """Say whether `condition` may hold."""
        return self._decide(condition) is not False

    def forget(self, method: MethodRef, offset: int) -> None:
        """Drop what was decided about the result of a call that is made again."""
        for pair in list(self._known):
            for value in pair:
                if any(
                    isinstance(one, Result) and one.offset == offset and one.method == method for one in walk(value)
                ):
                    del self._known[pair]
                    break

    def _decide(self, condition: Condition) -> bool | None:
        constant = _constant(condition)
        if constant is not None:
            return constant
        key, wanted = _canonical(condition)
        held = self._known.get((condition.left, condition.right), {}).get(key)
        if held is not None:
            return held is wanted
        if key == "eq" and isinstance(condition.right, Number):
            return self._by_other_numbers(condition.left, condition.right, wanted)
        return None

    def _by_other_numbers(self, left: Value, right: Number, wanted: bool) -> bool | None:
        """Decide an equality by the other numbers that a value was compared with."""
        for (value, other), decided in self._known.items():
            if value != left or not isinstance(other, Number) or "eq" not in decided:
                continue
            if decided["eq"]:
                return (other == right) is wanted
            if other == Number(0) and right == Number(1) and _is_boolean(left):
                return wanted
        return None


def _canonical(condition: Condition) -> tuple[Operator, bool]:
    """Return the positive operator, and whether it holds."""
    negative: dict[Operator, Operator] = {"ne": "eq", "ge": "lt", "le": "gt"}
    positive = negative.get(condition.operator)
    return (condition.operator, True) if positive is None else (positive, False)


def _constant(condition: Condition) -> bool | None:
    """Decide a condition on constants, and on objects that are certainly not null."""
    left, right = condition.left, condition.right
    if isinstance(left, Number) and isinstance(right, Number):
        one, other = left.value, right.value
        return {
            "eq": one == other, "ne": one != other, "lt": one < other,
            "ge": one >= other, "gt": one > other, "le": one <= other,
        }[condition.operator]  # fmt: skip
    if right == Number(0) and (isinstance(left, Created | Items | Text | ClassName | Caught) or _is_text(left)):
        return {"eq": False, "ne": True}.get(condition.operator)
    return None


def _is_text(value: Value) -> bool:
    """Say whether a value is what a method of a text or of its builder returns, which is never null (Java SE 8)."""
    return isinstance(value, Result) and value.ref.owner in _TEXTS and value.ref.return_type[0] in "L["


def _vague(value: Value) -> bool:
    return value == NOTHING or any(isinstance(one, Unknown) for one in walk(value))


def _is_boolean(value: Value) -> bool:
    return isinstance(value, Result) and value.ref.return_type == "Z"
