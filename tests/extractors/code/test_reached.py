"""Which methods run, seen from the components of the manifest."""

from pathlib import Path

import pytest

from analyzer.apk.app import open_app
from analyzer.dex import Program
from analyzer.extractors.code.reached import Activations, Runs, activation_of
from analyzer.extractors.code_inventory import read_dex_files
from analyzer.options import Limits
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


def test_a_component_that_hands_itself_to_a_thread_is_run_by_it() -> None:
    path = Path(__file__).parents[3] / "sample_apks" / "live-chains" / "live-chains.apk"
    files, _ = read_dex_files(open_app(path, Limits()), Limits())
    program = Program.build(files, Limits())
    activity = program.find_class("Lorg/example/live/MainActivity;")
    assert activity is not None
    run = activity.method("run")
    assert run is not None
    for components, expected in (((activity.descriptor,), "active"), ((), "defined_only")):
        assert Activations(program, components).of(run) == expected
        assert Runs(program, components).of(run) == expected
