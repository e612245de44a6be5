"""Reads what a user says about the live check, before anything is scanned."""

import fnmatch
import ipaddress
from collections.abc import Sequence

import msgspec

from analyzer.errors import UsageError
from analyzer.live.addresses import Network
from analyzer.live.names import Host, HostNameError, read_host
from analyzer.live.pool import MAX_THREADS, Place, ProbeSettings
from analyzer.live.proxy import Proxy, ProxyError, parse_proxy, proxy_from_environment
from analyzer.options import LiveOptions
from analyzer.x509.store_files import certifi_store, load_trust_store
from analyzer.x509.trust_store import TrustStore

MAX_HOSTS = 1000


class LiveSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`LiveOptions` that were understood."""

    options: LiveOptions
    hosts: tuple[Place, ...]
    probe: ProbeSettings
    default_store: TrustStore
    user_stores: tuple[TrustStore, ...]

    def denies(self, name: str) -> bool:
        """Tell whether a host is never contacted; denying wins."""
        return any(fnmatch.fnmatchcase(name, pattern.lower()) for pattern in self.options.deny)

    def allows(self, name: str) -> bool:
        """Tell whether a host matches the allow-list, which must not be empty."""
        return any(fnmatch.fnmatchcase(name, pattern.lower()) for pattern in self.options.allow)


def read_settings(options: LiveOptions) -> LiveSettings:
    """Read the settings.

    Raises:
        UsageError: One of them is wrong.
    """
    if options.record is not None and not options.enabled:
        raise UsageError("--record needs --live: only what is seen on the network can be recorded")
    if options.refresh and not (options.enabled and options.chains is not None):
        raise UsageError("--refresh goes with --live and --chains")
    if not 0 < options.max_hosts <= MAX_HOSTS:
        raise UsageError(f"--live-max: give a number from 1 to {MAX_HOSTS}")
    if not 0 < options.threads <= MAX_THREADS:
        raise UsageError(f"--live-threads: give a number from 1 to {MAX_THREADS}")
    if options.chains is not None and not options.chains.is_dir():
        raise UsageError(f"--chains {options.chains}: no such folder")
    if options.record is not None and options.record.exists() and not options.record.is_dir():
        raise UsageError(f"--record {options.record}: is no folder")
    return LiveSettings(
        options=options,
        hosts=tuple(read_place(text, options.port) for text in options.hosts),
        probe=ProbeSettings(
            threads=options.threads,
            total_seconds=options.timeout_seconds,
            connect_seconds=min(4.0, options.timeout_seconds),
            budget_seconds=options.budget_seconds,
            private=_networks(options.private),
            overrides=_overrides(options.resolve),
            proxy=_proxy(options.proxy),
            all_addresses=options.all_addresses,
        ),
        default_store=certifi_store(),
        user_stores=_stores(options.trust_stores),
    )


def read_place(text: str, port: int) -> Place:
    """Read ``host``, ``host:port``, ``[v6]:port`` or the host and port of an ``https://`` URL.

    Raises:
        UsageError: It is none of these.
    """
    rest = text
    if text.lower().startswith("https://"):
        rest = text[len("https://") :].split("/", 1)[0].split("?", 1)[0].split("#", 1)[0]
    name, separator, number = rest.rpartition(":")
    bare_v6 = ":" in name and not name.endswith("]")
    if not separator or bare_v6 or rest.endswith("]"):
        name, number = rest, str(port)
    if not number.isascii() or not number.isdigit() or not 0 < int(number[:6]) <= 65_535:
        raise UsageError(f"{text!r}: {number!r} is no port")
    try:
        return Place(read_host(name), int(number))
    except HostNameError as error:
        raise UsageError(f"{text!r} is no host: {error}") from None


def _networks(texts: Sequence[str]) -> tuple[Network, ...]:
    found: list[Network] = []
    for text in texts:
        try:
            found.append(ipaddress.ip_network(text))
        except ValueError:
            raise UsageError(f"--allow-private {text!r}: give a network in CIDR form, such as 10.0.0.0/8") from None
    return tuple(found)


def _overrides(texts: Sequence[str]) -> dict[tuple[str, int], tuple[str, ...]]:
    """Return the addresses of each host and port, in the order given."""
    found: dict[tuple[str, int], tuple[str, ...]] = {}
    for place, address in map(_override, texts):
        found[place] = (*found.get(place, ()), address)
    return found


def _override(text: str) -> tuple[tuple[str, int], str]:
    name, _, rest = text.partition(":")
    number, _, address = rest.partition(":")
    try:
        host: Host = read_host(name)
        port = int(number)
        return (host.name, port), str(ipaddress.ip_address(address.removeprefix("[").removesuffix("]")))
    except ValueError:
        raise UsageError(f"--resolve {text!r}: give HOST:PORT:ADDRESS") from None


def _proxy(text: str | None) -> Proxy | None:
    try:
        if text is None:
            return None
        return proxy_from_environment() if text == "env" else parse_proxy(text)
    except ProxyError as error:
        raise UsageError(f"--live-proxy: {error}") from None


def _stores(texts: Sequence[str]) -> tuple[TrustStore, ...]:
    stores = tuple(load_trust_store(text).store for text in texts)
    names = [store.name for store in stores]
    if len(set(names)) != len(names):
        raise UsageError("--trust-store: two stores have the same name; give NAME=PATH")
    return stores
