"""Certificates and keys that are publicly known: tools, tests, published keys, and the table of authorities."""

import base64
from pathlib import Path

import pytest

from analyzer.extractors.catalogue import load_catalogue
from analyzer.extractors.certificate_facts import Group, certificate_facts, role_of
from analyzer.extractors.pin_values import describe_pin, identify_certificate, identify_key
from analyzer.model import CertificateFact
from analyzer.ruleset.loader import rules_folder
from analyzer.x509.contents import read_contents
from analyzer.x509.store_files import certifi_store
from tests.x509.makers import Made, make, name
from tools.known_keys import main

CATALOGUE = load_catalogue()
GROUP = Group(entry="x", name="x", source="file", owner="unknown", uses=(), evidence=())


def fact_of(made: Made) -> CertificateFact:
    [fact] = certificate_facts(GROUP, read_contents(made.der).items, CATALOGUE)
    return fact


@pytest.mark.parametrize(
    ("common_name", "organisation", "tool"),
    [
        ("PortSwigger CA", "PortSwigger", "Burp Suite"),
        ("Charles Proxy CA (19 Sep 2020, laptop)", "XK72 Ltd", "Charles"),
        ("DO_NOT_TRUST_FiddlerRoot", "DO_NOT_TRUST", "Fiddler"),
        ("mitmproxy", "mitmproxy", "mitmproxy"),
        ("OWASP Zed Attack Proxy Root CA", "OWASP Root CA", "ZAP"),
        ("HTTP Toolkit CA", None, "HTTP Toolkit"),
        ("Superfish, Inc.", "Superfish, Inc.", "Superfish"),
    ],
)
def test_authorities_of_tools_are_known_by_their_subject(common_name: str, organisation: str | None, tool: str) -> None:
    assert fact_of(make(name(common_name, organisation), ca=True)).tool == tool


@pytest.mark.parametrize(
    ("common_name", "organisation"),
    [
        ("Charles Schwab Root CA", "Schwab"),
        ("PortSwigger CAfe", "PortSwigger"),
        ("Fiddler on the Roof", None),
        ("My mitmproxy", "mitmproxy"),
        ("Root CA", None),
    ],
)
def test_look_alikes_are_not(common_name: str, organisation: str | None) -> None:
    assert fact_of(make(name(common_name, organisation), ca=True)).tool is None


def test_a_server_of_the_tools_maker_is_no_authority() -> None:
    root = make("Some Root", ca=True)
    assert fact_of(make(name("PortSwigger CA", "PortSwigger"), root, hosts=["portswigger.net"])).tool is None


def test_authorities_for_tests_are_known() -> None:
    fact = fact_of(make(name("(STAGING) Pretend Pear X1", "(STAGING) Internet Security Research Group"), ca=True))
    assert (fact.staging, fact.tool) == ("Let's Encrypt staging", None)


def test_the_catalogue_holds_keys_that_are_published() -> None:
    assert [key.name for key in CATALOGUE.certificates.test_keys]
    assert all(len(key.digest) == 32 for key in CATALOGUE.certificates.test_keys)


@pytest.mark.parametrize(
    ("made", "role"),
    [
        (make("root", ca=True), "root"),
        (make("between", make("root", ca=True), ca=True), "intermediate"),
        (make("leaf", make("root", ca=True)), "leaf"),
        (make("self-signed leaf"), "leaf"),
    ],
)
def test_roles_follow_the_constraints(made: Made, role: str) -> None:
    assert role_of(made.certificate) == role


# ---- names of keys


def test_a_pin_of_a_root_of_today_is_named_with_its_last_day() -> None:
    root = next(one for one in certifi_store().anchors if one.subject.common_name == "ISRG Root X1")
    text = base64.b64encode(root.key.sha256).decode()
    value = describe_pin(text, mechanism="nsc", digest=root.key.sha256, catalogue=CATALOGUE, host="a.example.com")
    assert value.identity is not None
    assert (value.identity.name, value.identity.kind, value.identity.valid_until) == (
        "ISRG Root X1",
        "root",
        "2035-06-04",
    )


def test_a_pin_of_a_root_of_former_times_is_named_from_the_table() -> None:
    identity = identify_key(base64.b64decode("h6801m+z8v3zbgkRHpq6L29Esgfzhj89C1SyUCOQmqU="), CATALOGUE)
    assert identity is not None
    assert (identity.name, identity.valid_until, identity.real) == ("GeoTrust Global CA", "2022-05-21", True)


def test_single_entries_come_before_the_table() -> None:
    identity = identify_key(base64.b64decode("Vjs8r4z+80wjNcr1YKepWQboSIRi63WsWXhIMN+eWys="), CATALOGUE)
    assert identity is not None and identity.status == "expired"


@pytest.mark.parametrize(
    ("pin", "name", "kind"),
    [
        ("bdrBhpj38ffhxpubzkINl0rG+UyossdhcBYj+Zx2fcc=", "Let's Encrypt R11", "intermediate"),
        ("RQeZkB42znUfsDIIFWIRiYEcKl7nHwNFwWCrnMMJbVc=", "DigiCert TLS RSA SHA256 2020 CA1", "intermediate"),
        ("Wec45nQiFwKvHtuHxSAMGkt19k+uPSw9JlEkxhvYPHk=", "DigiCert Global G2 TLS RSA SHA256 2020 CA1", "intermediate"),
        ("FEzVOUp4dF3gI0ZVPRJhFbSJVXR+uQmMH65xhs1glH4=", "Cloudflare Inc ECC CA-3", "intermediate"),
    ],
)
def test_intermediates_are_named_from_the_table(pin: str, name: str, kind: str) -> None:
    identity = identify_key(base64.b64decode(pin), CATALOGUE)
    assert identity is not None
    assert (identity.name, identity.kind, identity.real) == (name, kind, True)


def test_a_sha1_pin_is_named_like_the_sha256_pin_of_the_same_key() -> None:
    by_name = {entry.name: algorithm for (algorithm, _), entry in CATALOGUE.pins.items() if algorithm == "sha1"}
    assert "Let's Encrypt R11" in by_name


def test_an_authority_for_tests_is_known_by_its_key_whatever_it_calls_itself() -> None:
    staging = next(entry for entry in CATALOGUE.pins.values() if entry.kind == "staging")
    assert not staging.real
    identity = identify_key(staging.digest, CATALOGUE)
    assert identity is not None and (identity.kind, identity.real) == ("staging", False)


def test_a_fingerprint_of_a_whole_certificate_is_named() -> None:
    root = certifi_store().anchors[0]
    identity = identify_certificate(root.sha256, CATALOGUE)
    assert identity is not None and identity.kind == "root"
    digest, known = next(iter(CATALOGUE.certificates_of.items()))
    again = identify_certificate(digest, CATALOGUE)
    assert again is not None and again.name == known.name
    assert identify_certificate(bytes(32), CATALOGUE) is None


def test_an_authority_of_unknown_origin_is_taken_only_when_a_known_one_signed_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "keys.tsv"
    monkeypatch.setattr("tools.known_keys.TABLE", table)
    root = make("Known Root", ca=True)
    issuing = make("Issuing", root, ca=True)
    below = make("Below", issuing, ca=True)
    stranger, false = make("Stranger", ca=True), make("False", ca=True, issuer_name=root.name)
    (tmp_path / "store.pem").write_bytes(root.pem)
    quoted = b"".join(b'    "' + line + b'\\n" +\n' for line in issuing.pem.splitlines())
    folder = tmp_path / "sources" / "deep"
    folder.mkdir(parents=True)
    (folder / "Test.java").write_bytes(b"String pem =\n" + quoted)
    (folder / "others.txt").write_bytes(below.pem + stranger.pem + false.pem)
    assert main([f"store={tmp_path / 'store.pem'}", "--chained", f"sources={tmp_path / 'sources'}"]) == 0
    rows = {row[6]: (row[3], row[8], row[9]) for row in map(_cells, table.read_text().splitlines()) if len(row) == 10}
    assert rows == {
        "name": ("kind", "issuer", "source"),
        "Known Root": ("root", "Known Root", "store"),
        "Issuing": ("intermediate", "Known Root", "sources"),
        "Below": ("intermediate", "Issuing", "sources"),
    }
    assert main(["--staging", f"tests={folder / 'others.txt'}"]) == 0
    assert b"Stranger" in table.read_bytes()


def _cells(line: str) -> list[str]:
    return line.split("\t")


def test_the_table_is_made_from_files_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = tmp_path / "keys.tsv"
    monkeypatch.setattr("tools.known_keys.TABLE", table)
    root, leaf = make("Table Root", ca=True), make("leaf")
    (tmp_path / "ca.pem").write_bytes(root.pem + leaf.pem)
    (tmp_path / "certifi.pem").write_bytes(b"")
    assert main([f"some store={tmp_path / 'ca.pem'}"]) == 0
    first = table.read_bytes()
    assert first.count(b"\troot\t") == 1 and b"leaf" not in first
    assert main([f"another={tmp_path / 'ca.pem'}"]) == 0
    assert table.read_bytes() == first, "rows that are there keep their source"


def test_the_committed_table_holds_no_key_twice_and_names_its_sources() -> None:
    table = (rules_folder() / "catalogue" / "known_keys.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in table.splitlines() if line and line[0] != "#"][1:]
    assert len({row[0] for row in rows}) == len(rows) > 600
    assert all(len(row) == 10 and all((*row[:7], row[9])) for row in rows)
    assert [len(base64.b64decode(cell)) for cell in rows[0][:3]] == [32, 20, 32]
    assert sum(row[3] == "intermediate" for row in rows) > 300
