"""A baseline is a multiset of fingerprints: what it lists does not block, what it lists in vain is said."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from analyzer.errors import UsageError
from analyzer.gate.baseline import baseline_of, decode_baseline, encode_baseline, mark_known
from analyzer.gate.decide import decide
from analyzer.model import Baseline, Confidence, Finding, NotEvaluated, Waiver
from tests.reporters.results import APP, EXPIRED, OPTIONS, full_result, result, unreadable_result

EMPTY = Baseline(baseline_version=1, apps={})
OTHER: Finding = replace(EXPIRED, fingerprint="1" * 32, rule_id="NSC-USER-CA", subject="all other hosts")
WAIVED: Finding = replace(OTHER, fingerprint="2" * 32, waiver=Waiver(reason="agreed", until=None))


def of(*findings: Finding) -> Baseline:
    return baseline_of([result(*findings)])


def test_a_known_finding_does_not_block_and_a_new_one_does() -> None:
    marked, use = mark_known((EXPIRED, OTHER), (), of(EXPIRED), APP.package)
    assert [finding.known for finding in marked] == [True, False]
    assert (use.known, use.new, use.stale) == (1, 1, ())
    decision = decide(marked, (), (), OPTIONS, opened=True, baseline=use)
    assert (decision.exit_code, decision.blocking) == (1, (OTHER.fingerprint,))
    assert decision.reason.startswith("1 new finding of severity high")


def test_a_build_with_nothing_new_passes() -> None:
    marked, use = mark_known((EXPIRED,), (), of(EXPIRED), APP.package)
    assert decide(marked, (), (), OPTIONS, opened=True, baseline=use).exit_code == 0


def test_of_several_with_one_fingerprint_only_as_many_are_known_as_were_counted() -> None:
    marked, use = mark_known((EXPIRED, EXPIRED, EXPIRED), (), of(EXPIRED, EXPIRED), APP.package)
    assert [finding.known for finding in marked] == [True, True, False]
    assert use.new == 1


def test_what_is_gone_is_stale_with_the_number_that_is_gone() -> None:
    _, use = mark_known((EXPIRED,), (), of(EXPIRED, EXPIRED, OTHER), APP.package)
    assert [(entry.rule_id, entry.count) for entry in use.stale] == [(EXPIRED.rule_id, 1), (OTHER.rule_id, 1)]


def test_what_nobody_looked_for_is_not_stale() -> None:
    unanswered = NotEvaluated(rule_id=OTHER.rule_id, title="", reason="a limit")
    _, use = mark_known((), (unanswered,), of(OTHER), APP.package)
    assert (use.stale, [entry.rule_id for entry in use.unconfirmed]) == ((), [OTHER.rule_id])


def test_a_baseline_of_another_app_knows_nothing_of_this_one() -> None:
    marked, use = mark_known((EXPIRED,), (), of(EXPIRED), "com.example.other")
    assert not marked[0].known and use.new == 1


def test_waived_and_coverage_findings_are_not_listed() -> None:
    unsure = replace(OTHER, fingerprint="3" * 32, confidence=Confidence.COVERAGE)
    assert [entry.fingerprint for entry in of(EXPIRED, WAIVED, unsure).apps[APP.package]] == [EXPIRED.fingerprint]


def test_what_a_baseline_never_lists_is_not_new_right_after_it_was_written() -> None:
    coverage = replace(OTHER, confidence=Confidence.COVERAGE)
    _, use = mark_known((EXPIRED, coverage, WAIVED), (), of(EXPIRED, coverage, WAIVED), APP.package)
    assert (use.known, use.new, use.stale) == (1, 0, ())


def test_an_app_that_cannot_be_read_leaves_its_entries_alone() -> None:
    before = of(EXPIRED)
    assert baseline_of([unreadable_result()], before) == before


def test_entries_of_other_apps_and_of_unanswered_rules_are_kept() -> None:
    before = Baseline(baseline_version=1, apps={**of(OTHER).apps, "com.example.other": of(EXPIRED).apps[APP.package]})
    unanswered = NotEvaluated(rule_id=OTHER.rule_id, title="", reason="a limit")
    after = baseline_of([result(EXPIRED, not_evaluated=(unanswered,))], before)
    assert {entry.rule_id for entry in after.apps[APP.package]} == {EXPIRED.rule_id, OTHER.rule_id}
    assert "com.example.other" in after.apps


def test_a_baseline_reads_back_as_it_was_written_and_is_written_the_same_every_time() -> None:
    made = baseline_of([full_result()])
    assert decode_baseline(encode_baseline(made), "b.json") == made
    assert encode_baseline(made) == encode_baseline(baseline_of([full_result()]))


@given(st.lists(st.sampled_from([EXPIRED, OTHER, WAIVED])), st.lists(st.sampled_from([EXPIRED, OTHER, WAIVED])))
def test_known_new_and_stale_add_up(old: list[Finding], new: list[Finding]) -> None:
    marked, use = mark_known(tuple(new), (), of(*old), APP.package)
    listed = sum(finding.waiver is None for finding in old)
    assert use.known + sum(entry.count for entry in use.stale) == listed
    assert use.known == sum(finding.known for finding in marked)
    assert use.new == sum(not finding.known and finding.waiver is None for finding in marked)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "b.json: line 1: not JSON"),
        (b'{\n"baseline_version": 1,\n"apps": ]\n}', "b.json: line 3: not JSON"),
        (b"\xff\xfe", "b.json: line 1: not JSON"),
        (b"[]", "b.json: not a baseline: Expected `object`"),
        (b'{"baseline_version": 1}', "missing required field `apps`"),
        (b'{"baseline_version": 2, "apps": {}}', "baseline version 2 is not supported; known is 1"),
        (b'{"baseline_version": 1, "apps": {}, "extra": 1}', "unknown field `extra`"),
        (b'{"baseline_version": 1, "apps": {"a": [{"fingerprint": 1}]}}', r"Expected `str`, got `int` - at"),
        (
            json.dumps(
                {
                    "baseline_version": 1,
                    "apps": {"a": [{"fingerprint": "f", "rule_id": "R", "subject": "s", "severity": "huge"}]},
                }
            ).encode(),
            "Invalid enum value 'huge'",
        ),
        (
            json.dumps(
                {
                    "baseline_version": 1,
                    "apps": {
                        "a": [{"fingerprint": "f", "rule_id": "R", "subject": "s", "severity": "low", "count": 0}]
                    },
                }
            ).encode(),
            "a: f: count must be 1 to",
        ),
    ],
)
def test_what_is_no_baseline_is_one_line_that_says_where_and_what(data: bytes, message: str) -> None:
    with pytest.raises(UsageError) as refusal:
        decode_baseline(data, "b.json")
    assert message in str(refusal.value) and "\n" not in str(refusal.value)
    assert refusal.value.exit_code == 2
