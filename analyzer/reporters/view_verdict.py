"""The answer in words: what is pinned, until when, what is open, and what could not be told.

The words follow from facts and gaps alone; whether that is acceptable is for rules and gate to say.
"""

import datetime as dt
from collections.abc import Sequence

from analyzer.model import AppInfo, CallbackFact, FactKind, Facts, NetworkPolicy, PolicyScope, ScanResult
from analyzer.model.policy import FIRST_POLICY_LEVEL, HIGHEST_KNOWN_LEVEL
from analyzer.model.policy_lookup import variant_at
from analyzer.reporters.levels import LevelRange, join_ranges, name_levels, name_ranges
from analyzer.reporters.text import join_words, plural
from analyzer.reporters.view_hosts import missing_levels
from analyzer.reporters.view_model import Verdict
from analyzer.reporters.view_pins import enforcement, has_ended, host_pattern, parse_day
from analyzer.reporters.words import HIDDEN_KINDS, MECHANISMS, show

_NAMED_HOSTS = 3
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
    domains = [scope for scope in variant.scopes if scope.kind == "domain" and scope.bands]
    pinned += _pinning(policy, domains, as_of)
    opened = [*_cleartext(base, domains), *_user_cas(base, domains)]
    if app.min_sdk < FIRST_POLICY_LEVEL and policy.state == "resolved":
        opened.append(f"On {name_levels(app.min_sdk, FIRST_POLICY_LEVEL - 1)} the policy is not read.")
    if len(policy.variants) > 1:
        opened.append(
            f"The file exists in {len(policy.variants)} configurations; this is said of the one that the newest "
            "devices choose."
        )
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


def _pinning(policy: NetworkPolicy, domains: Sequence[PolicyScope], as_of: dt.datetime) -> list[str]:
    if policy.state == "none":
        return ["The app has no network security configuration: platform defaults hold, and it pins no host."]
    names = [name for scope in domains for name in _names(scope)]
    if not names:
        return ["The network security configuration names no host and pins none."]
    states = [(scope, enforcement(scope.bands[-1].settings, as_of)) for scope in domains]
    pinned = sum(len(scope.domains) for scope, (_, state) in states if state in ("good", "warn"))
    whole = plural(len(names), "host pattern")
    if pinned == 0:
        sentences = [f"None of the {whole} in the network security configuration is pinned."]
        if len(names) == 1:
            sentences = ["The one host pattern in the network security configuration is not pinned."]
    elif pinned == len(names):
        all_of = "The one host pattern is" if pinned == 1 else f"All {whole} are"
        sentences = [f"{all_of} pinned by the network security configuration."]
    else:
        verb = "is" if pinned == 1 else "are"
        sentences = [f"{pinned} of {whole} {verb} pinned by the network security configuration."]
    sentences += _ends(states, as_of)
    dead = [name for scope, (words, _) in states if words.startswith("Overridden") for name in _names(scope)]
    if dead:
        sentences.append(f"Pins for {_some(dead)} are overridden by the system CAs.")
    return sentences


def _ends(states: Sequence[tuple[PolicyScope, tuple[str, str]]], as_of: dt.datetime) -> list[str]:
    ended: dict[str, list[str]] = {}
    ahead: dict[str, list[str]] = {}
    for scope, _ in states:
        pin_set = scope.bands[-1].settings.pin_set
        if pin_set.pins and pin_set.expires_date is not None and parse_day(pin_set.expires_date) is not None:
            days = ended if has_ended(pin_set.expires_date, as_of) else ahead
            days.setdefault(pin_set.expires_date, []).extend(_names(scope))
    sentences = [f"Pinning for {_some(names)} ended on {day}." for day, names in sorted(ended.items())]
    if ahead:
        day, names = min(ahead.items())
        later = sum(len(others) for other, others in ahead.items() if other != day)
        more = f", for {plural(later, 'more pattern')} later" if later else ""
        sentences.append(f"Pinning for {_some(names)} ends on {day}{more}.")
    return sentences


def _cleartext(base: PolicyScope, domains: Sequence[PolicyScope]) -> list[str]:
    everywhere = _ranges(base)
    allowed = [(band.first_level, band.last_level) for band in base.bands if band.settings.cleartext]
    others = "all other hosts" if domains else "all hosts"
    named = [name for scope in domains if scope.bands[-1].settings.cleartext for name in _names(scope)]
    if not allowed:
        if not named:
            return ["Cleartext is not allowed for any host."]
        return [f"Cleartext is allowed for {_some(named)} and for no other host."]
    where = "" if join_ranges(allowed) == everywhere else f" on {name_ranges(allowed)}"
    sentences = [f"Cleartext is allowed for {others}{where}."]
    if named and where:
        sentences = [f"Cleartext is allowed for {_some(named)}, and for {others}{where}."]
    return sentences


def _user_cas(base: PolicyScope, domains: Sequence[PolicyScope]) -> list[str]:
    if _trusts_user(base):
        return [f"User-installed CAs are trusted for {'all other hosts' if domains else 'all hosts'}."]
    named = [name for scope in domains if _trusts_user(scope) for name in _names(scope)]
    return [f"User-installed CAs are trusted for {_some(named)}."] if named else []


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


def _names(scope: PolicyScope) -> list[str]:
    return [host_pattern(domain.name, domain.include_subdomains) for domain in scope.domains]


def _some(names: Sequence[str]) -> str:
    if len(names) <= _NAMED_HOSTS:
        return join_words([*names])
    return join_words([*names[: _NAMED_HOSTS - 1], f"{len(names) - _NAMED_HOSTS + 1} more"])


def _ranges(scope: PolicyScope) -> tuple[LevelRange, ...]:
    return join_ranges((band.first_level, band.last_level) for band in scope.bands)


def _trusts_user(scope: PolicyScope) -> bool:
    return any(anchor.source == "user" for anchor in scope.bands[-1].settings.trust_anchors)
