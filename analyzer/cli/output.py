"""Where reports go: to files, or one of them to standard output. Wrong places are found before anything is scanned."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from analyzer.cli.files import write_whole
from analyzer.cli.messages import note
from analyzer.errors import UsageError
from analyzer.model import ScanResult
from analyzer.reporters.formats import FORMATS, FormatRequest, default_path, parse_format, render


class Outputs:
    """The reports of one run."""

    def __init__(
        self, requests: Sequence[FormatRequest], *, by_default: bool, several: bool, quiet: bool, verbose: bool
    ) -> None:
        self._requests = requests
        self._by_default = by_default
        self._several = several
        self._quiet = quiet
        self._verbose = verbose
        self._results: list[ScanResult] = []
        self._written: list[Path] = []

    @classmethod
    def plan(
        cls, formats: Sequence[str], output: Path | None, *, several: bool, quiet: bool, verbose: bool
    ) -> "Outputs":
        """Check what was asked for.

        Raises:
            UsageError: Unknown formats, more than one report for standard output, or a place that cannot be
                written to.
        """
        requests = [parse_format(text) for text in formats]
        if output is not None:
            if len(requests) != 1 or requests[0].path is not None:
                raise UsageError("--output goes with exactly one --format without a path of its own")
            requests = [FormatRequest(format=requests[0].format, path=output)]
        to_screen = [request for request in requests if request.path is None]
        if len(to_screen) > 1:
            raise UsageError("only one report can go to standard output; give the others a path (--format json=PATH)")
        for request in requests:
            if request.path is None:
                if several and not request.format.joins:
                    raise UsageError(
                        f"a {request.format.name} report holds one app; for several targets give a folder: "
                        f"--format {request.format.name}=FOLDER"
                    )
            else:
                _check_place(request.path, folder=several and not request.format.joins)
        files = [r.path for r in requests if r.path is not None and not (several and not r.format.joins)]
        folders = [r.path for r in requests if several and not r.format.joins]
        if len(set(files)) != len(files) or set(files) & set(folders):
            raise UsageError("two reports have the same path")
        return cls(requests, by_default=not requests, several=several, quiet=quiet, verbose=verbose)

    def write(self, result: ScanResult, *, reproducible: bool, width: int) -> None:
        """Write the reports of one target; formats that join several targets wait for `finish`."""
        if self._by_default:
            self._write_default(result, reproducible=reproducible, width=width)
            return
        self._results.append(result)
        for request in self._requests:
            if request.format.joins:
                continue
            content = render(request.format.name, [result], reproducible=reproducible)
            if request.path is None:
                _print(content)
            elif self._several:
                path = default_path(result, request.format, folder=request.path, taken=self._written)
                self._save(path, content)
            else:
                self._save(request.path, content)

    @property
    def shows_decision(self) -> bool:
        """True when the terminal view, which says the decision, goes to standard output."""
        to_screen = any(request.path is None and request.format.name == "text" for request in self._requests)
        return to_screen or (self._by_default and not self._quiet)

    def finish(self, *, reproducible: bool, width: int) -> None:
        """Write what holds all targets together."""
        for request in self._requests:
            if not request.format.joins or not self._results:
                continue
            to_terminal = request.path is None and sys.stdout.isatty()
            content = render(
                request.format.name,
                self._results,
                reproducible=reproducible,
                width=width if to_terminal else 80,
                color=to_terminal and _wants_color(),
                verbose=self._verbose,
                root=Path.cwd().as_posix(),
            )
            if request.path is None:
                _print(content)
            else:
                self._save(request.path, content)

    def _write_default(self, result: ScanResult, *, reproducible: bool, width: int) -> None:
        path = default_path(result, FORMATS["html"], taken=self._written)
        self._save(path, render("html", [result], reproducible=reproducible), announce=False)
        if self._quiet:
            return
        color = sys.stdout.isatty() and _wants_color()
        _print(render("text", [result], width=width, color=color, verbose=self._verbose))
        print(f"\nHTML report: {path}")

    def _save(self, path: Path, content: bytes, *, announce: bool = True) -> None:
        write_whole(path, content)
        self._written.append(path)
        if announce and not self._quiet:
            note(f"wrote {path}")


def _check_place(path: Path, *, folder: bool) -> None:
    """Find out whether a report can be written to a path, without leaving anything there."""
    if not folder and path.is_dir():
        raise UsageError(f"{path}: is a folder; name a file in it")
    if folder and path.exists() and not path.is_dir():
        raise UsageError(f"{path}: is a file; for several targets a folder is needed")
    nearest = path
    while not nearest.exists():
        nearest = nearest.parent
    if not nearest.is_dir() and nearest != path:
        raise UsageError(f"{path}: {nearest} is a file, not a folder")
    if not os.access(nearest, os.W_OK):
        raise UsageError(f"{path}: cannot be written (no permission for {nearest})")


def _print(content: bytes) -> None:
    """Write bytes to standard output, whatever encoding the terminal claims to have."""
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def _wants_color() -> bool:
    """Honour https://no-color.org."""
    return not os.environ.get("NO_COLOR")
