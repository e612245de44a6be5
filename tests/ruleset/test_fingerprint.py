"""Fingerprints survive rebuilds and tell findings apart."""

import pytest

from analyzer.model.stable_names import stable_class_name
from analyzer.ruleset.fingerprint import code_anchor, fingerprint
from tests import factories


def test_a_fingerprint_is_32_hexadecimal_digits_and_always_the_same() -> None:
    # The value is fixed: baselines of users hold it.
    assert fingerprint("NSC-USER-CA", "*.example.com") == "2e7fb4f7f1950dadfd313d10b9174f10"


def test_every_part_counts_and_parts_do_not_run_together() -> None:
    made = {
        fingerprint("A-B", "c"),
        fingerprint("A-B", "d"),
        fingerprint("A-C", "c"),
        fingerprint("A-B", "c", "case 1"),
        fingerprint("A-B", "ccase 1"),
        fingerprint("A-Bc", ""),
    }
    assert len(made) == 6


def test_empty_discriminators_do_not_count() -> None:
    assert fingerprint("A-B", "c", "", "") == fingerprint("A-B", "c")


def test_hostile_text_has_a_fingerprint() -> None:
    assert len(fingerprint("A-B", "\ud800")) == 32


@pytest.mark.parametrize(
    ("name", "stable"),
    [
        ("a.b.c", "~"),
        ("o1.b", "~"),
        ("example.mobile.TrustEverything", "example.mobile.TrustEverything"),
        ("org.app.io.TrustEverything", "org.app.io.TrustEverything"),
        ("example.mobile.Client$1", "example.mobile.Client$~"),
        ("example.mobile.Client$Inner", "example.mobile.Client$Inner"),
        ("example.mobile.Client$a", "example.mobile.Client$~"),
        ("example.mobile.Client$$ExternalSyntheticLambda3", "example.mobile.Client$$~"),
        ("example.mobile.aB", "~"),
        ("p000.Abc", "~"),
    ],
)
def test_names_that_a_shrinker_invents_are_left_out(name: str, stable: str) -> None:
    assert stable_class_name(name) == stable


def test_a_renamed_class_keeps_its_anchor() -> None:
    before = code_anchor(factories.callback(class_name="a.b.c"))
    after = code_anchor(factories.callback(class_name="k.z.x"))
    assert before == after
    assert before != code_anchor(factories.callback(class_name="a.b.c", behaviour="swallow"))


def test_renamed_classes_are_told_apart_by_what_they_do() -> None:
    before = code_anchor(factories.callback(class_name="a.b.c", code_digest="01"))
    assert before == code_anchor(factories.callback(class_name="k.z", code_digest="01", variant=3))
    assert before != code_anchor(factories.callback(class_name="a.b.c", code_digest="02"))
    assert before != code_anchor(factories.callback(class_name="a.b.c", code_digest="01", values=("example.com",)))


def test_a_class_that_keeps_its_name_stays_the_same_when_its_code_changes() -> None:
    before = code_anchor(factories.callback(class_name="org.app.Trust", code_digest="01"))
    assert before == code_anchor(factories.callback(class_name="org.app.Trust", code_digest="02"))


def test_other_facts_have_no_code_anchor() -> None:
    assert code_anchor(factories.pin()) is None
