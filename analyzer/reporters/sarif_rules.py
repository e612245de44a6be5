"""The rules of a SARIF run: descriptors with their help, tags and weight, and the weaknesses they map to."""

import re
from collections.abc import Iterable
from typing import Any

from analyzer.model import Confidence, RuleText, Severity
from analyzer.reporters.text import visible, visible_lines

MAX_TAGS = 20
"""Most tags on a rule; GitHub refuses files with more (and shows ten)."""
MAX_NAME_CHARACTERS = 255
"""GitHub's limit on a rule's name."""
MAX_DESCRIPTION_CHARACTERS = 1024
"""GitHub's limit on a rule's short and full description."""

LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
SECURITY_SEVERITIES = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
    Severity.INFO: "0.0",
}
"""In the middle of the bands GitHub shows under the same names; 0.0 means no weight of its own."""
PRECISIONS = {
    Confidence.CERTAIN: "very-high",
    Confidence.FIRM: "high",
    Confidence.TENTATIVE: "medium",
    Confidence.COVERAGE: "low",
}
CWE = "CWE"

_HTTPS_URL = re.compile(r"^https://[!-~]+$")


def descriptor(rule: RuleText, weaknesses: dict[int, int]) -> dict[str, Any]:
    """Return the descriptor of a rule.

    Args:
        rule: The rule's own words.
        weaknesses: The position of every CWE number among the taxa, see `taxonomy`.
    """
    severity = rule.severity or Severity.INFO
    written: dict[str, Any] = {
        "id": rule.rule_id,
        "name": _clip(visible(rule.name), MAX_NAME_CHARACTERS),
        "shortDescription": {"text": _clip(visible(rule.title), MAX_DESCRIPTION_CHARACTERS)},
        "fullDescription": {"text": _clip(visible(rule.what), MAX_DESCRIPTION_CHARACTERS)},
        "help": {"text": _help_text(rule), "markdown": _help_markdown(rule)},
        "defaultConfiguration": {"level": LEVELS[severity]},
        "properties": {
            "tags": _tags(rule),
            "precision": PRECISIONS[rule.confidence],
            "security-severity": SECURITY_SEVERITIES[severity],
        },
    }
    links = [reference.url for reference in rule.references if _HTTPS_URL.match(reference.url)]
    if links:
        written["helpUri"] = links[0]
    if rule.cwe:
        written["relationships"] = [
            {
                "target": {"id": str(number), "index": weaknesses[number], "toolComponent": {"name": CWE, "index": 0}},
                "kinds": ["superset"],
            }
            for number in dict.fromkeys(rule.cwe)
        ]
    return written


def taxonomy(numbers: Iterable[int]) -> dict[str, Any]:
    """Return the part of the Common Weakness Enumeration that the rules refer to, in the order given."""
    return {
        "name": CWE,
        "organization": "MITRE",
        "informationUri": "https://cwe.mitre.org/",
        "shortDescription": {"text": "Common Weakness Enumeration"},
        "isComprehensive": False,
        "taxa": [
            {"id": str(number), "helpUri": f"https://cwe.mitre.org/data/definitions/{number}.html"}
            for number in numbers
        ],
    }


def _tags(rule: RuleText) -> list[str]:
    tags = ["security", *(f"external/cwe/cwe-{number:03d}" for number in rule.cwe), *rule.mastg, *rule.masvs]
    return list(dict.fromkeys(visible(tag) for tag in tags))[:MAX_TAGS]


def _sections(rule: RuleText) -> list[tuple[str, str]]:
    return [("Why it matters", rule.why), ("How to fix it", rule.fix), ("Limits", rule.limits)]


def _help_text(rule: RuleText) -> str:
    parts = [visible_lines(rule.what).strip()]
    for heading, text in _sections(rule):
        parts.append(f"{heading}\n{visible_lines(text).strip()}")
        if text is rule.fix and rule.snippet:
            parts.append(visible_lines(rule.snippet).rstrip())
    if rule.references:
        parts.append(
            "References\n" + "\n".join(f"{visible(link.title)}: {visible(link.url)}" for link in rule.references)
        )
    return "\n\n".join(parts)


def _help_markdown(rule: RuleText) -> str:
    parts = [visible_lines(rule.what).strip()]
    for heading, text in _sections(rule):
        parts.append(f"## {heading}\n\n{visible_lines(text).strip()}")
        if text is rule.fix and rule.snippet:
            parts.append(_fenced(visible_lines(rule.snippet).rstrip(), rule.snippet_language or ""))
    links = [link for link in rule.references if _HTTPS_URL.match(link.url)]
    if links:
        parts.append("## References\n\n" + "\n".join(f"- {visible(link.title)}: <{link.url}>" for link in links))
    return "\n\n".join(parts)


def _fenced(code: str, language: str) -> str:
    """Return a fenced block whose fence is longer than any run of backticks inside (CommonMark 0.31 §4.5)."""
    longest = max((len(run) for run in re.findall("`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{code}\n{fence}"


def _clip(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
