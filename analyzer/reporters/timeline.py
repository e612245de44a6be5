"""Geometry of the time line: days as positions between 0 and 100, for bars that any format can draw."""

import datetime as dt
from collections.abc import Callable, Sequence

import msgspec

from analyzer.reporters.view_model import ChainCard, ChainRow, TimelineEntry

_LEFT, _RIGHT = 2.0, 98.0
_SHORTEST_SPAN_DAYS = 90
_LONGEST_SPAN_DAYS = 366 * 12
"""Days further away are drawn at the edge: one pin-set for the year 9999 must not flatten all others."""
_MOST_TICKS = 8


class Tick(msgspec.Struct, frozen=True):
    """A mark on the axis."""

    position: float
    label: str


class Bar(msgspec.Struct, frozen=True):
    """One entry: from the report's date to the day on which it ends."""

    entry: TimelineEntry
    start: float
    end: float
    beyond: bool
    """True when the day lies outside the drawing."""

    @property
    def left(self) -> float:
        """The smaller of both positions."""
        return min(self.start, self.end)

    @property
    def width(self) -> float:
        """The distance between both positions."""
        return round(abs(self.end - self.start), 2)


class Drawing(msgspec.Struct, frozen=True):
    """All bars, the axis, and where the report's date lies."""

    today: float
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]


def draw_timeline(entries: Sequence[TimelineEntry], as_of: str) -> Drawing:
    """Place the entries and the date `as_of` (``YYYY-MM-DD``) on one axis."""
    today = dt.date.fromisoformat(as_of)
    days = [_clamp(entry.days_left) for entry in entries]
    first = min([0, *days])
    last = max([first + _SHORTEST_SPAN_DAYS, *days])
    scale = (_RIGHT - _LEFT) / (last - first)

    def position(day: int) -> float:
        return round(_LEFT + (day - first) * scale, 2)

    bars = tuple(
        Bar(entry=entry, start=position(0), end=position(day), beyond=day != entry.days_left)
        for entry, day in zip(entries, days, strict=True)
    )
    return Drawing(today=position(0), bars=bars, ticks=_ticks(today, first, last, position))


def _clamp(days: int) -> int:
    return max(-_LONGEST_SPAN_DAYS, min(_LONGEST_SPAN_DAYS, days))


def _ticks(today: dt.date, first: int, last: int, position: Callable[[int], float]) -> tuple[Tick, ...]:
    """Mark the starts of years, or of quarters in a short span."""
    begin, end = _shift(today, first), _shift(today, last)
    months = (1,) if (last - first) > 730 else (1, 4, 7, 10)
    marks = [
        dt.date(year, month, 1)
        for year in range(begin.year, end.year + 1)
        for month in months
        if begin <= dt.date(year, month, 1) <= end
    ]
    step = -(-len(marks) // _MOST_TICKS) or 1
    form = "%Y" if months == (1,) else "%Y-%m"
    return tuple(Tick(position=position((mark - today).days), label=mark.strftime(form)) for mark in marks[::step])


def _shift(day: dt.date, days: int) -> dt.date:
    """Move a day, stopping at the ends of the calendar."""
    ordinal = max(dt.date.min.toordinal(), min(dt.date.max.toordinal(), day.toordinal() + days))
    return dt.date.fromordinal(ordinal)


class ChainBar(msgspec.Struct, frozen=True):
    """The validity of one certificate, cut to what is drawn."""

    row: ChainRow
    left: float
    width: float
    end: float
    beyond: bool
    """True when it is valid longer than what is drawn."""


class ChainDrawing(msgspec.Struct, frozen=True):
    """One host's chain on an axis of its own."""

    card: ChainCard
    today: float
    bars: tuple[ChainBar, ...]
    ticks: tuple[Tick, ...]
    expiry: float | None
    """Where the pin-set ends."""
    breaks: float | None
    """Where the app stops connecting."""


_BEFORE_DAYS = 60
_AFTER_DAYS = 366
_MOST_AFTER_DAYS = 366 * 5


def draw_chain(card: ChainCard, as_of: str) -> ChainDrawing:
    """Place a chain's certificates on an axis from two months ago to a year ahead, or to the day that matters."""
    today = dt.date.fromisoformat(as_of)
    marks = [_days(day, today) for day in (card.expires_on, card.breaks_on) if day is not None]
    first, last = -_BEFORE_DAYS, min(max([_AFTER_DAYS, *(day + 30 for day in marks)]), _MOST_AFTER_DAYS)
    scale = (_RIGHT - _LEFT) / (last - first)

    def position(day: int) -> float:
        return round(_LEFT + (max(first, min(last, day)) - first) * scale, 2)

    def mark(day: str | None) -> float | None:
        return position(_days(day, today)) if day is not None and first <= _days(day, today) <= last else None

    bars: list[ChainBar] = []
    for row in card.rows:
        start, end = _days(row.starts_on, today), _days(row.ends_on, today)
        left, right = position(start), position(end)
        bars.append(ChainBar(row, left, round(max(0.0, right - left), 2), right, end > last))
    return ChainDrawing(
        card=card,
        today=position(0),
        bars=tuple(bars),
        ticks=_ticks(today, first, last, position),
        expiry=mark(card.expires_on),
        breaks=mark(card.breaks_on),
    )


def _days(day: str, today: dt.date) -> int:
    return (dt.date.fromisoformat(day) - today).days
