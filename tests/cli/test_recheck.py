"""``pinscope recheck``: releases in the field against recorded chains, from their reports alone."""

import json
from pathlib import Path

import pytest

from analyzer.cli import run

FOLDER = Path(__file__).parents[2] / "sample_apks" / "live-chains"
CHAINS = ["--chains", str(FOLDER / "chains"), "--trust-store", f"sample={FOLDER / 'roots.pem'}"]
AS_OF = ["--as-of", "2026-11-01"]


@pytest.fixture
def report(tmp_path: Path) -> str:
    path = tmp_path / "release.json"
    run(["scan", str(FOLDER / "live-chains.apk"), *AS_OF, "--quiet", "--format", f"json={path}"])
    return str(path)


def _only(report: str, *labels: str) -> str:
    """A report whose app pins only these hosts."""
    document = json.loads(Path(report).read_text())
    hosts = {f"{label}.live.example.com" for label in labels}
    document["facts"]["pins"] = [pin for pin in document["facts"]["pins"] if pin["host"] in hosts]
    path = Path(report).with_name("-".join(labels) + ".json")
    path.write_text(json.dumps(document))
    return str(path)


def test_every_release_and_host_has_a_line(report: str, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert run(["recheck", report, *CHAINS, *AS_OF]) == 1
    out = capsys.readouterr().out
    assert out.splitlines()[0] == "org.example.live 1.0"
    assert "  ✗ moved.live.example.com: breaks now" in out
    assert "  ! short.live.example.com: breaks on 2026-11-05, in 4 days" in out
    assert "  ✓ api.live.example.com: works" in out
    assert "  ? gone.live.example.com: unknown: no recording" in out


def test_the_exit_code_is_for_a_nightly_job(report: str) -> None:
    short, api = _only(report, "short"), _only(report, "api")
    assert run(["recheck", short, *CHAINS, *AS_OF, "--within", "30"]) == 1
    assert run(["recheck", short, *CHAINS, *AS_OF, "--within", "3"]) == 0
    assert run(["recheck", api, short, *CHAINS, *AS_OF]) == 1
    assert run(["recheck", api, *CHAINS, *AS_OF]) == 0
    gone = _only(report, "gone")
    assert run(["recheck", gone, *CHAINS, *AS_OF]) == 0
    assert run(["recheck", gone, *CHAINS, *AS_OF, "--live-strict"]) == 3


def test_metrics_are_gauges_with_labels(report: str, tmp_path: Path) -> None:
    run(
        [
            "recheck",
            _only(report, "short", "moved", "gone", "api"),
            *CHAINS,
            *AS_OF,
            "--metrics",
            str(tmp_path / "m.prom"),
        ]
    )
    lines = (tmp_path / "m.prom").read_text().splitlines()
    labels = 'app="org.example.live",version="1.0",host="{}.live.example.com"'
    days = "pinscope_days_until_first_break"
    assert f"{days}{{{labels.format('short')}}} 4" in lines
    assert f"{days}{{{labels.format('moved')}}} 0" in lines
    assert f"{days}{{{labels.format('api')}}} +Inf" in lines
    assert f"pinscope_pins_unknown{{{labels.format('gone')}}} 1" in lines
    assert f"# TYPE {days} gauge" in lines
    assert not list(tmp_path.glob("*.tmp"))


def test_json_lists_the_same(report: str, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    run(["recheck", report, *CHAINS, *AS_OF, "--format", "json"])
    listed = json.loads(capsys.readouterr().out)["releases"]
    assert {entry["status"] for entry in listed} == {"works", "breaks", "unknown"}


@pytest.mark.parametrize("arguments", [["missing.json", *CHAINS], [str(FOLDER / "roots.pem"), *CHAINS]])
def test_what_is_no_report_is_wrong_usage(arguments: list[str]) -> None:
    assert run(["recheck", *arguments]) == 2


def test_without_chains_there_is_nothing_to_compare_with(report: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["recheck", report]) == 2
    assert "--live or --chains" in capsys.readouterr().err
