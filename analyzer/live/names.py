"""Which texts are host names that may be asked: our own rule, before any resolver sees the text.

A resolver takes ``127.1``, ``0x7f000001``, ``2130706433`` and full-width digits for addresses, and `ssl` takes
``user@host`` for a server name. Names come from a hostile file, so nothing but a plain name or a canonical address
passes.
"""

import ipaddress
import re
from typing import NamedTuple

import idna

MAX_NAME = 253
_LABEL = re.compile(r"[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?")
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")
_SPECIAL = (
    # RFC 6761, 6762, 7686, 8375 and 9476; ICANN's .internal; suffixes that private networks use.
    "localhost", "local", "internal", "intranet", "lan", "home", "corp", "home.arpa", "onion", "test", "invalid",
    "example", "alt",
)  # fmt: skip
_DOCUMENTATION = ("example.com", "example.net", "example.org")


class HostNameError(ValueError):
    """A text is no host that may be asked; the message is a clause that says why."""


class Host(NamedTuple):
    """A host name in A-label form, or a canonical IP literal without brackets."""

    name: str
    literal: bool = False

    @property
    def sni(self) -> str | None:
        """The server name to ask for; an address has none (RFC 6066, section 3)."""
        return None if self.literal else self.name


def read_host(text: str) -> Host:
    """Read a host name or a canonical IP address, syntax alone.

    Raises:
        HostNameError: It is neither.
    """
    if len(text) > MAX_NAME + 1 or not text:
        raise HostNameError("it is empty" if not text else f"it is longer than {MAX_NAME} characters")
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if ":" in bare:
        return Host(_address(bare), literal=True)
    # One dot at the end only says that the name is complete.
    lowered = bare.lower().removesuffix(".")
    name = lowered if lowered.isascii() else _ascii_form(lowered)
    labels = name.split(".")
    if _NUMERIC.fullmatch(labels[-1]):
        return Host(_address(bare), literal=True)
    if len(name) > MAX_NAME:
        raise HostNameError(f"it is longer than {MAX_NAME} characters")
    if len(labels) < 2:
        raise HostNameError("it is a single label, which only a local network could resolve")
    for label in labels:
        if not _LABEL.fullmatch(label):
            raise HostNameError("it has a label that no host name has")
    return Host(name)


def _address(text: str) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise HostNameError("its last part is a number, but it is no IP address in its usual form") from None
    if "%" in text or str(address) != text.lower():
        raise HostNameError("it is an IP address in an unusual form")
    return str(address)


def _ascii_form(text: str) -> str:
    """Apply UTS 46 and IDNA 2008; the codec of Python's `ssl` would turn a sharp s into another owner's domain."""
    try:
        return idna.encode(text, uts46=True, transitional=False).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError, IndexError):
        raise HostNameError("it has characters that no host name has") from None


def why_reserved(host: Host) -> str | None:
    """Say why a well-formed name is asked only on request: it is reserved for tests, documents or local networks."""
    if host.literal:
        return None
    for suffix in _DOCUMENTATION:
        if host.name == suffix or host.name.endswith("." + suffix):
            return "it is a documentation host"
    for suffix in _SPECIAL:
        if host.name == suffix or host.name.endswith("." + suffix):
            return f"names below .{suffix} are reserved or local"
    return None


def unicode_form(host: Host) -> str | None:
    """Return the Unicode spelling of an internationalised name, None for any other."""
    if host.literal or "xn--" not in host.name:
        return None
    try:
        return idna.decode(host.name)
    except (idna.IDNAError, UnicodeError, IndexError):
        return None
