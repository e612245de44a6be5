"""App bundles: the same app, read from a bundle and from the APKs that are made of it, is the same."""

import contextlib
import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.apk.app import open_app
from analyzer.apk.errors import ReadError, TableError
from analyzer.apk.proto_configuration import read_proto_configuration
from analyzer.apk.proto_resources import read_proto_table
from analyzer.apk.proto_xml import read_proto_xml
from analyzer.apk.protobuf import WireError, fields
from analyzer.apk.resources import ResourceTable
from analyzer.apk.tree import ValueType, XmlElement
from analyzer.apk.xml import read_xml
from analyzer.options import Limits, ScanOptions
from analyzer.pipeline import scan
from tests.support.zips import Entry, archive

SAMPLES = Path(__file__).parents[2] / "sample_apks"
BUNDLE = SAMPLES / "bundle-modules" / "bundle-modules.aab"
LIMITS = Limits()
OPTIONS = ScanOptions(as_of=dt.datetime(2026, 1, 15, 12, tzinfo=dt.UTC), reproducible=True)

# What only bundletool adds when it makes APKs: marks in the manifest, the names of the splits, signatures.
_OF_BUNDLETOOL = ("com.android.vending.splits", "com.android.dynamic.apk.fused.modules")


def facts(path: Path) -> dict[str, Any]:
    """Return everything that was found in an app, but for how its parts are called."""
    found = scan(path, OPTIONS)
    assert found.facts is not None and found.app is not None
    document = msgspec.to_builtins(found)
    for key in ("target", "app", "gate"):
        del document[key]
    app = document["facts"]["app"]
    for key in ("signers", "splits", "dex_entries"):
        del app[key]
    app["meta_data"] = [item for item in app["meta_data"] if item["name"] not in _OF_BUNDLETOOL]
    plain = without_parts(document)
    assert isinstance(plain, dict)
    return plain


def without_parts(value: Any) -> Any:
    """Take the names of APKs, modules and resource tables away, and the numbers of DEX files, which modules change."""
    if isinstance(value, dict):
        return {key: without_parts(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [without_parts(part) for part in value]
    if isinstance(value, str):
        plain = re.sub(r"(splits/base-\w+\.apk|\bbase|\bextra)!", "", value)
        return re.sub(r"classes\d*\.dex", "classes.dex", plain.replace("resources.pb", "resources.arsc"))
    return value


@pytest.mark.parametrize("name", ["bundle-modules", "split-set"])
def test_a_bundle_says_the_same_as_the_apks_made_of_it(name: str) -> None:
    bundle, apks = facts(SAMPLES / name / f"{name}.aab"), facts(SAMPLES / name / f"{name}.apks")
    for part in sorted(bundle.keys() | apks.keys()):
        assert bundle[part] == apks[part], part


def test_modules_become_splits_with_their_components_code_and_hosts() -> None:
    result = scan(BUNDLE, OPTIONS)
    assert result.target.format == "aab"
    assert result.app is not None and result.facts is not None
    assert result.app.splits == ("extra",)
    assert result.app.dex_entries == ("base!classes.dex", "extra!classes.dex")
    assert "org.example.modules.extra.ExtraActivity" in {one.class_name for one in result.app.components}
    assert "extra.modules.example.org" in {host.name for host in result.facts.hosts}


def test_a_bundle_that_is_signed_for_upload_has_no_signers_of_the_app() -> None:
    assert open_app(BUNDLE, LIMITS).info.signers == ()


# The wire format


def varint(number: int) -> bytes:
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*written, number))


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def text(number: int, value: str) -> bytes:
    return field(number, value.encode())


@given(st.lists(st.tuples(st.integers(1, 2**29 - 1), st.one_of(st.integers(0, 2**64 - 1), st.binary(max_size=40)))))
def test_fields_are_read_as_they_were_written(written: list[tuple[int, int | bytes]]) -> None:
    message = b"".join(field(number, value) for number, value in written)
    read = [(n, value if isinstance(value, int) else bytes(value)) for n, value in fields(memoryview(message))]
    assert read == written


@given(st.binary(max_size=200))
def test_any_bytes_are_fields_or_an_error(data: bytes) -> None:
    numbers: list[int] = []
    with contextlib.suppress(WireError):
        numbers += (number for number, _ in fields(memoryview(data)))
    assert all(number > 0 for number in numbers)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_table_and_a_document_or_one_clear_error(data: bytes) -> None:
    try:
        table = read_proto_table(memoryview(data), LIMITS)
    except TableError:
        pass
    else:
        resources = ResourceTable([("base!resources.pb", table)], LIMITS, ())
        for package in table.packages:
            for type_id, chunks in package.chunks.items():
                for chunk in chunks:
                    for entry in chunk.entry_ids():
                        resources.resolve(package.package_id << 24 | type_id << 16 | entry)
    with contextlib.suppress(ReadError):
        assert read_proto_xml(data, "x.xml", LIMITS).name is not None


# Compiled XML


def element(name: str, *parts: bytes, line: int = 0) -> bytes:
    return field(1, text(3, name) + b"".join(parts)) + (field(3, field(1, line)) if line else b"")


def child(node: bytes) -> bytes:
    return field(5, node)


def attribute(name: str, value: str = "", *, item: bytes | None = None, resource_id: int = 0) -> bytes:
    compiled = field(6, item) if item is not None else b""
    return field(4, text(2, name) + text(3, value) + (field(5, resource_id) if resource_id else b"") + compiled)


def read(node: bytes) -> XmlElement:
    return read_proto_xml(node, "res/xml/a.xml", LIMITS)


def primitive(number: int, value: int | bytes) -> bytes:
    return field(7, field(number, value))


@pytest.mark.parametrize(
    ("item", "value_type", "data", "string"),
    [
        (primitive(8, 1), ValueType.INT_BOOLEAN, 0xFFFFFFFF, None),
        (primitive(8, 0), ValueType.INT_BOOLEAN, 0, None),
        (primitive(6, 2**64 - 1), ValueType.INT_DEC, 0xFFFFFFFF, None),
        (primitive(7, 0x2A), ValueType.INT_HEX, 0x2A, None),
        (primitive(9, 0xFFFF0000), ValueType.INT_COLOR_ARGB8, 0xFFFF0000, None),
        (primitive(1, b""), ValueType.NULL, 0, None),
        (primitive(2, b""), ValueType.NULL, 1, None),
        (field(7, varint(3 << 3 | 5) + b"\0\0\x80?"), ValueType.FLOAT, 0x3F800000, None),
        (field(2, text(1, "true")), ValueType.STRING, 0, "true"),
        (field(1, field(2, 0x7F010001)), ValueType.REFERENCE, 0x7F010001, None),
        (field(1, field(1, 1) + field(2, 0x01010001)), ValueType.ATTRIBUTE, 0x01010001, None),
        (field(1, field(2, 0x7F010001) + field(5, field(1, 1))), ValueType.DYNAMIC_REFERENCE, 0x7F010001, None),
        (field(1, text(3, "xml/a")), ValueType.REFERENCE, 0, "@xml/a"),
        (field(5, text(1, "res/xml/a.xml")), ValueType.STRING, 0, "res/xml/a.xml"),
        (None, ValueType.STRING, 0, "as written"),
    ],
)
def test_a_value_has_the_type_that_a_device_would_see(
    item: bytes | None, value_type: int, data: int, string: str | None
) -> None:
    (found,) = read(element("a", attribute("x", "as written", item=item))).attributes
    assert (found.value_type, found.data, found.string) == (value_type, data, string)


def test_text_of_white_space_alone_is_left_out_as_in_the_binary_form() -> None:
    root = read(element("domain", child(text(2, "\n   ")), child(text(2, " a.example ")), child(text(2, "\t"))))
    assert [getattr(one, "text", None) for one in root.children] == [" a.example "]


def test_lines_and_children_keep_their_places() -> None:
    root = read(element("a", child(element("b", line=2)), child(element("c", child(element("d", line=4)))), line=1))
    assert [one.name for one in root.elements] == ["b", "c"]
    assert (root.line, root.elements[0].line, root.elements[1].line, root.elements[1].elements[0].line) == (
        1,
        2,
        None,
        4,
    )


def test_deep_nesting_ends_at_the_limit_without_recursion() -> None:
    node = element("a")
    for _ in range(2_000):
        node = element("a", child(node))
    with pytest.raises(ReadError, match="xml_depth"):
        read(node)


def test_a_plain_file_in_a_bundle_stays_plain() -> None:
    document = read_xml(b"\n<a/>", "base!res/raw/a.xml", LIMITS, of_bundle=True)
    assert (document.root.name, document.binary) == ("a", False)


# Resource tables


def config(**numbers: int | str) -> bytes:
    names = {"mcc": 1, "locale": 3, "layout_direction": 4, "smallest": 9, "orientation": 15, "night": 17, "sdk": 24}
    return b"".join(
        text(names[key], value) if isinstance(value, str) else field(names[key], value)
        for key, value in numbers.items()
    )


@pytest.mark.parametrize(
    ("configuration", "qualifiers", "level"),
    [
        (b"", "", 0),
        (config(sdk=28), "v28", 28),
        (config(locale="de"), "de", 0),
        (config(locale="en-US", sdk=31), "en-rUS-v31", 31),
        (config(locale="fil"), "fil", 0),
        (config(locale="sr-Latn-RS"), "b+sr+Latn+RS", 0),
        (config(layout_direction=2, night=1), "ldrtl-night", 0),
        (config(mcc=310, smallest=600, orientation=2), "mcc310-sw600dp-land", 0),
    ],
)
def test_a_configuration_is_named_as_its_folder(configuration: bytes, qualifiers: str, level: int) -> None:
    found = read_proto_configuration(memoryview(configuration))
    assert (found.qualifiers, found.first_level) == (qualifiers, level)


def entry(entry_id: int, name: str, *values: tuple[bytes, bytes]) -> bytes:
    parts = [field(6, field(1, configuration) + field(2, value)) for configuration, value in values]
    return field(3, field(1, field(1, entry_id)) + text(2, name) + b"".join(parts))


def table(*types: tuple[int, str, bytes], limits: Limits = LIMITS) -> ResourceTable:
    parts = [field(3, field(1, field(1, number)) + text(2, name) + entries) for number, name, entries in types]
    data = field(2, field(1, field(1, 0x7F)) + text(2, "org.example") + b"".join(parts))
    return ResourceTable.from_bytes([("base!resources.pb", data)], limits)


def item(value: bytes) -> bytes:
    return field(4, value)


def string(value: str) -> bytes:
    return item(field(2, text(1, value)))


def test_values_are_found_in_every_configuration_and_by_name() -> None:
    found = table((1, "string", entry(3, "server", (b"", string("one")), (config(sdk=30), string("two")))))
    assert [(v.configuration, v.string) for v in found.values(0x7F010003)] == [("", "one"), ("v30", "two")]
    assert found.name(0x7F010003) == "string/server"
    assert found.id_of("string", "server") == 0x7F010003


def test_references_are_followed_and_cycles_end() -> None:
    to = [item(field(1, field(2, 0x7F010000 | number))) for number in range(3)]
    found = table(
        (1, "string", entry(0, "a", (b"", to[1])) + entry(1, "b", (b"", string("x"))) + entry(2, "c", (b"", to[2])))
    )
    assert [value.string for value in found.resolve(0x7F010000).values] == ["x"]
    assert found.resolve(0x7F010002).cyclic


def test_arrays_have_their_items_in_order() -> None:
    items = b"".join(field(1, field(3, field(2, text(1, value)))) for value in ("a", "b"))
    found = table((1, "array", entry(0, "mirrors", (b"", field(5, field(4, items))))))
    assert [[one.string for one in items] for items in found.arrays(0x7F010000)] == [["a", "b"]]


def test_texts_are_found_with_a_resource_that_has_them() -> None:
    found = table((1, "string", entry(0, "pin", (b"", string("sha256/AAAA")), (b"", string("lost")))))
    assert [(one.name, one.text) for one in found.texts_containing(["SHA256/"])] == [("string/pin", "sha256/AAAA")]


def test_a_table_that_is_none_leaves_a_gap() -> None:
    (gap,) = ResourceTable.from_bytes([("base!resources.pb", b"\xff\xff")], LIMITS).gaps
    assert (gap.reason, gap.subject) == ("unreadable", "base!resources.pb")


# Damaged bundles


def mutated() -> Iterator[bytes]:
    """Yield bundles with one part replaced or cut off."""
    from zipfile import ZipFile

    with ZipFile(BUNDLE) as bundle:
        entries = {name: bundle.read(name) for name in bundle.namelist()}
    for name, data in entries.items():
        for damaged in (b"", data[: len(data) // 2], data[::-1], b"\x0a\xff\xff\xff\xff\x7f" + data, b"\n<" + data):
            yield archive(*(Entry(one, damaged if one == name else content) for one, content in entries.items()))


def test_a_damaged_bundle_ends_with_a_decision(tmp_path: Path) -> None:
    count = 0
    for number, data in enumerate(mutated()):
        path = tmp_path / f"{number}.aab"
        path.write_bytes(data)
        result = scan(path, OPTIONS)
        assert result.gate.exit_code in (0, 1, 3)
        assert not [gap for gap in result.gaps if gap.reason == "failure"]
        count += 1
    assert count >= 40
