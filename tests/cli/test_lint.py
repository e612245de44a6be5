"""``pinscope lint``: policy files of a source tree, with lines that can be opened."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from analyzer.cli import run
from tests.schemas import sarif_schema

AS_OF = ["--as-of", "2026-01-15"]
FILE = Path("app/src/main/res/xml/network_security_config.xml")
PIN = '<pin digest="SHA-256">Rt3ArTd/YKQMQOPhL6L0ySews57fy8Z8fG3G7PuNZqg=</pin>'
USER_CA = """\
<network-security-config>
    <base-config cleartextTrafficPermitted="false">
        <trust-anchors>
            <certificates src="system" />
            <certificates src="user" />
        </trust-anchors>
    </base-config>
</network-security-config>
"""
GOOD = """\
<network-security-config>
    <base-config cleartextTrafficPermitted="false" />
</network-security-config>
"""


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    FILE.parent.mkdir(parents=True)


def lint(content: str, *more: str) -> int:
    FILE.write_text(content)
    return run(["lint", str(FILE), *AS_OF, *more])


def sarif_results(path: str) -> list[dict[str, Any]]:
    log = json.loads(Path(path).read_text())
    jsonschema.validate(log, sarif_schema())
    results = log["runs"][0]["results"]
    assert isinstance(results, list)
    return results


def test_a_good_configuration_passes_and_a_bad_one_blocks(capsys: pytest.CaptureFixture[str]) -> None:
    assert lint(GOOD) == 0
    assert lint(USER_CA) == 1
    assert f"{FILE.as_posix()}:3: high: The trust anchors of base-config contain" in capsys.readouterr().out


def test_results_lead_to_the_line_of_the_source() -> None:
    assert lint(USER_CA, "--format", "sarif=out.sarif") == 1
    (result,) = [one for one in sarif_results("out.sarif") if one["ruleId"] == "NSC-USER-CA"]
    physical = result["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"]["uri"] == FILE.as_posix()
    assert physical["region"] == {"startLine": 3}


def test_annotations_name_file_and_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert lint(USER_CA, "--format", "github") == 1
    assert f"::error file={FILE.as_posix()},line=3,title=" in capsys.readouterr().out


def test_options_stand_for_the_manifest() -> None:
    open_by_default = "<network-security-config />\n"
    assert lint(open_by_default, "--target-sdk", "27", "--fail-on", "low", "--format", "json=old.json") == 1
    assert lint(open_by_default, "--min-sdk", "28", "--fail-on", "low", "--format", "json=new.json") == 0
    assert json.loads(Path("old.json").read_text())["app"]["target_sdk"] == 27


def test_a_file_that_is_no_xml_any_more_is_incomplete(capsys: pytest.CaptureFixture[str]) -> None:
    assert lint("<network-security-config><base-config></network-security-config>") == 3
    assert f"{FILE.as_posix()}:1: incomplete: network_security_config.xml" in capsys.readouterr().out


def test_rules_that_need_the_whole_app_are_not_asked() -> None:
    assert lint(GOOD, "--format", "json=r.json") == 0
    report = json.loads(Path("r.json").read_text())
    assert report["not_evaluated"] == [] and report["target"]["format"] == "source"


def test_the_policys_waivers_and_expectations_count() -> None:
    Path("pinscope.yaml").write_text(
        "version: 1\nexpect:\n  - hosts: [api.example.com]\n    backup: true\n    pinned_by: [nsc]\n"
        "waivers:\n  - {rule: NSC-USER-CA, reason: Managed devices, until: 2026-02-01}\n"
        "  - {rule: 'TM-*', reason: Only in the app, until: 2026-02-01}\n"
    )
    assert lint(USER_CA, "--format", "json=r.json") == 1
    report = json.loads(Path("r.json").read_text())
    found = {one["rule_id"]: one for one in report["findings"]}
    assert found["NSC-USER-CA"]["waiver"]["until"] == "2026-02-01"
    assert found["POLICY-NOT-PINNED"]["locations"][0]["line"] == 5
    assert "POLICY-WAIVER-UNUSED" not in found
    pinned = f"<network-security-config><domain-config><domain>api.example.com</domain><pin-set>{PIN}</pin-set></domain-config></network-security-config>"
    assert lint(pinned, "--format", "sarif=out.sarif") == 1
    (backup,) = [one for one in sarif_results("out.sarif") if one["ruleId"] == "POLICY-BACKUP"]
    physical = backup["locations"][0]["physicalLocation"]
    assert (physical["artifactLocation"]["uri"], physical["region"]["startLine"]) == ("pinscope.yaml", 4)


def test_policy_files_are_validated(capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = Path("pinscope.yaml"), Path("other.yaml")
    good.write_text("version: 1\n")
    bad.write_text("version: 1\nrequired: [NSC-NOBODY]\n")
    assert run(["lint", str(good)]) == 0
    assert run(["lint", str(good), str(bad)]) == 2
    err = capsys.readouterr().err
    assert "pinscope.yaml: is a valid policy" in err and "other.yaml, line 2: required[0]: unknown rule" in err


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("absent.xml", "there is no such configuration or policy file"),
        ("app", "not a file"),
        ("note.txt", "neither a network security"),
    ],
)
def test_other_files_are_refused(name: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("note.txt").write_text("hello")
    assert run(["lint", name]) == 2
    err = capsys.readouterr().err
    assert says in err and err.count("\n") == 1


def test_several_files_make_one_report() -> None:
    other = FILE.with_name("debug_config.xml")
    other.write_text(GOOD)
    FILE.write_text(USER_CA)
    assert run(["lint", str(FILE), str(other), *AS_OF, "--format", "sarif=out.sarif"]) == 1


def test_the_hook_runs_this_command_on_files_that_it_reads() -> None:
    (hook,) = yaml.safe_load((Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text())
    assert hook["entry"] == "pinscope lint"
    for path in ("pinscope.yaml", FILE.as_posix(), "a/res/xml-v28/network_security_config_debug.xml"):
        assert re.search(hook["files"], path), path
    for path in ("other.yaml", "res/xml/preferences.xml", "res/values/network_security_config.txt"):
        assert not re.search(hook["files"], path), path
