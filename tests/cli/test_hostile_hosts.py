"""Live checks against hostile servers, and of apps that name hostile hosts: no hang, no forbidden connection, no raw bytes."""

import base64
import hashlib
import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from analyzer.cli import run
from tests.live import servers
from tests.live.pki import authority, make
from tests.live.servers import Handler, serving
from tests.support.apks import apk, manifest
from tests.support.arsc import Resource
from tests.support.axml import Element, element
from tests.support.values import Ref, Value

VERDICTS = Path(__file__).parents[2] / "sample_apks" / "live-verdicts" / "live-verdicts.apk"
DOMAIN = "verdicts.example.com"
POLICY_ID = 0x7F010000
PLAIN_TEXT = ("text", "markdown", "sarif", "html", "junit")


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


class Network:
    """Stands in for the resolver, and refuses every connection."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
        self.asked: list[str] = []
        self._answers = answers
        monkeypatch.setattr(socket, "getaddrinfo", self._resolve)
        for name in ("connect", "connect_ex"):
            monkeypatch.setattr(socket.socket, name, lambda *_: pytest.fail("a connection was tried"))

    def _resolve(self, name: str, port: int, **_: Any) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        self.asked.append(name)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in self._answers]


def app_that_pins(*names: str) -> Path:
    """An app whose policy pins hosts with these names."""
    pins = [base64.b64encode(hashlib.sha256(f"key {number}".encode()).digest()).decode() for number in range(2)]
    policy = element("network-security-config", {}, *(_domain(name, pins) for name in names))
    application: dict[str, Value] = {"android:networkSecurityConfig": Ref(POLICY_ID)}
    resources = [Resource("xml", "policy", {"": "res/xml/policy.xml"})]
    path = Path("app.apk")
    path.write_bytes(apk(manifest(application=application), resources=resources, files={"res/xml/policy.xml": policy}))
    return path


def _domain(name: str, pins: list[str]) -> Element:
    pin_set = element("pin-set", {}, *(element("pin", {"digest": "SHA-256"}, pin) for pin in pins))
    return element("domain-config", {}, element("domain", {}, name), pin_set)


def scanned(app: Path, *arguments: str) -> dict[str, Any]:
    formats = [option for name in PLAIN_TEXT for option in ("--format", f"{name}=out.{name}")]
    run(["scan", str(app), "--live", "--quiet", *arguments, "--format", "json=out.json", *formats])
    document: dict[str, Any] = json.loads(Path("out.json").read_text())
    return document


def reasons(document: dict[str, Any]) -> dict[str, str]:
    return {check["host"]: check["reason"] for check in document["facts"]["pin_checks"]}


NOT_ASKED = {
    "the metadata service of clouds": "169.254.169.254",
    "a metadata service's name": "metadata.google.internal",
    "the host agent of a cloud": "168.63.129.16",
    "loopback, shortened": "127.1",
    "loopback as one number": "0x7f000001",
    "loopback in decimal": "2130706433",
    "loopback in octal": "017700000001",
    "loopback in full width": "１２７.0.0.1",
    "loopback, mapped into IPv6": "::ffff:127.0.0.1",
    "the router": "192.168.1.1",
    "a single label": "intranet",
    "300 characters in one label": "a" * 300 + ".com",
    "300 characters in many labels": ".".join(["abcdefg"] * 40),
    "a user before the host": "user@shop.com",
    "a path behind it": "shop.com/path",
    "a template": "{env}.shop.com",
    "escape sequences": "sh\x1b[31mop.com",
    "writing from right to left": "moc.\u202epohs.com",
    "an empty label": "shop..com",
}


def test_hosts_that_must_not_be_asked_are_neither_resolved_nor_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(monkeypatch, "93.184.216.34")
    started = time.monotonic()
    document = scanned(app_that_pins(*NOT_ASKED.values()))
    assert time.monotonic() - started < 30
    assert network.asked == []
    checks = document["facts"]["pin_checks"]
    assert checks and {check["status"] for check in checks} == {"unknown"}
    assert {check["reason"] for check in checks} <= {"blocked-name", "blocked-address"}
    assert _raw(document) == []


def _raw(document: dict[str, Any]) -> list[str]:
    """Formats that hold what a terminal or reader acts on."""
    assert document["facts"]["pin_checks"]
    texts = {name: Path(f"out.{name}").read_text(encoding="utf-8") for name in PLAIN_TEXT}
    return [name for name, text in texts.items() if "\x1b[31m" in text or "\u202e" in text]


def test_look_alikes_are_asked_and_shown_by_the_name_that_they_really_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    network = Network(monkeypatch, "10.0.0.1")
    app = app_that_pins("xn--80ak6aa92e.com", "аррӏе.com")
    run(
        [
            "scan",
            str(app),
            "--live",
            "--live-host",
            "faß.de",
            "--live-host",
            "ｓｈｏｐ．com",
            "--format",
            "json=out.json",
        ]
    )
    assert sorted(network.asked) == ["shop.com", "xn--80ak6aa92e.com", "xn--fa-hia.de"]
    assert "  xn--80ak6aa92e.com:443 (аррӏе.com)\n" in capsys.readouterr().err
    document = json.loads(Path("out.json").read_text())
    # The platform compares names in their ASCII form: the other spelling is no host of any connection.
    assert reasons(document) == {"xn--80ak6aa92e.com": "blocked-address"}


def test_a_public_name_that_leads_to_a_private_address_is_not_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(monkeypatch, "93.184.216.34", "127.0.0.1")
    assert reasons(scanned(app_that_pins("rebinding.com"))) == {"rebinding.com": "blocked-address"}
    assert network.asked == ["rebinding.com"]


def test_an_app_that_names_ten_thousand_hosts_has_none_of_them_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(monkeypatch, "93.184.216.34")
    app = app_that_pins(*(f"h{number}.shop.com" for number in range(10_000)))
    started = time.monotonic()
    document = scanned(app)
    assert time.monotonic() - started < 60
    assert network.asked == [] and document["facts"]["pin_checks"] == []
    # So large a policy is not read to its end, which is said.
    assert any(gap["reason"] == "limit" and gap["incomplete"] for gap in document["gaps"])


def test_an_app_that_names_more_hosts_than_are_asked_is_refused_with_the_count(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(monkeypatch, "93.184.216.34")
    document = scanned(app_that_pins(*(f"h{number}.shop.com" for number in range(300))))
    assert network.asked == []
    assert len(reasons(document)) == 300 and set(reasons(document).values()) == {"too-many"}
    assert any("300 hosts would be asked, more than 50" in gap["detail"] for gap in document["gaps"])


# ---- servers


def _mesh(folder: Path) -> Path:
    """A leaf below eight authorities that have all signed each other: 56 certificates that lead nowhere."""
    members = [authority(f"Member {number}") for number in range(8)]
    sent = [
        authority(f"Member {at}", issuer, key=member.key)
        for at, member in enumerate(members)
        for issuer in members
        if issuer is not member
    ]
    leaf = make("leaf", issuer=members[0], hosts=[f"anchor.{DOMAIN}"])
    return leaf.write(folder, "mesh", [leaf, *sent])


def _many(folder: Path) -> Path:
    root = authority("Root \x1b[31m\u202eevil")
    leaf = root.issue("leaf \x1b[31m\u202eevil", hosts=[f"backup.{DOMAIN}"])
    return leaf.write(folder, "many", [leaf, *[root] * 70])


@pytest.fixture
def hostile(tmp_path: Path) -> Iterator[list[str]]:
    root = authority("Root")
    good = root.issue("leaf", hosts=[f"single.{DOMAIN}"]).write(tmp_path, "good")
    handlers: dict[str, Handler] = {
        "fine": servers.silent,
        "moved": servers.dripping,
        "extra": servers.endless(servers.HELLO_REQUEST),
        "single": servers.tls(good, afterwards=b"x" * 16_000),
        "backup": servers.tls(_many(tmp_path)),
        "anchor": servers.tls(_mesh(tmp_path)),
    }
    with ExitStack() as stack:
        options = ["--allow-private", "127.0.0.0/8", "--live-timeout", "1.5", "--live-allow", f"*.{DOMAIN}"]
        options += ["--chains", str(tmp_path), "--live-max", "100"]
        port = 0
        for number, (label, handler) in enumerate(handlers.items(), start=1):
            server = stack.enter_context(serving(handler, f"127.0.12.{number}", port))
            port = server.port
            host = f"{label}.{DOMAIN}"
            options += ["--live-host", host, "--resolve", f"{host}:{port}:127.0.12.{number}"]
        yield [*options, "--live-port", str(port)]


def test_hostile_servers_cost_their_deadline_and_leave_nothing_raw(hostile: list[str]) -> None:
    started = time.monotonic()
    document = scanned(VERDICTS, *hostile)
    assert time.monotonic() - started < 20
    found = {label: reason for host, reason in reasons(document).items() if (label := host.removesuffix(f".{DOMAIN}"))}
    assert {label: found[label] for label in ("fine", "moved", "extra", "single", "backup", "anchor")} == {
        "fine": "timeout",
        "moved": "timeout",
        "extra": "too-much",
        "single": "no-trust-anchor",
        "backup": "no-trust-anchor",
        # A path through the mesh is looked for as long as the budget allows.
        "anchor": "budget",
    }
    chains = {chain["host"]: chain for chain in document["facts"]["chains"]}
    assert chains[f"backup.{DOMAIN}"]["dropped"] == 7
    assert _raw(document) == []
