"""Finds packages, types and string pools in a ``resources.arsc`` without decoding its entries."""

import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from analyzer.apk.errors import TableError
from analyzer.apk.resource_configuration import Configuration, read_configuration
from analyzer.apk.string_pool import PoolError, StringPool
from analyzer.options import Limits

_STRING_POOL = 0x0001
_TABLE = 0x0002
_PACKAGE = 0x0200
_TYPE = 0x0201
_HEADER = struct.Struct("<HHI")
_PACKAGE_BODY = struct.Struct("<I256sIIIII")
_TYPE_BODY = struct.Struct("<BBHIII")
_SPARSE = 0x01
_OFFSET16 = 0x02
_NO_ENTRY = 0xFFFFFFFF
_NO_ENTRY16 = 0xFFFF
_ENTRY = struct.Struct("<HHI")
_COMPLEX = 0x0001
_COMPACT = 0x0008
_VALUE = struct.Struct("<HBBI")
_MAP = struct.Struct("<II")
_MAP_ITEM = struct.Struct("<IHBBI")
_MOST_CHUNKS = 200_000
"""Bound on a table's chunks; the largest apps have some ten thousand."""
_ENTRY_IDS = 0x10000


class RawEntry(NamedTuple):
    """One value of a resource in one configuration."""

    key: int
    """Index of the resource's name in the package's key pool."""
    value_type: int
    data: int
    bag: int | None
    """Where the items of an array, style or plural start; None for simple values."""


class Strings(Protocol):
    """Strings of a table by number."""

    def get(self, index: int) -> str | None:
        """Return a string, None when there is none or it cannot be read."""
        ...

    def containing(self, fragments: Sequence[str]) -> Iterator[tuple[int, str]]:
        """Yield number and text of the strings in which one of `fragments` occurs, ASCII letter case aside."""
        ...


class Values(Protocol):
    """The values of all resources of one type in one configuration, from whatever form of table."""

    @property
    def configuration(self) -> Configuration:
        """The devices that the values are for."""
        ...

    def entry_ids(self) -> Iterator[int]:
        """Yield the ids of entries that have a value here."""
        ...

    def entry(self, entry_id: int) -> RawEntry | None:
        """Return the value of an entry, or None when it has none here."""
        ...

    def items(self, bag: int, most: int) -> list[tuple[int, int]]:
        """Return type and data of the items of `RawEntry.bag`, at most `most` of them."""
        ...


class PackageValues(Protocol):
    """One package of a table, from whatever form of table."""

    @property
    def package_id(self) -> int:
        """The highest byte of its resource ids."""
        ...

    @property
    def name(self) -> str:
        """The package's name."""
        ...

    @property
    def keys(self) -> Strings | None:
        """Names of resources by `RawEntry.key`."""
        ...

    @property
    def chunks(self) -> Mapping[int, Sequence[Values]]:
        """Values by type id, one element per configuration."""
        ...

    def type_name(self, type_id: int) -> str | None:
        """Return ``xml``, ``string`` and so on."""
        ...


class TypeChunk:
    """The values of all resources of one type in one configuration."""

    __slots__ = (
        "_config_bytes",
        "_configuration",
        "_count",
        "_data",
        "_end",
        "_entries",
        "_flags",
        "_index",
        "_sparse",
        "_start",
        "type_id",
    )

    def __init__(self, data: memoryview, start: int, header_size: int, end: int) -> None:
        """Take the chunk between `start` and `end`, whose header was checked to be complete."""
        body = _TYPE_BODY.unpack_from(data, start + _HEADER.size)
        self.type_id: int = body[0]
        self._flags: int = body[1]
        self._count: int = body[3]
        self._entries: int = body[4]
        self._data = data
        self._start = start
        self._end = end
        self._index = start + header_size
        self._config_bytes: int = body[5]
        self._sparse: dict[int, int] | None = None
        self._configuration: Configuration | None = None

    @property
    def configuration(self) -> Configuration:
        """The devices that the values are for."""
        if self._configuration is None:
            # The size field counts itself; what it leaves out is zero.
            config = self._start + _HEADER.size + _TYPE_BODY.size
            stop = min(config - 4 + self._config_bytes, self._index, self._end)
            self._configuration = read_configuration(bytes(self._data[config:stop]))
        return self._configuration

    def entry_ids(self) -> Iterator[int]:
        """Yield the ids of entries that have a value here."""
        if self._flags & _SPARSE:
            yield from self._sparse_offsets()
            return
        width = 2 if self._flags & _OFFSET16 else 4
        count = min(self._count, _ENTRY_IDS, max(0, self._end - self._index) // width)
        none = _NO_ENTRY16 if width == 2 else _NO_ENTRY
        code = "H" if width == 2 else "I"
        offsets = struct.unpack_from(f"<{count}{code}", self._data, self._index)
        yield from (index for index, offset in enumerate(offsets) if offset != none)

    def entry(self, entry_id: int) -> RawEntry | None:
        """Return the value of an entry, or None when it has none here or it lies outside of the chunk."""
        offset = self._offset(entry_id)
        if offset is None:
            return None
        position = self._start + self._entries + offset
        if position + _ENTRY.size > self._end:
            return None
        size, flags, key = _ENTRY.unpack_from(self._data, position)
        if flags & _COMPACT:
            return RawEntry(size, flags >> 8, key, None)
        if flags & _COMPLEX:
            return RawEntry(key, 0, 0, position + _ENTRY.size)
        if position + size + _VALUE.size > self._end:
            return None
        _, _, value_type, data = _VALUE.unpack_from(self._data, position + size)
        return RawEntry(key, value_type, data, None)

    def _offset(self, entry_id: int) -> int | None:
        if self._flags & _SPARSE:
            return self._sparse_offsets().get(entry_id)
        width = 2 if self._flags & _OFFSET16 else 4
        position = self._index + width * entry_id
        if entry_id >= self._count or position + width > self._end:
            return None
        if width == 2:
            (offset,) = struct.unpack_from("<H", self._data, position)
            return None if offset == _NO_ENTRY16 else 4 * int(offset)
        (offset,) = struct.unpack_from("<I", self._data, position)
        return None if offset == _NO_ENTRY else int(offset)

    def _sparse_offsets(self) -> dict[int, int]:
        if self._sparse is None:
            count = min(self._count, _ENTRY_IDS, max(0, self._end - self._index) // 4)
            pairs = struct.iter_unpack("<HH", self._data[self._index : self._index + 4 * count])
            self._sparse = {entry_id: 4 * offset for entry_id, offset in pairs}
        return self._sparse

    def items(self, bag: int, most: int) -> list[tuple[int, int]]:
        """Return type and data of the items that start at `RawEntry.bag`, at most `most` of them."""
        items: list[tuple[int, int]] = []
        if bag + _MAP.size > self._end:
            return items
        _, count = _MAP.unpack_from(self._data, bag)
        position = bag + _MAP.size
        for _ in range(min(count, most)):
            if position + _MAP_ITEM.size > self._end:
                break
            _, size, _, value_type, data = _MAP_ITEM.unpack_from(self._data, position)
            items.append((value_type, data))
            # The step is that of the platform: the name, and the value in the size that it announces.
            position += 4 + max(size, _VALUE.size)
        return items


class Package:
    """One package of a table; splits add further ones with the same id."""

    def __init__(self, package_id: int, name: str, type_offset: int) -> None:
        """Begin an empty package."""
        self.package_id = package_id
        self.name = name
        self.type_offset = type_offset
        self.type_names: StringPool | None = None
        self.keys: StringPool | None = None
        self.chunks: dict[int, list[TypeChunk]] = {}

    def type_name(self, type_id: int) -> str | None:
        """Return ``xml``, ``string`` and so on."""
        return self.type_names.get(type_id - 1 - self.type_offset) if self.type_names is not None else None


class Table(NamedTuple):
    """One resource table."""

    strings: Strings | None
    packages: tuple[PackageValues, ...]
    cut_off: str | None
    """Why the table was not read to its end, or None."""


def read_table(data: memoryview, limits: Limits) -> Table:
    """Find the packages of a table. Sizes that reach too far are cut at the end of what holds them.

    Raises:
        TableError: It is no resource table.
    """
    if len(data) > limits.table_bytes:
        raise TableError(f"{len(data)} bytes are more than the limit of {limits.table_bytes}")
    if len(data) < 12 or _HEADER.unpack_from(data, 0)[0] != _TABLE:
        raise TableError("it does not start with the header of a resource table")
    _, header_size, size = _HEADER.unpack_from(data, 0)
    walk = _Walk(data, limits)
    strings: StringPool | None = None
    packages: list[Package] = []
    end = min(size, len(data)) if size > header_size else len(data)
    for kind, start, inner, stop in walk.chunks(header_size, end):
        if kind == _STRING_POOL and strings is None:
            strings = walk.pool(start, stop)
        elif kind == _PACKAGE and stop - start >= _HEADER.size + _PACKAGE_BODY.size - 4:
            packages.append(walk.package(start, inner, stop))
    return Table(strings, tuple(packages), walk.cut_off)


class _Walk:
    """Steps through chunks, within a common bound on their number."""

    def __init__(self, data: memoryview, limits: Limits) -> None:
        self._data = data
        self._limits = limits
        self._left = _MOST_CHUNKS
        self.cut_off: str | None = None

    def chunks(self, position: int, end: int) -> Iterator[tuple[int, int, int, int]]:
        """Yield type, start, header size and end of the chunks between `position` and `end`."""
        while position + _HEADER.size <= end:
            kind, header_size, size = _HEADER.unpack_from(self._data, position)
            if header_size < _HEADER.size or size < header_size:
                self.cut_off = f"chunk at {position} has impossible sizes"
                return
            self._left -= 1
            if self._left < 0:
                self.cut_off = f"it has more than {_MOST_CHUNKS} chunks"
                return
            if position + size > end:
                self.cut_off = f"chunk at {position} reaches beyond the end of what holds it"
            yield kind, position, header_size, min(position + size, end)
            position += size

    def pool(self, start: int, end: int) -> StringPool | None:
        try:
            return StringPool(self._data, start, end, max_strings=self._limits.pool_strings)
        except PoolError as error:
            self.cut_off = str(error)
            return None

    def package(self, start: int, header_size: int, end: int) -> Package:
        body = bytes(self._data[start + _HEADER.size : start + _HEADER.size + _PACKAGE_BODY.size])
        package_id, raw_name, type_strings, _, key_strings, _, type_offset = _PACKAGE_BODY.unpack(
            body.ljust(_PACKAGE_BODY.size, b"\0")
        )
        # The last field is younger than the format: older headers end before it.
        has_offset = header_size >= _HEADER.size + _PACKAGE_BODY.size
        name = raw_name.decode("utf-16-le", "replace").partition("\0")[0]
        package = Package(package_id & 0xFF, name, type_offset if has_offset else 0)
        for kind, inner, inner_header, stop in self.chunks(start + header_size, end):
            if kind == _STRING_POOL:
                if inner - start == type_strings:
                    package.type_names = self.pool(inner, stop)
                elif inner - start == key_strings:
                    package.keys = self.pool(inner, stop)
            elif kind == _TYPE and inner_header >= _HEADER.size + _TYPE_BODY.size and inner + inner_header <= stop:
                chunk = TypeChunk(self._data, inner, inner_header, stop)
                package.chunks.setdefault(chunk.type_id, []).append(chunk)
        return package
