"""``pinscope pins`` for hosts, certificates, keys and requests."""

import base64
import io
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from analyzer.cli import run
from tests.live import servers
from tests.live.pki import NOW, Issued, authority, new_key
from tests.live.servers import serving
from tests.support.apks import apk, manifest
from tests.x509.makers import key

HOST = "api.shop.test"
ROOT = authority("Shop Root")
MIDDLE = authority("Shop CA", ROOT)
LEAF = MIDDLE.issue("leaf", hosts=[HOST])
AS_OF = ("--as-of", f"{NOW:%Y-%m-%d}")
needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl command")


def pin(issued: Issued) -> str:
    return base64.b64encode(issued.pin).decode()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "root.pem").write_text(ROOT.pem)
    (tmp_path / "chain.dat").write_text(LEAF.pem + MIDDLE.pem)
    (tmp_path / "leaf.der").write_bytes(LEAF.der)
    (tmp_path / "public.bin").write_bytes(LEAF.spki)
    key = new_key()
    request = x509.CertificateSigningRequestBuilder().subject_name(LEAF.certificate.subject).sign(key, hashes.SHA256())
    (tmp_path / "backup").write_bytes(request.public_bytes(serialization.Encoding.PEM))
    (tmp_path / "store").write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"x", LEAF.key, LEAF.certificate, [MIDDLE.certificate], serialization.BestAvailableEncryption(b"s3cret")
        )
    )
    (tmp_path / "secret").write_bytes(
        LEAF.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return tmp_path


@pytest.fixture
def server(files: Path) -> Iterator[list[str]]:
    """The arguments with which the test host is asked."""
    with serving(servers.tls(LEAF.write(files, "identity"))) as running:
        yield [
            f"{HOST}:{running.port}",
            *("--allow-private", "127.0.0.0/8", "--resolve", f"{HOST}:{running.port}:127.0.0.1"),
            *("--trust-store", f"test={files / 'root.pem'}", *AS_OF),
        ]


def printed(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert run(["pins", *map(str, arguments)]) == code
    return capsys.readouterr().out


def test_a_host_that_is_named_is_asked_and_its_chain_listed(
    capsys: pytest.CaptureFixture[str], server: list[str]
) -> None:
    out = printed(capsys, *server)
    for issued in (LEAF, MIDDLE, ROOT):
        assert f"pin-sha256   {pin(issued)}" in out
    assert "[0] leaf, sent, in path" in out
    assert "[2] root, not sent, from the trust store, trust anchor" in out
    assert ("subject      CN=leaf" in out and "60 days left" in out) or "59 days left" in out


def test_a_private_address_is_not_asked_without_permission(
    capsys: pytest.CaptureFixture[str], server: list[str]
) -> None:
    arguments = [argument for argument in server if argument not in ("--allow-private", "127.0.0.0/8")]
    assert run(["pins", *arguments]) == 3
    assert "blocked-address" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "role"),
    [("root.pem", "root"), ("leaf.der", "leaf"), ("public.bin", "public key"), ("secret", "private key")],
)
def test_files_are_known_by_their_content(
    capsys: pytest.CaptureFixture[str], files: Path, name: str, role: str
) -> None:
    out = printed(capsys, str(files / name))
    assert f"[0] {role}" in out
    assert pin(ROOT if name == "root.pem" else LEAF) in out


def test_a_private_key_gives_its_public_half_and_a_warning(capsys: pytest.CaptureFixture[str], files: Path) -> None:
    assert "keep it away from the app" in printed(capsys, str(files / "secret"))


def test_a_key_store_opens_with_the_password_that_is_given(capsys: pytest.CaptureFixture[str], files: Path) -> None:
    out = printed(capsys, str(files / "store"), "--password", "s3cret")
    assert pin(LEAF) in out and pin(MIDDLE) in out and "s3cret" not in out
    assert run(["pins", str(files / "store")]) == 2


def test_standard_input_is_read(
    capsys: pytest.CaptureFixture[str], files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(LEAF.der)))
    assert pin(LEAF) in printed(capsys, "-")


def test_json_has_every_column(capsys: pytest.CaptureFixture[str], server: list[str]) -> None:
    document = json.loads(printed(capsys, *server, "--format", "json"))
    leaf, middle, root = document["certificates"]
    assert leaf["pin"] == f"sha256/{pin(LEAF)}"
    assert [row["origin"] for row in (leaf, middle, root)] == ["sent", "sent", "store"]
    assert root["anchor"] is True and re.fullmatch("[0-9a-f]{64}", root["certificate_sha256"])


def test_plain_lists(capsys: pytest.CaptureFixture[str], files: Path) -> None:
    chain = str(files / "chain.dat")
    assert printed(capsys, chain, "--format", "pins").splitlines() == [pin(LEAF), pin(MIDDLE)]
    assert printed(capsys, chain, "--format", "hex").splitlines() == [LEAF.pin.hex(), MIDDLE.pin.hex()]
    assert printed(capsys, chain, "--format", "curl") == f"sha256//{pin(LEAF)};sha256//{pin(MIDDLE)}\n"


def test_a_policy_is_well_formed_with_two_pins_and_a_date(
    capsys: pytest.CaptureFixture[str], server: list[str]
) -> None:
    out = printed(capsys, *server, "--format", "nsc")
    tree = ElementTree.fromstring(out.encode())
    (pin_set,) = tree.iter("pin-set")
    assert [element.text for element in pin_set] == [pin(MIDDLE), pin(ROOT)]
    assert pin_set.get("expiration") == f"{NOW.replace(year=NOW.year + 1):%Y-%m-%d}"
    assert [domain.text for domain in tree.iter("domain")] == [HOST]


def test_the_date_is_no_later_than_the_certificates(capsys: pytest.CaptureFixture[str], server: list[str]) -> None:
    out = printed(capsys, *server, "--format", "nsc", "--pick", "all")
    assert f'expiration="{LEAF.certificate.not_valid_after_utc:%Y-%m-%d}"' in out


@pytest.mark.parametrize("kind", ["nsc", "okhttp-kotlin", "okhttp-java", "trustkit", "curl"])
def test_a_single_pin_is_not_handed_out_just_like_that(
    capsys: pytest.CaptureFixture[str], files: Path, kind: str
) -> None:
    assert run(["pins", str(files / "leaf.der"), "--format", kind]) == 0
    refused = capsys.readouterr()
    assert "ADD A BACKUP PIN" in refused.out and "ADD A BACKUP PIN" in refused.err
    assert "BACKUP" not in printed(capsys, str(files / "leaf.der"), "--format", kind, "--single-pin")
    with_backup = printed(capsys, str(files / "leaf.der"), str(files / "backup"), "--format", kind)
    assert "BACKUP" not in with_backup and pin(LEAF) in with_backup


def test_a_policy_with_a_single_pin_does_not_parse(capsys: pytest.CaptureFixture[str], files: Path) -> None:
    with pytest.raises(ElementTree.ParseError):
        ElementTree.fromstring(printed(capsys, str(files / "leaf.der"), "--format", "nsc").encode())


def test_code_for_okhttp(capsys: pytest.CaptureFixture[str], server: list[str]) -> None:
    kotlin = printed(capsys, *server, "--format", "okhttp-kotlin")
    assert f'.add("{HOST}", "sha256/{pin(MIDDLE)}") // intermediate: CN=Shop CA, until' in kotlin
    java = printed(capsys, *server, "--format", "okhttp-java", "--host", "www.shop.com")
    assert f'.add("www.shop.com", "sha256/{pin(ROOT)}")' in java and java.rstrip().endswith(".build();")


def test_a_hostile_name_ends_no_comment_and_drives_no_terminal(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    evil = authority('--> */ \x1b[31m \u202e "; evil(); //\n::error::x')
    (tmp_path / "evil.pem").write_text(evil.pem + ROOT.pem)
    for kind in ("table", "json", "nsc", "okhttp-kotlin", "openssl"):
        out = printed(capsys, str(tmp_path / "evil.pem"), "--format", kind, "--host", "a.shop.com")
        assert "\x1b" not in out and "\n::error" not in out
        # JSON holds the text as it is, for programs.
        assert kind == "json" or "\u202e" not in out
        if kind == "nsc":
            ElementTree.fromstring(out.encode())


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("missing.pem", "no such file"),
        ("folder/missing", "no such file"),
        ("127.1", "IP address"),
        ("localhost", "single label"),
        ("http://shop.com", "no such file"),
        ("a_b", "single label"),
    ],
)
def test_a_target_that_is_neither_file_nor_host_is_wrong_usage(
    capsys: pytest.CaptureFixture[str], target: str, says: str
) -> None:
    assert run(["pins", target]) == 2
    assert says in capsys.readouterr().err


def test_advice_depends_on_what_there_is(capsys: pytest.CaptureFixture[str], server: list[str], files: Path) -> None:
    assert "not publicly known" in printed(capsys, *server, "--recommend")
    with_backup = printed(capsys, str(files / "leaf.der"), str(files / "backup"), "--recommend")
    assert "backup key that you gave" in " ".join(with_backup.split())
    assert "second authority" in printed(capsys, str(files / "leaf.der"), "--recommend")


@needs_openssl
def test_openssl_computes_the_same_pins(capsys: pytest.CaptureFixture[str], files: Path) -> None:
    for name in ("root.pem", "backup", "secret"):
        path = str(files / name)
        commands = printed(capsys, path, "--format", "openssl").splitlines()
        expected = printed(capsys, path, "--format", "pins").splitlines()
        found = [
            subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=20).stdout.strip()
            for command in commands
        ]
        assert found == expected


@needs_openssl
def test_openssl_computes_the_same_pin_of_a_live_host(capsys: pytest.CaptureFixture[str], server: list[str]) -> None:
    (command,) = printed(capsys, *server, "--format", "openssl").splitlines()
    local = command.replace(f"-connect {server[0]}", f"-connect 127.0.0.1:{server[0].partition(':')[2]}")
    found = subprocess.run(["sh", "-c", local], capture_output=True, text=True, timeout=20).stdout.strip()
    assert found == pin(LEAF)


def test_what_an_app_carries_and_nobody_can_open_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    stores = Path(__file__).parents[1] / "x509" / "fixtures" / "stores"
    files = {f"assets/{name}": (stores / name).read_bytes() for name in ("bcfks.bin", "pkcs12-java.bin", "jks.bin")}
    encrypted = key("CN=sealed").private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
    )
    app = tmp_path / "app.apk"
    app.write_bytes(apk(manifest(), files={**files, "assets/sealed.key": encrypted}))
    run(["pins", str(app), "--certificates"])
    said = capsys.readouterr()
    assert "app.apk!assets/bcfks.bin: the BCFKS store is not read completely: it is encrypted as a whole" in said.err
    assert "app.apk!assets/pkcs12-java.bin: the PKCS#12 store is not read completely: no password" in said.err
    assert "app.apk!assets/sealed.key: the public half of a private key is not known" in said.err
    assert "app.apk!assets/jks.bin" in said.out and "use          no use seen" in said.out


def test_the_certificates_that_an_app_carries_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path(__file__).parents[2] / "sample_apks" / "bundled-certificates"
    document = json.loads(
        printed(capsys, str(folder / "bundled-certificates.apk"), "--certificates", "--format", "json")
    )
    rows = document["certificates"]
    assert len(rows) > 1 and all("bundled-certificates.apk!" in row["target"] for row in rows)
    assert {row["kind"] for row in rows} >= {"certificate", "private-key"}
    used = {row["target"].partition("!")[2]: row["uses"] for row in rows}
    assert used["res/raw/truststore.bks"].endswith(
        "trusted by a trust manager that org.example.bundled.MainActivity makes"
    )
    assert used["assets/client.dat"].endswith("the app's own identity in org.example.bundled.MainActivity")
    assert used["assets/tls/server.pem"] == "no use seen"
    assert run(["pins", str(folder / "bundled-certificates.apk"), "--format", "nsc"]) == 2


def test_a_choice_of_roles_holds_for_files_too(capsys: pytest.CaptureFixture[str], files: Path) -> None:
    given = [str(files / "chain.dat"), str(files / "backup"), "--format", "pins"]
    leaf, middle, backup = printed(capsys, *given).split()
    assert (leaf, middle) == (pin(LEAF), pin(MIDDLE))
    assert printed(capsys, *given, "--pick", "intermediate").split() == [middle, backup]
    assert printed(capsys, *given, "--pick", "leaf").split() == [leaf, backup]
