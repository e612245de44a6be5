"""Names in certificates are as hostile as names in apps: they go through every format without doing anything."""

import datetime as dt
from pathlib import Path

import pytest

from analyzer.model import ScanResult
from analyzer.options import LiveOptions, ScanOptions
from analyzer.pipeline import scan
from analyzer.reporters.formats import FORMATS, render
from tests.live.pki import authority

FOLDER = Path(__file__).parents[2] / "sample_apks" / "live-chains"
EVIL = "a\x1b[31m\u202eb\n::error::c\n##vso[t]<script>e|`"


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> ScanResult:
    folder = tmp_path_factory.mktemp("chains")
    start, end = dt.datetime(2026, 10, 1, tzinfo=dt.UTC), dt.datetime(2026, 11, 10, tzinfo=dt.UTC)
    root = authority(f"root {EVIL}", start=start)
    leaf = root.issue(f"leaf {EVIL}", hosts=["www.example.com"], start=start, end=end)
    (folder / "roots.pem").write_text(root.pem)
    (folder / "moved.live.example.com_443.pem").write_text(leaf.pem + root.pem)
    (folder / "extra.live.example.com_443.pem").write_text(leaf.pem)
    live = LiveOptions(chains=folder, trust_stores=(f"evil \x1b[31m={folder / 'roots.pem'}",))
    as_of = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)
    return scan(FOLDER / "live-chains.apk", ScanOptions(as_of=as_of, live=live, reproducible=True))


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"json"}))
def test_a_hostile_certificate_shows_in_no_format_as_it_is(result: ScanResult, name: str) -> None:
    assert result.facts is not None and any(check.status == "no-match" for check in result.facts.pin_checks)
    text = render(name, [result], reproducible=True).decode()
    assert "\x1b" not in text and "\u202e" not in text
    assert not any(line.startswith(("::error::", "##vso")) for line in text.splitlines())
    if name == "html":
        assert "<script>e" not in text


def test_a_hostile_certificate_is_in_the_details_of_the_terminal_only_in_visible_form(result: ScanResult) -> None:
    text = render("text", [result], width=80, color=False, verbose=True).decode()
    assert "⟨U+202E⟩" in text and "\x1b" not in text
