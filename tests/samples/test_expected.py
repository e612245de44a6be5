"""Every sample app, scanned from its package, shows what its ``expected.yaml`` says and nothing it forbids."""

from pathlib import Path

import pytest

from analyzer.options import ScanOptions
from analyzer.pipeline import scan
from tests.samples import expectation


@pytest.mark.parametrize("folder", expectation.sample_folders(), ids=lambda folder: folder.name)
def test_a_scan_of_the_sample_says_what_is_expected(folder: Path) -> None:
    expected = expectation.load(folder)

    result = scan(expectation.package_of(folder), ScanOptions(as_of=expected.instant, reproducible=True))

    found = expectation.differences(result, expected)
    assert not found, "\n".join(["", *found])


def test_an_expectation_that_does_not_fit_is_noticed() -> None:
    pinned = expectation.SAMPLES / "pinned-right"
    other = expectation.load(expectation.SAMPLES / "pins-expired")

    result = scan(expectation.package_of(pinned), ScanOptions(as_of=other.instant, reproducible=True))

    found = "\n".join(expectation.differences(result, other))
    assert "exit code 0, expected 1" in found
    assert "app.package is 'org.example.pinned', expected 'org.example.expired'" in found
    assert "pay.expired.example.com at API 28: pins is ()" in found
    assert "missing finding rule NSC-PIN-EXPIRED, subject chat.expired.example.com" in found
    assert "missing strength rule NSC-PINNED, subject pay.expired.example.com" in found


def test_findings_that_nobody_foresaw_and_forbidden_ones_are_noticed() -> None:
    relaxed = expectation.SAMPLES / "cleartext-user-ca"
    other = expectation.load(expectation.SAMPLES / "clean-modern")

    result = scan(expectation.package_of(relaxed), ScanOptions(as_of=other.instant, reproducible=True))

    found = "\n".join(expectation.differences(result, other))
    assert "unforeseen finding: NSC-USER-CA high certain [all other hosts]" in found
    assert "forbidden finding: NSC-BASE-CLEARTEXT high certain [all other hosts]" in found
