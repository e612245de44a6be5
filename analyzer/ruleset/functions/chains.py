"""Judgements about the chains of servers."""

from analyzer.model import PinCheck
from analyzer.model.policy_lookup import scope_for, settings_at, variant_at
from analyzer.ruleset.functions.registry import Context, judgement
from analyzer.ruleset.views import PinSetView, PolicyScopeView


@judgement("cleartext_exception")
def cleartext_exception(context: Context, host: str) -> bool:
    """Tell whether a domain-config of the policy permits cleartext for just this host on the newest devices."""
    level = 10_000
    variant = variant_at(context.facts.policy, level)
    scope = scope_for(variant, host, level) if variant is not None else None
    if scope is None or scope.kind != "domain" or not scope.bands:
        return False
    settings = settings_at(scope, scope.bands[-1].last_level)
    return settings is not None and settings.cleartext


@judgement("backup_seen_live")
def backup_seen_live(context: Context, fact: PinSetView) -> bool:
    """Tell whether a chain was compared with a set and matches: what it says of backups replaces the guess."""
    return any(check.status == "match" and check.enforced and not check.unresolved for check in _of_set(context, fact))


@judgement("dummies_seen_live")
def dummies_seen_live(context: Context, fact: PinSetView) -> bool:
    """Tell whether other pins of a set match a chain, so that its placeholders do no more harm than dead weight."""
    return any(check.status == "match" and check.enforced for check in _of_set(context, fact))


@judgement("expiry_seen_live")
def expiry_seen_live(context: Context, fact: PolicyScopeView) -> bool:
    """Tell whether a chain was compared with the pin-set of a scope, so that the rule on chains speaks of its end."""
    scope = f"{fact.entry}#{fact.settings.pin_set_origin.path}"
    names = {domain.name for domain in fact.domains}
    return any(
        check.status != "unknown" and check.mechanism == "nsc" and check.scope == scope and check.pattern in names
        for check in context.facts.pin_checks
    )


def _of_set(context: Context, fact: PinSetView) -> list[PinCheck]:
    """Return the comparisons of a set; those of any of its domains for the leading set of a pin-set element."""
    return [
        check
        for check in context.facts.pin_checks
        if check.mechanism == fact.mechanism
        and check.scope == fact.scope
        and (check.pattern == fact.host or fact.mechanism == "nsc")
    ]
