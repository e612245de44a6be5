"""Recall and precision of the pins that are found in ``sample_apks/pin-styles``, for each way to build its apps.

    python -m tools.recall [BUILD …]

The truth is each app's ``pins.yaml``, which was written from its source. A pin is found when the mechanism, the host,
the digest and whether it is in force are right; a pin that is known only while the app runs must be reported as not
resolved. Anything else that is reported is invented.
"""

import base64
import datetime as dt
import hashlib
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec
import yaml

from analyzer.model.pins import Activation, Algorithm, PinFact
from analyzer.options import ScanOptions
from analyzer.pipeline import scan

FOLDER = Path(__file__).resolve().parents[1] / "sample_apks" / "pin-styles"
_OPTIONS = ScanOptions(as_of=dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC), reproducible=True)


class Written(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Pins of one host, as the source has them."""

    style: str
    host: str | None
    keys: tuple[int, ...] = ()
    mechanism: str = "okhttp3"
    algorithm: Algorithm = "sha256"
    activation: Activation = "active"
    unresolved: bool = False
    shrunk: Literal["same", "absent"] = "same"


class Truth(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of a ``pins.yaml``."""

    package: str
    domain: str
    pins: tuple[Written, ...]


class Pin(msgspec.Struct, frozen=True, order=True):
    """A pin, as it can be compared."""

    host: str
    value: str
    """Digest in base64; empty when it is not known."""
    mechanism: str
    activation: str


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in one build."""

    build: str
    expected: frozenset[Pin]
    found: frozenset[Pin]
    styles: dict[Pin, str]
    repeated: list[Pin]
    """What was reported more than once."""

    @property
    def missed(self) -> list[Pin]:
        """Pins of the source that were not found as they are."""
        return sorted(self.expected - self.found)

    @property
    def invented(self) -> list[Pin]:
        """What was reported and is not in the source."""
        return sorted(self.found - self.expected)

    def row(self) -> str:
        """Return a line of the table."""
        resolvable = [pin for pin in self.expected if pin.value]
        unresolved = [pin for pin in self.expected if not pin.value]
        right = self.expected & self.found
        good = sum(1 for pin in right if pin.value)
        precision = 100 * len(right) / len(self.found) if self.found else 0.0
        return (
            f"{self.build:24} {good:3} of {len(resolvable):3} {100 * good / len(resolvable):6.1f} %"
            f" {len(right) - good:6} of {len(unresolved)} {len(self.invented):9} {precision:8.1f} %"
        )


HEADER = f"{'build':24} {'pins found':>10} {'recall':>8} {'unresolved':>12} {'invented':>9} {'precision':>10}"


def builds() -> dict[str, str]:
    """Return the builds that are there, with their apps' folders."""
    content = yaml.safe_load((FOLDER / "builds.yaml").read_text(encoding="utf-8"))
    return {name: str(build["app"]) for name, build in content.items() if _package(name).exists()}


def _package(build: str) -> Path:
    return FOLDER / "builds" / f"{build}.apk"


def load_truth(app: str) -> Truth:
    """Read what an app's source pins."""
    text = (FOLDER / app / "pins.yaml").read_text(encoding="utf-8")
    return msgspec.convert(yaml.safe_load(text), Truth)


def digest_of(package: str, key: int, algorithm: Algorithm) -> str:
    """Return the invented digest of a key, in base64."""
    return base64.b64encode(hashlib.new(algorithm, f"{package} key {key}".encode()).digest()).decode("ascii")


def written_pins(truth: Truth, *, shrunk: bool) -> dict[Pin, str]:
    """Return the pins that a build has, with the style of each."""
    found: dict[Pin, str] = {}
    for one in truth.pins:
        if shrunk and one.shrunk == "absent":
            continue
        host = "" if one.host is None else f"{one.host}.{truth.domain}"
        values = [""] if one.unresolved else [digest_of(truth.package, key, one.algorithm) for key in one.keys]
        found.update({Pin(host, value, one.mechanism, one.activation): one.style for value in values})
    return found


def reported_pins(facts: Iterable[PinFact]) -> list[Pin]:
    """Return facts as they can be compared."""
    return [
        Pin(
            fact.host or "",
            base64.b64encode(fact.digest).decode("ascii") if fact.digest is not None else "",
            fact.mechanism,
            fact.activation,
        )
        for fact in facts
    ]


@cache
def measure(build: str) -> Measured:
    """Scan one build and compare."""
    truth = load_truth(builds()[build])
    styles = written_pins(truth, shrunk="-d8" not in build)
    facts = scan(_package(build), _OPTIONS).facts
    found = [] if facts is None else reported_pins(facts.pins)
    repeated = sorted(pin for pin, times in Counter(found).items() if times > 1)
    return Measured(build=build, expected=frozenset(styles), found=frozenset(found), styles=styles, repeated=repeated)


def main(arguments: Sequence[str]) -> int:
    """Print the table, and below it what is missed or invented; returns 1 when there is any."""
    measured = [measure(build) for build in arguments or builds()]
    print(HEADER, *(one.row() for one in measured), sep="\n")
    for one in measured:
        for what, pins in (("missed", one.missed), ("invented", one.invented), ("repeated", one.repeated)):
            for pin in pins:
                style = one.styles.get(pin, "")
                print(f"{one.build}: {what}: {pin.host} {pin.value or '?'} {pin.mechanism} {pin.activation} {style}")
    totals = Counter(bool(one.missed or one.invented) for one in measured)
    return 1 if totals[True] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
