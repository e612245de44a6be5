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
