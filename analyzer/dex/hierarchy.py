"""The classes of all DEX files of an app as one hierarchy."""

from collections import deque
from collections.abc import Iterable, Sequence

from analyzer.dex.classes import DexClass
from analyzer.dex.file import DexFile

_OBJECT = "Ljava/lang/Object;"
_MAX_SUPERTYPES = 1_000
"""Most supertypes of one class that are followed."""
_FEW = 32
"""Answers that are not longer than this are kept."""
_EDGES_PER_CLASS = 16
_FEW_EDGES = 1 << 20


class Hierarchy:
    """Which class extends and implements what.

    Of several definitions of a class the first one holds, in the order of the DEX files, as on a device.
    """

    def __init__(self, files: Sequence[DexFile]) -> None:
        """Read the class definitions of `files`."""
        self._definitions: dict[str, DexClass] = {}
        self.shadowed: list[DexClass] = []
        """Definitions that an earlier one of the same class hides: their code never runs."""
        self._supertypes: dict[str, tuple[str, ...]] = {}
        self._subtypes: dict[str, list[str]] = {}
        self._known_above: dict[str, tuple[str, ...]] = {}
        self._known_below: dict[str, tuple[str, ...]] = {}
        for file in files:
            self._add(file)

    def _add(self, file: DexFile) -> None:
        definitions, supertypes, subtypes = self._definitions, self._supertypes, self._subtypes
        columns = file.tables.classes
        rows = zip(file.tables.class_types.tolist(), columns[:, 2].tolist(), columns[:, 3].tolist(), strict=True)
        types = len(file.tables.type_strings)
        type_name = file.tables.type
        # Classes may share their lists of interfaces, so that all of them can be far longer than the file.
        edges_left = _FEW_EDGES + _EDGES_PER_CLASS * file.class_count
        for row, (type_index, superclass, interfaces) in enumerate(rows):
            if type_index < 0:
                continue
            name = type_name(type_index)
            if name in definitions:
                self.shadowed.append(DexClass(file, row))
                continue
            definitions[name] = DexClass(file, row)
            above: tuple[str, ...] = (type_name(superclass),) if superclass < types else ()
            if interfaces:
                above += file.interfaces(row)
                edges_left -= len(above)
                if edges_left < 0:
                    file.note("limit", "classes implement more interfaces than are read", file.class_count - row)
                    return
            supertypes[name] = above
            for supertype in above:
                subtypes.setdefault(supertype, []).append(name)

    @property
    def classes(self) -> Iterable[DexClass]:
        """All classes of the app, in the order of the DEX files."""
        return self._definitions.values()

    @property
    def definitions(self) -> Iterable[tuple[str, DexClass]]:
        """All classes of the app with their descriptors, in the order of the DEX files."""
        return self._definitions.items()

    def find(self, descriptor: str) -> DexClass | None:
        """Return the definition of a class; None when the app does not define it (the platform may)."""
        return self._definitions.get(descriptor)

    def direct_supertypes(self, descriptor: str) -> tuple[str, ...]:
        """Return the superclass, then the interfaces a class names; empty when the app does not define it."""
        return self._supertypes.get(descriptor, ())

    def direct_subtypes(self, descriptor: str) -> tuple[str, ...]:
        """Return the classes of the app that extend or implement a type; the type may be the platform's."""
        return tuple(self._subtypes.get(descriptor, ()))

    def supertypes_of(self, descriptor: str) -> tuple[str, ...]:
        """Return all supertypes that the app's classes name, nearest first, without the class itself.

        What a class of the platform extends is not known here: it ends the way up.
        """
        known = self._known_above.get(descriptor)
        if known is not None:
            return known
        above = _reach(descriptor, self._supertypes, _MAX_SUPERTYPES + 1)
        if len(above) <= _FEW:
            self._known_above[descriptor] = above
        if len(above) > _MAX_SUPERTYPES:
            definition = self._definitions[descriptor]
            definition.file.note("limit", "a class has more supertypes than are followed", at=definition.row)
        return above[:_MAX_SUPERTYPES]

    def subtypes_of(self, descriptor: str) -> tuple[str, ...]:
        """Return all classes of the app below a type, nearest first, without the type itself."""
        if descriptor not in self._subtypes:
            return ()
        known = self._known_below.get(descriptor)
        if known is None:
            known = _reach(descriptor, self._subtypes, len(self._definitions))
            if len(known) <= _FEW:
                self._known_below[descriptor] = known
        return known

    def is_subtype(self, descriptor: str, supertype: str) -> bool | None:
        """Say whether a class is, extends or implements `supertype`.

        None means that it cannot be told: a class above it is not part of the app, and may do so.
        """
        if descriptor == supertype or supertype == _OBJECT:
            return True
        above = self.supertypes_of(descriptor)
        if supertype in above:
            return True
        known = all(name in self._definitions or name == _OBJECT for name in (descriptor, *above))
        return False if known else None


def _reach(start: str, edges: dict[str, tuple[str, ...]] | dict[str, list[str]], limit: int) -> tuple[str, ...]:
    """Follow `edges` breadth first to at most `limit` names; a damaged file may hold cycles."""
    seen = {start}
    order: list[str] = []
    waiting = deque(edges.get(start, ()))
    while waiting and len(order) < limit:
        name = waiting.popleft()
        if name in seen:
            continue
        seen.add(name)
        order.append(name)
        waiting.extend(edges.get(name, ()))
    return tuple(order)
