"""Apps that bring the real OkHttp, plain, shrunk and renamed: nothing is said against the library's own code."""

import pytest

from analyzer.extractors.code.okhttp_classes import OKHTTP
from analyzer.options import ScanOptions
from analyzer.pipeline import scan
from tests import factories
from tests.samples import expectation

BUILDS = sorted(path.relative_to(expectation.SAMPLES).as_posix() for path in expectation.SAMPLES.glob("*/builds/*.apk"))


@pytest.mark.parametrize("build", BUILDS)
def test_the_verifier_of_okhttp_decides_by_the_certificate_and_is_no_finding(build: str) -> None:
    result = scan(expectation.SAMPLES / build, ScanOptions(as_of=factories.AS_OF, reproducible=True))
    assert result.facts is not None
    judged = {fact.behaviour for fact in result.facts.callbacks if fact.owner == OKHTTP}
    assert judged <= {"custom", "delegate"}
    blamed = [finding.rule_id for finding in result.findings if finding.owner == OKHTTP]
    assert {rule.partition("-")[0] for rule in blamed}.isdisjoint({"HV", "TM", "WEBVIEW"})


def test_the_builds_hold_the_verifier_by_name_and_under_other_names() -> None:
    assert {"java-d8.apk", "kotlin-d8-okhttp4.apk", "kotlin-r8-repackaged-okhttp4.apk"} <= {
        build.rpartition("/")[2] for build in BUILDS
    }
