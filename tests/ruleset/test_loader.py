"""Rule files are found, read strictly, and refused with file and key."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from analyzer.errors import RuleError
from analyzer.ruleset.loader import MAX_RULE_BYTES, load_rules, read_rule, rules_folder, texts
from analyzer.ruleset.schema import RuleHead
from tests.factories import rule_data


def write(folder: Path, stem: str | None = None, **changes: Any) -> Path:
    data = rule_data(**{"id": "ACME-TEST", **changes})
    path = folder / f"{stem or data['id']}.yaml"
    path.write_text(yaml.safe_dump(data), "utf-8")
    return path


def refusal(folder: Path) -> str:
    with pytest.raises(RuleError) as caught:
        load_rules([folder])
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_the_built_in_rules_pass_the_thorough_check() -> None:
    rules = load_rules(thorough=True)
    assert [rule.id for rule in rules.rules] == sorted(rules.by_id)
    assert {"NSC-USER-CA", "APP-DEBUGGABLE", "PIN-NO-BACKUP"} <= set(rules.by_id)


def test_the_quick_way_reads_the_same_rules_as_the_thorough_one() -> None:
    quick, thorough = load_rules(), load_rules(thorough=True)
    assert quick.digest == thorough.digest
    for rule in quick.rules:
        full = thorough.by_id[rule.id]
        assert {f: getattr(rule, f) for f in RuleHead.__struct_fields__} == {
            f: getattr(full, f) for f in RuleHead.__struct_fields__
        }


def test_every_rule_knows_its_file() -> None:
    rules = load_rules()
    for rule in rules.rules:
        assert rules.paths[rule.id] == rules_folder() / "checks" / rule.id.split("-")[0].lower() / f"{rule.id}.yaml"
        assert read_rule(rules.paths[rule.id]).id == rule.id


def test_a_users_folder_is_added_with_its_subfolders(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    write(tmp_path / "deep")
    (tmp_path / "README.md").write_text("not a rule")
    rules = load_rules([tmp_path])
    assert rules.by_id["ACME-TEST"].title == "A pattern for tests"
    assert len(rules.rules) == len(load_rules().rules) + 1


def test_the_digest_depends_on_every_rule_and_on_nothing_else(tmp_path: Path) -> None:
    first, second = tmp_path / "one", tmp_path / "two"
    for folder in (first, second):
        folder.mkdir()
        write(folder)
    assert load_rules([first]).digest == load_rules([second]).digest
    assert load_rules([first]).digest != load_rules().digest
    write(second, title="Another title")
    assert load_rules([first]).digest != load_rules([second]).digest


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"when": None}, "missing required field `when`"),
        ({"colour": "red"}, "unknown field `colour`"),
        ({"severity": "severe"}, "severity: Invalid enum value 'severe'"),
        ({"severity": None}, "severity: a problem needs one"),
        ({"type": "strength"}, "severity: a strength has none"),
        ({"for_each": "pins"}, "for_each: Invalid enum value 'pins'"),
        ({"needs": ["codes"]}, "needs[0]: Invalid enum value 'codes'"),
        ({"id": "acme-test"}, "id: Expected `str` matching regex"),
        ({"name": "Not Kebab"}, "name: Expected `str` matching regex"),
        ({"references": [{"title": "x", "url": "http://x"}]}, "references[0].url"),
        ({"samples": {"bad": [], "good": []}}, "samples.bad: Expected `array` of length >= 1"),
        ({"samples": {"bad": [{"name": "x", "polcy": ""}], "good": [{"name": "x"}]}}, "samples.bad[0]"),
        ({"when": "fact.cleartext"}, "when: fact (PolicyScopeView) has no field cleartext"),
        ({"when": "fact.settings.cleartext &&"}, "when: "),
        ({"when": "fact.names"}, "when: a condition must be true or false"),
        ({"when": "nosuch(fact)"}, "when: 1:7: undeclared reference to 'nosuch'"),
        (
            {"cases": [{"when": "true"}, {"when": "fact.kind == 'bass'"}]},
            "cases[1].when: fact.kind is never 'bass'",
        ),
        ({"cases": [{"when": "true", "message": "{fact.nmes}"}]}, "cases[0].message: fact"),
        ({"message": "{fact.path}"}, "message: {fact.path} may be null"),
        ({"subject": "{fact.names"}, "subject: no closing brace"),
        ({"anchor": "{fact.settings}"}, "anchor: {fact.settings} is Settings and cannot be written"),
        ({"fix": "<a b='{c}'/>"}, "fix: 1:1: undeclared reference to 'c'"),
        ({"adjust": ["locale"]}, "adjust[0]: Invalid enum value 'locale'"),
    ],
)
def test_a_wrong_rule_is_refused_with_file_and_key(tmp_path: Path, changes: dict[str, Any], part: str) -> None:
    path = write(tmp_path, **changes)
    message = refusal(tmp_path)
    assert message.startswith(f"{path}: ")
    assert part in message


def test_later_texts_may_rely_on_what_the_condition_proved(tmp_path: Path) -> None:
    write(
        tmp_path,
        when="fact.path != null",
        cases=[{"when": "fact.line == null", "message": "{fact.path}"}, {"when": "fact.line > 3"}],
        message="{fact.path}, line {fact.line}",
    )
    assert "ACME-TEST" in load_rules([tmp_path]).by_id


def test_a_text_used_in_several_cases_may_rely_on_what_holds_in_all_of_them(tmp_path: Path) -> None:
    write(tmp_path, cases=[{"when": "fact.path == null"}], message="{fact.path}")
    assert "message: {fact.path} may be null" in refusal(tmp_path)


def test_the_file_is_named_like_the_rule(tmp_path: Path) -> None:
    write(tmp_path, stem="other")
    assert "id: ACME-TEST does not match the file name" in refusal(tmp_path)


def test_an_id_is_defined_once(tmp_path: Path) -> None:
    write(tmp_path, id="NSC-USER-CA")
    assert "id: NSC-USER-CA is already defined in" in refusal(tmp_path)


def test_files_that_are_no_rules_are_named(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="there is no such rule folder"):
        load_rules([tmp_path / "missing"])
    path = tmp_path / "ACME-TEST.yaml"
    path.write_bytes(b"\xff\xfe")
    assert refusal(tmp_path) == f"{path}: is not UTF-8"
    path.write_text("x" * (MAX_RULE_BYTES + 1))
    assert f"{path}: larger than" in refusal(tmp_path)
    path.write_text("- a\n- b\n")
    assert "Expected `object`, got `array`" in refusal(tmp_path)
    path.rename(tmp_path / "ACME-TEST.yml")
    assert "rename it" in refusal(tmp_path)


def test_a_rules_texts_travel_on_their_own() -> None:
    rule = load_rules().by_id["NSC-USER-CA"]
    text = texts(rule)
    assert (text.rule_id, text.name, text.severity) == (rule.id, rule.name, rule.severity)
    assert (text.what, text.why, text.limits) == (rule.texts.what, rule.texts.why, rule.texts.limits)
    assert text.cwe == rule.mapping.cwe and text.mastg == rule.mapping.mastg
