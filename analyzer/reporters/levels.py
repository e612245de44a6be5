"""Device API levels in the words that readers know: Android version names beside the numbers."""

from collections.abc import Iterable

from analyzer.model.policy import HIGHEST_KNOWN_LEVEL

# https://developer.android.com/tools/releases/platforms
_NAMES = {
    14: "4.0", 15: "4.0.3", 16: "4.1", 17: "4.2", 18: "4.3", 19: "4.4", 20: "4.4W", 21: "5.0", 22: "5.1",
    23: "6.0", 24: "7.0", 25: "7.1", 26: "8.0", 27: "8.1", 28: "9", 29: "10", 30: "11", 31: "12", 32: "12L",
    33: "13", 34: "14", 35: "15", 36: "16", 37: "17",
}  # fmt: skip
_VERSIONS = {level: f"Android {name}" for level, name in _NAMES.items()}

LevelRange = tuple[int, int]
"""First and last device API level, both included."""


def name_levels(first: int, last: int) -> str:
    """Return a range of device levels in words: ``Android 7.0–8.1 (API 24–27)``.

    A range that ends at the highest known level is open: ``Android 9 and newer (API 28+)``.
    """
    if last >= HIGHEST_KNOWN_LEVEL and first < last:
        return f"{_VERSIONS[first]} and newer (API {first}+)" if first in _VERSIONS else f"API {first} and newer"
    if first >= last:
        return f"{_VERSIONS[last]} (API {last})" if last in _VERSIONS else f"API {last}"
    if first <= 1:
        return f"{_VERSIONS[last]} and older (API {last} and below)" if last in _VERSIONS else f"API {last} and below"
    if first not in _VERSIONS or last not in _VERSIONS:
        return f"API {first}–{last}"
    return f"{_VERSIONS[first]}–{_VERSIONS[last].removeprefix('Android ')} (API {first}–{last})"


def short_ranges(ranges: Iterable[LevelRange]) -> str:
    """Return ranges in numbers alone, for narrow columns: ``API 24–27, 30+``."""
    parts: list[str] = []
    for first, last in join_ranges(ranges):
        if first >= last:
            parts.append(str(last))
        elif last >= HIGHEST_KNOWN_LEVEL:
            parts.append(f"{first}+")
        else:
            parts.append(f"{first}–{last}")
    return "API " + ", ".join(parts)


def join_ranges(ranges: Iterable[LevelRange]) -> tuple[LevelRange, ...]:
    """Sort ranges and join those that touch or overlap."""
    joined: list[LevelRange] = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return tuple(joined)


def name_ranges(ranges: Iterable[LevelRange]) -> str:
    """Return several ranges in words, joined with ``and``."""
    return " and ".join(name_levels(first, last) for first, last in join_ranges(ranges))
