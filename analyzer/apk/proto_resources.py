"""Resource tables as app bundles keep them (AOSP, aapt2's ``Resources.proto`` and ``Configuration.proto``).

What is read here has the shape of a binary table (`analyzer.apk.resource_chunks`), so that look-ups are the same:
values are grouped by type and configuration, and strings get numbers as they are met. Types are indexed when they
are asked for.
"""

from collections.abc import Iterator, Mapping, Sequence

from analyzer.apk.errors import TableError
from analyzer.apk.proto_configuration import read_proto_configuration
from analyzer.apk.proto_values import NO_VALUE, ItemValue, read_item
from analyzer.apk.protobuf import WireError, fields, message_of, number_of, text_of
from analyzer.apk.resource_chunks import RawEntry, Table
from analyzer.apk.resource_configuration import Configuration
from analyzer.apk.typed_values import ValueType
from analyzer.options import Limits

_MOST_ENTRIES = 0x10000
_MOST_VALUES = 4_000_000
"""Bound on the values of a table in all configurations; the largest apps have some hundred thousand."""
_ARRAY, _STYLE, _PLURAL = 4, 2, 5
_ITEMS = {_ARRAY: (1, 3), _STYLE: (3, 4), _PLURAL: (1, 4)}
"""Of the kinds of ``CompoundValue`` with items: the field of an element, and that of its item."""


class _Strings:
    """Strings by the numbers that they got when they were met."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._numbers: dict[str, int] = {}
        self._table: _Reader | None = None

    def read_from(self, table: "_Reader") -> None:
        """Remember where all strings are, for `containing`."""
        self._table = table

    def number(self, text: str) -> int:
        """Return the number of a text, a new one when it is met for the first time."""
        found = self._numbers.setdefault(text, len(self._texts))
        if found == len(self._texts):
            self._texts.append(text)
        return found

    def get(self, index: int) -> str | None:
        """Return the text with a number, None when there is none."""
        return self._texts[index] if 0 <= index < len(self._texts) else None

    def containing(self, fragments: Sequence[str]) -> Iterator[tuple[int, str]]:
        """Yield number and text of the strings in which one of `fragments` occurs, ASCII letter case aside."""
        if self._table is not None:
            self._table.read_all_values()
        wanted = [fragment.lower() for fragment in fragments]
        for number, text in enumerate(self._texts):
            lowered = text.lower()
            if any(fragment in lowered for fragment in wanted):
                yield number, text


class ProtoChunk:
    """The values of all resources of one type in one configuration."""

    def __init__(self, type_id: int, configuration: memoryview, reader: "_Reader") -> None:
        """Begin without values."""
        self.type_id = type_id
        self._config = configuration
        self._configuration: Configuration | None = None
        self._reader = reader
        self._values: dict[int, tuple[int, memoryview]] = {}

    @property
    def configuration(self) -> Configuration:
        """The devices that the values are for."""
        if self._configuration is None:
            self._configuration = read_proto_configuration(self._config)
        return self._configuration

    def add(self, entry_id: int, key: int, value: memoryview) -> None:
        """Add the ``Value`` of an entry whose name has the number `key`; the first one counts."""
        self._values.setdefault(entry_id, (key, value))

    def entry_ids(self) -> Iterator[int]:
        """Yield the ids of entries that have a value here."""
        yield from self._values

    def entry(self, entry_id: int) -> RawEntry | None:
        """Return the value of an entry, or None when it has none here or it cannot be read."""
        found = self._values.get(entry_id)
        if found is None:
            return None
        key, value = found
        try:
            return self._reader.entry(key, value)
        except WireError:
            return None

    def items(self, bag: int, most: int) -> list[tuple[int, int]]:
        """Return type and data of the items of `RawEntry.bag`, at most `most` of them."""
        try:
            return self._reader.items(bag, most)
        except WireError:
            return []


class _Chunks(Mapping[int, Sequence[ProtoChunk]]):
    """The chunks of a package by type, made when they are asked for."""

    def __init__(self, reader: "_Reader", types: dict[int, list[memoryview]]) -> None:
        self._reader = reader
        self._types = types
        self._made: dict[int, Sequence[ProtoChunk]] = {}

    def __getitem__(self, type_id: int) -> Sequence[ProtoChunk]:
        if type_id not in self._made:
            self._made[type_id] = self._reader.chunks(type_id, self._types[type_id])
        return self._made[type_id]

    def __iter__(self) -> Iterator[int]:
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)


class ProtoPackage:
    """One package of a table."""

    def __init__(self, package_id: int, name: str, type_names: dict[int, str], chunks: _Chunks, keys: _Strings) -> None:
        """Take what `read_proto_table` found."""
        self.package_id = package_id
        self.name = name
        self.keys = keys
        self.chunks = chunks
        self._type_names = type_names

    def type_name(self, type_id: int) -> str | None:
        """Return ``xml``, ``string`` and so on."""
        return self._type_names.get(type_id)


class _Reader:
    """Reads values of one table, within a common bound on their number."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._left = _MOST_VALUES
        self._bags: list[tuple[int, memoryview]] = []
        self._bag_numbers: dict[bytes, int] = {}
        self._all: list[_Chunks] = []
        self.strings = _Strings()
        self.strings.read_from(self)
        self.keys = _Strings()
        self.cut_off: str | None = None

    def package(self, message: memoryview) -> ProtoPackage:
        package_id, name = 0, ""
        types: dict[int, list[memoryview]] = {}
        names: dict[int, str] = {}
        for number, value in fields(message):
            if number == 1:
                package_id = _identifier(message_of(value))
            elif number == 2:
                name = text_of(value)
            elif number == 3:
                type_id, type_name, entries = self._type(message_of(value))
                types.setdefault(type_id, []).extend(entries)
                names.setdefault(type_id, type_name)
        chunks = _Chunks(self, types)
        self._all.append(chunks)
        return ProtoPackage(package_id & 0xFF, name, names, chunks, self.keys)

    def _type(self, message: memoryview) -> tuple[int, str, list[memoryview]]:
        type_id, name = 0, ""
        entries: list[memoryview] = []
        for number, value in fields(message):
            if number == 1:
                type_id = _identifier(message_of(value)) & 0xFF
            elif number == 2:
                name = text_of(value)
            elif number == 3:
                if len(entries) == _MOST_ENTRIES:
                    self.cut_off = f"type {type_id} has more than {_MOST_ENTRIES} entries"
                    break
                entries.append(message_of(value))
        return type_id, name, entries

    def chunks(self, type_id: int, entries: Sequence[memoryview]) -> Sequence[ProtoChunk]:
        """Group the values of a type by configuration, in the order in which configurations are met."""
        made: dict[bytes, ProtoChunk] = {}
        for entry in entries:
            try:
                self._entry(type_id, entry, made)
            except WireError as error:
                self.cut_off = str(error)
        return tuple(made.values())

    def _entry(self, type_id: int, message: memoryview, made: dict[bytes, ProtoChunk]) -> None:
        entry_id = 0
        name = ""
        values: list[memoryview] = []
        for number, value in fields(message):
            if number == 1:
                entry_id = _identifier(message_of(value)) & 0xFFFF
            elif number == 2:
                name = text_of(value)
            elif number == 6:
                values.append(message_of(value))
        key = self.keys.number(name)
        for config_value in values[: self._limits.resource_configurations]:
            self._left -= 1
            if self._left < 0:
                self.cut_off = f"it has more than {_MOST_VALUES} values"
                return
            configuration, content = memoryview(b""), memoryview(b"")
            for number, value in fields(config_value):
                if number == 1:
                    configuration = message_of(value)
                elif number == 2:
                    content = message_of(value)
            chunk = made.setdefault(bytes(configuration), ProtoChunk(type_id, configuration, self))
            chunk.add(entry_id, key, content)

    def entry(self, key: int, value: memoryview) -> RawEntry:
        """Return a ``Value``; raises WireError."""
        for number, part in fields(value):
            if number == 4:
                item = read_item(message_of(part))
                return RawEntry(key, item.value_type, self._data(item), None)
            if number == 5:
                return RawEntry(key, 0, 0, self._bag(message_of(part)))
        return RawEntry(key, NO_VALUE.value_type, NO_VALUE.data, None)

    def _bag(self, compound: memoryview) -> int:
        """Return the number of a ``CompoundValue``."""
        # One number for each, since the same value is asked for again and again.
        number = self._bag_numbers.setdefault(bytes(compound), len(self._bags))
        if number == len(self._bags):
            self._bags.append(next(((at, message_of(value)) for at, value in fields(compound)), (0, memoryview(b""))))
        return number

    def items(self, bag: int, most: int) -> list[tuple[int, int]]:
        """Return type and data of items; raises WireError."""
        kind, message = self._bags[bag]
        element_field, item_field = _ITEMS.get(kind, (0, 0))
        found: list[tuple[int, int]] = []
        for number, element in fields(message):
            if number != element_field:
                continue
            if len(found) >= most:
                break
            parts = (part for at, part in fields(message_of(element)) if at == item_field)
            item = next((read_item(message_of(part)) for part in parts), NO_VALUE)
            found.append((item.value_type, self._data(item)))
        return found

    def _data(self, item: ItemValue) -> int:
        if item.value_type == ValueType.STRING and item.string is not None:
            return self.strings.number(item.string)
        return item.data

    def read_all_values(self) -> None:
        """Give every string of the table a number."""
        for chunks in self._all:
            for type_id in chunks:
                for chunk in chunks[type_id]:
                    for entry_id in chunk.entry_ids():
                        raw = chunk.entry(entry_id)
                        if raw is not None and raw.bag is not None:
                            chunk.items(raw.bag, _MOST_ENTRIES)


def read_proto_table(data: memoryview, limits: Limits) -> Table:
    """Find the packages of a ``resources.pb``.

    Raises:
        TableError: It is none, or too large.
    """
    if len(data) > limits.table_bytes:
        raise TableError(f"{len(data)} bytes are more than the limit of {limits.table_bytes}")
    reader = _Reader(limits)
    packages: list[ProtoPackage] = []
    try:
        packages = [reader.package(message_of(value)) for number, value in fields(data) if number == 2]
    except WireError as error:
        if not packages:
            raise TableError(f"it is not the resource table of an app bundle: {error}") from None
    return Table(reader.strings, tuple(packages), reader.cut_off)


def _identifier(message: memoryview) -> int:
    """Read ``PackageId``, ``TypeId`` or ``EntryId``, each a message that wraps a number."""
    return next((number_of(value) for number, value in fields(message) if number == 1), 0)
