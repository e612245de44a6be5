"""Resource tables: every encoding, every configuration, references, splits; androguard as the oracle."""

from pathlib import Path

import pytest

from analyzer.apk.resource_configuration import read_configuration
from analyzer.apk.resources import ResourceTable
from analyzer.options import Limits
from tests.apk.oracle import opened, packages
from tests.support.arsc import Resource, TableLayout, config, resource_id, table
from tests.support.axml import chunk
from tests.support.values import Ref

RESOURCES = [
    Resource("string", "host", {"": "example.com", "de": "example.de"}),
    Resource("bool", "flag", {"": True}),
    Resource("string", "greeting", {"en-rUS": "hello"}),
    Resource("xml", "policy", {"": "res/a.xml", "v28": "res/b.xml", "land-v30": "res/c.xml"}),
    Resource("integer", "level", {"": -5}),
    Resource("array", "pins", {"": ["sha256/a", "sha256/b"]}),
]


def read(raw: bytes, limits: Limits | None = None) -> ResourceTable:
    return ResourceTable.from_bytes([("resources.arsc", raw)], limits or Limits())


def one(kind: str, name: str) -> int:
    return resource_id(RESOURCES, kind, name)


@pytest.mark.parametrize(
    "layout",
    [
        TableLayout(),
        TableLayout(utf8=False),
        TableLayout(sparse=True),
        TableLayout(offset16=True),
        TableLayout(compact=True),
        TableLayout(sparse=True, compact=True, utf8=False),
        TableLayout(reserved=0xFFFF),
        TableLayout(sizes_lie=True),
        TableLayout(extra_chunks=chunk(0x0204, b"12345678") + chunk(0x7777, b"", b"\0" * 4)),
    ],
    ids=["plain", "utf16", "sparse", "offset16", "compact", "all", "reserved", "table size", "unknown chunks"],
)
def test_values_are_the_same_in_every_encoding(layout: TableLayout) -> None:
    resources = read(table(RESOURCES, layout))
    policy = one("xml", "policy")
    assert [(v.configuration, v.first_level, v.text) for v in resources.values(policy)] == [
        ("", 0, "res/a.xml"),
        ("v28", 28, "res/b.xml"),
        ("land-v30", 30, "res/c.xml"),
    ]
    assert [v.text for v in resources.values(one("bool", "flag"))] == ["true"]
    assert [v.text for v in resources.values(one("integer", "level"))] == ["-5"]
    assert [(v.configuration, v.text) for v in resources.values(one("string", "greeting"))] == [("en-rUS", "hello")]
    assert resources.name(policy) == "xml/policy"
    assert resources.id_of("xml", "policy") == policy
    assert resources.gaps == ()


@pytest.mark.parametrize("utf8", [True, False], ids=["utf8", "utf16"])
def test_texts_are_found_by_a_part_of_them_with_a_resource_that_has_each(utf8: bool) -> None:
    resources = read(table(RESOURCES, TableLayout(utf8=utf8)))
    assert [(found.name, found.text) for found in resources.texts_containing(["SHA256/", "nothing"])] == [
        ("array/pins", "sha256/a"),
        ("array/pins", "sha256/b"),
    ]
    assert [(found.name, found.entry) for found in resources.texts_containing(["hell"])] == [
        ("string/greeting", "resources.arsc")
    ]
    assert resources.texts_containing(["sha1/"]) == ()


def test_arrays_are_read_per_configuration() -> None:
    resources = read(table(RESOURCES))
    pins = one("array", "pins")
    assert [value.complex for value in resources.values(pins)] == [True]
    assert [[item.text for item in items] for items in resources.arrays(pins)] == [["sha256/a", "sha256/b"]]


@pytest.mark.parametrize("missing", [0x7F990001, 0x7F01FFFF, 0x01010001, 0])
def test_unknown_ids_have_no_values_and_no_name(missing: int) -> None:
    resources = read(table(RESOURCES))
    assert resources.values(missing) == ()
    assert resources.name(missing) is None
    assert resources.resolve(missing).dangling == (missing,)


def test_unknown_names_have_no_id() -> None:
    resources = read(table(RESOURCES))
    assert resources.id_of("xml", "nothing") is None
    assert resources.id_of("nothing", "policy") is None
    assert resources.id_of("xml", "policy", package="other") is None


def test_references_are_followed_and_their_configurations_joined() -> None:
    chain = [
        Resource("xml", "a", {"": Ref(0x7F010001), "land": Ref(0x7F010002)}),
        Resource("xml", "b", {"": "res/b.xml", "v28": "res/b28.xml"}),
        Resource("xml", "c", {"v30": "res/c.xml"}),
    ]
    resolution = read(table(chain)).resolve(0x7F010000)
    assert [(v.configuration, v.first_level, v.string) for v in resolution.values] == [
        ("", 0, "res/b.xml"),
        ("v28", 28, "res/b28.xml"),
        ("land-v30", 30, "res/c.xml"),
    ]
    assert not resolution.cyclic and not resolution.limited


def test_references_in_a_circle_end() -> None:
    circle = [Resource("xml", "a", {"": Ref(0x7F010001)}), Resource("xml", "b", {"": Ref(0x7F010000), "v28": "x"})]
    resolution = read(table(circle)).resolve(0x7F010000)
    assert resolution.cyclic
    assert [value.string for value in resolution.values] == ["x"]


def test_long_chains_and_wide_fans_of_references_end() -> None:
    chain = [Resource("xml", f"r{i}", {"": Ref(0x7F010000 + i + 1)}) for i in range(100)]
    assert read(table(chain)).resolve(0x7F010000).limited
    fan = [
        Resource("xml", f"r{i}", {f"v{level}": Ref(0x7F010000 + i + 1) for level in range(1, 30)}) for i in range(19)
    ]
    assert read(table([*fan, Resource("xml", "end", {"": "x"})])).resolve(0x7F010000).limited


def test_splits_add_configurations_to_the_same_ids() -> None:
    base = table([Resource("xml", "policy", {"": "res/a.xml"})])
    split = table([Resource("xml", "policy", {"de": "res/de.xml"})])
    resources = ResourceTable.from_bytes(
        [("base.apk!resources.arsc", base), ("de.apk!resources.arsc", split)], Limits()
    )
    assert [(v.configuration, v.string, v.entry) for v in resources.values(0x7F010000)] == [
        ("", "res/a.xml", "base.apk!resources.arsc"),
        ("de", "res/de.xml", "de.apk!resources.arsc"),
    ]


@pytest.mark.parametrize(
    ("raw", "message"),
    [(b"", "header of a resource table"), (b"\x03\x00" * 50, "header"), (table(RESOURCES)[:200], "reaches beyond")],
)
def test_tables_that_cannot_be_read_leave_a_gap(raw: bytes, message: str) -> None:
    resources = read(raw)
    (gap, *_) = resources.gaps
    assert gap.reason == "unreadable" and "policy" in gap.hides
    assert message in gap.detail
    assert resources.values(0x7F010000) == ()


def test_a_table_that_exceeds_the_limit_leaves_a_gap() -> None:
    (gap,) = read(table(RESOURCES), Limits(table_bytes=100)).gaps
    assert "limit of 100" in gap.detail


def test_names_of_configurations_are_folder_suffixes() -> None:
    named = {name: read_configuration(config(name)[4:]).qualifiers for name in ("", "v28", "land", "de", "sw600dp")}
    assert all(name == shown for name, shown in named.items())
    packed = bytearray(60)
    # "fil" in the 15 bits of a three-letter language (ResTable_config::packLanguage).
    packed[4:6] = bytes((0x80 | 11 << 2 | 8 >> 3, (8 & 7) << 5 | 5))
    assert read_configuration(bytes(packed)).qualifiers == "fil"
    script = bytearray(60)
    script[4:6], script[32:36] = b"sr", b"Latn"
    assert read_configuration(bytes(script)).qualifiers == "b+sr+Latn"


@pytest.mark.parametrize("path", packages(), ids=lambda path: path.name)
def test_values_and_names_equal_those_of_androguard(path: Path) -> None:
    axml = pytest.importorskip("androguard.core.axml")
    pytest.importorskip("loguru").logger.disable("androguard")
    archive = opened(path)
    if "resources.arsc" not in archive:
        pytest.skip("the package has no resource table")
    raw = archive.read("resources.arsc")
    resources = read(raw)
    oracle = axml.ARSCParser(raw)
    oracle._analyse()
    for identifier, configurations in oracle.resource_values.items():
        ours = {(v.value_type, v.data, v.string or "") for v in resources.values(identifier) if not v.complex}
        theirs = set()
        for entry in configurations.values():
            if entry.is_complex():
                continue
            kind, data = (entry.datatype, entry.data) if entry.is_compact() else (entry.key.data_type, entry.key.data)
            theirs.add((kind, data, oracle.stringpool_main.getString(data) if kind == 3 else ""))
        # androguard takes configurations that differ in the script only for one.
        assert theirs <= ours, hex(identifier)
        name = oracle.get_resource_xml_name(identifier)
        if name is not None:
            assert resources.name(identifier) == name.lstrip("@").rpartition(":")[2]
