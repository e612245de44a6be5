"""Fingerprints of one app in two versions, both merged and renamed by R8: `tls-callbacks-r8` and what came next.

The second version has more classes, puts its callbacks to use in another order, has one defect less (`SuffixWithoutDot`
is right now) and one more (`AcceptsShortChains`).
"""

import datetime as dt
import re
import zipfile
from collections import Counter

import pytest

from analyzer.dataflow.evaluate import Evaluator
from analyzer.dex import DexMethod, Program
from analyzer.extractors.code.code_digest import digest_of
from analyzer.extractors.code.merged_classes import discriminator_of
from analyzer.model import Finding, ScanResult
from analyzer.options import ScanOptions
from analyzer.pipeline import scan
from tests.samples.expectation import SAMPLES

FIRST, SECOND = "tls-callbacks-r8", "tls-callbacks-r8-next"
_MAPPED = re.compile(r"^(\S+) -> (\S+):$", re.MULTILINE)


@pytest.fixture(scope="module")
def results() -> tuple[ScanResult, ScanResult]:
    options = ScanOptions(as_of=dt.datetime(2026, 1, 15, tzinfo=dt.UTC))
    first, second = (scan(SAMPLES / name / f"{name}.apk", options) for name in (FIRST, SECOND))
    return first, second


def test_the_builds_give_other_names_to_most_classes() -> None:
    first, second = (dict(_MAPPED.findall((SAMPLES / name / "mapping.txt").read_text())) for name in (FIRST, SECOND))
    renamed = {name for name, short in first.items() if name != short and name in second}
    assert len([name for name in renamed if first[name] != second[name]]) > len(renamed) / 2


def test_most_findings_are_about_classes_whose_names_changed(results: tuple[ScanResult, ScanResult]) -> None:
    first, second = ({finding.fingerprint: finding.subject for finding in one.findings} for one in results)
    changed = [key for key, subject in first.items() if key in second and second[key] != subject]
    assert len(changed) >= 15


def test_what_is_still_wrong_in_the_next_version_keeps_its_fingerprint(results: tuple[ScanResult, ScanResult]) -> None:
    first, second = results
    gone = Counter(one.fingerprint for one in first.findings) - Counter(one.fingerprint for one in second.findings)
    assert [finding.rule_id for finding in first.findings if finding.fingerprint in gone] == ["HV-SUBSTRING"]


def test_only_what_is_wrong_since_the_next_version_is_new(results: tuple[ScanResult, ScanResult]) -> None:
    first, second = results
    new = Counter(one.fingerprint for one in second.findings) - Counter(one.fingerprint for one in first.findings)
    assert [finding.rule_id for finding in second.findings if finding.fingerprint in new] == ["TM-ACCEPT-ALL"]


def test_a_fingerprint_stays_with_what_the_code_does(results: tuple[ScanResult, ScanResult]) -> None:
    def told(finding: Finding) -> tuple[object, ...]:
        # Classes, fields and methods of the app have names of one letter.
        snippet = re.sub(r"\b[a-z]\b", "~", finding.locations[0].snippet or "") if finding.locations else ""
        return finding.rule_id, finding.severity, finding.confidence, snippet

    first, second = ({finding.fingerprint: told(finding) for finding in one.findings} for one in results)
    shared = first.keys() & second.keys()
    assert {key: first[key] for key in shared} == {key: second[key] for key in shared}


def test_findings_of_one_app_are_distinct(results: tuple[ScanResult, ScanResult]) -> None:
    for result in results:
        assert len({finding.fingerprint for finding in result.findings}) == len(result.findings)


def dex(name: str) -> bytes:
    with zipfile.ZipFile(SAMPLES / name / f"{name}.apk") as package:
        return package.read("classes.dex")


def digests(program: Program) -> list[str | None]:
    methods: list[DexMethod] = [
        method for method in program.methods_named("verify") if method.ref.owner.startswith(("Le;", "Li;"))
    ]
    evaluator = Evaluator(program)
    found = []
    for method in methods:
        cases = discriminator_of(program, evaluator, method)
        for case in (None,) if cases is None else cases.cases:
            found.append(digest_of(program, [method], None if cases is None else cases.field, case))
    return found


def test_the_order_of_dex_files_changes_no_digest() -> None:
    # The other app's classes have names of their own.
    app, other = dex(FIRST), dex("okhttp-pinned")
    alone = digests(Program.build([("classes.dex", app)]))
    behind = digests(Program.build([("classes.dex", other), ("classes2.dex", app)]))
    assert len(alone) > 5
    assert behind == alone


def test_code_that_does_something_else_has_another_digest() -> None:
    found = digests(Program.build([("classes.dex", dex(FIRST))]))
    assert len(set(found)) == len(found)
