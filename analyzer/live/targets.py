"""Which hosts are asked for an app's pins, and which of them a pin-set covers."""

from collections.abc import Iterable
from itertools import islice

import msgspec

from analyzer.live.compare import SetKey, pin_sets
from analyzer.live.errors import ProbeErrorKind
from analyzer.live.names import Host, HostNameError, read_host, why_reserved
from analyzer.live.pool import Place
from analyzer.live.settings import LiveSettings
from analyzer.live.wired_hosts import wired_hosts
from analyzer.model import Facts, PinFact
from analyzer.model.okhttp_patterns import NEWEST, PatternError
from analyzer.model.okhttp_patterns import matches as okhttp_matches
from analyzer.model.policy_lookup import variant_at

_OKHTTP = frozenset({"okhttp3", "okhttp2"})
_MAX_COVERED = 20
"""Most hosts that one pattern stands for; more say nothing new of the same pins."""
_MAX_NAMED = 20_000
_TLS_PORTS = (443, 4443, 8443, 9443, 10443)
"""Ports that an app may have asked; others are asked when the user names them."""
_MAX_PORTS = 2
"""Most ports of one host, as each is a connection to it."""


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A host or pattern that is not asked."""

    text: str
    reason: ProbeErrorKind
    detail: str
    key: SetKey | None = None
    """The pin-set that stays unchecked because of it."""
    port: int | None = None
    """Of a host that is not asked at this port alone."""

    @property
    def shown(self) -> str:
        """The name as notices write it."""
        return self.text if self.port is None else f"{self.text}:{self.port}"


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
        self._by_user: dict[str, list[int]] = {}
        for place in settings.hosts:
            self._by_user.setdefault(place.host.name, []).append(place.port)
        self._recorded: dict[str, list[int]] = {}
        for place in recorded:
            self._recorded.setdefault(place.host.name, []).append(place.port)
        self._places: dict[Place, dict[SetKey, None]] = {}
        self._refused: list[Refusal] = []
        self._sets: dict[SetKey, list[PinFact]] = {}
        self._shown: dict[str, set[int]] = {}
        self._named = self._named_hosts()
        self._below: dict[str, list[str]] = {}
        """Names by every domain that they are in, so that an app with thousands of both costs their sum."""
        for name in self._named:
            labels = name.split(".")
            for at in range(len(labels)):
                self._below.setdefault(".".join(labels[at:]), []).append(name)
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
        self._sets = sets = pin_sets(pin for pin in self._facts.pins if not self._without_effect(pin))
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
            self._shown.setdefault(host.name, set()).update(fact.tls_ports)
        return [*names, *(name for name in self._by_user if name not in names)]

    def _place_set(self, key: SetKey) -> None:
        concrete = self._concrete(key)
        if not concrete:
            shown = key.host if key.host is not None else "every host of a client"
            detail = "The app names no host that this pattern covers; name one with --live-host."
            if key.host is None:
                detail = "Which hosts are asked with this trust manager is not known; name them with --live-host."
            self._refused.append(Refusal(text=shown, reason="no-concrete-host", detail=detail, key=key))
        for name in concrete:
            self._add(name, key, key.host or name)

    def _concrete(self, key: SetKey) -> list[str]:
        if key.host is None:
            wired = wired_hosts(self._sets[key], self._facts)
            # A host that sets of its own cover is not said to be asked by this client because the user names it.
            elsewhere = [other for other in self._sets if other.host is not None] if self._by_user else []
            by_user = [name for name in self._by_user if not any(covers(other, name) for other in elsewhere)]
            return (list(wired) or by_user)[:_MAX_COVERED]
        if not key.include_subdomains and "*" not in key.host:
            return [key.host]
        candidates = self._below.get(key.host.lower().removeprefix("**.").removeprefix("*."), ())
        below = list(islice((name for name in candidates if covers(key, name)), _MAX_COVERED))
        apex = key.host.removeprefix("**.")
        if "*" not in apex and apex not in below and covers(key, apex.lower()):
            below.append(apex)
        return below[:_MAX_COVERED]

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
        for port in self._ports_of(host, key):
            keys = self._places.setdefault(Place(host, port), {})
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

    def _ports_of(self, host: Host, key: SetKey | None) -> list[int]:
        """Return the ports to ask: what the user says decides, then the app's URLs, then what there are recordings of.

        A recording of another port than those of the app's URLs is no answer for it.
        """
        if host.name in self._by_user:
            return self._by_user[host.name]
        shown = sorted(self._shown.get(host.name, ()))
        if self._port == _TLS_PORTS[0] and shown:
            recorded = self._recorded.get(host.name, ())
            usual = [port for port in shown if port in _TLS_PORTS or port in recorded]
            usual.sort(key=lambda port: port not in recorded)
            for port in shown:
                if port not in usual[:_MAX_PORTS]:
                    self._refuse(host.name, "not-allowed", _why_not_at(port, usual), key, port)
            return sorted(usual[:_MAX_PORTS])
        ports = self._recorded.get(host.name, [])
        return [self._port if self._port in ports or not ports else min(ports)]

    def _refuse(
        self, text: str, reason: ProbeErrorKind, detail: str, key: SetKey | None, port: int | None = None
    ) -> None:
        self._refused.append(Refusal(text=text, reason=reason, detail=detail, key=key, port=port))


def _why_not_at(port: int, usual: list[int]) -> str:
    hint = f"name it with --live-host HOST:{port}"
    if port in usual:
        return f"A host is asked at {_MAX_PORTS} ports and no more; {hint}."
    return f"The app's URLs name port {port}, which is none that is usual for TLS; {hint}."


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
