"""What is found of the clients in ``sample_apks/client-styles``, for each way to build its app.

    python -m tools.client_recall [BUILD …]

The truth is the app's ``clients.yaml``, which was written from its source: pins that interceptors compare, hosts with
the clients that contact them, settings of TLS and redirects, and clients by what they are given. Names of classes are
left out of the comparison; everything else must be the same in every build.
"""

import datetime as dt
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec
import yaml

from analyzer.model.facts import Facts
from analyzer.model.pins import Activation, CheckedAgainst, Mechanism
from analyzer.options import ScanOptions
from analyzer.pipeline import scan
from tools.recall import digest_of

FOLDER = Path(__file__).resolve().parents[1] / "sample_apks" / "client-styles"
_OPTIONS = ScanOptions(as_of=dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC), reproducible=True)
_LIBRARY = "sdk:okhttp"


class _Times(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    times: int = 1
    may: int = 0
    """How often more it may be there."""


class WrittenPin(_Times, frozen=True, kw_only=True):
    """A pin, as the source has it."""

    key: int
    mechanism: Mechanism
    checked_against: CheckedAgainst
    host: str | None = None
    activation: Activation = "active"


class WrittenSetting(_Times, frozen=True, kw_only=True):
    """A call, as the source has it."""

    api: str
    arguments: tuple[str | None, ...] = ()
    activation: Activation = "active"


class WrittenClient(_Times, frozen=True, kw_only=True):
    """Clients that the source makes."""

    pinned: bool | None = None
    own_socket_factory: bool = False
    own_verifier: bool = False
    derived: bool = False


class Truth(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of a ``clients.yaml``."""

    package: str
    domain: str
    pins: tuple[WrittenPin, ...]
    hosts: dict[Literal["okhttp", "okhttp, okhttp-plain", "none"], tuple[str, ...]]
    settings: tuple[WrittenSetting, ...]
    clients: tuple[WrittenClient, ...]


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in one build."""

    build: str
    expected: Counter[str]
    allowed: Counter[str]
    """What may be there besides."""
    found: Counter[str]

    @property
    def missed(self) -> list[str]:
        """What the source has and was not found as it is."""
        return sorted((self.expected - self.found).elements())

    @property
    def invented(self) -> list[str]:
        """What was found and is not in the source."""
        return sorted((self.found - self.expected - self.allowed).elements())

    def row(self) -> str:
        """Return a line of the table."""
        wanted = self.expected.total()
        right = wanted - len(self.missed)
        return f"{self.build:30} {right:3} of {wanted:3} {100 * right / wanted:6.1f} % {len(self.invented):9}"


HEADER = f"{'build':30} {'facts found':>10} {'recall':>8} {'invented':>9}"


def builds() -> dict[str, str]:
    """Return the builds that are there, with their apps' folders."""
    content = yaml.safe_load((FOLDER / "builds.yaml").read_text(encoding="utf-8"))
    return {name: str(build["app"]) for name, build in content.items() if package_of(name).exists()}


def package_of(build: str) -> Path:
    """Return the package of a build."""
    return FOLDER / "builds" / f"{build}.apk"


def load_truth(app: str) -> Truth:
    """Read what an app's source does."""
    text = (FOLDER / app / "clients.yaml").read_text(encoding="utf-8")
    return msgspec.convert(yaml.safe_load(text), Truth)


def written(truth: Truth) -> Iterator[tuple[str, _Times]]:
    """Yield what a build has, as it can be compared, with how often."""
    for pin in truth.pins:
        host = "every host" if pin.host is None else f"{pin.host}.{truth.domain}"
        digest = digest_of(truth.package, pin.key, "sha256")
        yield f"pin {pin.mechanism} {host} {digest} {pin.activation} {pin.checked_against}", pin
    for client, names in truth.hosts.items():
        yield from ((f"host {name}.{truth.domain} {client}", _Times()) for name in names)
    for setting in truth.settings:
        yield f"setting {setting.api} {setting.arguments} {setting.activation}", setting
    for one in truth.clients:
        given = None if one.derived else (one.own_socket_factory, one.own_verifier)
        yield f"client {one.pinned} {given}", one


def reported(facts: Facts) -> Iterator[str]:
    """Yield the facts of a scan as they can be compared."""
    for pin in facts.pins:
        digest = msgspec.to_builtins(pin)["digest"] or "?"
        yield f"pin {pin.mechanism} {pin.host or 'every host'} {digest} {pin.activation} {pin.checked_against}"
    for host in facts.hosts:
        yield f"host {host.name} {host.client or 'none'}"
    for use in facts.api_uses:
        if use.api.startswith("okhttp-") and use.owner != _LIBRARY:
            yield f"setting {use.api} {use.arguments} {use.activation}"
    for client in facts.clients:
        given = None if client.derived else (client.own_socket_factory, client.own_verifier)
        yield f"client {client.pinned} {given}"


@cache
def measure(build: str) -> Measured:
    """Scan one build and compare."""
    truth = load_truth(builds()[build])
    expected: Counter[str] = Counter()
    allowed: Counter[str] = Counter()
    for text, times in written(truth):
        expected[text] += times.times
        allowed[text] += times.may
    facts = scan(package_of(build), _OPTIONS).facts
    found = Counter(reported(facts)) if facts is not None else Counter()
    return Measured(build=build, expected=expected, allowed=allowed, found=found)


def main(arguments: Sequence[str]) -> int:
    """Print the table, and below it what is missed or invented; returns 1 when there is any."""
    measured = [measure(build) for build in arguments or builds()]
    print(HEADER, *(one.row() for one in measured), sep="\n")
    for one in measured:
        print(*(f"{one.build}: missed: {text}" for text in one.missed), sep="\n", end="\n" if one.missed else "")
        print(*(f"{one.build}: invented: {text}" for text in one.invented), sep="\n", end="\n" if one.invented else "")
    return 1 if any(one.missed or one.invented for one in measured) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
