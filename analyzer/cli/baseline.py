"""``pinscope baseline``: write, update and show the findings that are known."""

import datetime as dt
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from analyzer.cli.as_of import as_of_option
from analyzer.cli.files import read_bounded, write_whole
from analyzer.cli.messages import complain, note
from analyzer.cli.rule_options import profile_option, rules_option
from analyzer.cli.team_policy import find_policy, policy_options
from analyzer.errors import UsageError
from analyzer.model import Baseline, ScanResult

DEFAULT_FILE = Path("pinscope-baseline.json")


def load_baseline(path: Path) -> Baseline:
    """Read a baseline file.

    Raises:
        UsageError: It cannot be read, or is none.
    """
    from analyzer.gate.baseline import decode_baseline

    return decode_baseline(read_bounded(path, "baseline"), str(path))


def _common(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.argument("targets", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="TARGET…"),
        click.option("--file", "path", type=click.Path(path_type=Path), default=DEFAULT_FILE, show_default=True,
                     metavar="FILE", help="The baseline."),
        rules_option,
        profile_option,
        policy_options,
        as_of_option,
    ):  # fmt: skip
        command = option(command)
    return command


@click.group(epilog="Example: pinscope baseline write app.apk, then pinscope scan app.apk --baseline FILE")
def baseline() -> None:
    """Keep the findings that are known in a file, so that only new ones block.

    The file lists fingerprints, which stay the same when an app is rebuilt. Commit it next to the app's sources;
    what is fixed shows as stale and leaves with `update`.
    """


@baseline.command(epilog="Example: pinscope baseline write app.apk")
@_common
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def write(path: Path, force: bool, **options: Any) -> int:
    """Write the findings of each TARGET to a new baseline."""
    from analyzer.gate.baseline import baseline_of, encode_baseline

    if path.exists() and not force:
        raise UsageError(f"{path}: is there already; `pinscope baseline update` changes it, --force replaces it")
    results = _scanned(**options)
    made = baseline_of(results)
    write_whole(path, encode_baseline(made))
    note(f"wrote {path}: {_counts(made)}")
    return _outcome(results)


@baseline.command(
    short_help="Leave out what is gone, add what is new.", epilog="Example: pinscope baseline update app.apk --prune"
)
@_common
@click.option("--prune", is_flag=True, help="Only leave out what is gone; new findings stay new.")
def update(path: Path, prune: bool, **options: Any) -> int:
    """Bring the entries of each TARGET up to date: leave out what is gone, add what is new.

    Entries of other apps are kept, and so are those whose rule could not be evaluated.
    """
    from msgspec.structs import replace

    from analyzer.gate.baseline import baseline_of, encode_baseline, mark_known

    previous = load_baseline(path)
    results = _scanned(**options)
    gone = added = 0
    judged: list[ScanResult] = []
    for result in results:
        if result.app is None:
            continue
        marked, use = mark_known(result.findings, result.not_evaluated, previous, result.app.package)
        gone += sum(entry.count for entry in use.stale)
        added += 0 if prune else use.new
        judged.append(replace(result, findings=tuple(one for one in marked if one.known or not prune)))
    made = baseline_of(judged, previous)
    write_whole(path, encode_baseline(made))
    note(f"wrote {path}: {gone} gone, {added} added; {_counts(made)}")
    return _outcome(results)


@baseline.command(epilog="Example: pinscope baseline show --file pinscope-baseline.json")
@click.option("--file", "path", type=click.Path(path_type=Path), default=DEFAULT_FILE, show_default=True,
              metavar="FILE", help="The baseline.")  # fmt: skip
def show(path: Path) -> int:
    """List what a baseline holds, worst first."""
    from analyzer.reporters.text import visible, without_commands

    loaded = load_baseline(path)
    for package, entries in loaded.apps.items():
        lines = [f"{package}: {len(entries)} {'entry' if len(entries) == 1 else 'entries'}"]
        for entry in sorted(entries, key=lambda one: (-one.severity.rank, one.rule_id, one.subject)):
            times = f" ×{entry.count}" if entry.count > 1 else ""
            lines.append(f"  {entry.severity.value:8}  {entry.rule_id}: {entry.subject}{times}  [{entry.fingerprint}]")
        for line in lines:
            print(without_commands(visible(line)))
    if not loaded.apps:
        print("the baseline lists no app")
    return 0


def _scanned(
    targets: tuple[Path, ...],
    rule_folders: tuple[Path, ...],
    profile: str,
    policy_file: Path | None,
    no_policy: bool,
    as_of: dt.datetime,
) -> list[ScanResult]:
    """Scan the targets; those that cannot be read are complained about.

    Raises:
        UsageError: None can be read, so that a baseline would claim that nothing is known.
    """
    from analyzer.batch.runner import run
    from analyzer.gate.team_policy import options_under
    from analyzer.options import ScanOptions

    options = ScanOptions(as_of=as_of, rule_folders=rule_folders, profile=profile, fail_on=None)
    policy = find_policy(policy_file, no_policy=no_policy)
    if policy is not None:
        options = options_under(policy, options)
    results = list(run(targets, options))
    for result in results:
        if result.gate.exit_code:
            complain(f"{result.target.path}: {result.gate.outcome}: {result.gate.reason}")
    if not any(result.app is not None for result in results):
        print("nothing was written", file=sys.stderr)
        raise click.exceptions.Exit(_outcome(results))
    return results


def _outcome(results: list[ScanResult]) -> int:
    codes = {result.gate.exit_code for result in results}
    return next((code for code in (4, 3) if code in codes), 0)


def _counts(made: Baseline) -> str:
    entries = sum(entry.count for entries in made.apps.values() for entry in entries)
    apps = len(made.apps)
    return f"{entries} known {'finding' if entries == 1 else 'findings'} of {apps} {'app' if apps == 1 else 'apps'}"
