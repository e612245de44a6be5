"""One DEX file: its tables, classes, code and references, read from bytes."""

from functools import cached_property

import numpy as np

from analyzer.dex.bodies import Bodies
from analyzer.dex.code import CodeItem, TableSizes
from analyzer.dex.errors import DamagedItem, DexError
from analyzer.dex.handles import DynamicTables, MethodHandle
from analyzer.dex.header import Header, header_offsets, read_header
from analyzer.dex.members import Members
from analyzer.dex.opcodes import IndexKind
from analyzer.dex.problems import DexProblem, ProblemKind, ProblemLog
from analyzer.dex.references import ReferenceIndex
from analyzer.dex.strings import StringTable
from analyzer.dex.symbols import UNREADABLE, FieldRef, MethodRef
from analyzer.dex.tables import NO_INDEX, IdTables
from analyzer.dex.values import EncodedValue, ValueBudget, ValueKind, read_array
from analyzer.options import Limits

_CACHED_BODIES = 4_096
_VALUE_DEPTH = 64


class DexFile:
    """A DEX file. What is damaged is left out and listed in `problems`; the rest can be used."""

    def __init__(self, data: bytes, header: Header, limits: Limits, log: ProblemLog) -> None:
        """Open the tables that `header` describes; use `parse`."""
        self.entry = log.entry
        """The container entry it comes from."""
        self.loaded_at_run_time = False
        """Whether it is no part of the app's own code, but a file that the app may load when it runs."""
        self.data = data
        self.header = header
        self._limits = limits
        self._log = log
        self.tables = IdTables(data, header, limits.dex_rows, limits.dex_string_bytes, log)
        self.strings: StringTable = self.tables.strings
        self.members = Members(data, self.tables, limits.dex_rows, log)
        self.bodies = Bodies(data, self.members, limits.method_units, log)
        self._dynamic = DynamicTables(data, header, self.tables, log)
        self._code: dict[int, CodeItem] = {}
        self._values: dict[int, tuple[EncodedValue, ...]] = {}
        self._value_budget = ValueBudget(len(data))

    @classmethod
    def parse(cls, data: bytes, entry: str, limits: Limits | None = None) -> tuple["DexFile", ...]:
        """Read the DEX file in `data`; or all of them, when it is a container of version 041.

        Raises:
            DexError: The (first) header is unusable.
        """
        limits = limits or Limits()
        log = ProblemLog(entry)
        if len(data) > limits.dex_bytes:
            raise DexError(f"{entry}: {len(data):,} bytes are more than the {limits.dex_bytes:,} a DEX file may have")
        first, *others = header_offsets(data, log)
        files = [cls(data, read_header(data, first, log), limits, log)]
        for offset in others:
            log = ProblemLog(entry)
            try:
                header = read_header(data, offset, log)
            except DexError:
                files[0].note("header", "a DEX file in the container has an unusable header")
                continue
            files.append(cls(data, header, limits, log))
        return tuple(files)

    @property
    def problems(self) -> tuple[DexProblem, ...]:
        """What was found damaged so far; decoding more code may find more."""
        return self._log.problems

    @property
    def class_count(self) -> int:
        """How many classes it defines."""
        return len(self.tables.classes)

    @property
    def method_handles(self) -> tuple[MethodHandle | None, ...]:
        """The method handles by index; None for a damaged one."""
        return self._dynamic.method_handles

    @cached_property
    def references(self) -> ReferenceIndex:
        """Who refers to what."""
        return ReferenceIndex(self.bodies, self._sizes)

    @cached_property
    def call_sites(self) -> tuple[tuple[EncodedValue, ...], ...]:
        """The arguments of each call site: method handle, name and type first; empty for a damaged one."""
        return tuple(self.array_at(offset) for offset in self._dynamic.call_sites)

    def note(self, kind: ProblemKind, detail: str, count: int = 1, at: int | None = None) -> None:
        """Add to `problems`; the same damage at the same place counts once."""
        self._log.note(kind, detail, count, at)

    def type(self, index: int) -> str:
        """Return a type's descriptor."""
        return self.tables.type(index)

    def method(self, index: int) -> MethodRef:
        """Return what a method index stands for."""
        return self.tables.method(index)

    def field(self, index: int) -> FieldRef:
        """Return what a field index stands for."""
        return self.tables.field(index)

    def superclass(self, definition: int) -> str | None:
        """Return the superclass of a class definition; None for ``java.lang.Object``."""
        index = int(self.tables.classes[definition, 2])
        return None if index == NO_INDEX else self.type(index)

    def interfaces(self, definition: int) -> tuple[str, ...]:
        """Return the interfaces a class definition names itself."""
        offset = int(self.tables.classes[definition, 3])
        try:
            return tuple(map(self.type, self.tables.type_list(offset)))
        except DamagedItem as damage:
            self._log.note("class", str(damage), at=offset)
            return ()

    def static_values(self, definition: int) -> tuple[EncodedValue, ...]:
        """Return the initial values of the first static fields of a class definition; the others start as zero."""
        return self.array_at(int(self.tables.classes[definition, 7]))

    def array_at(self, offset: int) -> tuple[EncodedValue, ...]:
        """Return the encoded array at `offset`; empty for offset 0 and for a damaged one."""
        if offset == 0:
            return ()
        known = self._values.get(offset)
        if known is None:
            try:
                # Each value takes a byte at least; only arrays that overlap can hold more than the file has bytes.
                known = read_array(self.data, offset, self.resolve, _VALUE_DEPTH, self._value_budget)
            except DamagedItem as damage:
                self._log.note("value", str(damage), at=offset)
                known = ()
            self._values[offset] = known
        return known

    def resolve(self, kind: IndexKind | ValueKind, index: int) -> "int | str | FieldRef | MethodRef":
        """Return what an index of an instruction or encoded value stands for."""
        match kind:
            case "string":
                return self.strings[index]
            case "type":
                return self.tables.type(index)
            case "field" | "enum":
                return self.tables.field(index)
            case "method":
                return self.tables.method(index)
            case "proto" | "method-type":
                return self.tables.proto(index)
            case _:
                return index

    def code_at(self, offset: int) -> CodeItem | None:
        """Return the code at `offset`; None for offset 0 and where there is none that can be read."""
        known = self._code.get(offset)
        if known is None:
            row = self.bodies.find(offset) if offset else None
            if row is None:
                return None
            units = self.bodies.units[int(self.bodies.starts[row]) : int(self.bodies.ends[row])].tolist()
            known = CodeItem(self.data, offset, units, self._sizes, len(self.tables.proto_returns), self._log)
            if len(self._code) >= _CACHED_BODIES:
                self._code.clear()
            self._code[offset] = known
        return known

    @cached_property
    def _sizes(self) -> TableSizes:
        return TableSizes.of(
            {
                "string": len(self.strings),
                "type": len(self.tables.type_strings),
                "field": len(self.tables.field_names),
                "method": len(self.tables.method_names),
                "proto": len(self.tables.proto_returns),
                "call-site": len(self._dynamic.call_sites),
                "method-handle": len(self._dynamic.method_handles),
            }
        )

    def class_name(self, definition: int) -> str:
        """Return the descriptor of a class definition."""
        index = int(self.tables.class_types[definition])
        return UNREADABLE if index < 0 else self.type(index)

    def definitions_of(self, type_index: int) -> list[int]:
        """Return the class definitions of a type, the first one first."""
        rows: list[int] = np.flatnonzero(self.tables.class_types == type_index).tolist()
        return rows
