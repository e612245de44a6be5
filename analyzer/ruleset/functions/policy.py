"""Judgements about the network security policy that need more than one fact.

Register with ``@judgement("name")`` from `analyzer.ruleset.functions.registry`.
"""
