"""WebView clients: what each class of the fixtures does about certificate errors, plain and after R8."""

from collections import Counter

import pytest

from tests.extractors.code.callback_fixtures import created_by_app, of_class, pages

_JAVA = {
    "Proceeds": "proceed",
    "ProceedsInHelper": "proceed",
    "ProceedsThroughListener": "proceed",
    "ProceedsLater": "proceed",
    "ProceedsBySetting": "proceed",
    "AsksWithLambdas": "dialog",
    "AsksWithListeners": "dialog",
    "AsksFromField": "dialog",
    "ByErrorCode": "error-code",
    "ByErrorKind": "error-code",
    "ByUrl": "url",
    "ByHostOfPage": "url",
    "WhenDebuggable": "debug-guarded",
    "Cancels": "cancel",
    "CancelsThroughSuper": "cancel",
    "ReportsAndCancels": "cancel",
    "Decides": "neither",
    "ChecksFingerprint": "certificate",
    "TencentProceeds": "proceed",
    "UcProceeds": "proceed",
    "CrosswalkProceeds": "proceed",
    "CrosswalkRefuses": "cancel",
}
"""In the order of ``App.pages``, without the class that inherits its callback."""
_KOTLIN = {"KotlinProceeds": "proceed", "KotlinAsks": "dialog", "KotlinByCode": "error-code", "KotlinCancels": "cancel"}


class TestCompiledAsTheyAre:
    @pytest.mark.parametrize("name", _JAVA)
    def test_java_clients_do_what_their_source_says(self, name: str) -> None:
        fact = of_class(pages("callbacks-java").callbacks, name)
        assert (fact.behaviour, fact.activation) == (_JAVA[name], "active")
        assert (fact.kind, fact.owner) == ("webview_ssl_error", "first-party")

    @pytest.mark.parametrize("name", _KOTLIN)
    def test_kotlin_clients_do_what_their_source_says(self, name: str) -> None:
        fact = of_class(pages("callbacks-kotlin").callbacks, name)
        assert (fact.behaviour, fact.activation) == (_KOTLIN[name], "active")

    def test_a_client_that_nothing_creates_is_only_defined(self) -> None:
        fact = of_class(pages("callbacks-java").callbacks, "ProceedsUnused")
        assert (fact.behaviour, fact.activation) == ("proceed", "defined_only")

    def test_each_callback_is_stated_once(self) -> None:
        assert len(pages("callbacks-java").callbacks) == len(_JAVA) + 1
        assert len(pages("callbacks-kotlin").callbacks) == len(_KOTLIN)
        assert not pages("callbacks-java").gaps

    def test_the_listener_that_goes_on_is_shown(self) -> None:
        places = of_class(pages("callbacks-java").callbacks, "AsksWithListeners").evidence
        assert [(place.class_name, place.snippet) for place in places[1:2]] == [
            ("org.example.calls.AsksWithListeners$1", "handler.proceed();")
        ]

    def test_the_deciding_statements_are_quoted(self) -> None:
        place = of_class(pages("callbacks-java").callbacks, "ByUrl").evidence[0]
        assert place.snippet == 'if (error.getUrl().startsWith("https://help.example.com/")) handler.proceed(); return;'

    def test_only_debuggable_builds_are_marked(self) -> None:
        marked = [fact.class_name for fact in pages("callbacks-java").callbacks if fact.debug_only]
        assert marked == ["org.example.calls.WhenDebuggable"]


class TestShrunkByR8:
    def test_each_case_of_a_merged_class_does_what_its_source_says(self) -> None:
        name = "callbacks-java-r8"
        facts = {(fact.class_name, fact.variant): fact for fact in pages(name).callbacks}
        tencent, uc = "Lcom/tencent/smtt/sdk/WebViewClient;", "Lcom/uc/webview/export/WebViewClient;"
        bases = ("Landroid/webkit/WebViewClient;", tencent, uc, "Lorg/xwalk/core/XWalkResourceClient;")
        created = [one for base in bases for one in created_by_app(name, base)]
        found = [facts[one].behaviour for one in created if one in facts]
        assert found == list(_JAVA.values())

    def test_kotlin_clients_are_recognised(self) -> None:
        found = pages("callbacks-kotlin-r8").callbacks
        assert Counter(fact.behaviour for fact in found) == Counter(_KOTLIN.values())
        assert {fact.activation for fact in found} == {"active"}
