"""How control goes through one method: where branches part, what they ask for, and where they meet again."""

from collections.abc import Callable, Iterable
from functools import cached_property

import msgspec

from analyzer.dataflow.state import Cell, Def, Definition, Differences, Heap
from analyzer.dataflow.values import Number, OneOf, Value, alternatives
from analyzer.dex import Instruction, SwitchPayload

_FIRST_IF = 0x32
_FIRST_IF_ZERO = 0x38
_MOST_COMPARED = 100_000
"""How often choices are compared with what branches leave, for one call; above that, every branch may decide it."""
_STRAIGHT = frozenset({0, 2, 4})
"""Of ``eq ne lt ge gt le``, those that are not the opposite of the one before."""


class Merge(msgspec.Struct, frozen=True):
    """A place where branches meet, loops left out."""

    start: int
    """The block that follows, by the offset of its first instruction."""
    origins: tuple[int, ...]
    """The blocks that lead to it."""
    differences: Differences
    """What is not the same on the ways that meet there."""


class Numbered(msgspec.Struct, frozen=True):
    """What a branch tells of the number it asks for."""

    numbers: frozenset[int]
    inside: bool
    """Whether it is one of them."""


class Branch:
    """A branch that what is known of its operands does not decide."""

    def __init__(
        self,
        block: int,
        operation: str,
        outcomes: dict[int, bool | Numbered],
        operands: Callable[[], tuple[Value, ...]],
    ) -> None:
        """Describe the last instruction of `block`."""
        self.block = block
        self.operation = operation
        self.outcomes = outcomes
        """What holds in each block that may follow; a boolean says whether the comparison is true."""
        self._operands = operands

    @cached_property
    def operands(self) -> tuple[Value, ...]:
        """What is asked for, as it is when the method ends."""
        return self._operands()


class Control(msgspec.Struct, frozen=True):
    """How control goes through one method."""

    merges: tuple[Merge, ...]
    compared: dict[int, tuple[int, ...]]
    branches: tuple[Branch, ...]
    edges: dict[int, tuple[int, ...]]
    tested: frozenset[int]
    definitions: dict[int, Definition]
    objects: Heap
    """What happened to objects until the method ends."""

    def deciding(self, call: int) -> tuple[Merge, ...]:
        """Return those of `merges` on which the arguments of the call at an offset may depend, the receiver left out.

        They depend on what they are made of, and on what is put into that.
        """
        made = self.definitions.get(call)
        if made is None:
            return ()
        sites: set[int] = set()
        choices: set[frozenset[Value]] = set()
        waiting = list(made.operands if made.kind == "static" else made.operands[1:])
        while waiting:
            value = waiting.pop()
            if isinstance(value, OneOf):
                choices.add(frozenset(value.values))
            for one in alternatives(value):
                if not isinstance(one, Def) or one.offset in sites:
                    continue
                sites.add(one.offset)
                cell = self.objects.get(one.offset, Cell())
                changes = {offset for history in cell.histories for offset in history}
                for offset in {one.offset, *changes} - {call}:
                    waiting += self.definitions[offset].operands if offset in self.definitions else ()
        if len(choices) * len(self.merges) > _MOST_COMPARED:
            return self.merges
        return tuple(
            merge
            for merge in self.merges
            if not sites.isdisjoint(merge.differences.sites)
            or any(
                not isinstance(value, OneOf) or any(choice.issuperset(value.values) for choice in choices)
                for value in merge.differences.values
            )
        )


def cases(switch: Instruction, payload: SwitchPayload, targets: Iterable[int]) -> dict[int, bool | Numbered]:
    """Return what holds in each block after a switch."""
    keys: dict[int, set[int]] = {target: set() for target in targets}
    for key, relative in zip(payload.keys, payload.targets, strict=True):
        keys.setdefault(switch.offset + relative, set()).add(key)
    default = switch.offset + switch.units
    outcomes: dict[int, bool | Numbered] = {
        target: Numbered(frozenset(numbers), inside=True) for target, numbers in keys.items() if target != default
    }
    others = frozenset(payload.keys) - keys.get(default, set())
    outcomes[default] = Numbered(others, inside=False)
    return outcomes


def comparison(
    opcode: int, operands: list[Value | None], successors: tuple[int, ...]
) -> tuple[str, dict[int, bool | Numbered], list[Value | None]]:
    """Return a comparison in a form that its opposite shares, what holds after it, and what is compared."""
    kind = (opcode - _FIRST_IF) % 6
    if opcode >= _FIRST_IF_ZERO:
        operands = [*operands, Number(0)]
    taken, other = successors[:2]
    holds = kind in _STRAIGHT
    if kind < 2:
        number = next((one.value for one in operands if isinstance(one, Number)), None)
        if number is not None:
            subjects = [one for one in operands if one != Number(number)]
            same = frozenset({number})
            cases: dict[int, bool | Numbered] = {
                taken: Numbered(same, inside=holds), other: Numbered(same, inside=not holds)
            }  # fmt: skip
            return "equal", cases, subjects[:1] or operands
    name = ("equal", "equal", "less", "less", "greater", "greater")[kind]
    return name, {taken: holds, other: not holds}, operands
