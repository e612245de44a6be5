"""``pinscope diff``: what changed between two versions of an app."""

import datetime as dt
import sys
from pathlib import Path

import click

from analyzer.cli.as_of import as_of_option
from analyzer.cli.files import read_bounded, write_whole
from analyzer.cli.messages import note
from analyzer.cli.rule_options import profile_option, rules_option
from analyzer.errors import UsageError
from analyzer.model import ScanResult
from analyzer.model.findings import Confidence, Severity
from analyzer.options import ScanOptions

_FORMATS = ("text", "markdown", "json", "html")
_MAX_REPORT_BYTES = 256 * 1024 * 1024


@click.command(epilog="Example: pinscope diff old.apk new.apk --format markdown --output comment.md")
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option("--format", "output_format", type=click.Choice(_FORMATS), default="text", show_default=True,
              help="What to write.")  # fmt: skip
@click.option("--output", type=click.Path(path_type=Path), metavar="PATH", help="Instead of standard output.")
@click.option(
    "--fail-on",
    type=click.Choice([level.value for level in Severity] + ["never"]),
    default="high",
    show_default=True,
    help="Lowest severity at which a new finding makes the newer version weaker.",
)
@rules_option
@profile_option
@as_of_option
def diff(
    old: Path,
    new: Path,
    output_format: str,
    output: Path | None,
    fail_on: str,
    rule_folders: tuple[Path, ...],
    profile: str,
    as_of: dt.datetime,
) -> int:
    """Compare two versions of an app: OLD and NEW are apps, or JSON reports of them.

    Compared are the effective policy per host and API level, pins in code, trust managers and other callbacks,
    bundled certificates, hosts, libraries and findings. Places and names that a rebuild changes do not count.

    \b
    Exit codes:
      0  the newer version is not weaker
      1  it is weaker: a host lost pins or its backup, cleartext or more CAs
         are allowed, less is checked, or there is a new finding of --fail-on
         with confidence firm or better
      2  wrong usage
      3  not weaker as far as can be told, but a side was not read to the end
    """  # noqa: D301 # click reads the character, not its escape
    from analyzer.gate.compare import compare
    from analyzer.reporters.comparison_report import render_comparison

    options = ScanOptions(
        as_of=as_of,
        fail_on=None if fail_on == "never" else Severity(fail_on),
        min_confidence=Confidence.FIRM,
        rule_folders=rule_folders,
        profile=profile,
    )
    comparison = compare(_result(old, options), _result(new, options), options)
    content = render_comparison(comparison, output_format)
    if output is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
    else:
        write_whole(output, content)
        note(f"wrote {output}")
    return 1 if comparison.weaker else 0 if comparison.complete else 3


def _result(path: Path, options: ScanOptions) -> ScanResult:
    """Scan an app, or read a report of one; which of them it is, its first character tells.

    Raises:
        UsageError: There is nothing at the path, or it is a JSON file that is no report.
    """
    from analyzer.pipeline import scan
    from analyzer.reporters.json_report import read_json

    if not path.exists():
        raise UsageError(f"{path}: no such file or folder")
    if path.is_file():
        try:
            with path.open("rb") as stream:
                start = stream.read(64).lstrip()
        except OSError as error:
            raise UsageError(f"{path}: cannot be read ({error.strerror or error})") from error
        if start.startswith(b"{"):
            try:
                return read_json(read_bounded(path, "report", _MAX_REPORT_BYTES))
            except UsageError as error:
                raise UsageError(f"{path}: {error}") from error
    return scan(path, options)
