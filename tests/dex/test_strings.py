"""Strings are found by bisection, in files whose strings are not sorted by comparing all; and by patterns."""

import random
import re

import pytest

from analyzer.dex.problems import ProblemLog
from analyzer.dex.strings import StringTable
from tests.dex.oracle import FIXTURES, ours
from tests.dex.test_encodings import uleb128

TEXTS = sorted(
    ["", "\0", "a", "a\0", "a\0b", "aaaaaaa", "aaaaaaaa", "aaaaaaaaa", "aaaaaaaab", "é", "\ud800", "\U0001f600", "\uffff",
     "sha256/first", "sha256/second", "x" * 5000, "x" * 5000 + "y", "https://example.com/"],
    key=lambda text: text.encode("utf-16-be", "surrogatepass"),
)  # fmt: skip


def string_table(texts: list[str], log: ProblemLog | None = None) -> StringTable:
    """Store `texts` in this order, as a DEX file does."""
    import numpy as np

    from analyzer.dex.mutf8 import encode_mutf8, utf16_length

    data = bytearray(b"header\0\0")
    offsets = []
    for text in texts:
        offsets.append(len(data))
        data += uleb128(utf16_length(text)) + encode_mutf8(text) + b"\0"
    return StringTable(bytes(data), np.array(offsets, np.uint32), 1 << 20, log or ProblemLog("classes.dex"))


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_each_string_is_found_where_it_is(text: str) -> None:
    table = string_table(TEXTS)
    assert table.find(text) == TEXTS.index(text)
    assert table[TEXTS.index(text)] == text


@pytest.mark.parametrize("text", ["b", "aaaaaa", "aaaaaaaaaa", "sha256", "x" * 4999, "\ud801", "zz", "\0\0"])
def test_what_is_not_there_is_not_found(text: str) -> None:
    log = ProblemLog("classes.dex")
    assert string_table(TEXTS, log).find(text) is None
    assert log.problems == ()


@pytest.mark.parametrize("seed", range(5))
def test_strings_out_of_order_are_found_all_the_same(seed: int) -> None:
    texts = list(TEXTS)
    random.Random(seed).shuffle(texts)
    log = ProblemLog("classes.dex")
    table = string_table(texts, log)
    assert [table.find(text) for text in texts] == list(range(len(texts)))
    assert table.find("not there") is None
    assert [(problem.kind, problem.detail) for problem in log.problems] == [("string", "the strings are not sorted")]


def test_one_pair_out_of_order_is_noticed_deep_inside_equal_beginnings() -> None:
    log = ProblemLog("classes.dex")
    texts = ["a" * 100 + "2", "a" * 100 + "1"]
    assert string_table(texts, log).find(texts[0]) == 0
    assert [problem.detail for problem in log.problems] == ["the strings are not sorted"]


def test_a_pattern_finds_each_string_it_occurs_in() -> None:
    table = string_table(TEXTS)
    assert [table[index] for index in table.search(re.compile(rb"sha256/[a-z]+"))] == ["sha256/first", "sha256/second"]
    assert [table[index] for index in table.search(re.compile(rb"x{4999}y"))] == ["x" * 5000 + "y"]
    assert table.search(re.compile(rb"no such thing")) == []


def test_a_pattern_that_runs_over_the_end_of_a_string_still_finds_the_next() -> None:
    table = string_table(["abc", "b", "bcd"])
    assert [table[index] for index in table.search(re.compile(rb"b[^x]*"))] == ["abc", "b", "bcd"]
    assert [table[index] for index in table.search(re.compile(rb"c[^x]*d"))] == ["bcd"]


def test_a_pattern_finds_what_looking_at_every_string_finds() -> None:
    file = ours((FIXTURES / "users-base.dex").read_bytes())
    for pattern in (rb"[A-Z][a-z]+", rb"a", rb";", rb"\(", rb"app/\w+"):
        compiled = re.compile(pattern)
        expected = [index for index in range(len(file.strings)) if compiled.search(file.strings.raw(index))]
        assert file.strings.search(compiled) == expected, pattern


def test_a_string_of_another_length_than_declared_is_noted() -> None:
    import numpy as np

    log = ProblemLog("classes.dex")
    table = StringTable(b"\x05abc\0", np.array([0], np.uint32), 100, log)
    assert table[0] == "abc"
    assert [problem.detail for problem in log.problems] == ["a string has another length than declared"]


def test_a_string_that_does_not_exist_is_unreadable() -> None:
    table = string_table(["a"])
    assert (table[1], table[-1], table[1 << 31]) == ("\ufffd", "\ufffd", "\ufffd")


@pytest.mark.parametrize("name", ["users-base.dex", "opcodes.dex"])
def test_naming_what_a_match_holds_changes_nothing_but_the_time(name: str) -> None:
    table = ours((FIXTURES / name).read_bytes()).strings
    for pattern, containing in (
        (rb"[a-z]/[a-z]", (b"/",)),
        (rb"[A-Z](?:to|in)", (b"to", b"in")),
        (rb"q{9}", (b"qqq",)),
    ):
        compiled = re.compile(pattern)
        assert table.search(compiled, containing) == table.search(compiled)


@pytest.mark.parametrize("seed", range(20))
def test_runs_are_found_wherever_they_begin(seed: int) -> None:
    rng = random.Random(seed)
    texts = sorted({"".join(rng.choice("0aF-z") for _ in range(rng.randrange(60))) for _ in range(200)})
    table = string_table(texts)
    for length in (1, 2, 3, 4, 7, 10, 12):
        wanted = re.compile(f"[0aF-]{{{length}}}")
        assert [table[index] for index in table.with_run(b"0aF-", length)] == [
            text for text in texts if wanted.search(text)
        ]


@pytest.mark.parametrize("seed", range(20))
def test_runs_are_found_in_front_of_a_character(seed: int) -> None:
    rng = random.Random(seed)
    texts = sorted({"".join(rng.choice("0aF-z=") for _ in range(rng.randrange(60))) for _ in range(200)})
    table = string_table(texts)
    for length in (1, 2, 5, 9):
        wanted = re.compile(f"[0aF-]{{{length}}}=")
        found = [table[index] for index in table.with_run(b"0aF-", length, b"=")]
        assert found == [text for text in texts if wanted.search(text)]


def test_no_run_is_found_where_there_are_no_strings() -> None:
    assert string_table([]).with_run(b"a", 1) == []
