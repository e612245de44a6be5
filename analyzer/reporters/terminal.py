"""The terminal report: the readers' questions in order, on one screen for a typical app, more with ``verbose``."""

import io
from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from analyzer.model import ScanResult, Severity
from analyzer.reporters.terminal_details import finding_details, gap_details, host_details, method_lines, store_lines
from analyzer.reporters.terminal_words import Wrapped
from analyzer.reporters.text import join_words, plural, without_commands
from analyzer.reporters.view import build_view, count_words
from analyzer.reporters.view_findings import says
from analyzer.reporters.view_hosts import NOT_IN_FORCE
from analyzer.reporters.view_model import FindingGroup, HostRow, ReportView, State, TimelineEntry, Value
from analyzer.reporters.view_pins import PLACEHOLDERS_ONLY
from analyzer.reporters.words import SEVERITY_SHAPES

MIN_WIDTH = 40
"""Narrower terminals get lines of this width."""
_SEVERITY_STYLES = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
    Severity.INFO: "",
}
_STATE_STYLES: dict[State, str] = {"good": "green", "warn": "yellow", "bad": "red", "unknown": "magenta", "neutral": ""}
_OUTCOME_STYLES = {"pass": "bold green", "blocked": "bold red", "incomplete": "bold magenta", "failed": "bold red"}
_URGENT: tuple[State, ...] = ("bad", "unknown", "warn")
_INDENT = 2
_GAP = 2
_HOST_TITLE = "Host pattern"
_PINS_WIDTH = 18
_NOTE_WIDTH = 24
_CLEARTEXT_WIDTH = 12
_USER_CA_WIDTH = 11
_MOST_ROWS = 12
_MOST_GROUPS = 12
_MOST_SUBJECTS = 3
_MOST_GAPS = 5
_MOST_STRENGTHS = 4
_MOST_DAYS = 3


def plain_console(buffer: io.StringIO, *, width: int, color: bool) -> Console:
    """Return a console that writes text and nothing but text to `buffer`, the same on every machine.

    Args:
        buffer: Where the text goes.
        width: Columns.
        color: False for plain text without any escape sequence.
    """
    return Console(
        file=buffer,
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
        no_color=not color,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
        # The same result must read the same everywhere, so nothing is taken from the environment.
        _environ={},
    )


def render_terminal(result: ScanResult, *, width: int, color: bool, verbose: bool) -> str:
    """Return the report for a terminal `width` columns wide, ending in a line break.

    Args:
        result: What to report.
        width: Columns of the terminal; 80 when piped.
        color: False for plain text without any escape sequence.
        verbose: Add origins of values, places, fixes, gaps in full and the method.
    """
    buffer = io.StringIO()
    console = plain_console(buffer, width=max(width, MIN_WIDTH), color=color)
    view = build_view(result)
    for block in _blocks(view, console.width, verbose=verbose):
        console.print(block, crop=False)
    lines = buffer.getvalue().split("\n")
    return "\n".join(without_commands(line.rstrip()) for line in lines).rstrip("\n") + "\n"


def _blocks(view: ReportView, width: int, *, verbose: bool) -> list[RenderableType]:
    blocks = [_head(view), _verdict(view), _gate(view)]
    if view.hosts.rows:
        blocks.append(_hosts(view, width, verbose=verbose))
    blocks.append(_findings(view, verbose=verbose))
    store = store_lines(view.store, verbose=verbose)
    if store:
        blocks.append(_section(view.store.title, [_item(line, mark=mark) for mark, line in store]))
    if view.timeline:
        blocks.append(_timeline(view, verbose=verbose))
    if view.certificates:
        blocks.append(_section("Bundled certificates and keys", certificate_items(view, verbose=verbose)))
    if view.chains:
        blocks.append(_chains(view, verbose=verbose))
    if view.gaps or view.not_evaluated:
        blocks.append(_gaps(view, verbose=verbose))
    if view.strengths:
        blocks.append(_strengths(view, verbose=verbose))
    if verbose:
        blocks.append(_section("Method", [_item(line) for line in method_lines(view)]))
    elif view.groups or view.hosts.rows:
        blocks.append(Text("--verbose adds places, fixes, origins of values and the method.", style="dim"))
    return blocks


def _head(view: ReportView) -> RenderableType:
    title = Text(view.app_name, style="bold", overflow="fold")
    line = f"{view.app_line} · as of {view.as_of}" if view.app_line != view.app_name else f"as of {view.as_of}"
    return Group(title, Text(line, style="dim", overflow="fold"), Text())


def _verdict(view: ReportView) -> RenderableType:
    parts: list[RenderableType] = [Text(" ".join(view.verdict.known), overflow="fold")]
    if view.verdict.unknown:
        parts.append(_item(" ".join(view.verdict.unknown), mark="?", style="magenta", indent=0))
    return Group(*parts, Text())


def _gate(view: ReportView) -> RenderableType:
    text = Text("Gate: ", style="bold", overflow="fold")
    text.append(view.gate.label, style=_OUTCOME_STYLES[view.gate.outcome])
    text.append(f" (exit code {view.gate.exit_code}). ", style="not bold")
    text.append(view.gate.reason, style="not bold")
    if view.gate.baseline:
        text.append(f"\n{view.gate.baseline}", style="not bold")
    return Group(text, Text())


def _section(title: str, parts: Sequence[RenderableType]) -> RenderableType:
    return Group(Text(title, style="bold"), *parts, Text())


def _item(text: str, *, mark: str = "", style: str = "", indent: int = 2) -> RenderableType:
    """Return a paragraph whose further lines hang under its first."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    if mark:
        grid.add_column(width=len(mark), no_wrap=True)
    grid.add_column(overflow="fold")
    cells = [Text(mark, style=style)] if mark else []
    grid.add_row(*cells, Wrapped(Text(text, style=style if mark == "?" else "", overflow="fold")))
    return Padding(grid, (0, 0, 0, indent))


def _hosts(view: ReportView, width: int, *, verbose: bool) -> RenderableType:
    rows = view.hosts.rows
    shown = rows if verbose else _choose(rows)
    patterns = [_patterns(row) for row in shown]
    free = width - _INDENT - 3 * _GAP - _CLEARTEXT_WIDTH - _USER_CA_WIDTH
    longest = max(len(name) for row in shown for name in row.patterns[:_MOST_SUBJECTS])
    notes = [len(line) for text in patterns for line in text.plain.split("\n") if len(line) <= _NOTE_WIDTH]
    longest = max([longest, *notes])
    # Names do not wrap between words, so they have the room that the words beside them can spare.
    host_width = max(min(longest, free - _PINS_WIDTH), len(_HOST_TITLE) if width >= 2 * MIN_WIDTH else 8)
    table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, show_edge=False, header_style="dim")
    table.add_column(_HOST_TITLE, overflow="fold", width=host_width)
    table.add_column("Pins", overflow="fold", width=max(free - host_width, 8))
    table.add_column("Cleartext", overflow="fold", width=_CLEARTEXT_WIDTH)
    table.add_column("User CAs", overflow="fold", width=_USER_CA_WIDTH)
    for pattern, row in zip(patterns, shown, strict=True):
        table.add_row(Wrapped(pattern), _pins(row), _values(row.cleartext), _values(row.user_cas))
    parts: list[RenderableType] = [Padding(table, (0, 0, 0, _INDENT))]
    left = len(rows) - len(shown) + view.hosts.omitted
    if left:
        parts.append(_item(f"and {plural(left, 'more row')}"))
    if verbose:
        parts += [_line(depth, line) for depth, line in host_details(view)]
        parts += [_item(note) for note in view.hosts.notes]
    return _section("Hosts", parts)


def _line(depth: int, text: str) -> RenderableType:
    return Padding(Wrapped(Text(text, overflow="fold")), (0, 0, 0, _INDENT * (depth + 1)))


def _choose(rows: Sequence[HostRow]) -> Sequence[HostRow]:
    """Keep the rows with most to say, in their order, and the row of all other hosts at the end."""
    if len(rows) <= _MOST_ROWS:
        return rows
    worst = sorted(range(len(rows) - 1), key=lambda place: _urgency(rows[place]))
    return (*(rows[place] for place in sorted(worst[: _MOST_ROWS - 1])), rows[-1])


def _urgency(row: HostRow) -> int:
    """Rank a row by the worst that it says of its pins; 0 comes first."""
    states = {value.state for value in (*row.enforced, *row.live)}
    return next((rank for rank, state in enumerate(_URGENT) if state in states), len(_URGENT))


def _patterns(row: HostRow) -> Text:
    shown = list(row.patterns[:_MOST_SUBJECTS])
    left = len(row.patterns) - len(shown) + row.more_patterns
    if left:
        shown.append(f"and {left} more")
    text = Text("\n".join(shown), overflow="fold")
    if row.kind == "code":
        text.append(f"\n{row.mechanism}, {row.owner}", style="dim")
    if row.kind == "host":
        text.append("\nnamed in code", style="dim")
    if row.clients:
        text.append(f"\nover {join_words(row.clients)}", style="dim")
    if row.variant:
        text.append(f"\n{row.variant}", style="dim")
    return text


def _pins(row: HostRow) -> Text:
    # Devices before API 24 are the same for every row; the verdict speaks of them.
    text = _values([value for value in row.enforced if value.text != NOT_IN_FORCE])
    if row.pins:
        ends = [value.text for value in row.until if value.text[:1].isdigit()]
        if ends and row.enforced[0].state in ("good", "warn"):
            text.append(f"\nuntil {', '.join(ends)}")
        if row.backup.state in ("warn", "bad") and not any(PLACEHOLDERS_ONLY in value.text for value in row.enforced):
            text.append(f"\nno backup: {row.backup.text.removeprefix('No: ')}", style="yellow")
    for value in row.live:
        if value.state in _URGENT:
            text.append(f"\nat the host: {value.text[:1].lower()}{value.text[1:]}", style=_STATE_STYLES[value.state])
    return text


def _values(values: Sequence[Value]) -> Text:
    text = Text(overflow="fold")
    for index, value in enumerate(values):
        if index:
            text.append("\n")
        text.append(value.text, style=_STATE_STYLES[value.state])
        if value.api:
            text.append(f"\n({value.api})", style="dim")
    return text


def _findings(view: ReportView, *, verbose: bool) -> RenderableType:
    if not view.groups:
        return _section("Findings: none" if view.readable else "Findings: no rule could be evaluated", [])
    shown = view.groups if verbose else view.groups[:_MOST_GROUPS]
    parts: list[RenderableType] = []
    for group in shown:
        parts.append(_group(group))
        if verbose:
            parts += [_detail(depth, line, whole=whole) for depth, line, whole in finding_details(group)]
    left = sum(len(group.findings) for group in view.groups[len(shown) :])
    if left:
        parts.append(_item(f"and {plural(left, 'more finding')}"))
    return _section(f"Findings: {count_words(view)}", parts)


def _detail(depth: int, line: str, *, whole: bool) -> RenderableType:
    indent = 4 + 2 * depth
    if whole:
        # A line of code keeps its length, so that what is copied is what was written.
        return Text(f"{' ' * indent}{line}", no_wrap=True, overflow="ignore")
    return Padding(Wrapped(Text(line, overflow="fold")), (0, 0, 0, indent))


def _group(group: FindingGroup) -> RenderableType:
    style = _SEVERITY_STYLES[group.severity]
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(width=10, no_wrap=True)
    grid.add_column(overflow="fold")
    text = Text(group.title, overflow="fold")
    subjects = list(dict.fromkeys(finding.subject for finding in group.findings))
    named = subjects[:_MOST_SUBJECTS]
    if len(subjects) > len(named):
        named = [*named[:-1], f"{len(subjects) - len(named) + 1} more"]
    if not says(group.title, subjects):
        text.append(f": {join_words(named)}")
    notes = [group.rule_id]
    notes += ["blocks"] if any(finding.blocking for finding in group.findings) else []
    notes += ["waived"] if all(finding.waiver for finding in group.findings) else []
    notes += ["known"] if all(finding.known for finding in group.findings) else []
    text.append(f"  [{', '.join(notes)}]", style="dim")
    grid.add_row(Text(f"{SEVERITY_SHAPES[group.severity]} {group.severity.value}", style=style), Wrapped(text))
    return Padding(grid, (0, 0, 0, 2))


def _timeline(view: ReportView, *, verbose: bool) -> RenderableType:
    entries = view.timeline if verbose else view.timeline[:_MOST_DAYS]
    lines = [_item(_end(entry), mark=entry.ends_on, style=_STATE_STYLES[entry.state]) for entry in entries]
    left = len(view.timeline) - len(entries)
    if left:
        lines.append(_item(f"and {left} later"))
    return _section("Ends", lines)


def certificate_items(view: ReportView, *, verbose: bool) -> list[RenderableType]:
    """List what the app carries: what is used and private keys first."""
    rows = view.certificates if verbose else view.certificates[:_MOST_DAYS]
    lines: list[RenderableType] = []
    for row in rows:
        until = f", until {row.ends_on}" if row.ends_on else ""
        place = "" if row.name == row.place else f" ({row.place})"
        lines.append(_item(f"{row.kind} {row.name}{place}{until}: {row.use}", mark="·", style=_STATE_STYLES[row.state]))
        if verbose:
            lines.append(_item(row.detail, mark="-", indent=4))
    left = len(view.certificates) + view.certificates_omitted - len(rows)
    if left:
        lines.append(_item(f"and {left} more"))
    return lines


def _chains(view: ReportView, *, verbose: bool) -> RenderableType:
    """Say for each host what its chain shows; with details the chain itself, from the leaf to the anchor."""
    cards = view.chains if verbose else view.chains[:_MOST_DAYS]
    lines: list[RenderableType] = []
    for card in cards:
        lines.append(_item(f"{card.host}, {card.seen}{f', {card.store}' if card.store and verbose else ''}"))
        if card.problem:
            lines.append(_item(f"no valid path: {card.problem}", mark="!", style=_STATE_STYLES["bad"], indent=4))
        lines += [_item(value.text, mark="-", style=_STATE_STYLES[value.state], indent=4) for value in card.verdicts]
        for row in card.rows if verbose else ():
            pinned = f", pinned by {join_words(list(row.pinned))}" if row.pinned else ""
            words = f"{row.role}: {row.name}, {row.origin}, {row.starts_on} to {row.ends_on}{pinned}"
            lines.append(_item(words, mark="·", indent=4))
    left = len(view.chains) - len(cards)
    if left:
        lines.append(_item(f"and {plural(left, 'more host')}"))
    return _section("Chains of hosts", lines)


def _end(entry: TimelineEntry) -> str:
    return f"{entry.words}: {entry.what[:1].lower()}{entry.what[1:]}, {entry.label}"


def _gaps(view: ReportView, *, verbose: bool) -> RenderableType:
    if verbose:
        parts: list[RenderableType] = [_item(line) for line in gap_details(view)]
    else:
        parts = [
            _item(f"{gap.subject}: {gap.reason}{', the scan is incomplete' if gap.incomplete else ''}", mark="?")
            for gap in view.gaps[:_MOST_GAPS]
        ]
        if len(view.gaps) > _MOST_GAPS:
            parts.append(_item(f"and {plural(len(view.gaps) - _MOST_GAPS, 'more gap')}"))
        if view.not_evaluated:
            parts.append(_item(f"{plural(len(view.not_evaluated), 'rule')} not evaluated", mark="?"))
    return _section("Not looked at", parts)


def _strengths(view: ReportView, *, verbose: bool) -> RenderableType:
    shown = view.strengths if verbose else view.strengths[:_MOST_STRENGTHS]
    parts = [
        _item(f"{strength.title}: {strength.message if verbose else strength.subject}", mark="✓", style="green")
        for strength in shown
    ]
    if len(view.strengths) > len(shown):
        parts.append(_item(f"and {plural(len(view.strengths) - len(shown), 'more strength')}"))
    return _section("Good", parts)
