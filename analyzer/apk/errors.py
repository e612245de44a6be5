"""What can go wrong while reading an app; each message is one line, whatever the app's own names hold."""

from analyzer.errors import TargetError

_LONGEST_MESSAGE = 500


class ReadError(TargetError):
    """Something of the app cannot be read."""

    def __init__(self, message: str) -> None:
        """Keep the message printable and on one line."""
        super().__init__(one_line(message))


class EntryError(ReadError):
    """A container entry does not exist, is damaged, or exceeds a limit."""


class LimitError(EntryError):
    """Reading on would cross one of `analyzer.options.Limits`."""


class XmlError(ReadError):
    """An XML file, binary or plain, cannot be read the way a device reads it."""


class XmlLimitError(XmlError, LimitError):
    """An XML file is larger or deeper than the limits allow."""


class TableError(ReadError):
    """A resource table cannot be read."""


def one_line(text: str) -> str:
    """Escape what is not printable and cut what is too long."""
    shown = (
        text
        if text.isprintable()
        else "".join(character if character.isprintable() else _escape(character) for character in text)
    )
    return shown if len(shown) <= _LONGEST_MESSAGE else shown[: _LONGEST_MESSAGE - 1] + "…"


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")
