"""One rule and one fact: whether the rule speaks, and in which words."""

import msgspec

from analyzer.conditions.environment import Bindings
from analyzer.model import Adjustment, AppInfo, CallbackFact, Confidence, Location, Origin, Record, Severity
from analyzer.ruleset.adjustments import Judgement, adjust, owner_of
from analyzer.ruleset.compiled import CompiledCase, CompiledRule
from analyzer.ruleset.fingerprint import code_anchor
from analyzer.ruleset.schema import RuleHead
from analyzer.ruleset.views import PolicyScopeView

_SDK_PREFIX = "sdk:"


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule says about one fact, before equal statements are joined."""

    severity: Severity | None
    """None for a strength."""
    confidence: Confidence
    case: int
    """Number of the case that applied, 0 for none."""
    subject: str
    anchor: str
    by_code: bool
    """Whether the anchor is that of a class, of which an app may have several that are all the same."""
    message: str
    fix: str | None
    owner: str
    tags: tuple[str, ...]
    adjustments: tuple[Adjustment, ...]
    qualifiers: str
    """The resource configuration that it is about, for a policy with several."""
    first_level: int | None
    last_level: int | None
    locations: tuple[Location, ...]


def judge(compiled: CompiledRule, fact: Record, bindings: Bindings) -> Draft | None:
    """Return what a rule says about a fact, None when it says nothing.

    Raises:
        ConditionError: A condition or text could not be evaluated.
    """
    if not compiled.when.holds(bindings):
        return None
    number, applied = _applied_case(compiled, bindings)
    if applied is not None and applied.case.suppress:
        return None
    rule = compiled.rule
    case = applied.case if applied is not None else None
    owner = owner_of(fact)
    confidence = (case.confidence if case is not None else None) or rule.confidence
    tags = rule.tags + (case.tags if case is not None else ())
    if owner.startswith(_SDK_PREFIX):
        tags = (*tags, owner)
    severity = (case.severity if case is not None else None) or rule.severity
    # The rank of a strength does not matter, but an unwired one is no more certain than an unwired problem.
    judgement = adjust(Judgement(severity or Severity.INFO, confidence, tags), fact, rule.adjust)
    message = compiled.message if applied is None or applied.message is None else applied.message
    subject = compiled.subject.render(bindings)
    return Draft(
        severity=judgement.severity if severity is not None else None,
        confidence=judgement.confidence,
        case=number,
        subject=subject,
        anchor=_anchor(compiled, fact, bindings),
        by_code=compiled.anchor is None and isinstance(fact, CallbackFact),
        message=message.render(bindings),
        fix=compiled.fix.render(bindings, whole=True) if compiled.fix is not None else None,
        owner=owner,
        tags=tuple(dict.fromkeys(judgement.tags)),
        adjustments=judgement.adjustments if severity is not None else (),
        qualifiers=getattr(fact, "qualifiers", ""),
        first_level=getattr(fact, "first_level", None),
        last_level=getattr(fact, "last_level", None),
        locations=_locations(rule, fact),
    )


def _locations(rule: RuleHead, fact: Record) -> tuple[Location, ...]:
    if isinstance(fact, AppInfo):
        stated = getattr(fact, rule.location) if rule.location is not None else None
        place = stated or fact.application_location
        return (place,) if place is not None else ()
    if isinstance(fact, PolicyScopeView) and rule.about is not None:
        origin: Origin | None = getattr(fact.settings, f"{rule.about}_origin")
        if origin is not None and origin.path is not None and origin.kind != "manifest":
            return (Location(kind="xml", entry=fact.entry, xml_path=origin.path, line=origin.line),)
    evidence = getattr(fact, "evidence", ())
    return evidence if isinstance(evidence, tuple) else ()


def _applied_case(compiled: CompiledRule, bindings: Bindings) -> tuple[int, CompiledCase | None]:
    for number, case in enumerate(compiled.cases, start=1):
        if case.when.holds(bindings):
            return number, case
    return 0, None


def _anchor(compiled: CompiledRule, fact: Record, bindings: Bindings) -> str:
    if compiled.anchor is not None:
        return compiled.anchor.render(bindings, whole=True)
    if isinstance(fact, PolicyScopeView):
        # The first domain names a domain-config, so that adding another one does not make another finding.
        return f"{fact.kind}/{fact.domains[0].name}" if fact.domains else fact.kind
    return code_anchor(fact) or compiled.subject.render(bindings, whole=True)
