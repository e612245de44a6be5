"""Findings by root cause, strengths, gaps and unanswered rules, ready to print."""

import re
from collections.abc import Sequence

from analyzer.model import AnalysisGap, AppInfo, Finding, NotEvaluated, RuleText, ScanResult, Severity, Strength
from analyzer.model.policy import HIGHEST_KNOWN_LEVEL
from analyzer.reporters.levels import name_levels
from analyzer.reporters.text import join_words, plural, shorten, visible_lines
from analyzer.reporters.view_model import (
    FindingGroup,
    FindingView,
    GapView,
    LinkView,
    RuleView,
    StrengthView,
    UnansweredView,
)
from analyzer.reporters.view_places import MAX_PLACES, place_views
from analyzer.reporters.words import GAP_REASONS, HIDDEN_KINDS, owner_name, show

NO_CHAINS = "This run did not look at certificate chains of the hosts."
"""Reason of every rule on chains when none was looked at, which is the user's choice."""
MAX_SNIPPET_CHARACTERS = 4000
"""Longest code snippet that a human report shows."""
_ANCHOR_DIGITS = 12


def group_findings(result: ScanResult) -> tuple[FindingGroup, ...]:
    """Return findings grouped by rule and severity, the group with the worst open finding first.

    The rule's own words stand with its first group; later ones point to it.
    """
    anchors = finding_anchors(result.findings)
    by_rule: dict[tuple[str, Severity], list[tuple[Finding, FindingView]]] = {}
    blocking = frozenset(result.gate.blocking)
    for finding, anchor in zip(result.findings, anchors, strict=True):
        view = _finding_view(finding, anchor, result.app, blocking=finding.fingerprint in blocking)
        by_rule.setdefault((finding.rule_id, finding.severity), []).append((finding, view))
    for members in by_rule.values():
        members.sort(key=lambda member: _rank(member[0]))
    groups: list[FindingGroup] = []
    explained: set[str] = set()
    for (rule_id, severity), members in sorted(by_rule.items(), key=lambda item: (*_rank(item[1][0][0])[:3], item[0])):
        text = result.rules.get(rule_id)
        groups.append(
            FindingGroup(
                rule_id=show(rule_id),
                title=show(members[0][0].title),
                severity=severity,
                rule=rule_view(text) if text is not None and rule_id not in explained else None,
                explained_above=rule_id in explained,
                findings=tuple(view for _, view in members),
            )
        )
        explained.add(rule_id)
    return tuple(groups)


def says(title: str, subjects: Sequence[str]) -> bool:
    """Tell whether a title holds the words of its only subject, as in "Cleartext allowed for all hosts"."""
    return (
        len(subjects) == 1
        and " " in subjects[0]
        and re.search(rf"\b{re.escape(subjects[0])}\b", title, re.IGNORECASE) is not None
    )


def finding_anchors(findings: Sequence[Finding]) -> tuple[str, ...]:
    """Return an address for each finding within a report: the start of its fingerprint, made unique."""
    seen: dict[str, int] = {}
    anchors: list[str] = []
    for finding in findings:
        anchor = "f-" + re.sub(r"[^0-9A-Za-z]", "", finding.fingerprint)[:_ANCHOR_DIGITS]
        seen[anchor] = seen.get(anchor, 0) + 1
        anchors.append(anchor if seen[anchor] == 1 else f"{anchor}-{seen[anchor]}")
    return tuple(anchors)


def strength_views(strengths: Sequence[Strength], app: AppInfo | None) -> tuple[StrengthView, ...]:
    """Return strengths in the order of the result."""
    return tuple(
        StrengthView(
            rule_id=show(strength.rule_id),
            title=show(strength.title),
            subject=show(strength.subject),
            message=show(strength.message),
            levels=_levels(strength.first_level, strength.last_level, app),
            places=place_views(strength.locations),
        )
        for strength in strengths
    )


def gap_views(gaps: Sequence[AnalysisGap]) -> tuple[GapView, ...]:
    """Return gaps in the order of the result: those that make the scan incomplete come first."""
    return tuple(
        GapView(
            subject=show(gap.subject, 200),
            reason=GAP_REASONS[gap.reason],
            detail=show(gap.detail),
            hides=join_words([HIDDEN_KINDS[kind] for kind in gap.hides]),
            incomplete=gap.incomplete,
        )
        for gap in gaps
    )


def unanswered_views(rules: Sequence[NotEvaluated]) -> tuple[UnansweredView, ...]:
    """Return the rules without an answer; those on chains stand together where no chain was looked at."""
    alone = [rule for rule in rules if rule.reason != NO_CHAINS]
    views = [
        UnansweredView(
            rule_id=show(rule.rule_id), title=show(rule.title), reason=show(rule.reason), incomplete=rule.incomplete
        )
        for rule in alone
    ]
    unasked = len(rules) - len(alone)
    if unasked:
        title = f"{plural(unasked, 'rule')} on the certificates that hosts present"
        views.append(
            UnansweredView(
                rule_id="LIVE-…",
                title=title,
                reason="Nothing was asked on the network: --live does, --chains reads recordings.",
                incomplete=False,
            )
        )
    return tuple(views)


def rule_view(text: RuleText) -> RuleView:
    """Return a rule's words in paragraphs; links other than https lose their address."""
    return RuleView(
        rule_id=show(text.rule_id),
        name=show(text.name),
        title=show(text.title),
        what=_paragraphs(text.what),
        why=_paragraphs(text.why),
        fix=_paragraphs(text.fix),
        snippet=_snippet(text.snippet),
        language=text.snippet_language,
        limits=_paragraphs(text.limits),
        standards=(
            *(f"CWE-{number}" for number in text.cwe),
            *(show(name) for name in text.masvs),
            *(show(name) for name in text.mastg),
            *(f"Android Lint {show(name)}" for name in text.lint),
        ),
        references=tuple(
            LinkView(
                title=show(reference.title),
                url=show(reference.url, 2000) if reference.url.startswith("https://") else None,
            )
            for reference in text.references
        ),
    )


def _finding_view(finding: Finding, anchor: str, app: AppInfo | None, *, blocking: bool) -> FindingView:
    waiver = None
    if finding.waiver is not None:
        until = f" until {show(finding.waiver.until)}" if finding.waiver.until else ""
        waiver = f"Waived{until}: {show(finding.waiver.reason)}"
    return FindingView(
        anchor=anchor,
        rule_id=show(finding.rule_id),
        title=show(finding.title),
        severity=finding.severity,
        confidence=finding.confidence,
        subject=show(finding.subject),
        message=show(finding.message, 1200),
        levels=_levels(finding.first_level, finding.last_level, app),
        owner=owner_name(finding.owner),
        places=place_views(finding.locations),
        more_places=max(0, len(finding.locations) - MAX_PLACES),
        adjustments=tuple(
            f"{change.from_severity.value} → {change.to_severity.value}: {show(change.reason)}"
            for change in finding.adjustments
        ),
        fix=_snippet(finding.fix),
        waiver=waiver,
        known=finding.known,
        fingerprint=show(finding.fingerprint),
        blocking=blocking,
        tags=tuple(show(tag, 80) for tag in finding.tags),
    )


def _rank(finding: Finding) -> tuple[bool, int, int, str]:
    return (
        finding.waiver is not None or finding.known,
        -finding.severity.rank,
        -finding.confidence.rank,
        finding.subject,
    )


def _levels(first: int | None, last: int | None, app: AppInfo | None) -> str:
    """Name the device levels, unless they are all that the app can be installed on."""
    if first is None or last is None:
        return ""
    if app is not None and first <= app.min_sdk and last >= (app.max_sdk or HIGHEST_KNOWN_LEVEL):
        return ""
    return name_levels(first, last)


def _snippet(text: str | None) -> str | None:
    return visible_lines(shorten(text.strip("\r\n"), MAX_SNIPPET_CHARACTERS)) if text else None


def _paragraphs(text: str) -> tuple[str, ...]:
    parts = (show(part.strip(), 4000) for part in re.split(r"\n[ \t]*\n", text))
    return tuple(part for part in parts if part)
