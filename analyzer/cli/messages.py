"""One-line messages on standard error."""

import sys

from analyzer.reporters.text import visible


def complain(message: str) -> None:
    """Print an error as one line; text that came from a target is made harmless."""
    print(f"pinscope: {visible(message)}", file=sys.stderr)


def note(message: str) -> None:
    """Print a remark as one line."""
    print(visible(message), file=sys.stderr)
