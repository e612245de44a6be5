"""``pinscope policy`` on policy files: the answers a developer gets before anything is built."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from analyzer.cli import run
from tests.extractors.network_policy.policies import PIN_A, domain, pin_set


@pytest.fixture
def policy_file(tmp_path: Path) -> Path:
    path = tmp_path / "policy.xml"
    inner = domain("example.com", inner=pin_set(PIN_A, expiration="2027-03-02"), subdomains=True)
    path.write_text(f"<network-security-config>{inner}</network-security-config>")
    return path


def ask(capsysbinary: pytest.CaptureFixture[bytes], *arguments: str) -> dict[str, Any]:
    assert run(["policy", *arguments, "--format", "json"]) == 0
    document = json.loads(capsysbinary.readouterr().out)
    assert isinstance(document, dict)
    return document


def test_json_answers_per_host_with_the_origin_of_each_value(
    policy_file: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    answer = ask(
        capsysbinary, str(policy_file), "--host", "api.example.com", "--target-sdk", "36", "--as-of", "2026-11-01"
    )
    assert answer["sdk"] == 37 and answer["error"] is None
    host = answer["hosts"]["api.example.com"]
    assert host["pins"] == [PIN_A]
    assert host["pins_enforced"] is True
    assert host["expires_on"] == "2027-03-02"
    assert host["cleartext"] is False
    assert host["trust_anchors"] == [{"source": "system", "resource": None, "overrides_pins": False}]
    assert host["origin"]["pins"]["path"] == "network-security-config/domain-config/pin-set"
    assert answer["base"]["pins"] == []


@pytest.mark.parametrize(("as_of", "enforced"), [("2027-03-01", True), ("2027-03-02", False)])
def test_pins_are_off_from_the_start_of_the_named_day(
    policy_file: Path, capsysbinary: pytest.CaptureFixture[bytes], as_of: str, enforced: bool
) -> None:
    answer = ask(capsysbinary, str(policy_file), "--host", "example.com", "--as-of", as_of)
    assert answer["hosts"]["example.com"]["pins_enforced"] is enforced


def test_a_refused_file_is_an_answer_not_a_failure(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    path = tmp_path / "policy.xml"
    path.write_text("<network-security-config>\n<base-config/>\n<base-config/>\n</network-security-config>")
    answer = ask(capsysbinary, str(path), "--host", "example.com")
    assert answer["error"] == {"message": "Only one base-config allowed", "line": 3}
    assert answer["hosts"] == {}


def test_manifest_options_stand_for_the_manifest(policy_file: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    policy_file.write_text("<network-security-config/>")
    old = ask(capsysbinary, str(policy_file), "--target-sdk", "23", "--sdk", "30")
    assert old["base"]["cleartext"] is True
    assert [anchor["source"] for anchor in old["base"]["trust_anchors"]] == ["system", "user"]


def test_resource_references_stay_names_in_plain_files(
    policy_file: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    policy_file.write_text(
        "<network-security-config><base-config><trust-anchors><certificates src='@raw/ca'/></trust-anchors>"
        "</base-config></network-security-config>"
    )
    answer = ask(capsysbinary, str(policy_file))
    assert answer["base"]["trust_anchors"] == [{"source": "raw", "resource": "@raw/ca", "overrides_pins": False}]


def test_a_pin_written_twice_is_one_pin(policy_file: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    inner = domain("example.com", inner=pin_set(PIN_A, PIN_A))
    policy_file.write_text(f"<network-security-config>{inner}</network-security-config>")
    answer = ask(capsysbinary, str(policy_file), "--host", "example.com")
    assert answer["hosts"]["example.com"]["pins"] == [PIN_A]


def test_a_policy_that_no_file_contains_is_no_answer(capsys: pytest.CaptureFixture[str]) -> None:
    sample = Path(__file__).parents[2] / "sample_apks" / "split-missing" / "split-missing.apk"
    assert run(["policy", str(sample)]) == 3
    assert "no file of the app contains" in capsys.readouterr().err


def test_the_table_says_what_has_no_effect(policy_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy_file.write_text("<network-security-config>\n<base-confg/>\n</network-security-config>")
    run(["policy", str(policy_file)])
    assert "no effect (network-security-config, line 2)" in capsys.readouterr().out


def test_the_table_shows_every_band_of_levels(policy_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["policy", str(policy_file), "--target-sdk", "36", "--as-of", "2026-11-01"]) == 0
    out = capsys.readouterr().out
    assert "example.com and subdomains" in out
    assert "all other hosts (base)" in out
    assert "API 24–27" in out and PIN_A in out and "until 2027-03-02" in out
    assert "\x1b" not in out


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["policy", "absent.xml"], 2, "absent.xml: no such file or folder"),
        (["policy", "{file}", "--sdk", "23"], 2, "23 is not in the range"),
        (["policy", "{file}", "--as-of", "yesterday"], 2, "neither a date"),
        (["policy", "{file}", "--host", "a b"], 2, "is no host name"),
        (["polcy"], 2, "No such command"),
    ],
)
def test_wrong_usage_is_one_clear_line(
    policy_file: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, says: str
) -> None:
    assert run([argument.format(file=policy_file) for argument in arguments]) == code
    err = capsys.readouterr().err
    assert says in err
    assert err.count("\n") == 1 and err.startswith("pinscope: ")


@pytest.mark.parametrize("content", [b"", b"hello", b"<network-security-config>", b"<?xml version='1.0'?>"])
def test_what_is_neither_app_nor_policy_is_said_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    path = tmp_path / "thing.xml"
    path.write_bytes(content)
    assert run(["policy", str(path)]) == 3
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "thing.xml" in err


def test_the_installed_module_answers_without_loading_the_heavy_layers() -> None:
    probe = (
        "import sys\nfrom analyzer.cli import run\nrun(['--version'])\n"
        "print(sorted(m for m in ('androguard', 'lxml', 'numpy', 'rich', 'jinja2', 'yaml') if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
