"""JUnit XML, for the test tabs of CI systems: what blocks has failed, what is waived was skipped.

One suite per target. Its first case is the gate, so that a clean app shows one test that passed instead of none;
then comes one case per finding. The schema is the one that Jenkins' xunit plugin publishes (``junit-10.xsd``).
"""

import xml.etree.ElementTree as ET
from collections.abc import Sequence

from analyzer.model import Finding, ScanResult
from analyzer.reporters.sarif_places import Place, describe
from analyzer.reporters.text import shorten, visible

_MAX_MESSAGE_CHARACTERS = 2_000
_MAX_PLACES = 10


def render_junit(results: Sequence[ScanResult], *, root: str | None = None) -> bytes:
    """Write the results of one or more targets as one JUnit file, UTF-8, one suite per target.

    Args:
        results: One result per target.
        root: The absolute folder that paths are relative to; of a target elsewhere only the file name is written.
    """
    suites = ET.Element("testsuites", name="pinscope")
    for result in results:
        _suite(suites, result, Place(result, root))
    ET.indent(suites)
    written: bytes = ET.tostring(suites, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _suite(suites: ET.Element, result: ScanResult, place: Place) -> None:
    name = place.text(place.shown_path)
    suite = ET.SubElement(suites, "testsuite", name=name)
    properties = ET.SubElement(suite, "properties")
    for key, value in (
        ("tool", f"{result.tool.name} {result.tool.version}"),
        ("rules_digest", result.tool.rules_digest),
        ("sha256", result.target.sha256),
        ("as_of", result.as_of),
        ("exit_code", str(result.gate.exit_code)),
    ):
        ET.SubElement(properties, "property", name=key, value=visible(value))
    _gate_case(suite, result, place)
    blocking = frozenset(result.gate.blocking)
    for finding in result.findings:
        _finding_case(suite, finding, place, blocking=finding.fingerprint in blocking)
    for outcome, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(outcome, str(sum(case.find(kind) is not None for case in suite.iter("testcase"))))
    suite.set("tests", str(sum(1 for _ in suite.iter("testcase"))))


def _gate_case(suite: ET.Element, result: ScanResult, place: Place) -> None:
    """The decision itself: an error where the analysis failed or is incomplete, since then nothing is proven."""
    gate = result.gate
    case = ET.SubElement(suite, "testcase", classname="pinscope", name="gate")
    reason = place.text(gate.reason)
    if gate.outcome == "blocked":
        ET.SubElement(case, "failure", type="blocked", message=reason).text = reason
    elif gate.outcome != "pass":
        error = ET.SubElement(case, "error", type=gate.outcome, message=reason)
        incomplete = [f"{gap.subject}: {gap.detail}" for gap in result.gaps if gap.incomplete]
        error.text = "\n".join(place.text(line) for line in incomplete[:_MAX_PLACES]) or reason


def _finding_case(suite: ET.Element, finding: Finding, place: Place, *, blocking: bool) -> None:
    case = ET.SubElement(
        suite, "testcase", classname=visible(finding.rule_id), name=shorten(place.text(finding.subject), 200)
    )
    message = shorten(place.text(finding.message), _MAX_MESSAGE_CHARACTERS)
    lines = [
        f"{finding.severity.value}, {finding.confidence.value}: {place.text(finding.title)}",
        message,
        *(f"at {place.text(describe(location))}" for location in finding.locations[:_MAX_PLACES]),
        f"fingerprint {visible(finding.fingerprint)}",
    ]
    if finding.waiver is not None:
        until = f" until {finding.waiver.until}" if finding.waiver.until else ""
        ET.SubElement(case, "skipped", message=place.text(f"waived{until}: {finding.waiver.reason}"))
    elif finding.known:
        ET.SubElement(case, "skipped", message="known: the baseline lists it")
    elif blocking:
        ET.SubElement(case, "failure", type=finding.severity.value, message=message).text = "\n".join(lines)
        return
    ET.SubElement(case, "system-out").text = "\n".join(lines)
