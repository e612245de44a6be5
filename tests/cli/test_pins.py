"""``pinscope pins``: the pins of apps as a table and as JSON, through the real command line."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from analyzer.cli import run

ROOT = Path(__file__).parents[2]
AS_OF = ("--as-of", "2026-11-01")


def sample(name: str) -> str:
    return str(ROOT / "sample_apks" / name / f"{name}.apk")


def table(capsysbinary: pytest.CaptureFixture[bytes], *targets: str) -> str:
    assert run(["pins", *targets, *AS_OF]) == 0
    return capsysbinary.readouterr().out.decode()


def document(capsysbinary: pytest.CaptureFixture[bytes], *targets: str) -> dict[str, Any]:
    assert run(["pins", *targets, *AS_OF, "--format", "json"]) == 0
    answer = json.loads(capsysbinary.readouterr().out)
    assert isinstance(answer, dict)
    return answer


def test_the_table_fits_80_columns_and_keeps_hosts_and_pins_whole_when_piped() -> None:
    command = [sys.executable, "-m", "analyzer", "pins", sample("okhttp-pinned-r8"), *AS_OF]
    piped = subprocess.run(command, capture_output=True, check=True, cwd=ROOT).stdout.decode()
    assert "\x1b" not in piped and max(map(len, piped.splitlines())) <= 80
    assert "api.okshrunk.example.com" in piped
    assert "sha256/+t1vSqkMRoHxbmECHtpUQxOVgce2qfun6yVCn0FepQY=" in piped
    assert "OkHttp" in piped and "Enforced" in piped and "first party" in piped
    assert "any certificate of the validated chain" in piped
    assert "← org.example.okshrunk.PinnedApp.onCreate, classes.dex" in " ".join(piped.split())


def test_json_has_the_keys_of_the_reports_pins(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    answer = document(capsysbinary, sample("trustkit"))
    assert run(["scan", sample("trustkit"), *AS_OF, "--format", "json", "--fail-on", "never"]) == 0
    report = json.loads(capsysbinary.readouterr().out)
    assert [{key: value for key, value in pin.items() if key != "target"} for pin in answer["pins"]] == report["facts"][
        "pins"
    ]
    assert {pin["target"] for pin in answer["pins"]} == {0}
    assert answer["schema_version"] == report["schema_version"] and answer["as_of"] == "2026-11-01T12:00:00Z"


def test_several_targets_share_one_document_in_the_order_given(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    answer = document(capsysbinary, sample("clean-modern"), sample("okhttp-pinned"))
    assert [target["package"] for target in answer["targets"]] == ["org.example.clean", "org.example.okpins"]
    assert {pin["target"] for pin in answer["pins"]} == {1}


def test_the_table_tells_what_keeps_pins_from_being_enforced(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    said = table(capsysbinary, *map(sample, ("trustkit", "never-matching", "pins-expired", "policy-invalid")))
    for words in ("Only reported, not", "Can match no host", "Expired on 2026-01-15", "Refused by Android"):
        assert words in said


def test_publicly_known_keys_and_samples_are_named(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    said = " ".join(table(capsysbinary, sample("pins-placeholder")).split())
    assert "First example pin of Android's network" in said
    assert "placeholder: all of its 32 bytes are 0x00" in said
    assert "Placeholder pins only" in said


def test_an_app_without_pins_says_so(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert "No pins were found." in table(capsysbinary, sample("clean-modern"))


def test_findings_never_change_the_exit_code_but_an_unreadable_target_does(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run(["pins", sample("pins-expired"), *AS_OF]) == 0
    broken = tmp_path / "broken.apk"
    broken.write_bytes(b"PK\x03\x04 not an app")
    assert run(["pins", str(broken), sample("pins-expired"), *AS_OF, "--format", "json"]) == 3
    captured = capsysbinary.readouterr()
    assert "incomplete (exit code 3)" in captured.err.decode()
    answer = json.loads(captured.out[captured.out.index(b'{\n  "schema_version"') :])
    assert [target["exit_code"] for target in answer["targets"]] == [3, 0]
    assert {pin["target"] for pin in answer["pins"]} == {1}
    assert any(gap["target"] == 0 for gap in answer["gaps"])


@pytest.mark.parametrize(
    "arguments",
    [["missing.apk"], [sample("trustkit"), "--format", "xml"], [sample("trustkit"), "--as-of", "soon"], []],
)
def test_wrong_usage_is_said_before_anything_is_read(
    arguments: list[str], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run(["pins", *arguments]) == 2
    captured = capsysbinary.readouterr()
    assert captured.out == b"" and len(captured.err.decode().splitlines()) == 1
