"""Compares the keys that hold a host before and after."""

import base64
from collections.abc import Iterable

from analyzer.model import Change
from analyzer.model.comparison import Area, ChangeKind, Direction


def key_text(algorithm: str, digest: bytes) -> str:
    """Write a pin in one way, whatever the mechanism."""
    return f"{algorithm}/{base64.b64encode(digest).decode()}"


def pin_set_changes(
    area: Area, subject: str, old: frozenset[str], new: frozenset[str], levels: tuple[int, int] | None = None
) -> Iterable[Change]:
    """Yield the one change between two sets of keys, if there is one.

    Losing the last key, or the last but one, is weaker; other keys are a rotation.
    """
    if old == new:
        return
    kind: ChangeKind
    direction: Direction = "changed"
    if not new:
        kind, direction = "pinning-lost", "weaker"
    elif not old:
        kind, direction = "pinning-gained", "stronger"
    elif len(new) == 1 < len(old):
        kind, direction = "backup-lost", "weaker"
    elif old < new:
        kind = "pins-added"
    elif new < old:
        kind = "pins-removed"
    else:
        kind = "pins-replaced"
    first, last = levels if levels is not None else (None, None)
    yield Change(
        area=area,
        kind=kind,
        subject=subject,
        old=", ".join(sorted(old)) or None,
        new=", ".join(sorted(new)) or None,
        direction=direction,
        first_level=first,
        last_level=last,
    )
