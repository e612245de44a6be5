"""Commands whose help fits a screen: what is rarely needed stands in ``--help-all``."""

from collections.abc import Iterable
from typing import Any

import click

_EVERYTHING = "analyzer.cli.help_all"


class ScreenCommand(click.Command):
    """A command that keeps some options for ``--help-all``, so that ``--help`` fits 80 columns and 40 lines."""

    def __init__(self, *args: Any, further: Iterable[str], topics: str, **kwargs: Any) -> None:
        """Take the names of the parameters that only ``--help-all`` lists, and what they are about."""
        super().__init__(*args, **kwargs)
        self._further = frozenset(further)
        self._topics = topics
        unknown = self._further - {parameter.name for parameter in self.params}
        if unknown:
            raise ValueError(f"no such parameters: {', '.join(sorted(unknown))}")

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return all parameters, with ``--help-all`` in the last place."""
        return [*super().get_params(ctx), _help_all()]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the options of the screen asked for, and say what the others are about."""
        left_out = frozenset[str]() if ctx.meta.get(_EVERYTHING) else self._further
        options = [one for one in self.get_params(ctx) if isinstance(one, click.Option) and one.name not in left_out]
        with formatter.section("Options"):
            formatter.write_dl([record for one in options if (record := one.get_help_record(ctx)) is not None])
        if left_out:
            formatter.write_paragraph()
            with formatter.indentation():
                formatter.write_text(f"--help-all explains {len(left_out)} more: {self._topics}.")


def whole_help(command: click.Command, ctx: click.Context) -> str:
    """Return a command's help with all its options."""
    ctx.meta[_EVERYTHING] = True
    return command.get_help(ctx)


def _help_all() -> click.Option:
    def show(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
        if value and not ctx.resilient_parsing:
            click.echo(whole_help(ctx.command, ctx))
            ctx.exit()

    return click.Option(
        ["--help-all"], is_flag=True, is_eager=True, expose_value=False, callback=show, help="Explain all options."
    )
