"""Judgements about pins where hosts and patterns meet."""

import base64
import datetime as dt
import hashlib
from typing import Any

import pytest

from analyzer.model import AppInfo, Facts, HostFact, NetworkPolicy, PinFact
from analyzer.options import ScanOptions
from analyzer.ruleset.functions import Context
from analyzer.ruleset.functions.pin_snippets import corrected_pin_set
from analyzer.ruleset.functions.pins import (
    conflicting_sets,
    is_pinned_at_all,
    mechanism_name,
    stale_pins,
    unpinned_hosts,
)
from analyzer.ruleset.pin_views import pin_sets
from analyzer.ruleset.views import PinSetView

AS_OF = dt.datetime(2026, 1, 15, 12, tzinfo=dt.UTC)
KEY = hashlib.sha256(b"a key").digest()
TEXT = base64.b64encode(KEY).decode()


def pin(host: str | None = "api.shop.example.com", **changes: Any) -> PinFact:
    values: dict[str, Any] = {
        "mechanism": "okhttp3",
        "host": host,
        "include_subdomains": False,
        "algorithm": "sha256",
        "digest": KEY,
        "hashed_object": "spki",
        "value": f"sha256/{TEXT}",
        "checked_against": "validated",
        "resolution": "constant",
        "activation": "active",
        "scope": "client",
    }
    return PinFact(**(values | changes))


def context(*pins: PinFact, hosts: tuple[str, ...] = (), first_party: tuple[str, ...] = ()) -> Context:
    app = AppInfo(package="org.example.app", version_name=None, version_code=None, min_sdk=24, target_sdk=36)
    facts = Facts(
        app=app,
        policy=NetworkPolicy(state="none"),
        pins=pins,
        hosts=tuple(HostFact(name=name, owner="first-party", source="code") for name in hosts),
    )
    return Context(facts, ScanOptions(as_of=AS_OF, first_party=first_party))


def the_set(around: Context, mechanism: str) -> PinSetView:
    (view,) = [view for view in pin_sets(around.facts, AS_OF) if view.mechanism == mechanism]
    return view


@pytest.mark.parametrize(
    ("pattern", "include_subdomains", "host", "is_pinned"),
    [
        ("shop.example.com", False, "shop.example.com", True),
        ("shop.example.com", False, "api.shop.example.com", False),
        ("shop.example.com", True, "a.b.shop.example.com", True),
        ("shop.example.com", True, "myshop.example.com", False),
        ("*.shop.example.com", False, "api.shop.example.com", True),
        ("*.shop.example.com", False, "shop.example.com", False),
        ("*.shop.example.com", False, "a.b.shop.example.com", False),
        ("**.shop.example.com", False, "shop.example.com", True),
        ("**.shop.example.com", False, "a.b.shop.example.com", True),
        (None, False, "anything.example.com", True),
    ],
)
def test_a_pattern_covers_hosts(pattern: str | None, include_subdomains: bool, host: str, is_pinned: bool) -> None:
    around = context(pin(pattern, include_subdomains=include_subdomains), hosts=(host,))
    assert unpinned_hosts(around) == (() if is_pinned else (host,))


def test_hosts_outside_the_configured_domains_are_not_the_apps_own() -> None:
    around = context(hosts=("api.shop.example.com", "cdn.example.net"), first_party=("shop.example.com",))
    assert unpinned_hosts(around) == ("api.shop.example.com",)


def test_a_configured_domain_without_known_hosts_is_judged_by_itself() -> None:
    assert unpinned_hosts(context(first_party=("shop.example.com",))) == ("shop.example.com",)


@pytest.mark.parametrize(
    "changes",
    [
        {"mechanism": "string"},
        {"activation": "created"},
        {"activation": "defined_only"},
        {"owner": "sdk:ads"},
        {"problem": "length", "digest": None},
        {"expires_on": "2026-01-15"},
    ],
)
def test_what_pins_nothing_of_the_app_does_not_count(changes: dict[str, Any]) -> None:
    assert is_pinned_at_all(context(pin()))
    assert not is_pinned_at_all(context(pin(**changes)))


def test_a_date_that_no_calendar_holds_is_no_error() -> None:
    assert is_pinned_at_all(context(pin(expires_on="292278994-08-17")))


@pytest.mark.parametrize(
    ("host", "include_subdomains", "other", "meet"),
    [
        ("shop.example.com", True, "api.shop.example.com", True),
        ("shop.example.com", False, "api.shop.example.com", False),
        ("api.shop.example.com", False, "*.shop.example.com", True),
        ("api.shop.example.com", False, None, True),
        ("api.shop.example.com", False, "img.shop.example.com", False),
    ],
)
def test_sets_meet_where_some_host_belongs_to_both(
    host: str, include_subdomains: bool, other: str | None, meet: bool
) -> None:
    expired = pin(host, include_subdomains=include_subdomains, mechanism="trustkit", expires_on="2025-01-01")
    around = context(expired, pin(other))
    assert conflicting_sets(around, the_set(around, "trustkit")) == (("OkHttp",) if meet else ())


def test_a_custom_trust_manager_replaces_the_policys_pins() -> None:
    around = context(pin(mechanism="nsc", expires_on="2025-01-01"), pin(mechanism="custom-tm"))
    assert conflicting_sets(around, the_set(around, "nsc")) == ()


def test_two_broken_sets_do_not_conflict() -> None:
    around = context(pin(mechanism="nsc", expires_on="2025-01-01"), pin(problem="placeholder"))
    assert conflicting_sets(around, the_set(around, "nsc")) == ()
    assert conflicting_sets(around, the_set(around, "okhttp3")) == ()


def test_an_unresolved_pin_is_not_taken_for_broken() -> None:
    around = context(pin(mechanism="nsc"), pin(resolution="unresolved", digest=None))
    assert conflicting_sets(around, the_set(around, "okhttp3")) == ()


def test_a_pin_of_a_key_of_which_nothing_is_known_is_not_stale() -> None:
    around = context(pin())
    assert stale_pins(around, the_set(around, "okhttp3")) == ()


def test_the_corrected_set_keeps_good_pins_and_leaves_room_for_a_backup() -> None:
    around = context(pin(include_subdomains=True, mechanism="nsc"), pin(mechanism="nsc", problem="placeholder"))
    (first, _) = pin_sets(around.facts, AS_OF)
    assert corrected_pin_set(around, first) == (
        "<!-- in place of the present pin-set of *.api.shop.example.com, api.shop.example.com -->\n"
        "<pin-set>\n"
        f'    <pin digest="SHA-256">{TEXT}</pin>\n'
        '    <pin digest="SHA-256">(base64 of the SHA-256 of a key kept offline)</pin>\n'
        "</pin-set>"
    )


def test_the_corrected_set_ends_when_the_present_one_does() -> None:
    around = context(pin(mechanism="nsc", expires_on="2030-01-31"))
    (only,) = pin_sets(around.facts, AS_OF)
    assert '<pin-set expiration="2030-01-31">' in corrected_pin_set(around, only)


def test_hostile_hosts_stay_text_in_snippets() -> None:
    markup = context(pin("--><x>", mechanism="nsc"))
    assert "pin-set of - -&gt;&lt;x&gt; -->" in corrected_pin_set(markup, the_set(markup, "nsc"))
    rule = context(pin("a----b", mechanism="nsc"))
    assert "pin-set of a- - - -b -->" in corrected_pin_set(rule, the_set(rule, "nsc"))
    code = context(pin('${boom}", "x'))
    assert '.add("\\${boom}\\", \\"x", "sha256/' in corrected_pin_set(code, the_set(code, "okhttp3"))


@pytest.mark.parametrize(
    ("mechanism", "name"),
    [("okhttp3", "OkHttp"), ("nsc", "network security configuration"), ("custom-tm", "trust manager of the app")],
)
def test_messages_name_mechanisms_as_reports_do(mechanism: str, name: str) -> None:
    assert mechanism_name(mechanism) == name
