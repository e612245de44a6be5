"""``pinscope scan``: reports, exit codes and messages, on the sample apps."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from analyzer.cli import run
from analyzer.ruleset.loader import rules_folder

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "sample_apks"
CLEAN = SAMPLES / "clean-modern" / "clean-modern.apk"
EXPIRED = SAMPLES / "pins-expired" / "pins-expired.apk"
AS_OF = ["--as-of", "2026-11-01"]


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    # A rule that a scan without a network can never answer.
    text = (rules_folder() / "checks" / "pin" / "PIN-SHA1.yaml").read_text(encoding="utf-8")
    text = text.replace("id: PIN-SHA1", "id: ASK-CHAINS").replace(
        "for_each: pin_set", "needs: [chain]\nfor_each: pin_set"
    )
    text = re.sub(r"^name: .*$", "name: ask-chains", text, flags=re.MULTILINE)
    (tmp_path / "unanswered").mkdir()
    (tmp_path / "unanswered" / "ASK-CHAINS.yaml").write_text(text, encoding="utf-8")


def test_without_a_format_the_terminal_view_is_printed_and_the_html_report_written(
    capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> None:
    code = run(["scan", str(EXPIRED), *AS_OF])
    out = capsysbinary.readouterr().out.decode()
    (report,) = (tmp_path / "reports").glob("*.html")
    assert code == 1
    assert f"HTML report: reports/{report.name}" in out.replace("\\", "/")
    assert "NSC-PIN-EXPIRED" in out
    assert "\x1b" not in out and max(map(len, out.splitlines())) <= 80
    assert report.read_text().lower().startswith("<!doctype html>")


def test_json_goes_to_the_named_file_and_nothing_to_standard_output(
    capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> None:
    assert run(["scan", str(EXPIRED), *AS_OF, "--format", "json", "--output", "out.json"]) == 1
    assert capsysbinary.readouterr().out == b""
    document = json.loads((tmp_path / "out.json").read_text())
    assert document["gate"]["exit_code"] == 1
    assert "NSC-PIN-EXPIRED" in {finding["rule_id"] for finding in document["findings"]}


def test_one_report_on_standard_output_is_nothing_but_the_report(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    run(["scan", str(CLEAN), *AS_OF, "--format", "sarif"])
    assert json.loads(capsysbinary.readouterr().out)["version"] == "2.1.0"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([str(EXPIRED), "--format", "json=x.json"], "blocked (exit code 1): "),
        ([str(CLEAN), "--format", "json=x.json"], "pass (exit code 0): "),
        ([str(CLEAN), "--quiet", "--rules", "unanswered", "--require", "ASK-CHAINS"], "incomplete (exit code 3): "),
    ],
)
def test_the_decision_is_said_on_standard_error_when_no_view_shows_it(
    capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    run(["scan", *arguments, *AS_OF])
    assert says in capsys.readouterr().err


def test_quiet_says_nothing_where_nothing_went_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", str(EXPIRED), "--quiet", *AS_OF]) == 1
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_a_crossed_limit_is_named(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    run(["scan", str(CLEAN), *AS_OF, "--limit", "xml_bytes=10", "--format", "json"])
    (gap, *_) = json.loads(capsysbinary.readouterr().out)["gaps"]
    assert gap["reason"] == "limit" and "(limit xml_bytes)" in gap["detail"]


def test_several_reports_in_one_run(tmp_path: Path) -> None:
    formats = [f"--format={name}=out/report.{name}" for name in ("html", "json", "sarif", "text")]
    run(["scan", str(CLEAN), *AS_OF, *formats])
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "report.html",
        "report.json",
        "report.sarif",
        "report.text",
    ]


def test_several_targets_write_one_report_each(tmp_path: Path) -> None:
    code = run(["scan", str(CLEAN), str(EXPIRED), *AS_OF, "--format", "json=out", "--format", "sarif=all.sarif"])
    assert code == 1
    assert len(list((tmp_path / "out").glob("*.json"))) == 2
    (one_run,) = json.loads((tmp_path / "all.sarif").read_text())["runs"]
    assert len(one_run["artifacts"]) == 2, "code scanning refuses several runs of one tool"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([str(CLEAN)], 0),
        ([str(EXPIRED)], 1),
        ([str(EXPIRED), "--fail-on", "never"], 0),
        ([str(EXPIRED), "--fail-on", "critical"], 0),
        ([str(EXPIRED), "--fail-on", "high", "--min-confidence", "certain"], 1),
        ([str(CLEAN), "--rules", "unanswered", "--require", "ASK-CHAINS"], 3),
        ([str(CLEAN), "--require", "NSC-PIN-EXPIRED"], 0),
        ([str(CLEAN), "--limit", "entries=1"], 3),
        ([str(CLEAN), str(EXPIRED), "--limit", "xml_bytes=10"], 3),
    ],
)
def test_the_exit_code_is_the_decision_whatever_the_formats(arguments: list[str], code: int) -> None:
    for formats in ([], ["--format", "json=x.json"], ["--quiet"]):
        outputs = ["--format", "json=x"] if len([a for a in arguments if a.endswith(".apk")]) > 1 else formats
        assert run(["scan", *arguments, *AS_OF, *outputs]) == code


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["absent.apk"], "absent.apk: no such file or folder"),
        ([str(CLEAN), "--format", "pdf"], "unknown format 'pdf'"),
        ([str(CLEAN), "--format", "json", "--format", "sarif"], "only one report can go to standard output"),
        ([str(CLEAN), "--output", "x.json"], "--output goes with exactly one --format"),
        ([str(CLEAN), "--require", "NSC-NOTHING"], "unknown rule NSC-NOTHING"),
        ([str(CLEAN), "--first-party", "com"], "give a registrable domain"),
        ([str(CLEAN), "--first-party", "http://x y"], "give a registrable domain"),
        ([str(CLEAN), "--quiet", "--verbose"], "exclude each other"),
        ([str(CLEAN), str(EXPIRED), "--format", "json=m", "--format", "sarif=m"], "two reports have the same path"),
        ([str(CLEAN), "--limit", "entry=1"], "unknown limit 'entry'"),
        ([str(CLEAN), "--limit", "entries=many"], "needs a positive number"),
        ([str(CLEAN), "--as-of", "2026-13-01"], "neither a date"),
        ([str(CLEAN), "--as-of", "2026-01-01T10:00:00"], "has no time zone"),
        ([str(CLEAN), "--format", f"json={os.devnull}/x.json"], "is a file, not a folder"),
    ],
)
def test_wrong_usage_is_found_before_anything_is_scanned(
    capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    assert run(["scan", *arguments]) == 2
    captured = capsys.readouterr()
    assert says in captured.err
    assert captured.err.count("\n") == 1 and captured.out == ""


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x05\x06" + bytes(18), b"PK\x03\x04" + bytes(500)])
def test_what_is_no_app_ends_with_exit_code_3_and_a_reason_in_every_report(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], content: bytes
) -> None:
    path = tmp_path / "thing.apk"
    path.write_bytes(content)
    assert (
        run(["scan", str(path), *AS_OF, "--format", "json", "--format", "html=x.html", "--format", "sarif=x.sarif"])
        == 3
    )
    captured = capsysbinary.readouterr()
    document = json.loads(captured.out)
    assert document["app"] is None
    assert document["gaps"][0]["incomplete"] is True
    assert b"Traceback" not in captured.err
    assert json.loads((tmp_path / "x.sarif").read_text())["runs"][0]["invocations"][0]["executionSuccessful"] is False


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("html", "json", "sarif", "text"):
        made = []
        for attempt in ("one", "two"):
            path = tmp_path / f"{attempt}.{name}"
            run(["scan", str(EXPIRED), *AS_OF, "--reproducible", "--format", f"{name}={path}"])
            made.append(path.read_bytes())
        assert made[0] == made[1], name


def test_reproducible_reports_name_no_folder_of_this_machine(tmp_path: Path) -> None:
    for name in ("html", "json", "sarif", "text"):
        path = tmp_path / f"report.{name}"
        run(["scan", str(EXPIRED), *AS_OF, "--reproducible", "--format", f"{name}={path}"])
        assert str(ROOT).encode() not in path.read_bytes(), name


def test_further_rules_come_from_a_folder(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    folder = tmp_path / "mine" / "app"
    folder.mkdir(parents=True)
    folder.joinpath("APP-NOT-OURS.yaml").write_text(
        """
id: APP-NOT-OURS
name: foreign-package-name
since: 1.0.0
title: Package name outside our name space
severity: low
confidence: certain
texts:
  what: The package name does not start with com.corp.
  why: Builds for others must not ship by accident.
  fix: Set the application id.
  limits: None.
for_each: app
when: "!fact.package.startsWith('com.corp.')"
subject: "{fact.package}"
message: "The package is called {fact.package}."
samples:
  bad: [{name: another name}]
  good: [{name: our name, app: {package: com.corp.app}}]
"""
    )
    run(["scan", str(CLEAN), *AS_OF, "--rules", str(tmp_path / "mine"), "--format", "json"])
    found = json.loads(capsysbinary.readouterr().out)["findings"]
    assert "APP-NOT-OURS" in {finding["rule_id"] for finding in found}


def test_a_wrong_rule_file_is_one_line_that_names_file_and_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "mine" / "app"
    folder.mkdir(parents=True)
    folder.joinpath("APP-WRONG.yaml").write_text("id: APP-WRONG\ncolour: red\n")
    assert run(["scan", str(CLEAN), "--rules", str(tmp_path / "mine")]) == 2
    err = capsys.readouterr().err
    assert "APP-WRONG.yaml" in err and err.count("\n") == 1


def test_a_reader_that_goes_away_is_no_error() -> None:
    script = f"{sys.executable} -m analyzer scan {CLEAN} --as-of 2026-11-01 | head -c 10"
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert done.stderr == ""
