"""Which pins an app holds for a host: by the network security policy and by code, as far as that is known."""

import datetime as dt
from collections.abc import Iterator, Sequence

import msgspec

from analyzer.model import AnalysisGap, AppInfo, Facts, Location, PinFact, PolicyScope, PolicyVariant, Settings
from analyzer.model.okhttp_patterns import PatternError, Version
from analyzer.model.okhttp_patterns import matches as okhttp_matches
from analyzer.model.okhttp_versions import okhttp_versions
from analyzer.model.policy import FIRST_POLICY_LEVEL, HIGHEST_KNOWN_LEVEL
from analyzer.model.policy_lookup import scope_for, settings_at

_STAND_INS = frozenset({"placeholder", "example", "empty-input"})
_OKHTTP: Version = (4, 12, 0)
"""Reads host patterns where no version is known; later ones differ for odd patterns only."""
_FOREVER = (10**6, 1, 1)


class HeldSet(msgspec.Struct, frozen=True, kw_only=True):
    """The pins that one mechanism holds for one host."""

    mechanism: str
    digests: frozenset[bytes]
    """Distinct digests that are no placeholders."""
    resolved: bool
    """False when some pin is not known, so that there may be more digests."""
    expires_on: str | None
    in_force: bool
    """False when the set has ended."""
    every_host: bool = False
    """True for the pins of a client for whatever host it connects to: whether it is the one for this host is open."""
    evidence: tuple[Location, ...]


class HostView(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one host."""

    host: str
    policy: tuple[tuple[int, Settings | None, Location], ...]
    """Settings on every level that the app runs on, for every configuration of the policy; None where devices refuse
    the file."""
    sets: tuple[HeldSet, ...]
    """In force on some device, or would be if they had not ended."""
    pinned_levels: tuple[bool, ...]
    """For every entry of `policy`, whether pins hold there."""
    perhaps: tuple[str, ...]
    """Mechanisms with pins that fit, of which it is not known whether a client for the host uses them."""

    @property
    def by_policy(self) -> bool:
        """Whether the network security policy pins the host on every level."""
        return bool(self.pinned_levels) and all(self.pinned_levels)

    @property
    def refused(self) -> bool:
        """Whether some device would refuse the policy, or it could not be read."""
        return not self.policy or any(settings is None for _, settings, _ in self.policy)

    @property
    def surely_pinned(self) -> bool:
        """Whether a mechanism pins the host by its name."""
        named = any(held.in_force and not held.every_host and held.mechanism != "nsc" for held in self.sets)
        return named or self.by_policy

    def mechanisms(self) -> frozenset[str]:
        """Return the mechanisms that pin the host everywhere they can."""
        names = {held.mechanism for held in self.sets if held.mechanism != "nsc" and held.in_force}
        return frozenset(names | ({"nsc"} if self.by_policy else set()))


class Blindness(msgspec.Struct, frozen=True, kw_only=True):
    """What the scan may not have seen, as the first reason for it; None when it saw everything."""

    policy: str | None
    code: str | None


def blindness_of(facts: Facts, gaps: Sequence[AnalysisGap]) -> Blindness:
    """Tell whether pins may be hidden."""
    states = {"unresolved": "no file of the app contains its policy", "unreadable": "its policy could not be read"}
    policy = states.get(facts.policy.state) or _hiding(gaps, "policy")
    code = None if "code" in facts.covered else "bytecode was not looked at"
    return Blindness(policy=policy, code=code or _hiding(gaps, "pin", "code"))


def _hiding(gaps: Sequence[AnalysisGap], *kinds: str) -> str | None:
    for gap in gaps:
        if set(kinds).intersection(gap.hides):
            return gap.detail.rstrip(". ")
    return None


def view_host(facts: Facts, host: str, as_of: dt.datetime) -> HostView:
    """Look up what holds for a concrete host name."""
    entries = tuple(_policy_of(facts, host))
    stand_ins = {pin.digest for pin in facts.pins if pin.problem in _STAND_INS}
    sets: dict[HeldSet, None] = {}
    for _, settings, place in entries:
        if settings is None or not settings.pin_set.pins or _overridden(settings):
            continue
        held = HeldSet(
            mechanism="nsc",
            digests=frozenset(pin.digest for pin in settings.pin_set.pins if pin.digest not in stand_ins),
            resolved=True,
            expires_on=settings.pin_set.expires_date,
            in_force=not ended(settings.pin_set.expires_date, as_of),
            evidence=(place,),
        )
        sets[held] = None
    groups: dict[tuple[str, str], list[PinFact]] = {}
    perhaps: dict[str, None] = {}
    versions = {name: okhttp_versions(facts.sdks, name) for name in ("okhttp2", "okhttp3")}
    for pin in facts.pins:
        if pin.mechanism in ("nsc", "string") or pin.enforced is False:
            continue
        if not covers(pin, host, versions.get(pin.mechanism, ())):
            continue
        if pin.host is None and pin.owner.startswith("sdk:"):
            continue
        if pin.activation == "active":
            groups.setdefault((pin.mechanism, pin.scope), []).append(pin)
        elif pin.activation == "unknown":
            perhaps[pin.mechanism] = None
    for (mechanism, _), pins in groups.items():
        every_host = all(pin.host is None for pin in pins)
        if every_host:
            perhaps[mechanism] = None
        held = HeldSet(
            mechanism=mechanism,
            digests=frozenset(
                pin.digest for pin in pins if pin.digest is not None and pin.problem in (None, "spelling")
            ),
            resolved=all(pin.resolution == "constant" for pin in pins),
            expires_on=min((pin.expires_on for pin in pins if pin.expires_on), default=None),
            in_force=not all(ended(pin.expires_on, as_of) for pin in pins),
            every_host=every_host,
            evidence=tuple(dict.fromkeys(place for pin in pins for place in pin.evidence[:1]))[:3],
        )
        sets[held] = None
    return HostView(
        host=host,
        policy=entries,
        sets=tuple(sets),
        pinned_levels=tuple(
            settings is not None
            and bool(settings.pin_set.pins)
            and not _overridden(settings)
            and not ended(settings.pin_set.expires_date, as_of)
            for _, settings, _ in entries
        ),
        perhaps=tuple(perhaps),
    )


def covers(pin: PinFact, host: str, versions: Sequence[Version] = ()) -> bool:
    """Tell whether a pin of code applies to a concrete host in lower case, for every known version of OkHttp."""
    if pin.host is None:
        return True
    name = pin.host.lower()
    if pin.mechanism in ("okhttp3", "okhttp2"):
        try:
            return all(okhttp_matches(pin.host, host, version) for version in versions or (_OKHTTP,))
        except PatternError:
            return False
    if name.startswith("*."):
        return host.endswith(name[1:]) and "." not in host[: -len(name[1:])]
    return name == host or (pin.include_subdomains and host.endswith(f".{name}"))


def ended(date: str | None, as_of: dt.datetime) -> bool:
    """Tell whether a pin-set with this expiration day is off: from the first instant of that day (UTC)."""
    return date is not None and date_key(date) <= (as_of.year, as_of.month, as_of.day)


def date_key(date: str) -> tuple[int, int, int]:
    """Return a ``YYYY-MM-DD`` day, of any year, for comparing; the end of time for what is no date."""
    parts = date.split("-")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
        return _FOREVER
    return int(parts[0]), int(parts[1]), int(parts[2])


def levels_of(app: AppInfo) -> range:
    """Return the device API levels that have a policy and that the app runs on."""
    first = max(FIRST_POLICY_LEVEL, min(app.min_sdk, HIGHEST_KNOWN_LEVEL))
    last = min(app.max_sdk or HIGHEST_KNOWN_LEVEL, HIGHEST_KNOWN_LEVEL)
    return range(first, max(first, last) + 1)


def _policy_of(facts: Facts, host: str) -> Iterator[tuple[int, Settings | None, Location]]:
    for variant in facts.policy.variants:
        for level in levels_of(facts.app):
            if not variant.first_level <= level <= variant.last_level:
                continue
            scope = scope_for(variant, host, level)
            settings = settings_at(scope, level) if scope is not None else None
            yield level, settings, _place(variant, scope)


def _place(variant: PolicyVariant, scope: PolicyScope | None) -> Location:
    return Location(
        kind="xml",
        entry=variant.entry,
        xml_path=scope.path if scope is not None else None,
        line=scope.line if scope is not None else None,
    )


def _overridden(settings: Settings) -> bool:
    return any(anchor.overrides_pins for anchor in settings.trust_anchors)
