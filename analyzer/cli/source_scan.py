"""Judges a network security configuration of a source tree with the rules, without an app around it."""

import hashlib
from pathlib import Path

from msgspec.structs import replace

from analyzer._version import __version__
from analyzer.apk.errors import LimitError
from analyzer.apk.xml import read_xml
from analyzer.cli.policy_source import Manifest
from analyzer.errors import TargetError
from analyzer.extractors.network_policy import PinDescription, PolicyFile, build_policy
from analyzer.extractors.pin_values import describe_pin
from analyzer.gate.decide import decide
from analyzer.model import (
    AnalysisGap,
    AppInfo,
    Facts,
    Finding,
    ResourceReference,
    ScanResult,
    Severity,
    StageRecord,
    Summary,
    Target,
    ToolInfo,
)
from analyzer.model.policy import FIRST_POLICY_LEVEL, HIGHEST_KNOWN_LEVEL
from analyzer.model.result import SCHEMA_VERSION
from analyzer.options import ScanOptions
from analyzer.pipeline import Engine
from analyzer.policy_stage import judge_policy
from analyzer.ruleset.engine import Evaluation, evaluate
from analyzer.ruleset.kinds import KINDS
from analyzer.ruleset.loader import RuleSet

_FAMILIES = ("NSC-", "PIN-")
_SEEN = frozenset({"policy", "pin"})
"""What a configuration file states; rules that read anything else are not asked."""


def lint_rules(rules: RuleSet) -> RuleSet:
    """Return the rules that a configuration file alone can answer."""
    chosen = [
        (rule, rules.paths[rule.id])
        for rule in rules.rules
        if rule.id.startswith(_FAMILIES) and {KINDS[rule.for_each].reads, *rule.needs, *rule.looks_in} <= _SEEN
    ]
    return RuleSet(chosen, rules.digest, rules.environment)


def lint_policy(path: Path, shown: str, manifest: Manifest, options: ScanOptions, engine: Engine) -> ScanResult:
    """Return what the rules say about a configuration file.

    Args:
        path: The file, plain XML or compiled.
        shown: How reports name it.
        manifest: What the app's manifest would say.
        options: Thresholds, and the team's policy: its severities and waivers count, and of its expectations those
            that the file breaks.
        engine: Rules and catalogues.
    """
    data = path.read_bytes() if path.stat().st_size <= options.limits.xml_bytes else None
    target = Target(
        path=shown,
        sha256=hashlib.sha256(data or b"").hexdigest(),
        size_bytes=path.stat().st_size,
        format="source",
    )
    app = AppInfo(
        package=path.name,
        version_name=None,
        version_code=None,
        min_sdk=manifest.min_sdk if manifest.min_sdk is not None else FIRST_POLICY_LEVEL,
        target_sdk=manifest.target_sdk if manifest.target_sdk is not None else HIGHEST_KNOWN_LEVEL,
        debuggable=manifest.debuggable,
        uses_cleartext_traffic=manifest.uses_cleartext,
        network_security_config=ResourceReference(text=path.name, resource_id=None),
    )
    gaps: tuple[AnalysisGap, ...] = ()
    facts: Facts | None = None
    evaluation: Evaluation | None = None
    try:
        if data is None:
            raise TargetError(f"{path.name}: larger than {options.limits.xml_bytes} bytes (limit xml_bytes)")
        facts, gaps = _facts(data, path.name, app, options, engine)
    except TargetError as error:
        reason = "limit" if isinstance(error, LimitError) or data is None else "unreadable"
        gaps = (_gap(path.name, str(error), limit=reason == "limit"),)
    if facts is not None:
        evaluation = evaluate(lint_rules(engine.rules), facts, gaps, options)
        if options.policy is not None and engine.policy_rules is not None:
            rules = replace(engine.policy_rules, conditions=lint_rules(engine.policy_rules.conditions))
            evaluation, _ = judge_policy(evaluation, options.policy, rules, facts, gaps, options)
    findings = tuple(one for one in evaluation.findings if _belongs(one)) if evaluation is not None else ()
    # What needs the whole app was not asked; a rule that failed on a fact still counts.
    unanswered = tuple(
        rule
        for rule in (evaluation.not_evaluated if evaluation is not None else ())
        if rule.incomplete and not rule.rule_id.startswith("POLICY-")
    )
    strengths = evaluation.strengths if evaluation is not None else ()
    status = "failed" if facts is None else "done"
    return ScanResult(
        schema_version=SCHEMA_VERSION,
        tool=ToolInfo(name="pinscope", version=__version__, rules_digest=engine.rules.digest),
        target=target,
        as_of=options.as_of.strftime("%Y-%m-%dT%H:%M:%SZ"),
        app=app if facts is not None else None,
        facts=facts,
        findings=findings,
        strengths=strengths,
        not_evaluated=unanswered,
        gaps=gaps,
        summary=Summary(
            by_severity={level.value: sum(one.severity is level for one in findings) for level in Severity},
            findings=len(findings),
            strengths=len(strengths),
            gaps=len(gaps),
            not_evaluated=len(unanswered),
        ),
        # What the options require of a scan, a file alone cannot answer.
        gate=decide(findings, gaps, unanswered, replace(options, require=()), opened=facts is not None),
        stages=(StageRecord(name="policy", status="failed" if status == "failed" else "done"),),
        rules=evaluation.rules if evaluation is not None else {},
    )


def _facts(
    data: bytes, name: str, app: AppInfo, options: ScanOptions, engine: Engine
) -> tuple[Facts, tuple[AnalysisGap, ...]]:
    def describe(text: str, digest: bytes | None, host: str) -> PinDescription:
        value = describe_pin(text, mechanism="nsc", digest=digest, catalogue=engine.catalogue, host=host)
        return PinDescription(problem=value.problem, detail=value.problem_detail, identity=value.identity)

    document = read_xml(data, name, options.limits)
    built = build_policy(
        app,
        [PolicyFile(entry=name, root=document.root)],
        reference=app.network_security_config,
        describe_pin=describe,
        most_pins=options.limits.policy_pins,
    )
    left_out = built.pins_left_out
    gaps = (_gap(name, f"{left_out} pins were left out (limit policy_pins).", limit=True),) if left_out else ()
    facts = Facts(app=app, policy=built.policy, pins=built.pins, hosts=built.hosts, covered=("app", "pin", "policy"))
    return facts, gaps


def _gap(name: str, detail: str, *, limit: bool) -> AnalysisGap:
    return AnalysisGap(
        stage="policy",
        reason="limit" if limit else "unreadable",
        subject=name,
        detail=detail,
        hides=("policy", "pin"),
        incomplete=True,
    )


def _belongs(finding: Finding) -> bool:
    # Waivers may be meant for what only the whole app shows.
    return finding.rule_id != "POLICY-WAIVER-UNUSED"
