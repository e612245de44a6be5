"""Comparisons as text, Markdown, JSON and HTML."""

from analyzer.model import Comparison
from analyzer.reporters.comparison_view import ChangeView, ComparisonView, comparison_view
from analyzer.reporters.encoding import encode_json
from analyzer.reporters.markdown import code, escape
from analyzer.reporters.text import plural, without_commands

FORMATS = ("text", "markdown", "json", "html")
_SIGNS = {"Weaker": "▼", "Changed": "·", "Stronger": "▲"}


def render_comparison(comparison: Comparison, name: str) -> bytes:
    """Write a comparison in one of `FORMATS`. Same comparison, same bytes."""
    match name:
        case "json":
            return render_json(comparison)
        case "markdown":
            return render_markdown(comparison_view(comparison)).encode("utf-8", "backslashreplace")
        case "html":
            from analyzer.reporters.html_report import render_comparison_html

            return render_comparison_html(comparison_view(comparison)).encode("utf-8", "backslashreplace")
        case _:
            return render_text(comparison_view(comparison)).encode("utf-8", "backslashreplace")


def render_json(comparison: Comparison) -> bytes:
    """Write the comparison as it is."""
    import msgspec

    document = msgspec.to_builtins(comparison, order="deterministic")
    assert isinstance(document, dict)
    return encode_json(document)


def render_text(view: ComparisonView) -> str:
    """Write a comparison for a terminal, without any escape sequence."""
    lines = [view.title, view.verdict, *view.notes]
    for group in view.groups:
        lines += ["", group.title]
        for change in group.changes:
            lines.append(f"  {_SIGNS[group.title]} {change.subject}: {change.what}{_levels(change)}")
            lines += [f"      {line}" for line in _sides(change)]
        if group.omitted:
            lines.append(f"    and {plural(group.omitted, 'more change')}")
    return "\n".join(without_commands(line) for line in lines) + "\n"


def _sides(change: ChangeView) -> list[str]:
    if change.old and change.new:
        return [f"was  {change.old}", f"now  {change.new}"]
    return [change.old or change.new] if change.old or change.new else []


def _levels(change: ChangeView) -> str:
    return f" ({change.levels})" if change.levels else ""


def render_markdown(view: ComparisonView) -> str:
    """Write a comparison as a comment on a pull request."""
    blocks = [f"## {escape(view.title)}", f"{'**' if view.weaker else ''}{escape(view.verdict)}"]
    if view.weaker:
        blocks[-1] += "**"
    blocks += [escape(note) for note in view.notes]
    for group in view.groups:
        lines = ["| | What | Before | Now |", "| --- | --- | --- | --- |"]
        lines += [
            f"| {code(change.subject)} | {escape(change.what + _levels(change))} | {_cell(change.old)} "
            f"| {_cell(change.new)} |"
            for change in group.changes
        ]
        if group.omitted:
            lines.append(f"| | and {plural(group.omitted, 'more change')} | | |")
        title = f"{_SIGNS[group.title]} {group.title}: {len(group.changes) + group.omitted}"
        table = "\n".join(lines)
        if group.title == "Weaker":
            blocks += [f"### {title}", table]
        else:
            blocks.append(f"<details><summary>{title}</summary>\n\n{table}\n\n</details>")
    blocks.append(f"Judged as of {view.as_of}. Before: {escape(view.old)}. Now: {escape(view.new)}.")
    return "\n\n".join(blocks) + "\n"


def _cell(text: str) -> str:
    return code(text) if text else ""
