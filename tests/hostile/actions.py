"""What is done to each hostile target: every action ends with a word about the outcome, or raises what is a bug."""

import datetime as dt
from collections.abc import Callable
from functools import cache
from pathlib import Path

from analyzer.apk.app import OpenedApp, open_app
from analyzer.apk.errors import ReadError
from analyzer.errors import PinscopeError
from analyzer.options import Limits, ScanOptions
from analyzer.pipeline import Engine, load_engine, scan

_OPTIONS = ScanOptions(as_of=dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC), reproducible=True)
_MOST_ENTRIES = 200


def open_target(path: Path) -> str:
    """Open the app and read all that later stages ask for: its policy, code, resources and other XML."""
    try:
        app = open_app(path, Limits())
    except PinscopeError as error:
        return _refused(error)
    reference = app.info.network_security_config
    if reference is not None:
        app.missing_resource_files(reference)
        for file in app.resource_files(reference):
            _read(app, file.entry)
        for item in app.resources.arrays(reference.resource_id or 0):
            assert len(item) <= 4096
        name = reference.name or "xml/policy"
        app.resources.id_of("xml", name.rpartition("/")[2] + "_debug")
    for entry in app.entries()[:_MOST_ENTRIES]:
        _read(app, entry)
    return f"opened with {len(app.gaps)} gaps"


def _read(app: OpenedApp, entry: str) -> None:
    try:
        if entry.endswith(".xml"):
            app.xml(entry)
        else:
            app.read(entry)
    except ReadError as error:
        _refused(error)


def scan_target(path: Path) -> str:
    """Run a whole scan; a stage that fails unexpectedly is a bug although the scan survives it."""
    result = scan(path, _OPTIONS, _engine())
    failures = [gap.detail for gap in result.gaps if gap.reason == "failure"]
    assert not failures, failures
    assert result.gate.exit_code in (0, 1, 3)
    return f"exit {result.gate.exit_code}"


@cache
def _engine() -> Engine:
    return load_engine(_OPTIONS)


def _refused(error: PinscopeError) -> str:
    message = str(error)
    assert "\n" not in message and message.isprintable(), repr(message)
    assert error.exit_code == 3, error
    return "refused"


ACTIONS: dict[str, Callable[[Path], str]] = {"open": open_target, "scan": scan_target}
