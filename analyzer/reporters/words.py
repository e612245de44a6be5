"""The words that reports use for the names of the model."""

from collections.abc import Mapping

from analyzer.model import Confidence, FactKind, GapReason, Severity
from analyzer.model.mechanism_names import MECHANISMS as MECHANISMS
from analyzer.model.mechanism_names import mechanism_in_text as mechanism_in_text
from analyzer.reporters.text import shorten, visible

MAX_TEXT_CHARACTERS = 600
"""Longest text from an app that a human report shows; the JSON report has all of it."""

SEVERITY_MEANING: Mapping[Severity, str] = {
    Severity.CRITICAL: "A network attacker needs nothing beyond what anyone can get.",
    Severity.HIGH: "An attacker needs a user-installed CA, a certificate from one particular CA or a partial "
    "condition; or a pinning control that is believed active is not.",
    Severity.MEDIUM: "A weakening that needs a further condition, or a likely outage.",
    Severity.LOW: "Hygiene and robustness.",
    Severity.INFO: "A fact to know.",
}
SEVERITY_SHAPES: Mapping[Severity, str] = {
    Severity.CRITICAL: "■",
    Severity.HIGH: "▲",
    Severity.MEDIUM: "◆",
    Severity.LOW: "○",
    Severity.INFO: "·",
}
"""Signs that tell severities apart without colour."""
CONFIDENCE_MEANING: Mapping[Confidence, str] = {
    Confidence.CERTAIN: "Declared by the app, or every constant and connection was followed to its end.",
    Confidence.FIRM: "One modelled assumption; the connection to what uses it was seen.",
    Confidence.TENTATIVE: "A pattern or a string alone, or the connection to what uses it was not proven.",
    Confidence.COVERAGE: "A statement about what could not be analysed.",
}
GAP_REASONS: Mapping[GapReason, str] = {
    "unreadable": "could not be read",
    "recovered": "damaged, read as a device would",
    "limit": "limit reached",
    "timeout": "time ran out",
    "packed": "packed or encrypted",
    "unresolved-value": "value not resolved",
    "unsupported-format": "format not supported",
    "unsupported-runtime": "runtime not supported",
    "not-analysed-yet": "not analysed",
    "missing-split": "needs a split that was not given",
    "unreachable": "chain not seen or not compared",
    "failure": "failure of the analyzer",
}
HIDDEN_KINDS: Mapping[FactKind, str] = {
    "socket": "sockets made by hand",
    "app": "the manifest",
    "policy": "the network security configuration",
    "pin": "pins",
    "callback": "trust managers, hostname verifiers and WebView handlers",
    "certificate": "bundled certificates and keys",
    "sdk": "libraries in use",
    "host": "hosts that the app names",
    "chain": "certificate chains of servers",
    "code": "what the code calls",
    "native": "what native libraries do",
}
CALLBACK_KINDS: Mapping[str, str] = {
    "trust_manager": "trust manager",
    "hostname_verifier": "hostname verifier",
    "webview_ssl_error": "WebView TLS error handler",
    "socket": "socket",
}
ACTIVATIONS: Mapping[str, str] = {
    "active": "in use",
    "created": "built, not attached to a client",
    "defined_only": "defined, never built",
    "unknown": "whether it is used is not known",
}
CHECKED_CHAINS: Mapping[str, str] = {
    "validated": "any certificate of the validated chain",
    "presented": "any certificate that the server sends, validated or not",
    "leaf": "the server's own certificate only",
    "index": "the certificate at a fixed place of the chain",
    "unknown": "which certificates are compared is not known",
}
HASHED_OBJECTS: Mapping[str, str] = {
    "spki": "public key (SPKI)",
    "certificate": "whole certificate",
    "key": "public key, compared as it is",
    "file": "certificate file",
}
DOMAIN_PROBLEMS: Mapping[str, str] = {
    "wildcard": "the platform knows no wildcards; `includeSubdomains` covers subdomains",
    "scheme": "it contains a scheme",
    "port": "it contains a port",
    "path": "it contains a path",
    "leading-dot": "it begins with a dot",
    "trailing-dot": "it ends with a dot",
    "empty-label": "it contains two dots in a row",
    "several-names": "it holds more than one name",
    "illegal-character": "it contains a character that no host name has",
    "reference": "it is a reference to a resource, which the platform does not resolve here",
    "whitespace": "it contains white space",
    "unicode": "it is not in ASCII form",
    "cidr": "it is an address range",
}


def show(text: str, most: int = MAX_TEXT_CHARACTERS) -> str:
    """Return untrusted text in visible form, cut in the middle when it is longer than any report needs."""
    # Cutting first keeps megabytes of hostile text cheap; each character may grow to ten.
    return shorten(visible(shorten(text, 2 * most)), most)


def owner_name(owner: str) -> str:
    """Return whose code or host it is, in words."""
    if owner.startswith("sdk:"):
        return f"SDK {show(owner[4:], 80)}"
    return {"first-party": "first party", "unknown": "owner not known"}.get(owner, show(owner, 80))
