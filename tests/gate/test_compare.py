"""What differs between two versions, and which differences make the newer one weaker."""

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

import pytest
from msgspec.structs import replace

from analyzer.gate.compare import compare
from analyzer.gate.compare_pins import pin_set_changes
from analyzer.gate.compare_policy import policy_changes
from analyzer.model import AppInfo, CertificateFact, Change, Facts, Finding, ScanResult, SdkFact, Severity
from analyzer.options import ScanOptions
from analyzer.pipeline import scan
from analyzer.reporters.json_report import read_json, render_json
from tests import factories
from tests.extractors.network_policy import policies
from tests.extractors.network_policy.policies import PIN_A, PIN_B, anchors, domain, pin_set
from tests.reporters.results import (
    APP,
    EXPIRED,
    OPTIONS,
    TRUNCATED,
    UNANSWERED,
    full_result,
    result,
    unreadable_result,
)

SAMPLES = Path(__file__).parents[2] / "sample_apks"
AS_OF = ScanOptions(as_of=dt.datetime(2026, 1, 15, 12, tzinfo=dt.UTC), reproducible=True)
TODAY = "2026-01-15"
PIN_C = "Rt3ArTd/YKQMQOPhL6L0ySews57fy8Z8fG3G7PuNZqg="


def kinds(changes: Iterable[Change]) -> set[tuple[str, str, str]]:
    return {(change.kind, change.subject, change.direction) for change in changes}


def between(old: ScanResult, new: ScanResult) -> set[tuple[str, str, str]]:
    return kinds(compare(old, new, OPTIONS).changes)


def with_facts(**facts: object) -> ScanResult:
    plain = result()
    return replace(plain, facts=factories.facts(app=APP, **facts))


def test_a_version_is_no_weaker_than_itself() -> None:
    same = compare(full_result(), full_result(), OPTIONS)
    assert (same.changes, same.weaker) == ((), False)


def test_a_report_compares_as_the_scan_it_was_made_of() -> None:
    read = read_json(render_json(full_result(), reproducible=False))
    assert compare(full_result(), read, OPTIONS).changes == ()


# Pins


@pytest.mark.parametrize(
    ("old", "new", "kind", "direction"),
    [
        ("ab", "", "pinning-lost", "weaker"),
        ("", "ab", "pinning-gained", "stronger"),
        ("ab", "a", "backup-lost", "weaker"),
        ("ab", "c", "backup-lost", "weaker"),
        ("a", "ab", "pins-added", "changed"),
        ("abc", "ab", "pins-removed", "changed"),
        ("ab", "bc", "pins-replaced", "changed"),
        ("a", "b", "pins-replaced", "changed"),
    ],
)
def test_keys_that_hold_a_host_before_and_after(old: str, new: str, kind: str, direction: str) -> None:
    (change,) = pin_set_changes("pins", "a.example", frozenset(old), frozenset(new))
    assert (change.kind, change.direction) == (kind, direction)


def test_the_same_keys_in_another_order_are_no_change() -> None:
    assert not list(pin_set_changes("pins", "a.example", frozenset("ab"), frozenset("ba")))


def test_a_pin_in_code_that_is_built_and_not_attached_any_more_holds_nothing() -> None:
    old = scan(SAMPLES / "okhttp-pinned" / "okhttp-pinned.apk", AS_OF)
    assert old.facts is not None
    unattached = tuple(replace(pin, activation="created") for pin in old.facts.pins)
    new = replace(old, facts=replace(old.facts, pins=unattached))
    assert ("pinning-lost", "api.okpins.example.com (okhttp3)", "weaker") in between(old, new)


# The policy


def app_facts(inner: str | None, app: AppInfo | None = None) -> Facts:
    app = app or policies.app_info(minimum=26, target=36)
    return factories.facts(app=app, policy=policies.facts(inner, app).policy)


def policy_between(old: str | None, new: str | None) -> list[Change]:
    return list(policy_changes(app_facts(old), app_facts(new), TODAY))


def test_the_same_policy_in_other_words_is_the_same() -> None:
    nested = domain("a.example", subdomains=True, inner=pin_set(PIN_A, PIN_B) + domain("b.a.example"))
    flat = domain("a.example", subdomains=True, inner=pin_set(PIN_B, PIN_A))
    assert not [change for change in policy_between(nested, flat) if change.direction != "changed"]


def test_a_host_that_loses_its_pins_its_backup_or_its_end_date() -> None:
    both = domain("a.example", subdomains=True, inner=pin_set(PIN_A, PIN_B, expiration="2030-01-01"))
    for new, kind, direction in (
        (domain("a.example", subdomains=True), "pinning-lost", "weaker"),
        (domain("a.example", subdomains=True, inner=pin_set(PIN_A, expiration="2030-01-01")), "backup-lost", "weaker"),
        (domain("a.example", subdomains=True, inner=pin_set(PIN_A, PIN_B)), "expiration", "changed"),
        (
            domain("a.example", subdomains=True, inner=pin_set(PIN_A, PIN_B, expiration="2025-01-01")),
            "pinning-lost",
            "weaker",
        ),
    ):
        assert kinds(policy_between(both, new)) == {(kind, "*.a.example", direction)}


def test_cleartext_for_all_other_hosts_names_the_levels_on_which_it_is_new() -> None:
    (change,) = policy_between(
        '<base-config cleartextTrafficPermitted="false"/>', '<base-config cleartextTrafficPermitted="true"/>'
    )
    assert (change.kind, change.subject, change.direction) == ("cleartext", "all other hosts", "weaker")
    assert (change.first_level, change.last_level) == (26, 37)


@pytest.mark.parametrize(
    ("old", "new", "direction"),
    [
        (("system",), ("system", "user"), "weaker"),
        (("system", "user"), ("system",), "stronger"),
        (("system",), ("system", "@raw/ca"), "weaker"),
        (("system",), ("@raw/ca",), "changed"),
        (("@raw/ca",), ("@raw/other",), "changed"),
        (("@raw/ca",), ("system", "@raw/ca"), "weaker"),
    ],
)
def test_trust_anchors_before_and_after(old: tuple[str, ...], new: tuple[str, ...], direction: str) -> None:
    before, after = (domain("a.example", inner=anchors(*sources)) for sources in (old, new))
    found = [change for change in policy_between(before, after) if change.kind == "trust-anchors"]
    assert [(change.subject, change.direction) for change in found] == [("a.example", direction)]


def test_anchors_that_override_pins_are_new_anchors() -> None:
    old = domain("a.example", inner=pin_set(PIN_A, PIN_B) + anchors("system"))
    new = domain("a.example", inner=pin_set(PIN_A, PIN_B) + anchors("system", overrides="true"))
    assert {("trust-anchors", "a.example", "weaker"), ("pinning-lost", "a.example", "weaker")} <= kinds(
        policy_between(old, new)
    )


def test_a_policy_that_disappears_is_compared_with_the_platforms_defaults() -> None:
    old = domain("a.example", subdomains=True, inner=pin_set(PIN_A, PIN_B))
    found = kinds(policy_between(old, None))
    assert ("pinning-lost", "*.a.example", "weaker") in found
    assert ("policy-state", "network security configuration", "changed") in found


def test_a_domain_that_matches_nothing_is_not_asked_for() -> None:
    assert not [
        one
        for one in policy_between(domain("*.a.example", inner=pin_set(PIN_A, PIN_B)), "")
        if one.kind == "pinning-lost"
    ]


# Everything else


def test_the_manifest() -> None:
    plain = result()
    for app, change in (
        (replace(APP, debuggable=True), ("debuggable", "android:debuggable", "weaker")),
        (replace(APP, target_sdk=APP.target_sdk - 1), ("target-sdk", "targetSdkVersion", "weaker")),
        (replace(APP, target_sdk=APP.target_sdk + 1), ("target-sdk", "targetSdkVersion", "changed")),
    ):
        assert change in between(plain, result(app=app))
    new, old = replace(APP, min_sdk=23), replace(APP, min_sdk=24)
    assert ("min-sdk", "minSdkVersion", "weaker") in between(result(app=old), result(app=new))
    assert ("min-sdk", "minSdkVersion", "stronger") in between(result(app=new), result(app=old))


def test_an_unsafe_trust_manager_that_is_used_weakens_and_one_that_is_dead_does_not() -> None:
    used, dead = factories.callback(), factories.callback(activation="defined_only")
    subject = f"trust manager {used.class_name}"
    assert between(with_facts(), with_facts(callbacks=(used,))) == {("callback-added", subject, "weaker")}
    assert between(with_facts(), with_facts(callbacks=(dead,))) == {("callback-added", subject, "changed")}
    assert between(with_facts(callbacks=(used,)), with_facts()) == {("callback-removed", subject, "stronger")}


def test_a_class_with_another_short_name_is_the_same() -> None:
    old, new = (factories.callback(class_name=name) for name in ("a.b", "c.d1"))
    assert between(with_facts(callbacks=(old,)), with_facts(callbacks=(new,))) == set()


def test_two_classes_of_a_kind_are_told_from_one() -> None:
    one = factories.callback(class_name="a.b")
    assert ("callback-added", "trust manager a.c", "weaker") in between(
        with_facts(callbacks=(one,)), with_facts(callbacks=(one, replace(one, class_name="a.c")))
    )


def test_a_private_key_that_is_bundled_weakens() -> None:
    key = CertificateFact(kind="private-key", entry="assets/key.pem")
    assert between(with_facts(), with_facts(certificates=(key,))) == {
        ("certificate-added", "private-key assets/key.pem", "weaker")
    }


def test_hosts_and_libraries() -> None:
    old = with_facts(
        hosts=(factories.host("a.example"),), sdks=(SdkFact(name="okhttp", kind="library", version="4.9.0"),)
    )
    new = with_facts(
        hosts=(factories.host("b.example"),), sdks=(SdkFact(name="okhttp", kind="library", version="4.12.0"),)
    )
    assert between(old, new) == {
        ("host-removed", "a.example", "changed"),
        ("host-added", "b.example", "changed"),
        ("library-version", "okhttp", "changed"),
    }


def test_a_new_finding_weakens_where_it_would_block() -> None:
    subject = f"{EXPIRED.rule_id}: {EXPIRED.subject}"
    assert ("finding-new", subject, "weaker") in between(result(), result(EXPIRED))
    assert ("finding-gone", subject, "stronger") in between(result(EXPIRED), result())
    minor: Finding = replace(EXPIRED, severity=Severity.LOW)
    assert ("finding-new", subject, "changed") in between(result(), result(minor))
    assert ("finding-severity", subject, "weaker") in between(result(minor), result(EXPIRED))


def test_of_equal_findings_each_counts() -> None:
    subject = f"{EXPIRED.rule_id}: {EXPIRED.subject}"
    assert ("finding-new", subject, "weaker") in between(result(EXPIRED), result(EXPIRED, EXPIRED))


def test_what_is_not_looked_at_any_more_is_said_and_leaves_the_comparison_incomplete() -> None:
    cut = compare(result(), result(gaps=(TRUNCATED,), not_evaluated=(UNANSWERED,)), OPTIONS)
    assert {("gap-new", TRUNCATED.subject, "changed"), ("rule-not-evaluated", "PIN-NONE", "changed")} <= kinds(
        cut.changes
    )
    assert not cut.complete and "not analysed to the end" in " ".join(cut.notes)


def test_a_target_that_cannot_be_read_is_no_weaker_and_not_complete() -> None:
    comparison = compare(result(), unreadable_result(), OPTIONS)
    assert (comparison.weaker, comparison.complete) == (False, False)


def test_other_packages_tools_and_dates_are_noted() -> None:
    other = replace(result(app=replace(APP, package="com.other")), as_of="2027-01-01T00:00:00Z")
    notes = " ".join(compare(result(), other, OPTIONS).notes)
    assert "two packages" in notes and "2027-01-01" in notes
