"""SARIF logs are valid, acceptable to code scanning, and give nothing away that they should not."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, get_args
from urllib.parse import unquote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from analyzer.model import (
    AnalysisGap,
    Confidence,
    Finding,
    GapReason,
    Location,
    NotEvaluated,
    Reference,
    ScanResult,
    Severity,
    ToolInfo,
)
from analyzer.reporters import sarif
from analyzer.reporters.sarif import render_sarif
from tests.reporters.results import (
    ACCEPT_ALL,
    APP,
    CODE_PLACE,
    EXPIRED,
    MANIFEST_PLACE,
    NOT_LOOKED_AT,
    PINNED,
    POLICY_PLACE,
    RULES,
    TOOL,
    TRUNCATED,
    UNANSWERED,
    UNRESOLVED,
    finding,
    full_result,
    result,
    unreadable_result,
)
from tests.schemas import sarif_schema

ROOT = "/home/someone/project"


def log(*results: ScanResult, root: str | None = ROOT, category: str | None = None) -> dict[str, Any]:
    decoded = json.loads(render_sarif(results, root=root, category=category))
    assert isinstance(decoded, dict)
    return decoded


def run(*results: ScanResult, root: str | None = ROOT) -> dict[str, Any]:
    (only,) = log(*results, root=root)["runs"]
    assert isinstance(only, dict)
    return only


def only_result(one: Finding) -> dict[str, Any]:
    (written,) = run(result(one))["results"]
    assert isinstance(written, dict)
    return written


def notifications(scan: ScanResult) -> list[dict[str, Any]]:
    (invocation,) = run(scan)["invocations"]
    listed = invocation["toolExecutionNotifications"]
    assert isinstance(listed, list)
    return listed


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def uris(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if "uriBaseId" in value:
            yield value["uri"]
        for item in value.values():
            yield from uris(item)
    elif isinstance(value, list):
        for item in value:
            yield from uris(item)


# The official schema


OTHER_APP = msgspec.structs.replace(APP, package="org.example.other")
LOGS: dict[str, Sequence[ScanResult]] = {
    "everything": [full_result()],
    "nothing found": [result()],
    "incomplete": [result(EXPIRED, gaps=(TRUNCATED,))],
    "unreadable": [unreadable_result()],
    "several apps": [full_result(), unreadable_result(), result(EXPIRED, path="other.apk", app=OTHER_APP)],
    "the same file twice": [full_result(), full_result()],
    "many places": [result(finding(locations=(POLICY_PLACE,) * 200))],
    "no place": [result(finding(locations=()))],
}


@pytest.mark.parametrize("name", LOGS)
def test_logs_conform_to_the_official_schema(name: str) -> None:
    schema = sarif_schema()
    Draft4Validator.check_schema(schema)
    errors = Draft4Validator(schema, format_checker=Draft4Validator.FORMAT_CHECKER).iter_errors(log(*LOGS[name]))
    assert [f"{error.json_path}: {error.message}" for error in errors] == []


def test_the_official_schema_would_notice_a_mistake() -> None:
    broken = log(full_result())
    broken["runs"][0]["results"][0]["level"] = "critical"
    assert not Draft4Validator(sarif_schema()).is_valid(broken)


def test_the_log_names_version_and_schema() -> None:
    written = log(full_result())
    assert list(written) == ["$schema", "version", "runs"]
    assert written["$schema"] == "https://json.schemastore.org/sarif-2.1.0.json"
    assert written["version"] == "2.1.0"


# Cross-references inside a run


@pytest.mark.parametrize("name", LOGS)
def test_every_index_leads_to_what_it_names(name: str) -> None:
    written = run(*LOGS[name])
    driver = written["tool"]["driver"]
    for one in written["results"]:
        assert driver["rules"][one["ruleIndex"]]["id"] == one["ruleId"]
        for place in one["locations"]:
            reference = place["physicalLocation"]["artifactLocation"]
            assert written["artifacts"][reference["index"]]["location"] == reference
    for invocation in written["invocations"]:
        for notification in invocation["toolExecutionNotifications"]:
            descriptor = notification["descriptor"]
            assert driver["notifications"][descriptor["index"]]["id"] == descriptor["id"]
            if "index" in (rule := notification.get("associatedRule", {})):
                assert driver["rules"][rule["index"]]["id"] == rule["id"]
    for rule in driver["rules"]:
        for relationship in rule.get("relationships", []):
            target = relationship["target"]
            taxonomy = written["taxonomies"][target["toolComponent"]["index"]]
            assert taxonomy["name"] == target["toolComponent"]["name"] == "CWE"
            assert taxonomy["taxa"][target["index"]]["id"] == target["id"]
            assert taxonomy["taxa"][target["index"]]["helpUri"].endswith(f"/{target['id']}.html")


# What code scanning asks for


def test_every_result_has_what_code_scanning_requires() -> None:
    for name, scans in LOGS.items():
        for one in run(*scans)["results"]:
            assert one["message"]["text"], name
            assert 1 <= len(one["locations"]) <= 10, name
            region = one["locations"][0]["physicalLocation"]["region"]
            assert region["startLine"] >= 1 and region["startColumn"] >= 1, name
            assert region["endLine"] >= region["startLine"] and "endColumn" in region, name
            assert one["partialFingerprints"]["primaryLocationLineHash"], name


def test_every_rule_has_what_code_scanning_requires() -> None:
    for rule in run(full_result())["tool"]["driver"]["rules"]:
        assert rule["id"]
        assert len(rule["name"]) <= 255
        assert 0 < len(rule["shortDescription"]["text"]) <= 1024
        assert 0 < len(rule["fullDescription"]["text"]) <= 1024
        assert rule["help"]["text"] and rule["help"]["markdown"]
        assert rule["defaultConfiguration"]["level"] in ("note", "warning", "error")
        assert rule["properties"]["precision"] in ("very-high", "high", "medium", "low")
        assert len(rule["properties"]["tags"]) <= 20


def test_every_notification_has_what_code_scanning_requires() -> None:
    for descriptor in run(full_result())["tool"]["driver"]["notifications"]:
        assert 0 < len(descriptor["shortDescription"]["text"]) <= 1024
        assert 0 < len(descriptor["fullDescription"]["text"]) <= 1024
        assert descriptor["help"]["text"]


def test_over_long_rule_texts_are_cut_to_what_code_scanning_shows() -> None:
    text = msgspec.structs.replace(
        RULES["NSC-PIN-EXPIRED"],
        name="n" * 300,
        title="t" * 2000,
        what="w" * 2000,
        mastg=tuple(f"MASTG-TEST-{number:04d}" for number in range(30)),
    )
    scan = msgspec.structs.replace(result(EXPIRED), rules={"NSC-PIN-EXPIRED": text})
    (rule,) = run(scan)["tool"]["driver"]["rules"]
    assert len(rule["name"]) == 255
    assert len(rule["shortDescription"]["text"]) == len(rule["fullDescription"]["text"]) == 1024
    assert rule["help"]["text"].startswith("w" * 2000)
    assert len(rule["properties"]["tags"]) == 20


def test_no_more_results_than_code_scanning_accepts_and_the_worst_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sarif.MAX_RESULTS == 25_000
    monkeypatch.setattr(sarif, "MAX_RESULTS", 3)
    low = [finding(severity=Severity.LOW, fingerprint=f"{number:032x}") for number in range(4)]
    high = [finding(severity=Severity.HIGH, fingerprint=f"{number:032x}") for number in range(8, 10)]
    written = run(result(*low), result(*high, path="second.apk"))
    assert [one["level"] for one in written["results"]] == ["error", "error", "note"]
    (notification,) = written["invocations"][0]["toolExecutionNotifications"]
    assert notification["descriptor"]["id"] == "left-out"
    assert notification["message"]["text"] == "3 less severe results left out."


def test_all_targets_share_one_run_because_code_scanning_refuses_several() -> None:
    scans = [result(EXPIRED, path=f"app{number}.apk") for number in range(30)]
    written = run(*scans)
    assert [artifact["location"]["uri"] for artifact in written["artifacts"]] == [f"app{n}.apk" for n in range(30)]
    assert [one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in written["results"]] == [
        f"app{n}.apk" for n in range(30)
    ]
    assert len(written["invocations"]) == 30


def test_reports_of_different_versions_get_runs_of_different_categories() -> None:
    newer = msgspec.structs.replace(
        result(EXPIRED), tool=ToolInfo(name="pinscope", version="0.2.0", rules_digest="6f" * 32)
    )
    runs = log(result(EXPIRED), newer)["runs"]
    assert [one["automationDetails"]["id"] for one in runs] == [
        "pinscope/apps/0.1.0-5e5e5e5e/",
        "pinscope/apps/0.2.0-6f6f6f6f/",
    ]


@pytest.mark.parametrize(
    ("scans", "category", "identifier"),
    [
        ([result()], None, "pinscope/com.example.shop/"),
        ([result(), result(path="b.apk")], None, "pinscope/apps/"),
        ([unreadable_result("out/my app.apk")], None, "pinscope/my_app.apk/"),
        ([result(app=msgspec.structs.replace(APP, package="../a b/\u202e"))], None, "pinscope/.._a_b__/"),
        ([result()], "nightly/release/", "nightly/release/"),
    ],
)
def test_the_category_keeps_the_alerts_of_different_apps_apart(
    scans: list[ScanResult], category: str | None, identifier: str
) -> None:
    assert log(*scans, category=category)["runs"][0]["automationDetails"]["id"] == identifier


# Severity, tags, weaknesses


@pytest.mark.parametrize(
    ("severity", "level", "weight"),
    [
        (Severity.CRITICAL, "error", "9.5"),
        (Severity.HIGH, "error", "8.0"),
        (Severity.MEDIUM, "warning", "5.5"),
        (Severity.LOW, "note", "2.0"),
        (Severity.INFO, "note", "0.0"),
    ],
)
def test_levels_and_weights_follow_the_severity(severity: Severity, level: str, weight: str) -> None:
    written = only_result(finding(severity=severity))
    assert written["level"] == level
    assert written["properties"]["severity"] == severity.value
    text = msgspec.structs.replace(RULES["NSC-PIN-EXPIRED"], severity=severity)
    (rule,) = run(msgspec.structs.replace(result(EXPIRED), rules={text.rule_id: text}))["tool"]["driver"]["rules"]
    assert rule["defaultConfiguration"]["level"] == level
    assert rule["properties"]["security-severity"] == weight


@pytest.mark.parametrize(
    ("severity", "low", "high"),
    [
        (Severity.CRITICAL, 9.0, 10.0),
        (Severity.HIGH, 7.0, 8.9),
        (Severity.MEDIUM, 4.0, 6.9),
        (Severity.LOW, 0.1, 3.9),
    ],
)
def test_weights_lie_in_the_band_that_code_scanning_calls_by_the_same_name(
    severity: Severity, low: float, high: float
) -> None:
    assert low < float(only_result(finding(severity=severity))["properties"]["security-severity"]) <= high


def test_tags_name_security_the_weakness_and_the_tests_of_the_mastg() -> None:
    rules = {rule["id"]: rule for rule in run(full_result())["tool"]["driver"]["rules"]}
    assert rules["TM-ACCEPT-ALL"]["properties"]["tags"] == [
        "security",
        "external/cwe/cwe-295",
        "MASTG-TEST-0243",
        "MASVS-NETWORK-2",
    ]
    assert rules["TM-ACCEPT-ALL"]["properties"]["precision"] == "very-high"


def test_help_has_reason_remedy_snippet_limits_and_references() -> None:
    (rule,) = run(result(EXPIRED))["tool"]["driver"]["rules"]
    for text in rule["help"].values():
        for part in ("Why it matters.", "In two paragraphs.", "What to do.", "</pin-set>", "What it does not see."):
            assert part in text
    assert "\n```xml\n<pin-set" in rule["help"]["markdown"]
    assert rule["helpUri"] == "https://developer.android.com/privacy-and-security/security-config"


def test_a_snippet_cannot_close_its_own_code_block() -> None:
    text = msgspec.structs.replace(RULES["NSC-PIN-EXPIRED"], snippet="```\n# out of the block\n```")
    (rule,) = run(msgspec.structs.replace(result(EXPIRED), rules={text.rule_id: text}))["tool"]["driver"]["rules"]
    assert "````xml\n```\n# out of the block\n```\n````" in rule["help"]["markdown"]


def test_a_reference_that_is_no_plain_url_is_not_linked() -> None:
    text = msgspec.structs.replace(
        RULES["NSC-PIN-EXPIRED"], references=(Reference(title="odd", url="https://example.com/a b>c"),)
    )
    (rule,) = run(msgspec.structs.replace(result(EXPIRED), rules={text.rule_id: text}))["tool"]["driver"]["rules"]
    assert "helpUri" not in rule
    assert "<https://example.com/a b" not in rule["help"]["markdown"]


def test_a_finding_whose_rule_text_is_missing_is_still_written() -> None:
    written = run(msgspec.structs.replace(result(EXPIRED), rules={}))
    assert written["results"][0]["ruleId"] == "NSC-PIN-EXPIRED"
    assert written["tool"]["driver"]["rules"][0]["shortDescription"]["text"] == EXPIRED.title


# Messages and places


def test_the_message_says_what_on_which_devices_and_where() -> None:
    assert only_result(EXPIRED)["message"]["text"] == (
        "The pin-set of *.api.example.com ended on 2025-12-31, so its hosts are not pinned. "
        "Concerns devices with Android 7.0 and newer (API 24+). "
        "Found in res/xml/network_security_config.xml, line 12, "
        "network-security-config/domain-config[1]/pin-set."
    )


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (None, None, None),
        (24, 27, "Concerns devices with Android 7.0–8.1 (API 24–27)."),
        (28, None, "Concerns devices with Android 9 and newer (API 28+)."),
        (None, 23, "Concerns devices with Android 6.0 and older (API 23 and below)."),
        (24, 24, "Concerns devices with Android 7.0 (API 24)."),
    ],
)
def test_the_message_names_the_devices_only_when_they_matter(
    first: int | None, last: int | None, words: str | None
) -> None:
    text = only_result(msgspec.structs.replace(finding(), first_level=first, last_level=last))["message"]["text"]
    if words is None:
        assert "devices" not in text
    else:
        assert words in text


def test_a_result_points_at_the_file_that_can_be_opened_and_names_the_place_inside() -> None:
    (place,) = only_result(finding(locations=(CODE_PLACE,)))["locations"]
    assert place["physicalLocation"]["artifactLocation"] == {
        "uri": "build/outputs/shop.apk",
        "uriBaseId": "%SRCROOT%",
        "index": 0,
    }
    assert place["logicalLocations"] == [
        {
            "name": "checkServerTrusted",
            "fullyQualifiedName": (
                "com.example.shop.net.LaxTrustManager.checkServerTrusted"
                "([Ljava/security/cert/X509Certificate;Ljava/lang/String;)V"
            ),
            "kind": "function",
        },
        {"name": "classes2.dex", "fullyQualifiedName": "classes2.dex", "kind": "resource"},
    ]
    assert place["message"]["text"].startswith("classes2.dex, com.example.shop.net.LaxTrustManager.checkServerTrusted(")


def test_places_in_xml_give_line_element_and_quotation() -> None:
    (place,) = only_result(finding(locations=(POLICY_PLACE,)))["locations"]
    assert place["message"]["text"] == (
        "res/xml/network_security_config.xml, line 12, network-security-config/domain-config[1]/pin-set: "
        '<pin-set expiration="2025-12-31">'
    )
    assert place["logicalLocations"][0]["kind"] == "element"


def test_a_finding_at_many_places_has_ten_locations_and_some_related_ones() -> None:
    places = tuple(Location(kind="entry", entry=f"assets/{number}.pem") for number in range(200))
    written = only_result(finding(locations=places))
    assert [place["logicalLocations"][0]["fullyQualifiedName"] for place in written["locations"]] == [
        f"assets/{number}.pem" for number in range(10)
    ]
    assert [place["id"] for place in written["relatedLocations"]] == list(range(1, 41))
    assert written["relatedLocations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "assets/10.pem"
    assert written["properties"]["locationCount"] == 200
    assert "and 199 other places." in written["message"]["text"]


def test_a_finding_without_a_place_points_at_the_whole_file() -> None:
    written = only_result(finding(locations=()))
    assert written["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "build/outputs/shop.apk"
    assert "Found in" not in written["message"]["text"]


def test_the_artifact_carries_digest_and_length() -> None:
    (artifact,) = run(result())["artifacts"]
    assert artifact["hashes"] == {"sha-256": "ab" * 32}
    assert artifact["length"] == 123_456
    assert artifact["roles"] == ["analysisTarget"]


def test_the_digest_of_a_split_set_is_not_given_out_as_that_of_a_file() -> None:
    scan = result()
    scan = msgspec.structs.replace(scan, target=msgspec.structs.replace(scan.target, format="split-set"))
    (artifact,) = run(scan)["artifacts"]
    assert "hashes" not in artifact
    assert artifact["properties"] == {"partsSha256": "ab" * 32}


# Identity, waivers


def test_fingerprints_are_those_of_the_finding_in_the_form_code_scanning_compares() -> None:
    assert only_result(EXPIRED)["partialFingerprints"] == {
        "pinscope/v1": EXPIRED.fingerprint,
        "primaryLocationLineHash": f"{EXPIRED.fingerprint}:1",
    }


def test_fingerprints_do_not_move_with_lines_and_offsets() -> None:
    moved = msgspec.structs.replace(POLICY_PLACE, line=99)
    assert (
        only_result(finding(locations=(moved,)))["partialFingerprints"]
        == only_result(finding(locations=(POLICY_PLACE,)))["partialFingerprints"]
    )


def test_a_waiver_is_an_accepted_suppression_and_other_results_say_that_they_are_not_suppressed() -> None:
    expired, accepted = run(result(EXPIRED, ACCEPT_ALL))["results"]
    assert expired["suppressions"] == []
    assert accepted["suppressions"] == [
        {
            "kind": "external",
            "status": "accepted",
            "justification": "Only the test flavour has it. (until 2026-06-30)",
        }
    ]


def test_adjusted_findings_say_why() -> None:
    assert only_result(ACCEPT_ALL)["properties"]["adjustments"] == ["activation: critical to medium"]


# What is not a result


def test_strengths_are_not_written() -> None:
    written = run(result(strengths=(PINNED,)))
    assert written["results"] == []
    assert written["tool"]["driver"]["rules"] == []
    assert "NSC-PINNED" not in json.dumps(written)


def test_a_coverage_finding_is_a_notification_and_not_a_result() -> None:
    scan = result(UNRESOLVED)
    assert run(scan)["results"] == []
    (notification,) = notifications(scan)
    assert notification["descriptor"]["id"] == "coverage"
    assert notification["associatedRule"]["id"] == "PIN-UNRESOLVED"
    assert notification["level"] == "note"
    assert notification["message"]["text"].startswith("PIN-UNRESOLVED: The pins passed to")


@pytest.mark.parametrize("reason", get_args(GapReason))
def test_every_reason_for_a_gap_has_a_notification_of_its_own(reason: GapReason) -> None:
    gap = msgspec.structs.replace(NOT_LOOKED_AT, reason=reason)
    (notification,) = notifications(result(gaps=(gap,)))
    assert notification["descriptor"]["id"] == f"gap/{reason}"
    assert notification["message"]["text"] == "classes.dex: Code is not analysed by this version."
    assert notification["properties"] == {"stage": "code", "hides": ["callback", "pin"]}


@pytest.mark.parametrize(
    ("gap", "level"),
    [
        (TRUNCATED, "error"),
        (msgspec.structs.replace(NOT_LOOKED_AT, reason="failure"), "error"),
        (NOT_LOOKED_AT, "warning"),
        (msgspec.structs.replace(NOT_LOOKED_AT, reason="recovered", hides=()), "note"),
    ],
)
def test_a_gap_is_as_loud_as_what_it_hides(gap: AnalysisGap, level: str) -> None:
    assert [one["level"] for one in notifications(result(gaps=(gap,)))] == [level]


def test_a_rule_without_an_answer_is_a_notification() -> None:
    (notification,) = notifications(result(not_evaluated=(UNANSWERED,)))
    assert notification["descriptor"]["id"] == "not-evaluated"
    assert notification["associatedRule"] == {"id": "PIN-NONE"}
    assert notification["message"]["text"] == "PIN-NONE (No pinning found): Code was not analysed."


def test_left_out_notifications_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MAX_NOTIFICATIONS", 2)
    listed = notifications(result(gaps=(NOT_LOOKED_AT,) * 5))
    assert [one["descriptor"]["id"] for one in listed] == ["gap/not-analysed-yet"] * 2 + ["left-out"]
    assert listed[-1]["message"]["text"] == "3 further gaps left out."


INCOMPLETE_RULE = NotEvaluated(rule_id="PIN-NONE", title="No pinning found", reason="It failed.", incomplete=True)


@pytest.mark.parametrize(
    ("scan", "successful", "exit_code"),
    [
        (result(), True, 0),
        (result(EXPIRED), True, 1),
        (result(gaps=(NOT_LOOKED_AT,)), True, 0),
        (result(gaps=(TRUNCATED,)), False, 3),
        (result(EXPIRED, gaps=(TRUNCATED,)), False, 1),
        (result(not_evaluated=(INCOMPLETE_RULE,)), False, 3),
        (unreadable_result(), False, 3),
    ],
)
def test_the_invocation_says_whether_the_analysis_came_to_its_end(
    scan: ScanResult, successful: bool, exit_code: int
) -> None:
    (invocation,) = run(scan)["invocations"]
    assert invocation["executionSuccessful"] is successful
    assert invocation["exitCode"] == exit_code
    assert invocation["exitCodeDescription"] == scan.gate.reason


# What must not get out


@pytest.mark.parametrize(
    ("path", "root", "uri"),
    [
        ("build/outputs/shop.apk", ROOT, "build/outputs/shop.apk"),
        ("build/outputs/shop.apk", None, "build/outputs/shop.apk"),
        ("./build//shop.apk", ROOT, "build/shop.apk"),
        ("build/../shop.apk", None, "shop.apk"),
        (f"{ROOT}/build/shop.apk", ROOT, "build/shop.apk"),
        (f"{ROOT}/build/shop.apk", ROOT + "/", "build/shop.apk"),
        (f"{ROOT}/build/shop.apk", None, "shop.apk"),
        (f"{ROOT}-other/shop.apk", ROOT, "shop.apk"),
        ("/tmp/shop.apk", ROOT, "shop.apk"),
        ("../secret-folder/shop.apk", ROOT, "shop.apk"),
        ("../secret-folder/shop.apk", None, "shop.apk"),
        ("../project/shop.apk", ROOT, "shop.apk"),
        ("C:/Users/someone/shop.apk", None, "shop.apk"),
        ("C:/work/out/shop.apk", "C:/work", "out/shop.apk"),
        ("//server/share/shop.apk", None, "shop.apk"),
        ("out/my app#1?.apk", ROOT, "out/my%20app%231%3F.apk"),
        ("out/50%.apk", ROOT, "out/50%25.apk"),
        ("urn:shop.apk", ROOT, "urn%3Ashop.apk"),
        ("bücher.apk", ROOT, "b%C3%BCcher.apk"),
        ("caf\udce9.apk", ROOT, "caf%E9.apk"),
        ("half\ud800.apk", ROOT, "half%3F.apk"),
        ("back\\slash.apk", ROOT, "back%5Cslash.apk"),
        (".", ROOT, "."),
        ("/", None, "."),
    ],
)
def test_uris_are_relative_to_the_root_and_escaped(path: str, root: str | None, uri: str) -> None:
    written = run(result(EXPIRED, path=path), root=root)
    assert set(uris(written)) == {uri}


@pytest.mark.parametrize("path", [f"{ROOT}/out/broken.apk", "/tmp/x/broken.apk", "C:/Users/someone/broken.apk"])
def test_no_absolute_path_is_written_even_when_a_message_has_one(path: str) -> None:
    text = json.dumps(log(unreadable_result(path)))
    assert "someone" not in text and "/tmp" not in text
    assert "broken.apk is not a ZIP archive." in text


def test_a_target_named_like_an_entry_does_not_change_the_entry() -> None:
    place = Location(kind="entry", entry="assets/res/ca.pem")
    (one,) = run(result(finding(locations=(place,)), path="/res"))["results"]
    assert one["locations"][0]["message"]["text"] == "assets/res/ca.pem"


def test_an_app_cannot_put_a_link_into_a_message() -> None:
    hostile = finding(subject="[click](https://evil.example)", message="Host [click](https://evil.example) is odd.")
    assert not any("](" in text for text in strings(only_result(hostile)))


hostile_text = st.text(
    st.one_of(
        st.characters(),
        st.characters(categories=["Cs", "Cc", "Cf"]),
        st.sampled_from(list("[]()`<>\x1b\x00\n\u202e%{}")),
    ),
    max_size=30,
)


@given(hostile_text)
def test_no_control_or_invisible_character_of_an_app_gets_into_the_log(text: str) -> None:
    place = Location(
        kind="code", entry=text, xml_path=text, class_name=text or None, method=text or None, snippet=text or None
    )
    hostile = msgspec.structs.replace(
        finding(subject=text, message=text, locations=(place, MANIFEST_PLACE)),
        owner=text,
        tags=(text,),
        fix=text,
    )
    gap = msgspec.structs.replace(NOT_LOOKED_AT, subject=text, detail=text)
    app = msgspec.structs.replace(APP, package=text, version_name=text)
    data = render_sarif([result(hostile, gaps=(gap,), app=app, path=f"out/{text}.apk")], root=ROOT)
    written = json.loads(data.decode("utf-8"))
    for value in strings(written):
        assert value.replace("\n", "").isprintable(), ascii(value)
    for one in written["runs"][0]["results"]:
        # A snippet is code and no message: nobody makes links of it, and code may call an element of an array.
        one["properties"].pop("fix", None)
    assert not [value for value in strings(written) if "](" in value]
    assert written["runs"][0]["results"][0]["message"]["text"]


# Quoting is reversible for names that UTF-8 can write; "." and ".." segments are resolved before.
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/"), min_size=1, max_size=30))
def test_a_file_name_can_be_read_back_from_its_uri(name: str) -> None:
    name += ".apk"
    (uri,) = set(uris(run(result(path=name))))
    assert re.fullmatch(r"(?:[A-Za-z0-9._~!$&'()*+,;=@-]|%[0-9A-F]{2})+", uri)
    assert unquote(uri) == name


def test_equal_results_give_equal_bytes() -> None:
    assert render_sarif([full_result()], root=ROOT) == render_sarif([full_result()], root=ROOT)


def test_the_instant_of_the_judgement_is_written_and_no_other_time() -> None:
    text = render_sarif([full_result()]).decode()
    assert re.findall(r"\d{4}-\d\d-\d\dT[\d:]+Z", text) == ["2026-01-15T12:00:00Z"]
    assert "TimeUtc" not in text and "seconds" not in text


def test_the_tool_names_its_version_and_rules() -> None:
    driver = run(result())["tool"]["driver"]
    assert (driver["name"], driver["semanticVersion"]) == ("pinscope", "0.1.0")
    assert driver["properties"]["rulesDigest"] == TOOL.rules_digest
    development = msgspec.structs.replace(TOOL, version="0.1.0.dev1")
    driver = run(msgspec.structs.replace(result(), tool=development))["tool"]["driver"]
    assert driver["version"] == "0.1.0.dev1"
    assert "semanticVersion" not in driver


def test_confidence_and_owner_travel_with_the_result() -> None:
    properties = only_result(ACCEPT_ALL)["properties"]
    assert properties["confidence"] == Confidence.TENTATIVE.value
    assert properties["owner"] == "first-party"
