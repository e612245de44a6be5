"""Identity of a finding across builds.

A fingerprint is made of what stays when an app is rebuilt: the rule, its anchor (a host pattern, an element, a
behaviour) and the circumstance under which the rule judged. Lines, offsets, DEX numbers and the names that a
shrinker invents change with every build and are left out.
"""

import hashlib

from analyzer.model import CallbackFact, Record
from analyzer.model.stable_names import class_identity


def fingerprint(rule_id: str, anchor: str, *discriminators: str) -> str:
    """Return 32 hexadecimal digits that identify a finding.

    Args:
        rule_id: The rule.
        anchor: What the finding is about, in words that survive a rebuild.
        discriminators: What tells findings of one rule about one anchor apart; empty ones do not count.
    """
    digest = hashlib.sha256()
    for part in (rule_id, anchor, *(text for text in discriminators if text)):
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "big"))
        digest.update(encoded)
    return digest.hexdigest()[:32]


def code_anchor(fact: Record) -> str | None:
    """Return the anchor of a fact about a class, None for other facts."""
    if not isinstance(fact, CallbackFact):
        return None
    return f"{fact.kind}/{fact.behaviour}/{class_identity(fact)}"
