"""What it may cost, in a whole app, to tell apart calls that name the same method of a supertype."""

from collections.abc import Callable, Iterator
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
        self._since: int | None = None

    @contextmanager
    def question(self, steps: Callable[[], int]) -> Iterator[None]:
        """Count what is done within as spent, once where questions nest; `steps` tells how much was done in all."""
        if self._since is not None:
            yield
            return
        self._since = steps()
        try:
            yield
        finally:
            self._left -= steps() - self._since
            self._since = None

    def is_spent(self, steps: int) -> bool:
        """Say whether there is no more, counting what the question under way has used."""
        return self._left <= (steps - self._since if self._since is not None else 0)
