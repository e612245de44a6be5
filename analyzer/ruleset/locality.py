"""Judges host names by themselves: whether they stay on the local network, and which registration they belong to."""

import ipaddress

_LOCAL_NAMES = frozenset({"localhost", "ip6-localhost", "ip6-loopback"})
_LOCAL_SUFFIXES = (
    # RFC 6761 (special use), RFC 6762 (multicast DNS), RFC 8375 (home networks); ICANN reserved .internal in 2024.
    # The domains example.com, .org and .net are reserved as well, but they exist on the internet.
    ".localhost", ".test", ".invalid", ".example", ".local", ".home.arpa", ".internal", ".lan",
)  # fmt: skip
_LOCAL_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in (
        "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
        "::1/128", "fc00::/7", "fe80::/10",
    )
)  # fmt: skip
_SECOND_LEVEL = frozenset({"ac", "co", "com", "edu", "go", "gob", "gov", "gv", "ne", "net", "or", "org"})
MAX_HOST_CHARACTERS = 253
"""Longest host name (RFC 1035 in text form)."""


def is_local(pattern: str) -> bool:
    """Tell whether a host pattern covers only loopback, private, link-local or locally reserved names.

    Args:
        pattern: A host name or address, with or without a wildcard in front, as a policy or a pinner takes it.
    """
    host = pattern.strip().lower().removeprefix("**.").removeprefix("*.")
    host = host.removesuffix(".")
    if host in _LOCAL_NAMES or host.endswith(_LOCAL_SUFFIXES):
        return True
    if f".{host}" in _LOCAL_SUFFIXES:
        return True
    literal = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        address = ipaddress.ip_address(literal)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address.version == network.version and address in network for network in _LOCAL_NETWORKS)


def registrable_domain(pattern: str) -> str | None:
    """Return the domain that somebody registered for a host pattern, None for addresses and single labels.

    Without the public suffix list this is an approximation: two labels, or three below the usual second-level
    labels of country domains (``example.co.uk``).
    """
    host = pattern.strip().lower().removeprefix("**.").removeprefix("*.").removesuffix(".")
    if len(host) > MAX_HOST_CHARACTERS:
        return None
    labels = host.split(".")
    if len(labels) < 2 or not all(labels) or labels[-1].isdigit() or ":" in host:
        return None
    deep = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    return ".".join(labels[-3:] if deep else labels[-2:])
