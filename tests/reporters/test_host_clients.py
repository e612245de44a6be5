"""Which clients contact a host, and which of them its pins do not reach."""

import datetime as dt
from typing import Any

import pytest
from msgspec.structs import replace

from analyzer.model import Facts, HostFact, PinFact
from analyzer.model.pins import Mechanism
from analyzer.reporters.view_clients import HostClients, same_clients
from analyzer.reporters.view_code_pins import code_pin_sets
from analyzer.reporters.view_hosts import host_table
from analyzer.reporters.view_pinning import Pinning
from tests import factories

AS_OF = dt.datetime(2026, 1, 15, 12, tzinfo=dt.UTC)
HOST = "api.shop.example.com"


def host(name: str, client: str | None, owner: str = "first-party") -> HostFact:
    return HostFact(name=name, owner=owner, source="code", client=client)


def pin(mechanism: Mechanism = "okhttp3", pattern: str = HOST) -> PinFact:
    return factories.pin(mechanism=mechanism, host=pattern, activation="active", include_subdomains=False)


def facts(*hosts: HostFact, pins: tuple[PinFact, ...] = ()) -> Facts:
    return factories.facts(hosts=hosts, pins=pins, covered=("app", "callback", "code", "host", "pin", "policy"))


def rows(known: Facts) -> dict[tuple[str, ...], list[str]]:
    return {row.patterns: [value.text for value in row.enforced] for row in host_table(known, AS_OF).rows}


def said(known: Facts) -> str:
    (variant,) = known.policy.variants
    return " ".join(Pinning(known, AS_OF, ()).sentences(variant))


def test_a_pinned_host_that_another_client_contacts_is_not_simply_enforced() -> None:
    known = facts(host(HOST, "okhttp, webview"), pins=(pin(),))
    assert rows(known)[HOST,] == ["Enforced", "Not over WebView"]
    assert f"{HOST} is contacted by WebView as well, without the pins of OkHttp." in said(known)


def test_a_client_without_pins_beside_the_pinned_one_is_a_way_past_it() -> None:
    known = facts(host(HOST, "okhttp, okhttp-plain"), pins=(pin(),))
    assert rows(known)[HOST,] == ["Enforced", "Not over an unpinned OkHttp client"]
    assert f"{HOST} is contacted by an unpinned OkHttp client as well" in said(known)
    assert HostClients(known).of([HOST], pinned=False) == ("an unpinned OkHttp client",)


def test_clients_that_may_be_built_on_the_pinned_one_are_no_way_past_it() -> None:
    known = facts(host(HOST, "glide, ktor, okhttp, retrofit"), pins=(pin(),))
    assert rows(known)[HOST,] == ["Enforced"]
    assert "without the pins" not in said(known)


def test_okhttp_is_another_client_than_cronet_only_where_that_is_known() -> None:
    known = facts(host(HOST, "cronet, url-connection"), pins=(pin("cronet"),))
    assert rows(known)[HOST,] == ["Enforced", "Not over URLConnection"]


def test_a_pattern_counts_for_the_hosts_under_it() -> None:
    known = facts(host("img.shop.example.com", "download-manager"), pins=(pin(pattern="*.shop.example.com"),))
    assert rows(known)["*.shop.example.com",] == ["Enforced", "Not over DownloadManager"]


def test_what_a_known_library_contacts_is_not_the_pins_business() -> None:
    known = facts(host(HOST, "okhttp"), host(HOST, "webview", "sdk:facebook"), pins=(pin(),))
    assert HostClients(known).of([HOST]) == ("OkHttp",)
    (pin_set,) = code_pin_sets(known.pins)
    assert HostClients(known).outside(pin_set) == {}


def test_hosts_without_pins_are_listed_by_what_contacts_them() -> None:
    known = facts(host("a.example.org", "okhttp"), host("b.example.org", "webview"), host("c.example.org", "okhttp"))
    table = host_table(known, AS_OF)
    assert [(row.patterns, row.clients) for row in table.rows if row.kind == "host"] == [
        (("a.example.org", "c.example.org"), ("OkHttp",)),
        (("b.example.org",), ("WebView",)),
    ]
    assert same_clients(HostClients(known), ["x", "y"]) == [("x", "y")]


def test_a_manager_for_the_whole_process_that_accepts_everything_is_told_of_the_hosts_it_serves() -> None:
    accepting = factories.callback(clients=("https-url-connection",), process_wide=True)
    known = facts(host("a.example.org", "url-connection"), host("b.example.org", "okhttp"))
    known = replace(known, callbacks=(accepting,))
    said_of = rows(known)
    assert said_of["a.example.org",] == ["Not pinned", "Every certificate accepted over URLConnection"]
    assert said_of["b.example.org",] == ["Not pinned"]
    assert said_of["all other hosts",] == ["Not pinned", "Every certificate accepted over URLConnection"]


def test_what_is_handed_to_single_connections_is_told_of_some_calls() -> None:
    manager = factories.callback(clients=("okhttp",))
    verifier = factories.callback(kind="hostname_verifier", clients=("okhttp",))
    known = replace(facts(host(HOST, "okhttp")), callbacks=(manager, verifier))
    assert rows(known)[HOST,] == [
        "Not pinned",
        "Some calls over OkHttp accept every certificate",
        "Some calls over OkHttp accept every host name",
    ]


def test_what_a_client_is_handed_is_told_of_the_library_that_connects_over_it() -> None:
    manager = factories.callback(clients=("okhttp",))
    known = replace(facts(host(HOST, "retrofit")), callbacks=(manager,))
    assert rows(known)[HOST,] == [
        "Not pinned",
        "Calls over Retrofit may accept every certificate, as some over OkHttp do",
    ]


def test_a_client_that_was_given_nothing_accepts_nothing_more_than_others() -> None:
    manager = factories.callback(clients=("okhttp",))
    known = replace(facts(host(HOST, "okhttp, okhttp-plain")), callbacks=(manager,))
    assert rows(known)[HOST,] == ["Not pinned"]


def test_a_webview_that_goes_on_is_told_of_pages() -> None:
    handler = factories.callback(kind="webview_ssl_error", behaviour="proceed")
    known = replace(facts(host(HOST, "webview")), callbacks=(handler,))
    assert rows(known)[HOST,] == ["Not pinned", "A WebView goes on after any TLS error"]
    assert rows(known)["all other hosts",] == ["Not pinned", "A WebView goes on after any TLS error"]


def test_what_does_not_run_or_checks_is_no_news_of_a_host() -> None:
    callbacks = (
        factories.callback(clients=("okhttp",), activation="defined_only"),
        factories.callback(clients=("okhttp",), behaviour="delegate"),
        factories.callback(clients=("okhttp",), debug_only=True),
        factories.callback(clients=("okhttp",), owner="sdk:facebook"),
    )
    known = replace(facts(host(HOST, "okhttp")), callbacks=callbacks)
    assert rows(known)[HOST,] == ["Not pinned"]


@pytest.mark.parametrize(
    ("behaviour", "detail", "words"),
    [
        ("no-name-check", "data is exchanged over it", "Some calls over a socket accept every host name"),
        ("verify-result-ignored", None, "Some calls over a socket accept every host name"),
        ("endpoint-id-cleared", None, "Some calls over a socket accept every host name"),
        ("endpoint-id-cleared", "only on devices below API level 24", None),
        ("get-insecure", None, "Some calls over a socket accept every certificate"),
        ("verifier-tested", None, None),
    ],
)
def test_a_socket_that_checks_too_little_is_told_of_hosts_behind_sockets(
    behaviour: str, detail: str | None, words: str | None
) -> None:
    socket = factories.callback(kind="socket", behaviour=behaviour, detail=detail, clients=("socket",))
    known = replace(facts(host(HOST, "socket")), callbacks=(socket,))
    assert rows(known)[HOST,] == ["Not pinned", *([words] if words else [])]


@pytest.mark.parametrize(
    ("api", "changes", "words"),
    [
        ("insecure-netty", {"process_wide": True}, "Every certificate accepted over URLConnection"),
        ("insecure-okhttp-utils", {}, "Some calls over URLConnection accept every certificate"),
        ("hv-allow-all", {}, "Some calls over URLConnection accept every host name"),
        ("insecure-loopj-client", {"arguments": ("false",)}, None),
        ("insecure-netty", {"activation": "defined_only"}, None),
        ("insecure-netty", {"owner": "sdk:ads"}, None),
        ("provider-installer", {}, None),
    ],
)
def test_a_helper_that_accepts_everything_is_told_of_what_it_is_handed_to(
    api: str, changes: dict[str, Any], words: str | None
) -> None:
    use = factories.api_use(**{"api": api, "owner": "first-party", "clients": ("https-url-connection",), **changes})
    known = replace(facts(host(HOST, "url-connection")), api_uses=(use,))
    assert rows(known)[HOST,] == ["Not pinned", *([words] if words else [])]


@pytest.mark.parametrize(
    ("use", "plain"),
    [
        ({"api": "grpc-plaintext", "arguments": ("a.example.org",)}, True),
        ({"api": "grpc-insecure-channel", "arguments": (None,)}, True),
        ({"api": "grpc-negotiation", "arguments": ("a.example.org", "PLAINTEXT")}, True),
        ({"api": "grpc-negotiation", "arguments": ("a.example.org", "TLS")}, False),
        ({"api": "grpc-plaintext-flag", "arguments": ("a.example.org", "false")}, False),
        ({"api": "grpc-plaintext", "activation": "defined_only"}, False),
    ],
)
def test_channels_without_tls_are_told_of_hosts_behind_them_whatever_the_policy_forbids(
    use: dict[str, Any], plain: bool
) -> None:
    known = replace(facts(host(HOST, "grpc"), host("b.example.org", "okhttp")), api_uses=(factories.api_use(**use),))
    cleartext = {row.patterns: [value.text for value in row.cleartext] for row in host_table(known, AS_OF).rows}
    assert ("Some calls over gRPC use no TLS" in cleartext[HOST,]) is plain
    assert "Some calls over gRPC use no TLS" not in cleartext["b.example.org",]
