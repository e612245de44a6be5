"""``pinscope lint``: checks policy files of a source tree, before there is an app."""

import datetime as dt
import sys
from collections.abc import Iterator
from pathlib import Path

import click
from msgspec.structs import replace

from analyzer.cli.as_of import as_of_option
from analyzer.cli.files import read_bounded
from analyzer.cli.messages import complain, note
from analyzer.cli.team_policy import find_policy, load_policy, policy_options, shown_path
from analyzer.errors import UsageError
from analyzer.model import ScanResult
from analyzer.model.findings import Confidence, Severity
from analyzer.reporters.text import visible, without_commands

_FAIL_ON = [level.value for level in Severity] + ["never"]
_CONFIDENCE = [level.value for level in Confidence]
_YAML = (".yaml", ".yml")


@click.command(epilog="Example: pinscope lint app/src/main/res/xml/network_security_config.xml --target-sdk 36")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE…")
@click.option("--target-sdk", type=click.IntRange(1, 99), help="targetSdkVersion.  [default: the highest known level]")
@click.option("--min-sdk", type=click.IntRange(1, 99), help="minSdkVersion.  [default: 24]")
@click.option("--uses-cleartext", type=click.BOOL, metavar="true|false", help="The manifest's usesCleartextTraffic.")
@click.option("--debuggable", is_flag=True, help="Treat the app as debuggable.")
@click.option("--format", "formats", multiple=True, metavar="FORMAT[=PATH]",
              help="As for `scan`: text, json, sarif, github, …  [default: a line per finding]")  # fmt: skip
@click.option("--fail-on", type=click.Choice(_FAIL_ON),
              help="Lowest severity that blocks (exit code 1).  [default: the policy's, else high]")  # fmt: skip
@click.option("--min-confidence", type=click.Choice(_CONFIDENCE),
              help="Lowest confidence with which a finding may block.  [default: the policy's, else firm]")  # fmt: skip
@policy_options
@as_of_option
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but asked-for reports and errors.")
def lint(
    files: tuple[Path, ...],
    target_sdk: int | None,
    min_sdk: int | None,
    uses_cleartext: bool | None,
    debuggable: bool,
    formats: tuple[str, ...],
    fail_on: str | None,
    min_confidence: str | None,
    policy_file: Path | None,
    no_policy: bool,
    as_of: dt.datetime,
    quiet: bool,
) -> int:
    """Check each FILE of a source tree: a network security configuration, or a pinscope.yaml.

    Options stand for the manifest. The rules on configurations and pins are asked; what needs the whole app, such as
    whether code goes around the configuration, is left to `scan`.
    """
    from analyzer.cli.output import Outputs
    from analyzer.cli.policy_source import Manifest, looks_like_xml
    from analyzer.cli.source_scan import lint_policy
    from analyzer.gate.team_policy import fail_on_of, min_confidence_of, options_under
    from analyzer.options import ScanOptions
    from analyzer.pipeline import load_engine
    from analyzer.policy_stage import policy_rules

    policies = [path for path in files if path.suffix in _YAML]
    configurations = [path for path in files if path.suffix not in _YAML]
    for path in configurations:
        # The bound of XML files is a gap of the report; that of configuration files in general is checked here.
        if not looks_like_xml(read_bounded(path, "configuration or policy file")[:4096]):
            raise UsageError(f"{path}: neither a network security configuration (XML) nor a policy file (.yaml)")
    outputs = Outputs.plan(formats, None, several=len(configurations) > 1, quiet=quiet, verbose=True)
    options = ScanOptions(as_of=as_of)
    rules = load_engine(options).rules
    wrong = 0
    for path in policies:
        try:
            policy_rules(rules, load_policy(path))
        except UsageError as error:
            complain(str(error))
            wrong += 1
        else:
            if not quiet:
                note(f"{path}: is a valid policy")
    if not configurations:
        return 2 if wrong else 0
    policy = None if wrong and policy_file is None else find_policy(policy_file, no_policy=no_policy)
    options = replace(
        options,
        fail_on=fail_on_of(policy, Severity.HIGH) if fail_on is None else _severity(fail_on),
        min_confidence=Confidence(min_confidence) if min_confidence else min_confidence_of(policy, Confidence.FIRM),
    )
    if policy is not None:
        options = options_under(policy, options)
    engine = load_engine(options)
    manifest = Manifest(target_sdk=target_sdk, min_sdk=min_sdk, uses_cleartext=uses_cleartext, debuggable=debuggable)
    width = 80
    codes = {2} if wrong else set()
    for path in configurations:
        result = lint_policy(path, shown_path(path), manifest, options, engine)
        if formats:
            outputs.write(result, reproducible=False, width=width)
        elif not quiet:
            for line in _lines(result):
                print(line)
        gate = result.gate
        if gate.exit_code and not (formats and outputs.shows_decision):
            complain(f"{path}: {gate.outcome} (exit code {gate.exit_code}): {gate.reason}")
        codes.add(gate.exit_code)
    if formats:
        outputs.finish(reproducible=False, width=width)
    sys.stdout.flush()
    return next((code for code in (4, 2, 1, 3) if code in codes), 0)


def _lines(result: ScanResult) -> Iterator[str]:
    """Write a line for each finding, and for what could not be read, as compilers do: editors can jump there."""
    for finding in result.findings:
        place = finding.locations[0] if finding.locations else None
        file = place.entry if place is not None and place.kind == "team-policy" else result.target.path
        line = (place.line if place is not None else None) or 1
        waived = f" (waived: {finding.waiver.reason})" if finding.waiver is not None else ""
        text = f"{file}:{line}: {finding.severity.value}: {finding.message} [{finding.rule_id}]{waived}"
        yield without_commands(visible(text))
    for gap in result.gaps:
        yield without_commands(visible(f"{result.target.path}:1: incomplete: {gap.detail}"))


def _severity(fail_on: str) -> Severity | None:
    return None if fail_on == "never" else Severity(fail_on)
