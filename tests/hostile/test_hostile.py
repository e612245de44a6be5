"""Hostile targets: a result or one clear line, in bounded time and memory, never a traceback."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.hostile.actions import ACTIONS
from tests.hostile.crafted import crafted
from tests.hostile.mutations import mutated
from tests.hostile.runner import Runner

CASES = [*mutated(), *crafted()]


@pytest.fixture(scope="module")
def runners() -> Iterator[tuple[Runner, ...]]:
    running = tuple(Runner(action) for action in ACTIONS)
    yield running
    for runner in running:
        runner.stop()


def test_there_are_enough_cases_each_with_its_own_name() -> None:
    names = [name for name, _ in CASES]
    assert len(names) == len(set(names)) >= 200


@pytest.mark.parametrize("build", [pytest.param(build, id=name) for name, build in CASES])
def test_a_hostile_target_ends_well(build: Callable[[], bytes], runners: tuple[Runner, ...], tmp_path: Path) -> None:
    target = tmp_path / "target.apk"
    target.write_bytes(build())
    for runner in runners:
        assert runner.run(target)


@pytest.mark.parametrize(
    ("body", "message"),
    [("while True: pass", "not done after"), ("raise ValueError(1)", "ValueError"), ("os._exit(9)", "process died")],
)
def test_the_runner_notices_hangs_exceptions_and_crashes(
    body: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "tests" / "hostile"
    script.mkdir(parents=True)
    # Regular packages, so that these are found before the project's own, which an editable install puts on the path.
    (script / "__init__.py").touch()
    (script.parent / "__init__.py").touch()
    (script / "worker.py").write_text(
        "import os, sys, json, traceback\n"
        "for line in sys.stdin:\n"
        "    try:\n"
        f"        {body}\n"
        "    except BaseException:\n"
        "        print(json.dumps({'failure': traceback.format_exc(), 'peak_bytes': '0'}), flush=True)\n"
    )
    monkeypatch.setattr("tests.hostile.runner._ROOT", tmp_path)
    broken = Runner("open")
    with pytest.raises(AssertionError, match=message):
        broken.run(tmp_path / "target.apk", patience=2)
    broken.stop()
