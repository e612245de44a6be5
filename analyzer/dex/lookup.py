"""Where the DEX files of an app name types, methods and fields: each file has tables and numbers of its own."""

from collections.abc import Sequence
from functools import cached_property

from analyzer.dex.file import DexFile
from analyzer.dex.mutf8 import encode_mutf8
from analyzer.dex.symbols import FieldRef, MethodRef

Place = tuple[DexFile, int]
"""A file, and an index into one of its tables."""

_CACHED = 1 << 16


class Lookup:
    """Finds names in all files of an app. Most names are in a few of many files: only those are looked at."""

    def __init__(self, files: Sequence[DexFile]) -> None:
        """Look in `files`."""
        self._files = files
        self._methods: dict[MethodRef, tuple[Place, ...]] = {}

    def types(self, descriptor: str) -> Sequence[Place]:
        """Return where files name a type, in the order of the files."""
        if self._are_complete:
            return self._naming.get(descriptor, ())
        return [(file, index) for file in self._files if (index := file.tables.find_type(descriptor)) is not None]

    def types_ending(self, text: str) -> tuple[str, ...]:
        """Return the descriptors of classes that end with `text`, sorted."""
        return tuple(name for name in self.types_containing(text) if name.endswith(text))

    def types_containing(self, text: str) -> tuple[str, ...]:
        """Return the descriptors of classes in which `text` occurs, sorted."""
        if self._are_complete:
            names, found, at = self._listed, set[str](), 0
            while (at := names.find(text, at)) >= 0:
                end = names.find("\n", at)
                found.add(names[names.rfind("\n", 0, at + 1) + 1 : end])
                at = end
            found.intersection_update(self._naming)
        else:
            tables = [file.strings for file in self._files]
            wanted = encode_mutf8(text)
            found = {table[index] for table in tables for index in table.containing(wanted)}
        return tuple(sorted(name for name in found if name.startswith("L")))

    def files_naming(self, descriptor: str | None) -> Sequence[DexFile]:
        """Return the files that name a type; all of them for None."""
        return self._files if descriptor is None else [file for file, _ in self.types(descriptor)]

    def methods(self, ref: MethodRef) -> tuple[Place, ...]:
        """Return where files name exactly this method."""
        known = self._methods.get(ref)
        if known is None:
            known = tuple(
                (file, index)
                for file in self.files_naming(ref.owner)
                for index in file.tables.find_methods(ref.owner, ref.name, ref.descriptor)
            )
            if len(self._methods) >= _CACHED:
                self._methods.clear()
            self._methods[ref] = known
        return known

    def fields(self, ref: FieldRef) -> Sequence[Place]:
        """Return where files name exactly this field."""
        return [
            (file, index)
            for file in self.files_naming(ref.owner)
            for index in file.tables.find_fields(ref.owner, ref.name, ref.type)
        ]

    def strings(self, text: str) -> Sequence[Place]:
        """Return where files hold a string."""
        return [(file, index) for file in self._files if (index := file.strings.find(text)) is not None]

    @cached_property
    def _listed(self) -> str:
        """The names of all types, one per line: searching one long text is faster than many short ones."""
        return "".join(f"{name}\n" for name in self._naming)

    @cached_property
    def _are_complete(self) -> bool:
        return all(file.tables.type_names.are_complete for file in self._files)

    @cached_property
    def _naming(self) -> dict[str, list[Place]]:
        naming: dict[str, list[Place]] = {}
        for file in self._files:
            for name, index in file.tables.type_names.names():
                naming.setdefault(name, []).append((file, index))
        return naming
