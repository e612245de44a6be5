"""Certificates, keys and key stores of apps, and what uses them."""

import base64
import datetime as dt
import hashlib
import random
from collections.abc import Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from msgspec.structs import replace

from analyzer.apk.app import open_app
from analyzer.extractors.catalogue import load_catalogue
from analyzer.extractors.certificate_catalogue import SigningCertificate
from analyzer.extractors.certificates import CertificateExtraction, extract_certificates
from analyzer.extractors.code.certificates import CertificateCode, CodeInput, CodePassword, CodeUse
from analyzer.model import CertificateFact, Location, NetworkPolicy
from analyzer.options import Limits, ScanOptions
from analyzer.pipeline import scan
from analyzer.x509.contents import MAX_ITEMS
from analyzer.x509.store_files import certifi_store
from tests.support.apks import apk, manifest
from tests.x509.makers import key, make, pem_of

SAMPLE = Path(__file__).parents[2] / "sample_apks" / "bundled-certificates" / "bundled-certificates.apk"
STORES = Path(__file__).parents[1] / "x509" / "fixtures" / "stores"
CATALOGUE = load_catalogue()
CA = make("Some CA", ca=True)
PRIVATE = key("CN=Some CA").private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)


@pytest.fixture(scope="module")
def sample() -> tuple[CertificateFact, ...]:
    result = scan(SAMPLE, ScanOptions(as_of=dt.datetime(2026, 1, 15, tzinfo=dt.UTC)))
    assert result.facts is not None and "certificate" in result.facts.covered
    return result.facts.certificates


def one(facts: tuple[CertificateFact, ...], entry: str, kind: str = "certificate") -> CertificateFact:
    [found] = [fact for fact in facts if fact.entry == entry and fact.kind == kind]
    return found


def extract(tmp_path: Path, files: Mapping[str, bytes], code: CertificateCode | None = None) -> CertificateExtraction:
    path = tmp_path / "app.apk"
    path.write_bytes(apk(manifest(), files=dict(files)))
    app = open_app(path, Limits())
    return extract_certificates(app, CATALOGUE, NetworkPolicy(state="none"), code)


# ---- the sample app


def test_an_anchor_of_the_policy_is_found_with_its_hosts(sample: tuple[CertificateFact, ...]) -> None:
    fact = one(sample, "res/raw/private_ca.pem")
    assert (fact.role, fact.subject, fact.self_signed) == ("root", "CN=Bundled Sample CA, O=Pinscope sample apps", True)
    [use] = fact.uses
    assert (use.kind, use.hosts, use.sole, use.activation) == (
        "policy-anchor", ("private.bundled.example.com",), True, "active",
    )  # fmt: skip
    assert use.evidence[0].line == 7


def test_an_anchor_of_debug_overrides_is_not_active_in_a_release(sample: tuple[CertificateFact, ...]) -> None:
    [use] = one(sample, "res/raw/proxy_ca.pem").uses
    assert (use.kind, use.activation) == ("debug-anchor", "defined_only")


def test_an_anchor_that_is_no_certificate_is_unreadable(sample: tuple[CertificateFact, ...]) -> None:
    fact = one(sample, "res/raw/broken_ca.pem", "unreadable")
    assert fact.problem is not None and "not base64" in fact.problem
    assert [use.hosts for use in fact.uses] == [("broken.bundled.example.com",)]


def test_a_store_that_code_loads_is_opened_with_the_password_of_the_call(sample: tuple[CertificateFact, ...]) -> None:
    for entry, form, kind, end in (
        ("assets/client.dat", "PKCS#12", "private-key", "key-manager"),
        ("res/raw/truststore.bks", "BKS", "certificate", "trust-manager"),
    ):
        store = one(sample, entry, "keystore")
        assert (store.store_form, store.opened) == (form, True)
        assert store.password == "a constant in org.example.bundled.MainActivity"
        inside = one(sample, entry, kind)
        assert [(use.kind, use.activation) for use in inside.uses] == [("key-store", "active"), (end, "active")]
    assert one(sample, "assets/client.dat", "private-key").alias == "client"
    assert one(sample, "assets/client.dat").chain_position == 0


def test_certificates_in_texts_and_arrays_are_found_where_they_stand(sample: tuple[CertificateFact, ...]) -> None:
    in_code = [fact for fact in sample if fact.source == "code"]
    assert {(fact.kind, fact.form) for fact in in_code} == {
        ("certificate", "PEM"), ("certificate", "DER"), ("public-key", "base64"),
    }  # fmt: skip
    for fact in in_code:
        assert fact.owner == "first-party"
        assert fact.evidence[0].class_name in ("org.example.bundled.Certificates", "org.example.bundled.MainActivity")
        if fact.kind == "certificate":
            assert [(use.kind, use.activation) for use in fact.uses] == [
                ("certificate-factory", "active"), ("trust-manager", "active"),
            ]  # fmt: skip


def test_a_private_key_is_found_and_never_quoted(sample: tuple[CertificateFact, ...]) -> None:
    fact = one(sample, "assets/tls/server.key", "private-key")
    assert (fact.key_kind, fact.key_bits, fact.encrypted, fact.uses) == ("EC", 256, False, ())
    assert fact.spki_sha256 == one(sample, "assets/tls/server.pem").spki_sha256
    assert all(place.snippet is None for fact in sample if fact.kind == "private-key" for place in fact.evidence)


# ---- files


def test_content_counts_and_not_the_name(tmp_path: Path) -> None:
    found = extract(
        tmp_path,
        {
            "assets/picture.png": CA.pem,
            "res/raw/x": CA.der,
            "assets/config.json": b'{"ca": "' + CA.pem.replace(b"\n", b"\\n") + b'"}',
            "assets/plain.txt": base64.b64encode(CA.der),
            "assets/ca.pem": b"no certificate at all",
            "assets/real.png": b"\x89PNG\r\n\x1a\n" + CA.pem,
        },
    )
    assert sorted(fact.entry for fact in found.certificates) == [
        "assets/config.json", "assets/picture.png", "assets/plain.txt", "res/raw/x",
    ]  # fmt: skip
    assert found.gaps == ()


def test_a_template_in_another_file_is_nothing_and_in_a_key_file_unreadable(tmp_path: Path) -> None:
    template = b"-----BEGIN PRIVATE KEY-----\nYOUR KEY\n-----END PRIVATE KEY-----\n"
    found = extract(tmp_path, {"assets/readme.md": template, "assets/my.key": template})
    assert [(fact.entry, fact.kind) for fact in found.certificates] == [("assets/my.key", "unreadable")]


def test_the_signature_of_the_package_is_no_certificate_of_the_app(tmp_path: Path) -> None:
    bundle = (STORES / "bundle.p7b").read_bytes()
    found = extract(tmp_path, {"META-INF/CERT.RSA": bundle, "META-INF/services/ca.p7b": bundle})
    assert [fact.entry for fact in found.certificates] == ["META-INF/services/ca.p7b"]


def test_bundles_are_grouped_and_bounded(tmp_path: Path) -> None:
    found = extract(tmp_path, {"assets/two.pem": CA.pem * 2, "assets/many.pem": CA.pem * (MAX_ITEMS + 1)})
    assert {fact.group_size for fact in found.certificates if fact.entry == "assets/two.pem"} == {2}
    assert [(gap.reason, gap.subject, gap.hides) for gap in found.gaps] == [
        ("limit", "assets/many.pem", ("certificate",))
    ]


def test_pem_in_a_large_script_is_found(tmp_path: Path) -> None:
    data = random.Random(1).randbytes(9 << 20) + CA.pem + b"x" * 1000
    found = extract(tmp_path, {"assets/index.bundle": data})
    assert [fact.entry for fact in found.certificates] == ["assets/index.bundle"]


def test_files_beside_classes_belong_to_the_library(tmp_path: Path) -> None:
    found = extract(tmp_path, {"okhttp3/internal/ca.pem": CA.pem, "assets/ca.pem": CA.pem})
    assert {fact.entry: fact.owner for fact in found.certificates} == {
        "okhttp3/internal/ca.pem": "sdk:okhttp", "assets/ca.pem": "first-party",
    }  # fmt: skip


def test_certificates_that_sign_apps_are_left_out_where_nothing_uses_them(tmp_path: Path) -> None:
    signer = SigningCertificate(name="a signer", certificate_sha256=hashlib.sha256(CA.der).hexdigest())
    known = replace(CATALOGUE, certificates=replace(CATALOGUE.certificates, signing=(signer,)))
    path = tmp_path / "app.apk"
    path.write_bytes(apk(manifest(), files={"assets/signer.pem": CA.pem}))
    app = open_app(path, Limits())
    assert extract_certificates(app, known, NetworkPolicy(state="none")).certificates == ()
    assert extract_certificates(app, CATALOGUE, NetworkPolicy(state="none")).certificates != ()


def test_the_signers_of_play_services_are_known() -> None:
    assert [len(bytes.fromhex(one.certificate_sha256)) for one in CATALOGUE.certificates.signing] == [32, 32]


def test_known_roots_are_named(tmp_path: Path) -> None:
    root = certifi_store().anchors[0]
    found = extract(tmp_path, {"assets/root.pem": pem_of(root.der)})
    identity = found.certificates[0].identity
    assert identity is not None
    assert (identity.kind, identity.real, identity.valid_until) == ("root", True, root.not_after.date().isoformat())


# ---- code


def test_passwords_of_code_open_stores(tmp_path: Path) -> None:
    store = (STORES / "pkcs12-rc2.bin").read_bytes()
    code = CertificateCode(passwords=(CodePassword("changeit", "com.example.Net"),))
    closed, opened = (extract(tmp_path, {"assets/s.bin": store}, given) for given in (None, code))
    assert [fact.opened for fact in closed.certificates if fact.kind == "keystore"] == [False]
    assert [(fact.opened, fact.password) for fact in opened.certificates if fact.kind == "keystore"] == [
        (True, "a constant in com.example.Net")
    ]
    assert [fact.kind for fact in closed.certificates] == ["keystore", "private-key"], "the key shows without one"


def test_a_private_key_in_a_text_is_not_quoted(tmp_path: Path) -> None:
    place = Location(kind="code", entry="classes.dex", class_name="a.B", snippet=PRIVATE.decode())
    given = CodeInput(data=PRIVATE, source="code", owner="unknown", evidence=(place,))
    [fact] = extract(tmp_path, {}, CertificateCode(inputs=(given,))).certificates
    assert (fact.kind, fact.evidence[0].class_name, fact.evidence[0].snippet) == ("private-key", "a.B", None)


def test_what_code_puts_together_is_read_where_it_is_used(tmp_path: Path) -> None:
    place = Location(kind="code", entry="classes.dex", class_name="a.B")
    use = CodeUse(
        kind="certificate-factory", entry=None, data=CA.pem, activation="active", owner="sdk:x", evidence=(place,)
    )
    [fact] = extract(tmp_path, {}, CertificateCode(uses=(use,))).certificates
    assert (fact.source, fact.owner, [one.kind for one in fact.uses]) == ("code", "sdk:x", ["certificate-factory"])
