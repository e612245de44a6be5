"""The JSON report keeps its contract, validates against its schema, and can be read back."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from analyzer.errors import UsageError
from analyzer.model import ScanResult
from analyzer.reporters.json_report import json_schema, read_json, render_json, schema_bytes
from tests.reporters.results import (
    APP,
    CERTIFICATE_DIGEST,
    EXPIRED,
    FACTS,
    full_result,
    result,
    unreadable_result,
)

COMMITTED_SCHEMA = Path(__file__).parents[2] / "docs" / "schema" / "pinscope-report-1.schema.json"
RESULTS = {"full": full_result(), "empty": result(), "unreadable": unreadable_result()}


def document(scan: ScanResult, *, reproducible: bool = False) -> dict[str, Any]:
    decoded = json.loads(render_json(scan, reproducible=reproducible))
    assert isinstance(decoded, dict)
    return decoded


def test_top_level_keys_are_those_of_the_contract_in_their_order() -> None:
    assert list(document(full_result())) == [
        "schema_version", "tool", "target", "as_of", "app", "facts", "findings", "strengths", "not_evaluated",
        "gaps", "store", "summary", "gate", "stages", "rules",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "holder"),
    [
        ({"name", "version", "rules_digest"}, "tool"),
        ({"path", "sha256", "size_bytes", "format"}, "target"),
        (
            {"package", "version_name", "version_code", "min_sdk", "target_sdk", "debuggable"},
            "app",
        ),
        ({"policy", "pins", "callbacks", "certificates", "sdks", "hosts", "chains"}, "facts"),
        ({"by_severity"}, "summary"),
        ({"exit_code", "blocking"}, "gate"),
    ],
)
def test_objects_have_the_keys_of_the_contract(keys: set[str], holder: str) -> None:
    assert keys <= set(document(full_result())[holder])


@pytest.mark.parametrize(
    ("keys", "path"),
    [
        (
            {
                "mechanism", "host", "include_subdomains", "algorithm", "digest", "hashed_object", "value", "problem",
                "expires_on", "checked_against", "resolution", "activation", "owner", "evidence", "identity",
            },
            ("facts", "pins"),
        ),
        ({"kind", "class_name", "behaviour", "activation", "owner", "evidence"}, ("facts", "callbacks")),
        (
            {
                "rule_id", "name", "title", "severity", "confidence", "subject", "message", "locations", "fingerprint",
                "tags", "owner", "waiver",
            },
            ("findings",),
        ),
        ({"stage", "reason", "subject", "detail", "hides"}, ("gaps",)),
    ],
)  # fmt: skip
def test_list_items_have_the_keys_of_the_contract(keys: set[str], path: tuple[str, ...]) -> None:
    holder: Any = document(full_result())
    for key in path:
        holder = holder[key]
    assert holder
    for item in holder:
        assert keys <= set(item)


def test_locations_carry_class_name_and_method() -> None:
    location = document(full_result())["facts"]["callbacks"][0]["evidence"][0]
    assert location["class_name"] == "com.example.shop.net.LaxTrustManager"
    assert location["method"].startswith("checkServerTrusted(")


def test_digests_of_keys_are_base64_and_fingerprints_of_certificates_hexadecimal() -> None:
    written = document(full_result())
    by_key, by_certificate = written["facts"]["pins"]
    assert by_key["digest"] == "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    assert by_certificate["digest"] == CERTIFICATE_DIGEST.hex()
    assert written["app"]["signers"][0]["certificate_sha256"] == CERTIFICATE_DIGEST.hex()
    assert written["facts"]["certificates"][0]["certificate_sha256"] == CERTIFICATE_DIGEST.hex()
    assert written["facts"]["anchors"][0]["certificate_sha256"] == CERTIFICATE_DIGEST.hex()
    assert written["facts"]["certificates"][0]["spki_sha256"] == by_key["digest"]
    (chain,) = written["facts"]["chains"]
    assert chain["presented_sha256"] == [by_key["digest"]]
    assert chain["certificates"][0]["spki_sha256"] == by_key["digest"]
    assert chain["certificates"][0]["certificate_sha256"] == CERTIFICATE_DIGEST.hex()
    assert (
        written["facts"]["policy"]["variants"][0]["scopes"][0]["bands"][0]["settings"]["pin_set"]["pins"][0]["digest"]
        == by_key["digest"]
    )


def test_every_field_of_raw_bytes_has_a_settled_spelling() -> None:
    # A new field of bytes must be listed here and, if it is no digest of a key, in HEXADECIMAL_FIELDS.
    base64_fields = {
        (name, field)
        for name, definition in json_schema()["$defs"].items()
        for field, schema in definition.get("properties", {}).items()
        if "contentEncoding" in json.dumps(schema)
    }
    assert base64_fields == {
        ("PolicyPin", "digest"),
        ("BundledAnchor", "certificate"),
        ("CertificateFact", "spki_sha256"),
        ("CertificateFact", "reencoded_spki_sha256"),
        ("ChainObservation", "presented_sha256"),
        ("ChainObservation", "validated_sha256"),
        ("NearMiss", "digest"),
        ("ObservedCertificate", "spki_sha256"),
        ("ObservedCertificate", "spki_sha1"),
    }


def test_the_app_is_not_repeated_among_the_facts() -> None:
    assert "app" not in document(full_result())["facts"]


def test_severities_are_counted_worst_first() -> None:
    assert list(document(full_result())["summary"]["by_severity"]) == ["critical", "high", "medium", "low", "info"]


def test_durations_are_left_out_of_reproducible_reports() -> None:
    assert [stage.get("seconds") for stage in document(full_result())["stages"]] == [0.0123, None]
    assert all("seconds" not in stage for stage in document(full_result(), reproducible=True)["stages"])


@pytest.mark.parametrize("path", ["/home/someone/out/shop.apk", "out/shop.apk", "shop.apk", "/srv/shop.apk/"])
def test_folders_are_left_out_of_reproducible_reports(path: str) -> None:
    scan = result(path=path)
    assert document(scan, reproducible=True)["target"]["path"] == "shop.apk"
    assert document(scan)["target"]["path"] == path


def test_the_file_is_utf8_with_one_final_newline() -> None:
    written = render_json(result(msgspec.structs.replace(EXPIRED, subject="bücher.example")), reproducible=False)
    assert "bücher.example".encode() in written
    assert written.endswith(b"}\n")


@pytest.mark.parametrize("name", RESULTS)
@pytest.mark.parametrize("reproducible", [True, False])
def test_reports_validate_against_the_schema(name: str, reproducible: bool) -> None:
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    errors = list(Draft202012Validator(schema).iter_errors(document(RESULTS[name], reproducible=reproducible)))
    assert errors == []


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("schema_version",), 2),
        (("findings", 0, "severity"), "severe"),
        (("facts", "pins", 0, "mechanism"), "unheard-of"),
        (("app", "signers", 0, "certificate_sha256"), "AAECAwQ="),
        (("gate", "exit_code"), "1"),
        (("target", "folder"), "/home/someone"),
    ],
)
def test_the_schema_refuses_what_breaks_the_contract(where: tuple[str | int, ...], value: object) -> None:
    broken: Any = document(full_result())
    holder = broken
    for step in where[:-1]:
        holder = holder[step]
    holder[where[-1]] = value
    assert not Draft202012Validator(json_schema()).is_valid(broken)


@pytest.mark.parametrize("key", ["gate", "gaps", "not_evaluated", "summary", "as_of"])
def test_the_schema_refuses_a_report_without_a_key_of_the_contract(key: str) -> None:
    broken = document(full_result())
    del broken[key]
    assert not Draft202012Validator(json_schema()).is_valid(broken)


def test_the_schema_explains_its_fields_in_the_words_of_the_model() -> None:
    definitions = json_schema()["$defs"]
    assert definitions["GateDecision"]["properties"]["blocking"]["description"] == (
        "Fingerprints of the findings that block."
    )
    assert "hexadecimal for certificates" in definitions["PinFact"]["properties"]["digest"]["description"]


def test_the_committed_schema_is_the_generated_one() -> None:
    assert COMMITTED_SCHEMA.read_bytes() == schema_bytes(), "run `make docs`"


@pytest.mark.parametrize("name", RESULTS)
def test_a_report_reads_back_as_the_result_it_was_made_from(name: str) -> None:
    assert read_json(render_json(RESULTS[name], reproducible=False)) == RESULTS[name]


def test_a_reproducible_report_reads_back_without_durations() -> None:
    read = read_json(render_json(full_result(), reproducible=True))
    assert read.findings == full_result().findings
    assert [stage.seconds for stage in read.stages] == [None, None]


hostile_text = st.text(
    st.one_of(st.characters(), st.characters(categories=["Cs"]), st.sampled_from('"\\\x00\x1b\x7f\u2028\u202e⟨')),
    max_size=20,
)


@given(hostile_text)
def test_whatever_an_app_calls_itself_the_report_is_valid_utf8_and_stays_the_same_when_rewritten(text: str) -> None:
    app = msgspec.structs.replace(APP, package=text)
    scan = result(msgspec.structs.replace(EXPIRED, subject=text, message=text), app=app)
    written = render_json(scan, reproducible=False)
    assert json.loads(written.decode("utf-8"))["findings"][0]["subject"] == re.sub(
        "[\ud800-\udfff]", lambda half: f"⟨U+{ord(half.group()):04X}⟩", text
    )
    assert render_json(read_json(written), reproducible=False) == written


def test_equal_results_give_equal_bytes() -> None:
    assert render_json(full_result(), reproducible=False) == render_json(full_result(), reproducible=False)


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "not a Pinscope report"),
        (b"\xff\xfe", "not a Pinscope report"),
        (b"[]", "not a Pinscope report: the key schema_version is missing"),
        (b'{"version": "2.1.0"}', "not a Pinscope report: the key schema_version is missing"),
        (b'{"schema_version": 2}', "a report of schema version 2; this version reads 1"),
        (b'{"schema_version": "1\\u001b[2J"}', "a report of schema version 1⟨U+001B⟩[2J; this version reads 1"),
        (b'{"schema_version": 1}', "not a Pinscope report: Object missing required field `tool`"),
        (b"[" * 100_000, "not a Pinscope report"),
    ],
)
def test_what_is_no_report_is_refused_in_one_line(data: bytes, complaint: str) -> None:
    with pytest.raises(UsageError) as refusal:
        read_json(data)
    assert str(refusal.value).startswith(complaint)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (CERTIFICATE_DIGEST.hex(), "not hexadecimal"),
        (CERTIFICATE_DIGEST.hex(), CERTIFICATE_DIGEST.hex()[1:]),
        ('"severity": "high"', '"severity": "severe"'),
        ('"signers": [', '"signers": [1,'),
        ('"facts": {', '"facts": [], "left_over": {'),
        ('"rule_id"', '"rule-id"'),
    ],
)
def test_a_damaged_report_is_refused_in_one_line(old: str, new: str) -> None:
    text = render_json(full_result(), reproducible=False).decode()
    assert old in text
    with pytest.raises(UsageError, match=r"^not a Pinscope report: [^\n]+$"):
        read_json(text.replace(old, new).encode())


def test_the_sample_facts_leave_no_list_empty() -> None:
    # Otherwise the tests above would prove nothing about the records in that list.
    assert all(msgspec.structs.asdict(FACTS).values())
