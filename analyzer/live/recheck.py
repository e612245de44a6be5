"""Checks the pins of releases that are in the field, as their reports state them, against chains of today."""

import datetime as dt
from collections.abc import Sequence

from msgspec.structs import replace

from analyzer.live.observe import Identify
from analyzer.live.recordings import RecordedChains, read_folder
from analyzer.live.settings import LiveSettings
from analyzer.live.stage import Observer, Watcher, checks_of, place_of, see, shown
from analyzer.live.targets import Plan, make_plan
from analyzer.live.wiring import AppAnchors
from analyzer.model import ChainObservation, Facts, PinCheck
from analyzer.model.recheck import Outlook

_RUNS = frozenset({"active", "unknown"})


def outlooks(
    releases: Sequence[tuple[str, str, Facts]],
    settings: LiveSettings,
    as_of: dt.datetime,
    *,
    identify: Identify,
    watcher: Watcher | None = None,
) -> tuple[Outlook, ...]:
    """Return for every release and host whether the app connects, and until when.

    Every host is asked once, for all releases together. Anchors that an app brings along are taken from its report;
    hosts that trust them stay unknown where the report is of a version that did not write them down.

    Args:
        releases: Package, version and facts of each.
        settings: What the user allows.
        as_of: The instant of judgement.
        identify: Names keys that are publicly known.
        watcher: Is told of hosts before they are contacted.
    """
    live = settings.options
    recorded = read_folder(live.chains) if live.chains is not None else RecordedChains(())
    plans = [make_plan(facts, settings, [place_of(recording) for recording in recorded]) for _, _, facts in releases]
    places = {place: () for plan in plans for place in plan.places}
    to_ask = [place for place in places if live.refresh or recorded.find(place.host, place.port) is None]
    if live.enabled and watcher is not None:
        watcher.announce([shown(place) for place in to_ask], ())
    answered = watcher.answered if watcher is not None else lambda: None
    union = Plan(places=dict.fromkeys(places, ()), refused=(), sets={})
    seen = see(union, settings, recorded, to_ask if live.enabled else [], answered, [])
    found: list[Outlook] = []
    for (package, version, facts), plan in zip(releases, plans, strict=True):
        mine = [sighting for sighting in seen if sighting.place in plan.places]
        chains = Observer(facts.policy, facts.pins, settings, as_of, identify, AppAnchors(facts, plan)).observe(mine)
        compared = [
            check
            for check in checks_of(plan, chains, facts, as_of)
            if check.activation in _RUNS and not (check.chain is not None and chains[check.chain].superseded)
        ]
        found += _of_release(package, version, compared, chains, as_of)
    return tuple(found)


def _of_release(
    package: str, version: str, checks: Sequence[PinCheck], chains: Sequence[ChainObservation], as_of: dt.datetime
) -> list[Outlook]:
    by_place: dict[tuple[str, int], list[PinCheck]] = {}
    for check in checks:
        by_place.setdefault((check.host or check.pattern or "every host", check.port), []).append(check)
    foreign = {(chain.host, chain.port) for chain in chains if not chain.superseded and chain.covers_host is False}
    return [
        _outlook(Outlook(package=package, version=version, host=host, port=port, status="works"), mine, as_of)
        if (host, port) not in foreign
        else Outlook(
            package=package,
            version=version,
            host=host,
            port=port,
            status="unknown",
            reason="host-mismatch",
            detail="The certificate is not for this name: no client connects that checks names as usual.",
        )
        for (host, port), mine in by_place.items()
    ]


def _outlook(outlook: Outlook, checks: Sequence[PinCheck], as_of: dt.datetime) -> Outlook:
    """Join the sets of one host: it works as long as all of them are satisfied."""
    days = [check.breaks_on for check in checks if check.breaks_on is not None]
    if days:
        first = min(days)
        left = (dt.date.fromisoformat(first) - as_of.date()).days
        outlook = replace(outlook, breaks_on=first, days_left=left, status="breaks" if left <= 0 else "works")
    unknown = next((check for check in checks if check.status == "unknown" and check.enforced), None)
    if unknown is not None and outlook.status == "works":
        # A set that was not compared may already fail, whatever the others say.
        return replace(outlook, status="unknown", reason=unknown.reason, detail=unknown.detail)
    return outlook
