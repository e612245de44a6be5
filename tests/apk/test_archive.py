"""ZIP archives as devices read them, and the limits on what is inflated."""

import struct

import pytest

from analyzer.apk.archive import Archive, Budget
from analyzer.apk.errors import EntryError, LimitError
from analyzer.options import Limits
from tests.support.zips import Entry, archive, deflated

CONTENT = b"<manifest/>" * 10


def opened(data: bytes, limits: Limits | None = None) -> Archive:
    limits = limits or Limits()
    return Archive(memoryview(data), "app.apk", limits, Budget(limits, len(data)))


def remarks(data: bytes) -> str:
    return " ".join(gap.detail for gap in opened(data).gaps)


def test_stored_and_deflated_entries_are_read() -> None:
    app = opened(archive(Entry("a", CONTENT), Entry("b", CONTENT, deflate=False)))
    assert app.names == ("a", "b")
    assert app.read("a") == app.read("b") == CONTENT
    assert app.gaps == ()


@pytest.mark.parametrize(
    "entry",
    [
        Entry("a", CONTENT, flags=1),
        Entry("a", CONTENT, deflate=False, method=0x7600),
        Entry("a", CONTENT, method=14),
        Entry("a", CONTENT, size_bytes=3),
        Entry("a", CONTENT, size_bytes=0xFFFFFFF0),
        Entry("a", CONTENT, local_extra=b"\xff" * 33),
        Entry("a", CONTENT, central_extra=b"**"),
        Entry("a", CONTENT, central_extra=b"*" * 18, central_extra_length=17),
        Entry("a", CONTENT, deflate=False, stored_bytes=1),
    ],
    ids=[
        "encryption flag",
        "unknown method, stored",
        "unknown method, deflated",
        "size too small",
        "size too large",
        "local extra field",
        "broken extra field",
        "extra field length",
        "stored size",
    ],
)
def test_faked_fields_do_not_hide_an_entry(entry: Entry) -> None:
    data = archive(entry, Entry("after", b"x"))
    app = opened(data)
    assert app.names == ("a", "after")
    assert app.read("a") == CONTENT
    assert app.read("after") == b"x"


def test_an_unknown_method_is_named() -> None:
    assert "unknown compression methods ('a')" in remarks(archive(Entry("a", CONTENT, deflate=False, method=99)))


def test_of_two_entries_with_one_name_the_first_counts_and_both_are_told() -> None:
    data = archive(Entry("classes.dex", b"first"), Entry("classes.dex", b"second"))
    assert opened(data).read("classes.dex") == b"first"
    assert "names occur twice ('classes.dex')" in remarks(data)


@pytest.mark.parametrize("name", ["../up", "/root", "a\\b", "nul\0name", "line\nbreak", ""])
def test_names_that_lead_elsewhere_are_plain_keys_and_told(name: str) -> None:
    data = archive(Entry(name, b"x"))
    assert opened(data).read(name) == b"x"
    (gap,) = opened(data).gaps
    assert gap.reason == "recovered" and "names lead outside" in gap.detail


def test_names_that_are_no_text_stay_apart() -> None:
    app = opened(archive(Entry(b"\xff", b"1"), Entry(b"\xfe", b"2")))
    assert len(app.names) == 2
    assert {app.read(name) for name in app.names} == {b"1", b"2"}


def test_a_comment_that_looks_like_an_end_record_is_no_end_record() -> None:
    fake = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 9, 9, 9, 9, 0xFFFF)
    assert opened(archive(Entry("a", CONTENT), comment=fake + b"text")).names == ("a",)


def test_bytes_before_and_after_the_archive_are_survived() -> None:
    data = archive(Entry("a", CONTENT), before=b"#!/bin/sh\n" * 10, after=b"trailing")
    assert opened(data).read("a") == CONTENT
    assert "bytes follow the end" in remarks(data)


def test_a_directory_that_is_shorter_than_announced_is_read_as_far_as_it_goes() -> None:
    data = archive(Entry("a", CONTENT), directory_size=10_000)
    assert opened(data).read("a") == CONTENT
    assert "shorter than announced" in remarks(data)


def test_entries_that_are_announced_but_not_there_make_the_scan_incomplete() -> None:
    (gap,) = opened(archive(Entry("a", CONTENT), announced=5)).gaps
    assert gap.incomplete and gap.reason == "unreadable"
    assert "ends after 1 of 5 entries" in gap.detail


def test_more_entries_than_the_limit_make_the_scan_incomplete() -> None:
    data = archive(*(Entry(f"f{i}", b"") for i in range(20)))
    app = opened(data, Limits(entries=8))
    (gap,) = app.gaps
    assert len(app.names) == 8
    assert gap.incomplete and gap.reason == "limit"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK",
        b"PK\x03\x04" + b"\0" * 100,
        b"PK\x05\x06" + b"\xff" * 18,
        archive(Entry("a"), directory_offset=1 << 30),
    ],
)
def test_what_is_no_archive_is_one_clear_line(data: bytes) -> None:
    with pytest.raises(EntryError, match=r"^app\.apk: ") as caught:
        opened(data)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "entry",
    [
        Entry("a", CONTENT, raw=b"\xff\xff\xff\xff"),
        Entry("a", CONTENT, raw=deflated(CONTENT)[:-4]),
        Entry("a", CONTENT, header_offset=1 << 30),
        Entry("a", CONTENT, header_offset=2),
        Entry("a", CONTENT, deflate=False, stored_bytes=1 << 30, size_bytes=1 << 30),
    ],
    ids=["no deflate stream", "cut off", "header outside", "header elsewhere", "stored beyond the end"],
)
def test_damaged_data_is_an_error_of_that_entry_only(entry: Entry) -> None:
    app = opened(archive(Entry("good", b"x"), entry))
    assert app.read("good") == b"x"
    with pytest.raises(EntryError, match=r"^app\.apk: a: "):
        app.read("a")


def test_a_missing_entry_is_told() -> None:
    with pytest.raises(EntryError, match="there is no entry 'x'"):
        opened(archive(Entry("a"))).read("x")


@pytest.mark.parametrize(
    ("limits", "which"),
    [
        (Limits(entry_bytes=1000), "entry_bytes"),
        (Limits(ratio=10, ratio_floor_bytes=100), "ratio"),
        (Limits(total_bytes=1000), "total_bytes"),
    ],
)
def test_inflating_ends_at_the_limits_whatever_the_sizes_say(limits: Limits, which: str) -> None:
    data = archive(Entry("zeros", b"\0" * 1_000_000, size_bytes=10))
    with pytest.raises(LimitError, match=f"the limit '{which}'"):
        opened(data, limits).read("zeros")


def test_the_budget_of_a_target_is_shared_and_charged_once_per_entry() -> None:
    limits = Limits(total_bytes=2_500)
    data = archive(*(Entry(name, b"x" * 1_000) for name in "abc"))
    app = opened(data, limits)
    for _ in range(5):
        assert len(app.read("a")) == len(app.read("b")) == 1_000
    with pytest.raises(LimitError, match="total_bytes"):
        app.read("c")


def test_sizes_beyond_four_gigabytes_come_from_the_zip64_field() -> None:
    content = b"x" * 50
    field = struct.pack("<HHQQ", 1, 16, len(content), len(content))
    entry = Entry("a", content, deflate=False, stored_bytes=0xFFFFFFFF, size_bytes=0xFFFFFFFF, central_extra=field)
    assert opened(archive(entry)).read("a") == content


def test_a_zip64_end_record_is_followed() -> None:
    plain = archive(Entry("a", CONTENT))
    end = plain.rindex(b"PK\x05\x06")
    _, _, _, _, count, size, offset, _ = struct.unpack("<IHHHHIIH", plain[end:])
    end64 = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, count, count, size, offset)
    locator = struct.pack("<IIQI", 0x07064B50, 0, end, 1)
    final = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    assert opened(plain[:end] + end64 + locator + final).read("a") == CONTENT
