"""Pin-sets as rows show them: keys with names, and whether they count."""

import datetime as dt
from collections.abc import Iterable, Set
from typing import Literal

from analyzer.model import PinFact, Settings
from analyzer.reporters.text import join_words
from analyzer.reporters.view_model import PinView, State, Value
from analyzer.reporters.words import show

_NEVER_MATCHING = frozenset({"placeholder", "example", "empty-input"})
_PROBLEMS = {
    "length": "wrong length",
    "encoding": "cannot be decoded",
    "prefix": "unknown prefix",
    "placeholder": "placeholder",
    "example": "sample from documentation",
    "empty-input": "digest of empty input",
    "wrong-object": "not the digest of a key",
    "spelling": "unusual spelling",
}
_ANCHORS = {"user": "user-installed CAs", "raw": "bundled CAs", "wfa": "WFA CAs", "system": "system CAs"}
_ABSENT = Value(text="–")


def pin_view(value: str, fact: PinFact | None) -> PinView:
    """Return one pin; `fact` adds whose key it is and what is wrong with its text."""
    if fact is None:
        return PinView(value=show(value, 200))
    return PinView(
        value=show(value, 200) or "value not known",
        name=show(fact.identity.name, 120) if fact.identity is not None else None,
        problem=pin_problem(fact),
    )


def pin_problem(fact: PinFact) -> str | None:
    """Say what is wrong with a pin's text, or why it or its host is not fully known; None when all is well."""
    detail = f": {show(fact.problem_detail, 200)}" if fact.problem_detail else ""
    if fact.problem is not None:
        return f"{_PROBLEMS[fact.problem]}{detail}"
    match fact.resolution:
        case "unresolved":
            return f"not resolved{detail}"
        case "partial":
            return f"partly resolved{detail}"
        case "constant":
            return None


def backup_value(facts: Iterable[PinFact], digests: Iterable[bytes]) -> Value:
    """Tell whether a second key can take over when the first is lost; samples and dummies do not count."""
    useless = stand_ins(facts)
    distinct = set(digests)
    usable = len(distinct - useless)
    if not distinct:
        return _ABSENT
    if usable >= 2:
        return Value(text=f"Yes: {usable} keys", state="good")
    return Value(text="No: one usable key" if usable else "No: no usable key", state="warn" if usable else "bad")


NOT_PINNED = "Not pinned"
"""What hosts without pins are."""
PLACEHOLDERS_ONLY = "Placeholder pins only: connections fail"
"""What a pin-set in force amounts to in which no pin can match a key."""
PinStatus = Literal["none", "overridden", "expired", "placeholders", "partly", "enforced"]
"""What the pins of a scope amount to; ``partly`` when chains to some anchors are not checked against them."""


def stand_ins(facts: Iterable[PinFact]) -> frozenset[bytes]:
    """Return the digests that stand for no key of a server: samples, dummies, digests of nothing."""
    return frozenset(fact.digest for fact in facts if is_stand_in(fact) and fact.digest is not None)


def is_stand_in(pin: PinFact) -> bool:
    """Tell whether a pin is a sample or a dummy, so that no server's key is meant."""
    return pin.problem in _NEVER_MATCHING


def pin_status(settings: Settings, as_of: dt.datetime, useless: Set[bytes] = frozenset()) -> PinStatus:
    """Tell what the pins of a scope amount to at `as_of`; those in `useless` match no key (see `stand_ins`)."""
    if not settings.pin_set.pins:
        return "none"
    overriding = {anchor.source for anchor in settings.trust_anchors if anchor.overrides_pins}
    if "system" in overriding:
        return "overridden"
    if has_ended(settings.pin_set.expires_date, as_of):
        return "expired"
    if all(pin.digest in useless for pin in settings.pin_set.pins):
        return "placeholders"
    return "partly" if overriding else "enforced"


def enforcement(settings: Settings, as_of: dt.datetime, useless: Set[bytes] = frozenset()) -> tuple[str, State]:
    """Tell in words whether the pins of a scope are checked at `as_of`."""
    match pin_status(settings, as_of, useless):
        case "none":
            return NOT_PINNED, "neutral"
        case "overridden":
            return "Overridden: pins do not apply to system CAs", "bad"
        case "expired":
            return f"Expired on {show(settings.pin_set.expires_date or '', 20)}", "bad"
        case "placeholders":
            return PLACEHOLDERS_ONLY, "bad"
        case "partly":
            sources = {anchor.source for anchor in settings.trust_anchors if anchor.overrides_pins}
            return f"Enforced, except for {join_words(sorted(_ANCHORS[source] for source in sources))}", "warn"
        case "enforced":
            return "Enforced", "good"


def has_ended(expires_date: str | None, as_of: dt.datetime) -> bool:
    """Tell whether an expiration day (UTC) has begun. A day that is not a date has not."""
    day = parse_day(expires_date)
    return day is not None and day <= as_of.date()


def parse_day(text: str | None) -> dt.date | None:
    """Return the day of ``YYYY-MM-DD`` or of an RFC 3339 instant, or None."""
    try:
        return dt.date.fromisoformat((text or "")[:10])
    except ValueError:
        return None


def until_value(expires_date: str | None, as_of: dt.datetime, *, pinned: bool) -> Value:
    """Return until when the pins of a set are checked."""
    if not pinned:
        return Value(text="–")
    if expires_date is None:
        return Value(text="No end date")
    if has_ended(expires_date, as_of):
        return Value(text=f"Ended {show(expires_date, 20)}", state="bad")
    return Value(text=show(expires_date, 20))


def host_pattern(host: str | None, include_subdomains: bool) -> str:
    """Return a host pattern as readers write it; None stands for every host of a client."""
    if host is None:
        return "every host of this client"
    name = show(host, 253)
    return f"*.{name}" if include_subdomains and not name.startswith("*") else name
