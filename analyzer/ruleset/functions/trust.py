"""Judgements about trust managers made from key stores, for the words of findings."""

from analyzer.model import ApiUse
from analyzer.ruleset.functions.registry import judgement


@judgement("keystore_place")
def keystore_place(fact: ApiUse) -> str:
    """Name the class that makes a trust manager of a key store."""
    return next((place.class_name for place in fact.evidence if place.class_name is not None), "The code")


@judgement("keystore_entries")
def keystore_entries(fact: ApiUse) -> str:
    """Name the files whose certificates a key store holds; its first argument says which aliases are taken."""
    return ", ".join(name for name in fact.arguments[1:] if name is not None)
