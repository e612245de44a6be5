"""Workflow commands of GitHub Actions: one annotation per open finding, blocking ones first.

The runner shows ten errors, ten warnings and ten notices of a step, in the order in which they are printed, so the
worst come first. Everything from an app is encoded as the runner decodes it (actions/toolkit, ``command.ts``):
``%``, CR and LF in messages, ``:`` and ``,`` in properties as well, so that no text can start a command of its own.
"""

from collections.abc import Sequence

from analyzer.model import Finding, ScanResult, Severity
from analyzer.reporters.sarif_places import Place, describe
from analyzer.reporters.text import shorten, visible

_COMMANDS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "notice",
    Severity.INFO: "notice",
}
_MAX_MESSAGE_CHARACTERS = 2_000


def render_github(results: Sequence[ScanResult], *, root: str | None = None) -> bytes:
    """Write annotations: findings that neither waiver nor baseline covers, what is incomplete, and the decision.

    Args:
        results: One result per target.
        root: The absolute folder that paths are relative to, the checked-out repository.
    """
    lines: list[str] = []
    for result in results:
        place = Place(result, root)
        blocking = frozenset(result.gate.blocking)
        open_findings = [one for one in result.findings if one.waiver is None and not one.known]
        open_findings.sort(key=lambda finding: finding.fingerprint not in blocking)
        lines += [_finding(finding, place, blocking=finding.fingerprint in blocking) for finding in open_findings]
        lines += [
            _command("warning", place, f"Incomplete: {gap.subject}", gap.detail)
            for gap in result.gaps
            if gap.incomplete
        ]
        kind = "notice" if result.gate.outcome == "pass" else "error"
        lines.append(_command(kind, place, f"Gate: {result.gate.outcome}", result.gate.reason))
    return ("\n".join(lines) + "\n").encode("utf-8", "backslashreplace")


def _finding(finding: Finding, place: Place, *, blocking: bool) -> str:
    title = f"{finding.severity.value}: {finding.title} [{finding.rule_id}]"
    where = f" ({describe(finding.locations[0])})" if finding.locations else ""
    kind = "error" if blocking else _COMMANDS[finding.severity]
    source = place.source_of(finding.locations[0] if finding.locations else None)
    return _command(kind, place, title, f"{finding.message}{where}", source)


def _command(kind: str, place: Place, title: str, message: str, source: tuple[str, int | None] | None = None) -> str:
    file, line = source or (place.shown_path, None)
    at = f",line={line}" if line is not None else ""
    properties = f"file={_property(place.text(file))}{at},title={_property(place.text(title))}"
    return f"::{kind} {properties}::{_data(shorten(place.text(message), _MAX_MESSAGE_CHARACTERS))}"


def _data(text: str) -> str:
    return visible(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
