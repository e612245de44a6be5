"""``pinscope pins``: the pins of an app, and the pins that certificates, keys and hosts would have."""

import datetime as dt
import shutil
import sys
from pathlib import Path
from typing import Any

import click

from analyzer.cli.as_of import as_of_option
from analyzer.cli.live_options import LIVE_DETAILS, live_options
from analyzer.cli.messages import complain
from analyzer.cli.screen import ScreenCommand
from analyzer.errors import UsageError

# The precedence of outcomes over several targets: a bug of ours, incomplete, nothing.
_PRECEDENCE = (4, 3, 0)
_FORMATS = (
    "table", "json", "pins", "nsc", "okhttp-kotlin", "okhttp-java", "trustkit", "curl", "hex", "openssl",
)  # fmt: skip
_ROLES = ("leaf", "intermediate", "anchor", "all")


@click.command(
    cls=ScreenCommand,
    further=(*LIVE_DETAILS, "live_dry_run", "chains", "limits", "single_pin", "as_of"),
    topics="the live check, a single pin, bounds",
    epilog="Example: pinscope pins app.apk; pinscope pins server.pem --format nsc --host api.example.com",
)
@click.argument("targets", nargs=-1, required=True, metavar="TARGET…")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(_FORMATS),
    metavar="FORMAT",
    default="table",
    show_default=True,
    help="table or json; for keys also pins, nsc, okhttp-kotlin, okhttp-java, trustkit, curl, hex, openssl.",
)
@click.option("--certificates", is_flag=True, help="For an app: list the certificates and keys that it carries.")
@click.option(
    "--pick",
    type=click.Choice(_ROLES),
    metavar="ROLE",
    multiple=True,
    help="Certificates for a snippet: leaf, intermediate, anchor, all; repeatable.  [default: of a host intermediate "
    "and anchor, of files all]",
)
@click.option("--host", "snippet_host", metavar="HOST", help="Host in the snippet.  [default: the one that was asked]")
@click.option("--single-pin", is_flag=True, help="Hand out a snippet with a single pin, which leaves no way to rotate.")
@click.option("--recommend", is_flag=True, help="Add advice on which of the keys to pin.")
@click.option("--password", "passwords", multiple=True, help="To try on key stores and keys; repeatable.")
@live_options
@as_of_option
@click.option("--limit", "limits", multiple=True, metavar="NAME=NUMBER", help="Change a bound on what is read.")
def pins(
    targets: tuple[str, ...],
    output_format: str,
    certificates: bool,
    pick: tuple[str, ...],
    snippet_host: str | None,
    single_pin: bool,
    recommend: bool,
    passwords: tuple[str, ...],
    as_of: dt.datetime,
    limits: tuple[str, ...],
    **live: Any,
) -> int:
    """Print the pins that an app holds, or that certificates, keys and hosts would have.

    For an app: every pin with its host, the mechanism that checks it, its use, whose code and key it is, and places.

    For a host (HOST[:PORT], https://HOST/…) or a file (certificates, keys, requests, PKCS#7, PKCS#12, JKS, BKS;
    - is standard input): the pins of its keys. Naming a host asks for a connection to it. An existing file is never
    taken for a host.

    Nothing is judged: exit code 0 when all was read, 3 when a part was not.
    """
    from analyzer.cli.keys import print_keys, sort_targets

    sorted_targets = sort_targets(targets, live)
    if sorted_targets.apps and not certificates:
        if sorted_targets.others or output_format not in ("table", "json"):
            raise UsageError(
                "the pins of an app are printed as table or json, apart from other targets; "
                "--certificates lists the certificates that it carries"
            )
        return _print_app_pins(sorted_targets.apps, output_format, as_of, limits)
    return print_keys(
        sorted_targets,
        output_format,
        live,
        as_of=as_of,
        limits=limits,
        pick=pick,
        snippet_host=snippet_host,
        single_pin=single_pin,
        recommend=recommend,
        passwords=passwords,
    )


def _print_app_pins(targets: tuple[Path, ...], output_format: str, as_of: dt.datetime, limits: tuple[str, ...]) -> int:
    from analyzer.batch.runner import run
    from analyzer.cli.limits import parse_limits
    from analyzer.options import ScanOptions
    from analyzer.pipeline import load_engine
    from analyzer.reporters.pins_document import render_pins_json
    from analyzer.reporters.pins_table import render_pins_text

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
