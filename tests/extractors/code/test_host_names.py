"""Hosts in texts: those that something may connect to, and those that are mere names."""

import random

import pytest

from analyzer.extractors.code import host_names
from analyzer.extractors.code.host_names import host_of, hosts_in, is_loopback, plain_host


def names(text: str, *, of_library: bool = False) -> list[str]:
    return [host.name for host in hosts_in(text, of_library=of_library)]


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("https://api.example.com/v1", ["api.example.com"]),
        ("HTTPS://API.Example.COM./v1", ["api.example.com"]),
        ("wss://live.example.com", ["live.example.com"]),
        ("https://user:secret@api.example.com:8443/", ["api.example.com"]),
        ("http://192.0.2.7/", ["192.0.2.7"]),
        ("http://[2001:DB8:0::1]:80/", ["2001:db8::1"]),
        ('{"a":"https://a.example.com/","b":"https://b.example.com"}', ["a.example.com", "b.example.com"]),
        ("https://a.example.com/,https://a.example.com/", ["a.example.com"]),
        ("https://bücher.example/", ["bücher.example"]),
        ("https://xn--bcher-kva.example/", ["xn--bcher-kva.example"]),
        ("https://a.xn--p1ai/", ["a.xn--p1ai"]),
        ("https://io.example.com/ https://com.example.app/", ["io.example.com"]),
    ],
)
def test_the_hosts_of_urls_are_found(text: str, hosts: list[str]) -> None:
    assert names(text) == hosts


@pytest.mark.parametrize(
    "text",
    [
        "http://schemas.android.com/apk/res/android",
        "http://www.w3.org/2001/XMLSchema",
        "https://www.apache.org/licenses/LICENSE-2.0",
        "https://example.com/dtd/thing.dtd",
        "read https://example.com/help first",
        "https://localhost:8080/",
        "http://127.0.0.1/",
        "http://[::1]/",
        "content://com.example.provider/items",
        "https://",
        "https:///path",
        "https://com.example.app/",
        "https://single/",
        "https://example.c/",
        "https://-bad-.example.com/",
        "https://[not-an-address]/",
        "https://" + "a" * 64 + ".example.com/",
    ],
)
def test_what_nothing_connects_to_is_left_out(text: str) -> None:
    assert names(text) == []


@pytest.mark.parametrize(
    "text", ["https://%s/", "https://{host}/path", "https://api.${domain}", "https://%1$s.example.com"]
)
def test_a_host_with_a_placeholder_has_no_name(text: str) -> None:
    assert names(text) == [""]


def test_sites_that_host_a_library_s_documentation_count_in_the_app_s_own_code_only() -> None:
    assert names("https://github.com/shop/api") == ["github.com"]
    assert names("https://github.com/square/okhttp", of_library=True) == []


def test_only_the_beginning_of_a_very_long_text_is_read() -> None:
    assert names('"https://first.example.com/"' + " " * 70_000 + '"https://last.example.com/"') == ["first.example.com"]


def test_the_url_is_kept_as_written() -> None:
    (host,) = hosts_in('"HTTPS://Api.Example.com/v1?q=1"', of_library=False)
    assert (host.scheme, host.url) == ("https", "HTTPS://Api.Example.com/v1?q=1")


@pytest.mark.parametrize(
    ("authority", "host"),
    [
        ("example.com", "example.com"),
        ("a@b@example.com:443", "example.com"),
        ("[::ffff:1.2.3.4]", "::ffff:102:304"),
        ("", ""),
        ("%s", ""),
        ("[%s]", ""),
        ("word", None),
    ],
)
def test_an_authority_gives_its_host(authority: str, host: str | None) -> None:
    assert host_of(authority) == host


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("Example.COM", "example.com"),
        ("localhost", "localhost"),
        ("_dmarc.example.com", "_dmarc.example.com"),
        ("1.2.3.4", "1.2.3.4"),
        ("1.2.3", None),
        ("org.example.app", None),
        ("a..b.example", None),
        ("", None),
        ("a." * 127 + "example", None),
    ],
)
def test_a_plain_name_needs_the_form_of_one(text: str, host: str | None) -> None:
    assert plain_host(text) == host


@pytest.mark.parametrize(("host", "result"), [("localhost", True), ("127.9.9.9", True), ("::1", True), ("10.0.0.1", False), ("example.com", False)])  # fmt: skip
def test_the_device_itself_is_no_peer(host: str, result: bool) -> None:
    assert is_loopback(host) is result


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("https://api.shop.com/", 443),
        ("https://api.shop.com:8443/v1", 8443),
        ("wss://user:pass@api.shop.com:9443", 9443),
        ("https://api.shop.com:/v1", 443),
        ("https://[2001:db8::1]:8443/", 8443),
        ("https://[2001:db8::1]/", 443),
        ("https://api.shop.com:%d/", None),
        ("https://api.shop.com:99999/", None),
        ("http://api.shop.com:8443/", None),
        ("mqtts://api.shop.com:8883", None),
    ],
)
def test_a_url_over_tls_has_a_port(text: str, port: int | None) -> None:
    (named,) = hosts_in(text, of_library=False)
    assert named.port == port


@pytest.mark.parametrize("seed", range(20))
def test_searching_backwards_from_the_mark_finds_what_the_expression_finds(seed: int) -> None:
    rng = random.Random(seed)
    parts = ["a", "Z", "://", ":", "/", "+", " ", "http", "1", "-", ".", '"', "x" * 19]
    for _ in range(500):
        text = "".join(rng.choice(parts) for _ in range(rng.randrange(14)))
        found = [match.span() for match in host_names._urls(text)]
        assert found == [match.span() for match in host_names._URL.finditer(text)]
