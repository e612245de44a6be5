"""Host names judged by themselves."""

import pytest

from analyzer.ruleset.locality import is_local, registrable_domain


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "LOCALHOST", "localhost.", "app.localhost", "ip6-localhost", "127.0.0.1", "127.8.9.10", "[::1]",
        "::1", "10.0.2.2", "10.255.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.1.1", "fd12::1",
        "[fe80::1]", "::ffff:10.0.0.1", "printer.local", "a.test", "a.invalid", "a.example", "a.internal", "nas.lan",
        "gateway.home.arpa", "*.test", "**.internal", "test", " localhost ",
    ],
)  # fmt: skip
def test_loopback_private_and_reserved_names_are_local(host: str) -> None:
    assert is_local(host)


@pytest.mark.parametrize(
    "host",
    [
        "example.com", "api.example.org", "example.net", "8.8.8.8", "172.32.0.1", "172.15.0.1", "192.169.0.1",
        "11.0.0.1", "2001:db8::1", "localhost.example.com", "mytest", "latest", "plan", "local.example.com", "",
        "127.0.0.1.example.com", "10.0.0", "fe80.example.com",
    ],
)  # fmt: skip
def test_other_names_are_not(host: str) -> None:
    assert not is_local(host)


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("api.example.com", "example.com"),
        ("*.api.example.com", "example.com"),
        ("EXAMPLE.com.", "example.com"),
        ("www.example.co.uk", "example.co.uk"),
        ("example.co.uk", "example.co.uk"),
        ("co.uk", "co.uk"),
        ("a.b.example.io", "example.io"),
        ("192.0.2.1", None),
        ("2001:db8::1", None),
        ("localhost", None),
        ("a..example.com", None),
        ("x." * 200 + "com", None),
    ],
)
def test_the_registrable_domain_of_a_host(host: str, domain: str | None) -> None:
    assert registrable_domain(host) == domain
