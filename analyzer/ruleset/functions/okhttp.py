"""Judgements about OkHttp's pins, by the version that the app carries.

Conditions call them by the name given to ``@judgement``. Texts are clauses about the pattern or pin; an empty text
means that there is nothing to say.
"""

from collections.abc import Callable, Iterable

from analyzer.model import ApiUse, CallbackFact, ClientFact, Location, PinFact, SdkFact
from analyzer.model.okhttp_patterns import (
    NEWEST,
    PatternError,
    Version,
    matches,
    parse_version,
    pattern_error,
    why_never,
)
from analyzer.model.okhttp_versions import okhttp_versions
from analyzer.ruleset.functions.registry import Context, judgement
from analyzer.ruleset.views import PinSetView

_OKHTTP = ("okhttp3", "okhttp2")
_LIBRARY = "okhttp"
_RESET = "okhttp-pinner-reset"
_SHA256_SINCE: Version = (3, 2, 0)
_CLEANED_2: Version = (2, 7, 4)
_CLEANED_3: Version = (3, 1, 2)
_ASCII_HOSTS: Version = (4, 9, 2)
_MODERN_ONLY: Version = (3, 13, 0)
_UNKNOWN = "unknown"
_ACCEPTING = frozenset({"accept-all", "null-guard", "swallow"})
_LISTED = "allow-list"
_CARELESS = frozenset({"accept-all", "ignores-session", "peerhost-tautology", "substring", "swallow", "session-valid"})


# ---- the version


@judgement("okhttp_version")
def okhttp_version(context: Context, fact: PinSetView) -> str:
    """Return the version of OkHttp that reads a set, empty when none or several are known."""
    versions = _versions(context, fact.mechanism)
    return ".".join(map(str, versions[0])) if len(versions) == 1 else ""


def _versions(context: Context, mechanism: str) -> tuple[Version, ...]:
    """Return the known versions of the generation that a mechanism names."""
    return context.once(("okhttp-versions", mechanism), lambda: okhttp_versions(context.facts.sdks, mechanism))


def _said_by(context: Context, fact: PinSetView, judge: Callable[[str, Version], str | None]) -> str:
    """Return what the known versions say about a set's pattern, or the newest when none is known."""
    if fact.mechanism not in _OKHTTP or fact.host is None:
        return ""
    versions = _versions(context, fact.mechanism) or [NEWEST]
    found = [judge(fact.host, version) for version in versions]
    return next((text for text in found if text is not None), "")


# ---- patterns


@judgement("okhttp_pattern_refused")
def okhttp_pattern_refused(context: Context, fact: PinSetView) -> str:
    """Say why building the pinner throws on a set's host pattern."""
    return _said_by(context, fact, pattern_error)


@judgement("okhttp_pattern_useless")
def okhttp_pattern_useless(context: Context, fact: PinSetView) -> str:
    """Say why a set's host pattern, which is accepted, applies to no host."""
    return _said_by(context, fact, why_never)


@judgement("okhttp_missed_hosts")
def okhttp_missed_hosts(context: Context, fact: PinSetView) -> tuple[str, ...]:
    """Name the app's hosts that a ``*.`` pattern misses because they have no label in its place, or several."""
    if fact.mechanism not in _OKHTTP or fact.host is None or not fact.host.startswith("*."):
        return ()
    suffix = fact.host[2:].lower()
    named = {
        host.name.lower()
        for host in context.facts.hosts
        if host.source == "code" and host.owner == "first-party" and (host.name.lower() + ".").endswith(suffix + ".")
    }
    below = [name for name in sorted(named) if name == suffix or name.endswith("." + suffix)]
    patterns = [pin.host for pin in context.facts.pins if pin.mechanism == fact.mechanism and pin.host is not None]
    version = next(iter(_versions(context, fact.mechanism)), NEWEST)
    return tuple(name for name in below if not any(_applies(pattern, name, version) for pattern in patterns))


@judgement("okhttp_pooled_with")
def okhttp_pooled_with(context: Context, fact: PinSetView) -> tuple[str, ...]:
    """Name the wildcard patterns of the same pinner that add other pins to those of a set for one host."""
    if fact.mechanism not in _OKHTTP or fact.host is None or fact.host.startswith("*"):
        return ()
    version = next(iter(_versions(context, fact.mechanism)), NEWEST)
    own = {pin.digest for pin in fact.pins}
    found: dict[str, None] = {}
    for pin in context.facts.pins:
        if (pin.mechanism, pin.scope) != (fact.mechanism, fact.scope) or pin.host is None or pin.digest is None:
            continue
        if pin.host.startswith("*") and pin.digest not in own and _applies(pin.host, fact.host.lower(), version):
            found[pin.host] = None
    return tuple(found)


def _applies(pattern: str, host: str, version: Version) -> bool:
    try:
        return matches(pattern, host, version)
    except PatternError:
        return False


# ---- pins


@judgement("okhttp_refused_pins")
def okhttp_refused_pins(context: Context, fact: PinSetView) -> tuple[str, ...]:
    """Say for each pin of a set why building the pinner throws on it."""
    if fact.mechanism not in _OKHTTP:
        return ()
    versions = _versions(context, fact.mechanism)
    found: dict[str, None] = {}
    for pin in fact.pins:
        if pin.problem in ("prefix", "encoding"):
            found[pin.problem_detail or "it cannot be read"] = None
        elif pin.value.startswith("sha256/") and versions and all(version < _SHA256_SINCE for version in versions):
            found["SHA-256 pins are understood from version 3.2.0 on"] = None
    return tuple(found)


@judgement("okhttp_usable_beside")
def okhttp_usable_beside(context: Context, fact: PinFact) -> int:
    """Count the pins beside one that may match: for the same host, in the same pinner."""
    return sum(
        1
        for pin in context.facts.pins
        if pin.digest is not None
        and (pin.mechanism, pin.host, pin.scope) == (fact.mechanism, fact.host, fact.scope)
        and pin.problem in (None, "spelling")
    )


# ---- pinners and clients


@judgement("okhttp_pins_host")
def okhttp_pins_host(context: Context) -> bool:
    """Tell whether code of the app hands pins to OkHttp, in code that may run."""
    return any(pin.mechanism in _OKHTTP and pin.activation != "defined_only" for pin in context.facts.pins)


@judgement("okhttp_pinned")
def okhttp_pinned(context: Context, host: str) -> bool:
    """Tell whether a pin that code of the app hands to OkHttp is for a host, in code that may run."""
    return any(
        _is_for(pin, host)
        for pin in context.facts.pins
        if pin.mechanism in _OKHTTP and pin.activation != "defined_only"
    )


def _is_for(pin: PinFact, host: str) -> bool:
    try:
        return pin.host is None or matches(pin.host, host, NEWEST)
    except PatternError:
        return False


@judgement("okhttp_is_reset")
def okhttp_is_reset(context: Context, fact: PinSetView) -> bool:
    """Tell whether the client that got a set's pinner is given an empty one afterwards."""
    places = set(fact.evidence)
    return any(place in places for use in _resets(context) for place in use.evidence[1:])


def _resets(context: Context) -> list[ApiUse]:
    return [use for use in context.facts.api_uses if use.api == _RESET]


@judgement("okhttp_reset_place")
def okhttp_reset_place(fact: ApiUse) -> str:
    """Name the class in which a client is given an empty pinner."""
    place: Location | None = next(iter(fact.evidence), None)
    return (place.class_name if place is not None else None) or "a client"


@judgement("accepting_trust_managers")
def accepting_trust_managers(context: Context, fact: PinSetView) -> tuple[str, ...]:
    """Name the trust managers in use beside a set's pins that accept certificates they should refuse.

    Those of the clients that get the pins, where these are known; else all of the app that are in code that may run.
    """
    return _names(one for one in _beside(context, fact, "trust_manager") if one.behaviour in _ACCEPTING)


@judgement("careless_verifiers")
def careless_verifiers(context: Context, fact: PinSetView) -> tuple[str, ...]:
    """Name the host name verifiers in use beside a set's pins that accept names they should refuse, in the same way."""
    return _names(one for one in _beside(context, fact, "hostname_verifier") if _is_careless(one, fact))


def _names(callbacks: Iterable[CallbackFact]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.class_name for one in callbacks))


def _is_careless(verifier: CallbackFact, fact: PinSetView) -> bool:
    """Say whether a verifier accepts some name of a set of pins without the certificate, outside of debuggable builds.

    One that asks for certain names does so for these: with other hosts it goes by the certificate, or refuses.
    """
    if verifier.debug_only:
        return False
    if verifier.behaviour != _LISTED:
        return verifier.behaviour in _CARELESS
    names = [name.casefold().rstrip(".") for name in verifier.values]
    if not names or fact.host is None:
        return True
    host = fact.host.casefold().rstrip(".")
    base = host.lstrip("*.")
    below = fact.include_subdomains or host.startswith("*")
    return any(name == host or (below and name.endswith(f".{base}")) for name in names)


@judgement("okhttp_clients_known")
def okhttp_clients_known(context: Context, fact: PinSetView) -> bool:
    """Tell whether it is known which clients get a set's pins, and what else these are given."""
    clients = _clients_of(context, fact)
    return bool(clients) and all(map(_is_known, clients))


def _is_known(client: ClientFact) -> bool:
    given = (*client.trust_managers, *client.factory_managers, *client.verifiers)
    return client.own_socket_factory is not None and client.own_verifier is not None and _UNKNOWN not in given


def _clients_of(context: Context, fact: PinSetView) -> list[ClientFact]:
    places = {_place(location) for location in fact.evidence}
    return [client for client in context.facts.clients if any(_place(one) in places for one in client.evidence[1:])]


def _place(location: Location) -> tuple[object, ...]:
    return location.entry, location.class_name, location.method, location.code_offset


def _beside(context: Context, fact: PinSetView, kind: str) -> tuple[CallbackFact, ...]:
    """Return the callbacks in use that may decide beside a set's pins, one for each class and behaviour."""
    found = {
        (callback.class_name, callback.behaviour, callback.variant): callback
        for callback in context.facts.callbacks
        if callback.kind == kind and callback.activation == "active"
    }
    if not okhttp_clients_known(context, fact):
        return tuple(found.values())
    given: set[str] = set()
    for client in _clients_of(context, fact):
        given.update(client.verifiers if kind == "hostname_verifier" else client.trust_managers)
        if kind == "trust_manager":
            given.update(client.factory_managers)
    return tuple(callback for callback in found.values() if callback.class_name in given)


@judgement("okhttp_flaw")
def okhttp_flaw(fact: SdkFact) -> str:
    """Name the published flaw in certificate checks of a version of OkHttp: its CVE number."""
    version = parse_version(fact.version) if fact.name == _LIBRARY and fact.version is not None else None
    if version is None:
        return ""
    if version < (_CLEANED_2 if version[0] < 3 else _CLEANED_3):
        return "CVE-2016-2402"
    return "CVE-2021-0341" if version < _ASCII_HOSTS else ""


@judgement("okhttp_old_specs")
def okhttp_old_specs(context: Context, fact: ApiUse) -> tuple[str, ...]:
    """Name the predefined specifications in a call's arguments that include TLS 1.0 and 1.1 in the app's OkHttp."""
    old = {"COMPATIBLE_TLS"}
    versions = _versions(context, "okhttp3")
    if versions and all(version < _MODERN_ONLY for version in versions):
        old.add("MODERN_TLS")
    return tuple(dict.fromkeys(text for text in fact.arguments if text is not None and text in old))
