"""The answer in words: what is pinned, until when, what is open, and what could not be told.

The words follow from facts and gaps, and name the critical findings that no fact speaks for; whether all that is
acceptable is for rules and gate to say.
"""

import datetime as dt
from collections.abc import Sequence

from analyzer.model import (
    AppInfo,
    CallbackFact,
    Confidence,
    FactKind,
    Facts,
    Finding,
    NetworkPolicy,
    ScanResult,
    Severity,
)
from analyzer.model.policy import FIRST_POLICY_LEVEL, HIGHEST_KNOWN_LEVEL
from analyzer.model.policy_lookup import variant_at
from analyzer.reporters.levels import LevelRange, name_levels, name_ranges
from analyzer.reporters.text import as_sentence, join_words, plural
from analyzer.reporters.view_hosts import allows_old_cleartext, missing_levels
from analyzer.reporters.view_live import sentences as chain_sentences
from analyzer.reporters.view_model import Verdict
from analyzer.reporters.view_open import open_settings
from analyzer.reporters.view_pinning import Pinning
from analyzer.reporters.words import HIDDEN_KINDS, mechanism_in_text, show

_POLICY_STAGES: tuple[FactKind, ...] = ("callback", "certificate", "sdk", "host", "code")
_CHECKS_NOTHING = {
    "trust_manager": (frozenset({"accept-all", "null-guard", "swallow"}), "accepts", "accept", "every certificate"),
    "hostname_verifier": (
        frozenset({"accept-all", "ignores-session", "peerhost-tautology", "swallow"}),
        "accepts", "accept", "every host name",
    ),
    "webview_ssl_error": (frozenset({"proceed"}), "proceeds", "proceed", "after any TLS error"),
}  # fmt: skip
_NAMED_KINDS = 3
_OPEN_FOR_ALL = ["Cleartext is allowed for all hosts.", "User-installed CAs are trusted for all hosts."]
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
            unknown=tuple(filter(None, (as_sentence(show(reason)), "Nothing is known of how it uses TLS."))),
        )
    sentences = _policy(facts, Pinning(facts, as_of, result.gaps), result.findings)
    seen, unseen = chain_sentences(facts)
    return Verdict(known=(*seen, *sentences), unknown=(*unseen, *_unknown(result, facts)))


def _policy(facts: Facts, pinning: Pinning, findings: Sequence[Finding]) -> list[str]:
    """Return what is pinned, what checks nothing, and what else is open.

    Where no host is pinned by name, what checks nothing and is known to be used leads.
    """
    pinned, opened = _policy_parts(facts, pinning)
    broken = [sentence for kind in _CHECKS_NOTHING if (sentence := _callbacks(facts.callbacks, kind))]
    critical = _critical(facts.callbacks, findings, more=bool(broken))
    used = any(one.activation == "active" and _checks_nothing(one) for one in facts.callbacks)
    broken += critical
    if (used or critical) and all(pin.mechanism == "string" or pin.host is None for pin in facts.pins):
        return [*broken, *pinned, *_code(facts), *opened]
    return [*pinned, *broken, *_code(facts), *opened]


def _policy_parts(facts: Facts, pinning: Pinning) -> tuple[list[str], list[str]]:
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
        lead = "The app runs only on devices that read no network security configuration."
        return [lead], older_devices(app, policy)
    variant = variant_at(policy, newest)
    if variant is None:
        return ["What the network security configuration means on the newest devices could not be told."], []
    pinned = _refusals(app, policy)
    base = next((scope for scope in variant.scopes if scope.kind == "base"), None)
    if base is None or not base.bands or base.bands[-1].last_level < newest:
        return pinned or ["The network security configuration has no effect on any device the app runs on."], []
    pinned += pinning.sentences(variant)
    pinned += pinning.other_variants(variant)
    opened = open_settings([other for other in policy.variants if other.default] or [variant])
    if policy.state == "none" and opened == _OPEN_FOR_ALL and allows_old_cleartext(app, FIRST_POLICY_LEVEL - 1):
        # The same holds for all hosts on older devices as on newer ones.
        return pinned, opened
    return pinned, [*opened, *older_devices(app, policy)]


def older_devices(app: AppInfo, policy: NetworkPolicy) -> list[str]:
    """Say what holds for every host on devices that read no policy."""
    last = FIRST_POLICY_LEVEL - 1
    if app.min_sdk > last:
        return []
    allowed = [level for level in range(max(app.min_sdk, 1), last + 1) if allows_old_cleartext(app, level)]
    trusted = f"On {name_levels(app.min_sdk, last)} "
    trusted += "the policy is not read: user-installed CAs" if policy.state == "resolved" else "user-installed CAs"
    if not allowed:
        return [f"{trusted} are trusted for all hosts."]
    if allowed[-1] == last:
        return [f"{trusted} are trusted and cleartext is allowed for all hosts."]
    return [f"{trusted} are trusted for all hosts, and cleartext is allowed on {name_levels(allowed[0], allowed[-1])}."]


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


def _code(facts: Facts) -> list[str]:
    """Return what pins are set in code."""
    sentences: list[str] = []
    in_code = [pin for pin in facts.pins if pin.mechanism not in ("nsc", "string")]
    if in_code:
        mechanisms = join_words(sorted({mechanism_in_text(pin.mechanism) for pin in in_code}, key=str.casefold))
        hosts = {pin.host for pin in in_code}
        active = {pin.host for pin in in_code if pin.activation == "active"}
        if active == hosts:
            used = "they are in use"
        else:
            used = f"they are known to be in use for {len(active) or 'none'} of them"
        where = "every host of a client" if hosts == {None} else plural(len(hosts), "host pattern")
        sentences.append(f"Pins are set in code ({mechanisms}) for {where}; {used}.")
    return sentences


def _checks_nothing(callback: CallbackFact) -> bool:
    return callback.kind in _CHECKS_NOTHING and callback.behaviour in _CHECKS_NOTHING[callback.kind][0]


def _callbacks(callbacks: Sequence[CallbackFact], kind: str) -> str:
    _, one, many, what = _CHECKS_NOTHING[kind]
    matching = [
        callback
        for callback in callbacks
        if callback.kind == kind and _checks_nothing(callback) and callback.activation != "defined_only"
    ]
    if not matching:
        return ""
    unproven = sum(callback.activation != "active" for callback in matching)
    note = f" ({unproven} of them not known to be used)" if unproven else ""
    verb = one if len(matching) == 1 else many
    return f"{plural(len(matching), _CALLBACK_NOUNS[kind])} {verb} {what}{note}."


def _critical(callbacks: Sequence[CallbackFact], findings: Sequence[Finding], *, more: bool) -> list[str]:
    """Count by what they are the critical findings of which no other sentence speaks.

    Others speak of callbacks that check nothing, and of what the policy file says.
    """
    spoken_of = {callback.class_name for callback in callbacks if _checks_nothing(callback)}
    kinds: dict[str, int] = {}
    for finding in findings:
        decided = finding.waiver is not None or finding.known or finding.confidence is Confidence.COVERAGE
        said = not spoken_of.isdisjoint(place.class_name for place in finding.locations)
        said |= any(place.kind == "xml" for place in finding.locations[:1])
        if finding.severity is Severity.CRITICAL and not decided and not said:
            kinds[finding.title] = kinds.get(finding.title, 0) + 1
    if not kinds:
        return []
    ordered = sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
    names = [f"{show(title, 120)}{f' ({count})' if count > 1 else ''}" for title, count in ordered[:_NAMED_KINDS]]
    if len(ordered) > _NAMED_KINDS:
        names.append(f"{len(ordered) - _NAMED_KINDS} more {'kind' if len(ordered) == _NAMED_KINDS + 1 else 'kinds'}")
    total = sum(kinds.values())
    noun = plural(total, "more finding" if more else "finding")
    return [f"{noun} {'is' if total == 1 else 'are'} critical: {join_words(names)}."]


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
