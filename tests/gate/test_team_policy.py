"""The team's policy: strict reading, expectations answered in three ways, waivers that end."""

import base64
import datetime as dt
from typing import Any

import pytest
from msgspec.structs import replace

from analyzer.errors import UsageError
from analyzer.gate import blocks
from analyzer.gate.expectations import check_expectations
from analyzer.gate.team_policy import check_rule_names, options_under, read_team_policy
from analyzer.gate.waivers import accept_by_policy, judge_by_policy
from analyzer.model import (
    AnalysisGap,
    Confidence,
    Facts,
    Finding,
    NotEvaluated,
    PinCheck,
    PolicyCheck,
    SdkFact,
    Severity,
    TeamPolicy,
)
from analyzer.model.chains import PinMatch
from analyzer.ruleset.schema import Sample
from tests.factories import facts, options, pin
from tests.rules.sample_facts import build_facts

AS_OF = dt.datetime(2026, 1, 15, 12, tzinfo=dt.UTC)
ONE = "Rt3ArTd/YKQMQOPhL6L0ySews57fy8Z8fG3G7PuNZqg="
TWO = "KlKvHuOJ9fyTPjXZId/Oos0HpGIcbGlDxky8OOY1qZk="


def team_policy(body: str) -> TeamPolicy:
    return read_team_policy(f"version: 1\n{body}".encode(), "pinscope.yaml")


def app_with(
    *pins: str, domain: str = "example.com", subdomains: bool = True, expires: str = "", more: str = ""
) -> Facts:
    written = "".join(f'<pin digest="SHA-256">{value}</pin>' for value in pins)
    end = f' expiration="{expires}"' if expires else ""
    inside = f"<pin-set{end}>{written}</pin-set>" if pins else ""
    xml = f"""<network-security-config>{more}
        <domain-config><domain includeSubdomains="{str(subdomains).lower()}">{domain}</domain>{inside}</domain-config>
    </network-security-config>"""
    return build_facts(Sample(name="sample", policy=xml, covered=("code",))).facts


def only_check(expectation: str, app: Facts, gaps: tuple[AnalysisGap, ...] = (), extra: str = "") -> PolicyCheck:
    body = f'{extra}expect:\n  - hosts: ["{{}}"]\n    {expectation}\n'
    (check,) = check_expectations(team_policy(body.format("api.example.com")), app, gaps, AS_OF)
    return check


def code_pin(**changes: Any) -> Any:
    given = {
        "mechanism": "okhttp3",
        "host": "api.example.com",
        "activation": "active",
        "scope": "a",
        "include_subdomains": False,
    }
    return pin(**{**given, **changes})


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("expekt: []", "line 2: unknown key 'expekt'; did you mean expect? (known keys: version, first_party,"),
        ("expect:\n  - hosts: [a.example]\n    pined: true", "line 4: unknown key 'pined' in expect[0]; did you mean pinned?"),
        ("expect:\n  - pinned: true", "line 3: expect[0] needs the key 'hosts'"),
        ("expect:\n  - hosts: [a.example]", "line 3: expect[0]: nothing is expected; say one of pinned,"),
        ("expect:\n  - hosts: [a.example]\n    pinned: perhaps", "line 4: expect[0].pinned: expected `bool`, got `str` (valid: true, false)"),
        ("expect:\n  - hosts: [a.example]\n    pinned_by: [okhttp]", "line 4: expect[0].pinned_by[0]: invalid enum value 'okhttp' (valid: nsc, okhttp3,"),
        ("expect:\n  - hosts: ['*a.example']\n    pinned: true", "line 3: expect[0].hosts[0]: '*a.example' is no host pattern"),
        ("expect:\n  - hosts: ['https://a.example']\n    pinned: true", "is no host pattern"),
        ("expect:\n  - hosts: [Ä.example]\n    pinned: true", "is no host pattern"),
        ("expect:\n  - hosts: [a.example]\n    min_pins: 0", "line 4: expect[0].min_pins: expected `int` >= 1"),
        ("fail_on: severe", "line 2: fail_on: invalid enum value 'severe' (valid: critical, high, medium, low, info, never)"),
        ("supported_until: 2026-02-30", "line 2: supported_until: '2026-02-30' is no date of the calendar"),
        ("supported_until: soon", "line 2: supported_until: expected `str` matching regex"),
        ("waivers:\n  - rule: PIN-NONE\n    until: 2026-02-01", "line 3: waivers[0] needs the key 'reason'"),
        ("waivers:\n  - rule: PIN-NONE\n    reason: later", "line 3: waivers[0] needs the key 'until'"),
        ("waivers:\n  - rule: PIN-NONE\n    reason: ''\n    until: 2026-02-01", "line 4: waivers[0].reason: expected `str` of length >= 1"),
        ("waivers:\n  - reason: later\n    until: 2026-02-01", "line 3: waivers[0]: a waiver needs rule or fingerprint"),
        ("rules:\n  PIN-NONE: {severity: bad}", "line 3: rules.PIN-NONE.severity: invalid enum value 'bad' (valid: critical,"),
        ("version: 1", "line 2: the key version is given twice"),
        ("a: &x 1", "line 2: anchors and tags are not supported"),
        ("a: [", "not readable as YAML"),
        ("\na: \x07", "line 3: not readable as YAML: "),
        ("a: " + "[" * 100, "nested deeper than 64 levels"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_line_and_choices(body: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        team_policy(body)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value) and str(caught.value).startswith("pinscope.yaml, line ")


@pytest.mark.parametrize(
    ("data", "says"), [(b"", "line 1: the file is empty"), (b"version: 1\n\xff", "line 2: not UTF-8")]
)
def test_other_bytes_are_refused(data: bytes, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        read_team_policy(data, "pinscope.yaml")


@pytest.mark.parametrize(
    "body",
    [
        "required: [PIN-NOBODY]",
        "rules: {PIN-NOBODY: {severity: low}}",
        "waivers: [{rule: 'XX-*', reason: r, until: 2027-01-01}]",
        "forbid: [{rule: NSC-NOTHING}]",
    ],
)
def test_rules_that_do_not_exist_are_refused(body: str) -> None:
    with pytest.raises(UsageError, match=r"pinscope.yaml, line 2: .*unknown rule"):
        check_rule_names(team_policy(body), {"PIN-NONE", "NSC-USER-CA"})


def test_what_is_ours_and_what_is_required_goes_to_the_options() -> None:
    policy = team_policy("first_party: ['*.example.com', example.net]\nrequired: [PIN-NONE]")
    under = options_under(policy, options(require=("NSC-USER-CA",)))
    assert under.first_party == ("example.com", "example.net")
    assert under.require == ("NSC-USER-CA", "PIN-NONE")


@pytest.mark.parametrize(
    ("expectation", "app", "state", "found"),
    [
        ("pinned: true", app_with(ONE), "met", ""),
        ("pinned: true", app_with(), "violated", "api.example.com is not pinned."),
        ("pinned: true", app_with(ONE, subdomains=False), "violated", "is not pinned"),
        ("pinned: true", app_with(ONE, expires="2025-12-31"), "violated", "is not pinned since its pin-set ended on 2025-12-31"),
        ("pinned: true", app_with(ONE, more='<base-config><trust-anchors><certificates src="system" overridePins="true"/></trust-anchors></base-config>'), "violated", "is not pinned"),
        ("pinned_by: [nsc]", app_with(ONE), "met", ""),
        ("pinned_by: [okhttp3]", app_with(ONE), "violated", "is not pinned by okhttp3"),
        ("min_pins: 2", app_with(ONE, TWO), "met", ""),
        ("min_pins: 2", app_with(ONE, ONE), "violated", "has 1 distinct pin by nsc, not 2 or more"),
        ("min_pins: 2", app_with(), "violated", "is not pinned"),
        ("backup: true", app_with(ONE, TWO), "met", ""),
        ("backup: true", app_with(ONE), "violated", "has no backup pin by nsc"),
        ("not_expiring_within_days: 30", app_with(ONE), "met", ""),
        ("not_expiring_within_days: 30", app_with(ONE, expires="2026-02-15"), "met", ""),
        ("not_expiring_within_days: 30", app_with(ONE, expires="2026-02-14"), "violated", "end on 2026-02-14, not after 2026-02-14"),
        (f"pins: ['sha256/{ONE}']", app_with(ONE), "met", ""),
        (f"pins: ['sha256/{ONE}']", app_with(ONE, TWO), "violated", "which the policy does not list"),
        (f"pins: ['sha256/{ONE}', 'sha256/{TWO}']", app_with(ONE), "violated", "by nsc lacks sha256/"),
        (f"allowed_cas: ['sha256/{ONE}']", app_with(ONE), "met", ""),
        ("allowed_cas: ['ISRG Root*']", app_with(ONE), "violated", "none of the allowed keys"),
        ("no_cleartext: true", app_with(ONE), "violated", "permits cleartext on devices of API 24 to 27"),
        ("no_cleartext: true", app_with(ONE, more='<base-config cleartextTrafficPermitted="false"/>'), "met", ""),
        ("no_cleartext: true", app_with(ONE, more='<base-config cleartextTrafficPermitted="true"/>'), "violated", "permits cleartext on devices of API 24 to 37"),
        ("certificate_transparency: true", app_with(ONE, more='<base-config><certificateTransparency enabled="true"/></base-config>'), "met", ""),
        ("certificate_transparency: true", app_with(ONE, more='<base-config><certificateTransparency enabled="false"/></base-config>'), "violated", "does not require certificate transparency"),
    ],
)  # fmt: skip
def test_an_expectation_is_met_or_violated(expectation: str, app: Facts, state: str, found: str) -> None:
    check = only_check(expectation, app)
    assert (check.state, check.subject, check.line) == (state, "api.example.com", "pinscope.yaml:4")
    assert found in check.found
    assert check.evidence[0].kind == "team-policy" and check.evidence[0].line == 4


def test_the_end_of_support_counts_where_it_is_given() -> None:
    app = app_with(ONE, expires="2027-07-15")
    assert only_check("not_expiring_within_days: 10", app, extra="supported_until: 2027-06-30\n").state == "met"
    assert only_check("not_expiring_within_days: 30", app, extra="supported_until: 2027-06-30\n").state == "violated"


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "met"),
        ({"host": "*.example.com"}, "met"),
        ({"host": "other.example.com"}, "violated"),
        ({"activation": "defined_only"}, "violated"),
        ({"activation": "created"}, "violated"),
        ({"activation": "unknown"}, "unknown"),
        ({"host": None}, "unknown"),
        ({"host": None, "owner": "sdk:other"}, "violated"),
        ({"enforced": False, "activation": "unknown"}, "violated"),
    ],
)
def test_pins_of_code_count_when_a_client_uses_them(changes: dict[str, Any], state: str) -> None:
    app = facts(pins=(code_pin(**changes),), covered=("app", "code", "pin", "policy"))
    assert only_check("pinned: true", app).state == state


def test_whoever_names_a_mechanism_means_its_client() -> None:
    app = facts(pins=(code_pin(host=None),), covered=("app", "code", "pin", "policy"))
    assert only_check("pinned_by: [okhttp3]", app).state == "met"


def test_pins_of_a_client_for_every_host_count_only_where_its_mechanism_is_named() -> None:
    everywhere = code_pin(host=None, mechanism="custom-tm", scope="b")
    pinned = (code_pin(), code_pin(digest=bytes(32)), everywhere)
    app = facts(pins=pinned, covered=("app", "code", "pin", "policy"))
    assert only_check("min_pins: 2", app).state == "met"
    body = "expect:\n  - hosts: [api.example.com]\n    pinned_by: [custom-tm]\n    min_pins: 2\n"
    checks = check_expectations(team_policy(body), app, (), AS_OF)
    assert [(check.demand, check.state) for check in checks] == [("pinned", "met"), ("pin-count", "violated")]


def pin_check(**changes: Any) -> PinCheck:
    given: dict[str, Any] = {
        "mechanism": "nsc", "pattern": "example.com", "include_subdomains": True, "scope": "s",
        "host": "api.example.com", "status": "match", "pins": 2,
        "matches": (PinMatch(value=ONE, certificate=0, role="leaf"),), "unmatched": (TWO,),
    }  # fmt: skip
    return PinCheck(**{**given, **changes})


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "met"),
        ({"unmatched": ()}, "violated"),
        ({"unmatched": (), "unresolved": 1}, "met"),
        ({"unmatched": (), "status": "unknown"}, "met"),
        ({"unmatched": (), "host": "other.example.com"}, "met"),
    ],
)
def test_with_the_chain_known_a_backup_lies_outside_of_it(changes: dict[str, Any], state: str) -> None:
    app = replace(app_with(ONE, TWO), pin_checks=(pin_check(**changes),))
    check = only_check("backup: true", app)
    assert check.state == state
    assert state == "met" or "outside of the chain" in check.found


def test_what_may_be_hidden_is_no_pass_and_no_violation() -> None:
    gap = AnalysisGap(stage="code", reason="packed", subject="x", detail="The code is packed.", hides=("code",))
    check = only_check("pinned: true", app_with(), (gap,))
    assert check.state == "unknown" and "The code is packed" in check.found
    assert only_check("pinned_by: [nsc]", app_with(), (gap,)).state == "violated"
    assert only_check("pinned_by: [okhttp3]", app_with(), (gap,)).state == "unknown"


def test_pins_that_are_not_known_leave_the_count_open() -> None:
    known = code_pin()
    hidden = code_pin(digest=None, value="?", resolution="unresolved")
    app = facts(pins=(known, hidden), covered=("app", "code", "pin", "policy"))
    assert only_check("min_pins: 2", app).state == "unknown"
    assert only_check("backup: true", app).state == "unknown"


def test_a_pattern_stands_for_names_that_the_app_does_not_spell_out() -> None:
    policy = team_policy('expect:\n  - hosts: ["*.example.com"]\n    pinned: true\n')
    (check,) = check_expectations(policy, app_with(ONE, domain="api.example.com"), (), AS_OF)
    assert check.state == "violated" and "Any other name below example.com is not pinned" in check.found
    (check,) = check_expectations(policy, app_with(ONE), (), AS_OF)
    assert check.state == "met"


def finding(**changes: Any) -> Finding:
    given: dict[str, Any] = {
        "rule_id": "NSC-USER-CA", "name": "user-ca", "title": "User CAs", "severity": Severity.HIGH,
        "confidence": Confidence.CERTAIN, "subject": "*.example.com", "message": "M.", "locations": (),
        "fingerprint": "ab" * 16,
    }  # fmt: skip
    return Finding(**{**given, **changes})


WAIVER = "waivers:\n  - {{{key}, reason: Managed devices, until: {until}}}\n"


@pytest.mark.parametrize(
    ("key", "until", "applies", "said"),
    [
        ("rule: NSC-USER-CA", "2026-01-15", True, []),
        ("rule: NSC-USER-CA", "2026-01-14", False, ["waiver-date"]),
        ("rule: 'NSC-*', subject: '*.example.com'", "2026-02-01", True, []),
        ("rule: NSC-USER-CA, subject: other.example", "2026-02-01", False, ["waiver-use"]),
        (f"fingerprint: {'ab' * 16}", "2026-02-01", True, []),
        (f"fingerprint: {'cd' * 16}", "2026-02-01", False, ["waiver-use"]),
    ],
)
def test_a_waiver_applies_until_its_last_day(key: str, until: str, applies: bool, said: list[str]) -> None:
    policy = team_policy(WAIVER.format(key=key, until=until))
    (waived,), checks = accept_by_policy([finding()], policy, [], options())
    assert (waived.waiver is not None) is applies
    assert blocks(waived, options()) is not applies
    assert [check.demand for check in checks if check.state == "violated"] == said
    if waived.waiver is not None:
        assert "Managed devices (pinscope.yaml:3)" in waived.waiver.reason


def test_a_waiver_whose_rule_was_not_evaluated_is_not_called_unused() -> None:
    policy = team_policy(WAIVER.format(key="rule: NSC-USER-CA", until="2026-02-01"))
    unanswered = NotEvaluated(rule_id="NSC-USER-CA", title="User CAs", reason="No policy.")
    _, (check,) = accept_by_policy([], policy, [unanswered], options())
    assert check.state == "unknown"


@pytest.mark.parametrize(
    ("scope", "changes", "left_out"),
    [
        ("first_party_only: true", {"owner": "sdk:ads"}, True),
        ("first_party_only: true", {"owner": "unknown"}, False),
        ("ignore_owners: ['sdk:a*']", {"owner": "sdk:ads"}, True),
        ("ignore_owners: ['sdk:a*']", {"owner": "sdk:bank"}, False),
        ("ignore_hosts: ['*.example.com']", {}, True),
        ("ignore_hosts: ['*.example.com']", {"subject": "api.example.com, pay.example.net"}, False),
    ],
)
def test_the_scope_leaves_out_and_says_so(scope: str, changes: dict[str, Any], left_out: bool) -> None:
    policy = team_policy(f"scope:\n  {scope}\n")
    (judged,), _ = accept_by_policy([finding(**changes)], policy, [], options())
    assert (judged.waiver is not None) is left_out
    if judged.waiver is not None:
        assert "pinscope.yaml:3" in judged.waiver.reason


def test_the_team_gives_severities_and_the_reason_is_kept() -> None:
    (judged,) = judge_by_policy([finding()], team_policy("rules: {NSC-USER-CA: {severity: low}}"))
    assert judged.severity is Severity.LOW and "pinscope.yaml:2" in judged.adjustments[0].reason


def test_what_is_forbidden_blocks_whatever_the_thresholds_say() -> None:
    policy = team_policy("forbid:\n  - {rule: 'NSC-*', severity: low}\n")
    lenient = options(fail_on=None, policy=policy)
    assert blocks(finding(severity=Severity.LOW), lenient)
    assert not blocks(finding(severity=Severity.INFO), lenient)
    assert not blocks(finding(rule_id="PIN-NONE"), lenient)
    assert not blocks(finding(confidence=Confidence.TENTATIVE), lenient)


def test_digests_are_checked_as_base64() -> None:
    odd = base64.b64encode(bytes(32)).decode().replace("A=", "B=")
    body = f"expect: [{{hosts: [a.example], pins: ['sha256/{odd}']}}]"
    assert team_policy(body).form.expect[0].pins


@pytest.mark.parametrize(("version", "state"), [("4.12.0", "met"), (None, "met"), ("3.13.1", "violated")])
def test_a_pattern_that_the_apps_okhttp_applies_to_no_host_pins_none(version: str | None, state: str) -> None:
    pins = (code_pin(host="**.example.com", digest=b"1" * 32), code_pin(host="**.example.com", digest=b"2" * 32))
    library = SdkFact(name="okhttp", kind="library", version=version)
    app = replace(app_with(), pins=pins, sdks=(library,))
    assert only_check("pinned_by: [okhttp3]", app).state == state
