"""Headers, versions, containers, and what is left of a file that is damaged in a known way."""

import pytest

from analyzer.dex import DexClass, DexError, DexFile, MethodRef, Program
from analyzer.options import Limits
from tests.dex.oracle import FIXTURES, our_members, our_tables
from tests.dex.patching import HEADER_FIELDS, container, get_u32, table, with_table, with_u32

BASE = (FIXTURES / "users-base.dex").read_bytes()
VERSIONS = ("035", "037", "038", "039", "040")
HELPER = MethodRef("Lapp/Base;", "helper", "(Ljava/lang/String;)V")


def parsed(data: bytes, limits: Limits | None = None) -> DexFile:
    """Read a file that is no container."""
    (file,) = DexFile.parse(data, "classes.dex", limits)
    return file


def details(file: DexFile) -> list[tuple[str, str, int]]:
    """Return the problems as plain rows."""
    return [(problem.kind, problem.detail, problem.count) for problem in file.problems]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_is_read_alike(version: str) -> None:
    file = parsed(BASE[:4] + version.encode() + BASE[7:])
    assert file.header.version == int(version)
    assert our_members(file) == our_members(parsed(BASE))
    assert file.problems == ()


def test_an_unknown_version_is_read_and_said_to_be_unknown() -> None:
    file = parsed(BASE[:4] + b"036" + BASE[7:])
    assert file.class_count == 2
    assert details(file) == [("header", "DEX version 036 is unknown", 1)]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "does not start with a DEX header"),
        (b"PK\3\4" + BASE[4:], "does not start with a DEX header"),
        (b"cdex001\0" + BASE[8:], "does not start with a DEX header"),
        (b"dey\n036\0" + BASE[8:], "does not start with a DEX header"),
        (BASE[:0x6F], "cut off after 111 of 112 bytes"),
        (BASE[:4] + b"0x5\0" + BASE[8:], "is not a number"),
        (with_u32(BASE, HEADER_FIELDS["endian_tag"], 0x78563412), "little-endian files only"),
    ],
)
def test_an_unusable_header_is_an_error_that_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(DexError, match=reason):
        DexFile.parse(data, "classes.dex")
    program = Program.build([("classes.dex", data), ("classes2.dex", BASE)])
    assert [file.entry for file in program.files] == ["classes2.dex"]
    (gap,) = program.gaps()
    assert (gap.stage, gap.reason, gap.subject, gap.incomplete) == ("code", "unreadable", "classes.dex", True)
    assert "code" in gap.hides and reason in gap.detail


@pytest.mark.parametrize("parts", [1, 2])
def test_a_container_holds_several_files(parts: int) -> None:
    files = DexFile.parse(container(BASE, parts), "classes.dex")
    assert len(files) == parts
    names = sorted(file.class_name(row) for file in files for row in range(file.class_count))
    assert names == ["Lapp/Base;", "Lapp/Caller;"]
    assert [file.problems for file in files] == [()] * parts
    program = Program(files)
    assert {site.method.ref.name for site in program.users.callers_of([HELPER])} == {
        "direct",
        "through_call_site",
        "through_handle",
    }


def test_a_container_with_a_broken_chain_keeps_its_first_file() -> None:
    data = with_u32(container(BASE, 2), HEADER_FIELDS["file_size"], 0x40)
    (file,) = DexFile.parse(data, "classes.dex")
    assert file.class_count == 1
    assert ("header", "the chain of headers in the container is broken", 1) in details(file)


def test_a_file_in_a_container_that_cannot_be_read_leaves_the_others() -> None:
    data = container(BASE, 2)
    second = get_u32(data, HEADER_FIELDS["file_size"])
    (file,) = DexFile.parse(with_u32(data, second + HEADER_FIELDS["endian_tag"], 0), "classes.dex")
    assert file.class_count == 1
    assert details(file) == [("header", "a DEX file in the container has an unusable header", 1)]


def test_a_container_that_is_cut_off_says_so() -> None:
    data = container(BASE, 2)
    file = DexFile.parse(data[:-8], "classes.dex")[0]
    assert ("header", "the container is not as long as its header says", 1) in details(file)


def test_bytes_behind_the_end_do_no_harm() -> None:
    file = parsed(BASE + bytes(100))
    assert our_tables(file) == our_tables(parsed(BASE))
    assert file.problems == ()


def test_a_size_that_lies_is_noted_and_everything_is_read() -> None:
    file = parsed(with_u32(BASE, HEADER_FIELDS["file_size"], len(BASE) + 1))
    assert our_members(file) == our_members(parsed(BASE))
    assert details(file) == [("header", "the file is shorter than its header says", 1)]


def test_a_table_that_is_cut_off_keeps_what_is_there() -> None:
    rows = len(parsed(BASE).tables.method_names)
    data = with_table(BASE, "method_ids", table(BASE, "method_ids", 8))[:-8]
    file = parsed(data)
    assert len(file.tables.method_names) == rows - 1
    assert ("method", "the method table is cut off", 1) in details(file)
    assert file.class_count == 2


def test_a_name_that_points_nowhere_is_unreadable_and_the_others_are_kept() -> None:
    rows = table(BASE, "method_ids", 8)
    file = parsed(with_table(BASE, "method_ids", [rows[0][:4] + b"\xff\xff\xff\x7f", *rows[1:]]))
    assert file.method(0).name == "\ufffd"
    assert file.method(1) == parsed(BASE).method(1)
    assert details(file) == [("method", "an index in the method table points nowhere", 1)]


def test_a_class_without_readable_members_is_still_a_class() -> None:
    rows = [row[:24] + b"\xff\xff\xff\x7f" + row[28:] for row in table(BASE, "class_defs", 32)]
    file = parsed(with_table(BASE, "class_defs", rows))
    assert [file.class_name(row) for row in range(2)] == ["Lapp/Base;", "Lapp/Caller;"]
    assert DexClass(file, 0).methods == ()
    assert details(file) == [("class-data", "class data lies outside the file", 2)]


def test_classes_that_share_their_members_are_damaged() -> None:
    rows = table(BASE, "class_defs", 32)
    file = parsed(with_table(BASE, "class_defs", [*rows, rows[0]]))
    assert ("class-data", "classes share their class data", 1) in details(file)
    assert len(Program((file,)).hierarchy.shadowed) == 1


def test_a_file_above_the_limit_is_not_read() -> None:
    with pytest.raises(DexError, match="more than the 100 a DEX file may have"):
        parsed(BASE, Limits(dex_bytes=100))


@pytest.mark.parametrize(
    ("limits", "detail"),
    [
        (Limits(dex_rows=5), "the string table has more rows than are read"),
        (Limits(method_units=3), "a method is longer than is read"),
        (Limits(dex_string_bytes=8), "a string is longer than is read, or has no end"),
    ],
)
def test_a_limit_that_is_crossed_leaves_a_gap(limits: Limits, detail: str) -> None:
    program = Program.build([("classes.dex", BASE)], limits)
    for definition in program.classes:
        assert definition.methods is not None
    for index in range(len(program.files[0].strings)):
        assert len(program.files[0].strings[index]) <= limits.dex_string_bytes
    assert detail in [problem.detail for problem in program.problems if problem.kind == "limit"]
    assert "limit" in {gap.reason for gap in program.gaps()}


def test_an_empty_file_is_a_file_without_classes() -> None:
    data = BASE[:0x38] + bytes(0x38)
    file = parsed(with_u32(data, HEADER_FIELDS["map_off"], 0))
    assert (file.class_count, len(file.strings), get_u32(file.data, 0x38)) == (0, 0, 0)
    assert Program((file,)).users.loads_of(["a pin"]) == ()
