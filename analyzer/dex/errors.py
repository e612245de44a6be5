"""The errors of reading DEX files."""

from analyzer.errors import TargetError


class DexError(TargetError):
    """A DEX file has no usable header; nothing of it can be read."""


class DamagedItem(Exception):  # noqa: N818 - a signal inside this package, never an error a user sees
    """One item is damaged; whoever asked for it leaves it out and notes the problem.

    Never leaves this package: every public function turns it into a `DexProblem`.
    """
