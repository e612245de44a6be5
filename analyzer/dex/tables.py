"""The identifier tables of a DEX file: types, prototypes, fields, methods and class definitions."""

import struct
from functools import cached_property

import numpy as np
import numpy.typing as npt

from analyzer.dex.errors import DamagedItem
from analyzer.dex.header import Header, Section
from analyzer.dex.problems import ProblemKind, ProblemLog
from analyzer.dex.strings import StringTable
from analyzer.dex.symbols import UNREADABLE, FieldRef, MethodRef
from analyzer.dex.type_names import TypeNames

NO_INDEX = 0xFFFFFFFF
_MAX_PARAMETERS = 255
"""More arguments than that no instruction can pass."""
_MAX_DESCRIPTOR = 0xFFFF
"""Longest list of parameter types, as in class files."""
_CACHED_NAME = 1_024
_CACHED_METHODS = 1 << 16
_MOST_OWNERS = 0xFFFF
"""Fields and methods name the type that owns them in 16 bits."""
_ROW_WORDS = {"string": 1, "type": 1, "proto": 3, "field": 2, "method": 2, "class": 8}

Column = npt.NDArray[np.uint32]
IndexColumn = npt.NDArray[np.uint16] | npt.NDArray[np.uint32]


class IdTables:
    """The tables of one DEX file as columns; names are made on demand.

    Indices that point nowhere are counted as problems when the tables are opened; the names they would give are
    `UNREADABLE`.
    """

    def __init__(self, data: bytes, header: Header, max_rows: int, string_bytes: int, log: ProblemLog) -> None:
        """Open the tables that `header` describes, each up to `max_rows` rows."""
        self._data = data
        self._max_rows = max_rows
        self._log = log
        self.strings = StringTable(data, self._rows(header.strings, "string")[:, 0], string_bytes, log)
        self.type_strings: Column = self._rows(header.types, "type")[:, 0]
        """String index of each type's descriptor."""
        protos = self._rows(header.protos, "proto")
        self.proto_shorties: Column = protos[:, 0]
        self.proto_returns: Column = protos[:, 1]
        self.proto_parameters: Column = protos[:, 2]
        """Offset of each prototype's list of parameter types; 0 when it has none."""
        self.field_owners, self.field_types, self.field_names = _split_ids(self._rows(header.fields, "field"))
        self.method_owners, self.method_protos, self.method_names = _split_ids(self._rows(header.methods, "method"))
        self.classes = self._rows(header.classes, "class")
        """Class definitions: class, flags, superclass, interfaces, source file, annotations, class data, values."""
        self._check()
        self._type_places = self.type_strings.astype(np.uint32).data
        self._types: dict[int, str] = {}
        self._methods: dict[int, MethodRef] = {}
        self._proto_descriptors: dict[int, str] = {}
        self._type_lists: dict[int, tuple[int, ...]] = {}

    def type(self, index: int) -> str:
        """Return the descriptor of a type."""
        known = self._types.get(index)
        if known is None:
            exists = 0 <= index < len(self.type_strings)
            # No type has an empty descriptor; what looks at the first character need not know.
            known = (self.strings[self._type_places[index]] if exists else "") or UNREADABLE
            if len(known) <= _CACHED_NAME:
                self._types[index] = known
        return known

    def shorty(self, index: int) -> str:
        """Return the short form of a prototype: result first, every reference as ``L``."""
        exists = 0 <= index < len(self.proto_shorties)
        return self.strings[int(self.proto_shorties[index])] if exists else UNREADABLE

    def proto(self, index: int) -> str:
        """Return the descriptor of a prototype: ``(Ljava/lang/String;)V``."""
        known = self._proto_descriptors.get(index)
        if known is None:
            known = self._describe_proto(index)
            if len(known) <= _CACHED_NAME:
                self._proto_descriptors[index] = known
        return known

    def field(self, index: int) -> FieldRef:
        """Return what a field index stands for."""
        if not 0 <= index < len(self.field_names):
            return FieldRef(UNREADABLE, UNREADABLE, UNREADABLE)
        return FieldRef(
            self.type(int(self.field_owners[index])),
            self.strings[int(self.field_names[index])],
            self.type(int(self.field_types[index])),
        )

    def method(self, index: int) -> MethodRef:
        """Return what a method index stands for."""
        if not 0 <= index < len(self.method_names):
            return MethodRef(UNREADABLE, UNREADABLE, UNREADABLE)
        known = self._methods.get(index)
        if known is None:
            known = MethodRef(
                self.type(int(self.method_owners[index])),
                self.strings[int(self.method_names[index])],
                self.proto(int(self.method_protos[index])),
            )
            if len(self._methods) < _CACHED_METHODS and len(known.descriptor) + len(known.name) <= _CACHED_NAME:
                self._methods[index] = known
        return known

    def type_list(self, offset: int) -> tuple[int, ...]:
        """Return the type indices of the list at `offset`; empty for offset 0.

        Raises:
            DamagedItem: The list lies outside the file.
        """
        if offset == 0:
            return ()
        known = self._type_lists.get(offset)
        if known is None:
            if offset + 4 > len(self._data):
                raise DamagedItem("a type list lies outside the file")
            size = int.from_bytes(self._data[offset : offset + 4], "little")
            if size > (len(self._data) - offset - 4) // 2 or size > 0xFFFF:
                raise DamagedItem("a type list is longer than can be")
            known = struct.unpack_from(f"<{size}H", self._data, offset + 4)
            if size <= _MAX_PARAMETERS:
                self._type_lists[offset] = known
        return known

    @cached_property
    def type_names(self) -> TypeNames:
        """The types by name."""
        names = TypeNames(self.strings, self.type_strings, len(self._data))
        self._types.update(names.plain)
        return names

    def find_type(self, descriptor: str) -> int | None:
        """Return the index of a type, or None when the file does not name it."""
        return self.type_names.find(descriptor)

    @cached_property
    def _types_are_distinct(self) -> bool:
        """Whether a descriptor has one index only, as in every valid file."""
        strings = self.type_strings
        return bool(np.all(strings[:-1] < strings[1:])) and self.strings.is_sorted

    @cached_property
    def _proto_returns(self) -> list[int]:
        returns: list[int] = self.proto_returns.tolist()
        return returns

    def find_methods(self, owner: str | None, name: str | None, descriptor: str | None = None) -> list[int]:
        """Return the indices of the methods that match; None matches everything."""
        rows = self._matching(self.method_owners, self.method_names, self._method_owners_ascend, owner, name)
        if descriptor is not None and rows:
            protos = self.method_protos[rows].tolist()
            suited = self._protos_like(descriptor, protos)
            rows = [row for row, proto in zip(rows, protos, strict=True) if proto in suited]
        return rows

    def _protos_like(self, descriptor: str, protos: list[int]) -> set[int]:
        """Return those of `protos` with this descriptor; describes only those whose result fits."""
        distinct = set(protos)
        if self._types_are_distinct and len(distinct) > 1 and ")" in descriptor:
            result = self.find_type(descriptor.rpartition(")")[2])
            returns = self._proto_returns
            distinct = {proto for proto in distinct if proto < len(returns) and returns[proto] == result}
        return {proto for proto in distinct if self.proto(proto) == descriptor}

    def find_fields(self, owner: str | None, name: str | None, descriptor: str | None = None) -> list[int]:
        """Return the indices of the fields that match; None matches everything, `descriptor` is the type."""
        rows = self._matching(self.field_owners, self.field_names, self._field_owners_ascend, owner, name)
        if descriptor is not None:
            rows = [row for row in rows if self.type(int(self.field_types[row])) == descriptor]
        return rows

    def _matching(
        self, owners: IndexColumn, names: Column, ascending: bool, owner: str | None, name: str | None
    ) -> list[int]:
        """Return the rows with this owner and name; valid tables are sorted by owner, which says `ascending`."""
        type_index = None if owner is None else self.find_type(owner)
        if owner is not None and (type_index is None or type_index > _MOST_OWNERS):
            return []
        string = None if name is None else self.strings.find(name)
        if name is not None and string is None:
            return []
        low, high = 0, len(names)
        if type_index is not None:
            if not ascending:
                rows = np.flatnonzero(owners == type_index)
                return rows.tolist() if string is None else rows[names[rows] == string].tolist()
            wanted = owners.dtype.type(type_index)
            low, high = int(owners.searchsorted(wanted, "left")), int(owners.searchsorted(wanted, "right"))
        if string is None or low == high:
            return list(range(low, high))
        found: list[int] = (np.flatnonzero(names[low:high] == string) + low).tolist()
        return found

    @cached_property
    def _method_owners_ascend(self) -> bool:
        return bool(np.all(self.method_owners[:-1] <= self.method_owners[1:]))

    @cached_property
    def _field_owners_ascend(self) -> bool:
        return bool(np.all(self.field_owners[:-1] <= self.field_owners[1:]))

    def _describe_proto(self, index: int) -> str:
        if not 0 <= index < len(self.proto_returns):
            return UNREADABLE
        try:
            parameters = self.type_list(int(self.proto_parameters[index]))
            if len(parameters) > _MAX_PARAMETERS:
                raise DamagedItem("a prototype has more parameters than can be")
        except DamagedItem as damage:
            self._log.note("proto", str(damage))
            return UNREADABLE
        types = [self.type(parameter) for parameter in parameters]
        if sum(map(len, types)) > _MAX_DESCRIPTOR:
            self._log.note("limit", "a prototype is longer than is read")
            return UNREADABLE
        return f"({''.join(types)}){self.type(int(self.proto_returns[index]))}"

    def _rows(self, section: Section, kind: ProblemKind) -> Column:
        width = _ROW_WORDS[kind]
        available = max(len(self._data) - section.offset, 0) // (4 * width) if section.offset else 0
        rows = min(section.size, available)
        self._log.note(kind, f"the {kind} table is cut off", section.size - rows)
        self._log.note("limit", f"the {kind} table has more rows than are read", rows - self._max_rows)
        rows = min(rows, self._max_rows)
        if not rows:
            return np.empty((0, width), np.uint32)
        return np.frombuffer(self._data, "<u4", rows * width, section.offset).reshape(rows, width)

    def _check(self) -> None:
        strings, types, protos = len(self.strings), len(self.type_strings), len(self.proto_returns)
        self._check_indices("type", self.type_strings, strings)
        self._check_indices("proto", self.proto_shorties, strings)
        self._check_indices("proto", self.proto_returns, types)
        self._check_indices("field", self.field_owners, types)
        self._check_indices("field", self.field_types, types)
        self._check_indices("field", self.field_names, strings)
        self._check_indices("method", self.method_owners, types)
        self._check_indices("method", self.method_protos, protos)
        self._check_indices("method", self.method_names, strings)
        self._check_indices("class", self.classes[:, 0], types)
        superclasses = self.classes[:, 2]
        self._check_indices("class", superclasses[superclasses != NO_INDEX], types)

    def _check_indices(self, kind: ProblemKind, column: IndexColumn, size: int) -> None:
        self._log.note(kind, f"an index in the {kind} table points nowhere", int(np.count_nonzero(column >= size)))

    @cached_property
    def class_types(self) -> npt.NDArray[np.int64]:
        """Type index of each class definition; -1 where it points nowhere."""
        column = self.classes[:, 0].astype(np.int64)
        column[column >= len(self.type_strings)] = -1
        return column


def _split_ids(rows: Column) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint16], Column]:
    """Split field or method ids into owner, type or prototype (16 bits each), and name."""
    halves = np.ascontiguousarray(rows[:, :1]).view("<u2").reshape(-1, 2)
    return np.ascontiguousarray(halves[:, 0]), np.ascontiguousarray(halves[:, 1]), np.ascontiguousarray(rows[:, 1])
