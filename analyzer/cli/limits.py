"""The ``--limit NAME=NUMBER`` option."""

from collections.abc import Sequence

import msgspec

from analyzer.errors import UsageError
from analyzer.options import Limits


def parse_limits(assignments: Sequence[str]) -> Limits:
    """Return the default limits with the given ones changed.

    Raises:
        UsageError: An assignment names no limit or gives no positive number.
    """
    names = [field.name for field in msgspec.structs.fields(Limits)]
    changes: dict[str, int] = {}
    for assignment in assignments:
        name, _, number = assignment.partition("=")
        name = name.strip().replace("-", "_")
        if name not in names:
            raise UsageError(f"unknown limit {name!r}; the limits are {', '.join(names)}")
        if not number.strip().isdigit() or int(number) < 1:
            raise UsageError(f"limit {name} needs a positive number, as in {name}=1000")
        changes[name] = int(number)
    return msgspec.structs.replace(Limits(), **changes)
