"""Trust managers made from key stores: own certificates, the device's store, and both."""

from functools import cache

import pytest

from analyzer.extractors.code.callback_wiring import CallbackWiring
from analyzer.extractors.code.trust_keystores import KeystoreFacts, extract_keystores
from tests.extractors.code.smali_fixtures import context_of

BUILDS = ("trust-stores", "trust-stores-r8")
CERTIFICATE = "02e714a1c1071d80557847d95b3e743ad01356577e7858b0e617282155c7192c"


@cache
def facts(build: str) -> KeystoreFacts:
    """Return what is found in a build."""
    code = context_of(build, application="org.example.trust.App", package="org.example.trust")
    return extract_keystores(code, CallbackWiring(code))


@pytest.mark.parametrize("build", BUILDS)
def test_each_factory_says_whose_certificates_it_trusts(build: str) -> None:
    found = {(use.evidence[0].method or "").partition("(")[0]: use for use in facts(build).api_uses}
    assert {name: (use.api, use.activation, use.arguments) for name, use in found.items()} == {
        "wireOwn": ("keystore-trust", "active", ("user",)),
        "wireFromFile": ("keystore-trust", "active", ("unknown",)),
        "wireDevice": ("android-ca-store-trust", "active", ("user",)),
        "wireMixed": ("keystore-mix-trust", "active", ("user",)),
        "wireUnused": ("keystore-trust", "created", ("user",)),
    }


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
    }
