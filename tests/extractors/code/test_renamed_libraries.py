"""Libraries whose calls are known by names: where a shrinker took these, a gap says what may be missing."""

from dataclasses import replace
from functools import cache

import msgspec
import pytest

from analyzer.extractors.catalogue import load_catalogue
from analyzer.extractors.code.api_uses import extract_api_uses
from analyzer.extractors.code.callback_wiring import CallbackWiring
from analyzer.extractors.code.sdks import extract_sdks
from analyzer.extractors.sdk_catalogue import Renamed
from analyzer.model import AnalysisGap
from tests.extractors.code.smali_fixtures import context_of

_TEXTS = ("grpc-accept-encoding", "pick_first")


@cache
def gaps(build: str) -> dict[str, AnalysisGap]:
    return {gap.subject: gap for gap in extract_sdks(context_of(build)).gaps}


def gaps_with(*known: Renamed) -> tuple[AnalysisGap, ...]:
    """Return the gaps of the renamed build, were these what shows gRPC."""
    code = context_of("renamed-libraries-r8")
    sdks = tuple(
        msgspec.structs.replace(sdk, renamed=known if sdk.name == "grpc" else ()) for sdk in code.catalogue.sdks
    )
    return extract_sdks(replace(code, catalogue=msgspec.structs.replace(code.catalogue, sdks=sdks))).gaps


def test_calls_of_a_library_with_its_names_are_found_and_leave_no_gap() -> None:
    code = context_of("renamed-libraries")
    uses = {use.api: use.arguments for use in extract_api_uses(code, CallbackWiring(code)).api_uses}
    assert uses["grpc-plaintext"] == ("grpc.example.com",)
    assert gaps("renamed-libraries") == {}


def test_a_renamed_library_leaves_a_gap_that_says_what_may_be_missing() -> None:
    gap = gaps("renamed-libraries-r8")["grpc"]
    assert gap.hides == ("host", "code")
    assert "channels without TLS, and the hosts that channels connect to, may be missing" in gap.detail


def test_a_renamed_reader_of_policy_files_leaves_one_over_pins() -> None:
    gap = gaps("renamed-libraries-r8")["cwac-netsecurity"]
    assert gap.hides == ("pin",)
    assert "pins of the policy files that it reads by itself may be missing" in gap.detail


def test_there_are_no_others() -> None:
    assert set(gaps("renamed-libraries-r8")) == {"grpc", "cwac-netsecurity"}


@pytest.mark.parametrize("build", ["okhttp2-r8", "cwac-r8", "renamed-helpers-r8", "hosts", "api-uses", "host-calls"])
def test_code_without_the_texts_leaves_none(build: str) -> None:
    assert gaps(build) == {}


def test_one_of_several_texts_is_not_enough() -> None:
    shown = Renamed(texts=_TEXTS, unless=("io.grpc.ManagedChannel",), missing="x", hides=("host",))
    other = msgspec.structs.replace(shown, texts=(_TEXTS[0], "round_robin"))
    assert len(gaps_with(shown)) == 1
    assert gaps_with(other) == ()


def test_a_class_by_whose_name_calls_are_known_leaves_none() -> None:
    shown = Renamed(texts=_TEXTS, unless=("org.example.shop.App",), missing="x", hides=("host",))
    under_another_package = msgspec.structs.replace(shown, unless=("example.shop.App",))
    assert gaps_with(shown) == gaps_with(under_another_package) == ()


def test_every_library_that_is_known_renamed_is_known_by_its_packages_too() -> None:
    for sdk in load_catalogue().sdks:
        for renamed in sdk.renamed:
            assert all(name.startswith(tuple(f"{one}." for one in sdk.packages)) for name in renamed.unless)


def test_a_gap_must_hide_something() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"texts": ["x" * 8], "unless": ["a.B"], "missing": "x", "hides": []}, Renamed)
