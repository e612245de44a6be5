"""Host patterns of OkHttp's ``CertificatePinner``, as each version reads and compares them. Pure.

Sources: ``CertificatePinner``, ``HttpUrl`` and ``internal.hostnames`` of OkHttp 2.7.5 to 5.x, and runs of them.
"""

import ipaddress
import re
import unicodedata
import urllib.parse
from typing import Literal

import msgspec

Version = tuple[int, int, int]
"""Major, minor and patch number."""

NEWEST: Version = (5, 0, 0)
"""Stands for a version that is not known: what all versions since 4.3 do."""
_LISTED: Version = (3, 2, 0)
"""From here on pins are a list of patterns instead of a map, and SHA-256 is understood."""
_PARSED: Version = (3, 4, 0)
"""From here on patterns go through the URL parser."""
_WHOLE_SUFFIX: Version = (3, 9, 0)
"""From here on ``*.`` compares to the end of the host name."""
_STRICT: Version = (4, 3, 0)
"""From here on ``**.`` exists, and other patterns are refused."""
_OWN_IDNA: Version = (5, 0, 0)
_VERSION = re.compile(r"(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?")
_FORBIDDEN = frozenset(" #%/:?@[\\]")
_URL_SPACE = " \t\n\f\r"
_MAX_PATTERN = 2_000
_MAX_LABEL = 63

Shape = Literal["exact", "one-label", "any-labels"]


class HostPattern(msgspec.Struct, frozen=True, kw_only=True):
    """A pattern as one version of OkHttp understands it."""

    shape: Shape
    """``one-label`` for ``*.``, ``any-labels`` for ``**.``."""
    host: str
    """The host name behind the wildcard, in the spelling that host names are compared with."""


class PatternError(Exception):
    """The version refuses the pattern: building the pinner throws. The message says why."""


_FIRST_SHA256: Version = (3, 2, 0)


def parse_version(text: str) -> Version | None:
    """Read ``4.12.0`` or ``5.0.0-alpha.3``; None when it is no version."""
    found = _VERSION.match(text)
    return None if found is None else (int(found[1]), int(found[2]), int(found[3] or 0))


def read_pattern(pattern: str, version: Version) -> HostPattern:
    """Read a pattern as `version` does.

    Raises:
        PatternError: The version throws on it.
    """
    if len(pattern) > _MAX_PATTERN:
        raise PatternError("it is longer than any host name")
    if version >= _STRICT:
        return _read_strictly(pattern, version)
    shape: Shape = "one-label" if pattern.startswith("*.") else "exact"
    host = pattern.removeprefix("*.") if shape == "one-label" else pattern
    return HostPattern(shape=shape, host=host if version < _PARSED else _url_host(host, version))


def matches(pattern: str, host: str, version: Version) -> bool:
    """Tell whether pins for `pattern` apply to `host`, a host name as OkHttp's URLs spell it (lower case, ASCII).

    Raises:
        PatternError: The version throws on the pattern.
    """
    read = read_pattern(pattern, version)
    if version >= _STRICT:
        return _matches_strictly(read, host)
    if read.shape == "exact":
        return host == read.host
    first_dot = host.find(".")
    rest = host[first_dot + 1 :]
    if version < _LISTED:
        return first_dot != host.rfind(".") and rest == read.host
    return rest == read.host if version >= _WHOLE_SUFFIX else rest.startswith(read.host)


def refuses_pin(pin: str, version: Version) -> bool:
    """Say whether a version throws at a pin that later ones take: SHA-256 came with 3.2.0."""
    return version < _FIRST_SHA256 and pin.startswith("sha256/")


def pattern_error(pattern: str, version: Version) -> str | None:
    """Say why `version` throws on a pattern, as a clause about it; None when it accepts the pattern."""
    try:
        read_pattern(pattern, version)
    except PatternError as error:
        return str(error)
    return None


def why_never(pattern: str, version: Version) -> str | None:
    """Say why a pattern that `version` accepts applies to no host, as a clause about it; None when it may apply."""
    try:
        read = read_pattern(pattern, version)
    except PatternError:
        return None
    if version < _STRICT and pattern.startswith("**."):
        return "it starts with '**.', which versions before 4.3 compare literally"
    if "*" in read.host:
        return "it has an asterisk that is compared literally"
    if version >= _PARSED and read.host in ("http", "https") and "://" in pattern:
        return f"it starts with a scheme, so that it stands for a host named '{read.host}'"
    if version < _PARSED:
        return _why_never_literally(read.host)
    if read.host.endswith("."):
        return "it ends with a dot, so that it applies only to addresses that are written with that dot"
    return None


def _why_never_literally(host: str) -> str | None:
    """Judge a pattern of a version that compares it unread with what its URL parser made of the address."""
    if host != host.lower():
        return "it has upper-case letters, which versions before 3.4 compare literally with a host in lower case"
    if not host.isascii():
        return "it is not in its ASCII form, with which versions before 3.4 compare it"
    if set(host) & _FORBIDDEN or any(ord(character) < 0x21 for character in host):
        return "it holds characters that no host name has, such as those of a scheme, port or path"
    if host.endswith("."):
        return "it ends with a dot, so that it applies only to addresses that are written with that dot"
    if host.startswith(".") or ".." in host:
        return "it has an empty label"
    return None


def _read_strictly(pattern: str, version: Version) -> HostPattern:
    shape: Shape = "exact"
    for prefix, wanted in (("**.", "any-labels"), ("*.", "one-label")):
        if pattern.startswith(prefix) and "*" not in pattern[len(prefix) :]:
            shape = wanted  # type: ignore[assignment]
            break
    else:
        if "*" in pattern:
            raise PatternError("it has an asterisk elsewhere than in '*.' or '**.' at its start")
    # The wildcard goes through the reading of host names, too.
    host = _canonical_host(pattern, version)
    if host is None:
        raise PatternError("it is no host name")
    return HostPattern(shape=shape, host=host if shape == "exact" else host.partition(".")[2])


def _matches_strictly(read: HostPattern, host: str) -> bool:
    if read.shape == "exact":
        return host == read.host
    if read.shape == "any-labels":
        return host == read.host or host.endswith("." + read.host)
    suffix = "." + read.host
    return host.endswith(suffix) and "." not in host[: -len(suffix)]


def _url_host(text: str, version: Version) -> str:
    """Return the host of ``http://`` and `text`, as ``HttpUrl`` parses it."""
    rest = text.rstrip(_URL_SPACE).lstrip("/\\")
    end = next((at for at, character in enumerate(rest) if character in "/\\?#"), len(rest))
    authority = rest[:end].rpartition("@")[2]
    host, port = _split_port(authority)
    if port and not (port.isascii() and port.isdecimal() and 0 < int(port) <= 65_535):
        raise PatternError("what follows its colon is no port")
    decoded = urllib.parse.unquote(host, errors="replace")
    canonical = _canonical_host(decoded, version)
    if canonical is None:
        raise PatternError("it cannot be parsed as the host of an address")
    return canonical


def _split_port(authority: str) -> tuple[str, str]:
    bracketed = False
    for at, character in enumerate(authority):
        if character == "[":
            bracketed = True
        elif character == "]":
            bracketed = False
        elif character == ":" and not bracketed:
            return authority[:at], authority[at + 1 :]
    return authority, ""


def _canonical_host(text: str, version: Version) -> str | None:
    """Return a host name in lower-case ASCII; None when it is none."""
    if ":" in text:
        try:
            return str(ipaddress.IPv6Address(text.removeprefix("[").removesuffix("]")))
        except ValueError:
            return None
    labels = re.split("[.\u3002\uff0e\uff61]", text)
    if labels[-1] == "" and len(labels) > 1:
        ascii_labels = [_ascii_label(label, version) for label in labels[:-1]] + [""]
        inner = ascii_labels[:-1]
    else:
        ascii_labels = inner = [_ascii_label(label, version) for label in labels]
    if not all(inner):
        return None
    host = ".".join(label or "" for label in ascii_labels).lower()
    if any(character in _FORBIDDEN or not 0x20 < ord(character) < 0x7F for character in host):
        return None
    return host


def _ascii_label(label: str, version: Version) -> str | None:
    if label.isascii():
        return label if 0 < len(label) <= _MAX_LABEL else None
    if version >= _OWN_IDNA:
        # UTS #46 without the transitional mapping that IDNA 2003 made of sharp s and final sigma.
        mapped = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", label).lower())
        encoded = mapped if mapped.isascii() else "xn--" + mapped.encode("punycode").decode("ascii")
        return encoded if 0 < len(encoded) <= _MAX_LABEL else None
    try:
        return label.encode("idna").decode("ascii")
    except UnicodeError:
        return None
