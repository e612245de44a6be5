"""What is recognised in a renamed OkHttp has the names that the shrinkers' mappings say."""

import zipfile
from functools import cache
from pathlib import Path

import pytest

from analyzer.dataflow.evaluate import Evaluator
from analyzer.dex import FieldRef, MethodRef, Program
from analyzer.extractors.code.okhttp_binding import bind_okhttp
from analyzer.extractors.code.okhttp_fingerprints import load_fingerprints
from analyzer.extractors.code.okhttp_members import bind_members
from analyzer.extractors.code.okhttp_roles import RenamedOkHttp, Role
from analyzer.options import Limits
from tests.samples import expectation
from tests.samples.shrunk_names import ShrunkNames
from tools import client_recall

_CLIENTS = [f"client-styles/builds/{name}" for name in client_recall.builds() if name != "clients-d8"]
_PINS = [
    f"pin-styles/builds/{file.name.removesuffix('.mapping.txt')}"
    for file in sorted((expectation.SAMPLES / "pin-styles" / "builds").glob("*.mapping.txt"))
]
_WHOLE = "okhttp-pinned-r8/okhttp-pinned-r8"
_OTHERS = ("tls-callbacks-r8/tls-callbacks-r8", "tls-callbacks/tls-callbacks", "trustkit/trustkit")
_FIELDS: dict[Role, set[str]] = {
    "pinner": {"certificatePinner"},
    "interceptor": {"interceptors"},
    "network-interceptor": {"networkInterceptors"},
    "connection-specs": {"connectionSpecs"},
    "follow-redirects": {"followRedirects"},
    "follow-ssl-redirects": {"followSslRedirects"},
    "socket-factory": {"sslSocketFactory", "sslSocketFactoryOrNull"},
    "trust-manager": {"x509TrustManager", "x509TrustManagerOrNull"},
    "verifier": {"hostnameVerifier"},
}
_SETTERS: dict[Role, set[str]] = {
    **_FIELDS,
    "interceptor": {"addInterceptor"},
    "network-interceptor": {"addNetworkInterceptor"},
    "socket-factory": {"sslSocketFactory"},
}
_LISTS = {
    "interceptor": {"interceptors", "getInterceptors$okhttp"},
    "network-interceptor": {"networkInterceptors", "getNetworkInterceptors$okhttp"},
}
_CALLS = {"<init>", "newCall", "newRealCall", "newWebSocket", "newWebSocketCall"}


@cache
def _program(name: str) -> Program:
    with zipfile.ZipFile(expectation.SAMPLES / f"{name}.apk") as archive:
        files = [(entry, archive.read(entry)) for entry in sorted(archive.namelist()) if entry.endswith(".dex")]
    return Program.build(files, Limits())


@cache
def _bound(name: str) -> tuple[RenamedOkHttp, ...]:
    program = _program(name)
    evaluator = Evaluator(program)
    copies = bind_okhttp(program, evaluator, load_fingerprints())
    found = (bind_members(program, evaluator, copy) for copy in copies)
    return tuple(one for one in found if one is not None)


def _names(name: str) -> ShrunkNames:
    variant = expectation.SAMPLES / f"{name}.mapping.txt"
    whole: Path = (expectation.SAMPLES / name).parent / "mapping.txt"
    return ShrunkNames(variant if variant.exists() else whole)


@pytest.mark.parametrize("name", [*_CLIENTS, *_PINS, _WHOLE])
class TestInEveryShrunkBuild:
    def test_one_copy_is_found(self, name: str) -> None:
        assert len(_bound(name)) == 1

    def test_the_client_and_its_builder_are_those_of_the_mapping(self, name: str) -> None:
        names, (okhttp,) = _names(name), _bound(name)

        assert okhttp.client is not None and names.class_of(okhttp.client) == "okhttp3.OkHttpClient"
        assert okhttp.builder is not None and names.class_of(okhttp.builder) == "okhttp3.OkHttpClient$Builder"

    def test_their_fields_and_setters_are_those_of_the_mapping(self, name: str) -> None:
        names, (okhttp,) = _names(name), _bound(name)

        assert all(names.members_of(field) & _FIELDS[role] for field, role in okhttp.fields.items())
        assert all(names.members_of(method) & _SETTERS[given.role] for method, given in okhttp.setters.items())
        assert all(names.members_of(method) & _LISTS[role] for method, role in okhttp.lists.items())

    def test_every_field_that_is_there_is_found(self, name: str) -> None:
        names, (okhttp,) = _names(name), _bound(name)
        definition = _program(name).find_class(str(okhttp.builder))
        assert definition is not None

        found = {role for field, role in okhttp.fields.items() if field.owner == okhttp.builder}
        there = {original for field in definition.fields for original in names.members_of(field.ref)}

        assert found == {role for role, originals in _FIELDS.items() if originals & there}


@pytest.mark.parametrize("name", _CLIENTS)
class TestInEveryBuildOfClients:
    def test_everything_is_recognised(self, name: str) -> None:
        assert _bound(name)[0].missing == ()

    def test_what_interceptors_see_is_what_the_mapping_says(self, name: str) -> None:
        names, (okhttp,) = _names(name), _bound(name)
        exchange = okhttp.exchange

        assert names.class_of(str(exchange.interceptor)) == "okhttp3.Interceptor"
        assert exchange.intercept is not None and "intercept" in names.members_of(exchange.intercept)
        assert names.class_of(exchange.intercept.return_type) == "okhttp3.Response"
        assert names.class_of(str(exchange.handshake)) == "okhttp3.Handshake"
        assert exchange.peer and all("peerCertificates" in names.members_of(ref) for ref in exchange.peer)
        assert names.class_of(str(exchange.url)) == "okhttp3.HttpUrl"
        assert exchange.host and all("host" in names.members_of(ref) for ref in exchange.host)

    def test_requests_are_what_the_mapping_says(self, name: str) -> None:
        names, (okhttp,) = _names(name), _bound(name)
        requests = okhttp.requests

        assert names.class_of(str(requests.request)) == "okhttp3.Request"
        assert {names.class_of(one) for one in requests.builders} == {"okhttp3.Request$Builder"}
        assert all("url" in names.members_of(ref) for ref in requests.addresses)
        assert {type(ref) for ref in requests.addresses} == {MethodRef, FieldRef}
        assert requests.calls and all(names.members_of(ref) & _CALLS for ref in requests.calls)
        own = {names.class_of(one) for one in requests.own}
        assert own <= {"okhttp3.Request", "okhttp3.internal.ws.RealWebSocket"}

    def test_specifications_and_suites_have_the_names_of_the_mapping(self, name: str) -> None:
        names, (okhttp,) = _names(name), _bound(name)
        specs = okhttp.specs

        assert {names.class_of(one) for one in specs.classes} == {
            "okhttp3.CipherSuite",
            "okhttp3.ConnectionSpec",
            "okhttp3.ConnectionSpec$Builder",
        }
        assert specs.versions and all("tlsVersions" in names.members_of(ref) for ref in specs.versions)
        assert specs.suites and all("cipherSuites" in names.members_of(ref) for ref in specs.suites)
        assert {"MODERN_TLS", "COMPATIBLE_TLS", "CLEARTEXT"} <= set(specs.names.values())
        assert all(names.members_of(ref) == {constant} for ref, constant in specs.names.items())


@pytest.mark.parametrize("name", _OTHERS)
def test_nothing_is_recognised_where_there_is_no_okhttp(name: str) -> None:
    assert _bound(name) == ()


@pytest.mark.parametrize("build", sorted(client_recall.builds()))
class TestWhatIsFoundOfClients:
    def test_everything_that_the_source_does_is_found(self, build: str) -> None:
        assert client_recall.measure(build).missed == []

    def test_nothing_is_invented(self, build: str) -> None:
        assert client_recall.measure(build).invented == []
