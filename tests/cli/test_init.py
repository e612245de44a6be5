"""``pinscope init``: the policy it writes passes for the app that it was written from, and replaces nothing."""

import json
from pathlib import Path

import jsonschema
import msgspec
import pytest

from analyzer.cli import run
from analyzer.conditions.yaml_reader import read_yaml
from analyzer.gate.team_policy_schema import reference, team_policy_schema_bytes
from analyzer.model.team_policy import TeamPolicyForm

SAMPLES = Path(__file__).parents[2] / "sample_apks"
APPS = ("pinned-right", "pins-expired", "cleartext-user-ca", "okhttp-pinned-r8", "policy-invalid", "trustkit")
AS_OF = ["--as-of", "2026-01-15"]
FILE = Path("pinscope.yaml")


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", APPS)
def test_a_scan_of_the_same_app_passes(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    apk = SAMPLES / name / f"{name}.apk"
    complete = run(["init", str(apk), *AS_OF])
    assert complete in (0, 3)
    assert run(["scan", str(apk), *AS_OF, "--format", "json=r.json"]) == complete, capsys.readouterr().err
    checks = json.loads(Path("r.json").read_text())["facts"]["policy_checks"]
    assert {check["state"] for check in checks} <= {"met"}
    jsonschema.validate(read_yaml(FILE.read_text(), "x"), json.loads(team_policy_schema_bytes()))


def test_what_holds_is_written_down() -> None:
    assert run(["init", str(SAMPLES / "pinned-right" / "pinned-right.apk"), *AS_OF]) == 0
    form = msgspec.convert(read_yaml(FILE.read_text(), "x"), TeamPolicyForm)
    (pinned,) = [entry for entry in form.expect if entry.pinned_by]
    assert pinned.hosts == ("pinned.example.com", "*.pinned.example.com")
    assert (pinned.pinned_by, pinned.min_pins, pinned.backup) == (("nsc",), 2, True)
    assert form.first_party == ("example.com",)


def test_a_file_is_not_replaced_by_accident(capsys: pytest.CaptureFixture[str]) -> None:
    FILE.write_text("precious")
    apk = str(SAMPLES / "pinned-right" / "pinned-right.apk")
    assert run(["init", apk, *AS_OF]) == 2
    assert "is there already; --force replaces it" in capsys.readouterr().err
    assert FILE.read_text() == "precious"
    assert run(["init", apk, *AS_OF, "--force"]) == 0
    assert FILE.read_text().startswith("# What must hold")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a device that is always full")
def test_a_full_disk_is_one_line_and_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    apk = str(SAMPLES / "pinned-right" / "pinned-right.apk")
    assert run(["init", apk, *AS_OF, "--output", "/dev/full", "--force"]) == 2
    assert "/dev/full: cannot be written (No space left on device)" in capsys.readouterr().err


def test_a_folder_in_place_of_the_file_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    FILE.mkdir()
    assert run(["init", str(SAMPLES / "pinned-right" / "pinned-right.apk"), *AS_OF, "--force"]) == 2
    assert "is a folder; name a file in it" in capsys.readouterr().err


def test_nothing_is_written_when_nothing_could_be_read() -> None:
    Path("x.apk").write_bytes(b"no app")
    assert run(["init", "x.apk"]) == 3
    assert run(["init", "absent.apk"]) == 2
    assert not FILE.exists()


def test_the_schema_tells_what_every_key_means(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run(["schema", "policy-file"]) == 0
    printed = json.loads(capsysbinary.readouterr().out)
    jsonschema.Draft202012Validator.check_schema(printed)
    for form in printed["$defs"].values():
        if "properties" in form:
            assert form["additionalProperties"] is False
            assert all(entry.get("description") or key == "version" for key, entry in form["properties"].items())
    assert all(text for _, _, keys in reference() for _, text in keys.values() if keys)


@pytest.mark.parametrize(
    "document", [{"version": 1, "expekt": []}, {"version": 2}, {"version": 1, "waivers": [{"rule": "PIN-NONE"}]}]
)
def test_the_schema_refuses_what_the_reader_refuses(document: dict[str, object]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, json.loads(team_policy_schema_bytes()))
