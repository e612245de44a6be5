"""CONNECT through proxies that work, refuse, or misbehave."""

import time
from pathlib import Path

import pytest

from analyzer.live.errors import ProbeError
from analyzer.live.names import Host
from analyzer.live.prober import fetch
from analyzer.live.proxy import Proxy, ProxyError, parse_proxy, proxy_from_environment
from tests.live import servers
from tests.live.pki import authority
from tests.live.servers import Handler, serving

HOST = Host("api.shop.test")
OK = b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n"


def _through(handler: Handler, *, authorization: str | None = None, total: float = 1.0) -> object:
    with serving(handler) as proxy:
        return fetch(
            (),
            HOST,
            443,
            total=total,
            proxy=Proxy("127.0.0.1", proxy.port, authorization),
            tunnel_addresses=["127.0.0.1"],
        )


def test_the_chain_comes_through_and_the_address_is_the_proxys_business(tmp_path: Path) -> None:
    root = authority("Root")
    leaf = root.issue("leaf", hosts=[HOST.name])
    asked: list[bytes] = []
    with serving(servers.tls(leaf.write(tmp_path, "leaf"))) as server:
        relay = servers.relaying(("127.0.0.1", server.port), OK, asked)
        with serving(relay) as proxy:
            seen = fetch(
                (), HOST, 443, proxy=Proxy("127.0.0.1", proxy.port, "Basic dTpw"), tunnel_addresses=["127.0.0.1"]
            )
    assert seen.certificates == (leaf.der,)
    assert seen.address is None
    assert asked[0].startswith(b"CONNECT api.shop.test:443 HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic dTpw\r\n" in asked[0]


@pytest.mark.parametrize(
    ("handler", "kind"),
    [
        (servers.saying(b"HTTP/1.1 403 Forbidden\r\n\r\n"), "proxy-refused"),
        (servers.saying(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"), "proxy-refused"),
        (servers.saying(b"SSH-2.0-OpenSSH\r\n\r\n"), "proxy-bad"),
        (servers.saying(b"HTTP/1.1 2000 OK\r\n\r\n"), "proxy-bad"),
        (servers.endless(b"X-Header: yes\r\n"), "proxy-bad"),
        (servers.closing, "proxy-bad"),
        (servers.silent, "proxy-timeout"),
    ],
)
def test_a_proxy_that_does_not_connect_is_an_error_of_its_own(handler: Handler, kind: str) -> None:
    started = time.monotonic()
    with pytest.raises(ProbeError) as failed:
        _through(handler)
    assert failed.value.kind == kind
    assert time.monotonic() - started < 1.5


def test_credentials_are_in_no_text() -> None:
    proxy = parse_proxy("http://user:s3cret@proxy.lan:3128")
    assert (proxy.host, proxy.port, proxy.authorization) == ("proxy.lan", 3128, "Basic dXNlcjpzM2NyZXQ=")
    assert "s3cret" not in repr(proxy) and "dXNlcjpzM2NyZXQ" not in repr(proxy)


@pytest.mark.parametrize(
    "url",
    [
        "https://user:s3cret@proxy:3128",
        "socks5://p:1",
        "proxy:3128",
        "http://",
        "http://p:99999",
        "http://p/x",
        "http://a b",
    ],
)
def test_other_proxies_are_refused_without_repeating_them(url: str) -> None:
    with pytest.raises(ProxyError) as failed:
        parse_proxy(url)
    assert "s3cret" not in str(failed.value)


def test_the_environment_names_a_proxy_and_its_exceptions() -> None:
    assert proxy_from_environment({}) is None
    proxy = proxy_from_environment({"HTTPS_PROXY": "http://a:1", "https_proxy": "b:2", "no_proxy": ".lan, shop.com"})
    assert proxy is not None and (proxy.host, proxy.port) == ("b", 2)
    assert [proxy.serves(Host(name)) for name in ("x.lan", "shop.com", "api.shop.com", "myshop.com")] == [
        False,
        False,
        False,
        True,
    ]
    everything = proxy_from_environment({"https_proxy": "http://b:2", "NO_PROXY": "*"})
    assert everything is not None and not everything.serves(Host("any.com"))
