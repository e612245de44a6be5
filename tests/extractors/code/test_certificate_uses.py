"""What becomes of certificates and key stores that code reads, in Java and Kotlin, as built and shrunk."""

from dataclasses import replace
from functools import cache

import pytest

from analyzer.extractors.code.callback_wiring import CallbackWiring
from analyzer.extractors.code.certificate_uses import CertificateUses, extract_certificate_uses
from tests.extractors.code.smali_fixtures import NoResources, context_of

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
