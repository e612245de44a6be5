"""The clients that things are handed to, and those that hosts are contacted with."""

from analyzer.extractors.catalogue import load_catalogue
from analyzer.model.client_names import CLIENTS
from analyzer.model.served_clients import is_known, perhaps_served, served_over, surely_served

NOT_A_CLIENT_OF_HOSTS = {
    "by-hand", "conscrypt", "ion", "javamail", "netty", "okhttp-interceptor", "okhttp-network-interceptor", "smack",
    "ssl-certificate-socket-factory", "webview", "webview-crosswalk", "webview-uc", "webview-x5", "xutils",
}  # fmt: skip
"""What takes something, but what contacts no host by any call that is looked for, or takes another kind of thing."""


def sinks() -> set[str]:
    return {sink.client for sink in load_catalogue().callback_sinks.sinks}


def test_of_every_sink_of_the_catalogue_it_is_known_who_connects_with_it_or_that_nobody_is_known_to() -> None:
    assert {client for client in sinks() if not is_known(client)} == NOT_A_CLIENT_OF_HOSTS


def test_everything_that_is_said_to_connect_is_found_by_calls_and_has_a_name_in_reports() -> None:
    found = {call.client for call in load_catalogue().host_calls}
    for sink in sinks():
        served = perhaps_served([sink]) | surely_served(sink) | served_over(sink)
        assert served <= found, sink
        assert served <= set(CLIENTS), sink


def test_an_unpinned_client_of_okhttp_was_given_nothing_and_is_not_served() -> None:
    assert "okhttp-plain" not in perhaps_served(sinks(), process_wide=True)


def test_a_library_over_okhttp_may_use_another_client_of_it() -> None:
    assert surely_served("okhttp") == {"okhttp"}
    assert served_over("okhttp") == {"retrofit"}
    assert "retrofit" in perhaps_served(["okhttp"])
