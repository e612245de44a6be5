"""Judgements about policies: whose host it is, what a suffix covers, and what pins a host outside of the policy."""

import datetime as dt

import pytest

from analyzer.model import AppInfo, Facts, NetworkPolicy, PinFact, SdkFact
from analyzer.options import ScanOptions
from analyzer.ruleset.functions import policy
from analyzer.ruleset.functions.public_suffixes import is_public_suffix
from analyzer.ruleset.functions.registry import Context
from analyzer.ruleset.pin_views import pin_sets
from analyzer.ruleset.views import PinSetView

AS_OF = dt.datetime(2026, 1, 15, 12, tzinfo=dt.UTC)


def _context(
    *,
    package: str = "org.example.app",
    first_party: tuple[str, ...] = (),
    pins: tuple[PinFact, ...] = (),
    sdks: tuple[SdkFact, ...] = (),
) -> Context:
    app = AppInfo(package=package, version_name="1.0", version_code=1, min_sdk=21, target_sdk=36)
    facts = Facts(app=app, policy=NetworkPolicy(state="none"), pins=pins, sdks=sdks)
    return Context(facts, ScanOptions(as_of=AS_OF, first_party=first_party))


def _pin(mechanism: str, host: str | None, *, subdomains: bool = False, activation: str = "active") -> PinFact:
    return PinFact(
        mechanism=mechanism,  # type: ignore[arg-type] # one of the literals at every call below
        host=host,
        include_subdomains=subdomains,
        algorithm="sha256",
        digest=bytes(range(32)),
        hashed_object="spki",
        value="AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        checked_against="validated",
        resolution="constant",
        activation=activation,  # type: ignore[arg-type] # as above
        scope="set",
    )


def _policy_set(host: str, *, subdomains: bool = False) -> PinSetView:
    context = _context(pins=(_pin("nsc", host, subdomains=subdomains),))
    return next(iter(pin_sets(context.facts, AS_OF)))


@pytest.mark.parametrize(
    ("package", "host"),
    [
        ("org.example.app", "example.org"),
        ("org.example.app", "api.example.org"),
        ("uk.co.example.app", "api.example.co.uk"),
    ],
)
def test_a_host_under_the_packages_domain_is_the_teams(package: str, host: str) -> None:
    assert policy.hosted_by_app_team(_context(package=package), host)


@pytest.mark.parametrize(
    ("package", "host"),
    [
        ("org.example.app", "notexample.org"),
        ("org.example.app", "example.com"),
        ("uk.co.example.app", "other.co.uk"),
        ("app", "app"),
    ],
)
def test_other_hosts_are_not_the_teams(package: str, host: str) -> None:
    assert not policy.hosted_by_app_team(_context(package=package), host)


def test_configured_domains_replace_the_packages_domain() -> None:
    context = _context(first_party=("example.net",))
    assert policy.hosted_by_app_team(context, "api.example.net")
    assert not policy.hosted_by_app_team(context, "api.example.org")


@pytest.mark.parametrize("name", ["com", "dev", "xn--p1ai", "co.uk", "com.au", "github.io"])
def test_strangers_register_names_below_a_public_suffix(name: str) -> None:
    assert is_public_suffix(name)


@pytest.mark.parametrize(
    "name", ["example.com", "example.co.uk", "localhost", "local", "127.0.0.1", "router1", "co.example"]
)
def test_registered_and_local_names_are_no_public_suffixes(name: str) -> None:
    assert not is_public_suffix(name)


@pytest.mark.parametrize(
    "pin",
    [
        _pin("okhttp3", "api.example.com"),
        _pin("okhttp3", "*.example.com"),
        _pin("okhttp3", "**.example.com"),
        _pin("cronet", "example.com", subdomains=True),
        _pin("custom-tm", None),
        _pin("okhttp3", "api.example.com", activation="unknown"),
    ],
    ids=lambda pin: f"{pin.mechanism} {pin.host} {pin.activation}",
)
def test_code_pins_a_host_of_the_policy(pin: PinFact) -> None:
    assert policy.pinned_outside_policy(_context(pins=(pin,)), _policy_set("api.example.com"))


@pytest.mark.parametrize(
    "pin",
    [
        _pin("okhttp3", "example.com"),
        _pin("okhttp3", "img.example.com"),
        _pin("okhttp3", "*.api.example.com"),
        _pin("okhttp3", "api.example.com", activation="defined_only"),
        _pin("httpengine", "api.example.com"),
        _pin("nsc", "api.example.com"),
        _pin("string", None),
    ],
    ids=lambda pin: f"{pin.mechanism} {pin.host} {pin.activation}",
)
def test_code_does_not_pin_a_host_of_the_policy(pin: PinFact) -> None:
    assert not policy.pinned_outside_policy(_context(pins=(pin,)), _policy_set("api.example.com"))


def test_a_pattern_for_one_label_does_not_cover_a_policy_with_subdomains() -> None:
    covered = _policy_set("api.example.com", subdomains=True)
    assert not policy.pinned_outside_policy(_context(pins=(_pin("okhttp3", "*.example.com"),)), covered)
    assert policy.pinned_outside_policy(_context(pins=(_pin("okhttp3", "**.example.com"),)), covered)


def test_a_library_that_reads_the_policy_on_old_devices_counts() -> None:
    context = _context(sdks=(SdkFact(name="TrustKit", kind="library"),))
    assert policy.pinned_outside_policy(context, _policy_set("api.example.com"))
