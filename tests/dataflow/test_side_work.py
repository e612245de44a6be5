"""The bound on telling apart calls through interfaces, for a whole app."""

from pathlib import Path

import pytest

from analyzer.dataflow import side_work
from analyzer.dataflow.side_work import SideWork
from analyzer.model import ScanResult
from analyzer.options import ScanOptions
from analyzer.pipeline import scan
from tests import factories

APP = Path(__file__).parents[2] / "sample_apks" / "pin-styles" / "builds" / "kotlin-r8.apk"


def spend(work: SideWork, since: int, until: int) -> None:
    told = iter((since, until))
    with work.question(lambda: next(told)):
        pass


def test_questions_within_a_question_are_paid_for_once() -> None:
    work = SideWork()
    told = iter((0, side_work._MOST - 1))
    with work.question(lambda: next(told)), work.question(lambda: 10):
        pass
    assert not work.is_spent(side_work._MOST - 1)
    spend(work, side_work._MOST, side_work._MOST + 1)
    assert work.is_spent(side_work._MOST + 1)


def test_a_question_under_way_counts() -> None:
    work = SideWork()
    with work.question(lambda: 100):
        assert not work.is_spent(100)
        assert work.is_spent(100 + side_work._MOST)


def test_work_of_other_kinds_costs_nothing() -> None:
    work = SideWork()
    assert not work.is_spent(10 * side_work._MOST)
    spend(work, 10 * side_work._MOST, 10 * side_work._MOST + 5)
    assert not work.is_spent(20 * side_work._MOST)


def known_pins(result: ScanResult) -> set[tuple[str | None, bytes | None]]:
    assert result.facts is not None
    return {(pin.host, pin.digest) for pin in result.facts.pins if pin.resolution == "constant"}


def test_where_it_is_spent_the_report_says_so_and_no_pin_is_invented(monkeypatch: pytest.MonkeyPatch) -> None:
    options = ScanOptions(as_of=factories.AS_OF, reproducible=True)
    whole = scan(APP, options)
    assert "calls through interfaces" not in {gap.subject for gap in whole.gaps}
    monkeypatch.setattr(side_work, "_MOST", 1)
    short = scan(APP, options)
    assert "calls through interfaces" in {gap.subject for gap in short.gaps}
    assert known_pins(short) <= known_pins(whole)
