"""Whether trust managers, factories, verifiers and WebView clients are put to use."""

from functools import cache

import msgspec
import pytest

from analyzer.dex import DexClass, FieldRef
from analyzer.extractors.code.callback_wiring import CallbackWiring, Installation, Role
from analyzer.extractors.code.context import CodeContext
from analyzer.model.app import Component
from tests.extractors.code.smali_fixtures import context_of


@cache
def _context(name: str) -> CodeContext:
    code = context_of(name)
    screen = Component(kind="activity", class_name="org.example.shop.Screen", exported=None)
    app = msgspec.structs.replace(code.app, components=(*code.app.components, screen))
    return CodeContext(**{**code.__dict__, "app": app})


@cache
def _wiring(name: str) -> CallbackWiring:
    return CallbackWiring(_context(name))


def _of(role: Role, name: str) -> Installation:
    return _wiring("wiring").of_class(role, f"Lorg/example/shop/{name};")


@pytest.mark.parametrize(
    ("case", "client"),
    [
        ("ForAll", "https-url-connection"),
        ("OneConnection", "https-url-connection"),
        ("InField", "https-url-connection"),
        ("Wrapped", "https-url-connection"),
        ("OwnContext", "https-url-connection"),
        ("Singleton", "https-url-connection"),
        ("Supplied", "https-url-connection"),
        ("DefaultContext", "default-ssl-context"),
        ("OkHttp", "okhttp"),
        ("OkHttpHelper", "okhttp"),
        ("Volley", "volley"),
        ("Apache", "apache-httpclient"),
        ("ApacheCopy", "apache-httpclient"),
        ("RawSocket", "socket"),
        ("Engine", "ssl-engine"),
        ("Grpc", "grpc"),
        ("Ktor", "ktor"),
        ("Netty", "netty"),
        ("Ion", "ion"),
        ("Paho", "paho"),
        ("Smack", "smack"),
        ("WebSocket", "java-websocket"),
        ("SocketIo", "socket-io"),
    ],
)
def test_a_trust_manager_is_followed_to_the_client_that_uses_it(case: str, client: str) -> None:
    found = _of("trust_manager", f"{case}$M")
    assert (found.activation, found.clients) == ("active", (client,))
    assert found.process_wide == (case in ("ForAll", "DefaultContext"))


@pytest.mark.parametrize("case", ["WrappedUnused", "InitOnly", "OnlyAsked"])
def test_a_trust_manager_that_nothing_uses_is_only_created(case: str) -> None:
    found = _of("trust_manager", f"{case}$M")
    assert (found.activation, found.places) == ("created", ())


@pytest.mark.parametrize("case", ["Dead", "NeverMade"])
def test_a_trust_manager_in_code_that_never_runs_is_only_defined(case: str) -> None:
    assert _of("trust_manager", f"{case}$M").activation == "defined_only"


def test_a_class_that_reflection_may_create_is_not_called_unused() -> None:
    found = _of("trust_manager", "ByName$M")
    assert found.activation == "unknown"
    assert "reflection" in " ".join(found.reasons)


@pytest.mark.parametrize(
    ("case", "client", "process_wide"),
    [
        ("VerifierForAll$V", "https-url-connection", True),
        ("VerifierOfOne$V", "https-url-connection", False),
        ("VerifierOkHttp$V", "okhttp", False),
        ("VerifierAsked$V", "by-hand", False),
        ("VerifierConscrypt$V", "conscrypt", False),
        ("VerifierField$V", "socket-io", False),
        ("Screen", "https-url-connection", False),
    ],
)
def test_a_verifier_is_followed_to_what_asks_it(case: str, client: str, process_wide: bool) -> None:
    found = _of("hostname_verifier", case)
    assert (found.activation, found.clients, found.process_wide) == ("active", (client,), process_wide)


def test_a_verifier_inside_one_that_nothing_uses_is_only_created() -> None:
    assert _of("hostname_verifier", "VerifierInVerifier$V").activation == "created"


def test_a_verifier_written_as_a_lambda_is_followed() -> None:
    program = _context("wiring").program
    lambdas = [
        name
        for name in program.hierarchy.subtypes_of("Ljavax/net/ssl/HostnameVerifier;")
        if "VerifierLambda" in name and program.find_class(name) is not None
    ]
    assert len(lambdas) == 1
    found = _wiring("wiring").of_class("hostname_verifier", *lambdas)
    assert (found.activation, found.clients) == ("active", ("https-url-connection",))


@pytest.mark.parametrize(
    ("case", "activation", "clients"),
    [
        ("Page$C", "active", ("webview",)),
        ("PageOfOwn$C", "active", ("webview",)),
        ("PageX5$C", "active", ("webview-x5",)),
        ("PageUnused$C", "created", ()),
        ("Inflated$C", "unknown", ("webview",)),
    ],
)
def test_a_webview_client_is_followed_to_the_view(case: str, activation: str, clients: tuple[str, ...]) -> None:
    found = _of("webview_ssl_error", case)
    assert (found.activation, found.clients) == (activation, clients)


def test_a_factory_class_is_followed_like_a_manager() -> None:
    assert _of("socket_factory", "Wrapped$Factory").activation == "active"
    assert _of("socket_factory", "WrappedUnused$Factory").activation == "created"


def test_the_trail_goes_from_the_class_to_the_call_that_uses_it() -> None:
    trail = _of("trust_manager", "InField$M").trail
    assert [place.snippet for place in trail] == [
        "creates org.example.shop.InField$M",
        "passed to org.example.shop.Tls.context",
        "Ljavax/net/ssl/SSLContext;->init([Ljavax/net/ssl/KeyManager;[Ljavax/net/ssl/TrustManager;"
        "Ljava/security/SecureRandom;)V",
        "returned by org.example.shop.Tls.context",
        "kept in org.example.shop.InField.context",
        "Ljavax/net/ssl/SSLContext;->getSocketFactory()Ljavax/net/ssl/SSLSocketFactory;",
        "Ljavax/net/ssl/HttpsURLConnection;->setSSLSocketFactory(Ljavax/net/ssl/SSLSocketFactory;)V",
    ]
    assert all(place.entry == "wiring.dex" for place in trail)


# ---- classes that the shrinker merged


def _merged(interface: str) -> tuple[DexClass, FieldRef]:
    program = _context("wiring-merged").program
    own = [
        definition
        for name in program.hierarchy.subtypes_of(interface)
        if name.startswith("Lorg/example/") and (definition := program.find_class(name)) is not None
    ]
    assert len(own) == 1
    (field,) = own[0].fields
    assert field.ref.type == "I"
    return own[0], field.ref


def test_each_case_of_a_merged_trust_manager_is_followed_by_itself() -> None:
    definition, field = _merged("Ljavax/net/ssl/X509TrustManager;")
    found = {
        value: _wiring("wiring-merged").of_variant("trust_manager", definition.descriptor, field, value)
        for value in (0, 1)
    }
    assert sorted(one.activation for one in found.values()) == ["active", "created"]
    assert {one.clients for one in found.values()} == {("okhttp",), ()}


def test_each_case_of_a_merged_verifier_is_followed_by_itself() -> None:
    definition, field = _merged("Ljavax/net/ssl/HostnameVerifier;")
    wiring = _wiring("wiring-merged")
    found = {
        value: wiring.of_variant("hostname_verifier", definition.descriptor, field, value).clients
        for value in (0, 1, 2)
    }
    assert set(found.values()) == {("okhttp",), ("https-url-connection",), ()}


def test_the_cases_of_a_merged_class_are_told_apart_where_objects_are_created() -> None:
    definition, field = _merged("Ljavax/net/ssl/X509TrustManager;")
    wiring = _wiring("wiring-merged")
    sites = wiring.creations_of(definition.descriptor)
    assert sorted(map(sorted, filter(None, (wiring.variants_at(site, field) for site in sites)))) == [[0], [1]]
