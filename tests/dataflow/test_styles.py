"""How values are put together in Kotlin, with its library in the app: under its names, and as R8 leaves it."""

import pytest

from analyzer.dataflow.question import NEVER
from analyzer.dataflow.together import resolve_together
from analyzer.dataflow.ways import ways_to
from tests.dataflow.support import resolver, sites

_BUILDS = ("styles", "styles-shrunk")
_THREE = {"a1", "b2", "c1"}
_TWO = {"a1", "b2"}


def _pairs(build: str, place: str) -> tuple[set[str], set[str]]:
    """Return what is passed together, and why some of it is not known."""
    found: set[str] = set()
    reasons: set[str] = set()
    for site in sites(build, f"app.{place}", "sink"):
        for call in ways_to(resolver(build).evaluator, site.method, site.offset):
            for host, pin in resolve_together(resolver(build), call.arguments[-2:]):
                found |= {one + other for one in host.texts for other in pin.texts}
                # On one way through the method a list stays empty: then nothing is passed.
                reasons.update({*host.reasons, *pin.reasons} - {NEVER.reason})
    return found, reasons


@pytest.mark.parametrize("build", _BUILDS)
@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("zip", _THREE),
        ("shorter", _TWO),
        ("arrays", _TWO),
        ("arrayAndList", _TWO),
        ("ownPairs", _THREE),
        ("toMap", {"aa1", "bb2", "cc1"}),
        ("eachIndexed", _THREE),
        ("mapIndexed", _THREE),
        ("withIndex", _THREE),
        ("withIndexMapped", _THREE),
        ("unzip", _TWO),
        ("sequence", {"aa1", "bb1", "cc1"}),
    ],
)
def test_what_two_lists_hold_at_one_place_belongs_together(build: str, place: str, expected: set[str]) -> None:
    assert _pairs(build, f"Pairs.{place}") == (expected, set())


@pytest.mark.parametrize("build", _BUILDS)
@pytest.mark.parametrize("place", ["nested", "nestedPairs"])
def test_loops_in_each_other_give_every_combination(build: str, place: str) -> None:
    assert _pairs(build, f"Pairs.{place}") == ({"a1", "a2", "b1", "b2"}, set())


@pytest.mark.parametrize("build", _BUILDS)
@pytest.mark.parametrize("place", ["hashed", "shuffled", "filtered"])
def test_lists_whose_order_is_not_known_make_no_pairs(build: str, place: str) -> None:
    found, reasons = _pairs(build, f"Pairs.{place}")
    assert found == set()
    assert reasons


@pytest.mark.parametrize("build", _BUILDS)
@pytest.mark.parametrize(
    ("place", "expected"),
    [("one", {"b2"}), ("inlined", {"x2"}), ("body", {"d1"}), ("itsName", {"aLIVE1"}), ("chosen", {"x1", "x2"})],
)
def test_a_name_stands_for_the_constant_whose_constructor_gets_it(build: str, place: str, expected: set[str]) -> None:
    assert _pairs(build, f"Names.{place}") == (expected, set())


@pytest.mark.parametrize("build", _BUILDS)
@pytest.mark.parametrize("place", ["unknown", "absent"])
def test_a_name_that_is_not_known_or_not_there_stands_for_no_constant(build: str, place: str) -> None:
    assert _pairs(build, f"Names.{place}") == (set(), {"which constant of an enum a name stands for"})


@pytest.mark.parametrize(
    ("place", "expected"), [("split", {"a1", "b1"}), ("atCharacters", {"a1", "b1", "c1"}), ("lines", {"a1", "b1"})]
)
def test_a_known_text_is_cut_up_as_kotlin_does(place: str, expected: set[str]) -> None:
    assert _pairs("styles", f"Cut.{place}") == (expected, set())


def test_a_text_that_is_cut_up_otherwise_is_not_guessed() -> None:
    assert _pairs("styles", "Cut.limited") == (set(), {"a text that is split in a way that is not followed"})
