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


def spend(work: SideWork, steps: int) -> None:
    with work.question():
        for _ in range(steps):
            work.step()


def test_questions_within_a_question_are_paid_for_once() -> None:
    work = SideWork()
    with work.question(), work.question():
        for _ in range(side_work._MOST - 1):
            work.step()
    assert not work.is_spent
    spend(work, 1)
    assert work.is_spent


def test_a_question_under_way_counts() -> None:
    work = SideWork()
    with work.question():
        for _ in range(side_work._MOST):
            assert not work.is_spent
            work.step()
        assert work.is_spent


def test_work_of_other_kinds_costs_nothing() -> None:
    work = SideWork()
    for _ in range(2 * side_work._MOST):
        work.step()
    spend(work, 5)
    assert not work.is_spent


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
