"""When a pin-set ends: AOSP's ``XmlConfigSource`` reads a day, and the set is off from its first instant."""

import datetime as dt


def start_of_day(date: str) -> dt.datetime | None:
    """Return the first instant of a ``YYYY-MM-DD`` day in UTC, None when the text is no date.

    The device's own zone is not known; UTC stands for it. Years that the calendar type cannot hold are taken as
    its first or last day.
    """
    parts = date.split("-")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) <= 18 for part in parts):
        return None
    year, month, day = (int(part) for part in parts)
    if year > dt.MAXYEAR:
        return dt.datetime.max.replace(tzinfo=dt.UTC)
    if year < dt.MINYEAR:
        return dt.datetime.min.replace(tzinfo=dt.UTC)
    try:
        return dt.datetime(year, month, day, tzinfo=dt.UTC)
    except ValueError:
        return None


def is_expired(date: str | None, as_of: dt.datetime) -> bool:
    """Tell whether a pin-set with this expiration day is off at `as_of`; never without a day."""
    start = start_of_day(date) if date else None
    return start is not None and as_of >= start


def days_left(date: str | None, as_of: dt.datetime) -> int | None:
    """Return the whole days from `as_of` to the start of the day, negative once it has begun, None without one."""
    start = start_of_day(date) if date else None
    return None if start is None else (start - as_of) // dt.timedelta(days=1)
