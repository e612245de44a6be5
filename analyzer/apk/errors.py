"""What can go wrong while reading one part of an app; each message is one line."""

from analyzer.errors import TargetError


class EntryError(TargetError):
    """A container entry does not exist, is damaged, or exceeds a limit."""


class LimitError(EntryError):
    """Reading on would cross one of `analyzer.options.Limits`."""


class XmlError(TargetError):
    """An XML file, binary or plain, cannot be read the way a device reads it."""


class TableError(TargetError):
    """A resource table cannot be read."""
