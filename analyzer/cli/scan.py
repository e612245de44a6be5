"""``pinscope scan``: analyse apps, write reports, decide."""

import datetime as dt
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from msgspec.structs import replace

from analyzer.cli.as_of import as_of_option
from analyzer.cli.baseline import load_baseline
from analyzer.cli.live_options import LIVE_DETAILS, StderrWatcher, live_options, read_live
from analyzer.cli.messages import complain
from analyzer.cli.rule_options import profile_option, rules_option
from analyzer.cli.screen import ScreenCommand
from analyzer.cli.team_policy import find_policy, policy_options
from analyzer.errors import UsageError
from analyzer.model import ScanResult
from analyzer.model.findings import Confidence, Severity

_DOMAIN = re.compile(r"(?=.{3,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}", re.IGNORECASE)
_FAIL_ON = [level.value for level in Severity] + ["never"]
_CONFIDENCE = [level.value for level in Confidence]
# The precedence of outcomes over several targets: a bug of ours, findings, incomplete, nothing.
_PRECEDENCE = (4, 1, 3, 0)


@click.command(
    cls=ScreenCommand,
    further=(
        *LIVE_DETAILS,
        "live_dry_run",
        "chains",
        "limits",
        "cache_folder",
        "reproducible",
        "build_type",
        "rule_folders",
        "no_policy",
        "expiry_warning_days",
    ),
    topics="live check, recordings, rules, bounds, cache",
    epilog="Example: pinscope scan app.apk --format sarif=out.sarif --format markdown",
)
@click.argument("targets", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="TARGET…")
@click.option(
    "--format",
    "formats",
    multiple=True,
    metavar="FORMAT[=PATH]",
    help="text, html, json, sarif, markdown, junit, gitlab, github, csv (findings) or pins-csv; to PATH or standard "
    "output. For several targets the PATH of html and json is a folder. Repeatable.  [default: text, and html under "
    "reports/]",
)
@click.option("--output", type=click.Path(path_type=Path), metavar="PATH", help="Path of the only --format.")
@click.option(
    "--fail-on",
    type=click.Choice(_FAIL_ON),
    metavar="SEVERITY",
    help="Lowest that blocks (exit code 1): critical, high, medium, low, info; or never.  [default: the policy's, else "
    "high]",
)
@click.option(
    "--min-confidence",
    type=click.Choice(_CONFIDENCE),
    metavar="LEVEL",
    help="Lowest that may block: certain, firm, tentative, coverage.  [default: the policy's, else firm]",
)
@click.option(
    "--baseline",
    "baseline_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Known findings, which do not block.",
)
@policy_options
@click.option("--require", multiple=True, metavar="RULE", help="Must have been evaluated, else exit code 3.")
@rules_option
@profile_option
@click.option(
    "--build-type",
    type=click.Choice(["release", "debug"]),
    default="release",
    show_default=True,
    help="What kind of build the target is meant to be.",
)
@click.option("--first-party", multiple=True, metavar="DOMAIN", help="Domain of the app's team; repeatable.")
@click.option(
    "--expiry-warning",
    "expiry_warning_days",
    type=click.IntRange(0, 3650),
    default=30,
    show_default=True,
    metavar="DAYS",
    help="Report pins that end within this many days.",
)
@live_options
@as_of_option
@click.option("--limit", "limits", multiple=True, metavar="NAME=NUMBER", help="Change a bound on what is read.")
@click.option(
    "--cache",
    "cache_folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Keep what is read from a package there, so that scanning it again only judges it.",
)
@click.option("--reproducible", is_flag=True, help="Leave out durations and folders, for byte-identical reports.")
@click.option("-q", "--quiet", is_flag=True, help="Print only asked-for reports and errors.")
@click.option("-v", "--verbose", is_flag=True, help="Print details of every finding.")
def scan(
    targets: tuple[Path, ...],
    formats: tuple[str, ...],
    output: Path | None,
    fail_on: str | None,
    min_confidence: str | None,
    baseline_file: Path | None,
    policy_file: Path | None,
    no_policy: bool,
    require: tuple[str, ...],
    rule_folders: tuple[Path, ...],
    profile: str,
    build_type: str,
    first_party: tuple[str, ...],
    expiry_warning_days: int,
    as_of: dt.datetime,
    limits: tuple[str, ...],
    cache_folder: Path | None,
    reproducible: bool,
    quiet: bool,
    verbose: bool,
    **live: Any,
) -> int:
    """Scan each TARGET: an APK, an app bundle (.aab), a split set (.apks, .xapk, .apkm) or a folder of split APKs.

    The exit code is the decision: 0 passes, 1 blocks, 3 is incomplete.
    """
    from analyzer.batch.runner import run
    from analyzer.cli.cache import FolderStore
    from analyzer.cli.limits import parse_limits
    from analyzer.cli.output import Outputs
    from analyzer.extraction_cache import ExtractionCache
    from analyzer.gate.team_policy import fail_on_of, min_confidence_of, options_under
    from analyzer.options import ScanOptions
    from analyzer.pipeline import load_engine

    if quiet and verbose:
        raise UsageError("--quiet and --verbose exclude each other")
    for domain in first_party:
        if not _DOMAIN.fullmatch(domain):
            raise UsageError(f"--first-party {domain!r}: give a registrable domain, such as example.com")
    policy = find_policy(policy_file, no_policy=no_policy, reproducible=reproducible)
    options = ScanOptions(
        as_of=as_of,
        limits=parse_limits(limits),
        rule_folders=rule_folders,
        fail_on=fail_on_of(policy, Severity.HIGH) if fail_on is None else _severity(fail_on),
        min_confidence=Confidence(min_confidence) if min_confidence else min_confidence_of(policy, Confidence.FIRM),
        baseline=load_baseline(baseline_file) if baseline_file is not None else None,
        require=require,
        reproducible=reproducible,
        profile=profile,
        expiry_warning_days=expiry_warning_days,
        build_type=build_type,
        first_party=first_party,
        live=read_live(live),
    )
    if policy is not None:
        options = options_under(policy, options)
    for target in targets:
        if not target.exists():
            raise UsageError(f"{target}: no such file or folder")
    outputs = Outputs.plan(formats, output, several=len(targets) > 1, quiet=quiet, verbose=verbose)
    dry_run = options.live.dry_run
    store = FolderStore(cache_folder) if cache_folder is not None else None
    engine = replace(load_engine(options), watcher=StderrWatcher(quiet=quiet, dry_run=dry_run))
    if store is not None:
        engine = replace(engine, cache=ExtractionCache(store, engine.rules.digest, options.limits))
    if dry_run:
        # What would be asked follows from the facts, so that the app has to be read.
        return max((0 if result.facts is not None else 3 for result in run(targets, options, engine)), default=0)
    codes: set[int] = set()
    with _progress(len(targets), quiet=quiet) as step:
        for result in run(targets, options, engine):
            step()
            outputs.write(result, reproducible=reproducible, width=_width())
            if not outputs.shows_decision:
                _say_decision(result, quiet=quiet)
            codes.add(result.gate.exit_code)
    outputs.finish(reproducible=reproducible, width=_width())
    return next((code for code in _PRECEDENCE if code in codes), 0)


def _severity(fail_on: str) -> Severity | None:
    return None if fail_on == "never" else Severity(fail_on)


def _say_decision(result: ScanResult, *, quiet: bool) -> None:
    """Say on standard error how a target fared; when asked to be quiet, only what went wrong with the analysis."""
    gate = result.gate
    if gate.exit_code not in (0, 1) or not quiet:
        complain(f"{result.target.path}: {gate.outcome} (exit code {gate.exit_code}): {gate.reason}")


def _width() -> int:
    """Return the terminal's width, 80 columns when the output is piped."""
    return shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() else 80


@contextmanager
def _progress(total: int, *, quiet: bool) -> Iterator[Callable[[], None]]:
    """Show on standard error that something is going on, when somebody is watching and it takes a while."""
    if quiet or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("scanning {task.completed} of {task.total}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, refresh_per_second=4) as progress:
        task = progress.add_task("scan", total=total)
        yield lambda: progress.advance(task)
