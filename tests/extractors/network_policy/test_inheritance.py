"""Which value holds in a scope: whole-value replacement along the chain of configurations."""

import pytest

from analyzer.model import Settings
from tests.extractors.network_policy.policies import (
    PIN_A,
    PIN_B,
    anchors,
    app_info,
    at,
    domain,
    facts,
    pin_set,
)


def pins(settings: Settings) -> list[str]:
    return [pin.value for pin in settings.pin_set.pins]


def sources(settings: Settings) -> list[str]:
    return [anchor.source for anchor in settings.trust_anchors]


@pytest.mark.parametrize(
    ("target", "level", "permitted"),
    [(22, 37, True), (27, 37, True), (28, 28, False), (36, 28, False), (36, 27, True), (36, 24, True)],
)
def test_cleartext_by_default_depends_on_target_and_on_devices_below_28_is_always_permitted(
    target: int, level: int, permitted: bool
) -> None:
    assert at(facts("", app_info(target=target)), "example.com", level).cleartext is permitted


def test_the_manifest_attribute_counts_only_without_a_policy_file() -> None:
    app = app_info(target=34, cleartext=True)
    assert at(facts(None, app), "example.com").cleartext
    assert at(facts(None, app), "example.com").cleartext_origin.kind == "manifest"
    assert not at(facts("", app), "example.com").cleartext


def test_instant_apps_have_no_cleartext_from_api_27_on() -> None:
    app = app_info(target=27, cleartext=True, instant=True)
    assert at(facts(None, app), "example.com", 24).cleartext
    assert not at(facts(None, app), "example.com", 27).cleartext


@pytest.mark.parametrize(("target", "trusted"), [(23, ["system", "user"]), (24, ["system"])])
def test_user_certificates_are_trusted_by_default_up_to_target_23(target: int, trusted: list[str]) -> None:
    assert sources(at(facts(None, app_info(target=target)), "example.com")) == trusted


def test_a_base_config_may_follow_the_domain_configs_it_serves() -> None:
    found = facts(domain("example.com") + f"<base-config>{anchors('user')}</base-config>")
    assert sources(at(found, "example.com")) == ["user"]
    assert at(found, "example.com").trust_anchors_origin.kind == "inherited"


def test_a_childs_trust_anchors_replace_the_parents_list() -> None:
    inner = anchors("system", "user") + domain("www.example.com", inner=anchors("@raw/ca"))
    settings = at(facts(domain("example.com", inner=inner)), "www.example.com")
    assert [anchor.resource for anchor in settings.trust_anchors] == ["@raw/ca"]


def test_a_childs_pin_set_replaces_pins_and_expiration() -> None:
    inner = pin_set(PIN_A, expiration="2030-01-01") + domain("www.example.com", inner=pin_set(PIN_B))
    found = facts(domain("example.com", inner=inner, subdomains=True))
    assert pins(at(found, "api.example.com")) == [PIN_A]
    assert at(found, "api.example.com").pin_set.expires_date == "2030-01-01"
    assert pins(at(found, "www.example.com")) == [PIN_B]
    assert at(found, "www.example.com").pin_set.expires_date is None


def test_an_empty_pin_set_in_a_child_switches_pinning_off() -> None:
    inner = pin_set(PIN_A) + domain("www.example.com", inner="<pin-set/>")
    assert pins(at(facts(domain("example.com", inner=inner, subdomains=True)), "www.example.com")) == []


def test_empty_trust_anchors_trust_nobody() -> None:
    assert at(facts(f"<base-config>{anchors()}</base-config>"), "example.com").trust_anchors == ()


def test_siblings_never_combine() -> None:
    found = facts(
        domain("example.com", inner=pin_set(PIN_A), subdomains=True)
        + domain("www.example.com", attributes='cleartextTrafficPermitted="true"')
    )
    assert pins(at(found, "www.example.com")) == []
    assert at(found, "www.example.com").cleartext
    assert not at(found, "api.example.com").cleartext


def test_overriding_anchors_are_looked_up_first() -> None:
    certificates = '<certificates src="system"/><certificates src="user" overridePins="true"/>'
    inner = f"<trust-anchors>{certificates}</trust-anchors>"
    assert sources(at(facts(domain("example.com", inner=inner)), "example.com")) == ["user", "system"]


@pytest.mark.parametrize(
    ("inner", "required"),
    [
        ("", True),
        (anchors("system"), True),
        (anchors("system", "user"), False),
        (anchors("@raw/ca"), False),
        (anchors("wfa"), True),
        (anchors("user") + '<certificateTransparency enabled="true"/>', True),
        ('<certificateTransparency enabled="false"/>', False),
        ("<certificateTransparency/>", False),
    ],
)
def test_certificate_transparency_at_target_37(inner: str, required: bool) -> None:
    found = facts(f"<base-config>{inner}</base-config>", app_info(target=37))
    assert at(found, "example.com", 37).ct_required is required
    assert at(found, "example.com", 35).ct_required is None


def test_a_silent_child_inherits_its_parents_opt_out_from_certificate_transparency() -> None:
    inner = anchors("user") + domain("www.example.com", inner=anchors("system"))
    settings = at(facts(domain("example.com", inner=inner), app_info(target=37)), "www.example.com")
    assert settings.ct_required is False


@pytest.mark.parametrize(
    ("mode", "target", "effective"),
    [("enabled", 36, "enabled"), ("required", 37, "required"), ("Enabled", 37, "opportunistic"), ("x", 36, "disabled")],
)
def test_domain_encryption_modes_are_exact_and_anything_else_means_the_platform_default(
    mode: str, target: int, effective: str
) -> None:
    found = facts(f'<base-config><domainEncryption mode="{mode}"/></base-config>', app_info(target=target))
    assert at(found, "example.com", 37).domain_encryption == effective
    assert at(found, "example.com", 36).domain_encryption is None


def test_origins_name_the_element_that_decides() -> None:
    found = facts(domain("example.com", inner=pin_set(PIN_A) + domain("www.example.com")))
    own = at(found, "example.com").pin_set_origin
    handed_down = at(found, "www.example.com").pin_set_origin
    assert (own.kind, own.path) == ("declared", "network-security-config/domain-config/pin-set")
    assert (handed_down.kind, handed_down.path) == ("inherited", own.path)


def test_levels_run_from_min_sdk_to_max_sdk() -> None:
    (variant,) = facts("", app_info(minimum=29, maximum=35)).policy.variants
    assert [(band.first_level, band.last_level) for band in variant.scopes[0].bands] == [(29, 35)]


def test_debug_overrides_are_appended_where_anchors_are_declared_and_to_the_default() -> None:
    body = f"<debug-overrides>{anchors('user')}</debug-overrides>" + domain("example.com", inner=anchors("system"))
    debug = facts(body, app_info(debuggable=True))
    release = facts(body)
    for host in ("example.com", "example.org"):
        assert [(a.source, a.overrides_pins) for a in at(debug, host).trust_anchors] == [
            ("user", True),
            ("system", False),
        ]
        assert sources(at(release, host)) == ["system"]


def test_the_debug_sibling_counts_only_when_the_policy_has_no_debug_overrides() -> None:
    sibling = f"<debug-overrides>{anchors('user')}</debug-overrides>"
    app = app_info(debuggable=True)
    assert sources(at(facts("", app, debug=sibling), "example.com")) == ["user", "system"]
    assert sources(at(facts("<debug-overrides/>", app, debug=sibling), "example.com")) == ["system"]
    assert sources(at(facts("", debug=sibling), "example.com")) == ["system"]


def test_a_malformed_debug_sibling_fails_the_policy_of_debuggable_builds_only() -> None:
    sibling = "<debug-overrides/><debug-overrides/>"
    assert facts("", app_info(debuggable=True), debug=sibling).policy.variants[0].errors
    assert not facts("", debug=sibling).policy.variants[0].errors


def test_without_a_file_loopback_has_cleartext_and_no_trust_anchor_on_api_37() -> None:
    settings = at(facts(None, app_info(cleartext=False)), "localhost", 37)
    assert settings.cleartext and settings.trust_anchors == ()
    assert not at(facts(None, app_info(cleartext=False)), "localhost", 36).cleartext


def test_a_domain_entry_for_a_loopback_name_replaces_the_implicit_configuration() -> None:
    assert not at(facts(domain("127.0.0.1")), "localhost", 37).cleartext
    assert at(facts(domain("example.com")), "localhost", 37).cleartext
