"""The outcome of scanning one target: the report contract, schema version 1."""

from typing import Literal

from analyzer.model.app import AppInfo
from analyzer.model.base import Record
from analyzer.model.baseline import BaselineUse
from analyzer.model.facts import Facts
from analyzer.model.findings import Finding, NotEvaluated, RuleText, Strength
from analyzer.model.gaps import AnalysisGap
from analyzer.model.store import StoreVerdict

SCHEMA_VERSION = 1

TargetFormat = Literal["apk", "split-set", "apks", "xapk", "apkm", "aab", "source", "unknown"]
"""``source``: a file of a source tree, as `pinscope lint` reads it."""


class ToolInfo(Record, frozen=True, kw_only=True):
    """Which tool and rules made the result."""

    name: str
    version: str
    rules_digest: str
    """SHA-256 over the loaded rules and catalogues, hexadecimal."""


class Target(Record, frozen=True, kw_only=True):
    """What was scanned."""

    path: str
    """As given, with forward slashes; only the last component with ``--reproducible``."""
    sha256: str
    """Of the file, hexadecimal; of the sorted digests of its parts for a folder of splits."""
    size_bytes: int
    format: TargetFormat


class Summary(Record, frozen=True, kw_only=True):
    """Counts for dashboards; never an input of the gate."""

    by_severity: dict[str, int]
    findings: int
    strengths: int
    gaps: int
    not_evaluated: int


class GateDecision(Record, frozen=True, kw_only=True):
    """Whether the build may go on."""

    exit_code: int
    outcome: Literal["pass", "blocked", "incomplete", "failed"]
    reason: str
    """One sentence."""
    blocking: tuple[str, ...]
    """Fingerprints of the findings that block."""
    fail_on: str
    min_confidence: str
    policy: str | None = None
    """The team's policy file that was obeyed; None without one."""
    baseline: BaselineUse | None = None
    """What the baseline did; None when there was none."""


class StageRecord(Record, frozen=True, kw_only=True):
    """How a stage of the pipeline went."""

    name: str
    status: Literal["done", "partial", "failed", "skipped"]
    seconds: float | None = None
    """Wall time; left out in reproducible output."""


class ScanResult(Record, frozen=True, kw_only=True):
    """Everything a report can say about one target."""

    schema_version: int
    tool: ToolInfo
    target: Target
    as_of: str
    """RFC 3339 instant in UTC against which dates were judged."""
    app: AppInfo | None
    """None when the target could not be opened or its manifest could not be read."""
    facts: Facts | None
    findings: tuple[Finding, ...]
    """Worst first, then by rule and subject."""
    strengths: tuple[Strength, ...]
    not_evaluated: tuple[NotEvaluated, ...]
    gaps: tuple[AnalysisGap, ...]
    store: StoreVerdict = StoreVerdict(state="unknown", unknown="The classes of the app were not judged.")
    """What Google Play would say of classes that take part in TLS decisions, used or not; apart from the findings."""
    summary: Summary
    gate: GateDecision
    stages: tuple[StageRecord, ...]
    rules: dict[str, RuleText]
    """Texts of the rules that findings and strengths refer to, by id."""
