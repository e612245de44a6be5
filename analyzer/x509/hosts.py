"""Whether a certificate is meant for a host."""

import ipaddress
import re
from typing import Literal

from analyzer.model.okhttp_patterns import NEWEST, Version
from analyzer.x509.certificate import Certificate

Platform = Literal["android", "jdk"]
"""Who spells the addresses of a certificate as text."""

_NO_COMMON_NAMES: Version = (3, 10, 0)
"""From here on a common name counts for nothing."""
_CANONICAL_ADDRESSES: Version = (4, 5, 0)
"""From here on both spellings of an address are made canonical before they are compared."""
_ASCII_CASE: Version = (4, 9, 2)
"""From here on only ASCII texts are put into lower case (CVE-2021-0341)."""
_LIKE_ADDRESS = re.compile(r"[0-9a-fA-F]*:[0-9a-fA-F:.]*|[0-9.]+")


def covers_host(
    certificate: Certificate, host: str, version: Version = NEWEST, *, platform: Platform = "android"
) -> bool:
    """Tell whether a certificate covers a host name or an IP address, as a version of OkHttp's verifier answers.

    The newest one, which Android's default verifier follows too, asks the subject alternative names alone: ``*``
    stands for exactly one whole leftmost label, letters compare without regard to case, and an absolute name (with a
    dot at its end) is the same as a relative one. Versions before 3.10 fall back to the most specific common name where
    there is no DNS name. Versions before 4.5 compare addresses as texts, without regard to case, with what the platform
    makes of the certificate's: Android writes IPv6 addresses in their short form, the JDK all eight groups.

    Source: ``OkHostnameVerifier.verify(String, X509Certificate)`` of OkHttp 2.7.5 to 4.12, and runs of them.
    """
    if _LIKE_ADDRESS.fullmatch(host):
        return _covers_address(certificate, host, version, platform)
    patterns = certificate.dns_names
    if not patterns and version < _NO_COMMON_NAMES and certificate.subject.common_name is not None:
        patterns = (certificate.subject.common_name,)
    return any(_matches(_lower(host, version), _lower(pattern, version)) for pattern in patterns)


def _covers_address(certificate: Certificate, host: str, version: Version, platform: Platform) -> bool:
    wanted = _address(host)
    if version >= _CANONICAL_ADDRESSES:
        return wanted is not None and any(_address(text) == wanted for text in certificate.ip_addresses)
    return any(_spelled(text, platform) == host.lower() for text in certificate.ip_addresses)


def _spelled(text: str, platform: Platform) -> str:
    address = _address(text)
    if isinstance(address, ipaddress.IPv6Address) and platform == "jdk":
        # ``Inet6Address.getHostAddress`` leaves no group out, and no zero before one.
        return ":".join(f"{int(group, 16):x}" for group in address.exploded.split(":"))
    return text.lower() if address is None else str(address)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    # ``toCanonicalHost`` makes IPv4 addresses of those that are only mapped to IPv6.
    return (address.ipv4_mapped or address) if isinstance(address, ipaddress.IPv6Address) else address


def _lower(text: str, version: Version) -> str:
    return text if version >= _ASCII_CASE and not text.isascii() else text.lower()


def _matches(name: str, pattern: str) -> bool:
    if any(not text or text.startswith(".") or text.endswith("..") for text in (name, pattern)):
        return False
    name, pattern = name.removesuffix("."), pattern.removesuffix(".")
    if "*" not in pattern:
        return name == pattern
    rest = pattern.removeprefix("*.")
    if rest == pattern or not rest or "*" in rest:
        return False
    label, _, below = name.partition(".")
    return bool(label) and below == rest
