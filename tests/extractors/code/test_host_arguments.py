"""What the argument of a client's call tells of the hosts it contacts."""

import pytest

from analyzer.dataflow.limits import FlowLimits
from analyzer.dataflow.question import Question
from analyzer.dataflow.values import Items, Joined, Number, Text, Unknown, Value, join
from analyzer.extractors.code.host_arguments import Told, read_argument
from analyzer.extractors.sdk_catalogue import HostCall

UNKNOWN = Unknown("the result of a call")


def told(*values: Value, form: str = "url") -> Told:
    resolution = Question(FlowLimits()).answer(join(values))
    return read_argument(resolution, HostCall(client="okhttp", form="host" if form == "host" else "url"))


def url(*parts: str | None) -> Joined:
    return Joined(tuple(UNKNOWN if part is None else Text(part) for part in parts))


@pytest.mark.parametrize(
    ("value", "host"),
    [
        (Text("https://api.example.com/v1"), "api.example.com"),
        (url("https://api.example.com/items/", None), "api.example.com"),
        (url("http://api.example.com?id=", None), "api.example.com"),
        (url("http://api.example.com:", None, "/login"), "api.example.com"),
        (url("http://user:secret@api.example.com/", None), "api.example.com"),
    ],
)
def test_a_host_is_known_once_its_end_is(value: Value, host: str) -> None:
    found = told(value)
    assert ([peer.name for peer in found.peers], found.open_schemes, found.is_open) == ([host], (), False)


@pytest.mark.parametrize(
    ("value", "scheme"),
    [
        (url("http://", None), "http"),
        (url("HTTP://", None, ":", None, "/login"), "http"),
        (url("https://api.", None, ".example.com/"), "https"),
        (url("http://user:", None, "@", None, "/"), "http"),
        (url("ws://192.168.1.", None), "ws"),
        (Text("http://%s/login"), "http"),
        (url("http://%s:", None), "http"),
    ],
)
def test_a_scheme_is_known_where_the_host_is_put_together_at_run_time(value: Value, scheme: str) -> None:
    found = told(value)
    assert (found.peers, found.open_schemes, found.is_open) == ((), (scheme,), True)


@pytest.mark.parametrize(
    "value",
    [
        url("file:///sdcard/", None),
        url("file://", None),
        url("javascript:show('", None, "')"),
        url("data:text/html,", None),
        url("http://127.0.0.1:", None, "/status"),
        url("http://localhost/", None),
        Text("about:blank"),
        Number(0),
    ],
)
def test_what_contacts_no_other_host_is_no_gap(value: Value) -> None:
    assert told(value) == Told((), (), is_open=False)


@pytest.mark.parametrize("value", [UNKNOWN, url(None, "/login"), Items("[Ljava/lang/String;", (), complete=False)])
def test_what_begins_with_something_unknown_may_contact_any_host(value: Value) -> None:
    assert told(value) == Told((), (), is_open=True)


def test_one_of_several_values_that_is_not_known_leaves_the_others() -> None:
    found = told(Text("https://api.example.com/"), UNKNOWN)
    assert ([peer.name for peer in found.peers], found.is_open) == (["api.example.com"], True)


def test_the_port_over_tls_is_unknown_where_it_is_put_in_at_run_time() -> None:
    (peer,) = told(url("https://api.example.com:", None)).peers
    assert peer.port is None
    (peer,) = told(url("https://api.example.com/", None)).peers
    assert peer.port == 443


def test_a_mere_host_needs_to_be_known_as_a_whole() -> None:
    assert [peer.name for peer in told(Text("api.example.com"), form="host").peers] == ["api.example.com"]
    assert told(url("api.", None), form="host").is_open
