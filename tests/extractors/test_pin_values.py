"""What is said about pin texts: digest, problem and identity, as each mechanism reads them."""

import base64
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.extractors.catalogue import Catalogue, load_catalogue
from analyzer.extractors.pin_values import PinValue, canonical, describe_pin
from analyzer.model.pins import Mechanism

SHARED = Path(os.environ.get("PINSCOPE_SHARED", Path(__file__).resolve().parents[3] / "shared"))
VECTORS = SHARED / "vectors" / "okhttp_4.12.0.json"
CATALOGUE = load_catalogue()
KEY = hashlib.sha256(b"a public key").digest()
TEXT = base64.b64encode(KEY).decode()
SHA1_KEY = hashlib.sha1(b"a public key").digest()
ANDROID_GUIDE = "7HIpactkIAq2Y49orFOOQKurWxmmSFZhBCoQYcRhJ3Y="
COMODO_ROOT = "grX4Ta9HpZx6tSHkmCrvpApTQGo67CYDnvprLg5yRME="
PUBLICOBJECT = "sha256/afwiKY3RxoMmLkuRW1l7QsPZTJPwDS2pdDROQjXw8ig="


def describe(text: str, mechanism: Mechanism = "nsc", digest: bytes | None = None, host: str | None = None) -> PinValue:
    return describe_pin(text, mechanism=mechanism, digest=digest, catalogue=CATALOGUE, host=host)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_an_ordinary_pin_has_a_digest_and_nothing_to_report() -> None:
    assert describe(TEXT) == PinValue(digest=KEY, algorithm="sha256")


@pytest.mark.parametrize(
    ("mechanism", "text", "digest", "algorithm"),
    [
        ("okhttp3", f"sha256/{TEXT}", KEY, "sha256"),
        ("okhttp3", f"sha1/{b64(SHA1_KEY)}", SHA1_KEY, "sha1"),
        ("native", f"sha256//{TEXT}", KEY, "sha256"),
        ("androidpinning", SHA1_KEY.hex(), SHA1_KEY, "sha1"),
        ("fabric", SHA1_KEY.hex().upper(), SHA1_KEY, "sha1"),
        ("netty", SHA1_KEY.hex(":"), SHA1_KEY, "sha1"),
        ("flutter", KEY.hex(" ").upper(), KEY, "sha256"),
        ("custom-tm", f'pin-sha256="{TEXT}"', KEY, "sha256"),
        ("custom-tm", f"sha256/{TEXT}", KEY, "sha256"),
        ("interceptor", TEXT, KEY, "sha256"),
        ("string", hashlib.md5(b"x").hexdigest(), hashlib.md5(b"x").digest(), "md5"),
    ],
)
def test_every_mechanism_reads_its_own_form(mechanism: Mechanism, text: str, digest: bytes, algorithm: str) -> None:
    assert describe(text, mechanism) == PinValue(digest=digest, algorithm=algorithm)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("mechanism", "text", "problem", "words"),
    [
        ("nsc", f"sha256/{TEXT}", "prefix", "starts with a prefix"),
        ("nsc", "", "length", "0 bytes instead of the 32"),
        ("nsc", b64(SHA1_KEY), "length", "20 bytes instead of the 32"),
        ("nsc", KEY.hex(), "length", "hexadecimal where base64 is expected"),
        ("nsc", TEXT + "=", "encoding", "not base64 that Android decodes"),
        ("okhttp3", TEXT, "prefix", "does not start with 'sha256/'"),
        ("okhttp3", f"SHA256/{TEXT}", "prefix", "does not start with 'sha256/'"),
        ("okhttp3", f"sha1/{TEXT}", "length", "32 bytes instead of the 20 of a SHA-1"),
        ("okhttp3", f"sha256//{TEXT}", "length", "33 bytes"),
        ("okhttp3", "sha256/not*base64", "encoding", "not base64"),
        ("native", f"sha256/{TEXT}", "prefix", "libcurl"),
        ("androidpinning", SHA1_KEY.hex(":"), "encoding", "hexadecimal digits alone"),
        ("androidpinning", KEY.hex(), "length", "64 hexadecimal digits"),
        ("custom-tm", "€", "encoding", "neither hexadecimal nor base64"),
        ("custom-tm", "sha256/" + b64(SHA1_KEY), "length", "20 bytes instead of the 32"),
        ("custom-tm", "AAAA", "length", "3 bytes"),
    ],
)
def test_a_text_that_the_mechanism_cannot_use_has_no_digest(
    mechanism: Mechanism, text: str, problem: str, words: str
) -> None:
    value = describe(text, mechanism)
    assert (value.digest, value.problem) == (None, problem)
    assert value.problem_detail is not None and words in value.problem_detail


@pytest.mark.parametrize(
    ("digest", "words"),
    [
        (bytes(32), "all of its 32 bytes are 0x00"),
        (bytes(range(32)), "sequence of equal steps"),
        (bytes(range(0, 256, 8)), "sequence of equal steps"),
        (b"this is surely not a key digest!", "readable text"),
        (KEY[:16] * 2, "second half repeats the first"),
        (bytes.fromhex("deadbeef" * 8), "second half repeats"),
        (KEY[:11] * 2 + KEY[:10], "only 11 of its 32 bytes"),
        (base64.b64decode("B" * 43 + "="), "only 3 of its 32 bytes"),
        (base64.b64decode("PlaceholderXq7LmPlaceholder9TzReplaceMe0Kd4="), "contains the word 'placeholder'"),
        (base64.b64decode("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ="), "counts through the alphabet"),
    ],
)
def test_what_no_key_hashes_to_is_a_placeholder(digest: bytes, words: str) -> None:
    value = describe(b64(digest))
    assert (value.problem, value.digest) == ("placeholder", digest)
    assert value.problem_detail is not None and words in value.problem_detail


@given(st.binary(min_size=1, max_size=200))
def test_real_digests_are_never_taken_for_placeholders(key: bytes) -> None:
    digest = hashlib.sha256(b"salted" + key).digest()
    assert describe(b64(digest)) == PinValue(digest=digest, algorithm="sha256")


@pytest.mark.parametrize("nothing", [b"", b"\n"])
def test_the_digest_of_no_key_is_named(nothing: bytes) -> None:
    value = describe(b64(hashlib.sha256(nothing).digest()))
    assert value.problem == "empty-input"
    assert value.identity is not None and value.identity.kind == "degenerate" and not value.identity.real
    sha1 = describe("sha1/" + b64(hashlib.sha1(nothing).digest()), "okhttp3")
    assert sha1.problem == "empty-input"


def test_a_published_example_is_an_example() -> None:
    value = describe(ANDROID_GUIDE)
    assert value.problem == "example"
    assert value.identity is not None and value.identity.kind == "example" and not value.identity.real


def test_the_examples_of_androidpinning_are_known_in_hexadecimal() -> None:
    assert describe("f30012bbc18c231ac1a44b788e410ce754182513", "androidpinning").problem == "example"


def test_a_certification_authority_in_an_example_is_no_example() -> None:
    value = describe(COMODO_ROOT)
    assert value.problem is None
    assert value.identity is not None
    assert (value.identity.kind, value.identity.real, value.identity.status) == ("root", True, "active")
    assert value.identity.valid_until == "2038-01-18"


@pytest.mark.parametrize(
    ("host", "problem"),
    [
        ("publicobject.com", None),
        ("*.publicobject.com", None),
        ("www.publicobject.com", None),
        ("notpublicobject.com", "example"),
        ("api.shop.example.com", "example"),
        (None, "example"),
    ],
)
def test_an_example_key_is_at_home_on_its_own_host_only(host: str | None, problem: str | None) -> None:
    value = describe(PUBLICOBJECT, "okhttp3", host=host)
    assert value.problem == problem
    assert value.identity is not None and value.identity.real is (problem is None)


UNUSED_BITS = TEXT[:-2] + chr(ord(TEXT[-2]) + 1) + "="


@pytest.mark.parametrize(
    ("mechanism", "text", "words"),
    [
        ("nsc", TEXT.rstrip("="), "padding is missing"),
        ("nsc", f'"{TEXT}"', "outside the base64 alphabet"),
        ("nsc", TEXT[:20] + " " + TEXT[20:], "outside the base64 alphabet"),
        ("nsc", UNUSED_BITS, "bits that are ignored"),
        ("nsc", UNUSED_BITS.rstrip("="), "padding is missing and its last character"),
        ("okhttp3", "sha256/" + base64.urlsafe_b64encode(b"\xfb" * 3 + KEY[3:]).decode(), "URL-safe"),
        ("okhttp3", f"sha256/ {TEXT}", "outside the base64 alphabet"),
    ],
)
def test_a_pin_that_decodes_from_an_odd_spelling_is_usable(mechanism: Mechanism, text: str, words: str) -> None:
    value = describe(text, mechanism)
    assert value.problem == "spelling" and value.digest is not None
    assert value.problem_detail is not None and words in value.problem_detail


def test_the_url_safe_alphabet_loses_symbols_in_a_policy() -> None:
    text = "-_-_" + TEXT[4:].replace("+", "A").replace("/", "B")
    assert describe(text, "interceptor").problem == "spelling"
    assert (describe(text).digest, describe(text).problem) == (None, "length")


def test_a_digest_that_the_caller_knows_is_judged_without_its_text() -> None:
    assert describe("new byte[32]", "cronet", bytes(32)).problem == "placeholder"
    assert describe("new byte[] {…}", "cronet", KEY) == PinValue(digest=KEY, algorithm="sha256")
    wrong = describe("new byte[] {…}", "cronet", KEY[:5])
    assert (wrong.problem, wrong.digest) == ("length", None)


def test_the_canonical_form_is_okhttps() -> None:
    assert canonical("sha256", KEY) == f"sha256/{TEXT}"


@given(st.text(max_size=80), st.sampled_from(["nsc", "okhttp3", "native", "androidpinning", "netty", "string"]))
def test_hostile_texts_are_described_and_never_raise(text: str, mechanism: Mechanism) -> None:
    value = describe(text, mechanism)
    assert (value.digest is None) <= (value.problem is not None)


def test_the_gravest_problem_is_the_one_that_is_named() -> None:
    assert describe(ANDROID_GUIDE.rstrip("=")).problem == "example"
    assert describe("A" * 43).problem == "placeholder"


def _okhttp_cases() -> list[Any]:
    if not VECTORS.is_file():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"no recorded OkHttp results at {VECTORS}"))]
    cases = json.loads(VECTORS.read_text())["cases"]
    return [pytest.param(case, id=case["id"]) for case in cases if case["op"] == "pin"]


@pytest.mark.parametrize("case", _okhttp_cases())
def test_okhttp_itself_reads_the_text_alike(case: dict[str, Any]) -> None:
    value = describe(case["pin"], "okhttp3")
    expected = case["expected"]
    if expected["error"] is not None:
        assert (value.digest, value.problem) in [(None, "prefix"), (None, "encoding")]
        return
    (decoded,) = expected["decoded"]
    if decoded["bytes"] != {"sha256": 32, "sha1": 20}[decoded["algorithm"]]:
        assert (value.digest, value.problem) == (None, "length")
    else:
        assert value.digest is not None
        assert (value.algorithm, value.digest.hex()) == (decoded["algorithm"], decoded["digest_hex"])


def test_an_empty_catalogue_names_nobody() -> None:
    value = describe_pin(ANDROID_GUIDE, mechanism="nsc", digest=None, catalogue=Catalogue(pins={}))
    assert (value.problem, value.identity) == (None, None)
