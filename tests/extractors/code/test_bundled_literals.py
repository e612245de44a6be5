"""Texts in the form of pins outside code, and those that only look like them."""

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from msgspec import structs

from analyzer.apk.resources import ResourceTable, ResourceText
from analyzer.errors import TargetError
from analyzer.extractors.code.context import CodeContext
from analyzer.extractors.code.literals import extract_literals
from analyzer.model import PinFact
from analyzer.model.app import MetaData
from analyzer.options import Limits
from tests.extractors.code.smali_fixtures import context_of
from tests.support.arsc import Resource, table

PIN = "sha256/Rt3ArTd/YKQMQOPhL6L0ySews57fy8Z8fG3G7PuNZqg="
BARE = "2pUN3PENQQBCGvF5homSqxFblNdxm78ng+QgkGxiJto="
HEX = "bbf7a0d29b8a3a1b3a1f9d1ff3f2b76fd0a5a4c7c5d6e8f901223344556677a1"


def app_with(files: dict[str, str] | None = None, resources: Sequence[Resource] = ()) -> CodeContext:
    content = {name: text.encode() for name, text in (files or {}).items()}
    texts = ResourceTable.from_bytes([("resources.arsc", table(list(resources)))], Limits())
    return replace(
        context_of("trustkit-free"),
        entries=tuple(content),
        read=content.__getitem__,
        resource_texts=texts.texts_containing,
    )


def found_in(files: dict[str, str]) -> list[PinFact]:
    return list(extract_literals(app_with(files), []).pins)


def test_a_string_resource_is_named_as_the_place() -> None:
    strings = [Resource("string", "api_pin", {"": PIN}), Resource("string", "title", {"": "Pins and needles"})]
    (fact,) = extract_literals(app_with(resources=strings), []).pins
    assert (fact.mechanism, fact.value, fact.host, fact.activation) == ("string", PIN, None, "unknown")
    assert fact.evidence[0].kind == "resource"
    assert fact.evidence[0].snippet == f"string/api_pin = {PIN}"


def test_a_resource_that_a_pinner_was_given_is_no_find_of_its_own() -> None:
    strings = [Resource("array", "pins", {"": [PIN]})]
    (fact,) = extract_literals(app_with(resources=strings), []).pins
    assert extract_literals(app_with(resources=strings), [structs.replace(fact, mechanism="okhttp3")]).pins == ()


def test_meta_data_of_the_manifest_is_looked_at() -> None:
    code = app_with()
    item = MetaData(name="org.example.PIN", value=PIN, resource=None)
    code = replace(code, app=structs.replace(code.app, meta_data=(item,)))
    (fact,) = extract_literals(code, []).pins
    assert (fact.value, fact.evidence[0].kind) == (PIN, "manifest")
    assert (fact.evidence[0].snippet or "").startswith("meta-data org.example.PIN = ")


def test_json_pairs_pins_with_the_host_of_their_object() -> None:
    document = {
        "endpoints": [
            {"host": "api.shop.example.com", "pins": [PIN, BARE]},
            {"baseUrl": "https://pay.shop.example.com/v1", "fingerprint": HEX},
        ],
        "chat.shop.example.com": {"spki": BARE},
    }
    found = {(fact.host, fact.value) for fact in found_in({"assets/net.json": json.dumps(document, indent=1)})}
    assert found == {
        ("api.shop.example.com", PIN),
        ("api.shop.example.com", BARE),
        ("pay.shop.example.com", HEX),
        ("chat.shop.example.com", BARE),
    }


def test_a_line_tells_where_in_a_file() -> None:
    (fact,) = found_in({"assets/net.properties": f"api.host = api.shop.example.com\n\napi.pin = {BARE}\n"})
    assert (fact.host, fact.evidence[0].entry, fact.evidence[0].line) == (
        "api.shop.example.com",
        "assets/net.properties",
        3,
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("assets/downloads.json", json.dumps({"url": "https://cdn.example.com/a.bin", "sha256": HEX})),
        ("assets/flags.json", json.dumps({"host": "api.example.com", "opinion": BARE, "spinner": HEX})),
        ("assets/page.html", f'<script src="https://cdn.example.com/a.js" integrity="sha256-{BARE}"></script>'),
        ("assets/page2.html", f"<!-- pins look like {PIN} -->"),
        ("assets/net.properties", f"# api.pin = {PIN}\n"),
        ("assets/app.js", f"// const pin = '{PIN}';\n"),
        ("assets/licenses/NOTICE.txt", f"pins are written {PIN}"),
        ("assets/package-lock.json", json.dumps({"integrity": PIN})),
        ("assets/tests/pins.json", json.dumps({"pin": PIN})),
        ("assets/vectors.json", json.dumps({"host": "a.example.com", "pin": "a9993e364706816aba3e25717850c26c9cd0d89d"})),
        ("lib/arm64-v8a/net.json", json.dumps({"pin": PIN})),
        ("assets/deep.json", "[" * 100_000 + "]" * 100_000),
        ("assets/image.png", PIN),
    ],
)  # fmt: skip
def test_what_only_looks_like_a_pin_is_left_out(name: str, text: str) -> None:
    assert found_in({name: text}) == []


def test_what_cannot_be_parsed_is_read_line_by_line() -> None:
    (fact,) = found_in({"assets/net.json": f'{{"pins": ["{PIN}",]}}'})
    assert fact.value == PIN


def test_files_beyond_the_bounds_leave_a_gap() -> None:
    facts = extract_literals(app_with({"assets/big.txt": "pin " * 2_000_000, "assets/net.txt": PIN}), [])
    assert [fact.value for fact in facts.pins] == [PIN]
    assert [(gap.reason, gap.subject, gap.hides) for gap in facts.gaps] == [("limit", "1 text file", ("pin",))]


def test_an_entry_that_cannot_be_read_is_passed_over() -> None:
    def refuse(entry: str) -> bytes:
        raise TargetError(f"{entry}: damaged")

    assert extract_literals(replace(app_with(), entries=("assets/a.json",), read=refuse), []).pins == ()


def test_names_of_resources_may_be_missing() -> None:
    nameless = [ResourceText(entry="resources.arsc", name=None, text=PIN)]
    (fact,) = extract_literals(replace(app_with(), resource_texts=lambda _: nameless), []).pins
    assert fact.evidence[0].snippet == PIN
