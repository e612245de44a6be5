"""SARIF 2.1.0 for apps: what GitHub code scanning and other consumers accept for a binary artifact.

One run holds all targets that one version of the tool scanned: code scanning refuses several runs of one tool
and category in a file. Problems are results. What was not analysed is a notification of the target's invocation
(coverage findings, gaps, rules without an answer), and what is good is not written at all. Equal input gives
equal bytes, and no absolute path is written.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from analyzer.model import (
    AnalysisGap,
    Confidence,
    Finding,
    NotEvaluated,
    RuleText,
    ScanResult,
    ToolInfo,
)
from analyzer.model.policy import HIGHEST_KNOWN_LEVEL
from analyzer.reporters.encoding import encode_json
from analyzer.reporters.levels import name_levels
from analyzer.reporters.sarif_places import SOURCE_ROOT, Place, describe
from analyzer.reporters.sarif_rules import LEVELS, SECURITY_SEVERITIES, descriptor, taxonomy
from analyzer.reporters.text import plural, shorten, visible, visible_lines

SCHEMA_URI = "https://json.schemastore.org/sarif-2.1.0.json"
MAX_RESULTS = 25_000
"""Most results in a run; GitHub refuses files with more (and shows the worst 5,000)."""
MAX_LOCATIONS = 10
"""Most locations of a result; GitHub supports ten and uses the first."""
MAX_RELATED_LOCATIONS = 40
"""Most further places of a result."""
MAX_NOTIFICATIONS = 1_000
"""Most notifications of one kind for a target; one more then says how many were left out."""

_MAX_MESSAGE_CHARACTERS = 4_000
_SEMANTIC_VERSION = re.compile(r"^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$")
_SHA256 = re.compile(r"^[0-9a-f]{64}$")
_NOTIFICATIONS = {
    "coverage": (
        "A rule that could not be answered for a part of the app",
        "Facts that the rule needs exist but could not be resolved there. Review the place by hand.",
    ),
    "not-evaluated": (
        "A rule that was not evaluated",
        "Facts that the rule needs were not looked for or may be hidden, so its silence proves nothing.",
    ),
    "left-out": ("Entries that were left out to keep the file within limits", "The JSON report has them all."),
    "gap/failure": (
        "A stage of the analyzer failed",
        "This is a mistake of the analyzer; please report it. The stage's facts are missing.",
    ),
    "gap/limit": ("A limit was reached", "What lies beyond the limit was not read. Limits can be raised by option."),
    "gap/missing-split": ("A split APK is missing", "Scan the base together with all of its splits."),
    "gap/not-analysed-yet": ("Something this version does not analyse", "Nothing is known about it."),
    "gap/packed": ("Packed or encrypted code", "Scan the build as it was before packing."),
    "gap/recovered": (
        "A damaged part that was read as a device would read it",
        "The strict reader gave up, the tolerant one did not. Nothing is missing.",
    ),
    "gap/timeout": ("The time allowed was used up", "What was not reached in time is unknown."),
    "gap/unreachable": (
        "The chain of a host was not seen or not compared",
        "Repeat the live check where the host can be reached, or supply a recorded chain.",
    ),
    "gap/unreadable": ("Something that could not be read", "Check that the file is complete."),
    "gap/unresolved-value": ("A value that could not be resolved", "It is computed at run time. Review it by hand."),
    "gap/unsupported-format": ("A format that is not supported", "Nothing is known about its content."),
    "gap/unsupported-runtime": (
        "A runtime that is not analysed",
        "Its network traffic may follow other rules than the app's policy.",
    ),
}
"""Notification ids with what they are and what they mean; their positions are those in the file."""
_NOTIFICATION_INDEX = {identifier: index for index, identifier in enumerate(_NOTIFICATIONS)}


def render_sarif(results: Sequence[ScanResult], *, root: str | None = None, category: str | None = None) -> bytes:
    """Write the results of one or more targets as a SARIF log.

    Args:
        results: One result per target.
        root: The absolute folder (forward slashes) that URIs are relative to, usually the current one. Of a
            target outside it, and of an absolute path without it, only the file name is written.
        category: Keeps the alerts of different uploads for one commit apart. By default it names the package,
            or says that the file holds several apps.
    """
    tools = list(dict.fromkeys(result.tool for result in results))
    prefix = (category or _category(results, root)).strip("/")
    runs = []
    for tool in tools:
        # Results of different tool versions meet only when old reports are joined.
        suffix = f"/{tool.version}-{tool.rules_digest[:8]}" if len(tools) > 1 else ""
        group = [result for result in results if result.tool == tool]
        runs.append(_run(tool, group, root, f"{prefix}{suffix}/"))
    return encode_json({"$schema": SCHEMA_URI, "version": "2.1.0", "runs": runs})


def _run(tool: ToolInfo, results: Sequence[ScanResult], root: str | None, automation_id: str) -> dict[str, Any]:
    places = [Place(result, root) for result in results]
    artifacts, artifact_of = _artifacts(results, places)
    rules = _rules(results)
    rule_index = {rule_id: index for index, rule_id in enumerate(rules)}
    candidates = [
        (finding, place, artifact)
        for result, place, artifact in zip(results, places, artifact_of, strict=True)
        for finding in result.findings
        if finding.confidence is not Confidence.COVERAGE
    ]
    kept, left_out = candidates, 0
    if len(candidates) > MAX_RESULTS:
        kept = sorted(candidates, key=lambda candidate: -candidate[0].severity.rank)[:MAX_RESULTS]
        left_out = len(candidates) - MAX_RESULTS
    driver: dict[str, Any] = {"name": visible(tool.name), "version": visible(tool.version)}
    if _SEMANTIC_VERSION.match(tool.version):
        driver["semanticVersion"] = tool.version
    weaknesses = sorted({number for rule in rules.values() for number in rule.cwe})
    positions = {number: index for index, number in enumerate(weaknesses)}
    driver["rules"] = [descriptor(rule, positions) for rule in rules.values()]
    driver["notifications"] = [_notification_descriptor(identifier) for identifier in _NOTIFICATIONS]
    driver["properties"] = {"rulesDigest": tool.rules_digest}
    run: dict[str, Any] = {"tool": {"driver": driver}}
    if weaknesses:
        driver["supportedTaxonomies"] = [{"name": "CWE", "index": 0}]
        run["taxonomies"] = [taxonomy(weaknesses)]
    run["automationDetails"] = {"id": automation_id}
    run["invocations"] = [
        _invocation(result, place, artifact, rule_index)
        for result, place, artifact in zip(results, places, artifact_of, strict=True)
    ]
    if left_out:
        run["invocations"][0]["toolExecutionNotifications"].append(
            _notification("left-out", "warning", f"{plural(left_out, 'less severe result')} left out.")
        )
    run["originalUriBaseIds"] = {SOURCE_ROOT: {"description": {"text": "The folder that the scan was started in."}}}
    run["artifacts"] = artifacts
    run["columnKind"] = "unicodeCodePoints"
    run["results"] = [_result(finding, place, artifact, rule_index) for finding, place, artifact in kept]
    return run


def _notification_descriptor(identifier: str) -> dict[str, Any]:
    # Code scanning asks the same of notifications as of rules: both descriptions and a help text.
    what, meaning = _NOTIFICATIONS[identifier]
    return {
        "id": identifier,
        "shortDescription": {"text": what},
        "fullDescription": {"text": meaning},
        "help": {"text": f"{what}. {meaning}"},
    }


def _category(results: Sequence[ScanResult], root: str | None) -> str:
    if len(results) != 1:
        return "pinscope/apps"
    result = results[0]
    name = result.app.package if result.app is not None else Place(result, root).shown_path.rpartition("/")[2]
    return "pinscope/" + re.sub(r"[^A-Za-z0-9._-]", "_", name)


def _artifacts(results: Iterable[ScanResult], places: Iterable[Place]) -> tuple[list[dict[str, Any]], list[int]]:
    """List the targets' files, each once, and the position of every target's file."""
    artifacts: list[dict[str, Any]] = []
    position: dict[tuple[str, str], int] = {}
    artifact_of = []
    for result, place in zip(results, places, strict=True):
        target = result.target
        index = position.setdefault((place.uri, target.sha256), len(artifacts))
        if index == len(artifacts):
            artifact: dict[str, Any] = {"location": place.artifact_location(index), "length": target.size_bytes}
            artifact["roles"] = ["analysisTarget"]
            if target.format in ("apk", "split-set"):
                artifact["mimeType"] = "application/vnd.android.package-archive"
            if target.format == "split-set":
                # Digest and size are those of several files together.
                artifact["properties"] = {"partsSha256": target.sha256}
            elif _SHA256.match(target.sha256):
                artifact["hashes"] = {"sha-256": target.sha256}
            artifacts.append(artifact)
        artifact_of.append(index)
    return artifacts, artifact_of


def _rules(results: Iterable[ScanResult]) -> dict[str, RuleText]:
    """Return the texts of all rules that findings refer to, by id."""
    rules = {
        finding.rule_id: result.rules.get(finding.rule_id) or _minimal_text(finding)
        for result in results
        for finding in result.findings
    }
    return dict(sorted(rules.items()))


def _minimal_text(finding: Finding) -> RuleText:
    """Return a stand-in for a rule whose text did not come with the result, so that the finding is not lost."""
    return RuleText(
        rule_id=finding.rule_id,
        name=finding.name,
        title=finding.title,
        since="",
        severity=finding.severity,
        confidence=finding.confidence,
        what=finding.title,
        why="The text of this rule did not come with the result.",
        fix=finding.fix or "See the message of the result.",
        snippet=None,
        snippet_language=None,
        limits="Unknown.",
        cwe=(),
        masvs=(),
        mastg=(),
        lint=(),
        references=(),
    )


def _result(finding: Finding, place: Place, artifact: int, rule_index: dict[str, int]) -> dict[str, Any]:
    written: dict[str, Any] = {
        "ruleId": finding.rule_id,
        "ruleIndex": rule_index[finding.rule_id],
        "level": LEVELS[finding.severity],
        "message": {"text": _message(finding, place)},
        "locations": [place.location(one, artifact) for one in finding.locations[:MAX_LOCATIONS]]
        or [place.whole_target(artifact)],
    }
    related = finding.locations[MAX_LOCATIONS : MAX_LOCATIONS + MAX_RELATED_LOCATIONS]
    if related:
        written["relatedLocations"] = [
            {"id": number, **place.location(one, artifact)} for number, one in enumerate(related, start=1)
        ]
    # Code scanning compares primaryLocationLineHash only, and expects it to end in a count.
    written["partialFingerprints"] = {
        "pinscope/v1": finding.fingerprint,
        "primaryLocationLineHash": f"{finding.fingerprint}:1",
    }
    # An empty list says that the result is not suppressed, a missing one that nobody knows.
    written["suppressions"] = []
    if finding.known:
        written["baselineState"] = "unchanged"
    if finding.waiver is not None:
        until = f" (until {finding.waiver.until})" if finding.waiver.until else ""
        written["suppressions"].append(
            {
                "kind": "external",
                "status": "accepted",
                "justification": place.text(finding.waiver.reason + until),
            }
        )
    written["properties"] = _properties(finding, place)
    return written


def _message(finding: Finding, place: Place) -> str:
    """Return the finding's sentence, the devices it concerns, and the first place, which SARIF viewers may hide."""
    parts = [shorten(place.text(finding.message), _MAX_MESSAGE_CHARACTERS), _levels(finding)]
    if finding.locations:
        others = len(finding.locations) - 1
        more = f" and {plural(others, 'other place')}" if others else ""
        parts.append(f"Found in {place.text(describe(finding.locations[0]))}{more}.")
    return " ".join(part for part in parts if part) or place.text(finding.title) or finding.rule_id


def _levels(finding: Finding) -> str:
    if finding.first_level is None and finding.last_level is None:
        return ""
    first = finding.first_level if finding.first_level is not None else 1
    last = finding.last_level if finding.last_level is not None else HIGHEST_KNOWN_LEVEL
    return f"Concerns devices with {name_levels(first, last)}."


def _properties(finding: Finding, place: Place) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "security-severity": SECURITY_SEVERITIES[finding.severity],
        "subject": place.text(finding.subject),
        "owner": place.text(finding.owner),
        "locationCount": len(finding.locations),
    }
    if finding.adjustments:
        properties["adjustments"] = [
            f"{one.reason}: {one.from_severity.value} to {one.to_severity.value}" for one in finding.adjustments
        ]
    if finding.fix:
        properties["fix"] = visible_lines(finding.fix)
    if finding.tags:
        properties["tags"] = list(dict.fromkeys(place.text(tag) for tag in finding.tags))
    return properties


def _invocation(result: ScanResult, place: Place, artifact: int, rule_index: dict[str, int]) -> dict[str, Any]:
    notifications = [
        *_at_most([_gap(gap, place) for gap in result.gaps], "gap"),
        *_at_most(
            [_coverage(one, place, rule_index) for one in result.findings if one.confidence is Confidence.COVERAGE],
            "finding on coverage",
        ),
        *_at_most([_unanswered(one, place, rule_index) for one in result.not_evaluated], "rule"),
    ]
    for notification in notifications:
        notification["locations"] = [place.whole_target(artifact)]
    properties: dict[str, Any] = {"asOf": result.as_of, "outcome": result.gate.outcome}
    if result.app is not None:
        properties["package"] = place.text(result.app.package)
        properties["versionName"] = place.text(result.app.version_name) if result.app.version_name else None
        properties["versionCode"] = result.app.version_code
    return {
        "executionSuccessful": _complete(result),
        "exitCode": result.gate.exit_code,
        "exitCodeDescription": place.text(result.gate.reason),
        "toolExecutionNotifications": notifications,
        "properties": properties,
    }


def _complete(result: ScanResult) -> bool:
    """Tell whether the analysis came to its end; blocking findings do not make it less so."""
    return (
        result.gate.outcome in ("pass", "blocked")
        and not any(gap.incomplete or gap.reason == "failure" for gap in result.gaps)
        and not any(rule.incomplete for rule in result.not_evaluated)
    )


def _at_most(notifications: list[dict[str, Any]], noun: str) -> list[dict[str, Any]]:
    more = len(notifications) - MAX_NOTIFICATIONS
    if more <= 0:
        return notifications
    left_out = _notification("left-out", "warning", f"{plural(more, f'further {noun}')} left out.")
    return [*notifications[:MAX_NOTIFICATIONS], left_out]


def _gap(gap: AnalysisGap, place: Place) -> dict[str, Any]:
    harmless = "warning" if gap.hides else "note"
    level = "error" if gap.incomplete or gap.reason == "failure" else harmless
    message = f"{shorten(place.text(gap.subject), 200)}: {place.text(gap.detail)}"
    notification = _notification(f"gap/{gap.reason}", level, shorten(message, _MAX_MESSAGE_CHARACTERS))
    notification["properties"] = {"stage": visible(gap.stage), "hides": list(gap.hides)}
    return notification


def _coverage(finding: Finding, place: Place, rule_index: dict[str, int]) -> dict[str, Any]:
    message = f"{finding.rule_id}: {_message(finding, place)}"
    notification = _notification("coverage", LEVELS[finding.severity], message)
    notification["associatedRule"] = _rule_reference(finding.rule_id, rule_index)
    notification["properties"] = {"subject": place.text(finding.subject), "fingerprint": finding.fingerprint}
    return notification


def _unanswered(rule: NotEvaluated, place: Place, rule_index: dict[str, int]) -> dict[str, Any]:
    message = f"{rule.rule_id} ({place.text(rule.title)}): {place.text(rule.reason)}"
    level = "error" if rule.incomplete else "note"
    notification = _notification("not-evaluated", level, shorten(message, _MAX_MESSAGE_CHARACTERS))
    notification["associatedRule"] = _rule_reference(rule.rule_id, rule_index)
    return notification


def _rule_reference(rule_id: str, rule_index: dict[str, int]) -> dict[str, Any]:
    reference: dict[str, Any] = {"id": rule_id}
    if rule_id in rule_index:
        reference["index"] = rule_index[rule_id]
    return reference


def _notification(identifier: str, level: str, message: str) -> dict[str, Any]:
    return {
        "descriptor": {"id": identifier, "index": _NOTIFICATION_INDEX[identifier]},
        "level": level,
        "message": {"text": message},
    }
