"""Locations in words."""

from collections.abc import Sequence

from analyzer.model import Location
from analyzer.reporters.view_model import PlaceView
from analyzer.reporters.words import show

MAX_PLACES = 10
"""Most locations that a human report lists for one finding; the JSON report has them all."""


def place_text(location: Location) -> str:
    """Return a location on one line, most specific part first."""
    parts: list[str] = []
    if location.class_name is not None:
        method = f".{show(location.method, 160)}" if location.method else ""
        offset = f" at 0x{location.code_offset:x}" if location.code_offset is not None else ""
        parts.append(f"{show(location.class_name, 160)}{method}{offset}")
    entry = show(location.entry, 200)
    parts.append(f"{entry}:{location.line}" if location.line is not None else entry)
    if location.xml_path is not None:
        parts.append(show(location.xml_path, 200))
    return " · ".join(parts)


def place_views(locations: Sequence[Location]) -> tuple[PlaceView, ...]:
    """Return the first locations, each with its quotation."""
    return tuple(
        PlaceView(text=place_text(location), snippet=show(location.snippet, 200) if location.snippet else None)
        for location in locations[:MAX_PLACES]
    )


def element_place(entry: str, path: str | None, line: int | None) -> str:
    """Return the place of an XML element; empty when no element is meant."""
    if path is None:
        return ""
    return place_text(Location(kind="xml", entry=entry, xml_path=path, line=line))
