"""What is shown of hostile text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.reporters.text import join_words, plural, shorten, visible, visible_lines, without_commands


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain.example", "plain.example"),
        ("\x1b[31mred", "⟨U+001B⟩[31mred"),
        ("\x9b31m", "⟨U+009B⟩31m"),
        ("a\u202egpj.exe", "a⟨U+202E⟩gpj.exe"),
        ("zero\u200bwidth", "zero⟨U+200B⟩width"),
        ("soft\u00adhyphen", "soft⟨U+00AD⟩hyphen"),
        ("hard\u00a0space", "hard⟨U+00A0⟩space"),
        ("hangul\u3164filler", "hangul⟨U+3164⟩filler"),
        ("tag\U000e0041", "tag⟨U+E0041⟩"),
        ("lone\ud800surrogate", "lone⟨U+D800⟩surrogate"),
        ("null\0", "null⟨U+0000⟩"),
        ("two\r\n  lines", "two lines"),
        ("paragraph\u2029end", "paragraph end"),
        ("e" + "\u0301" * 5, "e" + "\u0301" * 4 + "⟨U+0301⟩"),
        ("münchen.example", "münchen.example"),
        ("例え.テスト", "例え.テスト"),
    ],
)
def test_characters_that_cannot_be_seen_are_spelled_out(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text(st.characters(codec=None)))
def test_every_text_ends_up_printable_and_stays_as_it_is_the_second_time(text: str) -> None:
    shown = visible(text)
    assert shown.isprintable()
    assert visible(shown) == shown
    shown.encode("utf-8")


@given(st.text(st.characters(codec=None)))
def test_lines_stay_lines_and_are_printable_each(text: str) -> None:
    assert all(line.isprintable() for line in visible_lines(text).split("\n"))


def test_indentation_of_code_is_kept() -> None:
    assert visible_lines("<a>\r\n\t<b/>\n  <c/>\n</a>") == "<a>\n    <b/>\n  <c/>\n</a>"


@given(st.text(), st.integers(min_value=3, max_value=40))
def test_shortened_text_keeps_its_ends_and_its_limit(text: str, most: int) -> None:
    short = shorten(text, most)
    assert len(short) <= max(most, len(text) if len(text) <= most else 0)
    assert short == text or (short[0] == text[0] and short[-1] == text[-1] and "…" in short)


def test_counts_take_the_right_noun() -> None:
    assert plural(1, "finding") == "1 finding"
    assert plural(0, "finding") == "0 findings"
    assert plural(2, "entry", "entries") == "2 entries"


def test_words_are_joined_as_a_sentence_does() -> None:
    assert join_words([]) == ""
    assert join_words(["a"]) == "a"
    assert join_words(["a", "b", "c"]) == "a, b and c"
    assert join_words(["a", "b"], "or") == "a or b"


@pytest.mark.parametrize(
    ("line", "defused"),
    [
        ("::error::text", "∷error::text"),
        ("   ::set-output name=a::b", "   ∷set-output name=a::b"),
        ("\x1b[2m  ::error::text", "\x1b[2m  ∷error::text"),
        ("a ##[command]b", "a #⌗[command]b"),
        ("##vso[task.setvariable]", "#⌗vso[task.setvariable]"),
        ("##teamcity[message]", "#⌗teamcity[message]"),
        ("::1 is this device", "::1 is this device"),
        ("std::string::npos", "std::string::npos"),
        ("## Heading", "## Heading"),
    ],
)
def test_lines_of_a_log_give_no_orders_to_a_build_server(line: str, defused: str) -> None:
    assert without_commands(line) == defused
