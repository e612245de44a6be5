"""Damaged code: the engine and every extractor end well, in bounded time and memory, and say what was lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile.dex_cases import LARGEST_SOURCE, app_with, cases, damaged, sources
from tests.hostile.runner import Runner

_FEW = 100
_SMALL_BYTES = 60_000
_MANY = 5_400
_BLOCK = 300


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    running = Runner("code")
    yield running
    running.stop()


def _run(number: range, largest: int, runner: Runner, folder: Path) -> dict[str, int]:
    """Run cases of the plan; each file stays on disk only while it is looked at."""
    outcomes: dict[str, int] = {}
    for turn, (name, build) in enumerate(cases(number.stop, largest)):
        if turn not in number:
            continue
        target = folder / f"{name}.apk"
        target.write_bytes(app_with(build()))
        outcome = runner.run(target)
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
        target.unlink()
    return outcomes


def test_there_are_enough_sources_and_every_kind_of_damage_is_reproducible() -> None:
    assert len(sources()) >= 20
    for source in sources()[:3]:
        assert [damaged(source, seed) for seed in range(9)] == [damaged(source, seed) for seed in range(9)]
        assert all(damaged(source, seed) != source.data for seed in range(9))
    names = [name for name, _ in cases(len(sources()))]
    assert {source.name for source in sources()} == {name.split("-", 1)[1].rpartition("-")[0] for name in names}


def test_undamaged_code_loses_nothing(runner: Runner, tmp_path: Path) -> None:
    for source in sources():
        if len(source.data) > _SMALL_BYTES:
            continue
        target = tmp_path / "whole.apk"
        target.write_bytes(app_with(source.data))
        assert ", 0 problems, exit " in runner.run(target), source.name


def test_damaged_code_ends_well(runner: Runner, tmp_path: Path) -> None:
    outcomes = _run(range(_FEW), _SMALL_BYTES, runner, tmp_path)
    assert sum(outcomes.values()) == _FEW
    assert any(", 0 problems," not in outcome for outcome in outcomes), "nothing was damaged"


@pytest.mark.parametrize(("name", "seed"), [("sockets", 42), ("socket-ways", 6)])
def test_damage_that_once_broke_an_extractor_ends_well(name: str, seed: int, runner: Runner, tmp_path: Path) -> None:
    source = next(one for one in sources() if one.name == name)
    target = tmp_path / "damaged.apk"
    target.write_bytes(app_with(damaged(source, seed)))
    assert "exit " in runner.run(target)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, _MANY, _BLOCK))
def test_much_more_damaged_code_ends_well(first: int, runner: Runner, tmp_path: Path) -> None:
    block = range(first, min(first + _BLOCK, _MANY))
    assert sum(_run(block, LARGEST_SOURCE, runner, tmp_path).values()) == len(block)
