"""Findings and pins as CSV (RFC 4180, UTF-8), for spreadsheets and scripts; columns are only ever added at the end.

Spreadsheets take a cell that starts with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return for a formula. The
cells come from an app, so such a cell gets an apostrophe in front, as OWASP advises against CSV injection.

What was not looked at has lines of the kind ``gap``, so that a table without findings or pins never looks complete
when it is not.
"""

import base64
import csv
import io
from collections.abc import Iterable, Sequence

from analyzer.model import Location, PinFact, ScanResult
from analyzer.reporters.sarif_places import Place, describe
from analyzer.reporters.text import visible

FINDING_COLUMNS = (
    "kind", "target", "package", "version", "rule_id", "severity", "confidence", "title", "subject", "message", "owner",
    "place", "places", "blocking", "waived_until", "waiver_reason", "fingerprint", "known",
)  # fmt: skip
PIN_COLUMNS = (
    "kind", "target", "package", "version", "host", "include_subdomains", "mechanism", "pin", "value", "hashed_object",
    "checked_against", "activation", "enforced", "resolution", "expires_on", "problem", "identity", "owner", "place",
)  # fmt: skip
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def render_findings_csv(results: Sequence[ScanResult], *, root: str | None = None) -> bytes:
    """Write one line per finding and gap; `root` is the folder that paths are relative to."""
    return _table(FINDING_COLUMNS, (row for result in results for row in _finding_rows(result, Place(result, root))))


def render_pins_csv(results: Sequence[ScanResult], *, root: str | None = None) -> bytes:
    """Write one line per pin, and per gap that may hide some; `root` is the folder that paths are relative to."""
    return _table(PIN_COLUMNS, (row for result in results for row in _pin_rows(result, Place(result, root))))


def _finding_rows(result: ScanResult, place: Place) -> Iterable[tuple[str, ...]]:
    blocking = frozenset(result.gate.blocking)
    for finding in result.findings:
        waiver = finding.waiver
        yield (
            "finding",
            *_target(result, place),
            finding.rule_id,
            finding.severity.value,
            finding.confidence.value,
            finding.title,
            finding.subject,
            place.text(finding.message),
            finding.owner,
            _first(finding.locations),
            str(len(finding.locations)),
            _boolean(finding.fingerprint in blocking),
            (waiver.until or "") if waiver is not None else "",
            waiver.reason if waiver is not None else "",
            finding.fingerprint,
            _boolean(finding.known),
        )
    for gap in result.gaps:
        row = dict.fromkeys(FINDING_COLUMNS, "")
        row |= {"title": f"not looked at: {gap.reason}", "subject": gap.subject, "message": place.text(gap.detail)}
        yield _gap_row(row, result, place)


def _pin_rows(result: ScanResult, place: Place) -> Iterable[tuple[str, ...]]:
    for pin in result.facts.pins if result.facts is not None else ():
        yield (
            "pin",
            *_target(result, place),
            pin.host if pin.host is not None else "*",
            _boolean(pin.include_subdomains),
            pin.mechanism,
            _canonical(pin),
            pin.value,
            pin.hashed_object,
            pin.checked_against,
            pin.activation,
            "" if pin.enforced is None else _boolean(pin.enforced),
            pin.resolution,
            pin.expires_on or "",
            pin.problem or "",
            pin.identity.name if pin.identity is not None else "",
            pin.owner,
            _first(pin.evidence),
        )
    for gap in result.gaps:
        if gap.incomplete or "pin" in gap.hides:
            row = dict.fromkeys(PIN_COLUMNS, "")
            row |= {"value": place.text(f"{gap.subject}: {gap.detail}"), "resolution": "unknown"}
            yield _gap_row(row, result, place)


def _gap_row(row: dict[str, str], result: ScanResult, place: Place) -> tuple[str, ...]:
    target, package, version = _target(result, place)
    row |= {"kind": "gap", "target": target, "package": package, "version": version}
    return tuple(row.values())


def _target(result: ScanResult, place: Place) -> tuple[str, str, str]:
    app = result.app
    if app is None:
        return place.shown_path, "", ""
    return place.shown_path, app.package, str(app.version_name or app.version_code or "")


def _canonical(pin: PinFact) -> str:
    """Return ``sha256/BASE64``, whatever the mechanism writes; empty when the digest is not known."""
    return f"{pin.algorithm}/{base64.b64encode(pin.digest).decode()}" if pin.digest is not None else ""


def _first(locations: Sequence[Location]) -> str:
    return describe(locations[0]) if locations else ""


def _boolean(value: bool) -> str:
    return "true" if value else "false"


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_cell(text) for text in row] for row in rows)
    return buffer.getvalue().encode("utf-8", "backslashreplace")


def _cell(text: str) -> str:
    shown = visible(text)
    return f"'{shown}" if text.startswith(_FORMULA_STARTS) or shown.startswith(_FORMULA_STARTS) else shown
