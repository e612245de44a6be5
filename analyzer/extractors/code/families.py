"""The classes that a class of the catalogue stands for in one app: itself, its copies and what is below them."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from analyzer.dex import FieldRef, MethodRef, Program

_FEW_CLASSES = 16
"""Members of this many classes are looked up one class after the other."""
_Ref = TypeVar("_Ref", MethodRef, FieldRef)


class Families:
    """The classes below those of the catalogue; most members of large apps have names that occur there, too."""

    def __init__(self, program: Program) -> None:
        """Look for classes in `program`."""
        self._program = program
        self._heads: dict[tuple[str, bool], frozenset[str]] = {}
        self._known: dict[tuple[str, bool], frozenset[str]] = {}

    def heads(self, wanted: str, relocated: bool) -> frozenset[str]:
        """Return a class and, if these count, its copies under other packages."""
        known = self._heads.get((wanted, relocated))
        if known is None:
            copies = self._program.copies_of(wanted) if relocated else ()
            known = self._heads[wanted, relocated] = frozenset((wanted, *copies))
        return known

    def of(self, wanted: str, relocated: bool) -> frozenset[str]:
        """Return a class, its copies under other packages if these count, and all classes below one of them."""
        known = self._known.get((wanted, relocated))
        if known is None:
            heads = self.heads(wanted, relocated)
            below = (name for head in heads for name in self._program.hierarchy.subtypes_of(head))
            known = self._known[wanted, relocated] = heads.union(below)
        return known


def named_in(refs: Callable[[str | None, str], tuple[_Ref, ...]], family: frozenset[str], name: str) -> Iterable[_Ref]:
    """Return the members with a name that code of the app names in one of the classes, sorted."""
    if len(family) <= _FEW_CLASSES:
        return sorted(ref for owner in family for ref in refs(owner, name))
    return [ref for ref in refs(None, name) if ref.owner in family]
