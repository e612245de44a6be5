"""``pinscope pins``: the pins of an app, each with what it is for and where it stands."""

import datetime as dt
import shutil
import sys
from pathlib import Path

import click

from analyzer.cli.as_of import as_of_option
from analyzer.cli.messages import complain
from analyzer.errors import UsageError

# The precedence of outcomes over several targets: a bug of ours, incomplete, nothing.
_PRECEDENCE = (4, 3, 0)
_FORMATS = ("table", "json")


@click.command()
@click.argument("targets", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="TARGET…")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(_FORMATS),
    default="table",
    show_default=True,
    help="json has the keys of facts.pins[] in the JSON report.",
)
@as_of_option
@click.option("--limit", "limits", multiple=True, metavar="NAME=NUMBER", help="Change a bound on what is read.")
def pins(
    targets: tuple[Path, ...],
    output_format: str,
    as_of: dt.datetime,
    limits: tuple[str, ...],
) -> int:
    """Print every pin that each TARGET holds, wherever it comes from.

    TARGET is an app: an APK, a split set (.apks, .xapk, .apkm) or a folder of split APKs. For each pin: the host, the
    mechanism that checks it and against which certificates, whether that mechanism is in use, whose code it is, whose
    key it is where that is publicly known, what is wrong with it, and the places that show it. A pin whose value could
    not be resolved is listed with the reason; so is a text in the form of a pin that nothing is known to use.

    Nothing is judged: the exit code is 0 when the targets were read completely, 3 when a part was not.
    """
    from analyzer.batch.runner import run
    from analyzer.cli.limits import parse_limits
    from analyzer.options import ScanOptions
    from analyzer.pipeline import load_engine
    from analyzer.reporters.pins_document import render_pins_json
    from analyzer.reporters.pins_table import render_pins_text

    for target in targets:
        if not target.exists():
            raise UsageError(f"{target}: no such file or folder")
    options = ScanOptions(as_of=as_of, limits=parse_limits(limits), fail_on=None)
    results = list(run(targets, options, load_engine(options)))
    if output_format == "json":
        sys.stdout.buffer.write(render_pins_json(results))
    else:
        to_terminal = sys.stdout.isatty()
        width = shutil.get_terminal_size((80, 24)).columns if to_terminal else 80
        sys.stdout.buffer.write(render_pins_text(results, width=width, color=to_terminal).encode())
    sys.stdout.buffer.flush()
    for result in results:
        if result.gate.exit_code != 0:
            gate = result.gate
            complain(f"{result.target.path}: {gate.outcome} (exit code {gate.exit_code}): {gate.reason}")
    codes = {result.gate.exit_code for result in results}
    return next((code for code in _PRECEDENCE if code in codes), 0)
