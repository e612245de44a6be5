"""One target: open, extract facts, evaluate rules, decide. Every stage that fails leaves a gap."""

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec
from msgspec.structs import replace

from analyzer._version import __version__
from analyzer.apk.errors import LimitError
from analyzer.errors import BrokenInstallError, RuleError, TargetError, UsageError
from analyzer.extraction_cache import Extraction, ExtractionCache
from analyzer.extractors.catalogue import Catalogue, load_catalogue
from analyzer.gate.baseline import mark_known
from analyzer.gate.decide import decide
from analyzer.model import (
    AnalysisGap,
    FactKind,
    Facts,
    NetworkPolicy,
    ScanResult,
    Severity,
    StageRecord,
    Summary,
    Target,
    ToolInfo,
)
from analyzer.model.result import SCHEMA_VERSION
from analyzer.options import LiveOptions, ScanOptions
from analyzer.policy_stage import PolicyRules, judge_policy, policy_rules
from analyzer.ruleset.engine import Evaluation, evaluate
from analyzer.ruleset.loader import RuleSet, load_rules
from analyzer.ruleset.store import store_verdict

if TYPE_CHECKING:
    from analyzer.apk.app import OpenedApp
    from analyzer.live.settings import LiveSettings
    from analyzer.live.stage import Watcher

_T = TypeVar("_T")
_ALL_FACTS: tuple[FactKind, ...] = (
    "app", "policy", "pin", "callback", "certificate", "sdk", "host", "chain", "code",
)  # fmt: skip
_CODE_FACTS: tuple[FactKind, ...] = ("pin", "callback", "sdk", "host", "code")


class Engine(msgspec.Struct, frozen=True, kw_only=True):
    """What every scan of a run shares: rules and catalogues, loaded once."""

    rules: RuleSet
    catalogue: Catalogue
    live: "LiveSettings | None" = None
    """What `ScanOptions.live` says, understood; None when no chain is looked at."""
    policy_rules: PolicyRules | None = None
    """What the team's policy adds; None without one."""
    watcher: "Watcher | None" = None
    """Is told of hosts before they are contacted."""
    cache: ExtractionCache | None = None
    """Keeps what was read from apps; None when everything is read every time."""


def load_engine(options: ScanOptions) -> Engine:
    """Load rules and catalogues.

    Raises:
        RuleError: A rule file of the user's is wrong.
        BrokenInstallError: A built-in rule or catalogue file is wrong.
        UsageError: A rule that is named does not exist, a condition of the policy is wrong, or a setting of the live
            check is.
    """
    rules = _rules(options)
    own = policy_rules(rules, options.policy) if options.policy is not None else None
    conditions = own.conditions.by_id if own is not None else {}
    unknown = [rule for rule in options.require if rule not in rules.by_id and rule not in conditions]
    if unknown:
        raise UsageError(f"unknown rule {unknown[0]}; `pinscope rules` lists them all")
    try:
        catalogue = load_catalogue()
    except RuleError as error:
        raise BrokenInstallError(f"a built-in catalogue is wrong, please report this: {error}") from error
    return Engine(rules=rules, catalogue=catalogue, live=_live_settings(options), policy_rules=own)


def _live_settings(options: ScanOptions) -> "LiveSettings | None":
    if options.live == LiveOptions():
        return None
    if not options.live.looks:
        raise UsageError("the options of the live check go with --live, --live-dry-run or --chains")
    # A scan without chains must not pay for sockets, nor be able to open one.
    from analyzer.live.settings import read_settings

    return read_settings(options.live)


def _rules(options: ScanOptions) -> RuleSet:
    try:
        return load_rules(options.rule_folders)
    except RuleError as error:
        try:
            load_rules()
        except RuleError:
            raise BrokenInstallError(f"a built-in rule is wrong, please report this: {error}") from error
        raise


class _Stages:
    """Runs stages, and turns what goes wrong in one into a gap."""

    def __init__(self, *, timed: bool) -> None:
        self.records: list[StageRecord] = []
        self.gaps: list[AnalysisGap] = []
        self._timed = timed

    def run(self, name: str, hides: tuple[FactKind, ...], action: Callable[[], _T]) -> _T | None:
        """Run a stage; None when it failed, with the reason among the gaps."""
        started = time.perf_counter()
        outcome: _T | None = None
        gap = None
        try:
            outcome = action()
        except TargetError as error:
            gap = AnalysisGap(
                stage=name,
                reason="limit" if _crossed_a_limit(error) else "unreadable",
                subject=name,
                detail=str(error),
                hides=hides,
                incomplete=True,
            )
        except RecursionError:
            gap = _failure(name, "nesting beyond what the analyzer follows", hides)
        except MemoryError:
            gap = _failure(name, "more memory needed than there is", hides)
        except Exception as error:  # noqa: BLE001 # the stage boundary: a bug in one stage must not hide the others
            gap = _failure(name, f"{type(error).__name__}: {error}", hides)
        if gap is not None:
            self.gaps.append(gap)
        seconds = round(time.perf_counter() - started, 4) if self._timed else None
        self.records.append(StageRecord(name=name, status="done" if gap is None else "failed", seconds=seconds))
        return outcome


def _with_gaps(record: StageRecord, gaps: tuple[AnalysisGap, ...]) -> StageRecord:
    """Call a stage partial when it ended well but left something out."""
    if record.status == "done" and any(gap.stage == record.name and gap.hides for gap in gaps):
        return replace(record, status="partial")
    return record


def _crossed_a_limit(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, LimitError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _failure(stage: str, what: str, hides: tuple[FactKind, ...]) -> AnalysisGap:
    return AnalysisGap(
        stage=stage,
        reason="failure",
        subject=stage,
        detail=f"The stage ended unexpectedly ({what}); please report this with the package.",
        hides=hides,
        incomplete=True,
    )


def scan(path: Path, options: ScanOptions, engine: Engine | None = None) -> ScanResult:
    """Analyse one target: an APK, a split set, or a folder of split APKs.

    A target that cannot be read gives a result too, with `ScanResult.app` None and the reason among the gaps.

    Raises:
        UsageError: The path does not exist, or a rule file or required rule is wrong.
    """
    engine = engine or load_engine(options)
    stages = _Stages(timed=not options.reproducible)
    read = _read(path, options, engine, stages)
    evaluation: Evaluation | None = None
    if read is not None:
        facts, gaps = read.facts, _ordered(stages.gaps)
        evaluation = stages.run("rules", (), lambda: evaluate(engine.rules, facts, gaps, options))
        if evaluation is not None and options.policy is not None and engine.policy_rules is not None:
            said, policy, own = evaluation, options.policy, engine.policy_rules
            judged = stages.run("team-policy", (), lambda: judge_policy(said, policy, own, facts, gaps, options))
            if judged is not None:
                evaluation = judged[0]
                read = replace(read, facts=replace(facts, policy_checks=judged[1]))
    return _result(path, options, engine, stages, read=read, evaluation=evaluation)


class _Read(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a target that could be opened."""

    target: Target
    facts: Facts


def _read(path: Path, options: ScanOptions, engine: Engine, stages: _Stages) -> _Read | None:
    """Read an app, or take what was kept of it; None when it cannot be opened."""
    # What a server presents is not in the package, so nothing of it can be found there again.
    cache = engine.cache if engine.live is None else None
    key = cache.key(path) if cache is not None else None
    kept = cache.load(key) if cache is not None and key is not None else None
    if kept is not None:
        stages.gaps.extend(kept.gaps)
        stages.records.extend(replace(record, seconds=None) for record in kept.stages)
        return _Read(target=replace(kept.target, path=path.as_posix()), facts=kept.facts)
    app = stages.run("container", _ALL_FACTS, lambda: _open(path, options))
    if app is None:
        return None
    facts = _extract(app, options, engine, stages)
    stages.gaps.extend(gap for gap in app.gaps if gap not in stages.gaps)
    if cache is not None and key is not None:
        gaps, records = tuple(stages.gaps), tuple(stages.records)
        cache.save(key, Extraction(target=app.target, facts=facts, gaps=gaps, stages=records))
    return _Read(target=app.target, facts=facts)


def failed_result(path: Path, options: ScanOptions, engine: Engine, error: Exception) -> ScanResult:
    """Return the result of a target whose scan ended in an error that no stage caught: a bug of ours."""
    stages = _Stages(timed=False)
    stages.gaps.append(_failure("scan", f"{type(error).__name__}: {error}", _ALL_FACTS))
    return _result(path, options, engine, stages, read=None, evaluation=None)


def _result(
    path: Path,
    options: ScanOptions,
    engine: Engine,
    stages: _Stages,
    *,
    read: _Read | None,
    evaluation: Evaluation | None,
) -> ScanResult:
    facts = read.facts if read is not None else None
    target = read.target if read is not None else _unread_target(path, options)
    if options.reproducible:
        target = replace(target, path=path.name)
    gaps = _ordered(stages.gaps)
    findings = evaluation.findings if evaluation else ()
    not_evaluated = evaluation.not_evaluated if evaluation else ()
    baseline_use = None
    if options.baseline is not None and facts is not None:
        findings, baseline_use = mark_known(findings, not_evaluated, options.baseline, facts.app.package)
    strengths = evaluation.strengths if evaluation else ()
    return ScanResult(
        schema_version=SCHEMA_VERSION,
        tool=ToolInfo(name="pinscope", version=__version__, rules_digest=engine.rules.digest),
        target=target,
        as_of=options.as_of.strftime("%Y-%m-%dT%H:%M:%SZ"),
        app=facts.app if facts is not None else None,
        facts=facts,
        findings=findings,
        strengths=strengths,
        not_evaluated=not_evaluated,
        gaps=gaps,
        store=store_verdict(facts, gaps),
        summary=Summary(
            by_severity={level.value: sum(f.severity is level for f in findings) for level in Severity},
            findings=len(findings),
            strengths=len(strengths),
            gaps=len(gaps),
            not_evaluated=len(not_evaluated),
        ),
        gate=decide(findings, gaps, not_evaluated, options, opened=facts is not None, baseline=baseline_use),
        stages=tuple(_with_gaps(record, gaps) for record in stages.records),
        rules=evaluation.rules if evaluation else {},
    )


# The layers below are imported where they are used: judging what was kept needs none of them.


def _open(path: Path, options: ScanOptions) -> "OpenedApp":
    from analyzer.apk.app import open_app

    return open_app(path, options.limits)


def _extract(app: "OpenedApp", options: ScanOptions, engine: Engine, stages: _Stages) -> Facts:
    from analyzer.extractors.anchor_files import bundled_anchors
    from analyzer.extractors.certificates import extract_certificates
    from analyzer.extractors.code.stage import CodeExtraction, analyse_code
    from analyzer.extractors.code_inventory import unread_parts
    from analyzer.extractors.network_policy import PinDescription
    from analyzer.extractors.pin_values import describe_pin
    from analyzer.extractors.policy_files import extract_policy

    covered = {"app"}

    def describe(text: str, digest: bytes | None, host: str) -> PinDescription:
        value = describe_pin(text, mechanism="nsc", digest=digest, catalogue=engine.catalogue, host=host)
        return PinDescription(problem=value.problem, detail=value.problem_detail, identity=value.identity)

    policy = stages.run("policy", ("policy", "pin"), lambda: extract_policy(app, options.limits, describe))
    if policy is not None:
        covered |= {"policy", "pin"}
        stages.gaps.extend(policy.gaps)
    network_policy = policy.facts.policy if policy is not None else NetworkPolicy(state="unreadable")
    policy_pins = policy.facts.pins if policy is not None else ()
    code = stages.run(
        "code",
        _CODE_FACTS,
        lambda: analyse_code(app, engine.catalogue, options.limits, network_policy, stages.run, policy_pins),
    )
    if code is not None:
        covered |= set(code.covered)
        stages.gaps.extend(code.gaps)
    code = code or CodeExtraction()
    pins = (*policy_pins, *code.pins)
    found = stages.run(
        "certificates",
        ("certificate",),
        lambda: extract_certificates(app, engine.catalogue, network_policy, code.certificates, pins),
    )
    if found is not None:
        covered |= {"certificate"} if code.certificates is not None else set()
        stages.gaps.extend(found.gaps)
    stages.gaps.extend(unread_parts(app, app.info.native_libraries))
    anchors = stages.run("anchors", (), lambda: bundled_anchors(app, network_policy, code.anchors))
    facts = Facts(
        app=app.info,
        policy=network_policy,
        pins=found.pins if found is not None else pins,
        callbacks=code.callbacks,
        certificates=found.certificates if found is not None else (),
        anchors=anchors or (),
        sdks=code.sdks,
        hosts=(*(policy.facts.hosts if policy is not None else ()), *code.hosts),
        api_uses=code.api_uses,
        clients=code.clients,
        payloads=code.payloads,
        covered=tuple(sorted(covered)),
    )
    return _look(facts, options, engine, stages)


def _look(facts: Facts, options: ScanOptions, engine: Engine, stages: _Stages) -> Facts:
    """Add what is seen of the chains of the app's hosts, when the user asks for it."""
    settings = engine.live
    if settings is None:
        return facts
    from analyzer.extractors.pin_values import identify_key
    from analyzer.live.stage import look

    seen = stages.run(
        "live",
        ("chain",),
        lambda: look(
            facts,
            settings,
            options,
            identify=lambda digest: identify_key(digest, engine.catalogue),
            watcher=engine.watcher,
        ),
    )
    if seen is None:
        return facts
    stages.gaps.extend(seen.gaps)
    return replace(facts, chains=seen.chains, pin_checks=seen.checks, covered=tuple(sorted({*facts.covered, "chain"})))


def _unread_target(path: Path, options: ScanOptions) -> Target:
    """Describe a target that could not be opened, as far as the file system tells."""
    digest = hashlib.sha256()
    size = 0
    try:
        if path.is_file():
            size = path.stat().st_size
            if size <= options.limits.target_bytes:
                with path.open("rb") as stream:
                    while chunk := stream.read(1 << 20):
                        digest.update(chunk)
    except OSError:
        size = 0
    return Target(path=path.as_posix(), sha256=digest.hexdigest(), size_bytes=size, format="unknown")


def _ordered(gaps: list[AnalysisGap]) -> tuple[AnalysisGap, ...]:
    """Put what makes the scan incomplete first, otherwise keep the order of the stages."""
    return tuple(sorted(gaps, key=lambda gap: not gap.incomplete))


__all__ = ["Engine", "failed_result", "load_engine", "scan"]
