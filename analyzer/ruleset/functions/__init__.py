"""Judgements that conditions call by name; importing this package registers all of them."""

from analyzer.ruleset.functions import app, pin_snippets, pins, policy
from analyzer.ruleset.functions.registry import Context, judgement, registered

__all__ = ["Context", "app", "judgement", "pin_snippets", "pins", "policy", "registered"]
