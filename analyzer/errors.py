"""The errors that a user may see, each with the exit code it leads to."""


class PinscopeError(Exception):
    """Base class: the message is one line that says what, where, and what to do."""

    exit_code = 4


class UsageError(PinscopeError):
    """Wrong usage or configuration, or a place that cannot be written to."""

    exit_code = 2


class RuleError(UsageError):
    """A rule or catalogue file is wrong; names file and key."""


class BrokenInstallError(PinscopeError):
    """A file that comes with Pinscope is missing or wrong."""

    exit_code = 4


class TargetError(PinscopeError):
    """The target cannot be read as an Android app."""

    exit_code = 3
