"""Method handles and call sites: what ``const-method-handle`` and ``invoke-custom`` refer to."""

import struct
from typing import Literal

import msgspec

from analyzer.dex.header import Header
from analyzer.dex.problems import ProblemLog
from analyzer.dex.symbols import FieldRef, MethodRef
from analyzer.dex.tables import IdTables

_CALL_SITES = 0x0007
_METHOD_HANDLES = 0x0008
_MAX_MAP_ITEMS = 1_000
"""A map names each kind of section once; there are 22 kinds."""

HandleKind = Literal[
    "static-put", "static-get", "instance-put", "instance-get",
    "invoke-static", "invoke-instance", "invoke-constructor", "invoke-direct", "invoke-interface",
]  # fmt: skip
_HANDLE_KINDS: tuple[HandleKind, ...] = (
    "static-put", "static-get", "instance-put", "instance-get",
    "invoke-static", "invoke-instance", "invoke-constructor", "invoke-direct", "invoke-interface",
)  # fmt: skip
_FIELD_HANDLES = 4
"""Handle kinds below this refer to fields."""


class MethodHandle(msgspec.Struct, frozen=True):
    """A method or field as a value."""

    kind: HandleKind
    target: MethodRef | FieldRef
    target_index: int
    """Index into the method or field table."""

    @property
    def is_field(self) -> bool:
        """Whether `target` is a field."""
        return isinstance(self.target, FieldRef)


class DynamicTables:
    """The tables that only the map of a DEX file knows: method handles and call sites."""

    def __init__(self, data: bytes, header: Header, tables: IdTables, log: ProblemLog) -> None:
        """Read the map and both tables."""
        self._data = data
        self._log = log
        sections = self._read_map(header.map_offset)
        self.method_handles: tuple[MethodHandle | None, ...] = self._read_handles(sections, tables)
        """None where a handle is damaged."""
        self.call_sites: tuple[int, ...] = self._read_call_sites(sections)
        """Offset of each call site's array of arguments."""

    def _read_map(self, offset: int) -> dict[int, tuple[int, int]]:
        if offset == 0 or offset + 4 > len(self._data):
            self._log.note("map", "the map lies outside the file")
            return {}
        size = int.from_bytes(self._data[offset : offset + 4], "little")
        if size > _MAX_MAP_ITEMS or offset + 4 + 12 * size > len(self._data):
            self._log.note("map", "the map is longer than can be")
            size = 0
        sections = {}
        for kind, _, rows, at in struct.iter_unpack("<HHII", self._data[offset + 4 : offset + 4 + 12 * size]):
            sections[kind] = (rows, at)
        return sections

    def _fitting(self, sections: dict[int, tuple[int, int]], kind: int, width: int) -> tuple[int, int]:
        rows, at = sections.get(kind, (0, 0))
        fitting = min(rows, max(len(self._data) - at, 0) // width, 0x10000)
        self._log.note("map", "a table of method handles or call sites is cut off", rows - fitting)
        return fitting, at

    def _read_handles(self, sections: dict[int, tuple[int, int]], tables: IdTables) -> tuple[MethodHandle | None, ...]:
        rows, start = self._fitting(sections, _METHOD_HANDLES, 8)
        handles: list[MethodHandle | None] = []
        for kind, _, index, _ in struct.iter_unpack("<HHHH", self._data[start : start + 8 * rows]):
            if kind < _FIELD_HANDLES and index < len(tables.field_names):
                handles.append(MethodHandle(_HANDLE_KINDS[kind], tables.field(index), index))
            elif _FIELD_HANDLES <= kind < len(_HANDLE_KINDS) and index < len(tables.method_names):
                handles.append(MethodHandle(_HANDLE_KINDS[kind], tables.method(index), index))
            else:
                self._log.note("map", "a method handle is damaged")
                handles.append(None)
        return tuple(handles)

    def _read_call_sites(self, sections: dict[int, tuple[int, int]]) -> tuple[int, ...]:
        rows, start = self._fitting(sections, _CALL_SITES, 4)
        return struct.unpack_from(f"<{rows}I", self._data, start) if rows else ()
