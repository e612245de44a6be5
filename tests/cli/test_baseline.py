"""``pinscope baseline`` and ``scan --baseline``, through the command line."""

import json
from pathlib import Path

import pytest

from analyzer.cli import run

SAMPLES = Path(__file__).parents[2] / "sample_apks"
EXPIRED = SAMPLES / "pins-expired" / "pins-expired.apk"
RELAXED = SAMPLES / "cleartext-user-ca" / "cleartext-user-ca.apk"
AS_OF = ["--as-of", "2026-11-01"]
FILE = Path("pinscope-baseline.json")


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_what_the_baseline_knows_does_not_block(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", str(EXPIRED), *AS_OF, "--quiet"]) == 1
    assert run(["baseline", "write", str(EXPIRED), *AS_OF]) == 0
    assert run(["scan", str(EXPIRED), *AS_OF, "--baseline", str(FILE), "--format", "text"]) == 0
    out = capsys.readouterr().out
    assert "findings known to the baseline, 0 new" in out and "known]" in out


def test_a_finding_of_another_app_is_new(capsys: pytest.CaptureFixture[str]) -> None:
    run(["baseline", "write", str(EXPIRED), *AS_OF])
    assert run(["scan", str(RELAXED), *AS_OF, "--baseline", str(FILE), "--format", "json=r.json"]) == 1
    assert "new findings of severity high or higher" in capsys.readouterr().err
    assert json.loads(Path("r.json").read_text())["gate"]["baseline"]["known"] == 0


def test_a_baseline_is_not_replaced_by_accident(capsys: pytest.CaptureFixture[str]) -> None:
    FILE.write_text("precious")
    assert run(["baseline", "write", str(EXPIRED), *AS_OF]) == 2
    assert "is there already" in capsys.readouterr().err
    assert FILE.read_text() == "precious"


def test_update_leaves_out_what_is_gone_and_adds_what_is_new(capsys: pytest.CaptureFixture[str]) -> None:
    run(["baseline", "write", str(EXPIRED), "--as-of", "2020-01-01"])
    before = json.loads(FILE.read_text())
    assert run(["baseline", "update", str(EXPIRED), *AS_OF, "--prune"]) == 0
    pruned = json.loads(FILE.read_text())["apps"]["org.example.expired"]
    assert all(entry in before["apps"]["org.example.expired"] for entry in pruned)
    assert run(["baseline", "update", str(EXPIRED), *AS_OF]) == 0
    assert run(["scan", str(EXPIRED), *AS_OF, "--baseline", str(FILE), "--quiet"]) == 0
    assert "added" in capsys.readouterr().err


def test_show_lists_the_entries(capsys: pytest.CaptureFixture[str]) -> None:
    run(["baseline", "write", str(EXPIRED), str(RELAXED), *AS_OF])
    assert run(["baseline", "show"]) == 0
    out = capsys.readouterr().out
    assert "org.example.expired: " in out and "high      NSC-PIN-EXPIRED: " in out


def test_nothing_is_written_when_nothing_could_be_read() -> None:
    Path("x.apk").write_bytes(b"no app")
    assert run(["baseline", "write", "x.apk", *AS_OF]) == 3
    assert not FILE.exists()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "there is no such baseline"),
        (b"{", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b" " * (9 * 1024 * 1024), "more than a baseline may have"),
        ("folder", "not a file"),
    ],
)
def test_a_bad_baseline_is_one_line_and_exit_code_2(
    content: bytes | str | None, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if isinstance(content, bytes):
        FILE.write_bytes(content)
    elif content is not None:
        FILE.mkdir()
    assert run(["scan", str(EXPIRED), *AS_OF, "--baseline", str(FILE)]) == 2
    err = capsys.readouterr().err
    assert says in err and err.count("\n") == 1
    assert not Path("reports").exists()


def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(["baseline", "write", str(EXPIRED), *AS_OF])
    before = FILE.read_bytes()

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert run(["baseline", "update", str(EXPIRED), *AS_OF]) == 2
    assert "No space left on device" in capsys.readouterr().err
    assert FILE.read_bytes() == before
    assert [path.name for path in Path().iterdir()] == [FILE.name]
