"""The gate: from findings, gaps and unanswered rules to one exit code. Pure, and blind to report formats."""

from collections.abc import Iterable, Sequence
from typing import Literal

from analyzer.gate.waivers import is_forbidden
from analyzer.model import AnalysisGap, BaselineUse, Confidence, Finding, GateDecision, NotEvaluated, Severity
from analyzer.options import ScanOptions

EXIT_PASS = 0
"""Nothing blocks, and what was asked for was analysed."""
EXIT_BLOCKED = 1
"""At least one finding blocks."""
EXIT_INCOMPLETE = 3
"""Nothing blocks, but what was not analysed could."""
EXIT_FAILED = 4
"""The analyzer itself failed on the way."""

_MAX_NAMED = 3
"""Most rules, gaps or findings that the reason spells out."""
_MAX_NAME_CHARACTERS = 120
"""Longest name in the reason; entry names come from the app and may be any length."""

_Outcome = Literal["pass", "blocked", "incomplete", "failed"]


def blocks(finding: Finding, options: ScanOptions) -> bool:
    """Tell whether a finding stops the build under `options`.

    A waived finding never does, nor does one that the baseline knows, and neither does a coverage finding, whatever
    the thresholds: it states what could not be analysed, and whether that matters is for the gaps to say.
    """
    return finding.waiver is None and not finding.known and _is_over_threshold(finding, options)


def _is_over_threshold(finding: Finding, options: ScanOptions) -> bool:
    """Tell whether a finding would block if it were neither waived nor known."""
    if finding.confidence is Confidence.COVERAGE:
        return False
    if is_forbidden(finding, options.policy):
        return True
    if options.fail_on is None:
        return False
    severe = finding.severity.rank >= options.fail_on.rank
    sure = finding.confidence.rank >= options.min_confidence.rank
    return severe and sure


def decide(
    findings: Sequence[Finding],
    gaps: Sequence[AnalysisGap],
    not_evaluated: Sequence[NotEvaluated],
    options: ScanOptions,
    *,
    opened: bool,
    baseline: BaselineUse | None = None,
) -> GateDecision:
    """Decide about one target.

    A failure of the analyzer outranks blocking findings, and these outrank an incomplete analysis: what was
    found stays true, however much was missed. The blocking findings are listed with every outcome.

    Args:
        findings: Everything the rules found, waivers attached.
        gaps: Everything that was not analysed. Only gaps marked incomplete, and failures, change the outcome.
        not_evaluated: Rules without an answer. They matter when marked incomplete or named by `options.require`.
        options: Thresholds and required rules.
        opened: False when the target could not be read as an app at all.
        baseline: What the baseline did to the findings; None without one.
    """
    blocking = tuple(finding for finding in findings if blocks(finding, options))
    failures = tuple(gap for gap in gaps if gap.reason == "failure")
    missing = _missing(gaps, not_evaluated, options, opened=opened)
    exit_code: int
    outcome: _Outcome
    if failures:
        exit_code, outcome = EXIT_FAILED, "failed"
        reason = f"The analyzer failed: {_join(dict.fromkeys(map(_failure_name, failures)))}."
    elif blocking:
        exit_code, outcome = EXIT_BLOCKED, "blocked"
        reason = _blocked_reason(blocking, options, baseline)
    elif missing:
        exit_code, outcome = EXIT_INCOMPLETE, "incomplete"
        reason = f"The analysis is incomplete: {_join(missing)}."
    else:
        exit_code, outcome = EXIT_PASS, "pass"
        waived = sum(one.waiver is not None and _is_over_threshold(one, options) for one in findings)
        reason = _pass_reason(options, baseline, waived)
    return GateDecision(
        exit_code=exit_code,
        outcome=outcome,
        reason=reason,
        blocking=tuple(finding.fingerprint for finding in blocking),
        fail_on=options.fail_on.value if options.fail_on is not None else "never",
        min_confidence=options.min_confidence.value,
        policy=options.policy.path if options.policy is not None else None,
        baseline=baseline,
    )


def _failure_name(gap: AnalysisGap) -> str:
    return gap.stage if gap.subject == gap.stage else f"{gap.stage} ({gap.subject})"


def _missing(
    gaps: Sequence[AnalysisGap],
    not_evaluated: Sequence[NotEvaluated],
    options: ScanOptions,
    *,
    opened: bool,
) -> tuple[str, ...]:
    """Name what keeps the analysis from being complete, most important first."""
    missing = [] if opened else ["the target could not be read as an app"]
    missing += [f"{gap.subject} ({gap.reason})" for gap in gaps if gap.incomplete]
    required = frozenset(options.require)
    for rule in not_evaluated:
        if rule.rule_id in required:
            missing.append(f"required rule {rule.rule_id} was not evaluated")
        elif rule.incomplete and rule.rule_id.startswith("POLICY-"):
            missing.append(rule.reason.rstrip("."))
        elif rule.incomplete:
            missing.append(f"rule {rule.rule_id} was not evaluated")
    return tuple(dict.fromkeys(missing))


def _blocked_reason(blocking: Sequence[Finding], options: ScanOptions, baseline: BaselineUse | None) -> str:
    count = f"{len(blocking)} new" if baseline is not None else str(len(blocking))
    noun, verb = ("finding", "blocks") if len(blocking) == 1 else ("findings", "block")
    rules = _join(dict.fromkeys(map(_blocking_name, blocking)))
    of = f" of {_thresholds(options)}" if options.policy is None or not options.policy.form.forbid else ""
    return f"{count} {noun}{of} {verb}: {rules}."


def _blocking_name(finding: Finding) -> str:
    """Name the rule; for an expectation of the team's policy also the host and the line."""
    place = next((place for place in finding.locations if place.kind == "team-policy"), None)
    return finding.rule_id if place is None else f"{finding.rule_id} ({finding.subject}, {place.entry}:{place.line})"


def _pass_reason(options: ScanOptions, baseline: BaselineUse | None, waived: int) -> str:
    """Say that nothing blocks; findings that a waiver keeps from blocking are counted, as they are still there."""
    if options.fail_on is None:
        return "Findings never block, by choice of options, and the analysis is complete enough."
    none = "No new finding" if baseline is not None else "No finding"
    if waived:
        left = f"{waived} {'is' if waived == 1 else 'are'} waived"
        return f"{none} of {_thresholds(options)} is left: {left}. The analysis is complete enough."
    return f"{none} of {_thresholds(options)}, and the analysis is complete enough."


def _thresholds(options: ScanOptions) -> str:
    severity = options.fail_on or Severity.INFO
    # Coverage findings never block, so the lowest threshold that means something is tentative.
    confidence = max(options.min_confidence, Confidence.TENTATIVE, key=lambda level: level.rank)
    severities = severity.value if severity is Severity.CRITICAL else f"{severity.value} or higher"
    confidences = confidence.value if confidence is Confidence.CERTAIN else f"{confidence.value} or better"
    return f"severity {severities} and confidence {confidences}"


def _join(parts: Iterable[str]) -> str:
    named = tuple(parts)
    shown = ", ".join(_shorten(name) for name in named[:_MAX_NAMED])
    return shown if len(named) <= _MAX_NAMED else f"{shown} and {len(named) - _MAX_NAMED} more"


def _shorten(name: str) -> str:
    return name if len(name) <= _MAX_NAME_CHARACTERS else name[: _MAX_NAME_CHARACTERS - 1] + "…"
