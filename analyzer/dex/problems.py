"""What was wrong with a DEX file, and which facts that may hide."""

from collections.abc import Iterable
from typing import Literal

from analyzer.model import AnalysisGap, FactKind
from analyzer.model.base import Record

ProblemKind = Literal[
    "header", "map", "string", "type", "proto", "field", "method", "class", "class-data", "code", "value", "limit"
]
"""The part of a DEX file that is damaged; ``limit`` means that a part was too large to be read."""

CODE_FACTS: tuple[FactKind, ...] = ("pin", "callback", "certificate", "sdk", "host", "code")
"""The kinds of facts that are read from bytecode."""

_SHOWN_PROBLEMS = 5


class DexProblem(Record, frozen=True, kw_only=True):
    """Something in a DEX file that could not be read as it stands."""

    entry: str
    """The container entry of the DEX file."""
    kind: ProblemKind
    detail: str
    """What is wrong, in a few words without a number: equal details are counted together."""
    count: int
    """How many items it concerns."""


class ProblemLog:
    """Collects the problems of one DEX file; equal ones are counted, so that its size is bounded."""

    def __init__(self, entry: str) -> None:
        """Start an empty log for the DEX file in `entry`."""
        self.entry = entry
        self._counts: dict[tuple[ProblemKind, str], int] = {}
        self._places: set[tuple[str, int]] = set()

    def note(self, kind: ProblemKind, detail: str, count: int = 1, at: int | None = None) -> None:
        """Record that `count` items are damaged in the same way; nothing when `count` is 0.

        The same damage at the same place `at` counts once, however often it is met.
        """
        if at is not None:
            if (detail, at) in self._places:
                return
            self._places.add((detail, at))
        if count > 0:
            self._counts[kind, detail] = self._counts.get((kind, detail), 0) + count

    @property
    def problems(self) -> tuple[DexProblem, ...]:
        """What was recorded so far, in order of first occurrence."""
        return tuple(
            DexProblem(entry=self.entry, kind=kind, detail=detail, count=count)
            for (kind, detail), count in self._counts.items()
        )


def gaps_of(problems: Iterable[DexProblem]) -> tuple[AnalysisGap, ...]:
    """Return one gap per DEX file and reason, naming what was lost."""
    grouped: dict[tuple[str, bool], list[DexProblem]] = {}
    for problem in problems:
        grouped.setdefault((problem.entry, problem.kind == "limit"), []).append(problem)
    return tuple(
        AnalysisGap(
            stage="code",
            reason="limit" if limit else "unreadable",
            subject=entry,
            detail=_sentence(found, limit),
            hides=CODE_FACTS,
            incomplete=True,
        )
        for (entry, limit), found in grouped.items()
    )


def _sentence(problems: list[DexProblem], limit: bool) -> str:
    parts = [f"{problem.detail} ({problem.count:,}×)" for problem in problems[:_SHOWN_PROBLEMS]]
    if len(problems) > _SHOWN_PROBLEMS:
        parts.append(f"and {len(problems) - _SHOWN_PROBLEMS} more kinds of damage")
    lead = "A limit kept code from being read" if limit else "The DEX file is damaged and was read in part"
    return f"{lead}: {'; '.join(parts)}."
