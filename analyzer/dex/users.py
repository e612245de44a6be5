"""Who uses what, across all DEX files of an app."""

from collections.abc import Callable, Iterable, Sequence
from typing import Literal, TypeVar

import msgspec

from analyzer.dex.classes import DexClass, DexField, DexMethod
from analyzer.dex.code import HEADER_BYTES
from analyzer.dex.file import DexFile
from analyzer.dex.handles import HandleKind
from analyzer.dex.instructions import Instruction, decode
from analyzer.dex.lookup import Lookup, Place
from analyzer.dex.opcodes import CREATIONS, FIELD_READS, FIELD_WRITES, IndexKind
from analyzer.dex.references import Reference
from analyzer.dex.symbols import FieldRef, MethodRef

Via = Literal["instruction", "method-handle", "call-site"]
"""How an instruction refers to something: itself, or through a method handle or call site it names."""

_MAX_SITES = 4_000_000
"""Most sites of one question; methods that share code multiply what is in it."""
_INVOKE_SUPER = frozenset({0x6F, 0x75})
_READ_HANDLES: frozenset[HandleKind] = frozenset({"static-get", "instance-get"})
_WRITE_HANDLES: frozenset[HandleKind] = frozenset({"static-put", "instance-put"})


class Site(msgspec.Struct, frozen=True, gc=False):
    """An instruction that uses something."""

    method: DexMethod
    """Where it is. Methods that share their code have one site each."""
    offset: int
    """Code units from the start of the code."""
    target: MethodRef | FieldRef | str
    """What it names: a method, a field, the descriptor of a type, or the text of a string."""
    via: Via = "instruction"

    @property
    def is_super_call(self) -> bool:
        """Whether it is a call of ``super`` itself."""
        first = self.method.code_offset + HEADER_BYTES + 2 * self.offset
        return self.via == "instruction" and self.method.file.data[first] in _INVOKE_SUPER

    @property
    def instruction(self) -> Instruction:
        """The instruction itself, decoded alone.

        In damaged code it may stand behind the place where `CodeItem.instructions` ends.
        """
        file = self.method.file
        row = file.bodies.find(self.method.code_offset)
        assert row is not None, "a site is found in code that can be read"
        start, end = int(file.bodies.starts[row]), int(file.bodies.ends[row])
        # The longest instruction has five code units.
        return _moved(
            decode(file.bodies.units[start + self.offset : min(start + self.offset + 5, end)].tolist(), 0), self.offset
        )


Target = MethodRef | FieldRef | str
_Name = TypeVar("_Name", MethodRef, FieldRef, str)


class Users:
    """Finds uses; many things at once cost little more than one. Sites come in the order of the files."""

    def __init__(self, files: Sequence[DexFile], lookup: Lookup, shadowed: Iterable[DexClass]) -> None:
        """Search `files`, leaving out the `shadowed` definitions, which another of the same class hides."""
        self._files = files
        self._lookup = lookup
        self._hidden = frozenset(shadowed)

    def callers_of(self, methods: Iterable[MethodRef]) -> tuple[Site, ...]:
        """Return the calls of exactly these references, and where they are made into values.

        Calls through a subclass or supertype name another reference, see `Program.refs_reaching`.
        """
        return self._sites("method", _by_file(methods, self._lookup.methods))

    def readers_of(self, fields: Iterable[FieldRef]) -> tuple[Site, ...]:
        """Return the reads of exactly these references."""
        return self._sites("field", _by_file(fields, self._lookup.fields), FIELD_READS, _READ_HANDLES)

    def writers_of(self, fields: Iterable[FieldRef]) -> tuple[Site, ...]:
        """Return the writes of exactly these references; initial values of static fields are none."""
        return self._sites("field", _by_file(fields, self._lookup.fields), FIELD_WRITES, _WRITE_HANDLES)

    def loads_of(self, strings: Iterable[str]) -> tuple[Site, ...]:
        """Return where these strings are loaded; see `initialised_with` for static fields that hold them."""
        return self._sites("string", _by_file(strings, self._lookup.strings))

    def uses_of(self, types: Iterable[str]) -> tuple[Site, ...]:
        """Return where types (descriptors) are created, cast to, tested for, or made into values."""
        return self._sites("type", _by_file(types, self._lookup.types))

    def creations_of(self, types: Iterable[str]) -> tuple[Site, ...]:
        """Return where objects of exactly these classes, or arrays of these types, are created."""
        return self._sites("type", _by_file(types, self._lookup.types), CREATIONS)

    def initialised_with(self, strings: Iterable[str]) -> tuple[DexField, ...]:
        """Return the static fields whose initial value is one of `strings`."""
        wanted = frozenset(strings)
        found = []
        for file in self._files:
            for row in (file.tables.classes[:, 7] != 0).nonzero()[0].tolist():
                values = file.static_values(row)
                if any(value.kind == "string" and value.value in wanted for value in values):
                    definition = DexClass(file, row)
                    if definition in self._hidden:
                        continue
                    found += [
                        field
                        for field, value in zip(definition.fields, values, strict=False)
                        if value.kind == "string" and value.value in wanted
                    ]
        return tuple(found)

    def _sites(
        self,
        kind: IndexKind,
        places: dict[DexFile, dict[int, Target]],
        opcodes: frozenset[int] | None = None,
        handles: frozenset[HandleKind] | None = None,
    ) -> tuple[Site, ...]:
        sites: list[Site] = []
        for file in self._files:
            wanted = places.get(file)
            if wanted is None:
                continue
            direct = [
                (reference, wanted[reference.target], "instruction")
                for reference in file.references.users(kind, wanted, opcodes)
            ]
            indirect = self._indirect(file, kind, wanted, handles) if opcodes != CREATIONS else []
            found: list[tuple[Reference, Target, Via]] = [*direct, *indirect]  # type: ignore[list-item]
            found.sort(key=lambda use: (use[0].body, use[0].offset))
            methods: list[DexMethod] = []
            body = -1
            for reference, target, via in found:
                if reference.body != body:
                    body = reference.body
                    methods = [
                        method
                        for method in (DexMethod(file, row) for row in file.bodies.methods_of(body))
                        if not self._hidden or method.owner not in self._hidden
                    ]
                if len(sites) + len(methods) > _MAX_SITES:
                    file.note("limit", "something is used more often than is listed")
                    return tuple(sites)
                sites += [Site(method, reference.offset, target, via) for method in methods]
        return tuple(sites)

    def _indirect(
        self,
        file: DexFile,
        kind: IndexKind,
        wanted: dict[int, Target],
        handles: frozenset[HandleKind] | None,
    ) -> list[tuple[Reference, Target, Via]]:
        """Find uses through method handles, and through the arguments of call sites."""
        by_handle = {
            number: wanted[handle.target_index]
            for number, handle in enumerate(file.method_handles)
            if handle is not None
            and handle.is_field == (kind == "field")
            and kind in ("field", "method")
            and handle.target_index in wanted
            and (handles is None or handle.kind in handles)
        }
        by_call_site: dict[int, dict[Target, None]] = {}
        for number, arguments in enumerate(file.call_sites):
            for argument in arguments:
                if argument.kind == "method-handle" and argument.index in by_handle:
                    by_call_site.setdefault(number, {})[by_handle[argument.index]] = None
                elif argument.kind == kind and argument.index in wanted:
                    by_call_site.setdefault(number, {})[wanted[argument.index]] = None
        found: list[tuple[Reference, Target, Via]] = []
        if by_handle:
            uses = file.references.users("method-handle", by_handle)
            found += ((use, by_handle[use.target], "method-handle") for use in uses)
        if by_call_site:
            uses = file.references.users("call-site", by_call_site)
            found += ((use, target, "call-site") for use in uses for target in by_call_site[use.target])
        return found


def _by_file(
    names: Iterable[_Name], find: Callable[[_Name], Iterable[Place]]
) -> dict[DexFile, dict[int, MethodRef | FieldRef | str]]:
    """Return what is looked for in each file, by its index there."""
    found: dict[DexFile, dict[int, Target]] = {}
    for name in dict.fromkeys(names):
        for file, index in find(name):
            found.setdefault(file, {})[index] = name
    return found


def _moved(instruction: Instruction, offset: int) -> Instruction:
    """Give an instruction that was decoded alone its place."""
    target = instruction.target
    return Instruction(
        instruction.offset + offset,
        instruction.opcode,
        instruction.units,
        instruction.registers,
        instruction.literal,
        instruction.index,
        instruction.proto,
        None if target is None else target + offset,
    )
