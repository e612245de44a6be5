"""Builds the facts that a rule file's sample describes, with the extractors where a sample gives a file."""

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from analyzer.apk.plain_xml import read_plain
from analyzer.extractors.catalogue import Catalogue, load_catalogue
from analyzer.extractors.network_policy import PinDescription, PolicyFacts, PolicyFile, build_policy
from analyzer.extractors.pin_values import describe_pin
from analyzer.live.compare import check, pin_sets
from analyzer.live.targets import covers
from analyzer.model import AnalysisGap, AppInfo, Facts, Location, NetworkPolicy, PinCheck, ResourceReference
from analyzer.options import Limits, ScanOptions
from analyzer.ruleset.compiled import rule_environment
from analyzer.ruleset.engine import Evaluation, evaluate
from analyzer.ruleset.loader import RuleSet
from analyzer.ruleset.schema import Rule, Sample

POLICY_NAME = "xml/network_security_config"
POLICY_ENTRY = "res/xml/network_security_config.xml"
_ENVIRONMENT = rule_environment()
_CATALOGUE: list[Catalogue] = []


class SampleFacts(msgspec.Struct, frozen=True):
    """What the engine is given for a sample."""

    facts: Facts
    gaps: tuple[AnalysisGap, ...]
    options: ScanOptions


def build_facts(sample: Sample) -> SampleFacts:
    """Build facts, gaps and options."""
    app = _app(sample)
    policy, gaps = _policy(sample, app)
    listed = {key: list(value) for key, value in sample.facts.items()}
    facts = msgspec.convert(
        {
            **listed,
            "app": msgspec.to_builtins(app),
            "policy": msgspec.to_builtins(policy.policy),
            "covered": sorted({"app", "policy", "pin", *sample.covered}),
        },
        Facts,
    )
    facts = replace(facts, pins=policy.pins + facts.pins, hosts=policy.hosts + facts.hosts)
    options = _options(sample)
    if facts.chains and not facts.pin_checks:
        facts = replace(facts, pin_checks=tuple(_checks(facts, options)))
    gaps += tuple(
        msgspec.convert({"subject": "sample", "detail": "From a sample.", **gap}, AnalysisGap) for gap in sample.gaps
    )
    return SampleFacts(facts, gaps, options)


def _checks(facts: Facts, options: ScanOptions) -> Iterator[PinCheck]:
    """Compare the pins with the chains that a sample gives, as a scan would."""
    for key, pins in pin_sets(facts.pins).items():
        for position, chain in enumerate(facts.chains):
            if covers(key, chain.host):
                yield check(pins, facts.chains, position, options.as_of)


def evaluate_sample(rule: Rule, sample: Sample) -> Evaluation:
    """Ask one rule about what a sample describes."""
    given = build_facts(sample)
    rules = RuleSet([(rule, Path(f"{rule.id}.yaml"))], "", _ENVIRONMENT)
    return evaluate(rules, given.facts, given.gaps, given.options)


def _app(sample: Sample) -> AppInfo:
    given: dict[str, Any] = {
        "package": "org.example.app",
        "version_name": "1.0",
        "version_code": 1,
        "min_sdk": 24,
        "target_sdk": 36,
    }
    if sample.policy is not None or sample.policy_state is not None:
        given["network_security_config"] = {
            "text": "@xml/network_security_config",
            "resource_id": None,
            "name": POLICY_NAME,
        }
    return msgspec.convert({**given, **sample.app}, AppInfo)


def _policy(sample: Sample, app: AppInfo) -> tuple[PolicyFacts, tuple[AnalysisGap, ...]]:
    orphans = tuple(_orphan(entry, text) for entry, text in sample.orphans.items())
    if sample.policy_state is not None:
        policy = NetworkPolicy(state=sample.policy_state, reference=app.network_security_config, orphans=orphans)
        gap = AnalysisGap(
            stage="policy",
            reason="missing-split" if app.required_splits_missing else "unreadable",
            subject=POLICY_NAME,
            detail="The network security configuration could not be read.",
            hides=("policy", "pin"),
            incomplete=True,
        )
        return PolicyFacts(policy=policy, pins=(), hosts=()), (gap,)
    files = [] if sample.policy is None else [_file(POLICY_ENTRY, sample.policy)]
    for qualifiers, text in sample.variants.items():
        entry = f"res/xml-{qualifiers}/network_security_config.xml"
        files.append(replace(_file(entry, text), qualifiers=qualifiers, version=_version(qualifiers)))
    debug_entry = "res/xml/network_security_config_debug.xml"
    debug_files = [] if sample.debug_policy is None else [_file(debug_entry, sample.debug_policy)]
    reference = app.network_security_config or ResourceReference(text="@xml/missing", resource_id=None)
    built = build_policy(
        app,
        files,
        debug_files=debug_files,
        reference=reference if files else None,
        orphans=orphans,
        describe_pin=_describe,
    )
    return built, ()


def _file(entry: str, text: str) -> PolicyFile:
    return PolicyFile(entry=entry, root=read_plain(text.encode(), entry, Limits()))


def _orphan(entry: str, text: str) -> Location:
    root = read_plain(text.encode(), entry, Limits())
    return Location(kind="xml", entry=entry, xml_path=root.name, line=root.line)


def _version(qualifiers: str) -> int:
    found = re.search(r"(?:^|-)v(\d+)$", qualifiers)
    return int(found[1]) if found else 0


def _describe(text: str, digest: bytes | None, host: str) -> PinDescription:
    if not _CATALOGUE:
        _CATALOGUE.append(load_catalogue())
    value = describe_pin(text, mechanism="nsc", digest=digest, catalogue=_CATALOGUE[0], host=host)
    return PinDescription(problem=value.problem, detail=value.problem_detail, identity=value.identity)


def _options(sample: Sample) -> ScanOptions:
    options: Mapping[str, Any] = {**sample.options, "as_of": _instant(sample.as_of)}
    return msgspec.convert(options, ScanOptions)


def _instant(text: str) -> dt.datetime:
    """Read a date (its noon) or an RFC 3339 instant, as the command line does."""
    if len(text) == len("2026-01-15"):
        return dt.datetime.combine(dt.date.fromisoformat(text), dt.time(12), tzinfo=dt.UTC)
    return dt.datetime.fromisoformat(text).astimezone(dt.UTC)
