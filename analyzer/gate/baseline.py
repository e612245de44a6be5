"""Baselines: which findings are known, which are new, and which entries the app has outgrown.

A baseline is a multiset of fingerprints for each app. Nothing here touches files.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec
from msgspec.structs import replace

from analyzer.errors import UsageError
from analyzer.model import (
    BASELINE_VERSION,
    Baseline,
    BaselineEntry,
    BaselineUse,
    Confidence,
    Finding,
    NotEvaluated,
    ScanResult,
)

_MAX_COUNT = 1_000_000


def mark_known(
    findings: Sequence[Finding], not_evaluated: Sequence[NotEvaluated], baseline: Baseline, package: str
) -> tuple[tuple[Finding, ...], BaselineUse]:
    """Mark the findings that the baseline lists for an app, and say what it lists in vain.

    Of several findings with one fingerprint, as many are known as the baseline counts; the first ones, which are the
    worst. An entry whose rule was not evaluated is unconfirmed rather than stale.
    """
    entries = baseline.apps.get(package, ())
    left = Counter({entry.fingerprint: entry.count for entry in entries})
    marked: list[Finding] = []
    new = 0
    for finding in findings:
        known = left[finding.fingerprint] > 0
        if known:
            left[finding.fingerprint] -= 1
        elif finding.waiver is None and finding.confidence is not Confidence.COVERAGE:
            # Those that no baseline ever lists are not counted as new each time.
            new += 1
        marked.append(replace(finding, known=known))
    unanswered = {rule.rule_id for rule in not_evaluated}
    rest = [replace(entry, count=left[entry.fingerprint]) for entry in entries if left[entry.fingerprint] > 0]
    use = BaselineUse(
        known=sum(finding.known for finding in marked),
        new=new,
        stale=tuple(entry for entry in rest if entry.rule_id not in unanswered),
        unconfirmed=tuple(entry for entry in rest if entry.rule_id in unanswered),
    )
    return tuple(marked), use


def baseline_of(results: Iterable[ScanResult], previous: Baseline | None = None) -> Baseline:
    """Return a baseline that lists the findings of the apps in `results`.

    Entries of other apps are kept as `previous` has them, and so are entries whose rule was not evaluated: that
    nobody looked for a problem does not make it gone. Waived findings have their waiver, and coverage findings never
    block: neither is listed.
    """
    apps = dict(previous.apps) if previous is not None else {}
    for result in results:
        if result.app is None:
            continue
        unanswered = {rule.rule_id for rule in result.not_evaluated}
        listed = [
            finding
            for finding in result.findings
            if finding.waiver is None and finding.confidence is not Confidence.COVERAGE
        ]
        counts = Counter(finding.fingerprint for finding in listed)
        entries = {
            finding.fingerprint: BaselineEntry(
                fingerprint=finding.fingerprint,
                rule_id=finding.rule_id,
                subject=finding.subject,
                severity=finding.severity,
                count=counts[finding.fingerprint],
            )
            for finding in reversed(listed)
        }
        for entry in apps.get(result.app.package, ()):
            if entry.rule_id in unanswered:
                entries.setdefault(entry.fingerprint, entry)
        apps[result.app.package] = tuple(entries.values())
    return Baseline(
        baseline_version=BASELINE_VERSION,
        apps={
            package: tuple(sorted(apps[package], key=lambda entry: (entry.rule_id, entry.subject, entry.fingerprint)))
            for package in sorted(apps)
        },
    )


def encode_baseline(baseline: Baseline) -> bytes:
    """Write a baseline as indented JSON, one entry per line block, so that reviews show what changed."""
    return msgspec.json.format(msgspec.json.encode(baseline, order="deterministic"), indent=2) + b"\n"


def decode_baseline(data: bytes, name: str) -> Baseline:
    """Read a baseline.

    Args:
        data: The file.
        name: What to call it in messages.

    Raises:
        UsageError: It is no baseline, or one of another version; the message says where and what is wrong.
    """
    try:
        baseline = msgspec.json.decode(data, type=Baseline)
    except msgspec.ValidationError as error:
        raise UsageError(f"{name}: not a baseline: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{name}: line {_line(data)}: not JSON: {error}") from None
    if baseline.baseline_version != BASELINE_VERSION:
        raise UsageError(
            f"{name}: baseline version {baseline.baseline_version} is not supported; known is {BASELINE_VERSION}"
        )
    for package, entries in baseline.apps.items():
        for entry in entries:
            if not 1 <= entry.count <= _MAX_COUNT:
                raise UsageError(f"{name}: {package}: {entry.fingerprint}: count must be 1 to {_MAX_COUNT}")
    return baseline


def _line(data: bytes) -> int:
    """Return the line at which `data` stops being JSON, counted from 1."""
    import json

    try:
        json.loads(data)
    except json.JSONDecodeError as error:
        return error.lineno
    except ValueError:
        return 1
    return 1
