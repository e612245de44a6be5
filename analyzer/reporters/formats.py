"""The report formats by name: how each is rendered, and where it goes when nobody says."""

import hashlib
import re
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import msgspec

from analyzer.errors import UsageError
from analyzer.model import ScanResult
from analyzer.reporters.text import shorten, visible

DEFAULT_FOLDER = Path("reports")
MAX_FILE_NAME_CHARACTERS = 120
"""Longest default file name, suffix included; leaves room for folders on every file system."""

_UNSAFE = re.compile(r"[^A-Za-z0-9._+-]+")
_DIGEST_CHARACTERS = 8
_WINDOWS_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"com{number}" for number in range(10)), *(f"lpt{number}" for number in range(10))}
)
"""Names that Windows takes for devices whatever follows after a dot."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the renderers may be told; each takes what concerns it."""

    reproducible: bool = False
    """Leave out durations and folders."""
    width: int = 80
    """Columns of the terminal view."""
    color: bool = False
    verbose: bool = False
    """Details of every finding in the terminal view."""
    root: str | None = None
    """The absolute folder, with forward slashes, that paths in SARIF are relative to."""


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """One report format."""

    name: str
    suffix: str
    """Of its files, with the dot."""
    joins: bool
    """True when one file can hold the results of several targets."""
    render: Callable[[Sequence[ScanResult], Settings], bytes]


class FormatRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A report that was asked for."""

    format: Format
    path: Path | None
    """None for standard output."""


def render(
    name: str,
    results: Sequence[ScanResult],
    *,
    reproducible: bool = False,
    width: int = 80,
    color: bool = False,
    verbose: bool = False,
    root: str | None = None,
) -> bytes:
    """Render results in the format called `name`; see `Settings` for the other arguments.

    Raises:
        UsageError: There is no such format, or it cannot hold several results in one file.
    """
    settings = Settings(reproducible=reproducible, width=width, color=color, verbose=verbose, root=root)
    found = find_format(name)
    if len(results) != 1 and not found.joins:
        raise UsageError(f"a {name} report holds one app, not {len(results)}; give a folder to write to")
    return found.render(results, settings)


def find_format(name: str) -> Format:
    """Return a format by its name.

    Raises:
        UsageError: There is none of that name.
    """
    if name not in FORMATS:
        raise UsageError(f"unknown format {shorten(visible(name), 40)!r}; known are {', '.join(FORMATS)}")
    return FORMATS[name]


def parse_format(text: str) -> FormatRequest:
    """Read ``FORMAT`` or ``FORMAT=PATH``; ``-`` for the path means standard output, as does none.

    Raises:
        UsageError: The format is unknown, or nothing follows the equals sign.
    """
    name, equals, path = text.partition("=")
    found = find_format(name)
    if equals and not path:
        raise UsageError(f"--format {name}= needs a path after the equals sign")
    return FormatRequest(format=found, path=Path(path) if path not in ("", "-") else None)


def default_path(
    result: ScanResult, wanted: Format, *, folder: Path = DEFAULT_FOLDER, taken: Collection[Path] = ()
) -> Path:
    """Return where a report goes when nobody said: ``reports/<package>-<version>.html``.

    Package and version come from the app and may hold anything. Whatever is not plain is replaced, and then a
    digest of the original is added, so that different apps keep different names. A name in `taken` gets a digest
    of the target's file, then a number; names that differ in case only count as the same.
    """
    stem = _stem(result, MAX_FILE_NAME_CHARACTERS - len(wanted.suffix))
    used = {path.name.casefold() for path in taken}
    name = stem + wanted.suffix
    tries = 1
    while name.casefold() in used:
        mark = f"-{result.target.sha256[:_DIGEST_CHARACTERS]}" + (f"-{tries}" if tries > 1 else "")
        name = stem[: MAX_FILE_NAME_CHARACTERS - len(wanted.suffix) - len(mark)] + mark + wanted.suffix
        tries += 1
    return folder / name


def _stem(result: ScanResult, most: int) -> str:
    """Return a file name without suffix of at most `most` characters."""
    if result.app is None:
        parts = [result.target.path.rstrip("/").rpartition("/")[2], "unreadable"]
    else:
        version = result.app.version_name or result.app.version_code
        parts = [result.app.package] if version is None else [result.app.package, str(version)]
    safe = [_UNSAFE.sub("_", part) for part in parts]
    stem = "-".join(safe).lstrip(".-").rstrip(".")
    if stem.partition(".")[0].lower() in _WINDOWS_DEVICES or not stem:
        stem = "_" + stem
    # A hyphen in the first part could belong to the second just as well.
    if stem == "-".join(parts) and "-" not in parts[0] and len(stem) <= most:
        return stem
    original = "\0".join(parts).encode("utf-8", "surrogatepass")
    mark = "-" + hashlib.sha256(original).hexdigest()[:_DIGEST_CHARACTERS]
    return stem[: most - len(mark)] + mark


def _html(results: Sequence[ScanResult], settings: Settings) -> bytes:
    from analyzer.reporters.html_report import render_html

    return render_html(results[0]).encode("utf-8", "backslashreplace")


def _json(results: Sequence[ScanResult], settings: Settings) -> bytes:
    from analyzer.reporters.json_report import render_json

    return render_json(results[0], reproducible=settings.reproducible)


def _sarif(results: Sequence[ScanResult], settings: Settings) -> bytes:
    from analyzer.reporters.sarif import render_sarif

    return render_sarif(results, root=settings.root)


def _text(results: Sequence[ScanResult], settings: Settings) -> bytes:
    from analyzer.reporters.terminal import render_terminal

    views = [
        render_terminal(result, width=settings.width, color=settings.color, verbose=settings.verbose).rstrip("\n")
        for result in results
    ]
    return ("\n\n".join(views) + "\n").encode("utf-8", "backslashreplace")


def _markdown(results: Sequence[ScanResult], settings: Settings) -> bytes:
    from analyzer.reporters.markdown import render_markdown

    return render_markdown(results)


def _junit(results: Sequence[ScanResult], settings: Settings) -> bytes:
    from analyzer.reporters.junit import render_junit

    return render_junit(results, root=settings.root)


def _gitlab(results: Sequence[ScanResult], settings: Settings) -> bytes:
    from analyzer.reporters.gitlab import render_gitlab

    return render_gitlab(results, root=settings.root)


def _github(results: Sequence[ScanResult], settings: Settings) -> bytes:
    from analyzer.reporters.github import render_github

    return render_github(results, root=settings.root)


def _csv(results: Sequence[ScanResult], settings: Settings) -> bytes:
    from analyzer.reporters.csv_tables import render_findings_csv

    return render_findings_csv(results, root=settings.root)


def _pins_csv(results: Sequence[ScanResult], settings: Settings) -> bytes:
    from analyzer.reporters.csv_tables import render_pins_csv

    return render_pins_csv(results, root=settings.root)


FORMATS = {
    known.name: known
    for known in (
        Format(name="text", suffix=".txt", joins=True, render=_text),
        Format(name="html", suffix=".html", joins=False, render=_html),
        Format(name="json", suffix=".json", joins=False, render=_json),
        Format(name="sarif", suffix=".sarif", joins=True, render=_sarif),
        Format(name="markdown", suffix=".md", joins=True, render=_markdown),
        Format(name="junit", suffix=".xml", joins=True, render=_junit),
        Format(name="gitlab", suffix=".gitlab.json", joins=True, render=_gitlab),
        Format(name="github", suffix=".github.txt", joins=True, render=_github),
        Format(name="csv", suffix=".csv", joins=True, render=_csv),
        Format(name="pins-csv", suffix=".pins.csv", joins=True, render=_pins_csv),
    )
}
"""All formats, in the order in which help texts name them."""
