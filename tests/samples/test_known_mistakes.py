"""What other scanners were seen to get wrong, each on a sample that was built for it."""

from functools import cache

import pytest

from analyzer.model import CallbackFact, Finding, ScanResult, Severity
from analyzer.options import ScanOptions
from analyzer.pipeline import scan
from tests.samples import expectation

MORE, JAVA, KOTLIN = "tls-callbacks-more", "tls-callbacks", "tls-callbacks-kotlin"
_PACKAGES = {MORE: "org.example.tlsmore", JAVA: "org.example.tlscallbacks", KOTLIN: "org.example.tlskotlin"}


@cache
def _result(sample: str) -> ScanResult:
    folder = expectation.SAMPLES / sample
    options = ScanOptions(as_of=expectation.load(folder).instant, reproducible=True)
    return scan(expectation.package_of(folder), options)


def _findings(sample: str, name: str) -> list[Finding]:
    return [one for one in _result(sample).findings if one.subject == f"{_PACKAGES[sample]}.{name}"]


def _fact(sample: str, name: str) -> CallbackFact:
    facts = _result(sample).facts
    assert facts is not None
    (found,) = (one for one in facts.callbacks if one.class_name == f"{_PACKAGES[sample]}.{name}")
    return found


def _rejected(sample: str) -> set[str]:
    return {one.class_name.rpartition(".")[2] for one in _result(sample).store.rejections}


# ---- false alarms


def test_a_refusal_that_stands_in_a_callee_is_a_refusal() -> None:
    assert _fact(MORE, "RefusesInCallee").behaviour == "delegate"
    assert _findings(MORE, "RefusesInCallee") == []
    assert _fact(KOTLIN, "AsksHelpers").behaviour == "delegate"
    assert _findings(KOTLIN, "AsksHelpers") == []


def test_a_refusal_that_is_recorded_and_thrown_later_is_a_refusal() -> None:
    assert _fact(MORE, "RecordsThenRefuses").behaviour == "delegate"
    assert _findings(MORE, "RecordsThenRefuses") == []


def test_a_null_key_manager_beside_a_trust_manager_says_nothing_about_trust() -> None:
    fact = _fact(MORE, "HandsEverything")
    assert fact.activation == "active", "it is given to init(null, managers, null)"
    assert _findings(MORE, "HandsEverything") == []


def test_an_empty_check_client_trusted_is_no_finding() -> None:
    for name in ("HandsEverything", "RefusesAtLast", "PinsLikeFabric"):
        assert _findings(MORE, name) == []
        assert name not in _rejected(MORE)


def test_a_manager_that_validates_and_pins_as_that_of_fabric_did_is_right() -> None:
    assert _fact(MORE, "PinsLikeFabric").behaviour == "pin-validated"
    assert _findings(MORE, "PinsLikeFabric") == []
    strengths = [one.subject for one in _result(MORE).strengths if one.rule_id == "TM-PIN-VALIDATED"]
    assert strengths == ["org.example.tlsmore.PinsLikeFabric"]


def test_a_handler_that_cancels_and_tells_its_owner_as_that_of_facebook_does_is_right() -> None:
    assert _fact(MORE, "TellingPage").behaviour == "cancel"
    assert _findings(MORE, "TellingPage") == []
    assert "TellingPage" not in _rejected(MORE)


@pytest.mark.parametrize(("sample", "name"), [(MORE, "ApacheCompares"), (JAVA, "ComparesAlternativeNames")])
def test_a_verifier_that_compares_names_is_for_review_alone(sample: str, name: str) -> None:
    assert [(one.rule_id, one.severity) for one in _findings(sample, name)] == [("HV-CUSTOM", Severity.INFO)]
    assert name not in _rejected(sample)


def test_a_bundled_okhttp_has_no_findings_about_its_own_code() -> None:
    about_code = [one for one in _result("okhttp-pinned").findings if one.rule_id.startswith(("TM-", "HV-"))]
    assert about_code == []


def test_system_authorities_are_no_finding() -> None:
    for sample in ("clean-modern", "pinned-right"):
        assert [one for one in _result(sample).findings if one.severity is not Severity.INFO] == []


# ---- misses, and praise for what is broken


@pytest.mark.parametrize(
    ("sample", "name", "rule"),
    [
        (JAVA, "AcceptsAll", "TM-ACCEPT-ALL"),
        (KOTLIN, "AcceptsAll", "TM-ACCEPT-ALL"),
        (JAVA, "EveryName", "HV-ACCEPT-ALL"),
        (KOTLIN, "EveryName", "HV-ACCEPT-ALL"),
    ],
)
def test_a_class_that_accepts_everything_is_found_and_never_praised(sample: str, name: str, rule: str) -> None:
    assert [(one.rule_id, one.severity) for one in _findings(sample, name)] == [(rule, Severity.CRITICAL)]
    assert name in _rejected(sample)
    assert not any(one.subject.endswith(f".{name}") for one in _result(sample).strengths)


@pytest.mark.parametrize("name", ["ProceedingPage", "ProceedingWhenNotNull", "ProceedingInLet"])
def test_kotlins_null_check_around_proceed_is_no_condition(name: str) -> None:
    (finding,) = _findings(KOTLIN, name)
    assert (finding.rule_id, finding.severity, finding.confidence.value) == (
        "WEBVIEW-SSL-PROCEED", Severity.CRITICAL, "certain",
    )  # fmt: skip
    assert name in _rejected(KOTLIN)


def test_a_host_whose_pins_are_all_placeholders_is_not_praised() -> None:
    praised = {one.subject for one in _result("pins-placeholder").strengths if one.rule_id == "NSC-PINNED"}
    assert "*.api.placeholder.example.com" not in praised


def test_expired_pins_are_spoken_of_as_past() -> None:
    expired = [one for one in _result("pins-expired").findings if one.rule_id == "NSC-PIN-EXPIRED"]
    assert expired and not any("will" in one.message for one in expired)


def test_a_pin_that_cannot_be_read_does_not_hide_the_next_one() -> None:
    told = [one.subject for one in _result("pins-malformed").findings if one.rule_id == "NSC-PIN-MALFORMED"]
    assert told == ["g8+tHP17X5fxxyMflsAxMj5UpaI=", "sha256/JfM/JFEnN9ltoelvHOxdJD5kpbmDjLp8Ylnj0xri3DY="]


def test_what_a_nested_policy_forbids_is_not_said_to_be_permitted() -> None:
    facts = _result("nested-policies").facts
    expected = expectation.load(expectation.SAMPLES / "nested-policies")
    forbidden = {one.host for one in expected.policy.effective if one.cleartext is False}
    assert facts is not None and forbidden
    told = [one for one in _result("nested-policies").findings if one.rule_id == "NSC-DOMAIN-CLEARTEXT"]
    named = {name.strip() for one in told for name in one.subject.split(",")}
    assert not forbidden & named
