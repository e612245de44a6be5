"""``pinscope.yaml`` through the command line: found, obeyed, and refused in one line."""

import json
import os
from pathlib import Path

import pytest

from analyzer.cli import run

SAMPLES = Path(__file__).parents[2] / "sample_apks"
PINNED = SAMPLES / "pinned-right" / "pinned-right.apk"
EXPIRED = SAMPLES / "pins-expired" / "pins-expired.apk"
AS_OF = ["--as-of", "2026-01-15"]
FILE = Path("pinscope.yaml")


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def scan(apk: Path, *more: str) -> int:
    return run(["scan", str(apk), *AS_OF, "--format", "json=r.json", *more])


def report() -> dict[str, object]:
    loaded = json.loads(Path("r.json").read_text())
    assert isinstance(loaded, dict)
    return loaded


def test_a_policy_is_found_upward_and_its_violations_block_with_host_and_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    FILE.write_text("version: 1\nexpect:\n  - hosts: [api.pinned.example.com]\n    min_pins: 3\n")
    below = Path("deep/er")
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert scan(PINNED) == 1
    err = capsys.readouterr().err
    assert "POLICY-PIN-COUNT (api.pinned.example.com, ../../pinscope.yaml:4)" in err
    assert json.loads(Path("r.json").read_text())["gate"]["policy"] == "../../pinscope.yaml"
    assert scan(PINNED, "--no-policy") == 0
    assert json.loads(Path("r.json").read_text())["gate"]["policy"] is None


def test_what_cannot_be_told_is_exit_code_3(capsys: pytest.CaptureFixture[str]) -> None:
    FILE.write_text("version: 1\nexpect:\n  - hosts: [api.pinned.example.com]\n    pinned_by: [nsc]\n")
    assert scan(PINNED) == 0
    checks = report()["facts"]["policy_checks"]  # type: ignore[index]
    assert [(check["demand"], check["state"]) for check in checks] == [("pinned", "met")]
    FILE.write_text("version: 1\nfail_on: never\nexpect:\n  - hosts: [a.example]\n    pinned: true\n")
    assert scan(SAMPLES / "policy-invalid" / "policy-invalid.apk") == 3
    assert "pinscope.yaml:5 (a.example) could not be checked" in capsys.readouterr().err


def test_conditions_are_rules_of_the_teams_own(capsys: pytest.CaptureFixture[str]) -> None:
    FILE.write_text(
        "version: 1\nconditions:\n"
        "  - id: ACME-TARGET\n    when: app.target_sdk < 99\n"
        '    message: "The app targets {app.target_sdk}."\n    severity: medium\n'
        "fail_on: medium\nrequired: [ACME-TARGET]\n"
    )
    assert scan(PINNED) == 1
    assert "ACME-TARGET (org.example.pinned, pinscope.yaml:3)" in capsys.readouterr().err
    assert scan(PINNED, "--fail-on", "critical") == 0


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("conditions: [{id: ACME-X, when: app.nothing == 1, message: m}]", "line 2: when: "),
        ("conditions: [{id: ACME-X, for_each: pins, when: 'true', message: m}]", "no kind of fact is called 'pins' (valid: app,"),
        ("conditions: [{id: PIN-NONE, when: 'true', message: m}]", "the rule PIN-NONE exists already"),
        ("required: [NSC-NOBODY]", "line 2: required[0]: unknown rule NSC-NOBODY"),
    ],
)  # fmt: skip
def test_rules_and_conditions_are_checked_before_the_scan(
    body: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    FILE.write_text(f"version: 1\n{body}\n")
    assert scan(PINNED) == 2
    err = capsys.readouterr().err
    assert says in err and err.count("\n") == 1
    assert not Path("r.json").exists()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "there is no such policy"),
        (b"version: 2\n", "line 1: version: invalid enum value 2 (valid: 1)"),
        (b"version: 1\n\xff", "line 2: not UTF-8"),
        (b"version: 1\n" + b"#" * (10 * 1024 * 1024), "more than a policy may have"),
        ("folder", "not a file; a policy was expected"),
        ("locked", "cannot be read"),
    ],
)
def test_a_bad_policy_is_one_line_and_exit_code_2(
    content: bytes | str | None, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path("own.yaml")
    if content == "folder":
        path.mkdir()
    elif content == "locked":
        if os.geteuid() == 0:
            pytest.skip("root may read everything")
        path.write_text("version: 1")
        path.chmod(0)
    elif isinstance(content, bytes):
        path.write_bytes(content)
    assert scan(PINNED, "--policy", str(path)) == 2
    err = capsys.readouterr().err
    assert says in err and err.count("\n") == 1
    assert not Path("r.json").exists()


def test_policy_and_no_policy_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert scan(PINNED, "--policy", "x", "--no-policy") == 2
    assert "exclude each other" in capsys.readouterr().err


def test_a_baseline_knows_the_violations_of_the_policy() -> None:
    FILE.write_text("version: 1\nexpect:\n  - hosts: [api.pinned.example.com]\n    min_pins: 3\n")
    assert run(["baseline", "write", str(PINNED), *AS_OF]) == 0
    assert scan(PINNED, "--baseline", "pinscope-baseline.json") == 0
    assert "POLICY-PIN-COUNT" in Path("pinscope-baseline.json").read_text()


def test_the_same_policy_gives_the_same_bytes() -> None:
    FILE.write_text('version: 1\nexpect:\n  - hosts: ["*.pinned.example.com"]\n    pinned: true\n    min_pins: 9\n')
    written = []
    for _ in range(2):
        scan(PINNED, "--reproducible")
        written.append(Path("r.json").read_bytes())
    assert written[0] == written[1]
