"""What the platform refuses, what it skips, and what it reads differently than written."""

import pytest

from analyzer.extractors.network_policy import build_policy
from analyzer.extractors.network_policy.java_date import parse_expiration
from tests.extractors.network_policy.policies import (
    PIN_A,
    anchors,
    app_info,
    at,
    domain,
    facts,
    file,
    pin_set,
)

BASE = "<base-config/>"


@pytest.mark.parametrize(
    ("inner", "kind"),
    [
        (BASE + BASE, "second-base-config"),
        ("<debug-overrides/><debug-overrides/>", "second-debug-overrides"),
        ("<base-config><pin-set/></base-config>", "misplaced"),
        ("<base-config><domain>a.example.com</domain></base-config>", "misplaced"),
        (f"<base-config>{domain('a.example.com')}</base-config>", "misplaced"),
        ("<domain-config><pin-set/></domain-config>", "no-domain"),
        (f"<domain-config>{domain('a.example.com')}</domain-config>", "no-domain"),
        (domain("a.example.com", inner="<pin-set/><pin-set/>"), "second-pin-set"),
        (domain("a.example.com", inner=anchors() + anchors()), "second-trust-anchors"),
        (domain("a.example.com", "A.example.com "), "duplicate-domain"),
        (domain("a.example.com", inner=domain("a.example.com")), "duplicate-domain"),
        (domain(" "), "domain-missing"),
        (domain("<x/>"), "domain-missing"),
        (domain("a.exam<!-- split -->ple.com"), "domain-content"),
        (f"<base-config>{anchors('System')}</base-config>", "src-unknown"),
        ("<base-config><trust-anchors><certificates/></trust-anchors></base-config>", "src-missing"),
        (domain("a.example.com", inner='<pin-set><pin digest="SHA-1">AAAA</pin></pin-set>'), "pin-digest"),
        (domain("a.example.com", inner="<pin-set><pin>AAAA</pin></pin-set>"), "pin-digest"),
        (domain("a.example.com", inner='<pin-set><pin digest="SHA-256"/></pin-set>'), "pin-missing"),
        (domain("a.example.com", inner=pin_set("AAAA")), "pin-length"),
        (domain("a.example.com", inner=pin_set(f"sha256/{PIN_A}")), "pin-base64"),
        (domain("a.example.com", inner=pin_set(PIN_A + "=")), "pin-base64"),
        (domain("a.example.com", inner=pin_set(PIN_A[:20] + "<!-- c -->" + PIN_A[20:])), "pin-length"),
        (domain("a.example.com", inner=pin_set(PIN_A, expiration="2023-02-29")), "expiration"),
        (domain("a.example.com", inner=pin_set(PIN_A, expiration="soon")), "expiration"),
    ],
)
def test_the_platform_refuses(inner: str, kind: str) -> None:
    (variant,) = facts(inner).policy.variants
    assert [error.kind for error in variant.errors] == [kind]
    assert all(scope.bands == () for scope in variant.scopes)


def test_every_error_is_reported_not_only_the_first() -> None:
    inner = domain("a.example.com", inner=pin_set("AAAA", "BBBB", expiration="never"))
    (variant,) = facts(inner).policy.variants
    assert [error.kind for error in variant.errors] == ["expiration", "pin-length", "pin-length"]


def test_another_root_element_is_refused() -> None:
    from analyzer.extractors.network_policy import build_policy

    policy = build_policy(app_info(), [file("<resources/>")]).policy
    assert (
        policy.variants[0].errors[0].message
        == "Unexpected start tag: found resources, expected network-security-config"
    )


@pytest.mark.parametrize(
    ("inner", "target", "refused"),
    [
        (f"<base-config>{anchors('wfa')}</base-config>", 34, (24, 29)),
        ("<base-config><domainEncryption/></base-config>", 37, (37, 37)),
    ],
)
def test_some_errors_hold_only_on_some_levels(inner: str, target: int, refused: tuple[int, int]) -> None:
    (variant,) = facts(inner, app_info(target=target)).policy.variants
    (error,) = variant.errors
    assert (error.first_level, error.last_level) == refused
    answered = [level for band in variant.scopes[0].bands for level in range(band.first_level, band.last_level + 1)]
    assert answered == [level for level in range(24, 38) if not refused[0] <= level <= refused[1]]


def test_an_error_below_min_sdk_concerns_nobody() -> None:
    found = facts(f"<base-config>{anchors('wfa')}</base-config>", app_info(minimum=30))
    assert found.policy.variants[0].errors == ()


def test_release_builds_skip_debug_overrides_unread() -> None:
    inner = f"<debug-overrides>{anchors('bogus')}</debug-overrides>"
    assert not facts(inner).policy.variants[0].errors
    assert [e.kind for e in facts(inner, app_info(debuggable=True)).policy.variants[0].errors] == ["src-unknown"]


@pytest.mark.parametrize(
    ("value", "permitted"),
    [
        ("true", True),
        ("TRUE", True),
        ("1", True),
        ("0x1", True),
        ("#fff", True),
        ("false", False),
        ("0", False),
        ("#00000000", False),
        ("yes", True),
        ("no", True),
        ("", True),
        ("@bool/off", True),
        ("0.0", True),
    ],
)
def test_cleartext_counts_as_a_typed_boolean_and_is_permitted_when_it_is_none(value: str, permitted: bool) -> None:
    found = facts(f'<base-config cleartextTrafficPermitted="{value}"/>')
    assert at(found, "example.com").cleartext is permitted


@pytest.mark.parametrize(
    ("inner", "kind", "name", "suggestion"),
    [
        ("<base-confg/>", "unknown-element", "base-confg", "base-config"),
        ("<domain>example.com</domain>", "misplaced-element", "domain", None),
        (BASE.replace("/>", ' clearTextTrafficPermited="false"/>'), "unknown-attribute", "clearTextTrafficPermited", "cleartextTrafficPermitted"),
        ('<base-config hstsEnforced="true"/>', "unknown-attribute", "hstsEnforced", None),
        ('<domain-config><domain cleartextTrafficPermitted="true">a.test</domain></domain-config>', "misplaced-attribute", "cleartextTrafficPermitted", None),
        ('<base-config cleartextTrafficPermitted="no"/>', "untyped-boolean", "cleartextTrafficPermitted", None),
        ('<base-config><domainEncryption mode="on"/></base-config>', "unknown-mode", "on", None),
        (domain("a.test", inner=pin_set(PIN_A, expiration="2030-1-1")), "lenient-date", "2030-1-1", None),
        ('<debug-overrides cleartextTrafficPermitted="true"/>', "inert-debug-overrides-setting", "cleartextTrafficPermitted", None),
        (
            '<domain-config><domain xmlns:android="http://schemas.android.com/apk/res/android" android:includeSubdomains="true">a.test</domain></domain-config>',
            "namespaced-attribute",
            "includeSubdomains",
            None,
        ),
    ],
)  # fmt: skip
def test_what_has_no_effect_is_an_issue(inner: str, kind: str, name: str, suggestion: str | None) -> None:
    (variant,) = facts(inner).policy.variants
    assert [(issue.kind, issue.name, issue.suggestion) for issue in variant.issues] == [(kind, name, suggestion)]


@pytest.mark.parametrize(
    "inner",
    [
        domain("a.test", inner='<trustkit-config enforcePinning="true"><report-uri>https://r.test</report-uri></trustkit-config>'),
        '<base-config xmlns:tools="http://schemas.android.com/tools" tools:ignore="InsecureBaseConfiguration"/>',
        '<base-config xmlns:x="http://x.test" x:cleartextTrafficPermitted="false"/>',
        '<base-config><certificateTransparency enabled="true"/></base-config>',
    ],
)  # fmt: skip
def test_what_others_read_or_the_platform_does_read_is_no_issue(inner: str) -> None:
    assert facts(inner).policy.variants[0].issues == ()


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("*.example.com", "wildcard"),
        ("https://example.com", "scheme"),
        ("example.com:443", "port"),
        ("example.com/api", "path"),
        (".example.com", "leading-dot"),
        ("example.com.", "trailing-dot"),
        ("exa mple.com", "whitespace"),
        ("a.org,b.org", "several-names"),
        ("a.org;b.org", "several-names"),
        ("a.org, b.org", "several-names"),
        ("a.org b.org", "several-names"),
        ("a..org", "empty-label"),
        ("@string/host", "reference"),
        ("@com.example:string/host", "reference"),
        ("example.com,", "illegal-character"),
        ("example.com?x", "illegal-character"),
        ("example.com#x", "illegal-character"),
        ("user@example.com", "illegal-character"),
        ("a&amp;b.example.com", "illegal-character"),
        ("'example.com'", "illegal-character"),
        ('"example.com"', "illegal-character"),
        ("&lt;example.com&gt;", "illegal-character"),
        ("example\\com", "illegal-character"),
        ("${host}", "illegal-character"),
        ("example.com:https", "illegal-character"),
        ("http:example.com", "illegal-character"),
        ("my_host.example.com", None),
        ("[2001:db8::1]", None),
        ("bücher.example", "unicode"),
        ("10.0.0.0/8", "cidr"),
        ("192.0.2.1", None),
        ("2001:db8::1", None),
        ("xn--bcher-kva.example", None),
        ("Example.COM", None),
    ],
)
def test_domain_texts_that_no_host_can_equal(name: str, problem: str | None) -> None:
    (variant,) = facts(domain(name)).policy.variants
    assert variant.scopes[1].domains[0].problem == problem


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2030-01-31", "2030-01-31"),
        ("2030-1-1", "2030-01-01"),
        ("2030-01-01T23:59:59Z", "2030-01-01"),
        ("30-01-01", "0030-01-01"),
        ("2024-02-29", "2024-02-29"),
        ("2023-02-29", None),
        ("2030-13-01", None),
        ("01-01-2030", None),
        ("2030/01/01", None),
        ("", None),
        ("20300-01-01", "9999-12-31"),
    ],
)
def test_expiration_dates_are_read_from_the_start_of_the_text(text: str, day: str | None) -> None:
    assert parse_expiration(text) == day


def test_pins_become_facts_with_host_place_and_expiry() -> None:
    inner = domain("api.example.com", inner=pin_set(PIN_A, expiration="2030-01-01"), subdomains=True)
    (pin,) = facts(inner).pins
    assert (pin.mechanism, pin.host, pin.include_subdomains) == ("nsc", "api.example.com", True)
    assert (pin.value, pin.expires_on, pin.checked_against) == (PIN_A, "2030-01-01", "validated")
    assert pin.evidence[0].xml_path == "network-security-config/domain-config/pin-set/pin"


def test_pins_that_the_platform_refuses_are_facts_too() -> None:
    pins = facts(domain("api.example.com", inner=pin_set(PIN_A, "AAAA"))).pins
    assert [(pin.value, pin.digest is None, pin.problem) for pin in pins] == [
        (PIN_A, False, None),
        ("AAAA", True, "length"),
    ]


def test_version_qualified_variants_hold_on_their_own_levels() -> None:
    from analyzer.extractors.network_policy import build_policy
    from analyzer.model.policy_lookup import effective

    old = file("<network-security-config><base-config cleartextTrafficPermitted='true'/></network-security-config>")
    new = file("<network-security-config/>", "res/xml-v28/policy.xml", "v28", 28)
    policy = build_policy(app_info(), [new, old]).policy
    assert [(v.qualifiers, v.first_level, v.last_level) for v in policy.variants] == [("", 24, 27), ("v28", 28, 37)]
    assert effective(policy, "example.com", 27).cleartext  # type: ignore[union-attr]
    assert not effective(policy, "example.com", 28).cleartext  # type: ignore[union-attr]


def test_under_another_root_element_the_refusal_is_all_there_is_to_say() -> None:
    wrong = file('<network-security cleartextTrafficPermitted="false"><base-konfig/></network-security>')
    (variant,) = build_policy(app_info(), [wrong]).policy.variants
    assert [error.kind for error in variant.errors] == ["root"]
    assert variant.issues == ()
