"""``pinscope scan --live``: the sample app against servers on loopback that present its recorded chains."""

import importlib.util
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from analyzer.cli import run
from analyzer.live.recordings import read_folder
from tests.live import servers
from tests.live.servers import serving

FOLDER = Path(__file__).parents[2] / "sample_apks" / "live-chains"
APK = str(FOLDER / "live-chains.apk")
COMMON = ["--trust-store", f"sample={FOLDER / 'roots.pem'}", "--as-of", "2026-11-01", "--quiet"]


def _key(host: str) -> bytes:
    """The private key of a host of the sample, which follows from its name."""
    spec = importlib.util.spec_from_file_location("make_chains", FOLDER / "make_chains.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made: bytes = module.key(host).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return made


@pytest.fixture(scope="module")
def internet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """The hosts of the sample on addresses of their own, and the options that lead there."""
    folder = tmp_path_factory.mktemp("internet")
    with ExitStack() as stack:
        port = 0
        options = ["--allow-private", "127.0.0.0/8", "--live-timeout", "2"]
        for number, recording in enumerate(read_folder(FOLDER / "chains"), start=1):
            path = folder / f"{recording.host}.pem"
            chain = (FOLDER / "chains" / f"{recording.host}_443.pem").read_bytes()
            path.write_bytes(_key(recording.host) + chain)
            server = stack.enter_context(serving(servers.tls(path), f"127.0.9.{number}", port))
            port = server.port
            options += ["--live-host", recording.host, "--resolve", f"{recording.host}:{port}:127.0.9.{number}"]
        stack.enter_context(serving(servers.silent, "127.0.9.100", port))
        gone = "gone.live.example.com"
        options += ["--live-host", gone, "--resolve", f"{gone}:{port}:127.0.9.100", "--live-port", str(port)]
        yield options


def scanned(*arguments: str) -> tuple[int, dict[str, Any]]:
    code = run(["scan", APK, *COMMON, *arguments, "--format", "json=out.json"])
    return code, json.loads(Path("out.json").read_text())


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _findings(document: dict[str, Any]) -> set[tuple[str, str, str, str]]:
    return {
        (finding["rule_id"], finding["subject"].partition(":")[0], finding["severity"], finding["confidence"])
        for finding in document["findings"]
    }


def test_live_chains_lead_to_the_same_findings_as_their_recordings(internet: list[str]) -> None:
    code, live = scanned("--live", *internet, "--record", "recorded")
    assert code == 1
    assert {chain["error"] for chain in live["facts"]["chains"]} == {None, "timeout"}
    assert [chain["recorded"] for chain in live["facts"]["chains"]].count(False) == 8
    _, recorded = scanned("--chains", str(FOLDER / "chains"))
    assert _findings(live) == _findings(recorded)
    # What was written says the same again, at any time and without a network.
    _, again = scanned("--chains", "recorded", "--live-port", internet[-1])
    assert _findings(again) == _findings(live)
    assert sorted(path.name for path in Path("recorded").iterdir())[0].startswith("api.live.example.com_")


def test_the_same_recordings_give_the_same_bytes() -> None:
    arguments = ["--chains", str(FOLDER / "chains"), "--reproducible"]
    scanned(*arguments)
    first = Path("out.json").read_bytes()
    scanned(*arguments)
    assert Path("out.json").read_bytes() == first


def test_hosts_are_listed_before_they_are_asked(internet: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    quiet = [argument for argument in COMMON if argument != "--quiet"]
    run(["scan", APK, *quiet, "--live", *internet, "--format", "json=out.json"])
    said = capsys.readouterr().err
    assert f"Contacting 8 hosts:\n  api.live.example.com:{internet[-1]}\n" in said
    assert "see that this machine asks" in said


def test_a_dry_run_lists_and_stops(internet: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", APK, *COMMON, "--live-dry-run", *internet]) == 0
    said = capsys.readouterr()
    assert "Would contact 8 hosts:" in said.err and said.out == ""
    assert not list(Path().iterdir())


def test_loopback_is_not_asked_without_permission(internet: list[str]) -> None:
    allowed = internet.index("--allow-private")
    _, document = scanned("--live", *internet[:allowed], *internet[allowed + 2 :])
    assert {chain["error"] for chain in document["facts"]["chains"]} == {"blocked-address"}


def test_reserved_names_are_not_asked_unless_named(internet: list[str]) -> None:
    without = [
        argument
        for number, argument in enumerate(internet)
        if argument != "--live-host" and (number == 0 or internet[number - 1] != "--live-host")
    ]
    _, document = scanned("--live", *without)
    assert {check["reason"] for check in document["facts"]["pin_checks"]} == {"blocked-name"}
    assert document["facts"]["chains"] == []


def test_without_live_nothing_is_asked_and_nothing_claimed() -> None:
    run(["scan", APK, "--as-of", "2026-11-01", "--format", "json=out.json"])
    document = json.loads(Path("out.json").read_text())
    assert document["facts"]["chains"] == [] and document["facts"]["pin_checks"] == []
    unanswered = {rule["rule_id"] for rule in document["not_evaluated"]}
    assert {"LIVE-NO-MATCH", "LIVE-UNREACHABLE"} <= unanswered


def test_strict_makes_what_could_not_be_compared_incomplete() -> None:
    chains = ["--chains", str(FOLDER / "chains"), "--fail-on", "never"]
    assert scanned(*chains)[0] == 0
    assert scanned(*chains, "--live-strict")[0] == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ["--record", "x"],
        ["--live-host", "a.shop.com"],
        ["--chains", "missing"],
        ["--live", "--live-max", "5000"],
        ["--live", "--live-host", "127.1"],
        ["--live", "--live-proxy", "socks5://user:s3cret@p:1"],
        ["--trust-store", "missing.pem", "--live"],
    ],
)
def test_wrong_options_are_said_before_anything_is_scanned(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["scan", APK, *arguments]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "s3cret" not in said
