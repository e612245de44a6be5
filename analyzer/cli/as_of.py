"""The ``--as-of`` option: the instant against which dates are judged."""

import datetime as dt
import re
from typing import Any

import click

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class Instant(click.ParamType[dt.datetime]):
    """A date (noon UTC of that day is meant) or an RFC 3339 instant."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dt.datetime:
        """Return an aware datetime in UTC."""
        if isinstance(value, dt.datetime):
            return value
        text = str(value)
        try:
            if _DATE.fullmatch(text):
                return dt.datetime.combine(dt.date.fromisoformat(text), dt.time(12), dt.UTC)
            instant = dt.datetime.fromisoformat(text)
        except ValueError:
            self.fail(f"{text!r} is neither a date (2026-01-31) nor an RFC 3339 instant", param, ctx)
        if instant.tzinfo is None:
            self.fail(f"{text!r} has no time zone; write for example {text}Z", param, ctx)
        return instant.astimezone(dt.UTC).replace(microsecond=0)


def now() -> dt.datetime:
    """Return the current instant, to the second."""
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


as_of_option = click.option(
    "--as-of",
    type=Instant(),
    default=now,
    metavar="DATE",
    help="Judge expiry dates as of this date or RFC 3339 instant.  [default: now]",
)
