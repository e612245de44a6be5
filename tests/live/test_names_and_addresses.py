"""Which names may be asked and which addresses connected to; text is not an address."""

import ipaddress
import threading
import time
from collections.abc import Sequence

import pytest

from analyzer.live.addresses import may_connect
from analyzer.live.errors import ProbeError
from analyzer.live.names import Host, HostNameError, read_host, unicode_form, why_reserved
from analyzer.live.resolve import choose, resolve

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)


HOSTS = [
    ("api.shop.com", "api.shop.com"),
    ("API.Shop.COM", "api.shop.com"),
    ("api.shop.com.", "api.shop.com"),
    ("my_bucket.s3.shop.com", "my_bucket.s3.shop.com"),
    ("xn--fa-hia.de", "xn--fa-hia.de"),
    ("faß.de", "xn--fa-hia.de"),
    ("bücher.de", "xn--bcher-kva.de"),
    ("ｓｈｏｐ．com", "shop.com"),
    ("4shared.com", "4shared.com"),
    ("a.b.c.d.e.f.shop.co.uk", "a.b.c.d.e.f.shop.co.uk"),
    ("8.8.8.8", "8.8.8.8"),
    ("2606:4700::1111", "2606:4700::1111"),
    ("[2606:4700::1111]", "2606:4700::1111"),
]


@pytest.mark.parametrize(("text", "name"), HOSTS)
def test_plain_names_and_canonical_addresses_are_hosts(text: str, name: str) -> None:
    assert read_host(text).name == name


NO_HOSTS = [
    "", ".", "..", "localhost", "intranet", "127.1", "0x7f000001", "0x7f.1", "2130706433", "017700000001", "127.0.0.01",
    "１２７.0.0.1", "127。0。0。1", "1.2.3.4.5", "shop.0x10", "user@shop.com", "shop.com/path", "http://shop.com", "shop.com:443",
    "a b.shop.com", "*.shop.com", "**.shop.com", "{env}.shop.com", "%s.shop.com", "-a.shop.com", "a-.shop.com", "_a.shop.com",
    "a..shop.com", ".shop.com", "a" * 64 + ".com", "a" * 300 + ".com", ".".join(["abcdefg"] * 40), "shop.com\n", "shop\x00.com",
    "fe80::1%eth0", "[::1", "::ffff:127.0.0.1%1", "\u202eshop.com", "2606:4700:0::1111", "ÿ" * 200 + ".com",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_HOSTS)
def test_what_a_resolver_would_take_but_is_no_plain_name_is_refused(text: str) -> None:
    with pytest.raises(HostNameError):
        read_host(text)


@pytest.mark.parametrize(
    ("name", "reserved"),
    [
        ("api.local", True), ("nas.lan", True), ("x.internal", True), ("x.home.arpa", True), ("abc.onion", True),
        ("a.test", True), ("a.example", True), ("example.com", True), ("api.example.org", True), ("myexample.com", False),
        ("local.shop.com", False), ("shop.com", False),
    ],
)  # fmt: skip
def test_reserved_suffixes_need_a_request_of_their_own(name: str, reserved: bool) -> None:
    assert (why_reserved(read_host(name)) is not None) is reserved


def test_an_internationalised_name_has_a_unicode_form_to_show() -> None:
    assert unicode_form(Host("xn--fa-hia.de")) == "faß.de"
    assert unicode_form(Host("shop.com")) is None
    assert unicode_form(Host("xn--\u0080.de")) is None


PUBLIC = ["8.8.8.8", "1.1.1.1", "100.63.255.255", "172.15.0.1", "172.32.0.1", "192.0.1.1", "223.255.255.255", "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]  # fmt: skip
NOT_PUBLIC = [
    "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255",
    "192.0.0.1", "192.0.2.1", "192.31.196.1", "192.52.193.1", "192.88.99.1", "192.168.1.1", "192.175.48.1", "198.18.0.1",
    "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "168.63.129.16", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1",
    "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1",
    "5f00::1", "2620:4f:8000::1", "100::1", "fe80::1%eth0", "2606:4700::1111%1", "127.1", "not an address", "",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_public_unicast_may_be_connected_to(address: str) -> None:
    assert may_connect(address)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_everything_else_may_not(address: str) -> None:
    assert not may_connect(address)


def test_private_networks_are_allowed_one_by_one() -> None:
    assert may_connect("127.0.0.5", LOOPBACK)
    assert may_connect("::ffff:127.0.0.5", LOOPBACK)
    assert not may_connect("10.0.0.1", LOOPBACK)
    assert not may_connect("127.0.0.1%1", LOOPBACK)


# ---- resolving


def test_one_private_address_in_an_answer_refuses_them_all() -> None:
    with pytest.raises(ProbeError) as failed:
        resolve(Host("a.com"), 443, resolver=lambda name, port: ["8.8.8.8", "127.0.0.1"])
    assert failed.value.kind == "blocked-address"


def test_a_rebinding_resolver_is_asked_once_and_its_first_answer_is_the_one_that_counts() -> None:
    answers: list[Sequence[str]] = [["8.8.8.8"], ["127.0.0.1"]]
    assert resolve(Host("a.com"), 443, resolver=lambda name, port: answers.pop(0)) == ("8.8.8.8",)
    assert answers == [["127.0.0.1"]]


def test_overrides_replace_the_resolver_but_not_the_policy() -> None:
    overrides = {("a.com", 443): ("127.0.0.9",)}

    def never(name: str, port: int) -> Sequence[str]:
        raise AssertionError("the resolver must not be asked")

    with pytest.raises(ProbeError) as failed:
        resolve(Host("a.com"), 443, overrides=overrides, resolver=never)
    assert failed.value.kind == "blocked-address"
    assert resolve(Host("a.com"), 443, overrides=overrides, private=LOOPBACK, resolver=never) == ("127.0.0.9",)


def test_a_literal_is_judged_without_a_resolver() -> None:
    with pytest.raises(ProbeError) as failed:
        resolve(Host("169.254.169.254", literal=True), 443)
    assert failed.value.kind == "blocked-address"


def test_a_resolver_that_hangs_is_left_behind() -> None:
    def hang(name: str, port: int) -> Sequence[str]:
        time.sleep(20)
        return []

    started = time.monotonic()
    with pytest.raises(ProbeError) as failed:
        resolve(Host("a.com"), 443, resolver=hang, seconds=0.3)
    assert failed.value.kind == "dns-timeout"
    assert time.monotonic() - started < 1
    assert all(thread.daemon for thread in threading.enumerate() if thread.name == "resolver")


def test_a_failing_or_empty_answer_is_a_dns_error() -> None:
    def fail(name: str, port: int) -> Sequence[str]:
        raise OSError("no such name")

    def nothing(name: str, port: int) -> Sequence[str]:
        return []

    for resolver in (fail, nothing):
        with pytest.raises(ProbeError) as failed:
            resolve(Host("a.com"), 443, resolver=resolver)
        assert failed.value.kind == "dns"


def test_one_address_of_each_family_is_tried_in_the_resolvers_order() -> None:
    found = ["2606::1", "2606::2", "8.8.8.8", "8.8.4.4"]
    assert choose(found, most=2) == ("2606::1", "8.8.8.8")
    assert choose(found[::-1], most=2) == ("8.8.4.4", "2606::2")
    assert choose(found, most=8) == tuple(found)
