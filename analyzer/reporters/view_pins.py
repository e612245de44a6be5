"""Pin-sets as rows show them: keys with names, whether they count, and pins that are set in code."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Literal

from analyzer.model import PinFact, Settings
from analyzer.reporters.text import join_words
from analyzer.reporters.view_model import HostRow, PinView, State, TrailStep, Value
from analyzer.reporters.view_places import place_text
from analyzer.reporters.words import ACTIVATIONS, MECHANISMS, owner_name, show

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
    problem = None
    if fact.problem is not None:
        detail = f": {show(fact.problem_detail, 200)}" if fact.problem_detail else ""
        problem = f"{_PROBLEMS[fact.problem]}{detail}"
    if fact.resolution != "constant":
        problem = problem or f"value {fact.resolution}"
    return PinView(
        value=show(value, 200) or "value not known",
        name=show(fact.identity.name, 120) if fact.identity is not None else None,
        problem=problem,
    )


def backup_value(facts: Iterable[PinFact], digests: Iterable[bytes]) -> Value:
    """Tell whether a second key can take over when the first is lost; samples and dummies do not count."""
    useless = {fact.digest for fact in facts if fact.problem in _NEVER_MATCHING}
    distinct = set(digests)
    usable = len(distinct - useless)
    if not distinct:
        return _ABSENT
    if usable >= 2:
        return Value(text=f"Yes: {usable} keys", state="good")
    return Value(text="No: one usable key" if usable else "No: no usable key", state="warn" if usable else "bad")


PinStatus = Literal["none", "overridden", "expired", "partly", "enforced"]
"""What the pins of a scope amount to; ``partly`` when chains to some anchors are not checked against them."""


def pin_status(settings: Settings, as_of: dt.datetime) -> PinStatus:
    """Tell what the pins of a scope amount to at `as_of`."""
    if not settings.pin_set.pins:
        return "none"
    overriding = {anchor.source for anchor in settings.trust_anchors if anchor.overrides_pins}
    if "system" in overriding:
        return "overridden"
    if has_ended(settings.pin_set.expires_date, as_of):
        return "expired"
    return "partly" if overriding else "enforced"


def enforcement(settings: Settings, as_of: dt.datetime) -> tuple[str, State]:
    """Tell in words whether the pins of a scope are checked at `as_of`."""
    match pin_status(settings, as_of):
        case "none":
            return "Not pinned", "neutral"
        case "overridden":
            return "Overridden: pins do not apply to system CAs", "bad"
        case "expired":
            return f"Expired on {show(settings.pin_set.expires_date or '', 20)}", "bad"
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


def code_rows(pins: Sequence[PinFact], as_of: dt.datetime) -> tuple[HostRow, ...]:
    """Return one row per pin-set that is not part of the network security configuration."""
    sets: dict[tuple[str, str | None, bool, str, str], list[PinFact]] = {}
    for pin in pins:
        if pin.mechanism != "nsc":
            key = (pin.mechanism, pin.host, pin.include_subdomains, pin.scope, pin.owner)
            sets.setdefault(key, []).append(pin)
    return tuple(_code_row(members, as_of) for members in sets.values())


def _code_row(members: list[PinFact], as_of: dt.datetime) -> HostRow:
    first = members[0]
    expires = min((pin.expires_on for pin in members if pin.expires_on is not None), default=None)
    not_applicable = (Value(text="–"),)
    return HostRow(
        kind="code",
        patterns=(host_pattern(first.host, first.include_subdomains),),
        more_patterns=0,
        notes=(),
        owner=owner_name(first.owner),
        mechanism=MECHANISMS[first.mechanism],
        variant="",
        enforced=(_code_enforcement(first, expires, as_of),),
        pins=tuple(pin_view(pin.value, pin) for pin in members),
        backup=_code_backup(members),
        until=(until_value(expires, as_of, pinned=True),),
        cleartext=not_applicable,
        user_cas=not_applicable,
        anchors=not_applicable,
        transparency=not_applicable,
        encryption=not_applicable,
        trail=tuple(
            TrailStep(
                setting="Pin",
                value=show(pin.value, 200) or "value not known",
                origin="only reported" if pin.enforced is False else f"in code, {ACTIVATIONS[pin.activation]}",
                place=place_text(location),
            )
            for pin in members
            for location in pin.evidence[:3]
        ),
    )


def _code_enforcement(pin: PinFact, expires: str | None, as_of: dt.datetime) -> Value:
    if has_ended(expires, as_of):
        return Value(text=f"Expired on {show(expires or '', 20)}", state="bad")
    if pin.mechanism == "string":
        return Value(text="Not known: a text without a use", state="unknown")
    if pin.enforced is False:
        return Value(text="Only reported, not enforced", state="bad")
    match pin.activation:
        case "active":
            return Value(text="Enforced", state="good")
        case "created":
            return Value(text="Not attached to a client", state="bad")
        case "defined_only":
            return Value(text="Defined, never built", state="bad")
        case "unknown":
            return Value(text="Not known whether used", state="unknown")


def _code_backup(members: list[PinFact]) -> Value:
    if any(pin.digest is None for pin in members):
        return Value(text="Not known", state="unknown")
    return backup_value(members, (pin.digest for pin in members if pin.digest is not None))


def host_pattern(host: str | None, include_subdomains: bool) -> str:
    """Return a host pattern as readers write it; None stands for every host of a client."""
    if host is None:
        return "every host of this client"
    name = show(host, 253)
    return f"*.{name}" if include_subdomains and not name.startswith("*") else name
