"""What becomes of certificates and key stores that code reads, in Java and Kotlin, as built and shrunk."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import Result, Value
from analyzer.extractors.code.callback_wiring import CallbackWiring
from analyzer.extractors.code.certificate_origins import bundled_pins
from analyzer.extractors.code.certificate_uses import CertificateUses, extract_certificate_uses
from tests.extractors.code.smali_fixtures import NoResources, context_of
from tests.x509.makers import make

JAVA = ("certificate-uses-java", "certificate-uses-java-r8")
KOTLIN = ("certificate-uses-kotlin", "certificate-uses-kotlin-r8")
ASSETS = (
    "trust.p12", "trusted.pem", "shown.pem", "filled.pem", "many.pem", "okhttp.pem", "grpc.pem", "client.p12",
    "compared.pem", "pinned.pem", "hashed.pem", "unused.p12", "lazy.pem", "applied.pem",
)  # fmt: skip


class Resources(NoResources):
    """One raw resource."""

    def raw_entry(self, resource_id: int) -> str | None:
        return "res/raw/trust.bks" if resource_id == 0x7F010000 else None


@cache
def found(build: str) -> CertificateUses:
    """Return what is found in a build."""
    application = f"org.example.uses.{'KotlinApp' if 'kotlin' in build else 'App'}"
    code = context_of(build, application=application, package="org.example.uses")
    entries = (*(f"assets/{name}" for name in ASSETS), "res/raw/trust.bks")
    code = replace(code, entries=entries, resources=Resources())
    return extract_certificate_uses(code, CallbackWiring(code))


def uses(build: str, kind: str) -> dict[str, str]:
    """Return the activations by file; bytes in code go by their length."""
    return {
        (use.entry or f"{len(use.data or b'')} bytes").removeprefix("assets/"): use.activation
        for use in found(build).uses
        if use.kind == kind
    }


@pytest.mark.parametrize("build", JAVA)
def test_what_a_trust_manager_trusts_is_followed_to_files_resources_and_bytes(build: str) -> None:
    assert uses(build, "trust-manager") == {
        "res/raw/trust.bks": "active",
        "trust.p12": "active",
        "66 bytes": "active",
        "trusted.pem": "active",
        "filled.pem": "active",
        "many.pem": "active",
        "okhttp.pem": "active",
        "grpc.pem": "active",
        # The factory is made, and its managers are handed to nothing.
        "unused.p12": "created",
    }


@pytest.mark.parametrize("build", KOTLIN)
def test_lambdas_extension_functions_and_lazy_values_of_kotlin_are_followed(build: str) -> None:
    assert uses(build, "trust-manager") == {"applied.pem": "active", "lazy.pem": "active"}
    assert uses(build, "pin") == {"pinned.pem": "active", "hashed.pem": "active"}


@pytest.mark.parametrize("build", JAVA)
def test_a_store_with_the_apps_own_identity_is_no_anchor(build: str) -> None:
    assert uses(build, "key-manager") == {"client.p12": "active"}


@pytest.mark.parametrize("build", JAVA)
def test_pins_that_are_computed_at_run_time_and_comparisons_name_their_certificate(build: str) -> None:
    assert uses(build, "pin") == {"pinned.pem": "active", "hashed.pem": "active"}
    assert uses(build, "comparison") == {"compared.pem": "active"}


class WithPins(Resources):
    """Resources that tell pins as those of an app do."""

    def __init__(self) -> None:
        self.read_pins: Callable[[Value], tuple[str, ...]] | None = None

    def pins_of(self, value: Value) -> tuple[str, ...]:
        return self.read_pins(value) if self.read_pins is not None else ()


@pytest.mark.parametrize("build", [*JAVA, *KOTLIN])
def test_the_pin_that_okhttp_computes_of_a_bundled_certificate_is_known(build: str) -> None:
    code = context_of(build, application="org.example.uses.App", package="org.example.uses")
    made = make("pinned", ca=True)
    resources = WithPins()
    resolver = Resolver(code.program, resources)
    code = replace(
        code, resolver=resolver, resources=resources, entries=("assets/pinned.pem",), read=lambda name: made.pem
    )
    resources.read_pins = bundled_pins(code, resolver)
    refs = [
        ref
        for owner in ("Lokhttp3/CertificatePinner;", "Lokhttp3/CertificatePinner$Companion;")
        for ref in code.program.method_refs(owner, "pin")
    ]
    [site] = code.program.users.callers_of(refs)
    values = resolver.evaluator.evaluate(site.method)
    assert values is not None
    call = values.calls[site.offset]
    pin = resolver.resolve(Result(call.ref, call.kind, call.arguments, site.method.ref, site.offset))
    assert pin.texts == (made.certificate.key.pin,)


@pytest.mark.parametrize("build", [*JAVA, *KOTLIN])
def test_a_certificate_that_the_same_helper_reads_for_something_else_is_not_taken_for_trusted(build: str) -> None:
    assert not any(use.entry == "assets/shown.pem" for use in found(build).uses)


@pytest.mark.parametrize("build", JAVA)
def test_a_store_that_is_not_in_the_app_is_a_gap(build: str) -> None:
    [gap] = found(build).gaps
    assert (gap.reason, gap.hides) == ("unresolved-value", ("certificate",))
    assert "javax.net.ssl.TrustManagerFactory.init" in gap.detail


@pytest.mark.parametrize("build", JAVA)
def test_a_use_shows_how_the_manager_gets_to_the_connections(build: str) -> None:
    use = next(one for one in found(build).uses if one.entry == "res/raw/trust.bks")
    assert "TrustManagerFactory.init" in (use.evidence[0].snippet or "").replace(";->", ".").replace("/", ".")
    assert any("setDefaultSSLSocketFactory" in (place.snippet or "") for place in use.evidence)
