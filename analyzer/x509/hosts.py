"""Whether a certificate is meant for a host."""

import ipaddress

from analyzer.x509.certificate import Certificate


def covers_host(certificate: Certificate, host: str) -> bool:
    """Tell whether the certificate's subject alternative names cover a host name or an IP address.

    As ``OkHostnameVerifier`` of OkHttp 4.12, which Android's default verifier follows too: the common name never
    counts, ``*`` stands for exactly one whole leftmost label, letters compare without regard to case, and an absolute
    name (with a dot at its end) is the same as a relative one.
    """
    address = _address(host)
    if address is not None:
        return any(_address(text) == address for text in certificate.ip_addresses)
    return any(_matches(host.lower(), pattern.lower()) for pattern in certificate.dns_names)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


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
