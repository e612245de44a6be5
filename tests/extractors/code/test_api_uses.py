"""Calls that rules ask about, with their arguments, plain and after R8."""

from functools import cache

import pytest

from analyzer.extractors.code.api_uses import extract_api_uses
from analyzer.model import ApiUse
from tests.extractors.code.smali_fixtures import context_of

BOTH = pytest.mark.parametrize("name", ["calls", "calls-shrunk"])


@cache
def _all(name: str) -> tuple[ApiUse, ...]:
    return extract_api_uses(context_of(name)).api_uses


def _uses(name: str, api: str) -> list[ApiUse]:
    return [use for use in _all(name) if use.api == api and use.owner == "first-party"]


def _given(name: str, api: str) -> list[tuple[str | None, ...]]:
    return [use.arguments for use in _uses(name, api)]


@BOTH
def test_a_helper_that_accepts_everything_is_followed_to_its_client(name: str) -> None:
    use = next(use for use in _uses(name, "insecure-netty") if use.activation == "active")
    assert (use.arguments, use.clients) == (("INSTANCE",), ("netty",))
    (factory,) = _uses(name, "insecure-loopj-factory")
    assert (factory.activation, factory.clients) == ("active", ("apache-httpclient",))


def test_a_helper_in_a_method_that_nothing_calls_is_only_defined() -> None:
    dead = [use for use in _uses("calls", "insecure-netty") if "never" in (use.evidence[0].method or "")]
    assert [use.activation for use in dead] == ["defined_only"]


@BOTH
def test_the_switch_of_a_client_is_read(name: str) -> None:
    assert _given(name, "insecure-loopj-client") == [("true",), ("false",)]


@BOTH
def test_a_verifier_constant_counts_where_it_is_handed_to_something(name: str) -> None:
    found = [(use.activation, use.clients) for use in _uses(name, "hv-allow-all")]
    assert found == [("active", ("apache-httpclient",)), ("created", ())]


@BOTH
def test_protocols_are_resolved_through_a_helper(name: str) -> None:
    assert _given(name, "tls-protocols") == [("TLSv1", "TLSv1.2"), ("TLSv1.2",)]


@BOTH
def test_suites_that_are_removed_from_a_list_are_not_taken_for_enabled_ones(name: str) -> None:
    assert _given(name, "tls-suites") == [("TLS_RSA_WITH_3DES_EDE_CBC_SHA", "TLS_AES_128_GCM_SHA256"), (None,)]


def test_okhttp_settings_are_read_by_the_names_of_their_constants() -> None:
    assert _given("calls", "okhttp-tls-versions") == [("TLS_1_2", "TLS_1_0")]
    assert _given("calls", "okhttp-follow-ssl-redirects") == [("false",)]


def test_a_specification_that_is_built_is_not_taken_for_the_one_it_starts_from() -> None:
    assert _given("calls", "okhttp-connection-specs") == [(None,), ("COMPATIBLE_TLS", "CLEARTEXT")]


@BOTH
def test_the_target_of_a_channel_comes_from_what_made_its_builder(name: str) -> None:
    assert _given(name, "grpc-plaintext") == [("rpc.shop.example.com",)]


@BOTH
def test_a_policy_built_at_run_time_is_followed_to_its_scope(name: str) -> None:
    assert _given(name, "runtime-policy-cleartext") == [("true", "base"), ("true", "localhost")]


def test_only_properties_of_mail_are_reported() -> None:
    assert _given("calls", "mail-property") == [("mail.smtp.starttls.enable", "true")]


@BOTH
def test_settings_of_webviews_are_read(name: str) -> None:
    assert _given(name, "webview-mixed-content") == [("0",)]


def test_a_plain_socket_is_told_apart_from_one_that_is_wrapped_into_tls() -> None:
    found = [use.arguments for use in _all("sockets") if use.api == "raw-socket"]
    assert sorted(found, key=str) == [("chat.shop.example.com", None), ("shop.example.com", "tls")]


def test_what_a_renamed_okhttp_does_with_its_own_specifications_is_not_the_apps_doing() -> None:
    places = {use.evidence[0].class_name for use in _all("calls-shrunk") if use.api in ("tls-protocols", "tls-suites")}
    assert places == {"org.example.shop.b"}
