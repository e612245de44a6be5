"""Recordings: written, read again, written identically, and made by openssl instead."""

import datetime as dt
import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from analyzer.live.names import Host, read_host
from analyzer.live.recordings import (
    MAX_FILE_BYTES,
    Recording,
    RecordingError,
    file_name,
    read_folder,
    read_recording,
    save_recording,
    write_recording,
)
from tests.live import servers
from tests.live.pki import authority
from tests.live.servers import serving

ROOT = authority("Root")
LEAF = ROOT.issue("leaf", hosts=["api.shop.test"])
NOON = dt.datetime(2026, 11, 23, 5, tzinfo=dt.UTC)


def _pin(der: bytes) -> bytes | None:
    return hashlib.sha256(der).digest()


def _recording(**changes: object) -> Recording:
    given = {
        "host": "api.shop.test",
        "port": 443,
        "certificates": (LEAF.der, ROOT.der),
        "sni": "api.shop.test",
        "recorded_at": NOON,
        "tls_version": "TLSv1.3",
    }
    return Recording(**{**given, **changes})  # type: ignore[arg-type]


def test_what_is_written_is_read_again_and_written_identically() -> None:
    recording = _recording(partial="ALERT_X", address="127.0.0.1", extra=(("colleague", "Kim"),))
    text = write_recording(recording, _pin)
    assert read_recording(text.encode(), "other_1.pem") == recording
    assert write_recording(read_recording(text.encode(), "x.pem"), _pin) == text
    assert text.splitlines()[:5] == [
        "# pinned-chain 1",
        "# host: api.shop.test",
        "# port: 443",
        "# sni: api.shop.test",
        "# recorded: 2026-11-23T05:00:00Z",
    ]


def test_comments_on_keys_are_computed_again_not_believed() -> None:
    text = write_recording(_recording(), lambda der: b"\0" * 32)
    assert write_recording(read_recording(text.encode(), "x.pem"), _pin) == write_recording(_recording(), _pin)


def test_a_bundle_without_a_header_is_named_by_its_file() -> None:
    bundle = (LEAF.pem + ROOT.pem).encode()
    assert read_recording(bundle, "api.shop.test_8443.pem").port == 8443
    assert read_recording(bundle, "api.shop.test.pem") == Recording(
        host="api.shop.test", port=443, certificates=(LEAF.der, ROOT.der)
    )
    assert read_recording(bundle, "2606-4700--1111_443.pem").host == "2606:4700::1111"
    assert read_recording(bundle, "_con.shop.test_443.pem").host == "con.shop.test"


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl command")
def test_the_output_of_openssl_s_client_is_a_recording(tmp_path: Path) -> None:
    with serving(servers.tls(LEAF.write(tmp_path, "leaf", [LEAF, ROOT]))) as server:
        output = subprocess.run(
            [
                "openssl",
                "s_client",
                "-connect",
                f"127.0.0.1:{server.port}",
                "-showcerts",
                "-servername",
                "api.shop.test",
            ],
            input=b"",
            capture_output=True,
            timeout=20,
        ).stdout
    assert b"CONNECTED" in output
    assert read_recording(output, "api.shop.test_443.pem").certificates == (LEAF.der, ROOT.der)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl command")
def test_openssl_reads_a_recording(tmp_path: Path) -> None:
    path = save_recording(tmp_path, _recording(), _pin)
    found = subprocess.run(["openssl", "x509", "-in", path, "-noout", "-subject"], capture_output=True, timeout=20)
    assert b"leaf" in found.stdout


def test_names_of_files_come_from_the_checked_host_alone() -> None:
    assert file_name(read_host("API.Shop.test"), 443) == "api.shop.test_443.pem"
    assert file_name(Host("2606:4700::1111", literal=True), 8443) == "2606-4700--1111_8443.pem"
    assert file_name(Host("con.shop.test"), 443) == "_con.shop.test_443.pem"
    with pytest.raises(ValueError, match="label"):
        read_host("../../etc/passwd.com")


def test_an_unchanged_chain_leaves_the_file_alone_and_a_changed_one_replaces_it(tmp_path: Path) -> None:
    path = save_recording(tmp_path / "new", _recording(), _pin)
    before = path.read_bytes()
    save_recording(tmp_path / "new", _recording(recorded_at=NOON + dt.timedelta(days=9)), _pin)
    assert path.read_bytes() == before
    save_recording(tmp_path / "new", _recording(certificates=(LEAF.der,)), _pin)
    assert path.read_bytes() != before
    assert [entry.name for entry in (tmp_path / "new").iterdir()] == ["api.shop.test_443.pem"]


@pytest.mark.parametrize(
    ("data", "name", "why"),
    [
        (b"", "a.test_443.pem", "no certificate"),
        (b"# pinned-chain 1\n# host: a.test\n", "a.test_443.pem", "no certificate"),
        (b"-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n", "a.test_443.pem", "damaged"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "a.test_443.pem", "damaged"),
        (LEAF.pem.encode(), "a.test_99999.pem", "port"),
        (LEAF.pem.encode(), "localhost_443.pem", "host name"),
        (b"# pinned-chain 1\n# host: 127.1\n" + LEAF.pem.encode(), "x.pem", "host name"),
        (b"# pinned-chain 1\n# recorded: soon\n" + LEAF.pem.encode(), "a.test_443.pem", "time"),
        (b" " * (MAX_FILE_BYTES + 1), "a.test_443.pem", "larger"),
    ],
    ids=["empty", "no block", "no base64", "no DER", "port", "host", "header", "time", "size"],
)
def test_a_damaged_recording_says_what_is_wrong(data: bytes, name: str, why: str) -> None:
    with pytest.raises(RecordingError, match=why):
        read_recording(data, name)


def test_a_folder_is_read_with_its_problems(tmp_path: Path) -> None:
    save_recording(tmp_path, _recording(), _pin)
    (tmp_path / "b.test_443.pem").write_text("nothing")
    (tmp_path / "notes.md").write_text("not a recording")
    (tmp_path / "evil\x1b[31m.pem").write_text("not named like a recording")
    chains = read_folder(tmp_path)
    assert chains.find(Host("api.shop.test"), 443) == _recording()
    assert chains.find(Host("api.shop.test"), 444) is None
    assert chains.problems == (("b.test_443.pem", "it holds no certificate"),)


def test_at_most_64_certificates_are_read() -> None:
    recording = read_recording((LEAF.pem * 70).encode(), "a.test_443.pem")
    assert (len(recording.certificates), recording.dropped) == (64, 6)
