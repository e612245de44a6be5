"""The live stage: choose hosts, ask them or read their recordings, and compare their chains with the app's pins."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

import msgspec
from msgspec.structs import replace

from analyzer.live.compare import check, unasked
from analyzer.live.errors import ProbeError
from analyzer.live.names import read_host, unicode_form
from analyzer.live.observe import Identify, Seen, Store, observe, readable
from analyzer.live.pool import Place, ask_all
from analyzer.live.recordings import RecordedChains, Recording, read_folder, save_recording
from analyzer.live.settings import LiveSettings
from analyzer.live.targets import Plan, make_plan
from analyzer.live.wiring import AppAnchors
from analyzer.model import AnalysisGap, ChainObservation, Facts, NetworkPolicy, PinCheck, PinFact, TrustAnchor
from analyzer.model.policy_lookup import effective
from analyzer.options import ScanOptions
from analyzer.x509.certificate import Certificate, read_certificate
from analyzer.x509.errors import UnreadableError
from analyzer.x509.trust_store import TrustStore, trust_store

_MAX_SINGLE_GAPS = 20


class Watcher(Protocol):
    """Is told what the stage does, before and while it does it."""

    def announce(self, hosts: Sequence[str], refused: Sequence[tuple[str, str]]) -> None:
        """Hosts (with ports) that will be contacted, and names with the reasons why they will not."""

    def answered(self) -> None:
        """One host has answered, or will not."""


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """What the stage found."""

    chains: tuple[ChainObservation, ...] = ()
    checks: tuple[PinCheck, ...] = ()
    gaps: tuple[AnalysisGap, ...] = ()


def look(
    facts: Facts,
    settings: LiveSettings,
    options: ScanOptions,
    *,
    identify: Identify,
    watcher: Watcher | None = None,
) -> Looked:
    """Look at the chains of the hosts that an app pins.

    Args:
        facts: Of the app.
        settings: What the user allows.
        options: For the instant of judgement.
        identify: Names keys that are publicly known.
        watcher: Is told of hosts before they are contacted.
    """
    live = settings.options
    recorded = read_folder(live.chains) if live.chains is not None else RecordedChains(())
    plan = make_plan(facts, settings, [place_of(recording) for recording in recorded])
    unrecorded = [place for place in plan.places if recorded.find(place.host, place.port) is None]
    to_ask = list(plan.places) if live.refresh else unrecorded
    if watcher is not None and (live.enabled or live.dry_run):
        watcher.announce(
            [shown(place) for place in to_ask],
            [(refusal.shown, refusal.detail) for refusal in plan.refused if refusal.reason != "no-concrete-host"],
        )
    if live.dry_run:
        return Looked()
    answered = watcher.answered if watcher is not None else lambda: None
    unwritten: list[str] = []
    seen = see(plan, settings, recorded, to_ask if live.enabled else [], answered, unwritten)
    own = AppAnchors(facts, plan)
    chains = Observer(facts.policy, facts.pins, settings, options.as_of, identify, own).observe(seen)
    checks = tuple(checks_of(plan, chains, facts, options.as_of))
    gaps = (
        *_recording_gaps(recorded),
        *_unwritten_gaps(unwritten),
        *_host_gaps(chains, strict=live.strict),
        *_pattern_gaps(plan, strict=live.strict),
    )
    return Looked(chains=chains, checks=checks, gaps=gaps)


def look_at(
    places: Iterable[Place],
    settings: LiveSettings,
    as_of: dt.datetime,
    *,
    identify: Identify,
    pins: Sequence[PinFact] = (),
    watcher: Watcher | None = None,
) -> tuple[ChainObservation, ...]:
    """Look at the chains of places that the user names; a host without a chain has an observation that says why.

    Args:
        places: What to ask, or to find a recording of.
        settings: What the user allows.
        as_of: The instant at which paths must be valid.
        identify: Names keys that are publicly known.
        pins: Those whose values are compared with other digests of the certificates.
        watcher: Is told of hosts before they are contacted.
    """
    live = settings.options
    recorded = read_folder(live.chains) if live.chains is not None else RecordedChains(())
    plan = Plan(places=dict.fromkeys(places, ()), refused=(), sets={})
    to_ask = [place for place in plan.places if live.refresh or recorded.find(place.host, place.port) is None]
    if not live.enabled:
        to_ask = []
    elif watcher is not None:
        watcher.announce([shown(place) for place in to_ask], ())
    answered = watcher.answered if watcher is not None else lambda: None
    seen = see(plan, settings, recorded, to_ask, answered, [])
    none = NetworkPolicy(state="none")
    return Observer(none, pins, settings, as_of, identify).observe(seen)


def place_of(recording: Recording) -> Place:
    """Return the host and port that a recording is of."""
    return Place(read_host(recording.host), recording.port)


def shown(place: Place) -> str:
    """Return a place in words, with the Unicode form of an internationalised name beside it."""
    unicode = unicode_form(place.host)
    name = f"[{place.host.name}]" if ":" in place.host.name else place.host.name
    return f"{name}:{place.port}" + (f" ({unicode})" if unicode is not None else "")


def see(
    plan: Plan,
    settings: LiveSettings,
    recorded: RecordedChains,
    to_ask: Sequence[Place],
    answered: Callable[[], None],
    unwritten: list[str],
) -> list[Seen]:
    """Ask and read; every place gives at least one sighting, perhaps of an error.

    Hosts whose recording could not be written are added to `unwritten`.
    """
    answers = ask_all(to_ask, settings.probe, lambda _: answered())
    found: list[Seen] = []
    for place in plan.places:
        recording = recorded.find(place.host, place.port)
        answer = answers.get(place)
        if answer is not None and answer.error is None:
            first, *others = (Seen.of_sighting(place, sighting, answer.at) for sighting in answer.sightings)
            found += [first, *(replace(other, superseded=True) for other in others)]
            try:
                _record(place, first, settings)
            except OSError:
                unwritten.append(place.host.name)
        elif answer is not None and recording is None:
            found.append(Seen(place=place, recorded=False, error=answer.error, at=answer.at))
        elif recording is None:
            text = "there is no recording of this host" if settings.options.chains is not None else "it was not asked"
            found.append(Seen(place=place, recorded=True, error=ProbeError("not-recorded", text)))
        if recording is not None:
            newer = answer is not None and answer.error is None
            found.append(Seen.of_recording(place, recording, superseded=newer))
    return found


def _record(place: Place, seen: Seen, settings: LiveSettings) -> None:
    folder = settings.options.record
    if folder is None:
        return
    recording = Recording(
        host=place.host.name,
        port=place.port,
        certificates=seen.certificates,
        sni=place.host.sni,
        recorded_at=seen.at,
        tls_version=seen.tls_version,
        partial=seen.alert,
        address=seen.address if settings.options.record_address else None,
    )
    save_recording(folder, recording, key_digest)


def key_digest(der: bytes) -> bytes | None:
    """Return the SPKI SHA-256 of a certificate, None when it cannot be read."""
    try:
        return read_certificate(der).key.sha256
    except UnreadableError:
        return None


class Observer:
    """Builds paths for every chain, with the trust stores that count for its host."""

    def __init__(
        self,
        policy: NetworkPolicy,
        pins: Sequence[PinFact],
        settings: LiveSettings,
        at: dt.datetime,
        identify: Identify,
        anchors: AppAnchors | None = None,
    ) -> None:
        self._policy = policy
        self._pins = pins
        self._settings = settings
        self._at = at
        self._identify = identify
        self._anchors = anchors
        self._stores: dict[tuple[TrustAnchor, ...], tuple[Store, ...]] = {}

    def observe(self, seen: Sequence[Seen]) -> tuple[ChainObservation, ...]:
        """Return one observation for each sighting, in order."""
        authorities: dict[Certificate, None] = {}
        for sighting in seen:
            for certificate in readable(sighting.certificates[1:]):
                if certificate is not None and certificate.is_ca:
                    authorities[certificate] = None
        return tuple(
            observe(
                sighting,
                self._stores_for(sighting.place.host.name),
                self._at,
                pins=self._pins,
                identify=self._identify,
                others=tuple(authorities),
                key_stores=self._anchors.key_stores(sighting.place) if self._anchors is not None else (),
            )
            for sighting in seen
        )

    def _stores_for(self, host: str) -> tuple[Store, ...]:
        holds = effective(self._policy, host)
        anchors = holds.trust_anchors if holds is not None else ()
        if anchors not in self._stores:
            self._stores[anchors] = self._made(anchors)
        return self._stores[anchors]

    def _made(self, anchors: Sequence[TrustAnchor]) -> tuple[Store, ...]:
        """Return the default store and the user's, each with the anchors that the app adds, or these alone."""
        settings = self._settings
        own: list[Certificate] = []
        complete = True
        bundled = [anchor.resource for anchor in anchors if anchor.source == "raw" and anchor.resource is not None]
        for resource in bundled:
            read = self._anchors.of_resource(resource) if self._anchors is not None else ()
            own += read
            complete = complete and bool(read)
        if bundled and not any(anchor.source in ("system", "user") for anchor in anchors):
            return (Store(store=trust_store("the app's own anchors", own), kind="app", complete=complete),)
        stores = [
            Store(store=settings.default_store, kind="default", complete=complete),
            *(Store(store=store, kind="user", complete=complete) for store in settings.user_stores),
        ]
        return tuple(replace(store, store=_joined(store.store, own)) for store in stores)


def _joined(store: TrustStore, own: Sequence[Certificate]) -> TrustStore:
    return trust_store(f"{store.name} and the app's anchors", [*store.anchors, *own]) if own else store


def checks_of(plan: Plan, chains: Sequence[ChainObservation], facts: Facts, as_of: dt.datetime) -> Iterator[PinCheck]:
    """Compare every pin-set of a plan with every chain of the hosts that it covers."""
    for refusal in plan.refused:
        if refusal.key is not None:
            pattern = refusal.reason == "no-concrete-host"
            host = None if pattern else refusal.text
            yield unasked(plan.sets[refusal.key], refusal.reason, refusal.detail, host, refusal.port or 443)
    keys = {(place.host.name, place.port): covering for place, covering in plan.places.items()}
    for position, chain in enumerate(chains):
        overridden = _overridden(facts, chain)
        for key in keys[chain.host, chain.port]:
            off = overridden and key.mechanism == "nsc"
            yield check(plan.sets[key], chains, position, as_of, overridden=off)


def _overridden(facts: Facts, chain: ChainObservation) -> bool:
    """Tell whether the policy switches pins off for chains to every anchor that this host may end in."""
    holds = effective(facts.policy, chain.host)
    anchors = [a for a in holds.trust_anchors if a.source != "user"] if holds is not None else []
    return bool(anchors) and all(anchor.overrides_pins for anchor in anchors)


def _recording_gaps(recorded: RecordedChains) -> list[AnalysisGap]:
    return [
        AnalysisGap(
            stage="live",
            reason="unreadable",
            subject=name,
            detail=f"The recording {name} was left out: {why}.",
            hides=("chain",),
        )
        for name, why in recorded.problems[:_MAX_SINGLE_GAPS]
    ]


def _unwritten_gaps(hosts: Sequence[str]) -> list[AnalysisGap]:
    if not hosts:
        return []
    names = ", ".join(hosts[:3]) + (f" and {len(hosts) - 3} more" if len(hosts) > 3 else "")
    detail = f"The chains of {names} could not be recorded: the folder or a file in it cannot be written."
    return [AnalysisGap(stage="live", reason="unreadable", subject="recordings", detail=detail)]


def _host_gaps(chains: Sequence[ChainObservation], *, strict: bool) -> list[AnalysisGap]:
    failed = [chain for chain in chains if chain.error is not None]
    gaps = [
        AnalysisGap(
            stage="live",
            reason="unreachable",
            subject=f"{chain.host}:{chain.port}",
            detail=f"The chain of {chain.host} was not seen ({chain.error}): {chain.error_detail}.",
            hides=("chain",),
            incomplete=strict,
        )
        for chain in failed[:_MAX_SINGLE_GAPS]
    ]
    if len(failed) > _MAX_SINGLE_GAPS:
        rest = len(failed) - _MAX_SINGLE_GAPS
        detail = f"The chains of {rest} further hosts were not seen; facts.chains in the JSON report has them all."
        gaps.append(
            AnalysisGap(
                stage="live", reason="unreachable", subject="hosts", detail=detail, hides=("chain",), incomplete=strict
            )
        )
    return gaps


def _pattern_gaps(plan: Plan, *, strict: bool) -> list[AnalysisGap]:
    by_reason: dict[tuple[str, str], list[str]] = {}
    for refusal in plan.refused:
        names = by_reason.setdefault((refusal.reason, refusal.detail), [])
        if refusal.shown not in names:
            names.append(refusal.shown)
    return [
        AnalysisGap(
            stage="live",
            reason="limit" if reason == "too-many" else "unreachable",
            subject=", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else ""),
            detail=detail,
            hides=("chain",),
            incomplete=strict,
        )
        for (reason, detail), names in by_reason.items()
    ]


def _open_checks(checks: Sequence[PinCheck], chains: Sequence[ChainObservation]) -> list[AnalysisGap]:
    """Return the pin-sets that a chain was seen for and that could not be compared with it all the same."""
    return [
        AnalysisGap(
            stage="live",
            reason="unreachable",
            subject=f"{outcome.host}:{outcome.port}",
            detail=f"The pins for {outcome.host} could not be compared with its chain ({outcome.reason}).",
            hides=("chain",),
            incomplete=True,
        )
        for outcome in checks
        if outcome.status == "unknown"
        and outcome.chain is not None
        and chains[outcome.chain].error is None
        and not chains[outcome.chain].superseded
    ][:_MAX_SINGLE_GAPS]
