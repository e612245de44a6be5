"""What the chains of hosts say, for human reports: a verdict per host, a picture of each chain, sentences on top."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from analyzer.model import ChainObservation, Facts, ObservedCertificate, PinCheck
from analyzer.model.chains import closest_path
from analyzer.reporters.text import join_words, plural
from analyzer.reporters.view_model import ChainCard, ChainRow, HostTable, State, Value
from analyzer.reporters.view_pins import host_pattern
from analyzer.reporters.words import MECHANISMS, show

MAX_CARDS = 60
"""Most chains that a human report draws."""
MISSING = "not sent, although it should be"
"""Where an intermediate comes from that the server leaves out."""
_MAX_VALUES = 4
_SOON_DAYS = 90
_PIN_CHARACTERS = 12
_REASONS = {
    "no-concrete-host": "the app names no host",
    "not-recorded": "no recording",
    "timeout": "no answer",
    "connect-timeout": "no answer",
    "dns": "the name does not resolve",
    "dns-timeout": "the name does not resolve",
    "blocked-name": "not asked",
    "blocked-address": "not asked",
    "not-allowed": "not asked",
    "too-many": "not asked",
    "budget": "time ran out",
    "expired": "the chain has expired",
    "no-trust-anchor": "no path to a trust anchor",
    "anchors-unread": "the app's own anchors are not known",
    "unresolved-pin": "a pin is not known",
    "inspecting-proxy": "an inspecting proxy",
}


def reason_words(reason: str | None) -> str:
    """Say why nothing is known, for a stable word of the facts."""
    return _REASONS.get(reason or "", show(reason or "no reason known", 60))


def counting_checks(facts: Facts) -> list[PinCheck]:
    """Return the comparisons that count: not those with a chain that another look replaces."""
    return [
        check
        for check in facts.pin_checks
        if check.chain is None or check.chain >= len(facts.chains) or not facts.chains[check.chain].superseded
    ]


def looked(facts: Facts) -> bool:
    """Tell whether chains were looked at in this run."""
    return "chain" in facts.covered or bool(facts.chains)


def with_live(table: HostTable, facts: Facts, as_of: dt.datetime) -> HostTable:
    """Return the host table with what the chains say, where chains were looked at."""
    if not looked(facts):
        return table
    checks = counting_checks(facts)
    rows = tuple(replace(row, live=live_values(checks, row.patterns, as_of)) for row in table.rows)
    return replace(table, rows=rows, live=True)


def live_values(checks: Iterable[PinCheck], patterns: Iterable[str], as_of: dt.datetime) -> tuple[Value, ...]:
    """Return the verdicts for the pin-sets with these patterns, worst first."""
    wanted = set(patterns)
    mine = [
        check
        for check in checks
        if (label(check) in wanted) and (check.enforced or check.status == "unknown" or check.expires_on is not None)
    ]
    values = {Value(text=_verdict_words(check), state=_state(check, as_of)): None for check in mine}
    order: tuple[State, ...] = ("bad", "unknown", "warn", "good", "neutral")
    ranked = sorted(values, key=lambda value: order.index(value.state))
    if len(ranked) > _MAX_VALUES:
        rest = Value(text=f"and {len(ranked) - _MAX_VALUES + 1} more", state="neutral")
        return (*ranked[: _MAX_VALUES - 1], rest)
    return tuple(ranked)


def label(check: PinCheck) -> str:
    """Return the pattern of a comparison's set as the host table writes it."""
    return host_pattern(check.pattern, check.include_subdomains)


def _verdict_words(check: PinCheck) -> str:
    host = f" at {show(check.host, 253)}" if check.host is not None and check.host != check.pattern else ""
    off = "" if check.enforced else " (pins are off)"
    if check.status == "match":
        until = f", until {check.breaks_on}" if check.breaks_on is not None else ""
        return f"Match{host}{until}{off}"
    if check.status == "no-match":
        return f"No match{host}{off}"
    return f"Unknown{host}: {reason_words(check.reason)}"


def _state(check: PinCheck, as_of: dt.datetime) -> State:
    if check.status == "unknown":
        return "unknown"
    if not check.enforced:
        return "warn"
    if check.status == "no-match":
        return "bad"
    soon = check.breaks_on is not None and _days(check.breaks_on, as_of) <= _SOON_DAYS
    return "warn" if soon else "good"


def _days(day: str, as_of: dt.datetime) -> int:
    return (dt.date.fromisoformat(day[:10]) - as_of.date()).days


def sentences(facts: Facts) -> tuple[list[str], list[str]]:
    """Return what is known of the hosts' chains, and what is not, in sentences."""
    checks = counting_checks(facts)
    if not looked(facts) or not checks:
        return [], []
    known: list[str] = []
    broken = _hosts(check for check in checks if check.status == "no-match" and check.enforced)
    if broken:
        verb = "presents" if len(broken) == 1 else "present"
        known.append(f"No pin matches what {join_words(broken)} {verb}: the app cannot connect there.")
    matching = [check for check in checks if check.status == "match" and check.enforced]
    ends = sorted((check.breaks_on, check.host or "") for check in matching if check.breaks_on is not None)
    if matching:
        hosts = len({check.host for check in matching})
        sentence = f"Pins match what {plural(hosts, 'host')} {'presents' if hosts == 1 else 'present'}"
        if ends:
            day, host = ends[0]
            sentence += f"; {show(host, 253)} stops working for this version on {day} unless its keys are kept"
        known.append(f"{sentence}.")
    unknown: list[str] = []
    unsure = [check for check in checks if check.status == "unknown"]
    if unsure:
        names = _hosts(unsure)
        unknown.append(f"Pins could not be compared with the chain of {join_words(names)}.")
    return known, unknown


def _hosts(checks: Iterable[PinCheck]) -> list[str]:
    names = list(dict.fromkeys(show(check.host or label(check), 253) for check in checks))
    return [*names[:3], *([f"{len(names) - 3} more"] if len(names) > 3 else [])]


def chain_cards(facts: Facts, as_of: dt.datetime) -> tuple[ChainCard, ...]:
    """Return a picture of each chain that was seen, first those that break first."""
    by_chain: dict[int, list[PinCheck]] = {}
    for check in counting_checks(facts):
        if check.chain is not None:
            by_chain.setdefault(check.chain, []).append(check)
    cards = [
        _card(chain, by_chain.get(position, []), as_of)
        for position, chain in enumerate(facts.chains)
        if not chain.superseded and chain.certificates
    ]
    return tuple(sorted(cards, key=lambda card: (card.breaks_on or "9999", card.host))[:MAX_CARDS])


def _card(chain: ChainObservation, checks: Sequence[PinCheck], as_of: dt.datetime) -> ChainCard:
    # The path that decides: with the key store of the client that asks this host, where no other asks it.
    own = [path for path in chain.key_store_paths if any(check.store == path.store for check in checks)]
    alone = bool(own) and all(check.mechanism != "nsc" for check in checks)
    paths = (*own, *chain.paths) if alone else (*chain.paths, *own)
    path = next((path for path in paths if path.problem is None), None)
    closest = closest_path(paths)
    members = closest.certificates if closest is not None else ()
    unused = [
        index
        for index, certificate in enumerate(chain.certificates)
        if certificate.sent_at is not None and index not in members
    ]
    first_anchor = len(members) - (closest.anchors if closest is not None and path is not None else 0)
    pinned: dict[int, list[str]] = {}
    for check in checks:
        for match in (*check.matches, *check.only_sent):
            words = f"{MECHANISMS[check.mechanism]} ({_short(match.value)})"
            known = pinned.setdefault(match.certificate, [])
            if words not in known:
                known.append(words)
    rows = [
        replace(
            _row(chain.certificates[index], _role(at, first_anchor), pinned.get(index, []), as_of),
            **({"origin": MISSING} if closest is not None and index in closest.borrowed else {}),
        )
        for at, index in enumerate(members)
    ]
    rows += [_row(chain.certificates[index], "sent, not used", pinned.get(index, []), as_of) for index in unused]
    expiries = sorted({check.expires_on for check in checks if check.expires_on is not None})
    breaks = sorted(check.breaks_on for check in checks if check.breaks_on is not None)
    port = f":{chain.port}" if chain.port != 443 else ""
    return ChainCard(
        host=f"{show(chain.host, 253)}{port}",
        seen=_seen(chain),
        store=f"checked with {show(closest.store, 120)}" if closest is not None else "",
        problem=show(closest.detail or closest.problem or "", 300) if closest is not None and path is None else "",
        verdicts=tuple(_verdicts(chain, checks, as_of)),
        rows=tuple(rows),
        expires_on=expiries[0][:10] if expiries and _is_drawable(expiries[0]) else None,
        breaks_on=breaks[0] if breaks else None,
    )


def _verdicts(chain: ChainObservation, checks: Iterable[PinCheck], as_of: dt.datetime) -> Iterator[Value]:
    for check in checks:
        yield Value(text=f"{MECHANISMS[check.mechanism]}: {_lower(_verdict_words(check))}", state=_state(check, as_of))
    if chain.covers_host is False:
        yield Value(text="The certificate is not for this name", state="bad")


def _short(value: str) -> str:
    """Return enough of a pin to find it by."""
    shown = show(value, 60)
    return shown if len(shown) <= _PIN_CHARACTERS or "/" in shown[:_PIN_CHARACTERS] else f"{shown[:_PIN_CHARACTERS]}…"


def _is_drawable(day: str) -> bool:
    try:
        dt.date.fromisoformat(day[:10])
    except ValueError:
        return False
    return len(day) == len("2026-01-01")


def _role(at: int, first_anchor: int) -> str:
    if at == 0:
        return "leaf"
    return "trust anchor" if at >= first_anchor else "intermediate"


def _row(certificate: ObservedCertificate, role: str, pinned: Sequence[str], as_of: dt.datetime) -> ChainRow:
    identity = certificate.identity
    left = _days(certificate.not_after, as_of)
    state: State = "good" if left > _SOON_DAYS else "warn" if left > 0 else "bad"
    return ChainRow(
        name=show(
            identity.name if identity is not None else certificate.subject or "a certificate without a name", 160
        ),
        role=role,
        origin="sent" if certificate.sent_at is not None else "from the store, not sent",
        starts_on=certificate.not_before[:10],
        ends_on=certificate.not_after[:10],
        days_left=left,
        state=state,
        pinned=tuple(pinned),
    )


def _seen(chain: ChainObservation) -> str:
    when = f" on {chain.observed_at[:10]}" if chain.observed_at is not None else ""
    where = f" at {show(chain.address, 60)}" if chain.address is not None else ""
    return f"{'recorded' if chain.recorded else 'seen'}{when}{where}{' through a proxy' if chain.via_proxy else ''}"


def _lower(text: str) -> str:
    return f"{text[:1].lower()}{text[1:]}"


def chain_method(facts: Facts) -> tuple[str, str] | None:
    """Return how chains were looked at, and with which trust stores; None when they were not."""
    if not looked(facts):
        return None
    seen = sum(not chain.recorded and not chain.error for chain in facts.chains)
    recorded = sum(chain.recorded and not chain.error for chain in facts.chains)
    failed = sum(chain.error is not None for chain in facts.chains)
    paths = (path for chain in facts.chains for path in (*chain.paths, *chain.key_store_paths))
    stores = list(dict.fromkeys(show(path.store, 120) for path in paths))
    how = f"{seen} seen on the network, {recorded} read from recordings, {failed} not seen"
    return how, f"{join_words(stores[:6])}; no device's own store unless named" if stores else "none was needed"
