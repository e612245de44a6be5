"""``pinscope diff`` through the command line: apps or reports, every format, one exit code."""

import json
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from analyzer.cli import run
from analyzer.reporters.comparison_report import FORMATS

SAMPLES = Path(__file__).parents[2] / "sample_apks"
PINNED = SAMPLES / "pinned-right" / "pinned-right.apk"
EXPIRED = SAMPLES / "pins-expired" / "pins-expired.apk"
RELAXED = SAMPLES / "cleartext-user-ca" / "cleartext-user-ca.apk"
AS_OF = ["--as-of", "2026-01-15"]


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_same_app_is_not_weaker(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run(["diff", str(PINNED), str(PINNED), *AS_OF]) == 0
    assert b"Nothing changed." in capsysbinary.readouterr().out


def test_a_bundle_and_its_apks_are_the_same(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    folder = SAMPLES / "split-set"
    assert run(["diff", str(folder / "split-set.apks"), str(folder / "split-set.aab"), *AS_OF]) == 0
    assert b"Nothing changed." in capsysbinary.readouterr().out


def test_a_weaker_version_ends_with_exit_code_1_and_says_what_is_weaker(
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    assert run(["diff", str(PINNED), str(RELAXED), *AS_OF]) == 1
    out = capsysbinary.readouterr().out.decode()
    assert "weaker in" in out and "▼ *.pinned.example.com: not pinned any more" in out
    assert run(["diff", str(RELAXED), str(PINNED), *AS_OF, "--fail-on", "never"]) in (0, 1)


def test_a_report_stands_for_the_app_it_was_made_of(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    run(["scan", str(PINNED), *AS_OF, "--format", "json=old.json", "--quiet"])
    assert run(["diff", "old.json", str(PINNED), *AS_OF]) == 0
    run(["diff", str(PINNED), str(RELAXED), *AS_OF, "--format", "json"])
    scanned = json.loads(capsysbinary.readouterr().out.rpartition(b"Nothing changed.\n")[2])
    run(["diff", "old.json", str(RELAXED), *AS_OF, "--format", "json"])
    read = json.loads(capsysbinary.readouterr().out)
    assert read["changes"] == scanned["changes"] and read["weaker"] is True


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_goes_to_a_file_and_is_the_same_every_time(name: str) -> None:
    for path in ("one", "two"):
        assert run(["diff", str(PINNED), str(RELAXED), *AS_OF, "--format", name, "--output", path]) == 1
    assert Path("one").read_bytes() == Path("two").read_bytes()
    assert b"pinned.example.com" in Path("one").read_bytes()


def test_the_markdown_is_a_table_that_shows_the_change(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    run(["diff", str(PINNED), str(RELAXED), *AS_OF, "--format", "markdown"])
    text = capsysbinary.readouterr().out.decode()
    html = MarkdownIt("commonmark").enable("table").render(text)
    assert "<td><code>*.pinned.example.com</code></td>" in html and "<td>not pinned any more" in html


def test_the_html_asks_for_nothing() -> None:
    run(["diff", str(PINNED), str(RELAXED), *AS_OF, "--format", "html", "--output", "diff.html"])
    page = Path("diff.html").read_text()
    assert page.startswith("<!doctype html>") and "default-src &#39;none&#39;" in page
    assert "http://" not in page and "https://" not in page and "<script" not in page


def test_a_side_that_cannot_be_read_is_incomplete() -> None:
    Path("x.apk").write_bytes(b"no app")
    assert run(["diff", str(PINNED), "x.apk", *AS_OF]) == 3


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "old.json: "),
        ("{}", "old.json: not a Pinscope report"),
        ('{"schema_version": 99}', "old.json: "),
        (None, "no such file"),
    ],
)
def test_what_is_no_report_is_one_line(content: str | None, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    if content is not None:
        Path("old.json").write_text(content)
    assert run(["diff", "old.json", str(EXPIRED), *AS_OF]) == 2
    err = capsys.readouterr().err
    assert says in err and err.count("\n") == 1
