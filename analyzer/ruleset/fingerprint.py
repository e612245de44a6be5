"""Identity of a finding across builds.

A fingerprint is made of what stays when an app is rebuilt: the rule, its anchor (a host pattern, an element, a
behaviour) and the circumstance under which the rule judged. Lines, offsets, DEX numbers and the names that a
shrinker invents change with every build and are left out.
"""

import hashlib
import re

from analyzer.model import CallbackFact, Record

# What R8 and ProGuard call classes and packages by default: one to three lower-case letters and digits, or the
# same with a capital when case is mixed. A name part of the app's own is hardly ever as short.
_RENAMED = re.compile(r"[a-zA-Z][a-z0-9]{0,2}|[a-zA-Z]{1,2}[0-9]*")


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


def stable_class_name(name: str) -> str:
    """Return a class name with the parts that look like a shrinker's invention replaced by ``~``."""
    parts = re.split(r"([.$])", name)
    return "".join("~" if _RENAMED.fullmatch(part) else part for part in parts)


def code_anchor(fact: Record) -> str | None:
    """Return the anchor of a fact about a class, None for other facts."""
    if not isinstance(fact, CallbackFact):
        return None
    return f"{fact.kind}/{fact.behaviour}/{stable_class_name(fact.class_name)}"
