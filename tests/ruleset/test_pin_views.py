"""Pins as rules see them together."""

from analyzer.model import Facts, NetworkPolicy, PinFact, PolicyError, PolicyScope, PolicyVariant
from analyzer.ruleset.pin_views import pin_sets, pins_for_hosts, pins_in_force, reused_pins
from analyzer.ruleset.views import PinSetView
from tests import factories
from tests.factories import location, pin

OTHER = bytes(range(50, 82))


def sets(*pins: PinFact) -> list[PinSetView]:
    return list(pin_sets(factories.facts(pins=pins), factories.AS_OF))


def test_pins_of_one_mechanism_host_and_scope_form_a_set() -> None:
    found = sets(pin(), pin(digest=OTHER), pin(host="b.example.com"), pin(mechanism="okhttp3"), pin(scope="other"))
    assert [(view.mechanism, view.host, len(view.pins)) for view in found] == [
        ("nsc", "api.example.com", 2),
        ("nsc", "b.example.com", 1),
        ("okhttp3", "api.example.com", 1),
        ("nsc", "api.example.com", 1),
    ]


def test_copies_count_once_whatever_their_spelling() -> None:
    (view,) = sets(pin(value="a="), pin(value="b="), pin(digest=OTHER, value="c="), pin(digest=None, value="broken"))
    assert view.distinct == 2
    assert view.duplicates == ("b=",)


def test_a_digest_of_another_algorithm_is_no_copy() -> None:
    (view,) = sets(pin(), pin(algorithm="sha1"))
    assert (view.distinct, view.duplicates) == (2, ())


def test_placeholders_are_counted_by_digest() -> None:
    (view,) = sets(pin(problem="example"), pin(problem="example"), pin(digest=OTHER))
    assert (view.distinct, view.placeholders) == (2, 1)


def test_an_unresolved_pin_makes_the_counts_lower_bounds() -> None:
    (view,) = sets(pin(), pin(digest=None, resolution="unresolved"))
    assert not view.resolved


def test_a_set_is_as_active_as_its_most_active_pin() -> None:
    (view,) = sets(pin(activation="defined_only"), pin(activation="unknown"), pin(activation="created"))
    assert view.activation == "unknown"


def test_a_set_is_expired_when_all_its_pins_are() -> None:
    assert [view.expired for view in sets(pin(expires_on="2026-01-15"))] == [True]
    assert [view.expired for view in sets(pin(expires_on="2026-01-15"), pin(digest=OTHER))] == [False]


def test_evidence_is_united_without_repeats() -> None:
    first, second = location(line=1), location(line=2)
    (view,) = sets(pin(evidence=(first,)), pin(digest=OTHER, evidence=(first, second)))
    assert view.evidence == (first, second)


def test_a_digest_under_two_registrable_domains_is_reused() -> None:
    pins = (pin(), pin(host="www.example.org"), pin(host="cdn.example.com"), pin(host="x.example.com", digest=OTHER))
    (view,) = reused_pins(factories.facts(pins=pins))
    assert view.domains == ("example.com", "example.org")
    assert view.hosts == ("api.example.com", "cdn.example.com", "www.example.org")


def test_hosts_of_one_registration_share_keys_by_right() -> None:
    pins = (pin(), pin(host="cdn.example.com"), pin(host=None), pin(host="192.0.2.1"))
    assert list(reused_pins(factories.facts(pins=pins))) == []


def with_policy(*scopes: PolicyScope, pins: tuple[PinFact, ...], errors: tuple[PolicyError, ...] = ()) -> Facts:
    variant = PolicyVariant(entry=factories.POLICY_ENTRY, qualifiers="", scopes=scopes, errors=errors)
    return factories.facts(pins=pins, policy=NetworkPolicy(state="resolved", variants=(variant,)))


IN_FILE = f"{factories.POLICY_ENTRY}#network-security-config/domain-config/pin-set"


def test_pins_of_a_domain_that_can_match_nothing_are_in_no_set() -> None:
    scope = factories.scope(factories.domain("*.example.com", problem="wildcard"), factories.domain("example.com"))
    pins = (pin(host="*.example.com", scope=IN_FILE), pin(host="example.com", scope=IN_FILE))
    given = with_policy(scope, pins=pins)
    assert [view.host for view in pin_sets(given, factories.AS_OF)] == ["example.com"]
    assert pins_for_hosts(given) == pins[1:]


def test_a_wildcard_of_a_pinner_is_another_matter_than_that_of_a_policy() -> None:
    scope = factories.scope(factories.domain("*.example.com", problem="wildcard"))
    pinner = pin(mechanism="okhttp3", host="*.example.com", scope="client")
    assert pins_in_force(with_policy(scope, pins=(pinner,))) == (pinner,)


def test_pins_of_a_file_that_no_device_accepts_are_in_no_set() -> None:
    error = PolicyError(kind="pin-length", message="digest length 3", path="network-security-config")
    pins = (pin(scope=IN_FILE), pin(mechanism="trustkit", scope=IN_FILE))
    given = with_policy(factories.scope("api.example.com", bands=()), pins=pins, errors=(error,))
    assert pins_in_force(given) == pins[1:]
    assert pins_for_hosts(given) == pins


def test_pins_of_a_file_that_some_devices_accept_count() -> None:
    error = PolicyError(kind="src-unknown", message="Unknown src", path="network-security-config", last_level=29)
    given = with_policy(factories.scope("api.example.com"), pins=(pin(scope=IN_FILE),), errors=(error,))
    assert pins_in_force(given) == given.pins


def test_the_first_set_of_a_pin_set_element_leads_and_knows_all_hosts() -> None:
    found = sets(
        pin(include_subdomains=True), pin(host="b.example.com"), pin(host="localhost"), pin(host="c.test", scope="x#y")
    )
    shared = ("*.api.example.com", "b.example.com")
    assert [(view.hosts, view.leads) for view in found] == [
        (shared, True),
        (("b.example.com",), False),
        (("localhost",), True),
        (("c.test",), True),
    ]


def test_sets_in_code_speak_for_themselves() -> None:
    found = sets(
        pin(mechanism="okhttp3", host="*.example.com", include_subdomains=True),
        pin(mechanism="okhttp3", host="b.example.com"),
        pin(mechanism="custom-tm", host=None),
    )
    assert [(view.hosts, view.leads) for view in found] == [
        (("*.example.com",), True),
        (("b.example.com",), True),
        ((), True),
    ]
