"""The options of the live check, shared by the commands that have one, and what they say while it runs."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from analyzer.cli.messages import note
from analyzer.options import LiveOptions

LIVE_DETAILS = (
    "record", "record_address", "refresh", "trust_stores", "live_hosts", "live_allow", "live_deny",
    "live_max", "live_port", "live_proxy", "live_timeout", "live_budget", "live_threads", "live_strict",
    "all_addresses", "allow_private", "resolve",
)  # fmt: skip
"""The parameters that ``--help`` leaves to ``--help-all``."""

_F = TypeVar("_F", bound=Callable[..., Any])
_SHOWN_HOSTS = 60
_SHOWN_REFUSED = 5
_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--live",
        is_flag=True,
        help="Connect to the hosts with pins or anchors of their own (one TLS greeting each) and compare. Without it "
        "nothing connects.",
    ),
    click.option("--live-dry-run", is_flag=True, help="Print the hosts that --live would contact, and stop."),
    click.option(
        "--chains",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Compare with recorded chains, PEM files named HOST_PORT.pem.",
    ),
    click.option("--record", type=click.Path(path_type=Path), metavar="DIR", help="With --live: write recordings."),
    click.option("--record-address", is_flag=True, help="Write the server's address into recordings."),
    click.option("--refresh", is_flag=True, help="With --live and --chains: ask hosts that have a recording, too."),
    click.option(
        "--trust-store",
        "trust_stores",
        multiple=True,
        metavar="[NAME=]PATH",
        help="Trust store beside certifi: PEM or DER file, or a folder such as Android's cacerts; repeatable.",
    ),
    click.option("--live-host", "live_hosts", multiple=True, metavar="HOST[:PORT]", help="Further host; repeatable."),
    click.option("--live-allow", multiple=True, metavar="GLOB", help="Ask hosts that match, in place of the default."),
    click.option("--live-deny", multiple=True, metavar="GLOB", help="Never ask hosts that match; wins."),
    click.option("--live-max", type=int, default=50, show_default=True, metavar="N", help="More hosts are refused."),
    click.option(
        "--live-port",
        type=click.IntRange(1, 65_535),
        default=443,
        show_default=True,
        metavar="PORT",
        help="Port of hosts that name none.",
    ),
    click.option("--live-proxy", metavar="env|URL", help="HTTP proxy; none is used unless asked for."),
    click.option(
        "--live-timeout",
        type=click.FloatRange(0.1, 600),
        default=10.0,
        show_default=True,
        metavar="SECONDS",
        help="For one connection.",
    ),
    click.option(
        "--live-budget",
        type=click.FloatRange(0.1, 86_400),
        default=120.0,
        show_default=True,
        metavar="SECONDS",
        help="For all hosts together.",
    ),
    click.option("--live-threads", type=int, default=16, show_default=True, metavar="N", help="Hosts at a time."),
    click.option("--live-strict", is_flag=True, help="Pins that could not be compared make the result incomplete."),
    click.option("--all-addresses", is_flag=True, help="Ask up to 8 addresses of each host."),
    click.option(
        "--allow-private", multiple=True, metavar="CIDR", help="Network that may be contacted although not public."
    ),
    click.option(
        "--resolve", multiple=True, metavar="HOST:PORT:ADDRESS", help="Address in place of the resolver's; repeatable."
    ),
)


def live_options(command: _F) -> _F:
    """Add the options to a command; it receives them as keyword arguments for `read_live`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def read_live(given: dict[str, Any], *, enabled: bool | None = None) -> LiveOptions:
    """Return the options as given; `enabled` replaces ``--live``."""
    return LiveOptions(
        enabled=given["live"] if enabled is None else enabled,
        dry_run=given["live_dry_run"],
        chains=given["chains"],
        record=given["record"],
        record_address=given["record_address"],
        refresh=given["refresh"],
        hosts=given["live_hosts"],
        allow=given["live_allow"],
        deny=given["live_deny"],
        max_hosts=given["live_max"],
        port=given["live_port"],
        private=given["allow_private"],
        resolve=given["resolve"],
        proxy=given["live_proxy"],
        threads=given["live_threads"],
        timeout_seconds=given["live_timeout"],
        budget_seconds=given["live_budget"],
        all_addresses=given["all_addresses"],
        trust_stores=given["trust_stores"],
        strict=given["live_strict"],
    )


def _by_reason(refused: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """Return the names with one reason side by side, each once."""
    found: dict[str, dict[str, None]] = {}
    for name, why in refused:
        found.setdefault(why, {})[name] = None
    return {why: list(names) for why, names in found.items()}


class StderrWatcher:
    """Says on standard error which hosts are contacted, and shows a bar while that takes a while."""

    def __init__(self, *, quiet: bool, dry_run: bool = False) -> None:
        self._quiet = quiet
        self._dry_run = dry_run
        self._total = self._done = 0

    def announce(self, hosts: Sequence[str], refused: Sequence[tuple[str, str]]) -> None:
        """List the hosts before the first connection."""
        self._total, self._done = len(hosts), 0
        if self._quiet and not self._dry_run:
            return
        verb = "Would contact" if self._dry_run else "Contacting"
        note(f"{verb} {len(hosts)} host{'' if len(hosts) == 1 else 's'}{':' if hosts else '.'}")
        for host in hosts[:_SHOWN_HOSTS]:
            note(f"  {host}")
        if len(hosts) > _SHOWN_HOSTS:
            note(f"  and {len(hosts) - _SHOWN_HOSTS} more")
        for why, names in _by_reason(refused).items():
            shown = ", ".join(name[:253] for name in names[:_SHOWN_REFUSED])
            more = f" and {len(names) - _SHOWN_REFUSED} more" if len(names) > _SHOWN_REFUSED else ""
            note(f"Not {shown}{more}: {why}")
        if hosts:
            note("Their operators, the name servers and the network on the way see that this machine asks.")

    def answered(self) -> None:
        """Move the bar."""
        self._done += 1
        if self._quiet or not sys.stderr.isatty() or not self._total:
            return
        filled = 30 * self._done // self._total
        end = "\n" if self._done == self._total else ""
        sys.stderr.write(f"\r[{'#' * filled}{'.' * (30 - filled)}] {self._done} of {self._total} hosts{end}")
        sys.stderr.flush()
