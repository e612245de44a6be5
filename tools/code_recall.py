"""Recall and precision of what is said about an app's own TLS code, for each language and way to build.

    python -m tools.code_recall

The truth is the ``expected.yaml`` of the samples named below, written from their sources: what each class and each call
does, and each finding with its severity. Something is right when all of that is as written; what else is said is
invented.
"""

import sys
from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec

from analyzer.options import ScanOptions
from analyzer.pipeline import scan
from tests.samples import expectation

GROUPS = {
    "callbacks, Java, D8": ("tls-callbacks", "tls-callbacks-more"),
    "callbacks, Java, R8": ("tls-callbacks-r8", "tls-callbacks-r8-next", "tls-callbacks-more-r8"),
    "callbacks, Kotlin, D8": ("tls-callbacks-kotlin",),
    "callbacks, Kotlin, R8": ("tls-callbacks-kotlin-r8",),
    "sockets and API uses, Java, D8": ("tls-apis",),
    "sockets and API uses, Java, R8": ("tls-apis-r8",),
    "sockets and API uses, Kotlin, D8": ("tls-apis-kotlin",),
    "sockets and API uses, Kotlin, R8": ("tls-apis-kotlin-r8",),
}
"""The samples of each group."""


class Tally(msgspec.Struct, frozen=True):
    """How much of one kind was expected and found."""

    expected: int = 0
    right: int = 0
    invented: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.expected + other.expected, self.right + other.right, self.invented + other.invented)

    def __str__(self) -> str:
        recall = 100 * self.right / self.expected if self.expected else 0.0
        said = self.right + self.invented
        precision = 100 * self.right / said if said else 0.0
        return f"{self.right:4} of {self.expected:4} {recall:6.1f} % {self.invented:4} {precision:6.1f} %"


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in one group."""

    facts: Tally = Tally()
    """Classes with what they do, and calls with their arguments."""
    findings: Tally = Tally()
    mistakes: tuple[str, ...] = ()


HEADER = f"{'':34}{'classes and calls':>14}  recall  more  precision   {'findings':>12}  recall  more  precision"


@cache
def measure(group: str) -> Measured:
    """Scan the samples of a group, and compare."""
    facts, findings = Tally(), Tally()
    mistakes: list[str] = []
    for sample in GROUPS[group]:
        folder = expectation.SAMPLES / sample
        expected = expectation.load(folder)
        result = scan(expectation.package_of(folder), ScanOptions(as_of=expected.instant, reproducible=True))
        pairs: list[tuple[Counter[Any], Counter[Any]]] = [
            expectation.callback_counts(result, expected),
            expectation.api_counts(result, expected),
        ]
        for wanted, found in pairs:
            facts += Tally(wanted.total(), (wanted & found).total(), (found - wanted).total())
            mistakes += [f"{sample}: missed {one}" for one in (wanted - found).elements()]
            mistakes += [f"{sample}: invented {one}" for one in (found - wanted).elements()]
        unmet, more = expectation.unmatched(result.findings, expected.findings)
        count = len(expected.findings.must)
        findings += Tally(count, count - len(unmet), len(more))
        mistakes += [f"{sample}: missed {one}" for one in unmet]
        mistakes += [f"{sample}: invented {one.rule_id} {one.subject}" for one in more]
    return Measured(facts=facts, findings=findings, mistakes=tuple(mistakes))


def main(arguments: Sequence[str] = ()) -> int:
    """Print the table, and below it each mistake; returns 1 when there is any."""
    measured = {group: measure(group) for group in arguments or GROUPS}
    print(HEADER)
    for group, one in measured.items():
        print(f"{group:34}{one.facts}   {one.findings}")
    mistakes = Counter(line for one in measured.values() for line in one.mistakes)
    for line in mistakes:
        print(line)
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
