"""Many targets: one that fails is a result like the others."""

import datetime as dt
from pathlib import Path

import pytest

from analyzer.batch.runner import run
from analyzer.errors import UsageError
from analyzer.model import ScanResult
from analyzer.options import ScanOptions
from analyzer.pipeline import Engine

OPTIONS = ScanOptions(as_of=dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC))


def test_a_bug_in_one_target_is_a_result_of_its_own_and_the_next_is_scanned(tmp_path: Path) -> None:
    first, second = tmp_path / "first.apk", tmp_path / "second.apk"
    first.write_bytes(b"one")
    second.write_bytes(b"two")

    def broken(path: Path, options: ScanOptions, engine: Engine) -> ScanResult:
        raise ZeroDivisionError("oops")

    results = list(run([first, second], OPTIONS, scan_target=broken))
    assert [Path(result.target.path).name for result in results] == ["first.apk", "second.apk"]
    for result in results:
        assert result.app is None
        assert result.gate.exit_code == 4
        assert [(gap.reason, gap.incomplete) for gap in result.gaps] == [("failure", True)]
        assert "ZeroDivisionError: oops" in result.gaps[0].detail


def test_a_missing_target_is_said_before_anything_is_scanned(tmp_path: Path) -> None:
    present = tmp_path / "present.apk"
    present.write_bytes(b"one")
    with pytest.raises(UsageError, match=r"absent\.apk: no such file or folder"):
        list(run([present, tmp_path / "absent.apk"], OPTIONS))
