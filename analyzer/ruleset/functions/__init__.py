"""Judgements that conditions call by name; importing this package registers all of them."""

from analyzer.ruleset.functions import (
    app,
    bypass,
    callbacks,
    certificates,
    chains,
    code,
    cronet,
    okhttp,
    pin_snippets,
    pins,
    policy,
    trust,
    trustkit,
)
from analyzer.ruleset.functions.registry import Context, judgement, registered

__all__ = [
    "Context",
    "app",
    "bypass",
    "callbacks",
    "certificates",
    "chains",
    "code",
    "cronet",
    "judgement",
    "okhttp",
    "pin_snippets",
    "pins",
    "policy",
    "registered",
    "trust",
    "trustkit",
]
