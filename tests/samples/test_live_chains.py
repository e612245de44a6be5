"""The sample with recorded chains: one host for each of the main verdicts, without a network."""

import datetime as dt
from collections import defaultdict
from pathlib import Path

import pytest

from analyzer.model import ScanResult
from analyzer.options import LiveOptions, ScanOptions
from analyzer.pipeline import scan

FOLDER = Path(__file__).parents[2] / "sample_apks" / "live-chains"
AS_OF = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def result() -> ScanResult:
    live = LiveOptions(chains=FOLDER / "chains", trust_stores=(f"sample={FOLDER / 'roots.pem'}",))
    return scan(FOLDER / "live-chains.apk", ScanOptions(as_of=AS_OF, live=live))


def test_every_host_has_its_verdict(result: ScanResult) -> None:
    assert result.facts is not None
    verdicts = {(check.host or "").partition(".")[0]: (check.status, check.reason) for check in result.facts.pin_checks}
    assert verdicts == {
        "api": ("match", None),
        "cert": ("no-match", None),
        "expired": ("match", None),
        "extra": ("no-match", None),
        "gone": ("unknown", "not-recorded"),
        "moved": ("no-match", None),
        "partly": ("match", None),
        "short": ("match", None),
    }


def test_every_host_has_the_findings_that_belong_to_it(result: ScanResult) -> None:
    found: dict[str, set[str]] = defaultdict(set)
    for finding in result.findings:
        found[finding.subject.partition(".")[0]].add(f"{finding.rule_id} {finding.severity.value}")
    assert dict(found) == {
        "api": {"LIVE-UNSEEN-PIN info"},
        "cert": {"LIVE-NEAR-MISS critical"},
        "expired": {"LIVE-SET-EXPIRED high"},
        "extra": {"LIVE-SENT-NOT-USED critical"},
        "gone": {"LIVE-UNREACHABLE info"},
        "moved": {"LIVE-NO-MATCH critical"},
        "partly": {"LIVE-ANCHOR-ONLY low", "LIVE-INCOMPLETE medium", "LIVE-UNSEEN-PIN info"},
        "short": {"LIVE-LEAF-KEY high", "LIVE-UNSEEN-PIN info"},
    }


def test_the_first_day_on_which_the_app_breaks_is_that_of_what_matches(result: ScanResult) -> None:
    assert result.facts is not None
    days = {check.host: check.breaks_on for check in result.facts.pin_checks}
    assert days["short.live.example.com"] == "2026-11-05"
    assert days["moved.live.example.com"] == "2026-11-01"
    # The pins of this one end before the certificate that they match does.
    assert days["api.live.example.com"] is None


def test_the_finding_that_replaces_one_without_chains_keeps_its_fingerprint(result: ScanResult) -> None:
    without = scan(FOLDER / "live-chains.apk", ScanOptions(as_of=AS_OF))
    (before,) = [finding for finding in without.findings if finding.rule_id == "NSC-PIN-EXPIRED"]
    (after,) = [finding for finding in result.findings if finding.rule_id == "LIVE-SET-EXPIRED"]
    assert before.fingerprint == after.fingerprint
    assert not [finding for finding in result.findings if finding.rule_id == "NSC-PIN-EXPIRED"]
