"""Values that differ between device levels: joined where they agree, newest devices first."""

from collections.abc import Sequence

from analyzer.reporters.levels import LevelRange, join_ranges, name_ranges, short_ranges
from analyzer.reporters.view_model import State, Value

Banded = tuple[LevelRange, str, State]
"""A value's words on a range of device levels."""


def over_bands(bands: Sequence[Banded]) -> tuple[Value, ...]:
    """Join bands with equal words; the levels are named only where there is more than one value."""
    ranges: dict[tuple[str, State], list[LevelRange]] = {}
    for levels, text, state in bands:
        ranges.setdefault((text, state), []).append(levels)
    if len(ranges) == 1:
        ((text, state),) = ranges
        return (Value(text=text, state=state),)
    newest_first = sorted(ranges.items(), key=lambda item: join_ranges(item[1])[-1][1], reverse=True)
    return tuple(
        Value(text=text, state=state, levels=name_ranges(spans), api=short_ranges(spans))
        for (text, state), spans in newest_first
    )
