"""The registry of judgements: named, typed functions that a rule's condition may call.

A judgement exists where a condition would need several facts at once, or arithmetic that CEL lacks.
"""

import datetime as dt
import re
from collections.abc import Callable, Hashable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

import msgspec

from analyzer.conditions.functions import Function, describe_function
from analyzer.model import AnalysisGap, Facts
from analyzer.options import ScanOptions

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_C = TypeVar("_C", bound=Callable[..., Any])
_T = TypeVar("_T")
_JUDGEMENTS: dict[str, Function] = {}


class Context(msgspec.Struct, frozen=True):
    """What a judgement may look at besides its arguments."""

    facts: Facts
    options: ScanOptions
    gaps: tuple[AnalysisGap, ...] = ()
    """What was not analysed, for judgements about the coverage itself."""

    memory: dict[Hashable, Any] = {}
    """What `once` has computed; of one evaluation, like the rest."""

    def once(self, key: Hashable, compute: Callable[[], _T]) -> _T:
        """Return what `compute` returns, computed on the first call with this key.

        For what a judgement needs for every fact alike: without it, many facts cost the square of their number.
        """
        if key not in self.memory:
            self.memory[key] = compute()
        found: _T = self.memory[key]
        return found

    @property
    def as_of(self) -> dt.datetime:
        """The instant (aware, UTC) against which dates are judged."""
        return self.options.as_of


def judgement(name: str) -> Callable[[_C], _C]:
    """Register a function under the name by which conditions call it.

    The function's types are declared by its annotations: ``bool``, ``int``, ``str``, ``bytes``, ``datetime``,
    a record, a ``tuple[…, ...]`` of these, or one of these ``| None``. A first parameter of type `Context` is
    supplied by the engine; a record parameter receives the record that the condition names, such as ``fact``.

    Raises:
        TypeError: A type is missing or cannot be passed.
        ValueError: The name is taken, or not in snake_case.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a judgement name: use snake_case")

    def register(function: _C) -> _C:
        if name in _JUDGEMENTS:
            raise ValueError(f"judgement {name} is registered twice")
        _JUDGEMENTS[name] = describe_function(name, function, context=Context)
        return function

    return register


def registered() -> Mapping[str, Function]:
    """Return every judgement that has been registered so far, by name."""
    return MappingProxyType(_JUDGEMENTS)
