"""Judgements about classes that take part in TLS decisions: names for reports, and whose engine calls them.

Conditions call them by the name given to ``@judgement``.
"""

from analyzer.model import CallbackFact
from analyzer.ruleset.functions.registry import judgement

_ENGINES = {
    "Lcom/tencent/smtt/": "Tencent X5",
    "Lcom/uc/webview/": "UC",
    "Lorg/xwalk/core/": "Crosswalk",
}
"""Packages of WebViews that do not come with the platform, by the type of the page that a callback is given."""
_ALLOW_ALL = ("AllowAllHostnameVerifier", "NoopHostnameVerifier")
_TURNED_ROUND = "not: "
"""Before whose answer a verifier gives the opposite of."""


@judgement("callback_name")
def callback_name(fact: CallbackFact) -> str:
    """Name a class as reports show it; one case of a merged class with its number."""
    return fact.class_name if fact.variant is None else f"{fact.class_name} (case {fact.variant})"


@judgement("deciding_code")
def deciding_code(fact: CallbackFact) -> str:
    """Return the statements that decide as Java-like code, or an empty text where none were kept."""
    return next((place.snippet for place in fact.evidence if place.snippet is not None), "")


@judgement("web_engine")
def web_engine(fact: CallbackFact) -> str:
    """Name the engine, other than the platform's WebView, that calls a handler of certificate errors; else empty."""
    method = next((place.method for place in fact.evidence if place.method is not None), "")
    return next((name for package, name in _ENGINES.items() if f"({package}" in method), "")


@judgement("accepts_below_a_domain")
def accepts_below_a_domain(fact: CallbackFact) -> bool:
    """Tell whether a verifier that matches text accepts only names below domains: all its suffixes begin with a dot."""
    suffixes = fact.detail is not None and "ends with" in fact.detail
    return suffixes and bool(fact.values) and all(value.startswith(".") for value in fact.values)


@judgement("is_librarys_allow_all")
def is_librarys_allow_all(fact: CallbackFact) -> bool:
    """Tell whether a verifier is the one of Apache's client that accepts every name, by that or another package."""
    return fact.class_name.rpartition(".")[2] in _ALLOW_ALL


@judgement("names_accepted")
def names_accepted(fact: CallbackFact) -> str:
    """Say in words which names a verifier accepts that does not refuse what it should."""
    detail = fact.detail or ""
    if fact.behaviour == "session-valid":
        return "accepts every name while the session is valid, which it is after any handshake"
    if fact.behaviour != "swallow":
        return "accepts every name"
    if detail.startswith(_TURNED_ROUND):
        asked = detail.removeprefix(_TURNED_ROUND)
        # A clause in words, instead of the name of a method, tells of something else that was asked as well.
        return f"accepts the names that {'the verifier it asks' if ' ' in asked else asked} refuses"
    return "accepts the name where its own check fails"
