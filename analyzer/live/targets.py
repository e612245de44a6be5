"""Which hosts are asked for an app's pins, and which of them a pin-set covers."""

from collections.abc import Iterable

import msgspec

from analyzer.live.compare import SetKey, pin_sets
from analyzer.live.errors import ProbeErrorKind
from analyzer.live.names import Host, HostNameError, read_host, why_reserved
from analyzer.live.pool import Place
from analyzer.live.settings import LiveSettings
from analyzer.model import Facts, PinFact
from analyzer.model.okhttp_patterns import NEWEST, PatternError
from analyzer.model.okhttp_patterns import matches as okhttp_matches
from analyzer.model.policy_lookup import variant_at

_OKHTTP = frozenset({"okhttp3", "okhttp2"})
_MAX_COVERED = 20
"""Most hosts that one pattern stands for; more say nothing new of the same pins."""
_MAX_NAMED = 20_000


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A host or pattern that is not asked."""

    text: str
    reason: ProbeErrorKind
    detail: str
    key: SetKey | None = None
    """The pin-set that stays unchecked because of it."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to ask, and what stays unasked."""

    places: dict[Place, tuple[SetKey, ...]]
    """Every place with the pin-sets that cover it, in order of their first mention."""
    refused: tuple[Refusal, ...]
    sets: dict[SetKey, list[PinFact]]


def make_plan(facts: Facts, settings: LiveSettings, recorded: Iterable[Place] = ()) -> Plan:
    """Choose hosts: those with pins or anchors of their own, and those that the user names.

    Args:
        facts: Of the app.
        settings: Of the user.
        recorded: Places with a recording, which may bear reserved names, since nothing connects.
    """
    return _Planner(facts, settings, recorded).plan()


class _Planner:
    def __init__(self, facts: Facts, settings: LiveSettings, recorded: Iterable[Place]) -> None:
        self._facts = facts
        self._settings = settings
        self._port = settings.options.port
        self._by_user = {place.host.name: place for place in settings.hosts}
        self._recorded: dict[str, list[int]] = {}
        for place in recorded:
            self._recorded.setdefault(place.host.name, []).append(place.port)
        self._places: dict[Place, dict[SetKey, None]] = {}
        self._refused: list[Refusal] = []
        self._named = self._named_hosts()
        variants = facts.policy.variants
        accepted = {variant.entry for variant in variants if any(scope.bands for scope in variant.scopes)}
        self._refused_files = {variant.entry for variant in variants if variant.errors} - accepted
        self._nowhere = {
            (variant.entry, domain.name)
            for variant in variants
            for scope in variant.scopes
            for domain in scope.domains
            if domain.problem is not None
        }

    def plan(self) -> Plan:
        sets = pin_sets(pin for pin in self._facts.pins if not self._without_effect(pin))
        for key in sets:
            self._place_set(key)
        for name in self._hosts_with_anchors():
            self._add(name, None, name)
        if self._settings.options.allow:
            for host in self._named:
                self._add(host, None, host)
        for place in self._settings.hosts:
            self._places.setdefault(place, {})
        places = {place: tuple(keys) for place, keys in self._places.items()}
        most = self._settings.options.max_hosts
        asked = [place for place in places if place.port not in self._recorded.get(place.host.name, ())]
        if self._settings.options.enabled and len(asked) > most:
            detail = f"{len(asked)} hosts would be asked, more than {most} (see --live-max and --live-allow)"
            refused = [
                Refusal(text=place.host.name, reason="too-many", detail=detail, key=key)
                for place in asked
                for key in places.pop(place) or (None,)
            ]
            self._refused.extend(refused)
        return Plan(places=places, refused=tuple(self._refused), sets=sets)

    def _without_effect(self, pin: PinFact) -> bool:
        """Tell whether a pin of a policy is in a file that no device accepts, or of a name that no host has."""
        if pin.mechanism != "nsc":
            return False
        entry = pin.scope.rpartition("#")[0]
        return entry in self._refused_files or (entry, pin.host) in self._nowhere

    def _named_hosts(self) -> list[str]:
        names: dict[str, None] = {}
        for fact in self._facts.hosts[:_MAX_NAMED]:
            try:
                host = read_host(fact.name)
            except HostNameError:
                continue
            if not host.literal:
                names[host.name] = None
        return [*names, *(name for name in self._by_user if name not in names)]

    def _place_set(self, key: SetKey) -> None:
        concrete = self._concrete(key)
        if not concrete:
            shown = key.host if key.host is not None else "every host of a client"
            detail = "The app names no host that this pattern covers; name one with --live-host."
            self._refused.append(Refusal(text=shown, reason="no-concrete-host", detail=detail, key=key))
        for name in concrete:
            self._add(name, key, key.host or name)

    def _concrete(self, key: SetKey) -> list[str]:
        if key.host is None:
            by_user = [place.host.name for place in self._settings.hosts]
            clients = [fact.name for fact in self._facts.hosts if fact.client == key.mechanism]
            return list(dict.fromkeys([*by_user, *clients]))[:_MAX_COVERED]
        below = [name for name in self._named if covers(key, name)]
        apex = key.host.removeprefix("**.")
        if "*" not in apex and apex not in below and covers(key, apex.lower()):
            below.append(apex)
        exact = not key.include_subdomains and "*" not in key.host
        return [key.host] if exact else below[:_MAX_COVERED]

    def _hosts_with_anchors(self) -> list[str]:
        variant = variant_at(self._facts.policy, 10_000)
        found: dict[str, None] = {}
        for scope in variant.scopes if variant is not None else ():
            newest = scope.bands[-1].settings if scope.bands else None
            if newest is not None and any(anchor.source == "raw" for anchor in newest.trust_anchors):
                for domain in scope.domains:
                    if domain.problem is None:
                        found[domain.name] = None
        return list(found)

    def _add(self, name: str, key: SetKey | None, shown: str) -> None:
        try:
            host = read_host(name)
        except HostNameError as error:
            self._refuse(shown, "blocked-name", f"It cannot be asked: {error}.", key)
            return
        refusal = self._refusal(host)
        if refusal is not None:
            self._refuse(host.name, *refusal, key)
            return
        keys = self._places.setdefault(Place(host, self._port_of(host)), {})
        if key is not None:
            keys[key] = None

    def _refusal(self, host: Host) -> tuple[ProbeErrorKind, str] | None:
        if self._settings.denies(host.name):
            return "not-allowed", "It is denied by --live-deny."
        if host.name in self._by_user or host.name in self._recorded:
            return None
        if self._settings.options.allow and not self._settings.allows(host.name):
            return "not-allowed", "It is not among the hosts of --live-allow."
        options = self._settings.options
        # Nothing connects for a recording, and what has none is said to have none.
        reserved = why_reserved(host) if options.enabled or options.dry_run else None
        if reserved is not None:
            return "blocked-name", f"It is not asked unless named with --live-host: {reserved}."
        return None

    def _port_of(self, host: Host) -> int:
        if host.name in self._by_user:
            return self._by_user[host.name].port
        ports = self._recorded.get(host.name, [])
        return self._port if self._port in ports or not ports else min(ports)

    def _refuse(self, text: str, reason: ProbeErrorKind, detail: str, key: SetKey | None) -> None:
        self._refused.append(Refusal(text=text, reason=reason, detail=detail, key=key))


def covers(key: SetKey, name: str) -> bool:
    """Tell whether a pin-set applies to a host, by the mechanism's own reading of patterns."""
    if key.host is None:
        return True
    if key.mechanism in _OKHTTP:
        try:
            return okhttp_matches(key.host, name, NEWEST)
        except PatternError:
            return False
    pattern = key.host.lower()
    bare = pattern.removeprefix("**.").removeprefix("*.")
    if name == pattern:
        return True
    wide = key.include_subdomains or pattern != bare
    return wide and name.endswith("." + bare)
