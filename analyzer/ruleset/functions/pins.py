"""Judgements about pins that need more than one fact.

Conditions call them by the name given to ``@judgement``.
"""

import base64

from analyzer.model import PinFact, mechanism_names
from analyzer.model.policy import HIGHEST_KNOWN_LEVEL
from analyzer.model.policy_lookup import effective
from analyzer.ruleset import pin_views
from analyzer.ruleset.expiry import is_expired
from analyzer.ruleset.functions.registry import Context, judgement
from analyzer.ruleset.pin_views import pins_for_hosts, pins_in_force
from analyzer.ruleset.views import PinSetView

_OKHTTP = frozenset({"okhttp3", "okhttp2"})
# Mechanisms that look at one and the same connection, so that all of them have to be satisfied.
# A custom trust manager replaces the platform's, and with it the pins of the network security configuration.
_ONE_CONNECTION = (
    _OKHTTP | {"nsc", "trustkit", "interceptor", "verifier-pin"},
    _OKHTTP | {"custom-tm", "keystore-tm", "interceptor", "verifier-pin"},
    frozenset({"nsc", "trustkit", "verifier-pin", "connection-pin"}),
    frozenset({"custom-tm", "keystore-tm", "verifier-pin", "connection-pin"}),
    frozenset({"nsc", "cronet"}),
    frozenset({"nsc", "httpengine"}),
    frozenset({"nsc", "webview"}),
)
_UNUSABLE = frozenset({"length", "encoding", "prefix", "wrong-object"})
_DUMMY = frozenset({"placeholder", "example", "empty-input"})


# ---- single pins

# What apps of all kinds link to and ask, and do not run: for the guess which hosts are the app's own.
_PUBLIC_SERVICES = frozenset(
    {
        "android.com", "apple.com", "bing.com", "facebook.com", "github.com", "githubusercontent.com", "google.com",
        "googleapis.com", "googlelabs.com", "gstatic.com", "instagram.com", "linkedin.com", "live.com", "microsoft.com",
        "openstreetmap.org", "paypal.com", "reddit.com", "stackoverflow.com", "t.me", "telegram.org", "tiktok.com",
        "twitter.com", "whatsapp.com", "wikipedia.org", "yahoo.com", "youtu.be", "youtube.com",
    }
)  # fmt: skip


@judgement("is_authority_pin")
def is_authority_pin(context: Context, value: str) -> bool:
    """Tell whether a pin, given as written or as base64 of its digest, is that of a known public authority."""
    return any(
        pin.identity is not None and pin.identity.kind in ("root", "intermediate") and pin.identity.real
        for pin in _pins_written(context, value)
    )


@judgement("is_dummy_pin")
def is_dummy_pin(context: Context, value: str) -> bool:
    """Tell whether a pin, given as written or as base64 of its digest, stands for no key of the app's hosts."""
    return any(pin.problem in _DUMMY for pin in _pins_written(context, value))


def _pins_written(context: Context, value: str) -> list[PinFact]:
    bare = value.removeprefix("sha256/").removeprefix("sha1/")
    return [
        pin
        for pin in context.facts.pins
        if pin.value == value or (pin.digest is not None and base64.b64encode(pin.digest).decode("ascii") == bare)
    ]


@judgement("mechanism_name")
def mechanism_name(mechanism: str) -> str:
    """Return what reports call a mechanism that pins, such as ``OkHttp`` for ``okhttp3``."""
    return mechanism_names.mechanism_name(mechanism)


@judgement("host_pattern")
def host_pattern(host: str | None, include_subdomains: bool) -> str:  # conditions pass by position
    """Write a pinned host with ``*.`` before it where its subdomains count; empty for every host."""
    return "" if host is None else pin_views.host_pattern(host, include_subdomains=include_subdomains)


@judgement("bundled_certificate")
def bundled_certificate(context: Context, digest: bytes | None) -> str:
    """Return the entry of a bundled certificate whose DER encoding has this SHA-256, or an empty text."""
    if digest is not None:
        for certificate in context.facts.certificates:
            if certificate.certificate_sha256 == digest:
                return certificate.entry
    return ""


@judgement("has_pin_sink")
def has_pin_sink(context: Context, fact: PinFact) -> bool:
    """Tell whether a pin found as a mere string is also handed to a pinning mechanism."""
    return fact.digest is not None and any(
        pin.mechanism != "string" and pin.digest == fact.digest for pin in context.facts.pins
    )


# ---- sets of pins


@judgement("stale_pins")
def stale_pins(context: Context, fact: PinSetView) -> tuple[str, ...]:
    """Name the pins of a set whose key no valid chain contains any more, each with the reason, without repeats."""
    stale = {pin_staleness(context, pin): None for pin in fact.pins}
    return tuple(text for text in stale if text)


@judgement("is_wholly_stale")
def is_wholly_stale(context: Context, fact: PinSetView) -> bool:
    """Tell whether every usable pin of a set is stale."""
    usable = [pin for pin in fact.pins if pin.digest is not None]
    return bool(usable) and all(pin_staleness(context, pin) for pin in usable)


def pin_staleness(context: Context, pin: PinFact) -> str:
    """Say whose key a pin is and why no new chain contains it, or return an empty text."""
    today = context.as_of.date().isoformat()
    identity = pin.identity
    if identity is not None and identity.kind in ("root", "intermediate"):
        if identity.status in ("retired", "distrusted"):
            return f"{identity.name} ({identity.status})"
        if identity.valid_until is not None and identity.valid_until < today:
            return f"{identity.name} (expired on {identity.valid_until})"
    if identity is not None and identity.kind == "staging" and not _is_bundled_anchor(context, pin):
        return f"{identity.name} (an authority for tests, which no device trusts)"
    if pin.digest is not None:
        ends = [
            (certificate.not_after, certificate.subject or certificate.entry)
            for certificate in context.facts.certificates
            if pin.digest in (certificate.spki_sha256, certificate.certificate_sha256)
            and certificate.not_after is not None
        ]
        # A key lives as long as its newest certificate. Dates are RFC 3339 in UTC, so that texts compare as dates.
        if ends and max(ends)[0][:10] < today:
            return f"{max(ends)[1]} (expired on {max(ends)[0][:10]})"
    return ""


def _is_bundled_anchor(context: Context, pin: PinFact) -> bool:
    """Say whether the app itself trusts the authority that a pin is of."""
    return any(
        certificate.spki_sha256 == pin.digest
        and any(use.activation in ("active", "unknown") for use in certificate.uses)
        for certificate in context.facts.certificates
    )


@judgement("conflicting_sets")
def conflicting_sets(context: Context, fact: PinSetView) -> tuple[str, ...]:
    """Name the mechanisms whose working pins meet this set's unusable ones on the same connections.

    Without an observed chain only a set that cannot do its work stands against one that can: disjoint digests
    may well match different certificates of one chain. With one, a set that matches nothing in it stands
    against one that does.
    """
    broken = _is_broken(fact.pins, expired=fact.expired)
    mismatched = _matches_chain(context, fact.host, fact.pins) is False
    if not (broken or mismatched):
        return ()
    others: dict[str, None] = {}
    for scope in _other_sets(context, fact):
        mechanism = scope[0].mechanism
        matches = _matches_chain(context, scope[0].host, scope)
        working = not _is_broken(scope, expired=_is_expired(context, scope))
        if (mismatched and matches) or (broken and working and matches is not False):
            others[mechanism_names.mechanism_name(mechanism)] = None
    return tuple(others)


@judgement("chain_decides")
def chain_decides(context: Context, fact: PinSetView) -> bool:
    """Tell whether an observed chain of the set's host shows that none of its pins matches."""
    return _matches_chain(context, fact.host, fact.pins) is False


def _other_sets(context: Context, fact: PinSetView) -> list[tuple[PinFact, ...]]:
    """Return the sets of other mechanisms that apply to connections which this set applies to."""
    sets: dict[tuple[str, str | None, str], list[PinFact]] = {}
    for pin in context.once("pins in force", lambda: pins_in_force(context.facts)):
        if pin.activation in ("active", "unknown") and _same_connection(fact.mechanism, pin.mechanism):
            sets.setdefault((pin.mechanism, pin.host, pin.scope), []).append(pin)
    return [tuple(pins) for pins in sets.values() if _overlap(fact.host, fact.include_subdomains, pins[0])]


def _same_connection(one: str, other: str) -> bool:
    return one != other and any(one in group and other in group for group in _ONE_CONNECTION)


def _overlap(host: str | None, include_subdomains: bool, pin: PinFact) -> bool:
    """Tell whether some host may be covered by both patterns; None covers every host."""
    if host is None or pin.host is None:
        return True
    one, other = _bare(host), _bare(pin.host)
    if one == other:
        return True
    wide_one = include_subdomains or host.startswith("*")
    wide_other = pin.include_subdomains or pin.host.startswith("*")
    return (wide_one and other.endswith("." + one)) or (wide_other and one.endswith("." + other))


def _bare(pattern: str) -> str:
    return pattern.lower().removeprefix("**.").removeprefix("*.")


def _is_broken(pins: tuple[PinFact, ...], *, expired: bool) -> bool:
    known = [pin for pin in pins if pin.resolution == "constant"]
    unusable = [pin for pin in known if pin.problem in _UNUSABLE | _DUMMY]
    return expired or (bool(pins) and len(unusable) == len(pins))


def _is_expired(context: Context, pins: tuple[PinFact, ...]) -> bool:
    return any(is_expired(pin.expires_on, context.as_of) for pin in pins)


def _matches_chain(context: Context, host: str | None, pins: tuple[PinFact, ...]) -> bool | None:
    """Tell whether a pin is among the keys of an observed chain; None without a chain or with unknown pins."""
    if host is None or any(pin.hashed_object != "spki" or pin.resolution != "constant" for pin in pins):
        return None
    name = _bare(host)
    chains = [
        chain
        for chain in context.facts.chains
        if chain.host == name and chain.validated_sha256 and not chain.superseded
    ]
    if not chains:
        return None
    keys = {key for chain in chains for key in chain.validated_sha256}
    return any(pin.digest in keys for pin in pins if pin.algorithm == "sha256")


# ---- the app as a whole


@judgement("is_pinned_at_all")
def is_pinned_at_all(context: Context) -> bool:
    """Tell whether some mechanism that may run pins some host for the app itself."""
    return any(_is_effective(context, pin) for pin in pins_for_hosts(context.facts))


@judgement("unpinned_hosts")
def unpinned_hosts(context: Context) -> tuple[str, ...]:
    """Name the first-party hosts that no mechanism pins, sorted: as configured, else as the app's facts suggest."""
    effective_pins = [pin for pin in pins_for_hosts(context.facts) if _is_effective(context, pin)]
    return tuple(
        sorted(host for host in _first_party_hosts(context) if not any(_covers(pin, host) for pin in effective_pins))
    )


def _first_party_hosts(context: Context) -> set[str]:
    configured = {_bare(name) for name in context.options.first_party}
    named = {fact.name.lower() for fact in context.facts.hosts if fact.owner == "first-party"}
    if not configured:
        package = set(context.facts.app.package.lower().split("."))
        return {name for name in named if not _is_public_service(name, package)}
    within = {fact.name.lower() for fact in context.facts.hosts}
    hosts = {name for name in within if any(name == top or name.endswith("." + top) for top in configured)}
    # A configured domain of which the app names no host is judged by itself.
    return hosts | {top for top in configured if not any(h == top or h.endswith("." + top) for h in hosts)}


def _is_public_service(host: str, package: set[str]) -> bool:
    """Tell whether a host belongs to a service that apps of all kinds link to, other than that of the app's maker."""
    return any(
        (host == domain or host.endswith("." + domain)) and domain.partition(".")[0] not in package
        for domain in _PUBLIC_SERVICES
    )


def _covers(pin: PinFact, host: str) -> bool:
    if pin.host is None:
        return True
    name = _bare(pin.host)
    if pin.host.startswith("*."):
        # OkHttp's `*.` stands for exactly one label.
        return host.partition(".")[2] == name
    return host == name or ((pin.include_subdomains or pin.host.startswith("**.")) and host.endswith("." + name))


def _is_effective(context: Context, pin: PinFact) -> bool:
    if pin.mechanism == "string" or pin.activation not in ("active", "unknown") or pin.owner.startswith("sdk:"):
        return False
    if pin.problem in _UNUSABLE or _is_expired(context, (pin,)):
        return False
    return pin.mechanism != "nsc" or pin.host is None or _policy_pins(context, pin.host)


def _policy_pins(context: Context, host: str) -> bool:
    """Tell whether the policy's pins for a host count on the newest devices that the app runs on."""
    app = context.facts.app
    level = min(HIGHEST_KNOWN_LEVEL, app.max_sdk) if app.max_sdk is not None else HIGHEST_KNOWN_LEVEL
    settings = effective(context.facts.policy, host, level)
    # Pins given without a resolved policy, such as a platform that refuses the file, are taken as they are.
    return settings is None or (
        bool(settings.pin_set.pins) and not all(anchor.overrides_pins for anchor in settings.trust_anchors)
    )
