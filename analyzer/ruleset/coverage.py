"""Why a rule could not be answered: facts that nobody looked for, and gaps that may hide some."""

from collections.abc import Iterable, Sequence

import msgspec

from analyzer.model import AnalysisGap, FactKind, Facts
from analyzer.ruleset.kinds import KINDS
from analyzer.ruleset.schema import RuleHead

_NOUNS: dict[FactKind, str] = {
    "app": "the manifest",
    "policy": "the network security policy",
    "pin": "pins",
    "callback": "classes that take part in TLS decisions",
    "socket": "sockets made by hand",
    "certificate": "bundled certificates",
    "sdk": "bundled libraries",
    "host": "the hosts that the app uses",
    "chain": "certificate chains of the hosts",
    "code": "bytecode",
    "native": "native libraries",
}
_READ_FROM_CODE: tuple[FactKind, ...] = ("callback",)
"""Kinds that come from bytecode alone, so that a gap in the code may hide them even when it does not name them."""
_PARTS: dict[FactKind, FactKind] = {"socket": "callback"}
"""Kinds that are a part of another one: looked for with it, and hidden with it."""
_STATES = {
    "unresolved": "The manifest names a network security policy that no supplied file contains.",
    "unreadable": "The network security policy could not be read.",
}
MAX_NAMED_GAPS = 3
"""Most gaps that a reason quotes."""


class Blindness(msgspec.Struct, frozen=True):
    """What a rule cannot see."""

    missing_needs: bool
    """True when facts that the condition takes for complete were never looked for: it must not be asked."""
    uncertain_needs: bool
    """True when a gap may hide some of these facts: what the rule says may be due to the gap."""
    reason: str | None
    """One or two sentences, None when the rule sees everything."""


def blindness(rule: RuleHead, facts: Facts, gaps: Sequence[AnalysisGap]) -> Blindness:
    """Tell what a rule cannot see of the facts that it reads."""
    source = KINDS[rule.for_each]
    required: tuple[FactKind, ...] = tuple(dict.fromkeys((source.reads, *rule.needs, *rule.looks_in)))
    looked_for = dict.fromkeys(_PARTS.get(kind, kind) for kind in required)
    missing = [kind for kind in looked_for if kind not in facts.covered]
    hiding = [gap for gap in gaps if _hidden(gap).intersection(required)]
    sentences: list[str] = []
    if missing:
        sentences.append(f"This run did not look at {_join([_NOUNS[kind] for kind in missing])}.")
    state = _STATES.get(facts.policy.state) if source.from_policy_file or "policy" in rule.needs else None
    if state is not None:
        sentences.append(state)
    sentences.extend(_quoted(hiding, required))
    return Blindness(
        missing_needs=any(kind in missing for kind in rule.needs),
        uncertain_needs=any(_hidden(gap).intersection(rule.needs) for gap in hiding)
        or (state is not None and "policy" in rule.needs),
        reason=" ".join(sentences) or None,
    )


def _hidden(gap: AnalysisGap) -> set[FactKind]:
    hidden = set(gap.hides)
    if "code" in hidden:
        hidden.update(_READ_FROM_CODE)
    hidden.update(part for part, whole in _PARTS.items() if whole in hidden)
    return hidden


def _quoted(gaps: Sequence[AnalysisGap], required: Iterable[FactKind]) -> list[str]:
    sentences = []
    for gap in gaps[:MAX_NAMED_GAPS]:
        hidden = _hidden(gap)
        kinds = _join([_NOUNS[kind] for kind in required if kind in hidden and _PARTS.get(kind) not in hidden])
        detail = gap.detail.rstrip()
        stop = "" if detail.endswith((".", "!", "?")) else "."
        sentences.append(f"{_capital(kinds)} may be hidden ({gap.reason}): {detail}{stop}")
    if len(gaps) > MAX_NAMED_GAPS:
        sentences.append(f"{len(gaps) - MAX_NAMED_GAPS} more gaps may hide some as well.")
    return sentences


def _join(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
