"""The SAST report that GitLab reads (security-report-schemas, version 15), for ``artifacts: reports: sast``.

GitLab wants the times of the scan; the report has the instant against which dates were judged instead, so that
the same input gives the same bytes. Waived findings are left out, as GitLab would open them again.
"""

import uuid
from collections.abc import Sequence
from typing import Any

from analyzer.model import AnalysisGap, Finding, ScanResult, Severity
from analyzer.reporters.encoding import encode_json
from analyzer.reporters.sarif_places import Place, describe
from analyzer.reporters.text import shorten, visible, visible_lines

SCHEMA_VERSION = "15.2.4"
SCHEMA_URI = (
    "https://gitlab.com/gitlab-org/security-products/security-report-schemas/-/raw/"
    f"v{SCHEMA_VERSION}/dist/sast-report-format.json"
)
_NAMESPACE = uuid.UUID("3f0c4ea5-6f0e-5d52-9c0c-0f4c6f3f4b1e")
"""Of the identifiers of vulnerabilities, which GitLab wants to be UUIDs; any fixed value does."""
_SEVERITIES = {
    Severity.CRITICAL: "Critical",
    Severity.HIGH: "High",
    Severity.MEDIUM: "Medium",
    Severity.LOW: "Low",
    Severity.INFO: "Info",
}
_MAX_NAME_CHARACTERS = 255
_MAX_TEXT_CHARACTERS = 15_000
_MAX_PLACES = 10


def render_gitlab(results: Sequence[ScanResult], *, root: str | None = None) -> bytes:
    """Write the results of one or more targets as one GitLab SAST report.

    Args:
        results: One result per target, at least one.
        root: The absolute folder that paths are relative to, the checked-out project.
    """
    places = [Place(result, root) for result in results]
    tool = results[0].tool
    component = {
        "id": tool.name,
        "name": "Pinscope",
        "version": tool.version,
        "vendor": {"name": "Pinscope"},
    }
    instant = results[0].as_of.removesuffix("Z")
    complete = all(result.gate.exit_code in (0, 1) for result in results)
    report = {
        "version": SCHEMA_VERSION,
        "schema": SCHEMA_URI,
        "scan": {
            "analyzer": component,
            "scanner": component,
            "type": "sast",
            "start_time": instant,
            "end_time": instant,
            "status": "success" if complete else "failure",
            "messages": [
                message
                for result, place in zip(results, places, strict=True)
                for message in _messages(result.gaps, place)
            ],
        },
        "vulnerabilities": [
            _vulnerability(finding, result, place)
            for result, place in zip(results, places, strict=True)
            for finding in result.findings
            if finding.waiver is None
        ],
    }
    return encode_json(report)


def _messages(gaps: Sequence[AnalysisGap], place: Place) -> list[dict[str, str]]:
    return [
        {
            "level": "fatal" if gap.reason == "failure" else "warn" if gap.incomplete else "info",
            "value": shorten(place.text(f"{place.shown_path}: {gap.subject}: {gap.detail}"), _MAX_TEXT_CHARACTERS),
        }
        for gap in gaps
    ]


def _vulnerability(finding: Finding, result: ScanResult, place: Place) -> dict[str, Any]:
    rule = result.rules.get(finding.rule_id)
    package = result.app.package if result.app is not None else ""
    details = [finding.message, *([rule.why] if rule is not None else [])]
    details += [f"At {describe(location)}" for location in finding.locations[:_MAX_PLACES]]
    entry: dict[str, Any] = {
        "id": str(uuid.uuid5(_NAMESPACE, f"{package}\0{place.shown_path}\0{finding.fingerprint}")),
        "name": shorten(place.text(f"{finding.title}: {finding.subject}"), _MAX_NAME_CHARACTERS),
        "description": shorten("\n\n".join(place.text(part) for part in details), _MAX_TEXT_CHARACTERS),
        "severity": _SEVERITIES[finding.severity],
        "location": _location(finding, place),
        "identifiers": [
            {"type": "pinscope_rule_id", "name": visible(finding.rule_id), "value": visible(finding.rule_id)},
            {"type": "pinscope_fingerprint", "name": finding.fingerprint, "value": finding.fingerprint},
            *(
                {
                    "type": "cwe",
                    "name": f"CWE-{number}",
                    "value": str(number),
                    "url": f"https://cwe.mitre.org/data/definitions/{number}.html",
                }
                for number in (rule.cwe if rule is not None else ())
            ),
        ],
    }
    solution = "\n\n".join(part for part in ((rule.fix if rule is not None else ""), finding.fix or "") if part)
    if solution:
        entry["solution"] = shorten(visible_lines(solution), _MAX_TEXT_CHARACTERS)
    links = [{"name": visible(r.title), "url": r.url} for r in (rule.references if rule is not None else ())]
    if links:
        entry["links"] = links
    return entry


def _location(finding: Finding, place: Place) -> dict[str, Any]:
    """Return the target's file, which is what the repository may know, with the class inside it."""
    first = finding.locations[0] if finding.locations else None
    file, line = place.source_of(first)
    location: dict[str, Any] = {"file": place.text(file), "start_line": line or 1}
    if first is not None and first.class_name:
        location["class"] = place.text(first.class_name)
        if first.method:
            location["method"] = place.text(first.method)
    return location
