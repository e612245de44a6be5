"""What the terminal report adds with ``--verbose``, as lines of plain text."""

from collections.abc import Iterator

from analyzer.reporters.text import plural
from analyzer.reporters.view_model import FindingGroup, FindingView, ReportView, StoreView

_MOST_CLASSES = 6
Line = tuple[int, str]
"""Depth of indentation and text."""
DetailLine = tuple[int, str, bool]
"""Depth of indentation, text, and whether it is a line of code, which is never wrapped."""


def finding_details(group: FindingGroup) -> Iterator[DetailLine]:
    """Yield every finding of a group, then the rule's own words."""
    for finding in group.findings:
        yield from _finding(finding)
    rule = group.rule
    if rule is None:
        return
    for label, paragraphs in (("Why", rule.why), ("Fix", rule.fix)):
        for index, paragraph in enumerate(paragraphs):
            yield 0, (f"{label}: {paragraph}" if index == 0 else paragraph), False
    if rule.snippet and not any(finding.fix for finding in group.findings):
        for line in rule.snippet.split("\n"):
            yield 1, line, True
    if rule.standards:
        yield 0, f"See: {', '.join(rule.standards)}", False
    for link in rule.references:
        yield 0, f"See: {link.title}", False
        if link.url:
            # An address that is broken into lines can be neither followed nor copied.
            yield 1, link.url, True


def _finding(finding: FindingView) -> Iterator[DetailLine]:
    yield 0, finding.message, False
    facts = [finding.severity.value, finding.confidence.value, finding.owner]
    facts += [finding.levels] if finding.levels else []
    facts += ["blocks"] if finding.blocking else []
    yield 1, " · ".join(facts), False
    if finding.waiver:
        yield 1, finding.waiver, False
    for change in finding.adjustments:
        yield 1, f"adjusted, {change}", False
    for place in finding.places:
        yield 1, f"at {place.text}", False
        if place.snippet:
            yield 2, place.snippet, True
    if finding.more_places:
        yield 1, f"and {finding.more_places} more, listed in the JSON report", False
    if finding.fix:
        yield 1, "fix for this app:", False
        for line in finding.fix.split("\n"):
            yield 2, line, True
    yield 1, f"fingerprint {finding.fingerprint}", False


def host_details(view: ReportView) -> Iterator[Line]:
    """Yield pins and origins of values, row by row."""
    for row in view.hosts.rows:
        yield 0, ""
        more = f" and {row.more_patterns} more" if row.more_patterns else ""
        variant = f", {row.variant}" if row.variant else ""
        yield 0, f"{', '.join(row.patterns)}{more} ({row.mechanism}{variant})"
        for note in row.notes:
            yield 1, note
        for pin in row.pins:
            notes = [note for note in (pin.name, pin.problem) if note]
            yield 1, f"pin {pin.value}" + (f" ({'; '.join(notes)})" if notes else "")
        for step in row.trail:
            levels = f" on {step.levels}" if step.levels else ""
            yield 1, f"{step.setting}: {step.value}{levels}; {step.origin}"
            if step.place:
                yield 2, step.place
    yield 0, ""


def gap_details(view: ReportView) -> Iterator[str]:
    """Yield every gap in full, then the rules without an answer."""
    for gap in view.gaps:
        incomplete = ", the scan is incomplete" if gap.incomplete else ""
        hides = f" May hide {gap.hides}." if gap.hides else ""
        yield f"{gap.subject} ({gap.reason}{incomplete}): {gap.detail}{hides}"
    by_reason: dict[str, list[str]] = {}
    for rule in view.not_evaluated:
        by_reason.setdefault(rule.reason, []).append(rule.rule_id)
    for reason, rules in by_reason.items():
        yield f"{plural(len(rules), 'rule')} not evaluated: {reason} {', '.join(rules)}"


def method_lines(view: ReportView) -> Iterator[str]:
    """Yield what is needed to make the same report again."""
    for entry in view.method:
        yield f"{entry.name}: {entry.value}"


def store_lines(store: StoreView, *, verbose: bool) -> list[tuple[str, str]]:
    """Return each class that Google Play rejects, or may, with its mark; what may be missing comes last.

    Without classes there is something to say in a ``verbose`` report only: gaps are listed anyway.
    """
    listed = [("✗", one, "") for one in store.rejected] + [("?", one, "may be rejected: ") for one in store.perhaps]
    shown = listed if verbose else listed[:_MOST_CLASSES]
    lines: list[tuple[str, str]] = []
    for mark, one, word in shown:
        lines.append((mark, f"{one.name} ({one.owner}; {one.use}): {word}{one.reason}"))
        if verbose:
            lines += [(" ", text) for text in (one.code, one.place) if text]
    if len(listed) > len(shown):
        lines.append((" ", f"and {plural(len(listed) - len(shown), 'more class', 'more classes')}"))
    if store.nothing is not None and verbose:
        lines.append((" ", store.nothing))
    if store.note is not None and (listed or verbose):
        lines.append(("?", store.note))
    return lines
