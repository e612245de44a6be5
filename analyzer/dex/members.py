"""The fields and methods that classes define (``class_data_item``), decoded for all classes at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analyzer.dex.leb128 import UlebRun
from analyzer.dex.problems import ProblemLog
from analyzer.dex.tables import IdTables

Ints = npt.NDArray[np.int64]

_GROUP_BYTES = 1 << 20
"""Class data is decoded in pieces of about this size, which bounds the memory it takes."""
_TAIL_BYTES = 1 << 14
"""What is decoded behind the start of the last class of a piece at first …"""
_MAX_TAIL_BYTES = 1 << 21
"""… and at most: no class with 65 536 methods needs more."""
_HEAD = 4
"""Class data begins with four counts: static and instance fields, direct and virtual methods."""


@dataclass(frozen=True, slots=True)
class _Rows:
    """Members of one kind, as parallel columns."""

    definition: Ints
    index: Ints
    flags: Ints
    first: npt.NDArray[np.bool_]
    """Static fields and direct methods come first."""
    code: Ints
    """Offset of a method's code, 0 for none; 0 for fields."""


class Members:
    """The defined fields and methods of one DEX file; those of one class stand together."""

    def __init__(self, data: bytes, tables: IdTables, limit: int, log: ProblemLog) -> None:
        """Decode the class data of all class definitions, up to `limit` members in all."""
        self._octets = np.frombuffer(data, np.uint8)
        self._tables = tables
        self._limit = limit
        self._log = log
        fields, methods = self._decode()
        self.field_definition = fields.definition
        """Row of the class definition."""
        self.field_index = fields.index
        """Row of the field table."""
        self.field_flags = fields.flags
        self.field_is_static = fields.first
        self.method_definition = methods.definition
        self.method_index = methods.index
        self.method_flags = methods.flags
        self.method_is_direct = methods.first
        """Static, private and constructors: what is never overridden."""
        self.method_code = methods.code
        """Offset of the code; 0 for abstract and native methods."""
        self.field_span = _spans(self.field_definition, len(tables.classes))
        """First row and row behind the last of each class definition."""
        self.method_span = _spans(self.method_definition, len(tables.classes))
        # Reading single numbers through a memory view is several times faster than through numpy.
        self.method_places: Sequence[int] = np.ascontiguousarray(self.method_index).data
        self._method_names: Sequence[int] = np.ascontiguousarray(tables.method_names).data
        self._check_owners()

    def methods_named(self, definition: int, name: int) -> list[int]:
        """Return the rows of the methods of a class definition whose names are the string `name`."""
        first, last = self.method_span[definition].tolist()
        indices, names = self.method_places[first:last], self._method_names
        return [row for row, index in enumerate(indices, first) if names[index] == name]

    def _decode(self) -> tuple[_Rows, _Rows]:
        column = self._tables.classes[:, 6].astype(np.int64)
        outside = column >= len(self._octets)
        self._log.note("class-data", "class data lies outside the file", int(np.count_nonzero(outside)))
        definitions = np.flatnonzero((column > 0) & ~outside)
        definitions = definitions[np.argsort(column[definitions], kind="stable")]
        starts, firsts = np.unique(column[definitions], return_index=True)
        self._note_shared(column[definitions], starts, firsts)
        definitions = definitions[firsts]
        fields: list[_Rows] = [_empty_rows()]
        methods: list[_Rows] = [_empty_rows()]
        left = self._limit
        at = 0
        while at < len(starts):
            end = int(np.searchsorted(starts, starts[at] + _GROUP_BYTES, "right"))
            piece_fields, piece_methods = self._decode_piece(starts[at:end], definitions[at:end])
            left -= len(piece_fields.index) + len(piece_methods.index)
            if left < 0:
                self._log.note("limit", "the file defines more members than are read", len(starts) - at)
                break
            fields.append(piece_fields)
            methods.append(piece_methods)
            at = end
        return _joined(fields), _joined(methods)

    def _note_shared(self, offsets: Ints, starts: Ints, firsts: Ints) -> None:
        """Classes may share class data only when it is empty; dx writes such."""
        shared = np.ones(len(offsets), np.bool_)
        shared[firsts] = False
        head = np.minimum(offsets[shared][:, None] + np.arange(_HEAD), len(self._octets) - 1)
        with_members = np.any(self._octets[head] != 0, axis=1)
        self._log.note("class-data", "classes share their class data", int(np.count_nonzero(with_members)))

    def _decode_piece(self, starts: Ints, definitions: Ints) -> tuple[_Rows, _Rows]:
        tail = _TAIL_BYTES
        base = int(starts[0])
        while True:
            end = min(int(starts[-1]) + tail, len(self._octets))
            run = UlebRun(self._octets[base:end], starts - base)
            first = np.searchsorted(run.begins, starts - base)
            counts, complete, fits = self._measure(run, first)
            if bool(complete.all()) or tail == _MAX_TAIL_BYTES or end == len(self._octets):
                break
            tail = _MAX_TAIL_BYTES
        self._log.note("class-data", "class data is damaged", int(np.count_nonzero(~fits)))
        counts, first, definitions = counts[fits], first[fits], definitions[fits]
        field_start = first + _HEAD
        method_start = field_start + 2 * (counts[:, 0] + counts[:, 1])
        fields = _expand(run, definitions, field_start, counts[:, 0], counts[:, 1], 2)
        methods = _expand(run, definitions, method_start, counts[:, 2], counts[:, 3], 3)
        return (
            self._kept(fields, len(self._tables.field_names), "field"),
            self._kept(methods, len(self._tables.method_names), "method"),
        )

    def _measure(self, run: UlebRun, first: Ints) -> tuple[Ints, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Return the four counts of each class, whether all of it was decoded, and whether it can be right."""
        readable = first + _HEAD <= len(run)
        heads = np.minimum(first[:, None] + np.arange(_HEAD), len(run) - 1)
        counts = np.where(readable[:, None], run.values[heads], 0)
        # No class can define more members than the file names; this also keeps the sums below small.
        field_limit, method_limit = len(self._tables.field_names), len(self._tables.method_names)
        plausible = readable & (counts <= [field_limit, field_limit, method_limit, method_limit]).all(axis=1)
        needed = _HEAD + 2 * (counts[:, 0] + counts[:, 1]) + 3 * (counts[:, 2] + counts[:, 3])
        complete = readable & (~plausible | (first + needed <= len(run)))
        fits = plausible & (first + needed <= len(run))
        damaged_before = np.concatenate([[0], np.cumsum(run.damaged)])
        last = np.minimum(first + needed, len(run))
        fits &= damaged_before[last] == damaged_before[np.minimum(first, len(run))]
        # Classes that overlap could claim the same bytes again and again: in all they cannot need more than there is.
        fits &= np.cumsum(np.where(fits, needed, 0)) <= len(run)
        overlapping = fits[:-1] & (first[:-1] + needed[:-1] > first[1:])
        self._log.note("class-data", "the data of classes overlaps", int(np.count_nonzero(overlapping)))
        return counts, complete, fits

    def _kept(self, rows: _Rows, size: int, noun: str) -> _Rows:
        good = rows.index < size
        if good.all():
            return rows
        self._log.note("class-data", f"a defined {noun} does not exist", int(np.count_nonzero(~good)))
        return _Rows(rows.definition[good], rows.index[good], rows.flags[good], rows.first[good], rows.code[good])

    def _check_owners(self) -> None:
        tables = self._tables
        types = tables.class_types
        for noun, owners, index, definition in (
            ("field", tables.field_owners, self.field_index, self.field_definition),
            ("method", tables.method_owners, self.method_index, self.method_definition),
        ):
            foreign = owners[index].astype(np.int64) != types[definition]
            self._log.note("class-data", f"a class defines a {noun} of another class", int(np.count_nonzero(foreign)))


def _expand(run: UlebRun, definitions: Ints, starts: Ints, first: Ints, second: Ints, width: int) -> _Rows:
    """Read the member lists at `starts`: each holds `first` members, then `second`, of `width` numbers each."""
    sizes = first + second
    total = int(sizes.sum())
    which = np.repeat(np.arange(len(sizes)), sizes)
    within = np.arange(total) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    at = starts[which] + width * within
    steps = run.values[at]
    is_first = within < first[which]
    # Indices are stored as steps from the member before; each of the two lists of a class starts over.
    opens = np.flatnonzero((within == 0) | (within == first[which]))
    sums = np.cumsum(steps)
    lengths = np.diff(np.append(opens, total))
    index = sums - np.repeat(sums[opens] - steps[opens], lengths)
    code = run.values[at + 2] if width == 3 else np.zeros(total, np.int64)
    return _Rows(definitions[which], index, run.values[at + 1], is_first, code)


def _spans(definition: Ints, classes: int) -> Ints:
    """Return, for each class, the range of its rows; they stand together."""
    spans = np.zeros((classes, 2), np.int64)
    if len(definition):
        opens = np.flatnonzero(np.append(True, definition[1:] != definition[:-1]))
        spans[definition[opens], 0] = opens
        spans[definition[opens], 1] = np.append(opens[1:], len(definition))
    return spans


def _empty_rows() -> _Rows:
    none = np.empty(0, np.int64)
    return _Rows(none, none, none, np.empty(0, np.bool_), none)


def _joined(pieces: list[_Rows]) -> _Rows:
    return _Rows(
        np.concatenate([piece.definition for piece in pieces]),
        np.concatenate([piece.index for piece in pieces]),
        np.concatenate([piece.flags for piece in pieces]),
        np.concatenate([piece.first for piece in pieces]),
        np.concatenate([piece.code for piece in pieces]),
    )
