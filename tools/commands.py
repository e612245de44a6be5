"""The pages that tell of commands, from what click knows: ``docs/commands.md`` and the manual page."""

import itertools
from collections.abc import Iterator

import click

from analyzer._version import __version__
from analyzer.cli.screen import whole_help

_WIDTH = 88
_INTRODUCTION = """\
# Commands

Generated from the commands themselves; `pinscope COMMAND --help` prints the short form, `--help-all`, where there is
one, what stands here. `man docs/man/pinscope.1` shows the manual page.
"""


def commands_page(cli: click.Group) -> str:
    """Return the help of every command as Markdown."""
    parts = [_INTRODUCTION]
    parts += [
        f"## {context.command_path}\n\n```text\n{whole_help(command, context)}\n```\n"
        for command, context in _walk(cli, _context(cli, None, "pinscope"))
    ]
    return "\n".join(parts)


def manual_page(cli: click.Group) -> str:
    """Return one manual page on all commands, in the man macros of troff."""
    context = _context(cli, None, "pinscope")
    lines = [
        f'.TH PINSCOPE 1 "" "pinscope {_roff(__version__)}" "User Commands"',
        ".SH NAME",
        r"pinscope \- analyse TLS and certificate pinning in Android apps",
        ".SH SYNOPSIS",
        ".B pinscope",
        r"[\fIOPTIONS\fR] \fICOMMAND\fR [\fIARGS\fR]",
        ".SH DESCRIPTION",
        *_paragraphs(cli.help or ""),
        ".SH COMMANDS",
    ]
    for command, inner in _walk(cli, context):
        if command is cli:
            continue
        lines += [f".SS {_roff(inner.command_path)}", *_usage(command, inner), *_paragraphs(command.help or "")]
        for parameter in command.get_params(inner):
            record = parameter.get_help_record(inner) if isinstance(parameter, click.Option) else None
            if record is not None:
                lines += [".TP", rf"\fB{_roff(record[0])}\fR", _roff(record[1]) or r"\&"]
        lines += _paragraphs(command.epilog or "")
    lines += [".SH NOTES", *_paragraphs(cli.epilog or "")]
    return "\n".join(_without_empty_paragraphs(lines)) + "\n"


def _without_empty_paragraphs(lines: list[str]) -> list[str]:
    """Leave out breaks between paragraphs beside headings and beside each other, which a checker complains about."""
    kept: list[str] = []
    for line, following in itertools.pairwise([*lines, ".SH"]):
        after_heading = bool(kept) and kept[-1].startswith((".SH", ".SS", ".PP"))
        if line != ".PP" or not (after_heading or following.startswith((".SH", ".SS", ".TP", ".PP"))):
            kept.append(line)
    return kept


def _walk(command: click.Command, context: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    yield command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _walk(inner, _context(inner, context, name))


def _context(command: click.Command, parent: click.Context | None, name: str) -> click.Context:
    settings = {**command.context_settings, "terminal_width": _WIDTH, "max_content_width": _WIDTH}
    return click.Context(command, parent=parent, info_name=name, **settings)


def _usage(command: click.Command, context: click.Context) -> list[str]:
    words = " ".join(command.collect_usage_pieces(context))
    return [rf"\fB{_roff(context.command_path)}\fR {_roff(words)}", ".PP"]


def _paragraphs(text: str) -> list[str]:
    r"""Return paragraphs; those marked ``\b`` keep their lines, as click does."""
    lines: list[str] = []
    for paragraph in text.replace("\f", "").strip("\n").split("\n\n"):
        kept = paragraph.lstrip("\n").startswith("\b")
        words = [_roff(line.strip() if not kept else line) for line in paragraph.replace("\b", "").splitlines()]
        words = [word for word in words if word.strip()]
        lines += [".PP", *([".nf", *words, ".fi"] if kept else words)]
    return lines


def _roff(text: str) -> str:
    """Return text that troff prints as it stands: hyphens as typed, no line taken for a request."""
    escaped = text.replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{escaped}" if escaped.startswith((".", "'")) else escaped
