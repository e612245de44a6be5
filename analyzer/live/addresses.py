"""Which addresses may be connected to: public unicast, by our own list.

`ipaddress.is_global` is not used: it differs between Python versions and calls multicast, ``::127.0.0.1``, NAT64 of
loopback and a cloud's host agent global. Sources: IANA's special-purpose address registries (RFC 6890 and updates).
"""

import ipaddress
from collections.abc import Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_DENIED_4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",  # a cloud's host agent
    )
)  # fmt: skip
_ALLOWED_6 = ipaddress.IPv6Network("2000::/3")
_DENIED_6 = tuple(
    ipaddress.IPv6Network(network)
    for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "2620:4f:8000::/48")
)
_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def may_connect(text: str, private: Sequence[Network] = ()) -> bool:
    """Tell whether an address is public unicast, or inside one of the `private` networks that the user allows.

    An IPv4 address inside an IPv6 one is judged by itself; an address with a zone is refused.
    """
    if "%" in text:
        return False
    try:
        address: Address = ipaddress.ip_address(text)
    except ValueError:
        return False
    inner = _inside(address)
    for network in private:
        if any(candidate.version == network.version and candidate in network for candidate in (address, inner)):
            return True
    if isinstance(inner, ipaddress.IPv4Address):
        return not any(inner in network for network in _DENIED_4)
    return inner in _ALLOWED_6 and not any(inner in network for network in _DENIED_6)


def _inside(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for, else the address itself."""
    if isinstance(address, ipaddress.IPv6Address) and (address in _MAPPED or address in _NAT64):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address
