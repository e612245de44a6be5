"""Which methods run, seen from the components of the manifest."""

import pytest

from analyzer.extractors.code.reached import Activations, activation_of
from tests.extractors.code.smali_fixtures import context_of


def activation(class_name: str, method: str) -> str:
    code = context_of("reached")
    definition = code.program.find_class(f"Lorg/example/shop/{class_name};")
    assert definition is not None
    found = definition.method(method)
    assert found is not None
    return Activations(code.program, code.component_classes).of(found)


@pytest.mark.parametrize(
    ("class_name", "method"),
    [
        ("App", "onCreate"),
        ("BaseApp", "onCreate"),
        ("App", "pay"),
        ("Task", "<init>"),
        ("Task", "run"),
        ("Settings", "load"),
        ("Settings", "<clinit>"),
    ],
)
def test_what_a_component_leads_to_runs(class_name: str, method: str) -> None:
    assert activation(class_name, method) == "active"


@pytest.mark.parametrize(
    ("class_name", "method"), [("App", "forgotten"), ("Settings", "ping"), ("Settings", "pong"), ("OldApp", "onCreate")]
)
def test_what_nothing_leads_to_is_only_defined(class_name: str, method: str) -> None:
    assert activation(class_name, method) == "defined_only"


def test_any_method_of_a_platform_type_may_be_called_by_the_platform() -> None:
    # What `Runnable` declares is not known here, so that `describe` might be part of it.
    assert activation("Task", "describe") == "active"


def test_of_several_methods_one_that_runs_is_enough() -> None:
    code = context_of("reached")
    settings = code.program.find_class("Lorg/example/shop/Settings;")
    assert settings is not None
    assert activation_of(code.program, code.component_classes, settings.methods) == "active"
    assert activation_of(code.program, code.component_classes, ()) == "defined_only"
