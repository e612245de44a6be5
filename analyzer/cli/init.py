"""``pinscope init``: writes a first ``pinscope.yaml`` from a scan."""

import datetime as dt
from pathlib import Path

import click

from analyzer.cli.as_of import as_of_option
from analyzer.cli.files import write_whole
from analyzer.cli.messages import complain, note
from analyzer.cli.team_policy import FILE_NAME
from analyzer.errors import UsageError


@click.command(epilog="Example: pinscope init app-release.apk, then pinscope scan app-release.apk")
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), default=FILE_NAME, show_default=True, metavar="PATH",
              help="The policy to write.")  # fmt: skip
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@as_of_option
def init(target: Path, output: Path, force: bool, as_of: dt.datetime) -> int:
    """Write a first policy for TARGET: what holds today for its hosts, and what to decide about.

    The policy expects of every pinned host what the app does now, and waives what blocks now for ninety days, so
    that a scan of the same app passes. Read it, tighten it, and commit it.
    """
    from analyzer.cli.first_policy import first_policy
    from analyzer.options import ScanOptions
    from analyzer.pipeline import scan
    from analyzer.reporters.text import plural

    if not target.exists():
        raise UsageError(f"{target}: no such file or folder")
    if output.is_dir():
        raise UsageError(f"{output}: is a folder; name a file in it")
    if output.exists() and not force:
        raise UsageError(f"{output}: is there already; --force replaces it")
    result = scan(target, ScanOptions(as_of=as_of))
    if result.facts is None:
        complain(f"{target}: {result.gate.outcome}: {result.gate.reason}")
        return result.gate.exit_code
    made = first_policy(result, result.facts, as_of)
    write_whole(output, made.text.encode())
    counts = f"{plural(made.expectations, 'expectation')} for {plural(made.hosts, 'host')}"
    note(f"wrote {output}: {counts}, {plural(made.waivers, 'waiver')}")
    if result.gate.exit_code == 3:
        complain(f"{target}: incomplete: {result.gate.reason}")
        return 3
    return 0
