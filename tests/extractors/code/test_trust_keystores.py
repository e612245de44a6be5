"""Trust managers made from key stores: own certificates, the device's store, and both."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from analyzer.extractors.code.callback_wiring import CallbackWiring
from analyzer.extractors.code.trust_keystores import KeystoreFacts, extract_keystores
from analyzer.extractors.code.trust_managers import extract_trust_managers
from tests.extractors.code.smali_fixtures import context_of
from tests.x509.makers import make

BUILDS = ("trust-stores", "trust-stores-r8")
STORES = Path(__file__).parents[2] / "x509/fixtures/stores"
IN_STORE = "517680bd07bf0eb6360e7fdead2e88ccadc8957b164cc146b066ba48a7eca28d"
CERTIFICATE = "02e714a1c1071d80557847d95b3e743ad01356577e7858b0e617282155c7192c"


@cache
def facts(build: str) -> KeystoreFacts:
    """Return what is found in a build."""
    code = context_of(build, application="org.example.trust.App", package="org.example.trust")
    protected = (STORES / "pkcs12-trust.bin").read_bytes()
    entries = ("trust.p12", "field.p12", "secret.p12")
    code = replace(code, entries=entries, read=dict.fromkeys(entries, protected).__getitem__)
    return extract_keystores(code, CallbackWiring(code))


@pytest.mark.parametrize("build", BUILDS)
def test_each_factory_says_whose_certificates_it_trusts(build: str) -> None:
    found = {(use.evidence[0].method or "").partition("(")[0]: use for use in facts(build).api_uses}
    assert {name: (use.api, use.activation, use.arguments) for name, use in found.items()} == {
        "wireOwn": ("keystore-trust", "active", ("user",)),
        "wireFromFile": ("keystore-trust", "active", ("unknown",)),
        "wireProtected": ("keystore-trust", "active", ("user", "trust.p12")),
        "wireProtectedByField": ("keystore-trust", "active", ("user", "field.p12")),
        "wireSecret": ("keystore-trust", "active", ("user", "secret.p12")),
        "wireDevice": ("android-ca-store-trust", "active", ("user",)),
        "wireMixed": ("keystore-mix-trust", "active", ("user",)),
        "wireUnused": ("keystore-trust", "created", ("user",)),
    }


@pytest.mark.parametrize("build", BUILDS)
def test_where_the_devices_store_is_asked_for_is_evidence(build: str) -> None:
    quoted = {
        use.api: [place.snippet for place in use.evidence if place.snippet == 'KeyStore.getInstance("AndroidCAStore")']
        for use in facts(build).api_uses
    }
    assert (len(quoted["android-ca-store-trust"]), len(quoted["keystore-mix-trust"])) == (1, 1)
    assert quoted["keystore-trust"] == []


@pytest.mark.parametrize("build", BUILDS)
def test_a_factory_that_a_call_hands_out_is_quoted_as_that_call(build: str) -> None:
    snippets = {place.snippet or "" for use in facts(build).api_uses for place in use.evidence}
    factory = "Ljavax/net/ssl/TrustManagerFactory;"
    assert f"{factory}->getInstance(Ljava/lang/String;){factory}" in snippets
    assert not any(snippet.startswith("creates ") and "->" in snippet for snippet in snippets)


@pytest.mark.parametrize("build", BUILDS)
def test_the_platforms_default_and_entries_of_the_system_are_no_find(build: str) -> None:
    methods = {(use.evidence[0].method or "").partition("(")[0] for use in facts(build).api_uses}
    assert not methods & {"wirePlatform", "wireSystemOnly", "wireCount"}


@pytest.mark.parametrize("build", BUILDS)
def test_certificates_of_the_app_are_pins_of_the_factory(build: str) -> None:
    found = {
        pin.scope.rpartition(".")[2]: (pin.digest.hex() if pin.digest else None, pin.resolution, pin.activation)
        for pin in facts(build).pins
    }
    assert found == {
        "wireOwn": (CERTIFICATE, "constant", "active"),
        "wireUnused": (CERTIFICATE, "constant", "created"),
        "wireFromFile": (None, "unresolved", "active"),
        "wireProtected": (IN_STORE, "constant", "active"),
        "wireProtectedByField": (IN_STORE, "constant", "active"),
        "wireSecret": (None, "unresolved", "active"),
    }


def test_what_the_same_helper_reads_for_something_else_is_not_trusted() -> None:
    code = context_of("certificate-uses-java", application="org.example.uses.App", package="org.example.uses")
    names = (
        "trust.p12", "trusted.pem", "shown.pem", "filled.pem", "many.pem", "okhttp.pem", "client.p12", "compared.pem",
        "pinned.pem", "hashed.pem", "unused.p12",
    )  # fmt: skip
    files = {f"assets/{name}": make(name, ca=True).der for name in names}
    code = replace(code, entries=tuple(files), read=files.__getitem__)
    found = extract_keystores(code, CallbackWiring(code)).pins
    trusted = {pin.value.removeprefix("assets/") for pin in found if pin.resolution == "constant"}
    assert trusted - {"okhttp.pem"} == {"trust.p12", "trusted.pem", "filled.pem", "many.pem", "unused.p12"}
    # What OkHttp's own factory is given is trusted as well.
    assert "okhttp.pem" in trusted


def test_a_trust_manager_that_compares_with_a_certificate_of_the_app_has_its_key_as_pin() -> None:
    code = context_of("certificate-uses-java", application="org.example.uses.App", package="org.example.uses")
    known = {"assets/compared.pem": make("compared", ca=True), "assets/shown.pem": make("shown", ca=True)}
    files = {name: made.der for name, made in known.items()}
    code = replace(code, entries=tuple(files), read=files.__getitem__)
    [pin] = [one for one in extract_trust_managers(code, CallbackWiring(code)).pins if one.mechanism == "custom-tm"]
    assert (pin.digest, pin.hashed_object, pin.value, pin.resolution) == (
        known["assets/compared.pem"].certificate.key.sha256, "spki", "assets/compared.pem", "constant",
    )  # fmt: skip
