"""What it may cost, in a whole app, to tell apart calls that name the same method of a supertype."""

from collections.abc import Iterator
from contextlib import contextmanager

_MOST = 80_000
"""Reduced values. Most apps ask for a few thousand; code that hands everything through interfaces asks without end."""


class SideWork:
    """Work on questions that nobody asked, but that make the answers to others narrower.

    When it is spent, calls are not told apart any more: all of them count.
    """

    def __init__(self) -> None:
        """Begin with all of it."""
        self._left = _MOST
        self._nested = 0

    @contextmanager
    def question(self) -> Iterator[None]:
        """Count what is done within as spent, once where questions nest."""
        self._nested += 1
        try:
            yield
        finally:
            self._nested -= 1

    def step(self) -> None:
        """Count a value that is reduced."""
        if self._nested:
            self._left -= 1

    @property
    def is_spent(self) -> bool:
        """Whether there is no more."""
        return self._left <= 0
