"""Pins handed to OkHttp: the same app with the library as it is, relocated, and renamed by R8.

The truth is the Java source in ``fixtures/okhttp/src``; the name of each host says what it is about.
"""

import base64
import hashlib
import os
import zipfile
from functools import cache
from pathlib import Path

import pytest

from analyzer.dex import Program
from analyzer.extractors.catalogue import load_catalogue
from analyzer.extractors.code.context import CodeContext
from analyzer.extractors.code.okhttp import OkHttpFacts, extract_okhttp
from analyzer.extractors.code.owners import Owners
from analyzer.model import AppInfo, PinFact
from analyzer.model.app import Component
from analyzer.options import Limits
from tests.extractors.code.smali_fixtures import NoResources, context_of

_ROOT = Path(__file__).resolve().parents[3]
_CORPUS = Path(os.environ.get("PINSCOPE_SHARED") or _ROOT.parent / "shared") / "corpus"
_FIXTURES = ("okhttp-plain", "okhttp-relocated", "okhttp-renamed")


def _digest(letter: str) -> bytes:
    return hashlib.sha256(letter.encode()).digest()


_RUNNING = {
    "direct.example.com": "ab",
    "one.helper.example.com": "ab",
    "two.helper.example.com": "c",
    "**.shared.example.com": "b",
    "*.shared.example.com": "c",
    "filled.example.com": "d",
    "one.arrays.example.com": "cd",
    "two.arrays.example.com": "cd",
    "first.two.example.com": "a",
    "debug.either.example.com": "c",
    "release.either.example.com": "c",
    "holder.example.com": "d",
    "checked.example.com": "b",
}
"""Hosts whose pins count, with the letters that their pins are digests of."""


@cache
def _facts(name: str) -> OkHttpFacts:
    return extract_okhttp(context_of(name, application="org.example.pins.App", package="org.example.pins"))


def _pins(name: str, host: str) -> list[PinFact]:
    return [pin for pin in _facts(name).pins if pin.host == host]


@pytest.mark.parametrize("name", _FIXTURES)
class TestHoweverTheLibraryIsNamed:
    @pytest.mark.parametrize("host", sorted(_RUNNING))
    def test_pins_that_reach_a_client_are_active(self, name: str, host: str) -> None:
        found = _pins(name, host)
        assert [pin.digest for pin in found] == [_digest(letter) for letter in _RUNNING[host]]
        assert {pin.activation for pin in found} == {"active"}
        assert {pin.resolution for pin in found} == {"constant"}
        assert {(pin.mechanism, pin.algorithm, pin.hashed_object) for pin in found} == {("okhttp3", "sha256", "spki")}

    @pytest.mark.parametrize("host", ["unattached.example.com", "second.two.example.com", "reset.example.com"])
    def test_pins_that_no_client_gets_or_keeps_are_only_created(self, name: str, host: str) -> None:
        assert [pin.activation for pin in _pins(name, host)] == ["created"]

    def test_nothing_else_is_pinned(self, name: str) -> None:
        others = {pin.host for pin in _facts(name).pins} - set(_RUNNING)
        expected = {
            "unattached.example.com", "second.two.example.com", "reset.example.com", "outside.example.com",
            "https://odd.example.com",
        }  # fmt: skip
        # R8 removes what nothing calls.
        assert others == (expected if name == "okhttp-renamed" else expected | {"dead.example.com"})

    def test_a_value_from_outside_is_unresolved_with_the_reason(self, name: str) -> None:
        (pin,) = _pins(name, "outside.example.com")
        assert (pin.resolution, pin.value, pin.digest) == ("partial", "", None)
        assert pin.problem_detail == "the result of java.lang.System.getProperty"

    def test_a_digest_of_the_wrong_length_is_said_to_be(self, name: str) -> None:
        (pin,) = _pins(name, "https://odd.example.com")
        assert (pin.value, pin.digest, pin.problem) == ("sha256/c2hvcnQ=", None, "length")

    def test_an_empty_pinner_on_the_same_builder_is_a_reset(self, name: str) -> None:
        resets = [use for use in _facts(name).api_uses if use.api == "okhttp-pinner-reset"]
        assert {use.evidence[0].class_name for use in resets} == {"org.example.pins.App"}
        assert {use.activation for use in resets} == {"active"}

    def test_pinners_of_one_method_have_scopes_of_their_own(self, name: str) -> None:
        (first,), (second,) = _pins(name, "first.two.example.com"), _pins(name, "second.two.example.com")
        assert first.scope != second.scope

    def test_the_trail_leads_from_the_pins_to_the_client(self, name: str) -> None:
        pin = _pins(name, "direct.example.com")[0]
        assert len(pin.evidence) == 2
        assert all(place.class_name == "org.example.pins.App" for place in pin.evidence)
        offsets = [place.code_offset for place in pin.evidence]
        assert None not in offsets


def test_code_that_nothing_calls_is_defined_only() -> None:
    assert [pin.activation for pin in _pins("okhttp-plain", "dead.example.com")] == ["defined_only"]


def test_an_empty_pinner_on_a_client_made_from_another_is_a_reset() -> None:
    resets = {use.evidence[0].method for use in _facts("okhttp-plain").api_uses}
    assert resets == {
        "reset()Lokhttp3/OkHttpClient;", "resetLater(Lokhttp3/OkHttpClient;)Lokhttp3/OkHttpClient;",
    }  # fmt: skip


def test_each_pinner_is_named_by_the_method_that_makes_it() -> None:
    (pin,) = _pins("okhttp-plain", "filled.example.com")
    assert pin.scope == "org.example.pins.Helper.fill"
    assert pin.owner == "first-party"


def test_code_of_nobody_in_particular_has_an_unknown_owner() -> None:
    (pin,) = _pins("okhttp-renamed", "**.shared.example.com")
    assert pin.owner == "unknown"


def test_a_copy_without_a_version_is_not_said_to_check_the_validated_chain() -> None:
    assert {pin.checked_against for pin in _facts("okhttp-renamed").pins} == {"unknown"}
    assert [fact.name for fact in _facts("okhttp-renamed").sdks] == ["okhttp"]


def test_an_app_without_okhttp_has_no_facts() -> None:
    assert extract_okhttp(context_of("trustkit-free")) == OkHttpFacts()


# ---- real packages


def _package(path: Path, package: str, *components: str) -> OkHttpFacts:
    with zipfile.ZipFile(path) as archive:
        entries = [(name, archive.read(name)) for name in archive.namelist() if name.endswith(".dex")]
    app = AppInfo(
        package=package,
        version_name=None,
        version_code=None,
        min_sdk=24,
        target_sdk=36,
        components=tuple(Component(kind="activity", class_name=name, exported=None) for name in components),
    )
    catalogue = load_catalogue()
    return extract_okhttp(
        CodeContext(
            program=Program.build(entries),
            app=app,
            catalogue=catalogue,
            limits=Limits(),
            owners=Owners(app, catalogue.sdks),
            resources=NoResources(),
        )
    )


def _pinned(facts: OkHttpFacts) -> list[tuple[str | None, str, str, str]]:
    return [(pin.host, pin.value, pin.activation, pin.checked_against) for pin in facts.pins]


def test_a_plain_release_build_is_read() -> None:
    name = "okhttp-pinned"
    facts = _package(_ROOT / "sample_apks" / name / f"{name}.apk", "org.example.okpins", "org.example.okpins.PinnedApp")
    assert _pinned(facts) == [
        ("api.okpins.example.com", f"sha256/{digest}", "active", "validated")
        for digest in ("ykS4GFxiX+sWjbsY2rAvlEPcb+WxADuddi5o/SRqJF8=", "tGlLIIL1eTDiP+N1pjoXXT5T7JZFhRLUGrsWd6C1U0M=")
    ]


def test_a_host_that_r8_moved_into_the_library_is_found_there() -> None:
    name = "okhttp-pinned-r8"
    facts = _package(
        _ROOT / "sample_apks" / name / f"{name}.apk", "org.example.okshrunk", "org.example.okshrunk.PinnedApp"
    )
    assert _pinned(facts) == [
        ("api.okshrunk.example.com", f"sha256/{digest}", "active", "validated")
        for digest in ("+t1vSqkMRoHxbmECHtpUQxOVgce2qfun6yVCn0FepQY=", "Q6kuQ00F7CEzLDGu68tmKCWdqi/341hiliX73Xg8ggw=")
    ]


@pytest.mark.skipif(not _CORPUS.is_dir(), reason="no corpus here; PINSCOPE_SHARED may name its folder")
class TestRealApps:
    def test_pins_in_a_kotlin_lambda_are_read(self) -> None:
        facts = _package(_CORPUS / "AndroGoat.apk", "owasp.sat.agoat", "owasp.sat.agoat.TrafficActivity")
        digests = [base64.b64encode(pin.digest or b"").decode() for pin in facts.pins]
        assert digests == [
            "gdU/UHClHJBFbIdeKuyHm/Lq/aQvMLyuTtcvTEE/1JQ=",
            "YLh1dUR9y6Kja30RrAn7JKnbQG/uEtLMkBgFF2Fuihg=",
            "Vjs8r4z+80wjNcr1YKepWQboSIRi63WsWXhIMN+eWys=",
        ]
        assert {(pin.host, pin.activation, pin.owner) for pin in facts.pins} == {("owasp.org", "active", "first-party")}

    @pytest.mark.parametrize("name", ["ovaa", "app-uiautomator"])
    def test_an_app_that_uses_okhttp_without_pins_has_none(self, name: str) -> None:
        facts = _package(_CORPUS / f"{name}.apk", "org.example.nothing")
        assert facts.pins == ()
        assert facts.gaps == ()
