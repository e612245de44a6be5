"""Which methods use a method or create objects of a class: what following callers asks again and again."""

from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

from analyzer.dex.classes import DexMethod
from analyzer.dex.symbols import MethodRef
from analyzer.dex.users import Site, Users

_Name = TypeVar("_Name", MethodRef, str)
_CACHED = 1 << 18
"""Most answers that are kept, counting the methods in them."""


class _Known(NamedTuple):
    """The methods that use one thing."""

    plainly: tuple[DexMethod, ...]
    by_super: tuple[DexMethod, ...]
    """With a call of ``super``."""


class Callers:
    """Answers from `Users`, kept by name; of many names, those that are not known yet are searched for at once.

    The methods come in no useful order.
    """

    def __init__(self, users: Users) -> None:
        """Ask `users`."""
        self._users = users
        self._calling: dict[MethodRef, _Known] = {}
        self._creating: dict[str, _Known] = {}
        self._left = _CACHED

    def calling(
        self, refs: Iterable[MethodRef], super_counts: Callable[[MethodRef, DexMethod], bool] | None = None
    ) -> dict[DexMethod, None]:
        """Return the methods that call exactly these references, or make them into values.

        Args:
            refs: What is called.
            super_counts: Says of a reference whether a call of it through ``super`` in a method counts; all do
                without it.
        """
        found: dict[DexMethod, None] = {}
        for ref, known in self._of(self._calling, refs, self._users.callers_of):
            found.update(dict.fromkeys(known.plainly))
            for method in known.by_super:
                if super_counts is None or super_counts(ref, method):
                    found[method] = None
        return found

    def creating(self, types: Iterable[str]) -> dict[DexMethod, None]:
        """Return the methods that create objects of exactly these classes, or arrays of these types."""
        found = self._of(self._creating, types, self._users.creations_of)
        return {method: None for _, known in found for method in known.plainly}

    def _of(
        self, known: dict[_Name, _Known], names: Iterable[_Name], search: Callable[[Iterable[_Name]], tuple[Site, ...]]
    ) -> list[tuple[_Name, _Known]]:
        wanted = tuple(dict.fromkeys(names))
        missing = [name for name in wanted if name not in known]
        if missing:
            plainly: dict[object, dict[DexMethod, None]] = {name: {} for name in missing}
            by_super: dict[object, dict[DexMethod, None]] = {name: {} for name in missing}
            for site in search(missing):
                (by_super if site.is_super_call else plainly)[site.target][site.method] = None
            for name in missing:
                known[name] = _Known(tuple(plainly[name]), tuple(by_super[name]))
                self._left -= 1 + len(known[name].plainly) + len(known[name].by_super)
        found = [(name, known[name]) for name in wanted]
        if self._left < 0:
            self._calling.clear()
            self._creating.clear()
            self._left = _CACHED
        return found
