"""``pinscope recheck``: whether the releases in the field still connect, and until when, from their reports alone."""

import datetime as dt
import sys
from pathlib import Path
from typing import Any

import click

from analyzer.cli.as_of import as_of_option
from analyzer.cli.live_options import LIVE_DETAILS, StderrWatcher, live_options, read_live
from analyzer.cli.screen import ScreenCommand
from analyzer.errors import UsageError

_MAX_REPORT_BYTES = 256 * 1024 * 1024


@click.command(
    cls=ScreenCommand,
    further=LIVE_DETAILS,
    topics="live check",
    epilog="Example: pinscope recheck release-1.json release-2.json --live --within 30",
)
@click.argument("reports", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="REPORT.json…")
@click.option(
    "--within",
    type=click.IntRange(0, 3650),
    default=30,
    show_default=True,
    metavar="DAYS",
    help="Exit code 1 also for a release that breaks within this many days.",
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="What to print.",
)
@click.option("--metrics", type=click.Path(path_type=Path), metavar="FILE", help="Write gauges for Prometheus.")
@live_options
@as_of_option
@click.option("-q", "--quiet", is_flag=True, help="Do not list the hosts that are asked.")
def recheck(
    reports: tuple[Path, ...],
    within: int,
    output_format: str,
    metrics: Path | None,
    as_of: dt.datetime,
    quiet: bool,
    **live: Any,
) -> int:
    """Check the pins in earlier JSON reports against the chains of today, without the apps.

    Give the reports of all releases that are in the field, and --live or --chains DIR. Every host is asked once.
    Exit code 1: a release does not connect to a host, or will not within --within days unless the host keeps a pinned
    key. Exit code 3: something is not known, with --live-strict.
    """
    from analyzer.extractors.catalogue import load_catalogue
    from analyzer.extractors.pin_values import identify_key
    from analyzer.live.recheck import outlooks
    from analyzer.live.settings import read_settings
    from analyzer.model import Facts
    from analyzer.reporters.json_report import read_json
    from analyzer.reporters.recheck_report import (
        breaks_within,
        render_metrics,
        render_recheck_json,
        render_recheck_text,
    )

    options = read_live(live)
    if not options.looks or options.dry_run:
        raise UsageError("recheck compares with chains: give --live or --chains DIR")
    releases: list[tuple[str, str, Facts]] = []
    for path in reports:
        result = read_json(_content(path))
        if result.facts is None or result.app is None:
            raise UsageError(f"{path}: the app was not read, so that the report has no pins")
        version = result.app.version_name or str(result.app.version_code or "")
        releases.append((result.app.package, version, result.facts))
    catalogue = load_catalogue()
    found = outlooks(
        releases,
        read_settings(options),
        as_of,
        identify=lambda digest: identify_key(digest, catalogue),
        watcher=StderrWatcher(quiet=quiet),
    )
    text = render_recheck_json(found) if output_format == "json" else render_recheck_text(found, within).encode()
    sys.stdout.buffer.write(text)
    sys.stdout.buffer.flush()
    if metrics is not None:
        # Whoever collects the file must never see half of it.
        temporary = metrics.with_name(f"{metrics.name}.tmp")
        temporary.write_text(render_metrics(found), encoding="utf-8")
        temporary.replace(metrics)
    if any(breaks_within(outlook, within) for outlook in found):
        return 1
    return 3 if options.strict and any(outlook.status == "unknown" for outlook in found) else 0


def _content(path: Path) -> bytes:
    if not path.is_file():
        raise UsageError(f"{path}: no such file")
    if path.stat().st_size > _MAX_REPORT_BYTES:
        raise UsageError(f"{path}: larger than {_MAX_REPORT_BYTES} bytes")
    return path.read_bytes()
