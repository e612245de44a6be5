"""LEB128 numbers and modified UTF-8, one by one and many at once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dex.errors import DamagedItem
from analyzer.dex.leb128 import UlebRun, read_sleb128, read_uleb128
from analyzer.dex.mutf8 import decode_mutf8, encode_mutf8, order_key, utf16_length

_U32 = st.integers(0, 0xFFFFFFFF)
_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=40)


def uleb128(value: int) -> bytes:
    """Encode a number in as few bytes as it takes."""
    content = bytearray()
    while value > 0x7F:
        content.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*content, value])


def sleb128(value: int) -> bytes:
    """Encode a signed number in as few bytes as it takes."""
    content = bytearray()
    while not -0x40 <= value < 0x40:
        content.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*content, value & 0x7F])


@given(_U32, st.binary(max_size=3), st.binary(max_size=3))
def test_an_unsigned_number_is_read_where_it_stands(value: int, before: bytes, behind: bytes) -> None:
    encoded = uleb128(value)
    assert read_uleb128(before + encoded + behind, len(before)) == (value, len(before) + len(encoded))


@given(st.integers(-0x80000000, 0x7FFFFFFF))
def test_a_signed_number_keeps_its_sign(value: int) -> None:
    encoded = sleb128(value)
    assert read_sleb128(encoded, 0) == (value, len(encoded))


@pytest.mark.parametrize("data", [b"", b"\x80", b"\x80\x80\x80\x80\x80", b"\xff\xff\xff\xff\xff\x01"])
def test_a_number_without_an_end_is_damaged(data: bytes) -> None:
    with pytest.raises(DamagedItem):
        read_uleb128(data, 0)


def test_a_number_outside_the_data_is_damaged() -> None:
    for offset in (-1, 1, 2):
        with pytest.raises(DamagedItem):
            read_uleb128(b"\x01", offset)


@given(st.lists(_U32, min_size=1, max_size=50))
def test_a_run_of_numbers_is_read_as_one_by_one(values: list[int]) -> None:
    region = np.frombuffer(b"".join(map(uleb128, values)), np.uint8)
    run = UlebRun(region, np.array([0]))
    assert run.values.tolist() == values
    assert not run.damaged.any()


@given(st.binary(min_size=1, max_size=200), st.data())
def test_any_bytes_are_a_run_of_numbers(region: bytes, data: st.DataObject) -> None:
    starts = sorted({0, *data.draw(st.lists(st.integers(0, len(region) - 1), max_size=5))})
    run = UlebRun(np.frombuffer(region, np.uint8), np.array(starts))
    begins = run.begins.tolist()
    # The last number may have no end; nothing begins there then.
    assert set(starts) - set(begins) <= {starts[-1]}
    for begin, value, damaged in zip(begins, run.values.tolist(), run.damaged.tolist(), strict=True):
        if not damaged:
            assert read_uleb128(region, begin)[0] == value


@given(_TEXT)
def test_text_survives_encoding(text: str) -> None:
    paired = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    encoded = encode_mutf8(text)
    assert b"\0" not in encoded
    assert decode_mutf8(encoded) == (paired, True)


@given(_TEXT)
def test_the_length_is_that_of_utf16(text: str) -> None:
    assert utf16_length(text) == len(text.encode("utf-16-le", "surrogatepass")) // 2


@given(_TEXT, _TEXT)
def test_encoded_strings_sort_by_utf16_code_unit(left: str, right: str) -> None:
    units = [text.encode("utf-16-be", "surrogatepass") for text in (left, right)]
    keys = [order_key(encode_mutf8(text)) for text in (left, right)]
    assert (units[0] < units[1]) == (keys[0] < keys[1])


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"\xc0\x80", "\0"),
        (b"\xed\xa0\xbd\xed\xb8\x80", "\U0001f600"),
        (b"\xed\xa0\xbd", "\ud83d"),
        (b"\xed\xb8\x80\xed\xa0\xbd", "\ude00\ud83d"),
        ("é€".encode(), "é€"),
    ],
)
def test_nul_and_surrogates_have_their_own_encoding(raw: bytes, text: str) -> None:
    assert decode_mutf8(raw) == (text, True)
    assert encode_mutf8(text) == raw


@pytest.mark.parametrize("raw", [b"\x80", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98\x80", b"\xc1\xbf", b"a\xffb"])
def test_what_is_no_modified_utf8_is_replaced_and_said_to_be(raw: bytes) -> None:
    text, well_formed = decode_mutf8(raw)
    assert not well_formed
    assert text


@given(st.binary(max_size=60))
def test_any_bytes_give_some_text(raw: bytes) -> None:
    text, well_formed = decode_mutf8(raw)
    if well_formed:
        assert encode_mutf8(text) == raw
