"""The code stage as a whole: packed apps, parts that fail, and what counts as looked for."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from analyzer.apk.app import open_app
from analyzer.extractors.catalogue import load_catalogue
from analyzer.extractors.code.stage import CodeExtraction, _merged, analyse_code
from analyzer.model import AnalysisGap, FactKind, NetworkPolicy, SdkFact
from analyzer.options import Limits
from tests.extractors.code.smali_fixtures import FIXTURES
from tests.support.apks import apk, manifest
from tests.support.axml import element

T = TypeVar("T")
ACTIVITIES = ("org.example.shop.Main", "org.example.shop.Pay", "org.example.shop.Help")


def analysed(
    folder: Path,
    fixture: str | None,
    application: str,
    *,
    fails: str | None = None,
    activities: tuple[str, ...] = ACTIVITIES,
) -> CodeExtraction:
    """Analyse an app with the code of a fixture; the part called `fails` is not run."""
    children = tuple(element("activity", {"android:name": name}) for name in activities)
    root = manifest(application={"android:name": application}, children=children, root={"package": "org.example.shop"})
    files: dict[str, bytes] = {} if fixture is None else {"classes.dex": (FIXTURES / f"{fixture}.dex").read_bytes()}
    target = folder / "app.apk"
    target.write_bytes(apk(root, files={**files}))

    def run(name: str, hides: tuple[FactKind, ...], action: Callable[[], T]) -> T | None:
        return None if name == fails else action()

    limits = Limits()
    return analyse_code(open_app(target, limits), load_catalogue(), limits, NetworkPolicy(state="none"), run)


def packed(extraction: CodeExtraction) -> list[AnalysisGap]:
    return [gap for gap in extraction.gaps if gap.reason == "packed"]


def test_few_classes_without_the_components_of_the_manifest_are_packed_code(tmp_path: Path) -> None:
    (gap,) = packed(analysed(tmp_path, "packed", "wrapper.Shell"))
    assert gap.subject == "3 of 4 components"
    assert "1 classes" in gap.detail and not gap.incomplete
    assert {"pin", "callback", "certificate", "sdk", "host", "code"} == set(gap.hides)


def test_an_app_whose_components_are_there_is_not_packed_however_small(tmp_path: Path) -> None:
    assert packed(analysed(tmp_path, "reached", "org.example.shop.App", activities=())) == []


def test_one_missing_component_of_two_proves_nothing(tmp_path: Path) -> None:
    assert packed(analysed(tmp_path, "reached", "org.example.shop.App", activities=ACTIVITIES[:1])) == []


def test_an_app_without_code_is_not_packed(tmp_path: Path) -> None:
    assert packed(analysed(tmp_path, None, "org.example.shop.App")) == []


def test_everything_that_was_looked_for_is_covered(tmp_path: Path) -> None:
    covered = set(analysed(tmp_path, "reached", "org.example.shop.App").covered)
    assert {"sdk", "host", "code", "pin"} <= covered


@pytest.mark.parametrize(
    ("part", "kind"),
    [("libraries", "sdk"), ("hosts", "host"), ("api-uses", "code"), ("okhttp", "pin"), ("trustkit", "pin"),
     ("pin-libraries", "pin"), ("literals", "pin"), ("interceptor-pins", "pin"), ("verifier-pins", "pin")],
)  # fmt: skip
def test_what_a_failed_part_looks_for_is_not_covered_and_the_rest_is(tmp_path: Path, part: str, kind: FactKind) -> None:
    whole = set(analysed(tmp_path, "reached", "org.example.shop.App").covered)
    left = set(analysed(tmp_path, "reached", "org.example.shop.App", fails=part).covered)
    assert kind in whole and kind not in left and left


def test_a_library_found_without_a_version_adds_nothing_to_one_found_with_it() -> None:
    plain, old, new = (SdkFact(name="okhttp", kind="library", version=version, evidence=()) for version in (None, "3.1.0", "4.9.3"))  # fmt: skip
    other = SdkFact(name="gson", kind="library", version=None, evidence=())
    assert _merged([(new, plain), (old, new), (other,)]) == (other, old, new)


@pytest.mark.parametrize(
    ("fixture", "application", "part"),
    [
        ("check-pins", "org.example.shop.App", "interceptor-pins"),
        ("check-pins-r8", "org.example.shop.App", "interceptor-pins"),
        ("check-pins", "org.example.shop.App", "verifier-pins"),
        ("check-pins-r8", "org.example.shop.App", "verifier-pins"),
        ("trust-java", "org.example.trust.App", "trust-managers"),
    ],
)
def test_what_is_compared_by_hand_is_told_as_a_literal_only_where_nothing_else_tells_it(
    tmp_path: Path, fixture: str, application: str, part: str
) -> None:
    def literals(fails: str | None) -> set[bytes | None]:
        pins = analysed(tmp_path, fixture, application, fails=fails, activities=()).pins
        return {pin.digest for pin in pins if pin.mechanism == "string"}

    assert literals(None) == set()
    assert len(literals(part)) == 1
