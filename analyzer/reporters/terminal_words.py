"""Text that a terminal shows in lines: names longer than a line break where a reader would break them."""

import re

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text

_WORD = re.compile(r"\S+")
_JOINTS = frozenset(".$/;:,-_(")
"""After these a class, host, method or path goes on in the next line."""


class Wrapped:
    """A text whose lines end between words, or at a joint of a name that is longer than a line."""

    def __init__(self, text: Text) -> None:
        """Take the text; its own line breaks stay."""
        self._text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the text for the width that there is."""
        yield broken(self._text, options.max_width)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """Return the widths of the text, which breaks do not change."""
        return Measurement.get(console, options, self._text)


def broken(text: Text, width: int) -> Text:
    """Return `text` with line breaks in words longer than `width`, at the last joint that fits in a line."""
    places: list[int] = []
    for word in _WORD.finditer(text.plain):
        start, end = word.span()
        while end - start > width:
            joints = (
                place for place in range(start + width, start + width // 2, -1) if text.plain[place - 1] in _JOINTS
            )
            start = next(joints, start + width)
            places.append(start)
    if not places:
        return text
    return Text("\n", overflow="fold").join(text.divide(places))
