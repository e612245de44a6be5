"""Compares two versions of an app: every difference, and whether it makes the app weaker. Pure.

What is compared are facts and findings, never texts or places: a rebuilt app with other names for its classes is the
same app. A difference counts as weaker only when less is checked than before; a replaced key is a rotation.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import get_args

from analyzer.gate.compare_pins import key_text, pin_set_changes
from analyzer.gate.compare_policy import policy_changes
from analyzer.gate.decide import blocks
from analyzer.model import (
    AppInfo,
    CallbackFact,
    CertificateFact,
    Change,
    ComparedApp,
    Comparison,
    Confidence,
    Facts,
    Finding,
    PinFact,
    ScanResult,
)
from analyzer.model.comparison import Area, ChangeKind, Direction
from analyzer.model.policy import FIRST_POLICY_LEVEL
from analyzer.model.stable_names import class_identity
from analyzer.options import ScanOptions

COMPARISON_VERSION = 1
_MOST_CHANGES = 5_000
_UNSAFE = frozenset(
    {
        "accept-all", "null-guard", "swallow", "validity-only", "name-compare", "self-signed", "pin-presented",
        "flag-dependent", "ignores-session", "peerhost-tautology", "substring", "session-valid", "proceed",
        "error-code", "url", "dialog", "no-name-check", "verify-result-ignored", "endpoint-id-cleared", "get-insecure",
    }
)  # fmt: skip
"""Behaviours of callbacks with which a connection may be accepted that the platform would refuse."""
_ORDER: dict[Direction, int] = {"weaker": 0, "changed": 1, "stronger": 2}
_KINDS = {kind: index for index, kind in enumerate(get_args(ChangeKind))}
_AREAS = {area: index for index, area in enumerate(get_args(Area))}
_IN_USE = ("active", "unknown")


def compare(old: ScanResult, new: ScanResult, options: ScanOptions) -> Comparison:
    """Return what differs between two results.

    Args:
        old: The earlier version.
        new: The later version, judged as of the same instant.
        options: What makes a new finding weigh: `ScanOptions.fail_on` and `ScanOptions.min_confidence`.
    """
    changes: list[Change] = []
    if old.app is not None and new.app is not None:
        changes += _app_changes(old.app, new.app)
    if old.facts is not None and new.facts is not None:
        changes += policy_changes(old.facts, new.facts, new.as_of[:10])
        changes += _pin_changes(old.facts, new.facts)
        changes += _callback_changes(old.facts.callbacks, new.facts.callbacks)
        changes += _certificate_changes(old.facts.certificates, new.facts.certificates)
        changes += _host_changes(old.facts, new.facts)
        changes += _library_changes(old.facts, new.facts)
    changes += _finding_changes(old, new, options)
    changes += _coverage_changes(old, new)
    changes.sort(
        key=lambda one: (_ORDER[one.direction], _AREAS[one.area], _KINDS[one.kind], one.subject, one.first_level or 0)
    )
    notes = _notes(old, new)
    if len(changes) > _MOST_CHANGES:
        notes.append(f"Of {len(changes):,} changes only the first {_MOST_CHANGES:,} are listed.")
    return Comparison(
        comparison_version=COMPARISON_VERSION,
        old=_side(old),
        new=_side(new),
        changes=tuple(changes[:_MOST_CHANGES]),
        weaker=any(change.direction == "weaker" for change in changes),
        notes=tuple(notes),
        complete=all(side.gate.exit_code in (0, 1) for side in (old, new)),
    )


def _side(result: ScanResult) -> ComparedApp:
    app = result.app
    version = "" if app is None else str(app.version_name or app.version_code or "")
    return ComparedApp(
        path=result.target.path,
        sha256=result.target.sha256,
        package=app.package if app is not None else "",
        version=version,
        rules_digest=result.tool.rules_digest,
        as_of=result.as_of,
    )


def _notes(old: ScanResult, new: ScanResult) -> list[str]:
    notes = []
    if old.app is not None and new.app is not None and old.app.package != new.app.package:
        notes.append(f"These are two packages: {old.app.package} and {new.app.package}.")
    if old.tool != new.tool:
        notes.append("The results were made with different versions or rules, so that findings may differ for that.")
    if old.as_of != new.as_of:
        notes.append(f"The results were made as of {old.as_of} and {new.as_of}, so that dates may differ for that.")
    for name, side in (("older", old), ("newer", new)):
        if side.gate.exit_code not in (0, 1):
            notes.append(f"The {name} version was not analysed to the end: {side.gate.reason}")
    return notes


def _app_changes(old: AppInfo, new: AppInfo) -> Iterable[Change]:
    if old.debuggable != new.debuggable:
        yield _change("app", "debuggable", "android:debuggable", str(old.debuggable).lower(),
                      str(new.debuggable).lower(), "weaker" if new.debuggable else "stronger")  # fmt: skip
    if old.target_sdk != new.target_sdk:
        direction: Direction = "weaker" if new.target_sdk < old.target_sdk else "changed"
        yield _change("app", "target-sdk", "targetSdkVersion", str(old.target_sdk), str(new.target_sdk), direction)
    if old.min_sdk != new.min_sdk:
        # Devices below this level read no policy and trust user-installed certification authorities.
        lost = new.min_sdk < FIRST_POLICY_LEVEL <= old.min_sdk
        won = old.min_sdk < FIRST_POLICY_LEVEL <= new.min_sdk
        direction = "weaker" if lost else "stronger" if won else "changed"
        yield _change("app", "min-sdk", "minSdkVersion", str(old.min_sdk), str(new.min_sdk), direction)


def _pin_changes(old: Facts, new: Facts) -> Iterable[Change]:
    """Compare what code pins; the policy's pins are compared with the policy."""
    before, after = _code_pins(old.pins), _code_pins(new.pins)
    for key in sorted(before.keys() | after.keys()):
        was, now = before.get(key, ()), after.get(key, ())
        mechanism, host = key
        subject = f"{host} ({mechanism})"
        held_before, held_after = _held(was), _held(now)
        yield from pin_set_changes("pins", subject, held_before, held_after)
        states = _states(was), _states(now)
        if was and now and states[0] != states[1] and bool(held_before) == bool(held_after):
            yield _change("pins", "activation", subject, states[0], states[1], "changed")


def _code_pins(pins: Sequence[PinFact]) -> dict[tuple[str, str], tuple[PinFact, ...]]:
    found: dict[tuple[str, str], list[PinFact]] = {}
    for pin in pins:
        if pin.mechanism in ("nsc", "string"):
            continue
        host = "every host" if pin.host is None else pin.host
        pattern = f"*.{host}" if pin.include_subdomains and pin.host is not None else host
        found.setdefault((pin.mechanism, pattern), []).append(pin)
    return {key: tuple(value) for key, value in found.items()}


def _held(pins: Sequence[PinFact]) -> frozenset[str]:
    """Return the keys that connections are held to: what is only built, or only reported, holds nothing."""
    return frozenset(
        key_text(pin.algorithm, pin.digest) if pin.digest is not None else pin.value
        for pin in pins
        if pin.activation in _IN_USE and pin.enforced is not False
    )


def _states(pins: Sequence[PinFact]) -> str:
    return ", ".join(sorted({pin.activation for pin in pins}))


def _callback_changes(old: Sequence[CallbackFact], new: Sequence[CallbackFact]) -> Iterable[Change]:
    """Compare classes by what they do and by those parts of their names that a shrinker keeps."""
    before, after = Counter(map(_callback_key, old)), Counter(map(_callback_key, new))
    names = {_callback_key(fact): f"{fact.kind.replace('_', ' ')} {fact.class_name}" for fact in (*old, *new)}
    for key in sorted((before - after).keys()):
        _, behaviour, activation, _ = key
        direction: Direction = "stronger" if behaviour in _UNSAFE and activation in _IN_USE else "changed"
        yield _change("callbacks", "callback-removed", names[key], f"{behaviour}, {activation}", None, direction)
    for key in sorted((after - before).keys()):
        _, behaviour, activation, _ = key
        direction = "weaker" if behaviour in _UNSAFE and activation in _IN_USE else "changed"
        yield _change("callbacks", "callback-added", names[key], None, f"{behaviour}, {activation}", direction)


def _callback_key(fact: CallbackFact) -> tuple[str, str, str, str]:
    return fact.kind, fact.behaviour, fact.activation, class_identity(fact)


def _certificate_changes(old: Sequence[CertificateFact], new: Sequence[CertificateFact]) -> Iterable[Change]:
    before, after = {_certificate_key(one) for one in old}, {_certificate_key(one) for one in new}
    for kind, name, _ in sorted(before - after):
        yield _change("certificates", "certificate-removed", f"{kind} {name}", None, None, "changed")
    for kind, name, _ in sorted(after - before):
        direction: Direction = "weaker" if kind == "private-key" else "changed"
        yield _change("certificates", "certificate-added", f"{kind} {name}", None, None, direction)


def _certificate_key(fact: CertificateFact) -> tuple[str, str, str]:
    digest = fact.certificate_sha256 or fact.spki_sha256
    return fact.kind, fact.subject or fact.entry, digest.hex() if digest is not None else ""


def _host_changes(old: Facts, new: Facts) -> Iterable[Change]:
    before, after = ({(host.name, host.owner) for host in facts.hosts} for facts in (old, new))
    for name, owner in sorted(before - after):
        yield _change("hosts", "host-removed", name, owner, None, "changed")
    for name, owner in sorted(after - before):
        yield _change("hosts", "host-added", name, None, owner, "changed")


def _library_changes(old: Facts, new: Facts) -> Iterable[Change]:
    before, after = _libraries(old), _libraries(new)
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            yield _change("libraries", "library-removed", name, before[name], None, "changed")
        elif name not in before:
            yield _change("libraries", "library-added", name, None, after[name], "changed")
        elif before[name] != after[name]:
            yield _change("libraries", "library-version", name, before[name], after[name], "changed")


def _libraries(facts: Facts) -> dict[str, str]:
    versions: dict[str, list[str]] = {}
    for sdk in facts.sdks:
        versions.setdefault(sdk.name, []).append(sdk.version or "unknown version")
    return {name: ", ".join(sorted(found)) for name, found in versions.items()}


def _finding_changes(old: ScanResult, new: ScanResult, options: ScanOptions) -> Iterable[Change]:
    before, after = _by_fingerprint(old.findings), _by_fingerprint(new.findings)
    for fingerprint in after.keys() | before.keys():
        was, now = before.get(fingerprint, ()), after.get(fingerprint, ())
        if was and now and was[0].severity is not now[0].severity:
            worse = now[0].severity.rank > was[0].severity.rank
            direction: Direction = "changed" if not worse else "weaker" if blocks(now[0], options) else "changed"
            yield _finding("finding-severity", now[0], was[0].severity.value, now[0].severity.value, direction)
        for finding in now[len(was) :]:
            direction = "weaker" if blocks(finding, options) else "changed"
            yield _finding("finding-new", finding, None, finding.message, direction)
        for finding in was[len(now) :]:
            direction = "stronger" if blocks(finding, options) else "changed"
            yield _finding("finding-gone", finding, finding.message, None, direction)
    strengths = [{(one.rule_id, one.subject) for one in side.strengths} for side in (old, new)]
    for rule, subject in sorted(strengths[0] - strengths[1]):
        yield _change("findings", "strength-lost", f"{rule}: {subject}", None, None, "changed")
    for rule, subject in sorted(strengths[1] - strengths[0]):
        yield _change("findings", "strength-gained", f"{rule}: {subject}", None, None, "changed")


def _by_fingerprint(findings: Sequence[Finding]) -> dict[str, tuple[Finding, ...]]:
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.confidence is not Confidence.COVERAGE:
            found.setdefault(finding.fingerprint, []).append(finding)
    return {fingerprint: tuple(group) for fingerprint, group in found.items()}


def _finding(kind: ChangeKind, finding: Finding, old: str | None, new: str | None, direction: Direction) -> Change:
    return Change(
        area="findings",
        kind=kind,
        subject=f"{finding.rule_id}: {finding.subject}",
        old=old,
        new=new,
        direction=direction,
        severity=finding.severity.value,
    )


def _coverage_changes(old: ScanResult, new: ScanResult) -> Iterable[Change]:
    """Say what is seen less of, or more: a problem that is not looked for any more is not gone."""
    before, after = ({(gap.reason, gap.subject) for gap in side.gaps if gap.hides} for side in (old, new))
    for reason, subject in sorted(after - before):
        yield _change("coverage", "gap-new", subject, None, reason, "changed")
    for reason, subject in sorted(before - after):
        yield _change("coverage", "gap-gone", subject, reason, None, "changed")
    silent = {rule.rule_id: rule.reason for rule in new.not_evaluated}
    answered = {rule.rule_id for rule in old.not_evaluated}
    for rule in sorted(silent.keys() - answered):
        yield _change("coverage", "rule-not-evaluated", rule, None, silent[rule], "changed")


def _change(
    area: Area,
    kind: ChangeKind,
    subject: str,
    old: str | None,
    new: str | None,
    direction: Direction,
    levels: tuple[int, int] | None = None,
) -> Change:
    first, last = levels if levels is not None else (None, None)
    return Change(
        area=area, kind=kind, subject=subject, old=old, new=new, direction=direction, first_level=first, last_level=last
    )
