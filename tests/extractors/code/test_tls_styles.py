"""TLS code in the styles of apps, written with knowledge of none of the extractors: what it does is still told."""

from collections import Counter
from functools import cache

import pytest

from analyzer.extractors.code.callback_wiring import CallbackWiring
from analyzer.extractors.code.hostname_verifiers import extract_hostname_verifiers
from analyzer.extractors.code.sockets import extract_sockets
from analyzer.extractors.code.trust_managers import extract_trust_managers
from analyzer.extractors.code.webview_handlers import extract_webview_handlers
from analyzer.model import CallbackFact
from tests.extractors.code.smali_fixtures import context_of

JAVA = {
    "AsksMode": "flag-dependent",
    "WaitsForTask": "delegate",
    "ForgetsTask": "swallow",
    "StartsTask": "unknown",
    "WalksToRoot": "unknown",
    "WalksNowhere": "self-signed",
    "TriesAnchors": "unknown",
    "AsksIfGiven": "delegate",
    "AsksNobody": "accept-all",
    "LetsEmulatorThrough": "allow-list",
    "LetsSettingThrough": "allow-list",
    "KnownPage": "certificate",
}
KOTLIN = {
    "HeedsVerdict": "delegate",
    "ForgetsVerdict": "swallow",
    "InheritsDefault": "accept-all",
    "LooksAtLeafDates": "validity-only",
    "PinsLeafAfterwards": "pin-validated",
    "ByStrategy": "delegate",
    "ByNoStrategy": "accept-all",
    "Listed": "always-throw",
    "CodesPage": "error-code",
    "ToldPage": "cancel",
    "ComparesNames": "custom",
    "AsksRule": "delegate",
    "Unnamed": "no-name-check",
    "Named": "verifier-tested",
}


@cache
def facts(name: str) -> tuple[CallbackFact, ...]:
    code = context_of(name, application="org.example.styles.App", package="org.example.styles")
    wiring = CallbackWiring(code)
    return (
        *extract_trust_managers(code, wiring).callbacks,
        *extract_hostname_verifiers(code, wiring).callbacks,
        *extract_webview_handlers(code, wiring).callbacks,
        *extract_sockets(code, wiring).callbacks,
    )


class TestEachClass:
    @pytest.mark.parametrize(("build", "expected"), [("tls-styles-java", JAVA), ("tls-styles-kotlin", KOTLIN)])
    def test_does_what_its_source_says(self, build: str, expected: dict[str, str]) -> None:
        assert {one.class_name.rpartition(".")[2]: one.behaviour for one in facts(build)} == expected

    @pytest.mark.parametrize(("build", "expected"), [("tls-styles-java-r8", JAVA), ("tls-styles-kotlin-r8", KOTLIN)])
    def test_still_does_it_when_it_is_shrunk_and_merged(self, build: str, expected: dict[str, str]) -> None:
        assert Counter(one.behaviour for one in facts(build)) == Counter(expected.values())

    @pytest.mark.parametrize("build", ["java", "java-r8", "kotlin", "kotlin-r8"])
    def test_is_seen_to_be_used_also_when_it_comes_out_of_a_list(self, build: str) -> None:
        assert {one.activation for one in facts(f"tls-styles-{build}")} == {"active"}


class TestASwitchOverAnEnum:
    @pytest.mark.parametrize("build", ["tls-styles-java", "tls-styles-java-r8"])
    def test_depends_on_the_setting_that_names_its_constant(self, build: str) -> None:
        (asked,) = [one for one in facts(build) if one.behaviour == "flag-dependent"]
        assert asked.flag == "preference"


class TestAListOfNames:
    @pytest.mark.parametrize("build", ["tls-styles-java", "tls-styles-java-r8"])
    def test_is_complete_where_all_names_are_constants(self, build: str) -> None:
        found = [one for one in facts(build) if one.behaviour == "allow-list"]
        assert sorted((one.values, one.values_complete) for one in found) == [
            (("10.0.2.2",), False),
            (("10.0.2.2",), True),
        ]


class TestALoopOverTheChain:
    def test_is_quoted_with_the_place_of_each_certificate(self) -> None:
        (found,) = [one for one in facts("tls-styles-java") if one.behaviour == "self-signed"]
        assert "chain[i].verify(chain[i + 1].getPublicKey())" in (found.evidence[0].snippet or "")
