"""Judgements that conditions call by name; importing this package registers all of them."""

from analyzer.ruleset.functions import app, pins, policy
from analyzer.ruleset.functions.registry import Context, judgement, registered

__all__ = ["Context", "app", "judgement", "pins", "policy", "registered"]
