"""The gate's decision: which findings block, and which exit code follows."""

import datetime as dt
import itertools
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.gate import EXIT_BLOCKED, EXIT_FAILED, EXIT_INCOMPLETE, EXIT_PASS, blocks, decide
from analyzer.model import AnalysisGap, Confidence, Finding, GapReason, NotEvaluated, Severity, Waiver
from analyzer.options import ScanOptions

AS_OF = dt.datetime(2026, 1, 15, 12, tzinfo=dt.UTC)
OPTIONS = ScanOptions(as_of=AS_OF)
ALL_REASONS: Sequence[GapReason] = (
    "unreadable", "recovered", "limit", "timeout", "packed", "unresolved-value",
    "unsupported-format", "unsupported-runtime", "not-analysed-yet", "missing-split",
)  # fmt: skip


def finding(
    severity: Severity = Severity.HIGH,
    confidence: Confidence = Confidence.CERTAIN,
    *,
    waived: bool = False,
    rule_id: str = "NSC-USER-CA",
    fingerprint: str = "0" * 32,
) -> Finding:
    return Finding(
        rule_id=rule_id,
        name="user-ca",
        title="User-installed CAs trusted",
        severity=severity,
        confidence=confidence,
        subject="all hosts",
        message="User-installed CAs are trusted for all hosts.",
        locations=(),
        fingerprint=fingerprint,
        waiver=Waiver(reason="managed devices only", until=None) if waived else None,
    )


def gap(
    reason: GapReason = "limit", *, incomplete: bool = False, subject: str = "classes.dex", stage: str = "code"
) -> AnalysisGap:
    return AnalysisGap(
        stage=stage, reason=reason, subject=subject, detail="It was not read.", hides=("code",), incomplete=incomplete
    )


def unanswered(rule_id: str = "PIN-NONE", *, incomplete: bool = False) -> NotEvaluated:
    return NotEvaluated(
        rule_id=rule_id, title="No pinning found", reason="Code was not analysed.", incomplete=incomplete
    )


SEVERITIES_THAT_REACH = {
    Severity.CRITICAL: {"critical"},
    Severity.HIGH: {"critical", "high"},
    Severity.MEDIUM: {"critical", "high", "medium"},
    Severity.LOW: {"critical", "high", "medium", "low"},
    Severity.INFO: {"critical", "high", "medium", "low", "info"},
    None: set(),
}
CONFIDENCES_THAT_REACH = {
    Confidence.CERTAIN: {"certain"},
    Confidence.FIRM: {"certain", "firm"},
    Confidence.TENTATIVE: {"certain", "firm", "tentative"},
    Confidence.COVERAGE: {"certain", "firm", "tentative"},
}


@pytest.mark.parametrize("fail_on", SEVERITIES_THAT_REACH)
@pytest.mark.parametrize("min_confidence", CONFIDENCES_THAT_REACH)
def test_a_finding_blocks_exactly_when_it_reaches_both_thresholds_and_is_not_waived(
    fail_on: Severity | None, min_confidence: Confidence
) -> None:
    options = msgspec.structs.replace(OPTIONS, fail_on=fail_on, min_confidence=min_confidence)
    for severity, confidence, waived in itertools.product(Severity, Confidence, (False, True)):
        expected = (
            severity.value in SEVERITIES_THAT_REACH[fail_on]
            and confidence.value in CONFIDENCES_THAT_REACH[min_confidence]
            and not waived
        )
        candidate = finding(severity, confidence, waived=waived)
        decision = decide([candidate], [], [], options, opened=True)
        assert blocks(candidate, options) is expected
        assert decision.exit_code == (EXIT_BLOCKED if expected else EXIT_PASS)
        assert decision.outcome == ("blocked" if expected else "pass")
        assert decision.blocking == ((candidate.fingerprint,) if expected else ())


def test_by_default_a_firm_high_finding_blocks_and_a_tentative_or_medium_one_does_not() -> None:
    assert blocks(finding(Severity.HIGH, Confidence.FIRM), OPTIONS)
    assert not blocks(finding(Severity.CRITICAL, Confidence.TENTATIVE), OPTIONS)
    assert not blocks(finding(Severity.MEDIUM, Confidence.CERTAIN), OPTIONS)


FAILED = gap("failure", subject="network_policy", stage="policy")
TRUNCATED = gap("limit", incomplete=True)
FIVE_TRUNCATED = [gap("limit", incomplete=True, subject=f"classes{number}.dex") for number in range(2, 7)]


@pytest.mark.parametrize(
    ("findings", "gaps", "opened", "exit_code", "outcome"),
    [
        ([], [], True, EXIT_PASS, "pass"),
        ([finding()], [], True, EXIT_BLOCKED, "blocked"),
        ([], [TRUNCATED], True, EXIT_INCOMPLETE, "incomplete"),
        ([], [FAILED], True, EXIT_FAILED, "failed"),
        ([], [], False, EXIT_INCOMPLETE, "incomplete"),
        ([finding()], [TRUNCATED], True, EXIT_BLOCKED, "blocked"),
        ([finding()], [FAILED], True, EXIT_FAILED, "failed"),
        ([], [TRUNCATED, FAILED], True, EXIT_FAILED, "failed"),
        ([], [FAILED], False, EXIT_FAILED, "failed"),
        ([finding()], [TRUNCATED, FAILED], False, EXIT_FAILED, "failed"),
        ([finding(waived=True)], [TRUNCATED], True, EXIT_INCOMPLETE, "incomplete"),
    ],
)
def test_a_failure_outranks_blocking_findings_and_these_outrank_an_incomplete_analysis(
    findings: list[Finding], gaps: list[AnalysisGap], opened: bool, exit_code: int, outcome: str
) -> None:
    decision = decide(findings, gaps, [], OPTIONS, opened=opened)
    assert (decision.exit_code, decision.outcome) == (exit_code, outcome)


def test_blocking_findings_are_listed_even_when_the_analyzer_failed() -> None:
    decision = decide([finding(fingerprint="a" * 32)], [FAILED], [], OPTIONS, opened=True)
    assert decision.blocking == ("a" * 32,)


@pytest.mark.parametrize("reason", ALL_REASONS)
def test_a_gap_changes_the_exit_code_only_when_it_is_marked_incomplete(reason: GapReason) -> None:
    assert decide([], [gap(reason)], [], OPTIONS, opened=True).exit_code == EXIT_PASS
    assert decide([], [gap(reason, incomplete=True)], [], OPTIONS, opened=True).exit_code == EXIT_INCOMPLETE


@pytest.mark.parametrize(
    ("rule", "required", "exit_code"),
    [
        (unanswered("PIN-NONE"), (), EXIT_PASS),
        (unanswered("PIN-NONE"), ("NSC-USER-CA",), EXIT_PASS),
        (unanswered("PIN-NONE"), ("NSC-USER-CA", "PIN-NONE"), EXIT_INCOMPLETE),
        (unanswered("PIN-NONE", incomplete=True), (), EXIT_INCOMPLETE),
    ],
)
def test_an_unanswered_rule_counts_when_it_is_required_or_marked_incomplete(
    rule: NotEvaluated, required: tuple[str, ...], exit_code: int
) -> None:
    options = msgspec.structs.replace(OPTIONS, require=required)
    assert decide([], [], [rule], options, opened=True).exit_code == exit_code


def test_never_failing_on_findings_still_fails_on_an_incomplete_analysis() -> None:
    options = msgspec.structs.replace(OPTIONS, fail_on=None)
    decision = decide([finding(Severity.CRITICAL)], [TRUNCATED], [], options, opened=True)
    assert decision.exit_code == EXIT_INCOMPLETE
    assert decision.fail_on == "never"


def test_the_decision_records_the_thresholds_it_was_made_with() -> None:
    decision = decide([], [], [], OPTIONS, opened=True)
    assert (decision.fail_on, decision.min_confidence) == ("high", "firm")


@pytest.mark.parametrize(
    ("decision", "reason"),
    [
        (
            decide([], [], [], OPTIONS, opened=True),
            "No finding of severity high or higher and confidence firm or better, and the analysis is complete enough.",
        ),
        (
            decide([finding()], [], [], OPTIONS, opened=True),
            "1 finding of severity high or higher and confidence firm or better blocks: NSC-USER-CA.",
        ),
        (
            decide(
                [finding(), finding(), finding(rule_id="NSC-INVALID")],
                [],
                [],
                msgspec.structs.replace(OPTIONS, fail_on=Severity.CRITICAL, min_confidence=Confidence.CERTAIN),
                opened=True,
            ),
            "No finding of severity critical and confidence certain, and the analysis is complete enough.",
        ),
        (
            decide([finding(), finding(), finding(rule_id="NSC-INVALID")], [], [], OPTIONS, opened=True),
            "3 findings of severity high or higher and confidence firm or better block: NSC-USER-CA, NSC-INVALID.",
        ),
        (
            decide([], [], [], OPTIONS, opened=False),
            "The analysis is incomplete: the target could not be read as an app.",
        ),
        (
            decide(
                [], [gap(incomplete=True, subject=f"classes{n}.dex") for n in range(2, 7)], [], OPTIONS, opened=True
            ),
            "The analysis is incomplete: classes2.dex (limit), classes3.dex (limit), classes4.dex (limit) and 2 more.",
        ),
        (
            decide([], [], [unanswered()], msgspec.structs.replace(OPTIONS, require=("PIN-NONE",)), opened=True),
            "The analysis is incomplete: required rule PIN-NONE was not evaluated.",
        ),
        (
            decide([], [FAILED], [], OPTIONS, opened=True),
            "The analyzer failed: policy (network_policy).",
        ),
        (
            decide([], [gap("failure", subject="code", stage="code")], [], OPTIONS, opened=True),
            "The analyzer failed: code.",
        ),
        (
            decide([], [], [], msgspec.structs.replace(OPTIONS, fail_on=None), opened=True),
            "Findings never block, by choice of options, and the analysis is complete enough.",
        ),
    ],
)
def test_the_reason_is_one_sentence_that_names_what_decided(decision: object, reason: str) -> None:
    assert getattr(decision, "reason", None) == reason


def test_an_endless_entry_name_does_not_flood_the_reason() -> None:
    decision = decide([], [gap(incomplete=True, subject="x" * 4096)], [], OPTIONS, opened=True)
    assert len(decision.reason) < 200


findings_strategy = st.lists(
    st.builds(
        finding,
        severity=st.sampled_from(Severity),
        confidence=st.sampled_from(Confidence),
        waived=st.booleans(),
        fingerprint=st.text("0123456789abcdef", min_size=32, max_size=32),
    ),
    max_size=6,
)
gaps_strategy = st.lists(
    st.builds(gap, reason=st.sampled_from([*ALL_REASONS, "failure"]), incomplete=st.booleans()), max_size=4
)
unanswered_strategy = st.lists(
    st.builds(unanswered, rule_id=st.sampled_from(["PIN-NONE", "NSC-INVALID"]), incomplete=st.booleans()), max_size=3
)
options_strategy = st.builds(
    ScanOptions,
    as_of=st.just(AS_OF),
    fail_on=st.one_of(st.none(), st.sampled_from(Severity)),
    min_confidence=st.sampled_from(Confidence),
    require=st.lists(st.sampled_from(["PIN-NONE", "NSC-INVALID"]), unique=True).map(tuple),
)


@given(findings_strategy, gaps_strategy, unanswered_strategy, options_strategy, st.booleans())
def test_the_exit_code_says_exactly_what_the_decision_lists(
    findings: list[Finding],
    gaps: list[AnalysisGap],
    rules: list[NotEvaluated],
    options: ScanOptions,
    opened: bool,
) -> None:
    decision = decide(findings, gaps, rules, options, opened=opened)
    failed = any(one.reason == "failure" for one in gaps)
    incomplete = (
        not opened
        or any(one.incomplete for one in gaps)
        or any(one.incomplete or one.rule_id in options.require for one in rules)
    )
    expected = (
        EXIT_FAILED if failed else EXIT_BLOCKED if decision.blocking else EXIT_INCOMPLETE if incomplete else EXIT_PASS
    )
    assert decision.exit_code == expected
    assert decision.reason.endswith(".") and "\n" not in decision.reason


@given(findings_strategy, options_strategy)
def test_waiving_every_finding_lets_the_build_pass(findings: list[Finding], options: ScanOptions) -> None:
    waived = [msgspec.structs.replace(one, waiver=Waiver(reason="accepted", until=None)) for one in findings]
    assert decide(waived, [], [], options, opened=True).exit_code == EXIT_PASS


@given(findings_strategy, findings_strategy, gaps_strategy, options_strategy)
def test_more_findings_never_turn_a_stopped_build_into_a_passing_one(
    findings: list[Finding], more: list[Finding], gaps: list[AnalysisGap], options: ScanOptions
) -> None:
    before = decide(findings, gaps, [], options, opened=True)
    after = decide([*findings, *more], gaps, [], options, opened=True)
    if before.exit_code != EXIT_PASS:
        assert after.exit_code != EXIT_PASS
    assert set(before.blocking) <= set(after.blocking)


@given(findings_strategy, gaps_strategy, st.sampled_from(Severity))
def test_a_stricter_threshold_never_blocks_fewer_findings(
    findings: list[Finding], gaps: list[AnalysisGap], fail_on: Severity
) -> None:
    lax = msgspec.structs.replace(OPTIONS, fail_on=Severity.CRITICAL)
    strict = msgspec.structs.replace(OPTIONS, fail_on=fail_on)
    blocked_by_lax = decide(findings, gaps, [], lax, opened=True).blocking
    assert set(blocked_by_lax) <= set(decide(findings, gaps, [], strict, opened=True).blocking)


@given(findings_strategy, gaps_strategy, unanswered_strategy, options_strategy)
def test_the_same_input_leads_to_the_same_decision_in_any_order(
    findings: list[Finding], gaps: list[AnalysisGap], rules: list[NotEvaluated], options: ScanOptions
) -> None:
    forwards = decide(findings, gaps, rules, options, opened=True)
    backwards = decide(findings[::-1], gaps[::-1], rules[::-1], options, opened=True)
    assert forwards.exit_code == backwards.exit_code
    assert sorted(forwards.blocking) == sorted(backwards.blocking)


def test_waived_findings_are_not_denied_when_the_build_passes() -> None:
    waived = [finding(waived=True), finding(waived=True), finding(Severity.LOW, waived=True)]
    assert decide(waived, [], [], ScanOptions(as_of=AS_OF), opened=True).reason == (
        "No finding of severity high or higher and confidence firm or better is left: 2 are waived. "
        "The analysis is complete enough."
    )
    assert "waived" not in decide(waived[2:], [], [], ScanOptions(as_of=AS_OF), opened=True).reason
