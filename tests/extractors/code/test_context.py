"""What extractors are given: the resources of the app, its components, and places as reports show them."""

from pathlib import Path

import pytest

from analyzer.apk.app import open_app
from analyzer.dataflow.values import Text, Value
from analyzer.dex import MethodRef
from analyzer.extractors.code.context import AppResources, location_in, location_of
from analyzer.model.location import MAX_SNIPPET_CHARACTERS
from analyzer.options import Limits
from tests.extractors.code.smali_fixtures import context_of
from tests.support.apks import apk, manifest
from tests.support.arsc import Resource
from tests.support.values import Ref


@pytest.fixture
def resources(tmp_path: Path) -> AppResources:
    target = tmp_path / "app.apk"
    table = [
        Resource("string", "host", {"": "api.example.com", "de": "api.example.de"}),
        Resource("string", "other", {"": Ref(0x7F010000)}),
        Resource("bool", "flag", {"": True}),
        Resource("array", "pins", {"": ["a", Ref(0x7F010001), "c"], "v28": ["x", "y"]}),
        Resource("raw", "cert", {"": "res/raw/cert.cer"}),
    ]
    target.write_bytes(apk(manifest(), resources=table, files={"res/raw/cert.cer": b"data"}))
    return AppResources(open_app(target, Limits()))


def identifiers() -> dict[str, int]:
    """Types are numbered in the order of their first resource."""
    return {"host": 0x7F010000, "other": 0x7F010001, "flag": 0x7F020000, "pins": 0x7F030000, "cert": 0x7F040000}


def test_a_string_has_one_text_for_each_configuration_the_default_first(resources: AppResources) -> None:
    assert resources.string(identifiers()["host"]) == ("api.example.com", "api.example.de")


def test_a_string_that_refers_to_another_has_its_texts(resources: AppResources) -> None:
    assert resources.string(identifiers()["other"]) == ("api.example.com", "api.example.de")


@pytest.mark.parametrize("identifier", [identifiers()["flag"], 0x7F990000, 0])
def test_what_is_no_string_has_no_texts(resources: AppResources, identifier: int) -> None:
    assert resources.string(identifier) == ()


def test_an_array_whose_item_has_several_values_is_left_out(resources: AppResources) -> None:
    assert resources.string_array(identifiers()["pins"]) == (("x", "y"),)


def test_a_file_resource_gives_its_entry(resources: AppResources) -> None:
    assert resources.raw_entry(identifiers()["cert"]) == "res/raw/cert.cer"
    assert resources.raw_entry(identifiers()["flag"]) is None


def test_components_are_named_by_descriptor() -> None:
    assert context_of("reached").component_classes == ("Lorg/example/shop/App;",)


def test_places_name_class_method_and_offset_and_keep_snippets_short() -> None:
    program = context_of("reached").program
    method = program.resolve_method(MethodRef("Lorg/example/shop/App;", "onCreate", "()V"))
    assert method is not None
    place = location_in(method, 3, "x" * 500)
    assert (place.entry, place.class_name, place.method, place.code_offset) == (
        "reached.dex", "org.example.shop.App", "onCreate()V", 3,
    )  # fmt: skip
    assert place.snippet == "x" * MAX_SNIPPET_CHARACTERS
    (site,) = program.users.creations_of(["Lorg/example/shop/Task;"])
    found = location_of(site)
    assert (found.method, found.code_offset, found.snippet) == ("onCreate()V", site.offset, None)


def test_a_pin_that_is_made_of_itself_is_not_known_and_not_followed_again(tmp_path: Path) -> None:
    path = tmp_path / "app.apk"
    path.write_bytes(apk(manifest()))
    resources = AppResources(open_app(path, Limits()))
    asked: list[Value] = []

    def read(value: Value) -> tuple[str, ...]:
        asked.append(value)
        return (*resources.pins_of(value), "sha256/outer")

    assert resources.pins_of(Text("x")) == ()
    resources.read_pins = read
    assert resources.pins_of(Text("x")) == ("sha256/outer",)
    assert asked == [Text("x")]
    assert resources.pins_of(Text("x")) == ("sha256/outer",), "it is asked anew"
