"""A pin-set is off from the first instant of the day it names."""

import datetime as dt

import pytest

from analyzer.ruleset.expiry import days_left, is_expired


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("as_of", "expired", "days"),
    [
        ("2026-05-01T23:59:59Z", True, -1),
        ("2026-05-01T12:00:00Z", True, -1),
        ("2026-05-01T00:00:00Z", True, 0),
        ("2026-04-30T23:59:59Z", False, 0),
        ("2026-04-30T00:00:00Z", False, 1),
        ("2026-04-30T22:00:00-04:00", True, -1),
        ("2026-04-01T12:00:00Z", False, 29),
        ("2026-05-03T00:00:00Z", True, -2),
    ],
)
def test_around_the_boundary_day(as_of: str, *, expired: bool, days: int) -> None:
    assert is_expired("2026-05-01", at(as_of)) is expired
    assert days_left("2026-05-01", at(as_of)) == days


@pytest.mark.parametrize("date", [None, "", "soon", "2026-02-30", "2026-13-01", "2026-05", "20٢6-05-01"])
def test_without_a_date_pins_never_expire(date: str | None) -> None:
    assert not is_expired(date, at("2099-01-01T00:00:00Z"))
    assert days_left(date, at("2099-01-01T00:00:00Z")) is None


def test_years_outside_the_calendar_are_its_ends() -> None:
    now = at("2026-01-01T00:00:00Z")
    assert is_expired("0000-01-01", now)
    assert is_expired("26-01-01", now)
    assert not is_expired("123456-01-01", now)
