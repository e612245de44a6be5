"""Looks up resources of an app: values in every configuration, names, and files, across the tables of all splits."""

import itertools
from collections import deque
from collections.abc import Container, Iterator, Sequence

from analyzer.apk.errors import TableError
from analyzer.apk.proto_resources import read_proto_table
from analyzer.apk.resource_chunks import PackageValues, Table, Values, read_table
from analyzer.apk.typed_values import ValueType, coerce_to_string
from analyzer.model import AnalysisGap, Record
from analyzer.options import Limits

_REFERENCES = (ValueType.REFERENCE, ValueType.DYNAMIC_REFERENCE)
_MOST_STEPS = 256
"""Most resources visited on the way from one resource to its values."""
_MOST_ARRAYS = 64
_MOST_ITEMS = 4096
_MOST_KEYS = 4_000_000
"""Most entries looked at for an index of names; the largest apps have a few hundred thousand."""


class ResourceItem(Record, frozen=True, kw_only=True):
    """One typed value."""

    value_type: int
    data: int
    string: str | None = None

    @property
    def text(self) -> str | None:
        """The string, or the value as the platform writes it as text."""
        return self.string if self.value_type == ValueType.STRING else coerce_to_string(self.value_type, self.data)


class ResourceValue(ResourceItem, frozen=True, kw_only=True):
    """The value of a resource for some devices."""

    resource_id: int
    configuration: str = ""
    """Folder suffix, such as ``v28`` or ``en-rUS``; empty for the default."""
    first_level: int = 0
    """API level of the version qualifier, else 0."""
    entry: str
    """Container entry of the table that holds the value."""
    complex: bool = False
    """True for arrays, styles and plurals, whose parts `ResourceTable.arrays` returns."""


class Resolution(Record, frozen=True, kw_only=True):
    """What a resource id comes to when references are followed."""

    values: tuple[ResourceValue, ...]
    """Values that are no references, default configuration first."""
    cyclic: bool = False
    """True when some references lead back to themselves."""
    dangling: tuple[int, ...] = ()
    """Ids that no table defines."""
    limited: bool = False
    """True when a limit ended the search."""


class ResourceText(Record, frozen=True, kw_only=True):
    """A text in a resource table."""

    entry: str
    """Container entry of the table."""
    name: str | None
    """A resource that has the text, such as ``string/api_pin`` or ``array/pins``; None when none was found."""
    text: str


class ResourceTable:
    """The resource tables of an app, joined."""

    def __init__(self, tables: Sequence[tuple[str, Table]], limits: Limits, gaps: tuple[AnalysisGap, ...]) -> None:
        """Join tables, each with the container entry it comes from; see `from_bytes`."""
        self._tables = tuple(tables)
        self._limits = limits
        self._names: dict[tuple[int, int], dict[str, int]] = {}
        self._keys_left = _MOST_KEYS
        self.gaps = gaps
        """Tables, or parts of them, that could not be read."""

    @classmethod
    def from_bytes(cls, sources: Sequence[tuple[str, bytes | memoryview]], limits: Limits) -> "ResourceTable":
        """Read tables; those that cannot be read leave a gap.

        Args:
            sources: Container entries (the base first) with their content; those of app bundles end in ``.pb``.
            limits: Bounds on sizes and counts.
        """
        tables: list[tuple[str, Table]] = []
        gaps: list[AnalysisGap] = []
        for entry, data in sources:
            try:
                read = read_proto_table if entry.endswith(".pb") else read_table
                table = read(memoryview(data), limits)
            except TableError as error:
                gaps.append(_unreadable(entry, str(error)))
                continue
            tables.append((entry, table))
            if table.cut_off is not None:
                gaps.append(_unreadable(entry, f"{table.cut_off}; what comes before was read"))
        return cls(tables, limits, tuple(gaps))

    def values(self, resource_id: int) -> tuple[ResourceValue, ...]:
        """Return the values of a resource in every configuration of every table, references not followed.

        At most `Limits.resource_configurations` values are returned, the default configuration first.
        """
        found: list[ResourceValue] = []
        entry_id = resource_id & 0xFFFF
        for entry, table, chunk in self._chunks(resource_id):
            raw = chunk.entry(entry_id)
            if raw is None:
                continue
            found.append(
                ResourceValue(
                    resource_id=resource_id,
                    configuration=chunk.configuration.qualifiers,
                    first_level=chunk.configuration.first_level,
                    value_type=raw.value_type,
                    data=raw.data,
                    string=_string(table, raw.value_type, raw.data),
                    entry=entry,
                    complex=raw.bag is not None,
                )
            )
        found.sort(key=lambda value: value.configuration != "")
        return tuple(found)

    def arrays(self, resource_id: int) -> tuple[tuple[ResourceItem, ...], ...]:
        """Return the items of an array resource, once per configuration, in table order; references not followed.

        Of each at most 4096 items, of at most 64 configurations.
        """
        found: list[tuple[ResourceItem, ...]] = []
        for _, table, chunk in self._chunks(resource_id):
            raw = chunk.entry(resource_id & 0xFFFF)
            if raw is None or raw.bag is None:
                continue
            found.append(
                tuple(
                    ResourceItem(value_type=value_type, data=data, string=_string(table, value_type, data))
                    for value_type, data in chunk.items(raw.bag, _MOST_ITEMS)
                )
            )
            if len(found) >= _MOST_ARRAYS:
                break
        return tuple(found)

    def resolve(self, resource_id: int) -> Resolution:
        """Follow references from a resource to values, in every configuration.

        The configurations along a chain of references are joined: the last value counts on devices that all of
        them are for.
        """
        finished: list[ResourceValue] = []
        dangling: list[int] = []
        cyclic = limited = False
        # Each step: id, ids on the way to it, and what the way says about configuration and level.
        waiting: deque[tuple[int, tuple[int, ...], str, int]] = deque([(resource_id, (), "", 0)])
        steps = 0
        while waiting:
            current, way, qualifiers, level = waiting.popleft()
            steps += 1
            if steps > _MOST_STEPS or len(finished) > self._limits.resource_configurations:
                limited = True
                break
            if len(way) > self._limits.reference_hops:
                limited = True
                continue
            values = self.values(current)
            if not values:
                dangling.append(current)
            for value in values:
                joined = _join(qualifiers, value.configuration)
                first_level = max(level, value.first_level)
                target = value.data if value.value_type in _REFERENCES else 0
                if not target:
                    finished.append(
                        ResourceValue(
                            resource_id=value.resource_id,
                            configuration=joined,
                            first_level=first_level,
                            value_type=value.value_type,
                            data=value.data,
                            string=value.string,
                            entry=value.entry,
                            complex=value.complex,
                        )
                    )
                elif target == current or target in way:
                    cyclic = True
                elif len(waiting) < _MOST_STEPS:
                    waiting.append((target, (*way, current), joined, first_level))
        finished.sort(key=lambda value: value.configuration != "")
        return Resolution(values=tuple(finished), cyclic=cyclic, dangling=tuple(dangling), limited=limited)

    def texts_containing(self, fragments: Sequence[str]) -> tuple[ResourceText, ...]:
        """Return the texts of all tables in which one of `fragments` occurs, letter case aside for ASCII.

        At most 4096 are returned; the search for their names ends after four million entries.
        """
        found: list[ResourceText] = []
        for entry, table in self._tables:
            texts = dict(itertools.islice(table.strings.containing(fragments), _MOST_ITEMS)) if table.strings else {}
            names = self._names_of(table, texts) if texts else {}
            found += (ResourceText(entry=entry, name=names.get(at), text=text) for at, text in texts.items())
        return tuple(found[:_MOST_ITEMS])

    def _names_of(self, table: Table, wanted: Container[int]) -> dict[int, str]:
        """Return for strings, by their places in the pool, a resource that has each."""
        names: dict[int, str] = {}
        for package in table.packages:
            for type_id, chunks in package.chunks.items():
                for chunk in chunks[: self._limits.resource_configurations]:
                    for entry_id in chunk.entry_ids():
                        self._keys_left -= 1
                        if self._keys_left < 0:
                            return names
                        raw = chunk.entry(entry_id)
                        if raw is None:
                            continue
                        values = [(raw.value_type, raw.data)] if raw.bag is None else chunk.items(raw.bag, _MOST_ITEMS)
                        key = package.keys.get(raw.key) if package.keys is not None else None
                        for value_type, data in values:
                            if key is not None and value_type == ValueType.STRING and data in wanted:
                                names.setdefault(data, f"{package.type_name(type_id)}/{key}")
        return names

    def name(self, resource_id: int) -> str | None:
        """Return the name of a resource such as ``xml/network_security_config``, or None when no table has it."""
        type_id, entry_id = resource_id >> 16 & 0xFF, resource_id & 0xFFFF
        for _, _, package in self._packages(resource_id >> 24):
            type_name = package.type_name(type_id)
            if type_name is None or package.keys is None:
                continue
            for chunk in package.chunks.get(type_id, ())[: self._limits.resource_configurations]:
                raw = chunk.entry(entry_id)
                key = package.keys.get(raw.key) if raw is not None else None
                if key is not None:
                    return f"{type_name}/{key}"
        return None

    def id_of(self, type_name: str, name: str, package: str | None = None) -> int | None:
        """Return the id of a resource by its name, or None.

        Args:
            type_name: ``xml``, ``raw``, ``string`` and so on.
            name: The name as in the source tree.
            package: Only look in the package of this name; by default in all, in table order.
        """
        for _, table in self._tables:
            for part in table.packages:
                if package is not None and part.name != package:
                    continue
                for type_id in part.chunks:
                    if part.type_name(type_id) != type_name:
                        continue
                    entry_id = self._index(part, type_id).get(name)
                    if entry_id is not None:
                        return part.package_id << 24 | type_id << 16 | entry_id
        return None

    def _index(self, package: PackageValues, type_id: int) -> dict[str, int]:
        """Return entry ids by name for one type of one package; the first one counts."""
        cached = self._names.get((id(package), type_id))
        if cached is not None:
            return cached
        index: dict[str, int] = {}
        seen: set[int] = set()
        for chunk in package.chunks[type_id]:
            for entry_id in chunk.entry_ids():
                self._keys_left -= 1
                if self._keys_left < 0:
                    break
                if entry_id in seen:
                    continue
                seen.add(entry_id)
                raw = chunk.entry(entry_id)
                key = package.keys.get(raw.key) if raw is not None and package.keys is not None else None
                if key is not None:
                    index.setdefault(key, entry_id)
        self._names[id(package), type_id] = index
        return index

    def _chunks(self, resource_id: int) -> Iterator[tuple[str, Table, Values]]:
        type_id = resource_id >> 16 & 0xFF
        for entry, table, package in self._packages(resource_id >> 24):
            for chunk in package.chunks.get(type_id, ())[: self._limits.resource_configurations]:
                yield entry, table, chunk

    def _packages(self, package_id: int) -> Iterator[tuple[str, Table, PackageValues]]:
        for entry, table in self._tables:
            for package in table.packages:
                if package.package_id == package_id:
                    yield entry, table, package


def _string(table: Table, value_type: int, data: int) -> str | None:
    return table.strings.get(data) if value_type == ValueType.STRING and table.strings is not None else None


def _join(first: str, second: str) -> str:
    if not first or first == second:
        return second
    return f"{first}-{second}" if second else first


def _unreadable(entry: str, why: str) -> AnalysisGap:
    return AnalysisGap(
        stage="container",
        reason="unreadable",
        subject=entry,
        detail=f"The resource table could not be read completely: {why}.",
        hides=("app", "policy", "pin", "certificate"),
    )
