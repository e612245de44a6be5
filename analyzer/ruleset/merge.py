"""Joins equal statements of one rule: one finding for each thing to say, with every place and level it holds."""

from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from analyzer.model import Finding, Strength
from analyzer.ruleset.fingerprint import fingerprint
from analyzer.ruleset.judge import Draft
from analyzer.ruleset.schema import RuleHead


def findings_of(rule: RuleHead, drafts: Iterable[Draft]) -> list[Finding]:
    """Join the drafts of a problem rule."""
    joined = _join(drafts)
    identities = _identities(rule.continues or rule.id, joined)
    return [
        Finding(
            rule_id=rule.id,
            name=rule.name,
            title=rule.title,
            severity=draft.severity,
            confidence=draft.confidence,
            subject=draft.subject,
            message=draft.message,
            locations=draft.locations,
            fingerprint=identity,
            tags=draft.tags,
            owner=draft.owner,
            first_level=draft.first_level,
            last_level=draft.last_level,
            adjustments=draft.adjustments,
            fix=draft.fix,
        )
        for draft, identity in zip(joined, identities, strict=True)
        if draft.severity is not None
    ]


def strengths_of(rule: RuleHead, drafts: Iterable[Draft]) -> list[Strength]:
    """Join the drafts of a rule that states strengths."""
    return [
        Strength(
            rule_id=rule.id,
            name=rule.name,
            title=rule.title,
            confidence=draft.confidence,
            subject=draft.subject,
            message=draft.message,
            locations=draft.locations,
            first_level=draft.first_level,
            last_level=draft.last_level,
        )
        for draft in _join(drafts)
    ]


def _join(drafts: Iterable[Draft]) -> list[Draft]:
    groups: dict[Draft, list[Draft]] = {}
    for draft in drafts:
        # Everything but places, levels and configuration must be equal.
        key = replace(draft, locations=(), first_level=None, last_level=None, qualifiers="")
        groups.setdefault(key, []).append(draft)
    joined = [draft for group in groups.values() for draft in _join_levels(group)]
    return sorted(joined, key=_order)


def _join_levels(group: Sequence[Draft]) -> list[Draft]:
    """Join drafts with equal words, as far as their levels follow on each other."""
    ordered = sorted(group, key=lambda draft: (draft.first_level or 0, draft.last_level or 0))
    joined: list[Draft] = []
    runs: list[list[Draft]] = []
    for draft in ordered:
        if joined and _follows(joined[-1], draft):
            last = joined[-1]
            joined[-1] = replace(last, last_level=_highest(last.last_level, draft.last_level))
            runs[-1].append(draft)
        else:
            joined.append(draft)
            runs.append([draft])
    return [
        replace(
            draft,
            locations=tuple(dict.fromkeys(location for member in run for location in member.locations)),
            qualifiers=min(member.qualifiers for member in run),
        )
        for draft, run in zip(joined, runs, strict=True)
    ]


def _follows(earlier: Draft, later: Draft) -> bool:
    if earlier.last_level is None or later.first_level is None:
        return earlier.last_level is None and later.first_level is None
    return later.first_level <= earlier.last_level + 1


def _highest(left: int | None, right: int | None) -> int | None:
    return right if left is None or right is None else max(left, right)


def _identities(rule_id: str, drafts: Sequence[Draft]) -> list[str]:
    """Return one fingerprint for each draft, no two alike.

    The resource configuration always counts. Where it does not tell two drafts apart, the circumstance does, then
    their words, and then the order of their levels. What is judged differently after a rebuild, because more is
    known or a number of days has passed, is still the same finding.

    Of classes whose code is the same, only the number counts: which of them gets which fingerprint says nothing, and
    all of them together have the same fingerprints whatever their names are.
    """
    taken: set[str] = set()
    same: Counter[str] = Counter()
    identities: list[str] = []
    for draft in drafts:
        if draft.by_code:
            # Names do not tell equal code apart in the next build. What counts is how many there are.
            same[draft.anchor] += 1
            number = same[draft.anchor]
            identities.append(fingerprint(rule_id, draft.anchor, f"copy {number}" if number > 1 else ""))
            continue
        discriminators = [f"configuration {draft.qualifiers}" if draft.qualifiers else ""]
        identity = fingerprint(rule_id, draft.anchor, *discriminators)
        if identity in taken:
            discriminators.append(f"case {draft.case}")
            identity = fingerprint(rule_id, draft.anchor, *discriminators)
        if identity in taken:
            discriminators += [draft.subject, draft.message, draft.owner]
            identity = fingerprint(rule_id, draft.anchor, *discriminators)
        ordinal = 1
        while identity in taken:
            ordinal += 1
            identity = fingerprint(rule_id, draft.anchor, *discriminators, f"levels {ordinal}")
        taken.add(identity)
        identities.append(identity)
    return identities


def _order(draft: Draft) -> tuple[object, ...]:
    rank = draft.severity.rank if draft.severity is not None else 0
    return -rank, draft.subject, draft.first_level or 0, draft.message, draft.case, draft.owner, repr(draft.locations)
