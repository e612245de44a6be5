"""The time line, the method section and the raw facts of a report."""

import base64
import datetime as dt
from collections.abc import Iterable, Iterator

from analyzer.model import Facts, Location, ScanResult
from analyzer.reporters.levels import name_levels
from analyzer.reporters.text import plural
from analyzer.reporters.view_live import chain_method
from analyzer.reporters.view_model import FactRow, MethodEntry, State, TimelineEntry
from analyzer.reporters.view_pins import host_pattern, parse_day
from analyzer.reporters.view_places import place_text
from analyzer.reporters.words import ACTIVATIONS, CALLBACK_KINDS, MECHANISMS, owner_name, show

MAX_FACTS = 800
"""Most raw facts in a human report; the JSON report has them all."""
MAX_DAYS = 60
"""Most entries of the time line."""
_BUNDLE = 20
_SOON_DAYS = 90


def timeline(facts: Facts, as_of: dt.datetime) -> tuple[TimelineEntry, ...]:
    """Return the days on which a pin-set or a bundled certificate ends, earliest first."""
    ends: dict[tuple[str, str, str], list[str]] = {}
    for pin in facts.pins:
        if pin.expires_on is not None and parse_day(pin.expires_on) is not None:
            mechanism = "Pin-set" if pin.mechanism == "nsc" else f"Pins of {MECHANISMS[pin.mechanism]}"
            names = ends.setdefault((pin.expires_on, mechanism, pin.scope), [])
            name = host_pattern(pin.host, pin.include_subdomains)
            if name not in names:
                names.append(name)
    for certificate in facts.certificates:
        if not certificate.uses or certificate.group_size >= _BUNDLE:
            # What nothing uses ends without consequences, and a copied trust store is not one certificate.
            continue
        if certificate.not_after is not None and parse_day(certificate.not_after) is not None:
            name = show(certificate.subject or certificate.entry, 120)
            ends.setdefault((certificate.not_after, "Bundled certificate", certificate.entry), []).append(name)
    entries = [_entry(day, what, names, as_of) for (day, what, _), names in ends.items()]
    return tuple(sorted(entries, key=lambda entry: (entry.ends_on, entry.label))[:MAX_DAYS])


def _entry(moment: str, what: str, names: list[str], as_of: dt.datetime) -> TimelineEntry:
    day = parse_day(moment)
    assert day is not None
    left = (day - as_of.date()).days
    state: State = "good" if left > _SOON_DAYS else "warn" if left > 0 else "bad"
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return TimelineEntry(
        label=", ".join(names[:3]) + more,
        what=what,
        ends_on=day.isoformat(),
        days_left=left,
        state=state,
        words=_distance(left),
    )


def _distance(days: int) -> str:
    if days == 0:
        return "today"
    count = plural(abs(days), "day")
    return f"in {count}" if days > 0 else f"{count} ago"


def method(result: ScanResult) -> tuple[MethodEntry, ...]:
    """Return what a reader needs to make the same report again."""
    entries = [
        MethodEntry(name="Tool", value=f"{show(result.tool.name)} {show(result.tool.version)}"),
        MethodEntry(name="Rules", value=show(result.tool.rules_digest), digest=True),
        MethodEntry(name="File", value=show(result.target.path)),
        MethodEntry(name="Format", value=result.target.format),
        MethodEntry(name="Size", value=f"{result.target.size_bytes:,} bytes"),
        MethodEntry(name="SHA-256", value=show(result.target.sha256), digest=True),
        MethodEntry(name="Dates judged as of", value=show(result.as_of)),
        MethodEntry(
            name="Gate", value=f"blocks at {show(result.gate.fail_on)}, confidence {show(result.gate.min_confidence)}"
        ),
        *([MethodEntry(name="Policy", value=show(result.gate.policy))] if result.gate.policy is not None else []),
        MethodEntry(name="Report schema", value=str(result.schema_version)),
    ]
    entries += [
        MethodEntry(name=f"Signer ({signer.scheme})", value=signer.certificate_sha256.hex(), digest=True)
        for signer in (result.app.signers if result.app else ())[:8]
    ]
    stages = [
        f"{show(stage.name)} {stage.status}" + (f" ({stage.seconds:.2f} s)" if stage.seconds is not None else "")
        for stage in result.stages
    ]
    if stages:
        entries.append(MethodEntry(name="Stages", value=", ".join(stages)))
    chains = chain_method(result.facts) if result.facts is not None else None
    if chains is not None:
        entries += [
            MethodEntry(name="Chains of hosts", value=chains[0]),
            MethodEntry(name="Trust stores", value=chains[1]),
        ]
    if result.facts is not None:
        entries.append(MethodEntry(name="Looked for", value=", ".join(result.facts.covered)))
    return tuple(entries)


def fact_rows(facts: Facts) -> tuple[tuple[FactRow, ...], int]:
    """Return the raw facts, and how many were left out."""
    rows = list(_rows(facts))
    return tuple(rows[:MAX_FACTS]), max(0, len(rows) - MAX_FACTS)


def _rows(facts: Facts) -> Iterator[FactRow]:
    app = facts.app
    yield FactRow(kind="app", subject="package", detail=show(app.package), place="")
    yield FactRow(kind="app", subject="SDK levels", detail=_sdk_words(facts), place="")
    yield FactRow(kind="app", subject="debuggable", detail="yes" if app.debuggable else "no", place="")
    cleartext = {True: "true", False: "false", None: "absent"}[app.uses_cleartext_traffic]
    yield FactRow(kind="app", subject="usesCleartextTraffic", detail=cleartext, place=_place(app.cleartext_location))
    for split in app.splits:
        yield FactRow(kind="split", subject=show(split), detail="", place="")
    for entry in app.dex_entries:
        yield FactRow(kind="code file", subject=show(entry), detail="", place="")
    for library in app.native_libraries:
        yield FactRow(kind="native library", subject=show(library), detail="", place="")
    for pin in facts.pins:
        digest = base64.b64encode(pin.digest).decode() if pin.digest is not None else show(pin.value, 200)
        state = "only reported" if pin.enforced is False else ACTIVATIONS[pin.activation]
        details = [MECHANISMS[pin.mechanism], f"{pin.algorithm} of {pin.hashed_object}", state]
        details += [show(pin.identity.name, 120)] if pin.identity is not None else []
        details += [f"until {show(pin.expires_on, 40)}"] if pin.expires_on else []
        subject = f"{host_pattern(pin.host, pin.include_subdomains)}: {digest}"
        yield FactRow(kind="pin", subject=subject, detail="; ".join(details), place=_first(pin.evidence))
    for callback in facts.callbacks:
        detail = f"{show(callback.behaviour, 80)}; {ACTIVATIONS[callback.activation]}; {owner_name(callback.owner)}"
        yield FactRow(
            kind=CALLBACK_KINDS[callback.kind],
            subject=show(callback.class_name),
            detail=detail,
            place=_first(callback.evidence),
        )
    for certificate in facts.certificates:
        details = [show(certificate.subject)] if certificate.subject else []
        details += [f"until {show(certificate.not_after, 40)}"] if certificate.not_after else []
        yield FactRow(
            kind=certificate.kind,
            subject=show(certificate.entry),
            detail="; ".join(details),
            place=_first(certificate.evidence),
        )
    for sdk in facts.sdks:
        yield FactRow(kind=sdk.kind, subject=show(sdk.name), detail=show(sdk.version or ""), place=_first(sdk.evidence))
    for host in facts.hosts:
        yield FactRow(kind="host", subject=show(host.name), detail=f"from {host.source}", place=_first(host.evidence))
    for chain in facts.chains:
        detail = "recorded" if chain.recorded else "seen live"
        yield FactRow(
            kind="chain",
            subject=f"{show(chain.host)}:{chain.port}",
            detail=f"{detail}; {show(chain.error)}" if chain.error else detail,
            place="",
        )
    for use in facts.api_uses:
        yield FactRow(
            kind="API use", subject=show(use.api), detail=ACTIVATIONS[use.activation], place=_first(use.evidence)
        )


def _sdk_words(facts: Facts) -> str:
    app = facts.app
    highest = f", at most {app.max_sdk}" if app.max_sdk is not None else ""
    return f"from {name_levels(app.min_sdk, app.min_sdk)}, target {app.target_sdk}{highest}"


def _first(evidence: Iterable[Location]) -> str:
    return _place(next(iter(evidence), None))


def _place(location: Location | None) -> str:
    return place_text(location) if location is not None else ""
