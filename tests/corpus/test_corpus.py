"""Every real package ends with a decision: no traceback, no endless run, no silence about what was not read."""

import datetime as dt
import os
from pathlib import Path

import pytest

from analyzer.model import ScanResult
from analyzer.model.policy_lookup import effective
from analyzer.options import ScanOptions
from analyzer.pipeline import Engine, load_engine, scan

_SHARED = Path(os.environ.get("PINSCOPE_SHARED", Path(__file__).parents[3] / "shared"))
_CORPUS = _SHARED / "corpus"
_PACKAGES = sorted([*_CORPUS.glob("*.apk"), *(_CORPUS / "malformed").glob("*.apk")]) if _CORPUS.is_dir() else []
_OPTIONS = ScanOptions(as_of=dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC), reproducible=True)

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not _PACKAGES, reason="the third-party packages are not beside the project"),
]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return load_engine(_OPTIONS)


def scanned(name: str, engine: Engine) -> ScanResult:
    return scan(_CORPUS / name, _OPTIONS, engine)


@pytest.mark.parametrize("path", _PACKAGES, ids=lambda path: path.name)
def test_every_package_ends_with_a_decision(path: Path, engine: Engine) -> None:
    result = scan(path, _OPTIONS, engine)
    assert result.gate.exit_code in (0, 1, 3)
    assert not [gap for gap in result.gaps if gap.reason == "failure"]
    if result.facts is not None and result.app is not None and result.app.dex_entries:
        seen = {"pin", "callback", "code"} <= set(result.facts.covered)
        assert seen or result.gaps, "code was not looked at, and nothing says so"


@pytest.mark.parametrize("path", _PACKAGES, ids=lambda path: path.name)
def test_every_package_gives_the_same_result_twice(path: Path, engine: Engine) -> None:
    assert scan(path, _OPTIONS, engine) == scan(path, _OPTIONS, engine)


def test_a_policy_under_a_shortened_name_is_found_through_the_resource_table(engine: Engine) -> None:
    result = scanned("AndroGoat.apk", engine)
    assert result.facts is not None
    (variant,) = result.facts.policy.variants
    assert variant.entry == "res/4u.xml"
    settings = effective(result.facts.policy, "example.com")
    assert settings is not None and settings.cleartext
    assert {anchor.source for anchor in settings.trust_anchors} == {"system", "user"}
    assert {"NSC-BASE-CLEARTEXT", "NSC-USER-CA", "APP-DEBUGGABLE"} <= {f.rule_id for f in result.findings}


def test_user_certificates_and_cleartext_are_found_in_a_release_build(engine: Engine) -> None:
    result = scanned("dvba.apk", engine)
    found = {finding.rule_id: finding.severity.value for finding in result.findings}
    assert (found["NSC-USER-CA"], found["NSC-BASE-CLEARTEXT"]) == ("high", "high")
    assert found["APP-CLEARTEXT-MANIFEST"] == "low", "beside a policy file the attribute counts on API 23 only"
    assert result.gate.exit_code == 1


def test_an_app_without_policy_at_target_28_has_the_platforms_defaults(engine: Engine) -> None:
    result = scanned("ovaa.apk", engine)
    assert result.facts is not None and result.facts.policy.state == "none"
    found = {finding.rule_id: finding.severity.value for finding in result.findings}
    assert found["APP-NO-NSC"] == "info"
    assert not any(rule.startswith("NSC-") for rule in found)


_OLD_APP = {"APP-MINSDK-USERCA": "low", "APP-NO-NSC": "info"}
# Read by hand from the decoded manifests and policies, not from our own output.
_TRUTH: dict[str, dict[str, str]] = {
    "AndroGoat.apk": {
        "APP-DEBUGGABLE": "high",
        "NSC-BASE-CLEARTEXT": "high",
        "NSC-USER-CA": "high",
        "NSC-WEAKER-THAN-DEFAULT": "medium",
        "APP-CLEARTEXT-MANIFEST": "low",
        "APP-MINSDK-USERCA": "low",
    },
    "ApiDemos-debug.apk": {
        **_OLD_APP,
        "APP-DEBUGGABLE": "high",
        "APP-CLEARTEXT-MANIFEST": "low",
        "APP-DYNAMIC-CODE": "info",
    },
    "InsecureBankv2.apk": {
        **_OLD_APP,
        "APP-DYNAMIC-CODE": "info",  # Play services' loader of its own modules
        "APP-DEBUGGABLE": "high",
        "APP-TARGETSDK-USERCA": "high",
        "APP-CLEARTEXT-MANIFEST": "medium",
    },
    "a2dp.Vol_137.apk": {**_OLD_APP, "APP-CLEARTEXT-MANIFEST": "medium"},
    "app-prod-debug.apk": {**_OLD_APP, "APP-DEBUGGABLE": "high", "APP-CLEARTEXT-MANIFEST": "medium"},
    "app-uiautomator.apk": {**_OLD_APP, "APP-DEBUGGABLE": "high", "APP-CLEARTEXT-MANIFEST": "medium"},
    "com.teleca.jamendo_35.apk": {**_OLD_APP, "APP-TARGETSDK-USERCA": "high", "APP-CLEARTEXT-MANIFEST": "medium"},
    "dvba.apk": {
        "APP-DYNAMIC-CODE": "info",  # Play services' loader, renamed
        "APP-PROVIDER-NOT-UPDATED": "low",
        "NSC-BASE-CLEARTEXT": "high",
        "NSC-USER-CA": "high",
        "NSC-WEAKER-THAN-DEFAULT": "medium",
        "APP-CLEARTEXT-MANIFEST": "low",
        "APP-MINSDK-USERCA": "low",
    },
    "espresso-server.apk": {"APP-DEBUGGABLE": "high", "APP-CLEARTEXT-MANIFEST": "low", "APP-NO-NSC": "info"},
    "hello-world.apk": {**_OLD_APP, "APP-CLEARTEXT-MANIFEST": "medium"},
    "insecureShop.apk": {**_OLD_APP, "APP-CLEARTEXT-MANIFEST": "medium"},
    "ovaa.apk": {**_OLD_APP, "APP-CLEARTEXT-MANIFEST": "low", "APP-DYNAMIC-CODE": "info"},
    "pivaa.apk": {
        **_OLD_APP,
        "APP-DEBUGGABLE": "high",
        "APP-CLEARTEXT-MANIFEST": "medium",
        "APP-DYNAMIC-CODE": "info",
    },
    "settings_apk-debug.apk": {
        "APP-DEBUGGABLE": "high",
        "APP-CLEARTEXT-MANIFEST": "low",
        "APP-NO-NSC": "info",
        "APP-DYNAMIC-CODE": "info",
    },
    "malformed/compact-entry.apk": {"APP-NO-NSC": "info"},
    "malformed/minimal_def_mod.apk": {"APP-CLEARTEXT-MANIFEST": "low", "APP-NO-NSC": "info"},
    "malformed/minimal_zero_sized_end_ns.apk": {"APP-CLEARTEXT-MANIFEST": "low", "APP-NO-NSC": "info"},
    "malformed/weird-compression-method.apk": {
        **_OLD_APP,
        "APP-TARGETSDK-USERCA": "high",
        "APP-CLEARTEXT-MANIFEST": "medium",
    },
    "malformed/small.apk": {"APP-DEBUGGABLE": "high", "APP-CLEARTEXT-MANIFEST": "low", "APP-NO-NSC": "info"},
}


@pytest.mark.parametrize("name", _TRUTH)
def test_manifest_and_policy_findings_are_those_read_by_hand(name: str, engine: Engine) -> None:
    found = {f.rule_id: f.severity.value for f in scanned(name, engine).findings}
    manifest_and_policy = {rule: level for rule, level in found.items() if rule.startswith(("APP-", "NSC-"))}
    assert manifest_and_policy == _TRUTH[name]


@pytest.mark.parametrize("name", ["malformed/truncated-cd.apk", "malformed/minimal_SIZE_ExtraField.apk"])
def test_a_container_that_devices_refuse_is_incomplete_whatever_could_be_salvaged(name: str, engine: Engine) -> None:
    result = scanned(name, engine)
    assert result.gaps[0].stage == "container" and result.gaps[0].incomplete
    assert result.gate.exit_code in (1, 3)


@pytest.mark.parametrize("name", ["multidex.apk", "malformed/resources-only.apk"])
def test_without_a_base_manifest_nothing_is_concluded_from_defaults(name: str, engine: Engine) -> None:
    result = scanned(name, engine)
    assert (result.app, result.findings, result.gate.exit_code) == (None, (), 3)


def test_pins_inside_a_kotlin_lambda_are_found_with_their_host(engine: Engine) -> None:
    facts = scanned("AndroGoat.apk", engine).facts
    assert facts is not None
    assert [(pin.mechanism, pin.host, pin.value, pin.resolution) for pin in facts.pins] == [
        ("okhttp3", "owasp.org", "sha256/gdU/UHClHJBFbIdeKuyHm/Lq/aQvMLyuTtcvTEE/1JQ=", "constant"),
        ("okhttp3", "owasp.org", "sha256/YLh1dUR9y6Kja30RrAn7JKnbQG/uEtLMkBgFF2Fuihg=", "constant"),
        ("okhttp3", "owasp.org", "sha256/Vjs8r4z+80wjNcr1YKepWQboSIRi63WsWXhIMN+eWys=", "constant"),
    ]
