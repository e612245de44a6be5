"""``pinscope scan --live`` through every row of the table of live findings, against servers on loopback.

The samples `live-verdicts` and `live-key-store` pin hosts of a test authority, one host for each finding. What must be
said of each is written down here whole, so that a finding too many fails like one that is missing.
"""

import importlib.util
import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from analyzer.cli import run
from analyzer.live.recordings import read_folder
from analyzer.ruleset.loader import rules_folder
from tests.live import servers
from tests.live.servers import Handler, serving, tls12_with_client_certificate, up_to_tls11

SAMPLES = Path(__file__).parents[2] / "sample_apks"
FOLDER = SAMPLES / "live-verdicts"
APK = FOLDER / "live-verdicts.apk"
KEY_STORE = SAMPLES / "live-key-store" / "live-key-store.apk"
DOMAIN = "verdicts.example.com"
OLD, NEW = ("--trust-store", f"old={FOLDER / 'old-roots.pem'}"), ("--trust-store", f"new={FOLDER / 'new-roots.pem'}")
HOSTILE: dict[str, Handler] = {
    "silent": servers.silent,
    "closed": servers.closing,
    "http": servers.saying(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
}

Said = dict[str, set[str]]

EXPECTED: Said = {
    # What must not fire: a host whose pins are its authority's key and another authority's root has nothing to say.
    "fine": set(),
    "helper": set(),
    "private": set(),
    "private-override": set(),
    "api.wild": set(),
    "port": set(),
    "near-other": {"LIVE-NEAR-MISS critical certain"},
    "near": {"LIVE-NEAR-MISS critical certain"},
    "moved": {"LIVE-NO-MATCH critical firm"},
    "private-moved": {"LIVE-NO-MATCH critical certain"},
    "extra": {"LIVE-SENT-NOT-USED critical certain"},
    "depends": {"LIVE-PATH-DEPENDENT high certain", "LIVE-ANCHOR-ONLY low certain"},
    "single": {"LIVE-ALL-IN-ONE high certain"},
    "no-backup": {"LIVE-NO-BACKUP medium certain"},
    "cert": {"LIVE-LEAF-CERT medium certain", "LIVE-ALL-IN-ONE high certain"},
    "key-long": {"LIVE-LEAF-KEY low tentative"},
    "key": {"LIVE-LEAF-KEY medium tentative"},
    "key-short": {"LIVE-LEAF-KEY high tentative"},
    "anchor": {"LIVE-ANCHOR-ONLY low certain"},
    "cross": {"LIVE-CROSS-ONLY info firm"},
    "ending": {"LIVE-CA-RETIRING high certain", "LIVE-CERT-EXPIRING low certain"},
    "retiring": {"LIVE-CA-RETIRING medium certain", "LIVE-CERT-EXPIRING low certain"},
    "placeholder": {"LIVE-DEAD-PIN medium certain"},
    "retired": {"LIVE-DEAD-PIN low certain"},
    "backup": {"LIVE-UNSEEN-PIN info coverage"},
    "ended": {"LIVE-SET-EXPIRED high certain"},
    "ended-moved": {"LIVE-SET-EXPIRED high certain"},
    "ends": {"LIVE-SET-EXPIRING medium certain"},
    "past": {"LIVE-CERT-EXPIRED high certain"},
    "next": {"LIVE-NOT-YET-VALID high certain"},
    "alias": {"LIVE-HOST-MISMATCH high certain"},
    "soon": {"LIVE-CERT-EXPIRING low certain"},
    "nowhere": {"LIVE-UNTRUSTED high firm"},
    "private-public": {"LIVE-UNTRUSTED medium firm"},
    # Hosts of the other sample, which this one does not pin.
    "box": {"LIVE-UNTRUSTED high firm"},
    "shop": set(),
    "unsent": {"LIVE-INCOMPLETE medium certain"},
    # The one store that leads to a path trusts the intermediate itself.
    "stored": {"LIVE-INCOMPLETE medium certain", "LIVE-ANCHOR-ONLY low certain"},
    "old": {"LIVE-WEAK medium certain"},
    "weak": {"LIVE-WEAK medium certain"},
    "plain": {"LIVE-WEAK low certain"},
    "client": {"LIVE-PARTIAL info certain"},
    "cleartext": {"LIVE-CLEARTEXT-OPEN low certain"},
    "drift-key": set(),
    "drift-issuer": {"LIVE-ANCHOR-ONLY low certain"},
    "drift-verdict": {"LIVE-NO-MATCH critical firm"},
    "silent": {"LIVE-UNREACHABLE info coverage"},
    "closed": {"LIVE-UNREACHABLE info coverage"},
    "http": {"LIVE-UNREACHABLE info coverage"},
    "refused": {"LIVE-UNREACHABLE info coverage"},
}
UNKNOWN = {
    "past": "expired",
    "next": "not-yet-valid",
    "nowhere": "no-trust-anchor",
    "private-public": "no-trust-anchor",
    "silent": "timeout",
    "closed": "closed",
    "http": "tls",
    "refused": "refused",
    "wild": "not-allowed",
}
NO_MATCH = {"near", "near-other", "moved", "private-moved", "extra", "ended-moved", "drift-verdict", "private-override"}


def _key(host: str) -> bytes:
    """The private key of a host of the samples."""
    spec = importlib.util.spec_from_file_location("make_verdict_chains", FOLDER / "make_chains.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made: bytes = module.key(host).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return made


class Internet:
    """Every host of the samples on an address of its own."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.options = ["--live", "--allow-private", "127.0.0.0/8", "--live-timeout", "1.5", "--live-max", "100"]
        self.options += ["--live-deny", f"wild.{DOMAIN}"]
        self._stack = stack
        self._port = 0
        self._count = 0
        for recording in read_folder(FOLDER / "chains"):
            path = folder / f"{recording.host}.pem"
            chain = (FOLDER / "chains" / f"{recording.host}_443.pem").read_bytes()
            path.write_bytes(_key(recording.host) + chain)
            label = recording.host.removesuffix(f".{DOMAIN}")
            special = {
                "old": up_to_tls11,
                "client": tls12_with_client_certificate,
                "plain": servers.without_renegotiation_info,
            }
            self._serve(label, special.get(label, servers.tls)(path))
        for label, handler in HOSTILE.items():
            self._serve(label, handler)
        self._name("refused")
        self.options += ["--live-port", str(self._port)]

    def _serve(self, label: str, handler: Handler) -> None:
        server = self._stack.enter_context(serving(handler, self._next_address(), self._port))
        self._port = server.port
        self._name(label)

    def _next_address(self) -> str:
        return f"127.0.11.{self._count + 1}"

    def _name(self, label: str) -> None:
        host = f"{label}.{DOMAIN}"
        self.options += ["--live-host", host, "--resolve", f"{host}:{self._port}:{self._next_address()}"]
        self._count += 1


@pytest.fixture(scope="module")
def internet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    with ExitStack() as stack:
        yield Internet(tmp_path_factory.mktemp("internet"), stack).options


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def scanned(app: Path, *arguments: str, as_of: str = "2026-11-01") -> dict[str, Any]:
    run(["scan", str(app), "--as-of", as_of, "--quiet", *arguments, "--format", "json=out.json"])
    document: dict[str, Any] = json.loads(Path("out.json").read_text())
    return document


def said(document: dict[str, Any]) -> Said:
    """The live findings of each host, in short."""
    found: Said = defaultdict(set)
    for finding in document["findings"]:
        if finding["rule_id"].startswith("LIVE-"):
            label = finding["subject"].partition(":")[0].removesuffix(f".{DOMAIN}")
            found[label].add(f"{finding['rule_id']} {finding['severity']} {finding['confidence']}")
    return found


def verdicts(document: dict[str, Any]) -> dict[str, tuple[str, str | None]]:
    return {
        str(check["host"]).removesuffix(f".{DOMAIN}"): (check["status"], check["reason"])
        for check in document["facts"]["pin_checks"]
        if check["chain"] is None or not document["facts"]["chains"][check["chain"]]["superseded"]
    }


@pytest.fixture(scope="module")
def live(internet: list[str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("live"))
        return scanned(APK, *internet, *OLD, *NEW)


def test_every_host_has_its_findings_and_no_others(live: dict[str, Any]) -> None:
    found = said(live)
    assert {label: found.get(label, set()) for label in EXPECTED} == EXPECTED
    assert set(found) <= set(EXPECTED)


def test_every_host_has_its_verdict(live: dict[str, Any]) -> None:
    found = verdicts(live)
    assert set(found) == set(EXPECTED) - {"box", "shop"} | {"wild"}
    assert {label: reason for label, (status, reason) in found.items() if status == "unknown"} == UNKNOWN
    assert {label for label, (status, _) in found.items() if status == "no-match"} == NO_MATCH


def test_a_finding_about_a_chain_takes_the_place_of_its_twin_without(live: dict[str, Any]) -> None:
    rules = {(finding["rule_id"], finding["subject"].partition(":")[0]) for finding in live["findings"]}
    assert not {rule for rule, _ in rules} & {"NSC-PIN-EXPIRED", "NSC-PIN-EXPIRES-SOON"}
    assert ("PIN-NO-BACKUP", f"single.{DOMAIN}") not in rules


def test_the_pinned_certificate_is_more_urgent_the_nearer_its_end_is(internet: list[str]) -> None:
    for day, severity in (("2026-11-09", "high"), ("2026-12-03", "critical")):
        assert f"LIVE-LEAF-CERT {severity} certain" in said(scanned(APK, *internet, *OLD, *NEW, as_of=day))["cert"]


def test_without_a_store_of_the_user_there_is_no_path_and_less_is_claimed(internet: list[str]) -> None:
    found = said(scanned(APK, *internet))
    assert "LIVE-UNTRUSTED medium firm" in found["nowhere"]
    assert "LIVE-UNTRUSTED medium firm" in found["fine"]
    assert found["private"] == set()


def test_what_changed_since_a_recording_is_told(internet: list[str]) -> None:
    earlier = ("--chains", str(FOLDER / "before"), "--refresh")
    found = said(scanned(APK, *internet, *OLD, *NEW, *_at_port(earlier, internet)))
    assert found["drift-key"] == {"LIVE-DRIFT info certain"}
    assert "LIVE-DRIFT low certain" in found["drift-issuer"]
    assert "LIVE-DRIFT high certain" in found["drift-verdict"]
    assert found["fine"] == set()


def _at_port(arguments: tuple[str, ...], internet: list[str]) -> list[str]:
    """Copy recordings to the port at which the servers listen."""
    port = internet[-1]
    folder = Path("before")
    folder.mkdir()
    for path in Path(arguments[1]).iterdir():
        text = path.read_text().replace("# port: 443\n", f"# port: {port}\n")
        (folder / path.name.replace("_443.pem", f"_{port}.pem")).write_text(text)
    return [arguments[0], str(folder), *arguments[2:]]


def test_addresses_of_one_host_that_present_other_keys_are_told(internet: list[str]) -> None:
    fine, other = f"fine.{DOMAIN}", f"moved.{DOMAIN}"
    port = internet[-1]
    second = next(text for text in internet if text.startswith(f"{other}:{port}:")).rpartition(":")[2]
    both = [*internet, "--resolve", f"{fine}:{port}:{second}", "--all-addresses"]
    assert said(scanned(APK, *both, *OLD, *NEW))["fine"] == {"LIVE-DRIFT info certain"}


def test_an_old_recording_says_so(live: dict[str, Any]) -> None:
    found = said(scanned(APK, "--chains", str(FOLDER / "before"), *OLD, *NEW))
    assert "LIVE-RECORDING-OLD info certain" in found["drift-verdict"]
    assert not any("LIVE-RECORDING-OLD" in text for texts in said(live).values() for text in texts)


def test_a_recording_of_another_port_than_the_app_asks_is_not_used() -> None:
    found = verdicts(scanned(APK, "--chains", str(FOLDER / "chains"), *OLD, *NEW))
    assert found["port"] == ("unknown", "not-recorded")
    assert found["fine"] == ("match", None)


def test_a_key_store_in_code_decides_about_the_hosts_of_its_client(internet: list[str]) -> None:
    document = scanned(KEY_STORE, *internet, *OLD)
    assert {label: verdict for label, verdict in verdicts(document).items() if label in ("box", "shop")} == {
        "box": ("match", None),
        "shop": ("no-match", None),
    }
    found = said(document)
    assert found["shop"] == {"LIVE-NO-MATCH critical firm"}
    assert found["box"] == {"LIVE-ALL-IN-ONE high certain"}


def test_a_report_is_enough_to_check_the_apps_own_anchors_again(
    internet: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    scanned(KEY_STORE)
    Path("out.json").rename("store.json")
    scanned(APK)
    capsys.readouterr()
    run(["recheck", "store.json", "out.json", *internet, *OLD, *NEW, "--as-of", "2026-11-01", "--format", "json"])
    releases = json.loads(capsys.readouterr().out)["releases"]
    found = {(entry["package"], entry["host"].removesuffix(f".{DOMAIN}")): entry["status"] for entry in releases}
    assert found["org.example.keystore", "box"] == "works"
    assert found["org.example.keystore", "shop"] == "breaks"
    assert found["org.example.verdicts", "private"] == "works"
    assert found["org.example.verdicts", "private-moved"] == "breaks"
    # Whatever the pins say, a certificate for another name is refused.
    assert found["org.example.verdicts", "alias"] == "unknown"


def test_together_the_hosts_show_every_rule(live: dict[str, Any]) -> None:
    """The rules that other tests of this module show are named there."""
    shown = {text.partition(" ")[0] for texts in said(live).values() for text in texts}
    elsewhere = {"LIVE-DRIFT", "LIVE-RECORDING-OLD"}
    assert shown | elsewhere == {path.stem for path in (rules_folder() / "checks" / "live").glob("*.yaml")}
