"""A release pipeline, acted out: from the first policy to a version that is weaker, a waiver, and its end."""

import json
from pathlib import Path

import jsonschema
import pytest
from lxml import etree  # type: ignore[import-untyped]

from analyzer.cli import run
from tests.schemas import junit_schema, sarif_schema
from tests.support.apks import PACKAGE, apk, manifest
from tests.support.arsc import Resource
from tests.support.axml import element
from tests.support.values import Ref

HOST = "api.shop.example.com"
CURRENT = "Rt3ArTd/YKQMQOPhL6L0ySews57fy8Z8fG3G7PuNZqg="
BACKUP = "KlKvHuOJ9fyTPjXZId/Oos0HpGIcbGlDxky8OOY1qZk="
POLICY = Path("pinscope.yaml")
BASELINE = "pinscope-baseline.json"
RELEASE_DAY = ["--as-of", "2026-03-01"]


def version(number: int, *pins: str) -> Path:
    """Write a version of the shop's app that holds these pins."""
    policy = element(
        "network-security-config",
        {},
        element("base-config", {"cleartextTrafficPermitted": False}),
        element(
            "domain-config",
            {},
            element("domain", {"includeSubdomains": False}, HOST),
            element("pin-set", {}, *(element("pin", {"digest": "SHA-256"}, pin) for pin in pins)),
        ),
    )
    path = Path(f"shop-{number}.apk")
    path.write_bytes(
        apk(
            manifest(
                application={"android:networkSecurityConfig": Ref(0x7F010000)},
                root={"android:versionCode": number, "android:versionName": f"1.{number}"},
            ),
            resources=[Resource("xml", "policy", {"": "res/a.xml"})],
            files={"res/a.xml": policy},
        )
    )
    return path


def line_of(text: str) -> int:
    """Return the number of the policy's only line that holds a text."""
    (number,) = [index for index, line in enumerate(POLICY.read_text().splitlines(), start=1) if text in line]
    return number


def test_a_release_pipeline_from_first_policy_to_the_end_of_a_waiver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    first, second = version(1, CURRENT, BACKUP), version(2, CURRENT)

    # The team starts: a policy of what holds, a baseline of what is known.
    assert run(["init", str(first), *RELEASE_DAY]) == 0
    assert run(["baseline", "write", str(first), *RELEASE_DAY]) == 0
    assert run(["scan", str(first), *RELEASE_DAY, "--baseline", BASELINE, "--format", "json=1.json"]) == 0
    assert {check["state"] for check in json.loads(Path("1.json").read_text())["facts"]["policy_checks"]} == {"met"}
    capsys.readouterr()

    # The next version lost the backup pin.
    reports = ["--format", "sarif=2.sarif", "--format", "junit=2.xml", "--format", "json=2.json"]
    scan = ["scan", str(second), "--baseline", BASELINE, *reports]
    assert run([*scan, *RELEASE_DAY]) == 1
    said = capsys.readouterr().err
    for rule, key in (("POLICY-BACKUP", "backup: true"), ("POLICY-PIN-COUNT", "min_pins: 2")):
        assert f"{rule} ({HOST}, pinscope.yaml:{line_of(key)})" in said

    # Code scanning leads to the line of the policy, the test tab to a failed test.
    sarif = json.loads(Path("2.sarif").read_text())
    jsonschema.validate(sarif, sarif_schema())
    (result,) = [one for one in sarif["runs"][0]["results"] if one["ruleId"] == "POLICY-BACKUP"]
    physical = result["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"]["uri"] == "pinscope.yaml"
    assert physical["region"]["startLine"] == line_of("backup: true")
    assert HOST in result["message"]["text"]
    junit = etree.fromstring(Path("2.xml").read_bytes())
    etree.XMLSchema(etree.fromstring(junit_schema())).assertValid(junit)
    assert any(case.get("classname", "").endswith("POLICY-BACKUP") for case in junit.iter("testcase") if len(case))

    # The comment at the pull request shows what changed.
    assert run(["diff", str(first), str(second), *RELEASE_DAY, "--format", "markdown", "--output", "diff.md"]) == 1
    comment = Path("diff.md").read_text()
    assert f"| `{HOST}` | only one key left, no backup" in comment and "▼ Weaker: 1" in comment

    # The team accepts it until the end of the month, with a reason.
    with POLICY.open("a") as stream:
        stream.write(
            "waivers:\n"
            "  - {rule: POLICY-BACKUP, reason: The new key is being made, until: 2026-03-31}\n"
            "  - {rule: POLICY-PIN-COUNT, reason: The new key is being made, until: 2026-03-31}\n"
        )
    assert run([*scan, "--as-of", "2026-03-31"]) == 0
    report = json.loads(Path("2.json").read_text())
    waived = {one["rule_id"]: one["waiver"] for one in report["findings"] if one["rule_id"].startswith("POLICY-")}
    assert set(waived) == {"POLICY-BACKUP", "POLICY-PIN-COUNT"}
    assert all("The new key is being made" in waiver["reason"] for waiver in waived.values())
    sarif = json.loads(Path("2.sarif").read_text())
    jsonschema.validate(sarif, sarif_schema())
    (result,) = [one for one in sarif["runs"][0]["results"] if one["ruleId"] == "POLICY-BACKUP"]
    assert result["suppressions"][0]["justification"].endswith("(until 2026-03-31)")

    # A day later the waivers have ended, and are said to.
    assert run([*scan, "--as-of", "2026-04-01"]) == 1
    ended = [
        one for one in json.loads(Path("2.json").read_text())["findings"] if one["rule_id"] == "POLICY-WAIVER-ENDED"
    ]
    assert {one["subject"] for one in ended} == {"POLICY-BACKUP", "POLICY-PIN-COUNT"}

    # When the backup is back, the waivers are of no use any more.
    third = version(3, CURRENT, BACKUP)
    assert run(["scan", str(third), *RELEASE_DAY, "--baseline", BASELINE, "--format", "json=3.json"]) == 0
    unused = {
        one["subject"]
        for one in json.loads(Path("3.json").read_text())["findings"]
        if one["rule_id"] == "POLICY-WAIVER-UNUSED"
    }
    assert unused == {"POLICY-BACKUP", "POLICY-PIN-COUNT"}
    assert json.loads(Path("3.json").read_text())["app"]["package"] == PACKAGE
