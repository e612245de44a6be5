"""``pinscope policy``: what Android's policy machinery decides, per host and device API level."""

import datetime as dt
import shutil
import sys
from pathlib import Path

import click

from analyzer.cli.as_of import as_of_option
from analyzer.errors import TargetError, UsageError
from analyzer.model.policy import FIRST_POLICY_LEVEL, HIGHEST_KNOWN_LEVEL


@click.command(epilog="Example: pinscope policy app.apk --host api.example.com --sdk 36")
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--host", "hosts", multiple=True, metavar="HOST", help="Host name to ask for; repeatable.")
@click.option(
    "--sdk",
    type=click.IntRange(FIRST_POLICY_LEVEL, HIGHEST_KNOWN_LEVEL),
    help=f"Device API level.  [default: {HIGHEST_KNOWN_LEVEL} for JSON; the table shows all levels]",
)
@click.option(
    "--target-sdk",
    type=click.IntRange(1, 99),
    help="targetSdkVersion, for a policy XML.  [default: the highest known level]",
)
@click.option("--min-sdk", type=click.IntRange(1, 99), help="minSdkVersion, for a policy XML.  [default: 24]")
@click.option(
    "--uses-cleartext",
    type=click.BOOL,
    metavar="true|false",
    help="The manifest's usesCleartextTraffic, for a policy XML.",
)
@click.option("--debuggable", is_flag=True, help="Treat the app as debuggable, for a policy XML.")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="What to print.",
)
@as_of_option
def policy(
    target: Path,
    hosts: tuple[str, ...],
    sdk: int | None,
    target_sdk: int | None,
    min_sdk: int | None,
    uses_cleartext: bool | None,
    debuggable: bool,
    output_format: str,
    as_of: dt.datetime,
) -> int:
    """Print the effective network security policy of TARGET.

    TARGET is an app (APK, split set, folder of split APKs) or a network security configuration, plain from a
    source tree or compiled. For a configuration file, options stand for the manifest.
    """
    from analyzer.cli.policy_source import Manifest, read_policy
    from analyzer.reporters.policy_report import render_policy_json, render_policy_text

    manifest = None
    if any(value is not None for value in (target_sdk, min_sdk, uses_cleartext)) or debuggable:
        manifest = Manifest(
            target_sdk=target_sdk, min_sdk=min_sdk, uses_cleartext=uses_cleartext, debuggable=debuggable
        )
    source = read_policy(target, manifest)
    if source.policy.state in ("unresolved", "unreadable"):
        raise TargetError(
            f"{target}: the manifest names a network security configuration that "
            + ("no file of the app contains" if source.policy.state == "unresolved" else "cannot be read")
        )
    for host in hosts:
        if not host or any(character.isspace() for character in host):
            raise UsageError(f"{host!r} is no host name")
    if output_format == "json":
        sys.stdout.buffer.write(render_policy_json(source.policy, hosts, level=sdk or HIGHEST_KNOWN_LEVEL, as_of=as_of))
        return 0
    width = shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else 80
    click.echo(
        render_policy_text(
            source.policy, source.app, hosts, level=sdk, as_of=as_of, width=width, color=sys.stdout.isatty()
        ),
        nl=False,
    )
    return 0
