"""What a lazy value makes runs where the value is asked for, with the names of Kotlin's library and as R8 leaves it."""

import pytest

from analyzer.extractors.code.reached import Runs
from tests.dataflow.support import program, resolver

_COMPONENTS = ("Lapp/Screen;",)


def _state_of_first_call(build: str, text: str) -> str:
    runs = Runs(program(build), _COMPONENTS, resolver(build))
    (site,) = program(build).users.loads_of((text,))
    values = resolver(build).evaluator.evaluate(site.method)
    assert values is not None
    return runs.at(site.method, min(offset for offset in values.calls if offset > site.offset))


@pytest.mark.parametrize("build", ["styles", "styles-shrunk"])
@pytest.mark.parametrize("text", ["used", "indirect"])
def test_what_is_asked_for_runs(build: str, text: str) -> None:
    assert _state_of_first_call(build, text) == "active"


@pytest.mark.parametrize("build", ["styles", "styles-shrunk"])
@pytest.mark.parametrize("text", ["unused", "unsafe", "plain"])
def test_what_nothing_asks_for_is_only_defined(build: str, text: str) -> None:
    assert _state_of_first_call(build, text) == "defined_only"
