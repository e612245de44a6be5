"""Judgements that conditions call by name; importing this package registers all of them."""

from analyzer.ruleset.functions import pins, policy
from analyzer.ruleset.functions.registry import Context, judgement, registered

__all__ = ["Context", "judgement", "pins", "policy", "registered"]
