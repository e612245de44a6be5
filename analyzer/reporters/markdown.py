"""A Markdown summary: for a job's summary page, a pull-request comment or a wiki (GitHub and GitLab flavour).

The same view as in the terminal and in HTML, cut to what a comment can hold. Text of an app is escaped so that it
can neither format, link, embed HTML nor mention anybody.
"""

import re
from collections.abc import Iterable, Sequence

from analyzer.model import ScanResult
from analyzer.reporters.text import join_words, plural, shorten
from analyzer.reporters.view import build_view, count_words
from analyzer.reporters.view_model import FindingGroup, HostRow, ReportView, Value
from analyzer.reporters.words import SEVERITY_SHAPES

_MOST_ROWS = 40
_MOST_FINDINGS = 60
_MOST_PATTERNS = 5
_MOST_SUBJECTS = 8
_MOST_GAPS = 20
_MOST_STRENGTHS = 20
_MAX_CELL_CHARACTERS = 300
_SPECIAL = re.compile(r"([\\`*_{}\[\]#|~$<>&@]|:(?=//)|(?<=\bwww)\.|^[-+=!]|^[0-9]+[.)])", re.IGNORECASE)
_REFERENCES = {"@": "&#64;<!---->", "#": "&#35;<!---->", "<": "&lt;", ">": "&gt;", "&": "&amp;"}
_BACKTICKS = re.compile(r"`+")


def render_markdown(results: Sequence[ScanResult]) -> bytes:
    """Write a summary of one or more targets, one after the other, ending in a line break."""
    parts = [_report(build_view(result)) for result in results]
    return ("\n---\n\n".join(parts)).encode("utf-8", "backslashreplace")


def escape(text: str) -> str:
    """Return text that Markdown shows as it is: every character that may mean something has a backslash.

    Addresses do not become links. An at sign and a hash are followed by an empty comment, since mentions and issue
    numbers are looked for after backslashes and character references are gone.
    """
    return _SPECIAL.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    text = found.group()
    if text[0].isdigit():
        return f"{text[:-1]}\\{text[-1]}"
    return _REFERENCES.get(text, f"\\{text}")


def code(text: str) -> str:
    """Return text as a code span, in which nothing has a meaning; a table's column separator is escaped."""
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}".replace("|", "\\|")


def _report(view: ReportView) -> str:
    blocks = [
        f"## Pinscope: {escape(view.app_name)}",
        f"{escape(view.app_line)} · as of {view.as_of}",
        f"**Gate: {view.gate.label}** (exit code {view.gate.exit_code}). {escape(view.gate.reason)}",
        *([escape(view.gate.baseline)] if view.gate.baseline else []),
        escape(" ".join(view.verdict.known)),
    ]
    if view.verdict.unknown:
        blocks.append(f"**Could not be told.** {escape(' '.join(view.verdict.unknown))}")
    blocks += _hosts(view)
    blocks += _findings(view)
    blocks += _store(view)
    blocks += _gaps(view)
    if view.strengths:
        lines = [f"- {escape(one.title)}: {code(one.subject)}" for one in view.strengths[:_MOST_STRENGTHS]]
        lines += _left(len(view.strengths), _MOST_STRENGTHS, "strength")
        blocks += [_details(f"Good: {plural(len(view.strengths), 'strength')}", "\n".join(lines))]
    return "\n\n".join(blocks) + "\n"


def _store(view: ReportView) -> list[str]:
    listed = (*view.store.rejected, *view.store.perhaps)
    if not listed:
        return []
    lines = []
    for one in listed[:_MOST_FINDINGS]:
        word = "" if one.certain else "may be rejected: "
        lines.append(f"- {code(one.name)} ({escape(one.owner)}; {escape(one.use)}): {word}{escape(one.reason)}")
    lines += _left(len(listed), _MOST_FINDINGS, "class", "classes")
    return [f"### {escape(view.store.title)}", "\n".join(lines)]


def _hosts(view: ReportView) -> list[str]:
    rows = view.hosts.rows
    if not rows:
        return []
    shown = rows if len(rows) <= _MOST_ROWS else (*rows[: _MOST_ROWS - 1], rows[-1])
    heads = [
        "Host pattern",
        "Pins",
        *(["Seen at the host"] if view.hosts.live else []),
        "Until",
        "Cleartext",
        "User CAs",
    ]
    lines = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
    for row in shown:
        live = (_values(row.live) or "–",) if view.hosts.live else ()
        cells = (_patterns(row), _values(row.enforced), *live, _values(row.until), _values(row.cleartext))
        lines.append(f"| {' | '.join((*cells, _values(row.user_cas)))} |")
    left = len(rows) - len(shown) + view.hosts.omitted
    return ["### Hosts", "\n".join(lines), *([f"and {plural(left, 'more row')}"] if left else [])]


def _patterns(row: HostRow) -> str:
    names = [code(shorten(name, _MAX_CELL_CHARACTERS)) for name in row.patterns[:_MOST_PATTERNS]]
    left = len(row.patterns) - len(names) + row.more_patterns
    names += [f"and {left} more"] if left else []
    names.append(escape(", ".join(part for part in (row.mechanism, row.owner) if part)))
    return "<br>".join(names)


def _values(values: Iterable[Value]) -> str:
    return "<br>".join(
        escape(shorten(f"{value.text} ({value.api})" if value.api else value.text, _MAX_CELL_CHARACTERS))
        for value in values
    )


def _findings(view: ReportView) -> list[str]:
    if not view.groups:
        return ["### Findings: none" if view.readable else "### Findings: no rule could be evaluated"]
    lines = ["| Severity | Finding | About | Rule |", "| --- | --- | --- | --- |"]
    lines += [_group(group) for group in view.groups[:_MOST_FINDINGS]]
    lines += _left(len(view.groups), _MOST_FINDINGS, "group", "groups")
    return [f"### Findings: {escape(count_words(view))}", "\n".join(lines)]


def _group(group: FindingGroup) -> str:
    subjects = list(dict.fromkeys(finding.subject for finding in group.findings))
    named = [code(shorten(subject, _MAX_CELL_CHARACTERS)) for subject in subjects[:_MOST_SUBJECTS]]
    named += [f"{len(subjects) - _MOST_SUBJECTS} more"] if len(subjects) > _MOST_SUBJECTS else []
    marks = ["**blocks**"] if any(finding.blocking for finding in group.findings) else []
    marks += ["known"] if all(finding.known for finding in group.findings) else []
    marks += sorted({escape(finding.waiver) for finding in group.findings if finding.waiver is not None})
    severity = f"{SEVERITY_SHAPES[group.severity]} {group.severity.value}"
    title = " · ".join((escape(group.title), *marks))
    return f"| {severity} | {title} | {join_words(named)} | {code(group.rule_id)} |"


def _gaps(view: ReportView) -> list[str]:
    if not view.gaps and not view.not_evaluated:
        return []
    lines = [
        f"- {escape(gap.subject)}: {escape(gap.reason)}{', **the scan is incomplete**' if gap.incomplete else ''}"
        for gap in view.gaps[:_MOST_GAPS]
    ]
    lines += _left(len(view.gaps), _MOST_GAPS, "gap")
    if view.not_evaluated:
        names = [code(rule.rule_id) for rule in view.not_evaluated]
        lines.append(f"- not evaluated: {join_words(names)}")
    return [_details("Not looked at", "\n".join(lines))]


def _left(count: int, shown: int, one: str, many: str | None = None) -> list[str]:
    return [f"- and {plural(count - shown, f'more {one}', many and f'more {many}')}"] if count > shown else []


def _details(summary: str, body: str) -> str:
    return f"<details><summary>{escape(summary)}</summary>\n\n{body}\n\n</details>"
