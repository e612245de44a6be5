"""Pins that code compares by hand, in the styles of real apps: what they are, and what is none.

Every digest in the fixtures is the hash of its own name, so that the truth needs no list.
"""

import hashlib
from functools import cache

import pytest

from analyzer.extractors.code.callback_wiring import CallbackWiring
from analyzer.extractors.code.connection_pins import extract_connection_pins
from analyzer.extractors.code.handshake_pins import extract_interceptor_pins, extract_verifier_pins
from analyzer.extractors.code.hostname_verifiers import extract_hostname_verifiers
from analyzer.extractors.code.literals import extract_literals
from analyzer.extractors.code.okhttp import extract_okhttp
from analyzer.extractors.code.pin_practices import extract_pin_practices
from analyzer.extractors.code.trust_managers import extract_trust_managers
from analyzer.model import PinFact
from tests.extractors.code.smali_fixtures import context_of

# Name, hashed object, what it is compared with, and whether it is SHA-1.
JAVA = {
    "Colons": ("certificate", "leaf"),
    "Table": ("certificate", "leaf"),
    "NoWrap1": ("spki", "presented"),
    "NoWrap2": ("spki", "presented"),
    "Guava": ("spki", "leaf"),
    "GuavaEncoding": ("spki", "leaf"),
    "CommonsHex": ("certificate", "leaf"),
    "CommonsDigest": ("spki", "leaf"),
    "Bytes": ("spki", "leaf"),
    "ConstantTime": ("spki", "leaf"),
    "InSet1": ("spki", "presented"),
    "InSet2": ("spki", "presented"),
    "Switch1": ("spki", "leaf"),
    "Switch2": ("spki", "leaf"),
    "Regex": ("spki", "leaf"),
    "RegexText": ("spki", "leaf"),
    "Last": ("spki", "index"),
    "OkioHash": ("spki", "leaf"),
    "OkioDecoded": ("spki", "leaf"),
    "ByHost1": ("spki", "leaf"),
    "ByHost2": ("spki", "leaf"),
    "Validated1": ("spki", "validated"),
    "Validated2": ("spki", "validated"),
    "UpperCase": ("certificate", "leaf"),
    "Connection": ("spki", "validated"),
    "ConnectionLeaf": ("certificate", "leaf"),
}
KOTLIN = {
    "KAnyOf1": ("spki", "presented"),
    "KAnyOf2": ("spki", "presented"),
    "KJoined": ("certificate", "leaf"),
    "KFolded": ("spki", "leaf"),
    "KWhen1": ("spki", "leaf"),
    "KWhen2": ("spki", "leaf"),
    "KContent": ("spki", "leaf"),
    "KOkio": ("spki", "leaf"),
    "KEnum1": ("spki", "leaf"),
    "KEnum2": ("spki", "leaf"),
    "KLazy1": ("spki", "presented"),
    "KLazy2": ("spki", "presented"),
    "KRegex": ("spki", "leaf"),
    "KLast": ("spki", "index"),
    "KByHost1": ("spki", "leaf"),
    "KByHost2": ("spki", "leaf"),
    "KChecking1": ("spki", "presented"),
    "KChecking2": ("spki", "presented"),
}
BUILDS = {
    "hand-pins-java": JAVA, "hand-pins-java-r8": JAVA, "hand-pins-kotlin": KOTLIN, "hand-pins-kotlin-r8": KOTLIN,
}  # fmt: skip
SHA1 = {"Table", "CommonsHex"}
TRAPS = {"TrapSignature", "TrapCipher", "TrapKey", "TrapHeader", "TrapOwn", "TrapCommit", "TrapSri"}


def _digest(name: str) -> bytes:
    data = name.encode()
    return hashlib.sha1(data, usedforsecurity=False).digest() if name in SHA1 else hashlib.sha256(data).digest()


@cache
def compared(build: str) -> tuple[PinFact, ...]:
    """Return the pins that a build compares by hand."""
    application = "KotlinApp" if "kotlin" in build else "App"
    code = context_of(build, application=f"org.example.hand.{application}", package="org.example.hand")
    wiring = CallbackWiring(code)
    found = (
        *extract_trust_managers(code, wiring).pins,
        *extract_interceptor_pins(code, wiring).pins,
        *extract_verifier_pins(code, extract_hostname_verifiers(code, wiring)).pins,
    )
    return (*found, *extract_connection_pins(code, found, extract_pin_practices(code)).pins)


@pytest.mark.parametrize(("build", "name"), [(build, name) for build, names in BUILDS.items() for name in names])
def test_each_style_gives_its_digest_object_and_chain(build: str, name: str) -> None:
    (pin,) = [one for one in compared(build) if one.digest == _digest(name)]
    assert (pin.hashed_object, pin.checked_against) == BUILDS[build][name]
    assert (pin.resolution, pin.activation, pin.enforced, pin.problem) == ("constant", "active", None, None)
    assert pin.algorithm == ("sha1" if name in SHA1 else "sha256")


@pytest.mark.parametrize("build", BUILDS)
def test_nothing_else_is_compared(build: str) -> None:
    known = {_digest(name) for name in BUILDS[build]}
    others = [pin for pin in compared(build) if pin.digest not in known]
    # The key as a large number, its modulus, the key and certificate themselves, and a pin made of pieces in a loop.
    assert len(others) == (0 if "kotlin" in build else 5)


@pytest.mark.parametrize("build", BUILDS)
def test_the_key_in_a_map_is_the_host(build: str) -> None:
    prefix = "K" if "kotlin" in build else ""
    hosts = {pin.digest: pin.host for pin in compared(build)}
    assert hosts[_digest(f"{prefix}ByHost1")] == "a.shop.example.com"
    assert hosts[_digest(f"{prefix}ByHost2")] == "b.shop.example.com"


@pytest.mark.parametrize("build", ["hand-pins-java", "hand-pins-java-r8"])
def test_pins_compared_with_a_connection_are_for_the_host_it_is_opened_to(build: str) -> None:
    pins = {pin.host: (pin.mechanism, pin.digest) for pin in compared(build) if pin.mechanism == "connection-pin"}
    assert pins == {
        "www.shop.example.com": ("connection-pin", _digest("Connection")),
        "leaf.shop.example.com": ("connection-pin", _digest("ConnectionLeaf")),
    }


@pytest.mark.parametrize("build", ["hand-pins-java", "hand-pins-java-r8"])
def test_a_whole_key_or_certificate_stands_for_its_hash(build: str) -> None:
    whole = [pin for pin in compared(build) if pin.digest is not None and "Managers" not in pin.value]
    by_value = {pin.value[:24]: pin for pin in whole}
    as_number, as_key = by_value["30820122300d06092a864886"], by_value["MIIBIjANBgkqhkiG9w0BAQEF"]
    assert as_number.digest == as_key.digest
    assert (as_number.hashed_object, as_key.hashed_object) == ("spki", "spki")
    certificate = by_value["a certificate in the code"[:24]]
    assert (certificate.hashed_object, certificate.checked_against) == ("certificate", "leaf")


@pytest.mark.parametrize("build", ["hand-pins-java", "hand-pins-java-r8"])
def test_a_modulus_has_no_digest_of_a_key(build: str) -> None:
    (pin,) = [pin for pin in compared(build) if pin.hashed_object == "key"]
    assert (pin.digest, pin.resolution, pin.checked_against) == (None, "constant", "leaf")


@pytest.mark.parametrize("build", ["hand-pins-java", "hand-pins-java-r8"])
def test_a_pin_that_a_loop_puts_together_is_reported_unresolved(build: str) -> None:
    (pin,) = [pin for pin in compared(build) if pin.resolution == "unresolved"]
    assert (pin.hashed_object, pin.checked_against, pin.activation) == ("spki", "leaf", "active")


@pytest.mark.parametrize("build", ["hand-pins-java", "hand-pins-java-r8"])
def test_ciphertexts_keys_headers_and_signers_of_the_app_are_no_pins(build: str) -> None:
    code = context_of(build, application="org.example.hand.App", package="org.example.hand")
    found = {pin.digest for pin in (*compared(build), *extract_literals(code, compared(build)).pins)}
    traps = {hashlib.sha256(name.encode()).digest() for name in TRAPS} | {hashlib.sha1(b"TrapCommit").digest()}
    assert found.isdisjoint(traps)


@pytest.mark.parametrize("build", ["hand-pins-java", "hand-pins-java-r8"])
def test_a_check_that_copies_the_text_of_okhttp_is_not_okhttp(build: str) -> None:
    found = extract_okhttp(context_of(build, application="org.example.hand.App", package="org.example.hand"))
    assert (found.pins, found.sdks) == ((), ())
