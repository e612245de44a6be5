"""What trust managers do, told from their bodies: one class for each behaviour, and those easily mistaken."""

from functools import cache

import pytest

from analyzer.extractors.code.callback_wiring import CallbackWiring
from analyzer.extractors.code.trust_classes import JudgedManager
from analyzer.extractors.code.trust_managers import TrustManagerFacts, extract_trust_managers
from analyzer.model import CallbackFact, PinFact
from tests.extractors.code.smali_fixtures import context_of

JAVA = {
    "AcceptAll": "accept-all",
    "Logs": "accept-all",
    "Unused": "accept-all",
    "Never": "accept-all",
    "Anonymous": "accept-all",
    "TemplateYes": "accept-all",
    "AsksTrusting": "accept-all",
    "NullGuard": "null-guard",
    "AuthTypeGuard": "null-guard",
    "Swallows": "swallow",
    "ReturnsFinally": "swallow",
    "SwallowsItsOwn": "swallow",
    "ValidityOnly": "validity-only",
    "DatesByHand": "validity-only",
    "Easy": "validity-only",
    "NameCompare": "name-compare",
    "SerialCompare": "name-compare",
    "DebugFlag": "flag-dependent",
    "Preference": "flag-dependent",
    "Settable": "flag-dependent",
    "SelfSigned": "self-signed",
    "PinPresented": "pin-presented",
    "PinLeaf": "pin-leaf-key",
    "PinBytes": "pin-leaf-key",
    "PinModulus": "pin-leaf-key",
    "PinAsFallback": "pin-leaf-key",
    "TemplatePin": "pin-leaf-key",
    "PinAfter": "pin-presented-after-validation",
    "PinSecond": "pin-presented-after-validation",
    "PinValidated": "pin-validated",
    "PinLeafAfter": "pin-validated",
    "Careful": "pin-validated",
    "Delegates": "delegate",
    "ConstantFalse": "delegate",
    "Wraps": "delegate",
    "RecordsThenRejects": "delegate",
    "TwoCallsAway": "delegate",
    "AnyOf": "delegate",
    "Blocks": "delegate",
    "AsksStrict": "delegate",
    "WithHost": "delegate",
    "FromStore": "keystore",
    "Denies": "always-throw",
    "GapBehind": "accept-all",
    "HostGap": "accept-all",
    "Native": "unknown",
    "ByStrategy": "accept-all",
    "FirstUse": "flag-dependent",
    "InList": "pin-presented",
    "MadeLate": "delegate",
    "IgnoresResult": "swallow",
    "ByRoot": "unknown",
    "SkipsHost": "flag-dependent",
}
R8 = {**JAVA, "HostGap": "delegate", "SkipsHost": "delegate"}
"""R8 removes overloads that only reflection finds, and with them what they did."""
KOTLIN = {
    "AcceptAll": "accept-all",
    "Object": "accept-all",
    "Required": "null-guard",
    "RunCatching": "swallow",
    "Validity": "validity-only",
    "Issuer": "name-compare",
    "Switch": "flag-dependent",
    "Presented": "pin-presented",
    "Leaf": "pin-leaf-key",
    "After": "pin-presented-after-validation",
    "Validated": "pin-validated",
    "ByDelegation": "delegate",
    "TryExpression": "delegate",
    "Denying": "always-throw",
}
BUILDS = {"trust-java": JAVA, "trust-java-r8": R8, "trust-kotlin": KOTLIN, "trust-kotlin-r8": KOTLIN}


@cache
def facts(build: str) -> TrustManagerFacts:
    """Return what is found in a build."""
    code = context_of(build, application="org.example.trust.App", package="org.example.trust")
    return extract_trust_managers(code, CallbackWiring(code))


@cache
def installed(build: str) -> dict[str, tuple[JudgedManager, CallbackFact]]:
    """Return the managers by the method that installs them: class names do not survive a shrinker."""
    found: dict[str, tuple[JudgedManager, CallbackFact]] = {}
    for manager, fact in zip(facts(build).managers, facts(build).callbacks, strict=True):
        for place in manager.installation.trail:
            name = (place.method or "").partition("(")[0]
            if (place.snippet or "").startswith("creates ") and name[:4] in ("wire", "make"):
                found[name[4:]] = (manager, fact)
    return found


@pytest.mark.parametrize(
    ("build", "name", "behaviour"),
    [(build, name, behaviour) for build, expected in BUILDS.items() for name, behaviour in expected.items()],
)
def test_each_behaviour_is_told_from_the_body(build: str, name: str, behaviour: str) -> None:
    assert installed(build)[name][1].behaviour == behaviour


@pytest.mark.parametrize("build", BUILDS)
def test_no_other_manager_is_made_up(build: str) -> None:
    assert set(installed(build)) == set(BUILDS[build])
    assert len(facts(build).managers) == len(BUILDS[build])


@pytest.mark.parametrize("build", BUILDS)
def test_what_is_installed_in_code_that_runs_is_active(build: str) -> None:
    found = {name: fact.activation for name, (_, fact) in installed(build).items()}
    others = {"Unused": "created", "Never": "defined_only"} if build.startswith("trust-java") else {}
    assert found == dict.fromkeys(BUILDS[build], "active") | others


def test_classes_that_a_shrinker_merged_are_told_apart() -> None:
    merged = [manager for manager in facts("trust-java-r8").managers if manager.variant is not None]
    by_class: dict[str, set[str]] = {}
    for manager in merged:
        by_class.setdefault(manager.descriptor, set()).add(manager.behaviour)
    assert max(len(behaviours) for behaviours in by_class.values()) >= 8


@pytest.mark.parametrize(
    ("name", "flag", "detail"),
    [
        ("DebugFlag", "build-config", "accept-all when BuildConfig.DEBUG is true"),
        ("Preference", "preference", 'swallow when preferences.getBoolean("allow_self_signed", 0) is true'),
        ("Settable", "field", "accept-all when trusting is true"),
        ("SkipsHost", "host", 'accept-all when host.endsWith(".internal") is true'),
    ],
)
def test_a_flag_says_where_it_comes_from(name: str, flag: str, detail: str) -> None:
    fact = installed("trust-java")[name][1]
    assert (fact.flag, fact.detail) == (flag, detail)


@pytest.mark.parametrize(
    ("name", "asked"),
    [("Delegates", "default"), ("FromStore", "keystore"), ("AsksStrict", "custom"), ("AnyOf", "default")],
)
@pytest.mark.parametrize("build", ["trust-java", "trust-java-r8"])
def test_a_delegate_says_whom_it_asks(build: str, name: str, asked: str) -> None:
    assert installed(build)[name][1].delegates_to == (asked,)


def test_the_overloads_that_the_platform_prefers_decide() -> None:
    fact = installed("trust-java")["GapBehind"][1]
    assert {(one.form, one.behaviour, one.chosen) for one in fact.overloads} == {
        ("two-argument", "delegate", False),
        ("socket", "accept-all", True),
        ("engine", "accept-all", True),
    }
    fact = installed("trust-java")["HostGap"][1]
    assert {(one.form, one.behaviour, one.chosen) for one in fact.overloads} == {
        ("two-argument", "delegate", False),
        ("host", "accept-all", True),
    }


@pytest.mark.parametrize("build", ["trust-java", "trust-java-r8"])
def test_a_manager_that_is_not_understood_leaves_a_gap(build: str) -> None:
    gaps = facts(build).gaps
    assert {gap.hides for gap in gaps} == {("callback", "pin")}
    assert len(gaps) == 2
    for words in ("is not looked into", "a signature is checked with a key that is not the chain's"):
        assert [words in gap.detail for gap in gaps].count(True) == 1


def test_the_statements_that_decide_are_shown() -> None:
    def shown(name: str) -> str:
        return installed("trust-java")[name][1].evidence[0].snippet or ""

    assert shown("AcceptAll") == "return;"
    assert shown("Swallows") == (
        "try { delegate.checkServerTrusted(chain, authType); } catch (CertificateException e) return;"
    )
    assert shown("Easy") == "chain[0].checkValidity(); return;"
    assert 'getName().contains("CN=Example CA")' in shown("NameCompare")


PIN = "g+Vbi49gMtvQhuyQkLtdV0vuVH2CBzgcqSfHcmFdNbk="
SECOND = "2pUN3PENQQBCGvF5homSqxFblNdxm78ng+QgkGxiJto="
PINS = {
    "PinPresented": [(PIN, "sha256", "spki", "presented")],
    "PinLeaf": [(PIN, "sha256", "spki", "leaf")],
    "TemplatePin": [(PIN, "sha256", "spki", "leaf")],
    "PinBytes": [("3003020105", "sha256", "certificate", "leaf")],
    "PinAfter": [(PIN, "sha256", "spki", "presented"), (SECOND, "sha256", "spki", "presented")],
    "PinSecond": [(PIN, "sha256", "spki", "index")],
    "PinValidated": [(PIN, "sha256", "spki", "validated")],
    "PinLeafAfter": [(PIN, "sha256", "spki", "leaf")],
}
KOTLIN_PINS = {
    "Presented": [(PIN, "sha256", "spki", "presented")],
    "Leaf": [(PIN, "sha256", "spki", "leaf")],
    "After": [(PIN, "sha256", "spki", "presented"), (SECOND, "sha256", "spki", "presented")],
    "Validated": [(PIN, "sha256", "spki", "validated")],
}


def _pins(build: str, name: str) -> list[PinFact]:
    manager, fact = installed(build)[name]
    scope = fact.class_name if manager.variant is None else f"{fact.class_name}#{manager.variant}"
    return [pin for pin in facts(build).pins if pin.scope == scope]


@pytest.mark.parametrize(
    ("build", "name", "expected"),
    [
        (build, name, pins)
        for build, table in (
            ("trust-java", PINS), ("trust-java-r8", PINS), ("trust-kotlin", KOTLIN_PINS),
            ("trust-kotlin-r8", KOTLIN_PINS),
        )
        for name, pins in table.items()
    ],
)  # fmt: skip
def test_pins_that_code_compares_are_read(build: str, name: str, expected: list[tuple[str, str, str, str]]) -> None:
    found = _pins(build, name)
    assert [(pin.value, pin.algorithm, pin.hashed_object, pin.checked_against) for pin in found] == expected
    assert all((pin.mechanism, pin.activation, pin.enforced) == ("custom-tm", "active", None) for pin in found)


@pytest.mark.parametrize("build", BUILDS)
def test_managers_that_do_not_pin_have_no_pins(build: str) -> None:
    pinning = {*PINS, *KOTLIN_PINS, "PinModulus", "PinAsFallback", "Careful", "SwallowsItsOwn", "InList", "FirstUse"}
    others = set(BUILDS[build]) - pinning
    assert not [name for name in others if _pins(build, name)]


@pytest.mark.parametrize("build", ["trust-java", "trust-java-r8"])
@pytest.mark.parametrize("name", ["PinAsFallback", "SwallowsItsOwn"])
def test_a_comparison_that_does_not_decide_is_not_enforced(build: str, name: str) -> None:
    (pin,) = _pins(build, name)
    assert (pin.value, pin.enforced, pin.activation) == (PIN, False, "created")


def test_a_text_that_a_helper_decodes_stands_for_its_bytes() -> None:
    (pin,) = _pins("trust-java", "Careful")
    assert pin.digest is not None
    assert (pin.digest.hex(), pin.algorithm) == ("f30012bbc18c231ac1a44b788e410ce754182513", "sha1")
    assert (pin.checked_against, pin.problem) == ("validated", "example")


def test_bytes_that_are_computed_in_place_are_not_guessed() -> None:
    (pin,) = _pins("trust-java-r8", "Careful")
    assert (pin.digest, pin.resolution) == (None, "unresolved")
    assert pin.problem_detail is not None and "computed" in pin.problem_detail


def test_a_modulus_is_compared_as_it_is() -> None:
    (pin,) = _pins("trust-java", "PinModulus")
    assert (pin.hashed_object, pin.digest, pin.value[:8]) == ("key", None, "c5062b58")
