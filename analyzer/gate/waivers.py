"""What a team's policy does to findings: severities of its own, what it does not answer for, what it accepts."""

import fnmatch
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from analyzer.gate.team_policy import date_of
from analyzer.model import Adjustment, Finding, NotEvaluated, PolicyCheck, TeamPolicy, Waiver
from analyzer.model.team_policy import WaiverEntry
from analyzer.options import ScanOptions

_SDK = "sdk:"


def judge_by_policy(findings: Iterable[Finding], policy: TeamPolicy) -> tuple[Finding, ...]:
    """Give findings the severities that the policy gives to their rules, worst first."""
    settings = policy.form.rules
    judged = []
    for finding in findings:
        own = settings.get(finding.rule_id)
        if own is not None and own.severity is not finding.severity:
            place = policy.place("rules", finding.rule_id)
            reason = f"{place.entry}:{place.line} gives the rule this severity"
            change = Adjustment(reason=reason, from_severity=finding.severity, to_severity=own.severity)
            finding = replace(finding, severity=own.severity, adjustments=(*finding.adjustments, change))
        judged.append(finding)
    return tuple(sorted(judged, key=lambda one: -one.severity.rank))


def accept_by_policy(
    findings: Sequence[Finding], policy: TeamPolicy, not_evaluated: Sequence[NotEvaluated], options: ScanOptions
) -> tuple[tuple[Finding, ...], tuple[PolicyCheck, ...]]:
    """Waive what the policy accepts or does not answer for, and say which waivers have ended or fit nothing.

    A waiver whose rule was not evaluated may fit what was not seen, and is not called unused.
    """
    today = options.as_of.date()
    used: set[int] = set()
    accepted = []
    for finding in findings:
        waiver = _out_of_scope(finding, policy)
        for index, entry in enumerate(policy.form.waivers):
            if not _fits(entry, finding):
                continue
            used.add(index)
            if today <= date_of(entry.until):
                waiver = Waiver(reason=f"{entry.reason} ({policy.path}:{_line(policy, index)})", until=entry.until)
        accepted.append(finding if waiver is None else replace(finding, waiver=waiver))
    return tuple(accepted), tuple(_checks(policy, used, not_evaluated, options))


def is_forbidden(finding: Finding, policy: TeamPolicy | None) -> bool:
    """Tell whether the policy lets a finding block whatever the thresholds say."""
    if policy is None:
        return False
    return any(
        fnmatch.fnmatchcase(finding.rule_id, entry.rule)
        and finding.severity.rank >= entry.severity.rank
        and finding.confidence.rank >= type(finding.confidence)(entry.confidence).rank
        for entry in policy.form.forbid
    )


def _out_of_scope(finding: Finding, policy: TeamPolicy) -> Waiver | None:
    scope = policy.form.scope
    if finding.rule_id.startswith("POLICY-"):
        return None
    if scope.first_party_only and finding.owner.startswith(_SDK):
        return _left_out(policy, "first_party_only", f"it belongs to {finding.owner.removeprefix(_SDK)}")
    if any(fnmatch.fnmatchcase(finding.owner, glob) for glob in scope.ignore_owners):
        return _left_out(policy, "ignore_owners", f"its owner is {finding.owner}")
    subjects = [subject.strip() for subject in finding.subject.split(",")]
    if scope.ignore_hosts and all(
        any(fnmatch.fnmatchcase(subject, glob) for glob in scope.ignore_hosts) for subject in subjects
    ):
        return _left_out(policy, "ignore_hosts", f"it is about {finding.subject}")
    return None


def _left_out(policy: TeamPolicy, key: str, why: str) -> Waiver:
    place = policy.place("scope", key)
    return Waiver(reason=f"Out of the scope of {place.entry}:{place.line}: {why}.", until=None)


def _fits(entry: WaiverEntry, finding: Finding) -> bool:
    if entry.fingerprint is not None and entry.fingerprint != finding.fingerprint:
        return False
    if entry.rule is not None and not fnmatch.fnmatchcase(finding.rule_id, entry.rule):
        return False
    return entry.subject == finding.subject or fnmatch.fnmatchcase(finding.subject, entry.subject)


def _checks(
    policy: TeamPolicy, used: set[int], not_evaluated: Sequence[NotEvaluated], options: ScanOptions
) -> Iterable[PolicyCheck]:
    today = options.as_of.date()
    for index, entry in enumerate(policy.form.waivers):
        name = entry.rule or entry.fingerprint or ""
        subject = name if entry.subject == "*" else f"{name} for {entry.subject}"
        place = policy.place("waivers", index)
        line = f"{place.entry}:{place.line}"
        if index in used:
            ended = today > date_of(entry.until)
            yield PolicyCheck(
                demand="waiver-date",
                state="violated" if ended else "met",
                subject=subject,
                line=line,
                found=f"The waiver {'ended on' if ended else 'holds until'} {entry.until}.",
                evidence=(policy.place("waivers", index, "until"),),
            )
            continue
        unseen = any(fnmatch.fnmatchcase(one.rule_id, entry.rule or "*") for one in not_evaluated)
        yield PolicyCheck(
            demand="waiver-use",
            state="unknown" if unseen else "violated",
            subject=subject,
            line=line,
            found="No finding fits the waiver" + (", but its rule was not evaluated." if unseen else "."),
            evidence=(place,),
        )


def _line(policy: TeamPolicy, index: int) -> int | None:
    return policy.place("waivers", index).line
