"""Facts to findings: cases, adjustments, joining, order, and what could not be answered."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from analyzer.model import AnalysisGap, Confidence, Facts, Finding, Severity, TrustAnchor
from analyzer.reporters.view_findings import NO_CHAINS
from analyzer.ruleset import engine
from analyzer.ruleset.compiled import rule_environment
from analyzer.ruleset.engine import Evaluation, evaluate
from analyzer.ruleset.loader import RuleSet, load_rules
from analyzer.ruleset.schema import Rule
from tests import factories
from tests.factories import band, callback, domain, pin, rule, scope, variant

ENVIRONMENT = rule_environment()
USER = TrustAnchor(source="user")


def run(rules: Rule | Sequence[Rule], facts: Facts, gaps: Sequence[AnalysisGap] = (), **options: Any) -> Evaluation:
    listed = [rules] if isinstance(rules, Rule) else rules
    rule_set = RuleSet([(item, Path(f"{item.id}.yaml")) for item in listed], "", ENVIRONMENT)
    return evaluate(rule_set, facts, gaps, factories.options(**options))


def only(rules: Rule, facts: Facts, gaps: Sequence[AnalysisGap] = ()) -> Finding:
    (finding,) = run(rules, facts, gaps).findings
    return finding


def policy_facts(*scopes: Any, **changes: Any) -> Facts:
    return factories.facts(policy=factories.policy(variant(*scopes)), **changes)


CALLBACK_RULE = rule(
    id="TM-TEST", for_each="callback", severity="critical", confidence="firm",
    when="fact.behaviour == 'accept-all'", subject="{fact.class_name}", message="{fact.class_name} accepts everything.",
)  # fmt: skip


def callback_facts(*callbacks: Any) -> Facts:
    return factories.facts(callbacks=callbacks or (callback(),), covered=("app", "callback", "code", "pin", "policy"))


# Words and severity


def test_a_finding_carries_the_rules_words_and_the_facts_place() -> None:
    finding = only(rule(fix="<{fact.kind}/>", tags=["tagged"]), policy_facts(scope(bands=(band(28, 35),))))
    assert (finding.rule_id, finding.name, finding.title) == ("NSC-TEST", "test-pattern", "A pattern for tests")
    assert (finding.severity, finding.confidence) == (Severity.HIGH, Confidence.CERTAIN)
    assert (finding.subject, finding.message) == ("all hosts", "Something holds for all hosts.")
    assert (finding.fix, finding.tags, finding.owner) == ("<base/>", ("tagged",), "first-party")
    assert (finding.first_level, finding.last_level) == (28, 35)
    assert [location.xml_path for location in finding.locations] == ["base-config"]


def test_the_first_case_that_holds_decides() -> None:
    cases = [
        {"when": "fact.kind == 'domain'", "severity": "low"},
        {"when": "true", "severity": "medium", "confidence": "firm", "message": "The other.", "tags": ["other"]},
        {"when": "true", "severity": "critical"},
    ]
    finding = only(rule(cases=cases), policy_facts(scope(bands=(band(28, 35),))))
    assert (finding.severity, finding.confidence, finding.message) == (Severity.MEDIUM, Confidence.FIRM, "The other.")
    assert finding.tags == ("other",)


def test_a_case_may_suppress() -> None:
    evaluation = run(rule(cases=[{"when": "true", "suppress": True}]), policy_facts(scope()))
    assert (evaluation.findings, evaluation.not_evaluated, evaluation.rules) == ((), (), {})


def test_a_strength_is_stated_and_never_counted() -> None:
    evaluation = run(rule(type="strength", severity=None), policy_facts(scope(bands=(band(28, 35),))))
    assert evaluation.findings == ()
    (strength,) = evaluation.strengths
    assert (strength.rule_id, strength.subject, strength.first_level) == ("NSC-TEST", "all hosts", 28)
    assert evaluation.rules["NSC-TEST"].title == "A pattern for tests"


def test_only_rules_that_speak_lend_their_texts() -> None:
    rules = [rule(), rule(id="NSC-SILENT", when="false")]
    assert set(run(rules, policy_facts(scope())).rules) == {"NSC-TEST"}


def test_conditions_see_app_policy_options_and_the_date() -> None:
    when = "app.min_sdk == 24 && policy.state == 'resolved' && options.profile == 'L1' && as_of.getFullYear() == 2026"
    assert only(rule(when=when), policy_facts(scope())).subject == "all hosts"


# Adjustments


@pytest.mark.parametrize(
    ("activation", "severity", "confidence", "tags"),
    [
        ("active", Severity.CRITICAL, Confidence.FIRM, ()),
        ("unknown", Severity.CRITICAL, Confidence.FIRM, ()),
        ("created", Severity.MEDIUM, Confidence.TENTATIVE, ("dead?",)),
        ("defined_only", Severity.MEDIUM, Confidence.TENTATIVE, ("dead?",)),
    ],
)
def test_code_that_nothing_uses_weighs_two_steps_less(
    activation: str, severity: Severity, confidence: Confidence, tags: tuple[str, ...]
) -> None:
    finding = only(CALLBACK_RULE, callback_facts(callback(activation=activation)))
    assert (finding.severity, finding.confidence, finding.tags) == (severity, confidence, tags)
    assert [(a.from_severity, a.to_severity) for a in finding.adjustments] == (
        [(Severity.CRITICAL, severity)] if tags else []
    )


def test_confidence_below_tentative_is_not_raised() -> None:
    lowest = replace(CALLBACK_RULE, confidence=Confidence.COVERAGE)
    assert only(lowest, callback_facts(callback(activation="created"))).confidence is Confidence.COVERAGE


def test_no_severity_falls_below_info() -> None:
    low = replace(CALLBACK_RULE, severity=Severity.LOW)
    assert only(low, callback_facts(callback(activation="created"))).severity is Severity.INFO


def test_a_local_scope_weighs_two_steps_less_where_the_rule_says_so() -> None:
    given = policy_facts(scope(), scope("10.0.2.2", bands=(band(28, 35),)))
    when = "fact.kind == 'domain'"
    adjusted = only(rule(when=when, adjust=["local"]), given)
    assert adjusted.severity is Severity.LOW
    assert "local" in adjusted.adjustments[0].reason
    assert only(rule(when=when, adjust=[]), given).severity is Severity.HIGH


def test_what_holds_for_the_whole_process_weighs_one_step_more_but_never_beyond_critical() -> None:
    wide = replace(CALLBACK_RULE, severity=Severity.MEDIUM, adjust=("process-wide",))
    assert only(wide, callback_facts(callback(process_wide=True))).severity is Severity.HIGH
    assert only(wide, callback_facts(callback())).severity is Severity.MEDIUM
    most = replace(wide, severity=Severity.CRITICAL)
    finding = only(most, callback_facts(callback(process_wide=True)))
    assert (finding.severity, finding.adjustments) == (Severity.CRITICAL, ())


def test_adjustments_add_up_and_are_all_recorded() -> None:
    both = replace(CALLBACK_RULE, adjust=("activation", "process-wide"))
    finding = only(both, callback_facts(callback(activation="created", process_wide=True)))
    assert finding.severity is Severity.HIGH
    assert [adjustment.to_severity for adjustment in finding.adjustments] == [Severity.MEDIUM, Severity.HIGH]


def test_a_finding_in_a_known_sdk_is_tagged_with_it() -> None:
    finding = only(CALLBACK_RULE, callback_facts(callback(owner="sdk:adnet")))
    assert (finding.owner, finding.tags, finding.severity) == ("sdk:adnet", ("sdk:adnet",), Severity.CRITICAL)


# Joining


def test_consecutive_bands_with_equal_words_join() -> None:
    finding = only(rule(), policy_facts(scope()))
    assert (finding.first_level, finding.last_level) == (24, 37)
    assert len(finding.locations) == 1


def test_bands_with_a_gap_between_them_stay_apart() -> None:
    bands = (band(24, 27, cleartext=True), band(28, 30), band(31, 35, cleartext=True))
    found = run(rule(when="fact.settings.cleartext"), policy_facts(scope(bands=bands))).findings
    assert [(finding.first_level, finding.last_level) for finding in found] == [(24, 27), (31, 35)]
    assert len({finding.fingerprint for finding in found}) == 2


def test_bands_with_other_words_stay_apart() -> None:
    cases = [{"when": "fact.default.cleartext", "message": "By default."}]
    found = run(rule(cases=cases), policy_facts(scope())).findings
    assert {(finding.message, finding.first_level, finding.last_level) for finding in found} == {
        ("By default.", 24, 27),
        ("Something holds for all hosts.", 28, 37),
    }
    assert len({finding.fingerprint for finding in found}) == 2


def test_the_same_cause_at_several_places_is_one_finding_with_all_of_them() -> None:
    places = [factories.location(line=line) for line in (9, 2)]
    same = rule(id="PIN-TEST", for_each="pin", subject="pins", message="Weak pins.")
    pins = (pin(evidence=(places[0],)), pin(host="b.example.com", evidence=tuple(places)))
    finding = only(same, factories.facts(pins=pins))
    assert finding.locations == tuple(places)


def test_configurations_of_the_policy_that_say_the_same_join() -> None:
    variants = [variant(scope(bands=(band(28, 35),)), entry=f"{name}.xml", qualifiers=name) for name in ("", "land")]
    finding = only(rule(), factories.facts(policy=factories.policy(*variants)))
    assert [location.entry for location in finding.locations] == [".xml", "land.xml"]


def test_a_finding_that_ends_below_min_sdk_is_left_out() -> None:
    given = policy_facts(scope(bands=(band(24, 27, cleartext=True), band(28, 37))), app=factories.app(min_sdk=28))
    assert run(rule(when="fact.settings.cleartext"), given).findings == ()


# Identity


def test_a_fingerprint_outlives_lines_paths_and_words() -> None:
    when = "fact.kind == 'domain'"
    before = only(rule(when=when), policy_facts(scope("a.example.com")))
    moved = scope("a.example.com", path="domain-config[7]", line=99)
    after = only(rule(when=when, message="Other words for {fact.names}."), policy_facts(moved))
    assert before.locations != after.locations and before.message != after.message
    assert before.fingerprint == after.fingerprint


def test_the_anchor_replaces_the_subject_in_the_fingerprint() -> None:
    anchored = rule(anchor="base-config", subject="{fact.names}")
    alone = only(anchored, policy_facts(scope()))
    beside = only(anchored, policy_facts(scope(), scope("a.example.com", bands=())))
    assert alone.subject != beside.subject
    assert alone.fingerprint == beside.fingerprint


def test_renaming_a_class_keeps_the_fingerprint() -> None:
    before = only(CALLBACK_RULE, callback_facts(callback(class_name="a.b.c")))
    after = only(CALLBACK_RULE, callback_facts(callback(class_name="d.e.f")))
    assert before.subject != after.subject
    assert before.fingerprint == after.fingerprint


def test_no_two_findings_share_a_fingerprint() -> None:
    callbacks = [callback(class_name=f"a.{name}.c", activation=a) for name in "xyz" for a in ("active", "created")]
    found = run(CALLBACK_RULE, callback_facts(*callbacks)).findings
    assert len(found) == 6
    assert len({finding.fingerprint for finding in found}) == 6
    again = run(CALLBACK_RULE, callback_facts(*reversed(callbacks))).findings
    assert [finding.fingerprint for finding in again] == [finding.fingerprint for finding in found]


def test_of_equal_classes_only_the_number_counts() -> None:
    def prints(*names: str) -> set[str]:
        callbacks = [callback(class_name=name, code_digest="01") for name in names]
        return {finding.fingerprint for finding in run(CALLBACK_RULE, callback_facts(*callbacks)).findings}

    assert prints("a.b", "c.d") == prints("x.y", "b.a")
    assert prints("a.b") < prints("a.b", "c.d") < prints("a.b", "c.d", "e.f")


# Order


def test_findings_are_sorted_worst_first_then_by_rule_subject_and_level() -> None:
    rules = [
        rule(id="NSC-B", severity="low"),
        rule(id="NSC-A", severity="low"),
        rule(id="NSC-Z", severity="critical", when="fact.kind == 'base'"),
    ]
    given = policy_facts(scope(), scope("b.example.com"), scope("a.example.com"))
    found = [(finding.rule_id, finding.subject) for finding in run(rules, given).findings]
    assert found == [
        ("NSC-Z", "all other hosts"),
        ("NSC-A", "a.example.com"), ("NSC-A", "all other hosts"), ("NSC-A", "b.example.com"),
        ("NSC-B", "a.example.com"), ("NSC-B", "all other hosts"), ("NSC-B", "b.example.com"),
    ]  # fmt: skip


# What could not be answered


def reasons(evaluation: Evaluation) -> list[str]:
    return [entry.reason for entry in evaluation.not_evaluated]


def test_a_rule_without_its_facts_is_not_evaluated() -> None:
    assert reasons(run(CALLBACK_RULE, factories.facts())) == [
        "This run did not look at classes that take part in TLS decisions."
    ]


def test_a_silent_rule_whose_facts_were_all_seen_is_answered() -> None:
    assert run(CALLBACK_RULE, callback_facts(callback(behaviour="delegate"))).not_evaluated == ()


def test_a_silent_rule_that_a_gap_may_blind_is_not_evaluated() -> None:
    safe = callback_facts(callback(behaviour="delegate"))
    for hidden in ("callback", "code"):
        (entry,) = run(CALLBACK_RULE, safe, [factories.gap(hides=(hidden,))]).not_evaluated
        assert (entry.rule_id, entry.incomplete) == ("TM-TEST", False)
        assert "may be hidden (unreadable): The DEX file could not be read." in entry.reason
    assert run(CALLBACK_RULE, safe, [factories.gap(hides=("policy",))]).not_evaluated == ()


def test_what_a_rule_found_stays_true_beside_a_gap() -> None:
    evaluation = run(CALLBACK_RULE, callback_facts(), [factories.gap()])
    assert [finding.confidence for finding in evaluation.findings] == [Confidence.FIRM]
    assert evaluation.not_evaluated == ()


ABSENCE = rule(
    id="APP-TEST", for_each="app", needs=["code", "host"], when="true", subject="app", message="Nothing was found."
)


def test_a_rule_that_needs_facts_nobody_looked_for_does_not_speak() -> None:
    evaluation = run(ABSENCE, factories.facts())
    assert evaluation.findings == ()
    assert reasons(evaluation) == ["This run did not look at bytecode and the hosts that the app uses."]


def test_a_rule_that_needs_facts_which_a_gap_may_hide_only_speaks_of_coverage() -> None:
    given = factories.facts(covered=("app", "code", "host", "policy"))
    assert only(ABSENCE, given).confidence is Confidence.CERTAIN
    assert only(ABSENCE, given, [factories.gap(hides=("host",))]).confidence is Confidence.COVERAGE


@pytest.mark.parametrize("state", ["unresolved", "unreadable"])
def test_a_policy_that_was_not_read_leaves_its_rules_unanswered(state: str) -> None:
    policy = factories.policy(state=state, variants=())
    (reason,) = reasons(run(rule(), factories.facts(policy=policy)))
    assert "network security policy" in reason


def test_many_gaps_are_summed_up() -> None:
    gaps = [factories.gap(subject=f"classes{number}.dex") for number in range(10)]
    (reason,) = reasons(run(CALLBACK_RULE, callback_facts(callback(behaviour="delegate")), gaps))
    assert reason.endswith("7 more gaps may hide some as well.")


def test_an_evaluation_error_makes_the_scan_incomplete_but_keeps_other_findings() -> None:
    failing = rule(
        id="PIN-TEST", for_each="pin", when="timestamp(fact.value) < as_of", subject="{fact.value}", message="Old."
    )
    evaluation = run(failing, factories.facts(pins=(pin(value="soon"), pin(value="2020-01-01T00:00:00Z"))))
    assert [finding.subject for finding in evaluation.findings] == ["2020-01-01T00:00:00Z"]
    (entry,) = evaluation.not_evaluated
    assert entry.incomplete
    assert entry.reason.startswith("The condition failed on a fact: ")


def test_an_error_in_a_text_is_an_evaluation_error_too() -> None:
    unguarded = rule(message="{fact.path}")
    (entry,) = run(unguarded, policy_facts(scope(path=None))).not_evaluated
    assert entry.incomplete and "{fact.path}" in entry.reason


def test_a_flood_of_facts_is_cut_off_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MAX_FACTS_OF_A_KIND", 3)
    pins = tuple(pin(host=f"h{number}.example.com") for number in range(5))
    flooded = rule(id="PIN-TEST", for_each="pin", subject="{fact.value}", message="Pin.")
    evaluation = run(flooded, factories.facts(pins=pins))
    (entry,) = evaluation.not_evaluated
    assert entry.incomplete and entry.reason == "Only the first 3 facts were judged."
    assert len(evaluation.findings) == 1


HOSTILE = ("", "\x00", "\ud800", "{", "}}", "a" * 5000, "\u202e", "' + fact", "2026-99-99", "..", "*." * 300)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_breaks_no_built_in_rule(text: str) -> None:
    anchors = (USER, TrustAnchor(source="raw", resource=text, overrides_pins=True))
    pins = replace(factories.pin_set(factories.DIGEST, expires=text), expires_date=text)
    listed = domain(text, include_subdomains=True, written=text)
    scopes = (scope(), scope(listed, bands=(band(trust_anchors=anchors, pin_set=pins, cleartext=True),)))
    given = policy_facts(*scopes, pins=(pin(host=text, value=text, expires_on=text, problem_detail=text),))
    evaluation = evaluate(load_rules(), given, (), factories.options())
    assert [entry for entry in evaluation.not_evaluated if entry.incomplete] == []
    assert {"NSC-DOMAIN-CLEARTEXT", "NSC-OVERRIDE-PINS"} <= {finding.rule_id for finding in evaluation.findings}


def test_the_same_facts_give_the_same_evaluation() -> None:
    given = policy_facts(scope(bands=(band(cleartext=True, trust_anchors=(USER,)),)))
    assert evaluate(load_rules(), given, (), factories.options()) == evaluate(
        load_rules(), given, (), factories.options()
    )


def test_rules_on_chains_are_unanswered_for_the_reason_that_reports_know() -> None:
    on_chains = rule(for_each="chain", subject="host", message="A chain.", when='fact.host != ""')
    assert [entry.reason for entry in run(on_chains, policy_facts()).not_evaluated] == [NO_CHAINS]
