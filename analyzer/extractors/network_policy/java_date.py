"""Dates as the policy parser reads them: ``SimpleDateFormat("yyyy-MM-dd")``, not lenient, prefix only."""

import calendar
import re

# Each field may have blanks before it and any number of digits; what follows the day is ignored.
_DATE = re.compile(r"[ \t]*(\d+)-[ \t]*(\d+)-[ \t]*(\d+)")
_STRICT = re.compile(r"\d{4}-\d{2}-\d{2}")


def parse_expiration(text: str) -> str | None:
    """Return the day as ``YYYY-MM-DD``, or None where the platform finds no date.

    Two-digit years are years of the first century. Years beyond 9999 are cut to ``9999-12-31``, since no
    report date lies past it.
    """
    match = _DATE.match(text)
    if match is None:
        return None
    if any(len(digits) > 9 for digits in match.groups()):
        return None
    year, month, day = (int(digits) for digits in match.groups())
    if year < 1 or not 1 <= month <= 12:
        return None
    # The calendar repeats every 400 years, which keeps far years within what the library accepts.
    if not 1 <= day <= calendar.monthrange(2000 + year % 400, month)[1]:
        return None
    return f"{year:04d}-{month:02d}-{day:02d}" if year <= 9999 else "9999-12-31"


def is_canonical(text: str) -> bool:
    """Tell whether a date is written the way the documentation says, with nothing around it."""
    return _STRICT.fullmatch(text) is not None
