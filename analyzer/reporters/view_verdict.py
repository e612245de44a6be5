"""The answer in words: what is pinned, until when, what is open, and what could not be told.

The words follow from facts and gaps alone; whether that is acceptable is for rules and gate to say.
"""

import datetime as dt
from collections.abc import Sequence

from analyzer.model import (
    AppInfo,
    CallbackFact,
    FactKind,
    Facts,
    NetworkPolicy,
    PolicyScope,
    PolicyVariant,
    ScanResult,
)
from analyzer.model.policy import FIRST_POLICY_LEVEL, HIGHEST_KNOWN_LEVEL
from analyzer.model.policy_lookup import variant_at
from analyzer.reporters.levels import LevelRange, name_levels, name_ranges
from analyzer.reporters.text import join_words, plural
from analyzer.reporters.view_hosts import missing_levels
from analyzer.reporters.view_model import Verdict
from analyzer.reporters.view_open import matching_names, open_settings, some_names
from analyzer.reporters.view_pins import PinStatus, pin_status
from analyzer.reporters.words import HIDDEN_KINDS, MECHANISMS, show

_POLICY_STAGES: tuple[FactKind, ...] = ("callback", "certificate", "sdk", "host", "code")
_CHECKS_NOTHING = {
    "trust_manager": (frozenset({"accept-all", "null-guard", "swallow"}), "accepts", "accept", "every certificate"),
    "hostname_verifier": (
        frozenset({"accept-all", "ignores-session", "peerhost-tautology", "swallow"}),
        "accepts", "accept", "every host name",
    ),
    "webview_ssl_error": (frozenset({"proceed"}), "proceeds", "proceed", "after any TLS error"),
}  # fmt: skip
_CALLBACK_NOUNS = {
    "trust_manager": "trust manager",
    "hostname_verifier": "hostname verifier",
    "webview_ssl_error": "WebView error handler",
}


def verdict(result: ScanResult, as_of: dt.datetime) -> Verdict:
    """Return the sentences on top of a report."""
    facts = result.facts
    if facts is None:
        reason = next((gap.detail for gap in result.gaps if gap.incomplete), "")
        return Verdict(
            known=(f"{show(result.target.path, 200)} could not be read as an Android app.",),
            unknown=tuple(filter(None, (show(reason), "Nothing is known of how it uses TLS."))),
        )
    sentences = _policy(facts, as_of)
    return Verdict(known=tuple(sentences), unknown=_unknown(result, facts))


def _policy(facts: Facts, as_of: dt.datetime) -> list[str]:
    """Return what is pinned, then what checks nothing, then what else is open."""
    pinned, opened = _policy_parts(facts, as_of)
    return [*pinned, *_code(facts), *opened]


def _policy_parts(facts: Facts, as_of: dt.datetime) -> tuple[list[str], list[str]]:
    app, policy = facts.app, facts.policy
    match policy.state:
        case "unresolved":
            return ["The network security configuration that the manifest names is not in any file that was read."], []
        case "unreadable":
            return ["The network security configuration could not be read."], []
        case "none" | "resolved":
            pass
    newest = min(app.max_sdk or HIGHEST_KNOWN_LEVEL, HIGHEST_KNOWN_LEVEL)
    if newest < FIRST_POLICY_LEVEL:
        return ["The app runs only on devices that read no network security configuration."], []
    variant = variant_at(policy, newest)
    if variant is None:
        return ["What the network security configuration means on the newest devices could not be told."], []
    pinned = _refusals(app, policy)
    base = next((scope for scope in variant.scopes if scope.kind == "base"), None)
    if base is None or not base.bands or base.bands[-1].last_level < newest:
        return pinned or ["The network security configuration has no effect on any device the app runs on."], []
    pinned += _pinning(policy, variant, as_of)
    pinned += _other_variants(policy, variant, as_of)
    opened = open_settings([other for other in policy.variants if other.default] or [variant])
    if app.min_sdk < FIRST_POLICY_LEVEL and policy.state == "resolved":
        opened.append(f"On {name_levels(app.min_sdk, FIRST_POLICY_LEVEL - 1)} the policy is not read.")
    return pinned, opened


def _refusals(app: AppInfo, policy: NetworkPolicy) -> list[str]:
    refused: list[LevelRange] = []
    covered: list[LevelRange] = []
    for variant in policy.variants:
        for scope in variant.scopes:
            if scope.kind == "base":
                refused.extend(missing_levels(app, variant, scope))
                covered.extend((band.first_level, band.last_level) for band in scope.bands)
    if not refused:
        return []
    where = f"on {name_ranges(refused)}" if covered else "on every device that the app runs on"
    return [f"Android refuses the network security configuration {where}: connections through the platform fail there."]


def _pinning(policy: NetworkPolicy, variant: PolicyVariant, as_of: dt.datetime) -> list[str]:
    if policy.state == "none":
        return ["The app has no network security configuration: platform defaults hold, and no policy pins a host."]
    domains = _domain_scopes(variant)
    names = [name for scope in domains for name in matching_names(scope)]
    lost = [name for scope in domains for name in _lost_names(scope)]
    if not names and not lost:
        return ["The network security configuration names no host and pins none."]
    unmatched = [f"{some_names(lost)} can match no host."] if lost else []
    if not names:
        return ["The network security configuration names no host that can exist and pins none.", *unmatched]
    pinned = _pinned_count(domains, as_of)
    whole = plural(len(names), "host pattern")
    where = "in the network security configuration"
    if len(names) == 1:
        sentence = f"The one host pattern {where} is {'' if pinned else 'not '}pinned."
    elif pinned == 0:
        sentence = f"None of the {whole} {where} is pinned."
    elif pinned == len(names):
        sentence = f"All {whole} {where} are pinned."
    else:
        verb = "is" if pinned == 1 else "are"
        sentence = f"{pinned} of {whole} {verb} pinned by the network security configuration."
    dead = [name for scope in domains if _status(scope, as_of) == "overridden" for name in matching_names(scope)]
    overridden = [f"Pins for {some_names(dead)} are overridden by the system CAs."] if dead else []
    return [sentence, *_ends(domains, as_of), *overridden, *unmatched]


def _other_variants(policy: NetworkPolicy, newest: PolicyVariant, as_of: dt.datetime) -> list[str]:
    """Say what the other configurations of the file pin, which other devices choose."""
    sentences: list[str] = []
    for variant in policy.variants:
        if variant is newest or not any(scope.bands for scope in variant.scopes):
            continue
        if variant.default:
            devices = f"On {name_levels(variant.first_level, variant.last_level)}"
        else:
            devices = f"On devices that choose {show(variant.qualifiers, 80)} resources"
        domains = _domain_scopes(variant)
        count = sum(len(matching_names(scope)) for scope in domains)
        pinned = _pinned_count(domains, as_of)
        what = f"pins {pinned or 'none'} of {plural(count, 'host pattern')}" if count else "pins no host"
        sentences.append(f"{devices} another file applies, which {what}.")
    return sentences


def _ends(domains: Sequence[PolicyScope], as_of: dt.datetime) -> list[str]:
    ended: dict[str, list[str]] = {}
    ahead: dict[str, list[str]] = {}
    for scope in domains:
        expires = scope.bands[-1].settings.pin_set.expires_date
        status = _status(scope, as_of)
        if expires is not None and matching_names(scope):
            if status == "expired":
                ended.setdefault(expires, []).extend(matching_names(scope))
            elif status in ("enforced", "partly"):
                ahead.setdefault(expires, []).extend(matching_names(scope))
    sentences = [f"Pinning for {some_names(names)} ended on {day}." for day, names in sorted(ended.items())]
    if ahead:
        day, names = min(ahead.items())
        later = sum(len(others) for other, others in ahead.items() if other != day)
        more = f", for {plural(later, 'more pattern')} later" if later else ""
        sentences.append(f"Pinning for {some_names(names)} ends on {day}{more}.")
    return sentences


def _code(facts: Facts) -> list[str]:
    sentences = [sentence for kind in _CHECKS_NOTHING if (sentence := _callbacks(facts.callbacks, kind))]
    in_code = [pin for pin in facts.pins if pin.mechanism not in ("nsc", "string")]
    if in_code:
        mechanisms = join_words(sorted({MECHANISMS[pin.mechanism] for pin in in_code}))
        hosts = {pin.host for pin in in_code}
        active = {pin.host for pin in in_code if pin.activation == "active"}
        if active == hosts:
            used = "they are in use"
        else:
            used = f"they are known to be in use for {len(active) or 'none'} of them"
        where = "every host of a client" if hosts == {None} else plural(len(hosts), "host pattern")
        sentences.append(f"Pins are set in code ({mechanisms}) for {where}; {used}.")
    return sentences


def _callbacks(callbacks: Sequence[CallbackFact], kind: str) -> str:
    behaviours, one, many, what = _CHECKS_NOTHING[kind]
    matching = [
        callback
        for callback in callbacks
        if callback.kind == kind and callback.behaviour in behaviours and callback.activation != "defined_only"
    ]
    if not matching:
        return ""
    unproven = sum(callback.activation != "active" for callback in matching)
    note = f" ({unproven} of them not known to be used)" if unproven else ""
    verb = one if len(matching) == 1 else many
    return f"{plural(len(matching), _CALLBACK_NOUNS[kind])} {verb} {what}{note}."


def _unknown(result: ScanResult, facts: Facts) -> tuple[str, ...]:
    hidden: set[FactKind] = {kind for gap in result.gaps for kind in gap.hides}
    unlooked: list[FactKind] = [kind for kind in _POLICY_STAGES if kind not in facts.covered]
    sentences: list[str] = []
    if "code" in unlooked:
        kinds = [kind for kind in unlooked if kind != "code"]
        names = [HIDDEN_KINDS[kind] for kind in kinds]
        if "pin" in hidden:
            names.insert(0, "pins set in code")
        named = join_words(names) or HIDDEN_KINDS["code"]
        sentences.append(f"Code was not analysed: {named} are unknown.")
        hidden -= {"code", "pin", *kinds}
    elif unlooked:
        sentences.append(f"Not looked for: {join_words([HIDDEN_KINDS[kind] for kind in unlooked])}.")
        hidden -= set(unlooked)
    rest = [HIDDEN_KINDS[kind] for kind in HIDDEN_KINDS if kind in hidden]
    if rest:
        sentences.append(f"Not seen completely: {join_words(rest)}.")
    return tuple(sentences)


def _domain_scopes(variant: PolicyVariant) -> list[PolicyScope]:
    return [scope for scope in variant.scopes if scope.kind == "domain" and scope.bands]


def _status(scope: PolicyScope, as_of: dt.datetime) -> PinStatus:
    return pin_status(scope.bands[-1].settings, as_of)


def _pinned_count(domains: Sequence[PolicyScope], as_of: dt.datetime) -> int:
    return sum(len(matching_names(scope)) for scope in domains if _status(scope, as_of) in ("enforced", "partly"))


def _lost_names(scope: PolicyScope) -> list[str]:
    return [show(domain.written.strip(), 253) for domain in scope.domains if domain.problem is not None]
