"""What the view of a result says, in words."""

import datetime as dt
from typing import Any

import pytest
from msgspec.structs import replace

from analyzer.model import Adjustment, AnalysisGap, Confidence, HostFact, Location, ScanResult, SdkFact, Severity
from analyzer.reporters.levels import name_levels, name_ranges, short_ranges
from analyzer.reporters.timeline import draw_timeline
from analyzer.reporters.view import build_view
from analyzer.reporters.view_code_pins import code_pin_sets
from analyzer.reporters.view_model import HostRow, ReportView
from analyzer.reporters.view_places import place_text
from tests import factories
from tests.reporters import report_cases as cases

PINNED = f"""<network-security-config>
    <base-config cleartextTrafficPermitted="false"/>
    <domain-config>
        <domain includeSubdomains="true">api.example.com</domain>
        <pin-set expiration="{{day}}">
            <pin digest="SHA-256">{cases.PIN_OWN}</pin>
            <pin digest="SHA-256">{cases.PIN_BACKUP}</pin>
        </pin-set>
        {{extra}}
    </domain-config>
</network-security-config>
"""


def policy(day: str = "2027-03-02", extra: str = "") -> tuple[str, str]:
    return PINNED.format(day=day, extra=extra), ""


NOW = dt.datetime(2026, 1, 15, 12, tzinfo=dt.UTC)


def with_facts(result: ScanResult, **changes: Any) -> ScanResult:
    """Return a result with other facts."""
    assert result.facts is not None
    return replace(result, facts=replace(result.facts, **changes))


def row_of(view: ReportView, pattern: str) -> HostRow:
    (row,) = [row for row in view.hosts.rows if pattern in row.patterns and row.kind != "code"]
    return row


class TestVerdict:
    def test_counts_pinned_host_patterns_and_names_the_first_end(self) -> None:
        known = build_view(cases.shop()).verdict.known
        assert known[0] == "3 of 5 host patterns are pinned by the network security configuration."
        assert "Pinning for legacy.api.shop.example ended on 2025-11-30." in known
        assert "Pinning for *.api.shop.example and login.shop.example ends on 2027-03-02." in known

    def test_says_on_which_devices_cleartext_is_allowed(self) -> None:
        assert (
            "Cleartext is allowed for *.cdn.images.example, and for intranet.shop.example and all other hosts "
            "on Android 7.0–8.1 (API 24–27)." in build_view(cases.shop()).verdict.known
        )

    def test_says_that_cleartext_is_not_allowed_anywhere(self) -> None:
        view = build_view(cases.app_with_policy(policy()))
        assert "Cleartext is not allowed for any host." in view.verdict.known

    def test_one_pattern_is_not_spoken_of_as_many(self) -> None:
        view = build_view(cases.app_with_policy(policy()))
        assert view.verdict.known[0] == "The one host pattern in the network security configuration is pinned."

    def test_an_expired_pin_set_does_not_count_as_pinned(self) -> None:
        view = build_view(cases.app_with_policy(policy("2026-01-15")))
        assert (
            view.verdict.known[0] == "The one host pattern in the network security configuration is not pinned by it."
        )
        assert "Pinning for *.api.example.com ended on 2026-01-15." in view.verdict.known

    def test_pins_overridden_by_system_anchors_do_not_count_as_pinned(self) -> None:
        anchors = '<trust-anchors><certificates src="system" overridePins="true"/></trust-anchors>'
        view = build_view(cases.app_with_policy(policy(extra=anchors)))
        assert (
            view.verdict.known[0] == "The one host pattern in the network security configuration is not pinned by it."
        )
        assert "Pins for *.api.example.com are overridden by the system CAs." in view.verdict.known

    def test_overridden_pins_are_not_said_to_end_some_day(self) -> None:
        anchors = '<trust-anchors><certificates src="system" overridePins="true"/></trust-anchors>'
        view = build_view(cases.app_with_policy(policy(extra=anchors)))
        assert not any("ends on" in sentence for sentence in view.verdict.known)

    def test_a_pattern_that_can_match_nothing_is_not_counted(self) -> None:
        text = policy()[0].replace(">api.example.com<", ">https://api.example.com<")
        second = '<domain-config><domain includeSubdomains="false">www.example.com</domain></domain-config>'
        text = text.replace("</network-security-config>", second + "</network-security-config>")
        known = build_view(cases.app_with_policy((text, ""))).verdict.known
        assert known[0] == "The one host pattern in the network security configuration is not pinned by it."
        assert "https://api.example.com can match no host." in known

    def test_a_pattern_that_can_match_nothing_does_not_make_cleartext_count(self) -> None:
        text = policy()[0].replace(">api.example.com<", ">https://api.example.com<")
        text = text.replace("<domain-config>", '<domain-config cleartextTrafficPermitted="true">')
        known = build_view(cases.app_with_policy((text, ""))).verdict.known
        assert known[0] == "The network security configuration names no host that can exist and pins none."
        assert "Cleartext is not allowed for any host." in known

    def test_cleartext_for_every_host_is_said_in_one_word(self) -> None:
        text = policy()[0].replace('cleartextTrafficPermitted="false"', 'cleartextTrafficPermitted="true"')
        assert "Cleartext is allowed for all hosts." in build_view(cases.app_with_policy((text, ""))).verdict.known

    def test_what_other_files_say_on_older_devices_is_not_passed_over(self) -> None:
        older = '<network-security-config><base-config cleartextTrafficPermitted="true"/></network-security-config>'
        known = build_view(cases.app_with_policy((older, ""), (policy()[0], "v28"))).verdict.known
        assert known[0] == "The one host pattern in the network security configuration is pinned."
        assert "On Android 7.0–8.1 (API 24–27) another file applies, which pins no host." in known
        assert "Cleartext is allowed for all hosts on Android 7.0–8.1 (API 24–27)." in known

    def test_unread_code_is_said_to_be_unknown(self) -> None:
        (code, native) = build_view(cases.shop()).verdict.unknown
        assert code.startswith("Code was not analysed: pins set in code, trust managers,")
        assert code.endswith("are unknown.")
        assert native == "Not seen completely: what native libraries do."

    def test_nothing_is_unknown_when_everything_was_looked_at(self) -> None:
        assert build_view(cases.clean()).verdict.unknown == ()

    def test_an_app_without_policy_has_no_policy_that_pins(self) -> None:
        view = build_view(cases.clean())
        assert view.verdict.known[0] == (
            "The app has no network security configuration, so no policy pins a host; no pins were found in its code."
        )

    def test_a_file_that_android_refuses_is_the_first_thing_said(self) -> None:
        view = build_view(cases.refused())
        assert view.verdict.known == (
            "Android refuses the network security configuration on every device that the app runs on: "
            "connections through the platform fail there.",
        )

    @pytest.mark.parametrize(
        ("state", "sentence"),
        [
            (
                "unresolved",
                "The network security configuration that the manifest names is not in any file that was read.",
            ),
            ("unreadable", "The network security configuration could not be read."),
        ],
    )
    def test_a_missing_policy_is_not_taken_for_an_empty_one(self, state: str, sentence: str) -> None:
        result = cases.app_with_policy(policy())
        assert result.facts is not None
        facts = replace(result.facts, policy=replace(result.facts.policy, state=state, variants=()), pins=(), hosts=())
        assert build_view(replace(result, facts=facts)).verdict.known == (sentence,)

    def test_an_unreadable_target_is_named_with_its_reason(self) -> None:
        view = build_view(cases.unreadable())
        assert view.verdict.known == ("notes.apk could not be read as an Android app.",)
        assert "not a ZIP archive" in view.verdict.unknown[0]
        assert view.verdict.unknown[-1] == "Nothing is known of how it uses TLS."
        assert not view.readable and view.hosts.rows == ()

    def test_user_cas_are_named(self) -> None:
        assert (
            "User-installed CAs are trusted for intranet.shop.example only." in build_view(cases.shop()).verdict.known
        )

    def test_a_trust_manager_that_checks_nothing_is_named(self) -> None:
        assert "1 trust manager accepts every certificate." in build_view(cases.shop()).verdict.known

    def test_a_trust_manager_that_checks_nothing_leads_where_nothing_is_pinned(self) -> None:
        shop = cases.shop()
        assert shop.facts is not None
        bare = replace(shop, facts=replace(shop.facts, pins=()))
        assert build_view(bare).verdict.known[0] == "1 trust manager accepts every certificate."

    def test_critical_findings_that_no_fact_speaks_for_are_counted_and_lead(self) -> None:
        helper = cases.rule_text("TM-KNOWN-INSECURE", "Known accept-all helper used", Severity.CRITICAL)
        place = factories.location(kind="code", class_name="com.example.Chat")
        found = [cases.finding(helper, f"com.example.Chat{number}", "Used.", locations=(place,)) for number in (1, 2)]
        bare = replace(cases.clean(), findings=tuple(found))
        assert build_view(bare).verdict.known[0] == "2 findings are critical: Known accept-all helper used (2)."
        accepting = factories.callback(kind="trust_manager", behaviour="accept-all", class_name="com.example.Chat")
        assert build_view(with_facts(bare, callbacks=(accepting,))).verdict.known[0] == (
            "1 trust manager accepts every certificate."
        )
        assert "critical" not in " ".join(build_view(with_facts(bare, callbacks=(accepting,))).verdict.known)

    def test_a_mechanism_that_is_no_name_has_an_article(self) -> None:
        known = build_view(
            with_facts(cases.clean(), pins=(factories.pin(mechanism="custom-tm", host="api.clean.org"),))
        ).verdict.known
        assert known[0] == "The one host that the app names, api.clean.org, is pinned by a trust manager of the app."

    def test_pins_in_code_are_not_said_to_work_when_nothing_uses_them(self) -> None:
        assert (
            "Pins are set in code (OkHttp) for 1 host pattern; they are known to be in use for none of them."
            in build_view(cases.shop()).verdict.known
        )


class TestHosts:
    def test_a_pinned_row_names_keys_backup_and_end(self) -> None:
        row = row_of(build_view(cases.app_with_policy(policy())), "*.api.example.com")
        assert [value.text for value in row.enforced] == ["Enforced"]
        assert (row.backup.text, row.backup.state) == ("Yes: 2 keys", "good")
        assert [value.text for value in row.until] == ["2027-03-02"]
        assert [pin.value for pin in row.pins] == [cases.PIN_OWN, cases.PIN_BACKUP]

    def test_pins_that_are_only_reported_are_not_said_to_be_enforced(self) -> None:
        reported = factories.pin(mechanism="trustkit", activation="created", enforced=False)
        (pin_set,) = code_pin_sets([reported])
        value = pin_set.enforcement(dt.datetime(2026, 1, 15, tzinfo=dt.UTC))
        assert (value.text, value.state) == ("Only reported, not enforced", "bad")
        assert [step.origin for step in pin_set.trail()] == ["TrustKit, only reported"]

    def test_a_known_key_is_named(self) -> None:
        row = row_of(build_view(cases.shop()), "*.api.shop.example")
        assert [pin.name for pin in row.pins] == [None, None, "ISRG Root X1"]

    def test_a_dummy_pin_is_no_backup(self) -> None:
        row = row_of(build_view(cases.shop()), "intranet.shop.example")
        assert (row.backup.text, row.backup.state) == ("No: one usable key", "warn")
        assert row.pins[0].problem == "digest of empty input: SHA-256 of no input at all"

    def test_the_day_of_expiration_is_already_off(self) -> None:
        row = row_of(build_view(cases.app_with_policy(policy("2026-01-15"))), "*.api.example.com")
        assert [(value.text, value.state) for value in row.enforced] == [("Expired on 2026-01-15", "bad")]
        row = row_of(build_view(cases.app_with_policy(policy("2026-01-16"))), "*.api.example.com")
        assert [value.text for value in row.enforced] == ["Enforced"]

    def test_anchors_that_override_pins_are_an_exception_to_enforcement(self) -> None:
        row = row_of(build_view(cases.shop()), "intranet.shop.example")
        assert (row.enforced[0].text, row.enforced[0].state) == (
            "Enforced, except for user-installed CAs",
            "warn",
        )

    def test_devices_before_api_24_do_not_enforce_pins(self) -> None:
        row = row_of(build_view(cases.shop()), "*.api.shop.example")
        assert (row.enforced[-1].text, row.enforced[-1].levels) == ("Not in force", "Android 5.0–6.0 (API 21–23)")

    def test_values_that_differ_by_device_name_the_devices_newest_first(self) -> None:
        row = row_of(build_view(cases.shop()), "all other hosts")
        assert [(value.text, value.levels) for value in row.cleartext] == [
            ("Not allowed", "Android 9 and newer (API 28+)"),
            ("Allowed", "Android 7.0–8.1 (API 24–27)"),
        ]

    def test_values_that_agree_name_no_device(self) -> None:
        row = row_of(build_view(cases.shop()), "*.cdn.images.example")
        assert [(value.text, value.levels) for value in row.cleartext] == [("Allowed", "")]

    def test_every_value_has_its_origin(self) -> None:
        trail = row_of(build_view(cases.shop()), "legacy.api.shop.example").trail
        steps = {step.setting: step for step in trail}
        assert steps["Pin-set"].origin == "declared here"
        assert steps["Pin-set"].place == (
            f"{cases.POLICY_ENTRY}:17 · network-security-config/domain-config[1]/domain-config/pin-set"
        )
        assert steps["Cleartext"].origin == "inherited from an enclosing element"
        assert steps["Trust anchors"].place.startswith(f"{cases.POLICY_ENTRY}:3 ")
        assert steps["Domain encryption"].origin == "platform default"

    def test_pins_in_code_have_a_row_of_their_own(self) -> None:
        (row,) = [row for row in build_view(cases.shop()).hosts.rows if row.kind == "code"]
        assert row.patterns == ("api.shop.example",)
        assert row.mechanism == "Network security configuration, OkHttp"
        assert [(value.text, value.state) for value in row.enforced] == [
            ("OkHttp: defined, not attached", "bad"),
            ("Policy: enforced", "good"),
        ]
        assert [value.text for value in row.cleartext] == ["Not allowed"]
        assert "com.example.shop.net.ApiClient" in row.trail[-1].place

    def test_all_other_hosts_come_last(self) -> None:
        assert build_view(cases.shop()).hosts.rows[-1].patterns == ("all other hosts",)

    def test_a_refused_file_says_so_in_every_row_and_still_shows_its_pins(self) -> None:
        view = build_view(cases.refused())
        assert {value.text for row in view.hosts.rows for value in row.enforced} == {"Refused by Android"}
        assert len(row_of(view, "*.api.shop.example").pins) == 3
        assert [value.text for value in row_of(view, "*.cdn.images.example").cleartext] == ["–"]

    def test_a_pattern_that_can_match_nothing_is_marked(self) -> None:
        text = policy()[0].replace("api.example.com", "*.example.com")
        (row,) = [row for row in build_view(cases.app_with_policy((text, ""))).hosts.rows if row.kind == "domain"]
        assert [(value.text, value.state) for value in row.enforced] == [("Can match no host", "bad")]
        assert row.notes == (
            "*.example.com can match no host: the platform knows no wildcards; `includeSubdomains` covers subdomains.",
        )

    def test_a_configuration_without_domains_is_no_row_of_all_hosts(self) -> None:
        text = "<network-security-config><domain-config/></network-security-config>"
        view = build_view(cases.app_with_policy((text, "")))
        assert [row.patterns for row in view.hosts.rows] == [("all hosts",)]

    def test_rows_of_several_configurations_name_theirs(self) -> None:
        newer = policy()[0].replace("2027-03-02", "2028-01-01")
        view = build_view(cases.app_with_policy(policy(), (newer, "v30")))
        assert {row.variant for row in view.hosts.rows} == {
            "default: Android 7.0–10 (API 24–29)",
            "v30: Android 11 and newer (API 30+)",
        }
        assert "Pinning for *.api.example.com ends on 2028-01-01." in view.verdict.known

    def test_rows_beyond_the_limit_are_counted_not_dropped_in_silence(self) -> None:
        scopes = "".join(
            f'<domain-config><domain includeSubdomains="false">h{number}.example</domain></domain-config>'
            for number in range(300)
        )
        view = build_view(cases.app_with_policy((f"<network-security-config>{scopes}</network-security-config>", "")))
        assert len(view.hosts.rows) + view.hosts.omitted == 301
        assert view.hosts.omitted == 51
        assert view.hosts.rows[-1].patterns == ("all other hosts",)


class TestPlaceholders:
    TEXT = PINNED.replace(cases.PIN_OWN, cases.PIN_EMPTY).replace(f'<pin digest="SHA-256">{cases.PIN_BACKUP}</pin>', "")

    def test_pins_that_match_no_key_are_not_said_to_be_enforced(self) -> None:
        view = build_view(cases.app_with_policy((self.TEXT.format(day="2027-03-02", extra=""), "")))
        row = row_of(view, "*.api.example.com")
        assert [(value.text, value.state) for value in row.enforced] == [
            ("Placeholder pins only: connections fail", "bad")
        ]
        assert view.verdict.known[:2] == (
            "The one host pattern in the network security configuration is not pinned by it.",
            "Pins for *.api.example.com are placeholders, which no key matches: connections fail there.",
        )

    def test_nothing_fails_once_the_pin_set_has_expired(self) -> None:
        view = build_view(cases.app_with_policy((self.TEXT.format(day="2026-01-15", extra=""), "")))
        assert [value.text for value in row_of(view, "*.api.example.com").enforced] == ["Expired on 2026-01-15"]

    def test_one_key_beside_a_dummy_is_enough_to_connect(self) -> None:
        text = PINNED.replace(cases.PIN_OWN, cases.PIN_EMPTY).format(day="2027-03-02", extra="")
        row = row_of(build_view(cases.app_with_policy((text, ""))), "*.api.example.com")
        assert [value.text for value in row.enforced] == ["Enforced"]

    def test_the_same_holds_for_pins_in_code(self) -> None:
        (pin_set,) = code_pin_sets([factories.pin(mechanism="okhttp3", problem="placeholder")])
        assert not pin_set.holds(NOW)
        assert pin_set.enforcement(NOW).text == "Placeholder pins only: connections fail"


class TestCode:
    def test_pins_in_code_are_not_denied_while_code_is_not_analysed(self) -> None:
        result = cases.clean()
        view = build_view(with_facts(replace(result, gaps=(cases.CODE_GAP,)), covered=("app", "pin", "policy")))
        assert view.verdict.known[0] == (
            "The app has no network security configuration, so no policy pins a host; pins in code are unknown."
        )
        assert [(value.text, value.state) for value in view.hosts.rows[-1].enforced] == [
            ("Not pinned by policy; code not analysed", "unknown")
        ]

    def test_pins_in_code_that_a_gap_may_hide_are_not_denied(self) -> None:
        gap = AnalysisGap(stage="code", reason="limit", subject="a.b", detail="Too long.", hides=("pin",))
        view = build_view(replace(cases.clean(), gaps=(gap,)))
        assert view.verdict.known[0].endswith("pins in code are unknown.")
        assert view.hosts.rows[-1].enforced[0].text == "Not pinned by policy; code not seen completely"

    def test_trust_managers_that_were_not_read_may_pin(self) -> None:
        gap = AnalysisGap(
            stage="code", reason="not-analysed-yet", subject="1 class", detail="Not read.", hides=("callback",)
        )
        view = build_view(replace(cases.clean(), gaps=(gap,)))
        assert view.verdict.known[0].endswith("pins in code are unknown.")
        assert view.hosts.rows[-1].enforced[0].text == "Not pinned by policy; code not seen completely"

    def test_a_host_that_only_code_pins_counts_and_shows_what_the_policy_says_of_it(self) -> None:
        view = build_view(with_facts(cases.clean(), pins=(factories.pin(mechanism="okhttp3", host="api.clean.org"),)))
        assert view.verdict.known[:2] == (
            "The one host that the app names, api.clean.org, is pinned by OkHttp.",
            "The app has no network security configuration, so no policy pins a host.",
        )
        row, rest = view.hosts.rows
        assert (row.kind, row.patterns, row.mechanism) == ("code", ("api.clean.org",), "OkHttp")
        assert [value.text for value in (*row.enforced, *row.cleartext)] == ["Enforced", "Not allowed"]
        assert rest.patterns == ("all other hosts",)

    @pytest.mark.parametrize(
        ("activation", "words"),
        [
            ("created", "Defined, not attached"),
            ("defined_only", "Defined, not attached"),
            ("unknown", "Not shown to be used"),
        ],
    )
    def test_pins_that_no_client_uses_do_not_count(self, activation: str, words: str) -> None:
        pin = factories.pin(mechanism="okhttp3", host="api.clean.org", activation=activation)
        view = build_view(with_facts(cases.clean(), pins=(pin,)))
        assert view.verdict.known[1] == "The one host that the app names, api.clean.org, is not pinned."
        assert view.hosts.rows[0].enforced[0].text == words

    def test_a_pattern_that_policy_and_code_pin_is_one_row_and_counts_once(self) -> None:
        result = cases.app_with_policy(policy())
        assert result.facts is not None
        pin = factories.pin(mechanism="trustkit", host="api.example.com", include_subdomains=True, activation="active")
        view = build_view(with_facts(result, pins=(*result.facts.pins, pin)))
        row, _ = view.hosts.rows
        assert (row.patterns, row.mechanism) == (
            ("*.api.example.com",),
            "Network security configuration, TrustKit",
        )
        assert [value.text for value in row.enforced] == ["Enforced", "TrustKit: enforced"]
        assert view.verdict.known[0] == (
            "The one host pattern that the app names, *.api.example.com, is pinned by the network security "
            "configuration and TrustKit."
        )

    def test_the_apps_own_hosts_in_code_count_and_stand_in_a_row(self) -> None:
        result = cases.app_with_policy(policy())
        assert result.facts is not None
        named = [
            HostFact(name=name, owner=owner, source="code")
            for name, owner in (
                ("www.shop.example", "first-party"),
                ("eu.api.example.com", "first-party"),
                ("127.0.0.1", "first-party"),
                ("ads.example", "sdk:Ad Network"),
            )
        ]
        view = build_view(with_facts(result, hosts=(*result.facts.hosts, *named)))
        domain, host, _ = view.hosts.rows
        assert domain.notes == ("Named in code: eu.api.example.com.",)
        assert (host.kind, host.patterns, host.owner) == ("host", ("www.shop.example",), "named by first-party code")
        assert "Code names 1 more host of SDK Ad Network." in view.hosts.notes
        assert view.verdict.known[0] == (
            "1 of the 2 host patterns that the app names is known to be pinned by the network security configuration."
        )

    @pytest.mark.parametrize(
        ("host", "version", "words"),
        [
            ("**.clean.org", "3.13.1", "Can match no host"),
            ("**.clean.org", "4.12.0", "Enforced"),
            ("https://clean.org", "3.13.1", "Can match no host"),
            ("https://clean.org", "4.12.0", "Refused by OkHttp: building the pinner fails"),
            ("https://clean.org", None, "Refused by OkHttp: building the pinner fails"),
            ("clean.org", "3.13.1", "Enforced"),
        ],
    )
    def test_pins_that_this_version_of_okhttp_applies_to_no_host_are_not_said_to_be_enforced(
        self, host: str, version: str | None, words: str
    ) -> None:
        result = with_facts(
            cases.clean(),
            pins=(factories.pin(mechanism="okhttp3", host=host),),
            sdks=(SdkFact(name="okhttp", kind="library", version=version),),
        )
        view = build_view(result)
        assert view.hosts.rows[0].enforced[0].text == words
        assert ("is pinned by OkHttp" in view.verdict.known[0]) is (words == "Enforced")

    @pytest.mark.parametrize(
        ("problem", "words"),
        [
            ("prefix", "Refused by OkHttp: building the pinner fails"),
            ("length", "No pin can match: connections fail"),
            ("spelling", "Enforced"),
        ],
    )
    def test_pins_that_okhttp_cannot_use_are_not_said_to_be_enforced(self, problem: Any, words: str) -> None:
        (pin_set,) = code_pin_sets([factories.pin(mechanism="okhttp3", host="clean.org", problem=problem)])
        assert pin_set.enforcement(dt.datetime.fromisoformat(cases.AS_OF)).text == words

    def test_a_text_that_looks_like_a_pin_adds_nothing_to_a_host_with_pins(self) -> None:
        pins = (
            factories.pin(mechanism="okhttp3", host="api.clean.org"),
            factories.pin(mechanism="string", host="api.clean.org", activation="unknown"),
        )
        row = build_view(with_facts(cases.clean(), pins=pins)).hosts.rows[0]
        assert (row.mechanism, [value.text for value in row.enforced]) == ("OkHttp", ["Enforced"])


class TestOldDevices:
    def test_an_app_without_policy_is_open_before_api_24(self) -> None:
        app = cases.app_info(min_sdk=21, target_sdk=34, network_security_config=None)
        view = build_view(cases.scan_result(app=app, facts=cases.policy_facts(app, covered=("code",))))
        assert view.verdict.known[-1] == (
            "On Android 5.0–6.0 (API 21–23) user-installed CAs are trusted and cleartext is allowed for all hosts."
        )
        (row,) = view.hosts.rows
        assert [(value.text, value.levels) for value in row.user_cas] == [
            ("Not trusted", "Android 7.0 and newer (API 24+)"),
            ("Trusted", "Android 5.0–6.0 (API 21–23)"),
        ]
        assert [(value.text, value.levels) for value in row.cleartext] == [
            ("Not allowed", "Android 9 and newer (API 28+)"),
            ("Allowed", "Android 5.0–8.1 (API 21–27)"),
        ]

    def test_the_manifest_forbids_cleartext_from_api_23_on(self) -> None:
        app = cases.app_info(min_sdk=21, network_security_config=None, uses_cleartext_traffic=False)
        view = build_view(cases.scan_result(app=app, facts=cases.policy_facts(app, covered=("code",))))
        assert view.verdict.known[-1] == (
            "On Android 5.0–6.0 (API 21–23) user-installed CAs are trusted for all hosts, and cleartext is allowed "
            "on Android 5.0–5.1 (API 21–22)."
        )
        assert [value.levels for value in view.hosts.rows[0].cleartext if value.text == "Allowed"] == [
            "Android 5.0–5.1 (API 21–22)"
        ]

    def test_a_policy_that_is_not_read_there_says_so(self) -> None:
        assert build_view(cases.shop()).verdict.known[-1] == (
            "On Android 5.0–6.0 (API 21–23) the policy is not read: user-installed CAs are trusted and cleartext is "
            "allowed for all hosts."
        )


class TestFindings:
    def test_stand_in_groups_by_rule_worst_first_and_waived_last(self) -> None:
        groups = build_view(cases.shop()).groups
        assert [group.rule_id for group in groups] == [
            "TM-ACCEPT-ALL",
            "NSC-OVERRIDE-PINS",
            "NSC-PIN-EXPIRED",
            "NSC-USER-CA",
            "PIN-PLACEHOLDER",
            "PIN-NO-BACKUP",
            "APP-MINSDK-USERCA",
            "NSC-BASE-CLEARTEXT",
            "NSC-DOMAIN-CLEARTEXT",
        ]

    def test_of_one_rule_are_sorted_by_severity_then_subject(self) -> None:
        rule = cases.rule_text("NSC-X", "X", Severity.HIGH)
        findings = [
            cases.finding(rule, "b", "."),
            cases.finding(rule, "a", "."),
            cases.finding(rule, "c", ".", severity=Severity.CRITICAL),
        ]
        worst, rest = build_view(cases.scan_result(findings=findings, rules=[rule])).groups
        assert (worst.severity, [finding.subject for finding in worst.findings]) == (Severity.CRITICAL, ["c"])
        assert (rest.severity, [finding.subject for finding in rest.findings]) == (Severity.HIGH, ["a", "b"])

    def test_the_words_of_a_rule_stand_with_its_first_group(self) -> None:
        rule = cases.rule_text("NSC-X", "X", Severity.HIGH)
        findings = [cases.finding(rule, "a", "."), cases.finding(rule, "b", ".", severity=Severity.LOW)]
        first, second = build_view(cases.scan_result(findings=findings, rules=[rule])).groups
        assert first.rule is not None and not first.explained_above
        assert second.rule is None and second.explained_above

    def test_blocking_ones_are_listed_with_the_gate(self) -> None:
        gate = build_view(cases.shop()).gate
        assert gate.outcome == "blocked" and gate.exit_code == 1
        assert [item.title for item in gate.blocking][:2] == [
            "Trust manager accepts every certificate",
            "Anchors override pins in release",
        ]
        assert len(gate.blocking) == 5

    def test_addresses_are_unique_even_when_fingerprints_are_not(self) -> None:
        rule = cases.rule_text("NSC-X", "X", Severity.HIGH)
        findings = [cases.finding(rule, "a", ".", fingerprint="0" * 32) for _ in range(3)]
        (group,) = build_view(cases.scan_result(findings=findings, rules=[rule])).groups
        assert [finding.anchor for finding in group.findings] == [
            "f-000000000000",
            "f-000000000000-2",
            "f-000000000000-3",
        ]

    def test_devices_are_named_unless_they_are_all(self) -> None:
        by_rule = {group.rule_id: group.findings[0] for group in build_view(cases.shop()).groups}
        assert by_rule["NSC-BASE-CLEARTEXT"].levels == "Android 7.0–8.1 (API 24–27)"
        assert by_rule["NSC-PIN-EXPIRED"].levels == "Android 7.0 and newer (API 24+)"
        result = cases.shop()
        assert result.app is not None
        newer = build_view(replace(result, app=replace(result.app, min_sdk=24)))
        assert {group.rule_id: group.findings[0] for group in newer.groups}["NSC-PIN-EXPIRED"].levels == ""

    def test_adjustments_and_waivers_are_explained(self) -> None:
        by_rule = {group.rule_id: group.findings[0] for group in build_view(cases.shop()).groups}
        assert by_rule["PIN-PLACEHOLDER"].adjustments == ("critical → high: a second pin may match",)
        assert by_rule["NSC-DOMAIN-CLEARTEXT"].waiver == (
            "Waived until 2026-04-30: Image host of a partner, moves to TLS in spring"
        )

    def test_places_beyond_the_tenth_are_counted(self) -> None:
        rule = cases.rule_text("TM-X", "X", Severity.LOW)
        places = tuple(Location(kind="entry", entry=f"file{number}") for number in range(25))
        (group,) = build_view(
            cases.scan_result(findings=[cases.finding(rule, "a", ".", locations=places)], rules=[rule])
        ).groups
        assert len(group.findings[0].places) == 10
        assert group.findings[0].more_places == 15

    def test_only_https_links_stay_links(self) -> None:
        rule = cases.rule_text("TM-X", "X", Severity.LOW)
        bad = replace(rule, references=(replace(rule.references[0], url="javascript:alert(1)"),))
        (group,) = build_view(cases.scan_result(findings=[cases.finding(bad, "a", ".")], rules=[bad])).groups
        assert group.rule is not None
        assert [link.url for link in group.rule.references] == [None]

    def test_a_rule_without_text_still_shows_its_findings(self) -> None:
        rule = cases.rule_text("TM-X", "X", Severity.LOW)
        (group,) = build_view(cases.scan_result(findings=[cases.finding(rule, "a", "Message.")])).groups
        assert group.rule is None and group.title == "X" and group.findings[0].message == "Message."


class TestTimeLine:
    def test_ends_are_sorted_and_measured_from_the_report_date(self) -> None:
        entries = build_view(cases.shop()).timeline
        assert [(entry.label, entry.ends_on, entry.words, entry.state) for entry in entries] == [
            ("legacy.api.shop.example", "2025-11-30", "46 days ago", "bad"),
            ("*.api.shop.example, login.shop.example", "2027-03-02", "in 411 days", "good"),
            ("CN=Example Company Root CA,O=Example", "2028-06-30", "in 897 days", "good"),
        ]

    def test_an_end_within_90_days_is_a_warning_and_today_is_an_end(self) -> None:
        view = build_view(cases.app_with_policy(policy("2026-04-15")))
        assert [(entry.days_left, entry.state) for entry in view.timeline] == [(90, "warn")]
        view = build_view(cases.app_with_policy(policy("2026-01-15")))
        assert [(entry.words, entry.state) for entry in view.timeline] == [("today", "bad")]

    def test_bars_start_at_the_report_date_and_stay_within_the_drawing(self) -> None:
        view = build_view(cases.shop())
        drawing = draw_timeline(view.timeline, view.as_of)
        ended, pinned, certificate = drawing.bars
        assert ended.end < drawing.today < pinned.end < certificate.end <= 98
        assert {bar.start for bar in drawing.bars} == {drawing.today}
        assert [tick.label for tick in drawing.ticks] == ["2026", "2027", "2028"]

    def test_a_far_date_is_drawn_at_the_edge(self) -> None:
        view = build_view(cases.app_with_policy(policy("9999-12-31")))
        (bar,) = draw_timeline(view.timeline, view.as_of).bars
        assert bar.beyond and bar.end == 98

    def test_an_empty_time_line_has_no_bars(self) -> None:
        assert draw_timeline((), "2026-01-15").bars == ()


class TestGapsAndMethod:
    def test_gaps_say_what_they_hide(self) -> None:
        view = build_view(cases.shop())
        assert [(gap.subject, gap.reason) for gap in view.gaps] == [
            ("classes.dex, classes2.dex", "not analysed"),
            ("Flutter", "runtime not supported"),
        ]
        assert view.gaps[1].hides == "pins, hosts that the app names and what native libraries do"

    def test_method_holds_what_is_needed_to_repeat_the_scan(self) -> None:
        method = {entry.name: entry.value for entry in build_view(cases.shop()).method}
        result = cases.shop()
        assert method["SHA-256"] == result.target.sha256
        assert method["Rules"] == result.tool.rules_digest
        assert method["Dates judged as of"] == cases.AS_OF
        assert method["Stages"] == "container done (0.12 s), policy done (0.00 s), rules done (0.04 s)"

    def test_raw_facts_name_pins_callbacks_and_hosts(self) -> None:
        rows = {(row.kind, row.subject) for row in build_view(cases.shop()).facts}
        assert ("pin", f"login.shop.example: {cases.PIN_OWN}") in rows
        assert ("trust manager", "com.adnetwork.sdk.net.b") in rows
        assert ("host", "api.shop.example") in rows

    def test_facts_beyond_the_limit_are_counted(self) -> None:
        result = cases.clean()
        assert result.facts is not None
        app = replace(result.facts.app, native_libraries=tuple(f"lib{number}.so" for number in range(2000)))
        view = build_view(replace(result, facts=replace(result.facts, app=app)))
        assert len(view.facts) == 800
        assert len(view.facts) + view.facts_omitted == 2004


def test_hostile_text_is_visible_everywhere() -> None:
    def texts(value: object) -> list[str]:
        if isinstance(value, str):
            return [value]
        if isinstance(value, tuple):
            return [text for part in value for text in texts(part)]
        fields: tuple[str, ...] = getattr(value, "__struct_fields__", ())
        return [text for field in fields for text in texts(getattr(value, field))]

    found = texts(build_view(cases.hostile()))
    assert any("⟨U+202E⟩" in text for text in found)
    assert [text for text in found if not text.replace("\n", "").isprintable()] == []


def test_endless_texts_are_cut() -> None:
    rule = cases.rule_text("TM-X", "X", Severity.LOW)
    endless = "\u202e" * 1_000_000
    finding = cases.finding(
        rule,
        endless,
        endless,
        fix=endless,
        adjustments=(Adjustment(reason=endless, from_severity=Severity.LOW, to_severity=Severity.INFO),),
        confidence=Confidence.TENTATIVE,
    )
    gap = AnalysisGap(stage="code", reason="packed", subject=endless, detail=endless)
    view = build_view(cases.scan_result(findings=[finding], gaps=[gap], rules=[rule], path=endless))
    shown = view.groups[0].findings[0]
    assert max(map(len, (shown.subject, shown.message, shown.adjustments[0], view.gaps[0].detail, view.title))) < 1500
    assert shown.fix is not None and len(shown.fix) < 50_000


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (24, 27, "Android 7.0–8.1 (API 24–27)"),
        (28, 37, "Android 9 and newer (API 28+)"),
        (26, 26, "Android 8.0 (API 26)"),
        (37, 37, "Android 17 (API 37)"),
        (1, 23, "Android 6.0 and older (API 23 and below)"),
        (9, 23, "API 9–23"),
        (40, 41, "API 40 and newer"),
        (40, 40, "API 40"),
        (1, 13, "API 13 and below"),
    ],
)
def test_levels_are_named_as_android_versions(first: int, last: int, words: str) -> None:
    assert name_levels(first, last) == words


def test_ranges_that_touch_are_one() -> None:
    assert (
        name_ranges([(28, 30), (24, 25), (31, 37)]) == "Android 7.0–7.1 (API 24–25) and Android 9 and newer (API 28+)"
    )
    assert short_ranges([(24, 24), (26, 27), (30, 37)]) == "API 24, 26–27, 30+"


def test_places_are_written_most_specific_part_first() -> None:
    assert place_text(cases.CLIENT_CODE) == (
        "com.example.shop.net.ApiClient.build(Landroid/content/Context;)Lokhttp3/OkHttpClient; at 0x2c"
        " · base.apk!classes2.dex"
    )


def test_the_same_result_gives_the_same_view() -> None:
    assert build_view(cases.shop()) == build_view(cases.shop())
    assert dt.datetime.fromisoformat(cases.AS_OF).tzinfo is not None
