"""Host name verifiers: what each class of the fixtures accepts, plain and after R8, in Java and in Kotlin.

The truth is the source in ``fixtures/callbacks``; the tables below say what each class there accepts.
"""

from collections import Counter

import pytest

from tests.extractors.code.callback_fixtures import created_by_app, of_class, verifiers

_JAVA = {
    "LogsThenTrue": "accept-all",
    "AlwaysTrue": "accept-all",
    "WarnsThenTrue": "accept-all",
    "TwoCallsAway": "accept-all",
    "Inherited": "accept-all",
    "LambdaTrue": "accept-all",
    "ReferenceTrue": "accept-all",
    "AnonymousTrue": "accept-all",
    "Negated": "swallow",
    "Swallows": "swallow",
    "SwallowsAnything": "swallow",
    "HostNotNull": "ignores-session",
    "Pattern": "ignores-session",
    "Switch": "ignores-session",
    "OneHost": "allow-list",
    "OneHostElseDelegate": "allow-list",
    "HostList": "allow-list",
    "HostSet": "allow-list",
    "HostLoop": "allow-list",
    "PeerHost": "peerhost-tautology",
    "PeerHostReversed": "peerhost-tautology",
    "PeerHostLambda": "peerhost-tautology",
    "PeerHostAndDelegate": "delegate",
    "Contains": "substring",
    "ContainsLambda": "substring",
    "EndsWithoutDot": "substring",
    "EndsWithDot": "substring",
    "StartsWith": "substring",
    "IndexOf": "substring",
    "SuffixAfterDelegate": "delegate",
    "SubjectContains": "substring",
    "SessionValid": "session-valid",
    "SessionValidLambda": "session-valid",
    "Delegates": "delegate",
    "DelegatesToField": "delegate",
    "DelegatesFixedName": "delegate",
    "DelegatesOrDenies": "delegate",
    "DelegateLambda": "delegate",
    "DelegatesThroughHelper": "delegate",
    "Denies": "deny",
    "ComparesNames": "custom",
    "ComparesPin": "custom",
    "EitherSide": "substring",
    "AsksAll": "delegate",
    "Wildcards": "custom",
    "AsksTrusting": "accept-all",
    "ChecksByThrowing": "custom",
    "RefusesOneName": "ignores-session",
}
"""What the application class uses, in the order of ``App.verifiers``."""
_APACHE = {
    "ApacheAcceptsAll": "accept-all",
    "ApacheHalf": "accept-all",
    "ApacheEmpty": "accept-all",
    "ApacheStrict": "delegate",
    "ApacheSwallows": "swallow",
    "ApacheSuffix": "substring",
    "RepackagedEmpty": "accept-all",
}
"""The same, in the order of ``App.apache``."""
_KOTLIN = {
    "TrustEveryName": "accept-all",
    "InCompanion": "accept-all",
    "SamTrue": "accept-all",
    "ReferenceToFunction": "ignores-session",
    "KotlinPeerHost": "peerhost-tautology",
    "KotlinContains": "substring",
    "KotlinEndsWith": "substring",
    "KotlinHosts": "allow-list",
    "KotlinOneOf": "allow-list",
    "KotlinSwallows": "swallow",
    "KotlinDelegates": "delegate",
    "KotlinChecks": "delegate",
    "KotlinNames": "custom",
}
_BASES = (
    "Ljavax/net/ssl/HostnameVerifier;",
    "Lorg/apache/http/conn/ssl/X509HostnameVerifier;",
    "Lorg/apache/http/conn/ssl/AbstractVerifier;",
    "Lcz/msebera/android/httpclient/conn/ssl/AbstractVerifier;",
)


class TestCompiledAsTheyAre:
    @pytest.mark.parametrize("name", [*_JAVA, *_APACHE])
    def test_java_verifiers_accept_what_their_source_says(self, name: str) -> None:
        fact = of_class(verifiers("callbacks-java").callbacks, name)
        assert (fact.behaviour, fact.activation) == ({**_JAVA, **_APACHE}[name], "active")
        assert (fact.kind, fact.owner, fact.variant) == ("hostname_verifier", "first-party", None)

    @pytest.mark.parametrize("name", _KOTLIN)
    def test_kotlin_verifiers_accept_what_their_source_says(self, name: str) -> None:
        fact = of_class(verifiers("callbacks-kotlin").callbacks, name)
        assert (fact.behaviour, fact.activation) == (_KOTLIN[name], "active")

    def test_a_verifier_that_nothing_creates_is_only_defined(self) -> None:
        fact = of_class(verifiers("callbacks-java").callbacks, "AlwaysTrueUnused")
        assert (fact.behaviour, fact.activation) == ("accept-all", "defined_only")

    def test_each_class_is_stated_once_and_none_is_left_out(self) -> None:
        assert len(verifiers("callbacks-java").callbacks) == len(_JAVA) + len(_APACHE) + 1
        assert len(verifiers("callbacks-kotlin").callbacks) == len(_KOTLIN)
        assert not verifiers("callbacks-java").gaps

    def test_the_default_of_the_process_is_told_from_that_of_one_connection(self) -> None:
        wide = [fact.class_name for fact in verifiers("callbacks-java").callbacks if fact.process_wide]
        assert wide == ["org.example.calls.LogsThenTrue"]

    @pytest.mark.parametrize(
        ("name", "values"),
        [
            ("OneHost", ("api.example.com",)),
            ("HostList", ("a.example.com", "b.example.com")),
            ("HostSet", ("c.example.com",)),
            ("HostLoop", ("d.example.com", "e.example.com")),
            ("EndsWithDot", (".example.com",)),
            ("EndsWithoutDot", ("example.com",)),
        ],
    )
    def test_what_the_name_is_compared_with_is_kept(self, name: str, values: tuple[str, ...]) -> None:
        assert of_class(verifiers("callbacks-java").callbacks, name).values == values

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("AlwaysTrue", "return true;"),
            ("Negated", "return !HttpsURLConnection.getDefaultHostnameVerifier().verify(host, session);"),
            ("EndsWithoutDot", 'return host.endsWith("example.com");'),
            ("Switch", "if (Switch.lenient) return true;"),
            (
                "Swallows",
                "try { session.getPeerCertificates(); } catch (SSLPeerUnverifiedException e) return true;",
            ),
            ("ApacheSuffix", 'if (host.endsWith("example.com")) return;'),
        ],
    )
    def test_the_deciding_statements_are_quoted(self, name: str, text: str) -> None:
        place = of_class(verifiers("callbacks-java").callbacks, name).evidence[0]
        assert place.snippet == text
        assert place.class_name == f"org.example.calls.{name}"

    def test_the_trail_leads_to_the_sink(self) -> None:
        trail = of_class(verifiers("callbacks-java").callbacks, "AlwaysTrue").evidence
        assert any("setHostnameVerifier" in (place.snippet or "") for place in trail)

    def test_the_client_that_uses_it_is_named(self) -> None:
        assert of_class(verifiers("callbacks-java").callbacks, "AlwaysTrue").clients == ("https-url-connection",)


class TestShrunkByR8:
    """R8 merges most of them into one class; each case is judged and followed on its own."""

    def test_each_case_of_a_merged_class_accepts_what_its_source_says(self) -> None:
        name = "callbacks-java-r8"
        facts = {(fact.class_name, fact.variant): fact for fact in verifiers(name).callbacks}
        created = [one for base in _BASES for one in created_by_app(name, base)]
        wanted = {**_JAVA, **_APACHE}
        found = {source: facts[one].behaviour for source, one in zip(wanted, created, strict=True)}
        assert found == wanted
        assert {facts[one].activation for one in created} == {"active"}

    def test_nothing_else_is_stated(self) -> None:
        found = verifiers("callbacks-java-r8").callbacks
        assert len(found) == len(_JAVA) + len(_APACHE) + 1
        assert [fact.behaviour for fact in found if fact.activation == "defined_only"] == ["accept-all"]

    def test_kotlins_renamed_helpers_are_seen_through(self) -> None:
        found = verifiers("callbacks-kotlin-r8").callbacks
        assert Counter(fact.behaviour for fact in found) == Counter(_KOTLIN.values())
        assert {fact.activation for fact in found} == {"active"}
