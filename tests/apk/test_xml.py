"""Binary and plain XML: both binary readers agree, and plain XML becomes what the compiler makes of it."""

import base64
import json
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.apk.axml_recovery import read_tolerantly
from analyzer.apk.axml_strict import read_strictly
from analyzer.apk.errors import XmlError
from analyzer.apk.tree import ANDROID_NAMESPACE, ValueType, XmlElement, XmlText
from analyzer.apk.xml import read_xml
from analyzer.options import Limits
from tests.apk.oracle import SHARED, binary_xml, packages
from tests.support.axml import Element, Layout, chunk, compile_xml, element
from tests.support.values import Ref, Typed

LIMITS = Limits()
_VECTORS = SHARED / "vectors" / "nsc.json"


def both(data: bytes) -> XmlElement:
    """Read with both binary readers and insist on one tree."""
    strict = read_strictly(data, "x.xml", LIMITS)
    assert read_tolerantly(data, "x.xml", LIMITS) == strict
    return strict


@pytest.mark.parametrize("utf8", [True, False])
def test_attributes_keep_their_type_and_platform_attributes_their_id(utf8: bool) -> None:
    root = both(
        compile_xml(
            element("application", {"android:debuggable": True, "android:name": "a.B", "src": Ref(0x7F010001), "n": 7}),
            Layout(utf8=utf8),
        )
    )
    debuggable = root.android("debuggable", 0x0101000F)
    assert debuggable is not None and debuggable.boolean is True
    assert debuggable.namespace == ANDROID_NAMESPACE
    name = root.android("name", 0x01010003)
    assert name is not None and name.text == "a.B"
    source, number = root.attribute("src"), root.attribute("n")
    assert source is not None and source.reference == 0x7F010001 and source.text == "@0x7f010001"
    assert number is not None and number.integer == 7 and number.resource_id is None


@pytest.mark.parametrize("text", ["", "a", "ü", "\U0001f512 pinned", "x" * 127, "y" * 128, "z" * 40_000, "日本"])
@pytest.mark.parametrize("utf8", [True, False])
def test_strings_of_any_length_and_script_are_read(text: str, utf8: bool) -> None:
    root = both(compile_xml(element("a", {"v": text}), Layout(utf8=utf8)))
    attribute = root.attribute("v")
    assert attribute is not None and attribute.text == text


def test_supplementary_characters_written_as_surrogates_become_one_character() -> None:
    root = both(compile_xml(element("a", {"v": "\ud83d\udd12"})))
    attribute = root.attribute("v")
    assert attribute is not None and attribute.text == "\U0001f512"


def test_a_lone_surrogate_does_not_leave_the_reader() -> None:
    root = both(compile_xml(element("a", {"v": "x\ud83dy"})))
    attribute = root.attribute("v")
    assert attribute is not None and attribute.text is not None
    assert attribute.text.encode("utf-8")


_names = st.text("abcxyz-", min_size=1, max_size=8)
_values = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=200),
    st.booleans(),
    st.integers(-(1 << 31), (1 << 31) - 1),
    st.builds(Ref, st.integers(1, 0xFFFFFFFF)),
    st.builds(Typed, st.sampled_from([0, 2, 4, 5, 6, 7, 0x11, 0x1C, 0x1F, 0x77]), st.integers(0, 0xFFFFFFFF)),
)
_elements: st.SearchStrategy[Element] = st.deferred(
    lambda: st.builds(
        Element,
        _names,
        st.dictionaries(_names, _values, max_size=4),
        st.lists(st.one_of(_elements, st.text("ab \n", min_size=1, max_size=9)), max_size=3),
    )
)


@settings(max_examples=60, deadline=None)
@given(_elements, st.booleans())
def test_both_readers_agree_on_whatever_is_well_formed(root: Element, utf8: bool) -> None:
    both(compile_xml(root, Layout(utf8=utf8)))


@pytest.mark.parametrize("path", packages(), ids=lambda path: path.name)
def test_both_readers_agree_on_real_files(path: Path) -> None:
    for name, content in binary_xml(path):
        document = read_xml(content, name, LIMITS)
        assert read_tolerantly(content, name, LIMITS) == document.root, name


@pytest.mark.parametrize(
    "layout",
    [
        Layout(attribute_bytes=24),
        Layout(attribute_start=28),
        Layout(root_type=0),
        Layout(junk_between=chunk(0x1234, b"12345678", b"\0" * 8)),
        Layout(trailing=struct.pack("<HHI", 0x0101, 16, 0)),
        Layout(close_root=False),
    ],
    ids=["wide attributes", "late attributes", "root type", "unknown chunks", "empty last chunk", "root left open"],
)
def test_layouts_that_devices_accept_are_recovered(layout: Layout) -> None:
    tree = element("manifest", {"package": "a.b"}, element("application", {"android:debuggable": True}))
    document = read_xml(compile_xml(tree, layout), "AndroidManifest.xml", LIMITS)
    assert document.recovered and document.detail
    (application,) = document.root.elements
    debuggable = application.android("debuggable", 0x0101000F)
    assert debuggable is not None and debuggable.boolean is True


def test_well_formed_files_are_not_called_recovered() -> None:
    assert not read_xml(compile_xml(element("a")), "a.xml", LIMITS).recovered


def test_a_pool_that_announces_more_strings_than_there_are_is_readable() -> None:
    data = bytearray(compile_xml(element("a", {"v": "text"})))
    # String count: the first field after the pool's chunk header.
    (count,) = struct.unpack_from("<I", data, 16)
    struct.pack_into("<I", data, 16, count + 3)
    document = read_xml(bytes(data), "a.xml", LIMITS)
    attribute = document.root.attribute("v")
    assert attribute is not None and attribute.text == "text"


def test_the_raw_text_of_an_attribute_comes_first_and_the_typed_one_is_kept() -> None:
    data = bytearray(compile_xml(element("a", {"v": "shown", "w": "typed"})))
    position = data.find(struct.pack("<HHI", 0x102, 16, 36 + 40)) + 36
    first, second = data[position : position + 20], data[position + 20 : position + 40]
    # The typed value of the first attribute points to the text of the second.
    data[position + 16 : position + 20] = second[16:20]
    assert first[16:20] != second[16:20]
    attribute = both(bytes(data)).attribute("v")
    assert attribute is not None
    assert (attribute.text, attribute.typed_string) == ("shown", "typed")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty"),
        (b"\x03\x00\x08\x00", "shorter than a header"),
        (b"\x03\x00\x08\x00\xff\xff\xff\x7f" + b"\0" * 40, "announces 2147483647 bytes"),
        (b"\x7fELF" + b"\0" * 60, "not readable as binary XML"),
        (chunk(3, b""), "no string pool"),
        (b"<a><b></a>", "not well-formed"),
        (b"<?xml version='1.0' encoding='no-such'?><a/>", "encoding"),
        (b"<!-- nothing -->", "not well-formed"),
    ],
)
def test_what_no_reader_reads_is_one_clear_line(data: bytes, message: str) -> None:
    with pytest.raises(XmlError, match=message) as caught:
        read_xml(data, "res/x.xml", LIMITS)
    assert str(caught.value).startswith("res/x.xml: ")
    assert "\n" not in str(caught.value)


def test_names_of_entries_cannot_break_the_line_of_a_message() -> None:
    with pytest.raises(XmlError) as caught:
        read_xml(b"\0\0", "a\nb\x1b[31m", LIMITS)
    assert "\n" not in str(caught.value) and "\x1b" not in str(caught.value)


def _deep(levels: int) -> Element:
    root = element("e")
    for _ in range(levels):
        root = element("e", {}, root)
    return root


@pytest.mark.parametrize(
    ("limits", "tree", "message"),
    [
        (Limits(xml_depth=10), _deep(10), "nest deeper than 10"),
        (Limits(xml_elements=5), element("a", {}, *[element("b")] * 5), "more than 5 elements"),
        (Limits(xml_attributes=3), element("a", {"b": 1, "c": 2, "d": 3, "e": 4}), "more than 3 attributes"),
        (Limits(xml_bytes=50), element("a"), "limit xml_bytes"),
    ],
)
def test_limits_hold_for_binary_and_plain_files(limits: Limits, tree: Element, message: str) -> None:
    for data in (compile_xml(tree), _plain(tree).encode() + b" " * 60):
        with pytest.raises(XmlError, match=message):
            read_xml(data, "a.xml", limits)


def _plain(tree: Element) -> str:
    attributes = "".join(f' {name}="{value}"' for name, value in tree.attributes.items())
    inner = "".join(child if isinstance(child, str) else _plain(child) for child in tree.children)
    return f"<{tree.name}{attributes}>{inner}</{tree.name}>"


@pytest.mark.parametrize(
    ("written", "value_type", "data", "text"),
    [
        ("true", ValueType.INT_BOOLEAN, 0xFFFFFFFF, "true"),
        (" TRUE ", ValueType.INT_BOOLEAN, 0xFFFFFFFF, "true"),
        ("False", ValueType.INT_BOOLEAN, 0, "false"),
        ("tRUE", ValueType.STRING, 0, "tRUE"),
        ("yes", ValueType.STRING, 0, "yes"),
        ("01", ValueType.INT_DEC, 1, "1"),
        ("-1", ValueType.INT_DEC, 0xFFFFFFFF, "-1"),
        ("2147483648", ValueType.FLOAT, 0x4F000000, "2.1474836E9"),
        ("0x1f", ValueType.INT_HEX, 0x1F, "0x1f"),
        ("0X10", ValueType.FLOAT, 0x41800000, "16.0"),
        ("#fff", ValueType.INT_COLOR_RGB4, 0xFFFFFFFF, "#ffffffff"),
        ("#00000000", ValueType.INT_COLOR_ARGB8, 0, "#0"),
        ("1.5", ValueType.FLOAT, 0x3FC00000, "1.5"),
        ("1.5dp", ValueType.DIMENSION, 0x00C00021, "1.5dip"),
        ("50%", ValueType.FRACTION, 0x40000030, "50.0%"),
        ("@null", ValueType.REFERENCE, 0, "@null"),
        ("@raw/my_ca", ValueType.REFERENCE, 0, "@raw/my_ca"),
        ("@+id/x", ValueType.REFERENCE, 0, "@+id/x"),
        ("@0x7f010002", ValueType.REFERENCE, 0x7F010002, "@0x7f010002"),
        ("@nothing/like_this", ValueType.STRING, 0, "@nothing/like_this"),
        (r"a\n\u0041\@", ValueType.STRING, 0, "a\nA@"),
        ("1.5 dp", ValueType.STRING, 0, "1.5 dp"),
        ("", ValueType.STRING, 0, ""),
    ],
)
def test_plain_attributes_are_typed_as_the_compiler_types_them(
    written: str, value_type: ValueType, data: int, text: str
) -> None:
    root = read_xml(f'<a v="{written}"/>'.encode(), "a.xml", LIMITS).root
    attribute = root.attribute("v")
    assert attribute is not None
    assert (attribute.value_type, attribute.data, attribute.text) == (value_type, data, text)


def test_platform_attributes_of_plain_files_keep_their_spelling() -> None:
    root = read_xml(f'<m xmlns:android="{ANDROID_NAMESPACE}" android:versionName="1.10"/>'.encode(), "a", LIMITS).root
    attribute = root.android("versionName", 0x0101021C)
    assert attribute is not None and attribute.text == "1.10"


def test_comments_split_texts_and_white_space_alone_is_dropped() -> None:
    root = read_xml(b"<a>\n  <b>one<!-- x -->two</b>\n  <c><![CDATA[ <x> ]]></c>\n</a>", "a.xml", LIMITS).root
    first, second = root.elements
    assert [child.text for child in first.children if isinstance(child, XmlText)] == ["one", "two"]
    assert second.children == (XmlText(text=" <x> ", line=3),)
    assert len(root.children) == 2


def test_an_element_stands_where_its_tag_begins() -> None:
    root = read_xml(b'<a>\n <b\n  x="1"\n  y="2"\n />\n</a>', "a.xml", LIMITS).root
    assert root.elements[0].line == 2


def test_internal_entities_are_expanded_within_limits() -> None:
    small = b'<!DOCTYPE a [<!ENTITY h "example.com">]><a>&h;</a>'
    assert read_xml(small, "a.xml", LIMITS).root.children == (XmlText(text="example.com", line=1),)
    entities = b"".join(b'<!ENTITY e%d "%s">' % (i, b"&e%d;" % (i - 1) * 10) for i in range(1, 10))
    bomb = b'<!DOCTYPE a [<!ENTITY e0 "0123456789">' + entities + b"]><a>&e9;</a>"
    with pytest.raises(XmlError):
        read_xml(bomb, "a.xml", LIMITS)


def test_external_entities_are_refused() -> None:
    data = b'<!DOCTYPE a [<!ENTITY h SYSTEM "file:///etc/passwd">]><a>&h;</a>'
    with pytest.raises(XmlError, match="external"):
        read_xml(data, "a.xml", LIMITS)


def _cases() -> list[dict[str, Any]]:
    if not _VECTORS.is_file():
        return []
    cases: list[dict[str, Any]] = json.loads(_VECTORS.read_text())["cases"]
    return [case for case in cases if case["policy_xml"] and case["policy_axml_base64"]]


def _shape(node: XmlElement | XmlText) -> object:
    """Return a tree without what only linking adds: the ids of references."""
    if isinstance(node, XmlText):
        return node
    attributes = sorted(
        (
            attribute.name,
            attribute.namespace or "",
            attribute.value_type,
            0 if attribute.value_type in (ValueType.REFERENCE, ValueType.STRING) else attribute.data,
            "" if attribute.value_type == ValueType.REFERENCE else attribute.string or "",
        )
        for attribute in node.attributes
    )
    return node.name, node.namespace, node.line, attributes, [_shape(child) for child in node.children]


@pytest.mark.skipif(not _cases(), reason="the recorded platform vectors are not beside the project")
def test_plain_policies_equal_their_compiled_form() -> None:
    different = []
    for case in _cases():
        compiled = read_xml(base64.b64decode(case["policy_axml_base64"]), "compiled", LIMITS)
        assert not compiled.recovered
        if case["booleans_stored_as_strings"]:
            continue
        plain = read_xml(case["policy_xml"].encode(), "plain", LIMITS)
        if _shape(plain.root) != _shape(compiled.root):
            different.append(case["id"])
    assert different == []
