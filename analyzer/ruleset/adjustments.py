"""Mechanical changes of severity and confidence, the same for every rule that asks for them."""

import msgspec

from analyzer.model import Adjustment, Confidence, Record, Severity
from analyzer.ruleset.locality import is_local
from analyzer.ruleset.schema import AdjustmentName

_BY_RANK = {severity.rank: severity for severity in Severity}
_UNWIRED = {
    "created": "it is built, but nothing was seen that uses it",
    "defined_only": "nothing was seen that builds or uses it",
}
_DEAD_TAG = "dead?"
_DEBUG_TAG = "debug-only"


class Judgement(msgspec.Struct, frozen=True):
    """Severity and confidence of a finding, and why they differ from its rule's."""

    severity: Severity
    confidence: Confidence
    tags: tuple[str, ...]
    adjustments: tuple[Adjustment, ...] = ()


def adjust(judgement: Judgement, fact: Record, names: tuple[AdjustmentName, ...]) -> Judgement:
    """Apply the named adjustments that fit a fact, in the order in which they are named."""
    for name in names:
        match name:
            case "activation":
                reason = _UNWIRED.get(getattr(fact, "activation", ""))
                if reason is not None:
                    judgement = _move(judgement, -2, reason)
                    judgement = msgspec.structs.replace(
                        judgement,
                        confidence=min(judgement.confidence, Confidence.TENTATIVE, key=lambda c: c.rank),
                        tags=(*judgement.tags, _DEAD_TAG),
                    )
            case "local":
                if is_local_fact(fact):
                    judgement = _move(judgement, -2, "only local or reserved hosts are concerned")
            case "process-wide":
                # What holds in debuggable builds only is not released, wherever it holds there.
                if _DEBUG_TAG not in judgement.tags and _is_process_wide(fact):
                    judgement = _move(judgement, 1, "it holds for the whole process")
    return judgement


def _is_process_wide(fact: Record) -> bool:
    return bool(getattr(fact, "process_wide", False)) or getattr(fact, "kind", None) == "base"


def is_local_fact(fact: Record) -> bool:
    """Tell whether a fact concerns only loopback, private, link-local or locally reserved hosts."""
    for field in ("local_only", "local"):
        local = getattr(fact, field, None)
        if isinstance(local, bool):
            return local
    if getattr(fact, "values_complete", False):
        return all(is_local(name) for name in getattr(fact, "values", ()))
    host = getattr(fact, "host", None)
    return isinstance(host, str) and is_local(host)


def owner_of(fact: Record) -> str:
    """Return whose a fact is: ``first-party``, ``sdk:<name>`` or ``unknown``."""
    owner = getattr(fact, "owner", None)
    return owner if isinstance(owner, str) else "first-party"


def _move(judgement: Judgement, steps: int, reason: str) -> Judgement:
    rank = min(max(judgement.severity.rank + steps, Severity.INFO.rank), Severity.CRITICAL.rank)
    moved = _BY_RANK[rank]
    if moved is judgement.severity:
        return judgement
    record = Adjustment(reason=reason, from_severity=judgement.severity, to_severity=moved)
    return msgspec.structs.replace(judgement, severity=moved, adjustments=(*judgement.adjustments, record))
