"""Judgements about calls of APIs, and about URLs without TLS.

Conditions call them by the name given to ``@judgement``.
"""

from analyzer.model import ApiUse
from analyzer.model.client_names import named
from analyzer.model.policy import FIRST_POLICY_LEVEL, HIGHEST_KNOWN_LEVEL
from analyzer.model.policy_lookup import effective
from analyzer.ruleset.functions.registry import Context, judgement
from analyzer.ruleset.locality import is_local

_SSL = frozenset({"SSL", "SSLv2", "SSLv2Hello", "SSLv3", "SSL_3_0"})
_EARLY_TLS = frozenset({"TLSv1", "TLSv1.0", "TLSv1.1", "TLS_1_0", "TLS_1_1"})
_SSL_GONE = 26
"""API level from which on the platform has no SSLv3."""
_EARLY_TLS_GONE = 35
"""API level from which on TLS 1.0 and 1.1 are refused to apps that target it."""
_WEAK_PARTS = frozenset({"NULL", "anon", "EXPORT", "EXPORT40", "EXPORT1024", "RC4", "DES", "DES40", "3DES", "MD5"})
_OPEN_PARTS = frozenset({"NULL", "anon"})
_CODE_MECHANISMS = frozenset({"okhttp3", "okhttp2", "trustkit", "custom-tm", "keystore-tm"})
_LAST_LEVEL_WITH_CLEARTEXT_DEFAULT = 27


@judgement("api_place")
def api_place(fact: ApiUse) -> str:
    """Name the class in which a call stands."""
    place = next(iter(fact.evidence), None)
    return (place.class_name if place is not None else None) or "the code"


@judgement("client_names")
def client_names(clients: tuple[str, ...]) -> tuple[str, ...]:
    """Return what reports call the clients that contact a host, sorted."""
    return named(clients)


@judgement("only_without_tls")
def only_without_tls(context: Context, host: str) -> bool:
    """Tell whether all URLs of a host in code and resources are without TLS, so that no pin could be checked."""
    facts = [fact for fact in context.facts.hosts if fact.name == host and fact.source in ("code", "resource")]
    named = any(fact.cleartext_named or fact.cleartext_clients for fact in facts)
    return named and not any(fact.tls_ports for fact in facts)


@judgement("old_protocols")
def old_protocols(context: Context, fact: ApiUse) -> tuple[str, ...]:
    """Name the protocol versions before TLS 1.2 in a call's arguments that some device of the app still has."""
    app = context.facts.app
    gone: set[str] = set()
    if app.min_sdk >= _SSL_GONE:
        gone |= _SSL
    if app.min_sdk >= _EARLY_TLS_GONE and app.target_sdk >= _EARLY_TLS_GONE:
        gone |= _EARLY_TLS
    found = (text for text in fact.arguments if text is not None and text in _SSL | _EARLY_TLS)
    return tuple(dict.fromkeys(text for text in found if text not in gone))


@judgement("weak_suites")
def weak_suites(fact: ApiUse) -> tuple[str, ...]:
    """Name the weak cipher suites in a call's arguments: no encryption or identity, or broken algorithms."""
    return tuple(dict.fromkeys(text for text in fact.arguments if text is not None and _parts(text) & _WEAK_PARTS))


@judgement("open_suites")
def open_suites(fact: ApiUse) -> tuple[str, ...]:
    """Name the cipher suites in a call's arguments that do not encrypt, or do not say who the server is."""
    return tuple(dict.fromkeys(text for text in fact.arguments if text is not None and _parts(text) & _OPEN_PARTS))


def _parts(suite: str) -> set[str]:
    return set(suite.split("_")) if suite.startswith(("TLS_", "SSL_")) else set()


@judgement("is_local_target")
def is_local_target(target: str) -> bool:
    """Tell whether a target such as ``host``, ``host:port`` or ``dns:///host:port`` stays on the local network."""
    authority = target.rpartition("/")[2]
    host = authority.partition(":")[0] if not authority.startswith("[") else authority.partition("]")[0] + "]"
    return bool(host) and is_local(host)


@judgement("cleartext_permitted")
def cleartext_permitted(context: Context, host: str) -> str:
    """Say where the policy permits cleartext to a host: ``yes``, ``old`` for old devices alone, ``no`` or ``unknown``.

    An empty host asks for all hosts that the policy does not name. Old devices are those below API 28, where cleartext
    is permitted unless the policy forbids it, and those below 24, which have no such policy.
    """
    facts = context.facts
    newest = min(HIGHEST_KNOWN_LEVEL, facts.app.max_sdk or HIGHEST_KNOWN_LEVEL)
    settings = effective(facts.policy, host, newest)
    if settings is None:
        return "unknown"
    if settings.cleartext:
        return "yes"
    oldest = max(facts.app.min_sdk, FIRST_POLICY_LEVEL)
    before = effective(facts.policy, host, oldest) if oldest <= _LAST_LEVEL_WITH_CLEARTEXT_DEFAULT else None
    if before is not None and before.cleartext:
        return "old"
    return "old" if facts.app.min_sdk < FIRST_POLICY_LEVEL else "no"


@judgement("pinned_in_code_only")
def pinned_in_code_only(context: Context, host: str) -> bool:
    """Tell whether code of the app pins hosts, and the policy does not pin this one on the newest devices."""
    facts = context.facts
    in_code = any(
        pin.mechanism in _CODE_MECHANISMS and pin.activation == "active" and not pin.owner.startswith("sdk:")
        for pin in facts.pins
    )
    newest = min(HIGHEST_KNOWN_LEVEL, facts.app.max_sdk or HIGHEST_KNOWN_LEVEL)
    settings = effective(facts.policy, host, newest)
    return in_code and settings is not None and not settings.pin_set.pins


@judgement("app_calls")
def app_calls(context: Context, api: str, argument: str) -> bool:
    """Tell whether code that may run calls an API with this among its arguments; an empty text means any call."""
    return any(
        use.api == api and use.activation != "defined_only" and (not argument or argument in use.arguments)
        for use in context.facts.api_uses
    )


_HELPERS = {
    "insecure-netty": "Netty's InsecureTrustManagerFactory",
    "insecure-loopj-factory": "loopj's getFixedSocketFactory",
    "insecure-loopj-client": "loopj's client with the argument that switches validation off",
    "insecure-trust-strategy": "a trust strategy of Apache's client",
    "insecure-grpc-verification": "gRPC's INSECURELY_SKIP_ALL_VERIFICATION",
    "insecure-smack": "Smack's TLSUtils without checks",
    "insecure-javamail": "JavaMail's setTrustAllHosts",
    "insecure-commons-net": "Commons Net's accept-all trust manager",
    "insecure-okhttp-utils": "the UnSafeTrustManager of an OkHttp helper library",
    "insecure-kevinsawicki": "HttpRequest's trustAllCerts or trustAllHosts",
}
_SWITCHED_ON = frozenset({"insecure-loopj-client", "insecure-javamail"})
_MAIL_TRUST = ".ssl.trust"
"""Of the hosts that it names, JavaMail validates no certificate (``MailSSLSocketFactory``, 1.4.4 and later)."""
_STARTTLS = ".starttls.enable"


@judgement("insecure_helper")
def insecure_helper(fact: ApiUse) -> str:
    """Name the helper that accepts every certificate, empty for other calls and where its argument is not ``true``."""
    if fact.api in _SWITCHED_ON and fact.arguments[:1] != ("true",):
        return ""
    if fact.api == "mail-property" and (fact.arguments[0] or "").endswith(_MAIL_TRUST) and fact.arguments[1:2] != ("",):
        return "JavaMail's property ssl.trust"
    return _HELPERS.get(fact.api, "")


@judgement("starttls_is_optional")
def starttls_is_optional(context: Context, fact: ApiUse) -> bool:
    """Tell whether a call enables STARTTLS for a mail protocol that no code of the app requires it for."""
    if fact.api != "mail-property" or fact.arguments[1:2] != ("true",):
        return False
    name = fact.arguments[0] or ""
    if not name.endswith(_STARTTLS):
        return False
    required = f"{name.removesuffix(_STARTTLS)}.starttls.required"
    return not any(
        use.api == "mail-property"
        and use.activation != "defined_only"
        and use.arguments[0] == required
        and use.arguments[1:2] != ("false",)
        for use in context.facts.api_uses
    )
