"""Judgements about Cronet and HttpEngine: when their pins count.

Conditions call them by the name given to ``@judgement``.
"""

from analyzer.model import TrustAnchor
from analyzer.model.policy import FIRST_POLICY_LEVEL, HIGHEST_KNOWN_LEVEL
from analyzer.model.policy_lookup import effective
from analyzer.ruleset.expiry import days_left
from analyzer.ruleset.functions.registry import Context, judgement
from analyzer.ruleset.views import PinSetView

_NO_EXPIRY = 1_000_000


@judgement("local_anchor_bypass")
def local_anchor_bypass(context: Context) -> str:
    """Say how pins treat roots that were added on the device: ``off``, ``on``, or ``default``, which is on.

    ``unknown`` stands for a value that could not be resolved. One engine with the bypass switched off does not speak
    for another, so ``off`` means that no use switches it on or leaves it open.
    """
    values = {
        (use.arguments[0] if use.arguments else None)
        for use in context.facts.api_uses
        if use.api == "cronet-local-bypass" and use.activation != "defined_only"
    }
    if not values:
        return "default"
    if "true" in values:
        return "on"
    return "off" if values == {"false"} else "unknown"


@judgement("private_roots")
def private_roots(context: Context, fact: PinSetView) -> tuple[str, ...]:
    """Name the roots other than public ones that count for a set's host on some device: ``user`` and ``bundled``."""
    app = context.facts.app
    found: dict[str, None] = {}
    if app.min_sdk < FIRST_POLICY_LEVEL:
        found["user"] = None
    if fact.host is not None:
        last = min(HIGHEST_KNOWN_LEVEL, app.max_sdk or HIGHEST_KNOWN_LEVEL)
        for level in range(max(FIRST_POLICY_LEVEL, min(app.min_sdk, last)), last + 1):
            settings = effective(context.facts.policy, fact.host, level)
            for anchor in settings.trust_anchors if settings is not None else ():
                if (kind := _private(anchor)) is not None:
                    found[kind] = None
    return tuple(sorted(found))


def _private(anchor: TrustAnchor) -> str | None:
    return {"user": "user", "raw": "bundled"}.get(anchor.source)


@judgement("days_to_expiry")
def days_to_expiry(context: Context, fact: PinSetView) -> int:
    """Return the whole days until the first pin of a set ends, negative when past; a million without a date."""
    left = [days_left(pin.expires_on, context.as_of) for pin in fact.pins]
    return min((days for days in left if days is not None), default=_NO_EXPIRY)


@judgement("native_engine_is_chosen")
def native_engine_is_chosen(context: Context) -> bool:
    """Tell whether the app chooses among the providers by name, so that the fallback may be left out."""
    return any(use.api == "cronet-provider" and use.activation != "defined_only" for use in context.facts.api_uses)
