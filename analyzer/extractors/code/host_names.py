"""Hosts in texts: which URLs name a host that something may connect to, and which are mere identifiers."""

import ipaddress
import re
from collections.abc import Iterator
from typing import NamedTuple

SCHEMES = frozenset(
    {
        "http", "https", "ws", "wss", "ftp", "ftps", "mqtt", "mqtts", "tcp", "ssl", "tls", "rtsp", "rtsps", "rtmp",
        "amqp", "amqps", "ldap", "ldaps", "imap", "imaps", "smtp", "smtps", "grpc", "grpcs", "socket",
    }
)  # fmt: skip
"""Schemes whose URLs name a host on the network."""
URL_MARK = re.compile(rb"[A-Za-z]://")
"""Occurs in every text with a URL."""
MAX_HOST_CHARACTERS = 253
"""Longest host name (RFC 1035 in text form)."""

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,15})://([^/\s?#\"'<>\\|,;()]{0,300})([^\s\"'<>\\|]{0,300})")
_MAX_SCHEME = 16
_SCHEME_BEFORE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*\Z")
_HTTP_OVER_TLS = frozenset({"https", "wss"})
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?")
_PLACEHOLDER = re.compile(r"[%${}*\[\]\x00-\x1f]")
_MAX_TEXT = 65_536
"""Longer texts are data: only this much of them is read."""
# What may stand before a URL that is used as one, in JSON, markup or lists. Blanks stand before URLs in sentences.
_BEFORE = frozenset("\"'=<>,;|[({\\`")
# Below these, dotted texts are names of packages and classes.
_PACKAGE_ROOTS = frozenset({"com", "org", "net", "io", "android", "androidx", "java", "javax", "kotlin", "kotlinx"})

_COMMON_ENDS = frozenset({"com", "net", "org"})

# Hosts in the names of XML namespaces, schemas and parser features. Nothing connects to them.
_IDENTIFIERS = frozenset(
    {
        "apache.org", "docbook.org", "docs.oasis-open.org", "iptc.org", "java.sun.com", "javax.xml.transform",
        "json-schema.org", "ns.adobe.com", "ns.google.com", "ogp.me", "purl.org", "relaxng.org", "schema.org",
        "schemas.android.com", "schemas.google.com", "schemas.microsoft.com", "schemas.openxmlformats.org",
        "schemas.xmlsoap.org", "w3.org", "www.ccil.org", "www.iana.org", "www.oasis-open.org", "www.opengis.net",
        "www.topografix.com", "www.w3.org", "www.xmlpull.org", "xml.apache.org", "xml.org", "xmlns.com",
        "xmlns.jcp.org", "xmlpull.org",
    }
)  # fmt: skip
# Where licences and documentation are kept: named in notices, messages and annotations.
_DOCUMENTS = frozenset(
    {
        "androidx.tech", "b.android.com", "bugs.openjdk.java.net", "bugs.openjdk.org", "code.google.com",
        "creativecommons.org", "d.android.com", "developer.android.com", "developer.mozilla.org",
        "developers.google.com", "docs.gradle.org", "docs.oracle.com", "g.co", "gnu.org", "goo.gle",
        "issues.apache.org", "issuetracker.google.com", "kotlinlang.org", "opensource.org", "source.android.com",
        "stackoverflow.com", "tools.ietf.org", "www.apache.org", "www.gnu.org", "www.ietf.org", "www.mozilla.org",
        "www.opensource.org", "www.rfc-editor.org", "www.slf4j.org", "youtrack.jetbrains.com",
    }
)  # fmt: skip
# Sites that host documentation and issues of libraries, but may as well be what an app itself talks to.
_DOCUMENTS_OF_LIBRARIES = frozenset({"github.com", "goo.gl", "bit.ly", "square.github.io", "raw.githubusercontent.com"})
_LOOPBACK = frozenset({"localhost", "ip6-localhost", "ip6-loopback", "0.0.0.0", "::"})  # noqa: S104 # names, not bound


class NamedHost(NamedTuple):
    """A host in a text."""

    name: str
    """Lower case, without port and user information; empty when a part of it is filled in at run time."""
    scheme: str
    url: str
    """The URL as written, without what follows it in the text."""
    port: int | None = None
    """Of a URL with a scheme over TLS that clients of HTTP take; None for another scheme, or a port that is filled in
    at run time."""


def hosts_in(text: str, *, of_library: bool) -> tuple[NamedHost, ...]:
    """Return the hosts of all URLs in a text that something may connect to, in order, without repeats.

    Left out are: identifiers such as XML namespaces, documentation and licences, URLs inside sentences, loopback
    names, and what is no host name. A host that is put together at run time has an empty name.

    Args:
        text: A string constant.
        of_library: True when a library's code holds it: hosts of documentation are then left out more broadly.
    """
    found: dict[NamedHost, None] = {}
    for match in _urls(text[:_MAX_TEXT]):
        scheme = match[1].lower()
        if scheme not in SCHEMES or not _stands_alone(text, match.start()):
            continue
        # A scheme alone is what code compares with, or puts before something: calls tell more.
        name = host_of(match[2]) if match[2] else None
        if name is None or (name and _is_no_peer(name, match[3], of_library=of_library)):
            continue
        found[NamedHost(name, scheme, match[0], _tls_port(scheme, match[2]))] = None
    return tuple(found)


def _urls(text: str) -> Iterator[re.Match[str]]:
    """Yield what `_URL` finds, from each ``://`` backwards: most of a long text has none."""
    at = end = 0
    while (at := text.find("://", at)) >= 0:
        scheme = _SCHEME_BEFORE.search(text[max(end, at - _MAX_SCHEME) : at])
        match = None if scheme is None else _URL.match(text, at - len(scheme[0]))
        if match is None:
            at += 1
            continue
        yield match
        at = end = match.end()


def _tls_port(scheme: str, authority: str) -> int | None:
    if scheme not in _HTTP_OVER_TLS:
        return None
    written = authority.rpartition("@")[2].rpartition("]")[2].partition(":")[2]
    if not written:
        # RFC 3986, section 3.2.3: a port that is left out or empty is the scheme's own.
        return 443
    port = int(written) if written.isascii() and written.isdigit() and len(written) <= 5 else 0
    return port if 0 < port <= 65_535 else None


def host_of(authority: str) -> str | None:
    """Return the host in an authority (``user@host:port``) in lower case.

    None means that there is none, such as in text that only looks like a URL; an empty name that a part of it is a
    placeholder.
    """
    host = authority.rpartition("@")[2]
    if host.startswith("["):
        literal = host[1:].partition("]")[0]
        try:
            return ipaddress.ip_address(literal).compressed
        except ValueError:
            return "" if _PLACEHOLDER.search(literal) else None
    host = host.partition(":")[0]
    if not host or _PLACEHOLDER.search(host):
        return ""
    return plain_host(host, in_url=True)


def plain_host(text: str, *, in_url: bool = False) -> str | None:
    """Return a host name or IPv4 address in lower case, None when the text is none.

    A name needs a dot, or to be a loopback name. Text under the usual roots of package names is no host, unless it
    stands in a URL and ends as names of hosts do: ``https://io.example.com``.
    """
    host = text.lower().removesuffix(".")
    if len(host) > MAX_HOST_CHARACTERS:
        return None
    try:
        return ipaddress.ip_address(host).compressed
    except ValueError:
        pass
    if host in _LOOPBACK:
        return host
    labels = host.split(".")
    if len(labels) < 2 or (labels[0] in _PACKAGE_ROOTS and not (in_url and _ends_like_host(labels))):
        return None
    if not all(_LABEL.fullmatch(label) for label in labels):
        # Names outside ASCII are hosts as well; what a client makes of them is not told here.
        return host if not host.isascii() and all(label.replace("-", "").isalnum() for label in labels) else None
    top = labels[-1]
    return host if len(top) >= 2 and (top.isalpha() or top.startswith("xn--")) else None


def _ends_like_host(labels: list[str]) -> bool:
    return len(labels) > 2 and (labels[-1] in _COMMON_ENDS or (len(labels[-1]) == 2 and labels[-1].isalpha()))


def is_loopback(host: str) -> bool:
    """Tell whether a host is the device itself."""
    try:
        return host in _LOOPBACK or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _stands_alone(text: str, start: int) -> bool:
    """Tell whether a URL is used as one, rather than quoted in a sentence."""
    before = text[:start].rstrip()
    if not before:
        return True
    return len(before) == start and before[-1] in _BEFORE


def _is_no_peer(name: str, rest: str, *, of_library: bool) -> bool:
    if is_loopback(name) or name in _IDENTIFIERS or name in _DOCUMENTS:
        return True
    if of_library and name in _DOCUMENTS_OF_LIBRARIES:
        return True
    path = rest.lower()
    return "/licenses/" in path or "/xmlschema" in path or path.endswith((".dtd", ".xsd", "/license", "license-2.0"))
