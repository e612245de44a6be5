"""Help: fits a screen, shows how, explains everything, and is in the documents."""

import os
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from analyzer.cli import cli
from analyzer.cli.screen import ScreenCommand
from tools.commands import commands_page, manual_page


def _commands(group: click.Group = cli, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group, info_name="pinscope")
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from _commands(command, (*path, name))


def _help(path: tuple[str, ...], option: str = "--help") -> str:
    outcome = CliRunner().invoke(cli, [*path, option], prog_name="pinscope", env={"COLUMNS": "80"})
    assert outcome.exit_code == 0, outcome.output
    return outcome.stdout


def _complete(**environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", "import sys; sys.argv = ['pinscope']; from analyzer.cli import main; main()"],
        env=os.environ | {"_PINSCOPE_COMPLETE": "bash_complete"} | environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


COMMANDS = dict(_commands())


@pytest.mark.parametrize("path", [(), *COMMANDS], ids=" ".join)
def test_help_fits_a_screen_of_80_by_40_and_has_an_example(path: tuple[str, ...]) -> None:
    shown = _help(path)
    lines = shown.splitlines()
    assert len(lines) <= 39, "the prompt needs a line, too"
    assert max(map(len, lines)) <= 80
    assert any(line.strip().startswith("Example: pinscope ") for line in lines)
    assert "\\b" not in shown


@pytest.mark.parametrize(
    "path", [path for path, one in COMMANDS.items() if isinstance(one, ScreenCommand)], ids=" ".join
)
def test_what_the_screen_leaves_out_is_explained_on_request(path: tuple[str, ...]) -> None:
    short, whole = _help(path), _help(path, "--help-all")
    options = [name for one in COMMANDS[path].params if isinstance(one, click.Option) for name in one.opts]
    assert [name for name in options if name not in whole] == []
    assert [name for name in options if name not in short] != []
    assert "--help-all explains" in short and "--help-all explains" not in whole


def test_every_option_has_words() -> None:
    silent = [
        f"{' '.join(path)} {option.opts[0]}"
        for path, command in COMMANDS.items()
        for option in command.params
        if isinstance(option, click.Option) and not option.help
    ]
    assert silent == []


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_and_option_is_in_the_documents(path: tuple[str, ...]) -> None:
    page, manual = commands_page(cli), manual_page(cli)
    assert f"## pinscope {' '.join(path)}\n" in page
    assert f".SS pinscope {' '.join(path)}\n" in manual
    for option in COMMANDS[path].params:
        if isinstance(option, click.Option):
            assert option.opts[-1] in page
            assert option.opts[-1].replace("-", "\\-") in manual


@pytest.mark.parametrize(
    ("shell", "mark"), [("bash", "complete -o nosort"), ("zsh", "#compdef"), ("fish", "complete ")]
)
def test_shells_get_a_completion_script(shell: str, mark: str) -> None:
    script = _complete(_PINSCOPE_COMPLETE=f"{shell}_source")
    assert mark in script and "_PINSCOPE_COMPLETE" in script


def test_commands_and_options_are_completed() -> None:
    assert "plain,scan" in _complete(COMP_WORDS="pinscope s", COMP_CWORD="1")
    assert "plain,--baseline" in _complete(COMP_WORDS="pinscope scan --ba", COMP_CWORD="2")
    assert "plain,high" in _complete(COMP_WORDS="pinscope scan --fail-on h", COMP_CWORD="3")
