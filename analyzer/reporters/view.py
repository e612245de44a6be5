"""From a scan result to what human reports show. Pure: same result, same view."""

import datetime as dt

from analyzer.model import AppInfo, BaselineUse, ScanResult, Severity
from analyzer.reporters.levels import name_levels
from analyzer.reporters.text import join_words, plural
from analyzer.reporters.view_certificates import certificate_rows
from analyzer.reporters.view_facts import fact_rows, method, timeline
from analyzer.reporters.view_findings import (
    gap_views,
    group_findings,
    strength_views,
    unanswered_views,
)
from analyzer.reporters.view_hosts import host_table
from analyzer.reporters.view_live import chain_cards, with_live
from analyzer.reporters.view_model import BlockingFinding, FindingGroup, GateView, HostTable, ReportView
from analyzer.reporters.view_store import store_view
from analyzer.reporters.view_verdict import verdict
from analyzer.reporters.words import show

_OUTCOMES = {
    "pass": "Pass",
    "blocked": "Blocked",
    "incomplete": "Incomplete",
    "failed": "Failed",
}


def build_view(result: ScanResult) -> ReportView:
    """Arrange a result in the order in which readers ask."""
    as_of = dt.datetime.fromisoformat(result.as_of)
    groups = group_findings(result)
    facts, omitted = fact_rows(result.facts) if result.facts is not None else ((), 0)
    certificates, more = certificate_rows(result.facts, as_of) if result.facts is not None else ((), 0)
    app = result.app
    name = _app_name(app, result)
    return ReportView(
        title=f"TLS and certificate pinning: {name}",
        app_name=name,
        app_line=_app_line(app) if app is not None else show(result.target.path),
        readable=result.facts is not None,
        as_of=as_of.date().isoformat(),
        verdict=verdict(result, as_of),
        gate=_gate(result, groups),
        severities=tuple((level, sum(finding.severity is level for finding in result.findings)) for level in Severity),
        hosts=with_live(host_table(result.facts, as_of, result.gaps), result.facts, as_of)
        if result.facts is not None
        else HostTable(rows=(), notes=()),
        groups=groups,
        store=store_view(result.store),
        timeline=timeline(result.facts, as_of) if result.facts is not None else (),
        certificates=certificates,
        certificates_omitted=more,
        chains=chain_cards(result.facts, as_of) if result.facts is not None else (),
        asked=result.facts is not None and any(not chain.recorded for chain in result.facts.chains),
        gaps=gap_views(result.gaps),
        not_evaluated=unanswered_views(result.not_evaluated),
        strengths=strength_views(result.strengths, app),
        method=method(result),
        facts=facts,
        facts_omitted=omitted,
    )


def count_words(view: ReportView) -> str:
    """Return the counts of findings in words: ``2 high, 1 low``."""
    counts = [f"{count} {level.value}" for level, count in view.severities if count]
    return ", ".join(counts) if counts else "no findings"


def _app_name(app: AppInfo | None, result: ScanResult) -> str:
    if app is None:
        return show(result.target.path, 120)
    version = f" {show(app.version_name, 60)}" if app.version_name else ""
    return f"{show(app.package, 160)}{version}"


def _app_line(app: AppInfo) -> str:
    parts = [f"version code {app.version_code}"] if app.version_code is not None else []
    parts.append(f"installs on {name_levels(app.min_sdk, app.max_sdk or 10_000)}")
    parts.append(f"target API {app.target_sdk}")
    if app.splits:
        parts.append(plural(len(app.splits), "split"))
    if app.debuggable:
        parts.append("debuggable")
    return " · ".join(parts)


def _gate(result: ScanResult, groups: tuple[FindingGroup, ...]) -> GateView:
    gate = result.gate
    return GateView(
        outcome=gate.outcome,
        label=_OUTCOMES[gate.outcome],
        reason=show(gate.reason, 1200),
        exit_code=gate.exit_code,
        thresholds="findings never block"
        if gate.fail_on == "never"
        else f"blocks at severity {show(gate.fail_on)}, confidence {show(gate.min_confidence)} or better",
        blocking=tuple(
            BlockingFinding(anchor=finding.anchor, title=finding.title, subject=finding.subject)
            for group in groups
            for finding in group.findings
            if finding.blocking
        ),
        baseline=_baseline(gate.baseline),
    )


def _baseline(use: BaselineUse | None) -> str:
    if use is None:
        return ""
    parts = [f"{plural(use.known, 'finding')} known to the baseline, {use.new} new"]
    if use.stale:
        names = join_words([f"{show(entry.rule_id)} ({show(entry.subject, 80)})" for entry in use.stale[:3]])
        more = f" and {len(use.stale) - 3} more" if len(use.stale) > 3 else ""
        parts.append(f"no longer there: {names}{more}; `pinscope baseline update` leaves them out")
    if use.unconfirmed:
        parts.append(f"{plural(len(use.unconfirmed), 'entry', 'entries')} could not be confirmed")
    return ". ".join(f"{part[:1].upper()}{part[1:]}" for part in parts) + "."
