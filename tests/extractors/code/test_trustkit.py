"""TrustKit in code, joined with the policy it reads."""

from msgspec.structs import replace

from analyzer.extractors.code.trustkit import TrustKitFacts, extract_trustkit
from analyzer.model import ApiUse, NetworkPolicy, ResourceReference
from tests.extractors.code.smali_fixtures import context_of
from tests.extractors.network_policy.policies import PIN_A, PIN_B, domain, facts, pin_set

ENFORCED = '<trustkit-config enforcePinning="true"/>'
REPORTED = "<trustkit-config/>"
NO_POLICY = NetworkPolicy(state="none")


def policy(*blocks: str, resource: int | None = None) -> NetworkPolicy:
    resolved = facts("".join(blocks)).policy
    reference = ResourceReference(text="@xml/policy", resource_id=resource, name="xml/policy")
    return replace(resolved, reference=reference)


def extract(fixture: str, *blocks: str, resource: int | None = None) -> TrustKitFacts:
    return extract_trustkit(context_of(fixture), policy(*blocks, resource=resource))


def uses(found: TrustKitFacts, api: str) -> list[ApiUse]:
    return [use for use in found.api_uses if use.api == api]


def method_of(use: ApiUse) -> str:
    return f"{use.evidence[0].class_name}.{(use.evidence[0].method or '').partition('(')[0]}"


def test_an_app_without_trustkit_has_none_of_its_facts() -> None:
    block = domain("pay.example.com", inner=pin_set(PIN_A, PIN_B) + ENFORCED)
    assert extract("trustkit-free", block) == TrustKitFacts()


def test_starting_trustkit_is_found_with_the_resource_it_is_given() -> None:
    found = extract("trustkit")
    (start,) = uses(found, "trustkit-init")
    assert (start.activation, start.owner, start.arguments) == (
        "active",
        "first-party",
        ("resource", "0x7f050000", None),
    )
    assert method_of(start) == "org.example.shop.App.onCreate"
    assert [sdk.name for sdk in found.sdks] == ["trustkit"]


def test_a_connection_counts_when_something_leads_to_it() -> None:
    found = extract("trustkit")
    (factory,) = uses(found, "trustkit-socket-factory")
    assert (factory.activation, factory.arguments) == ("active", ("pay.shop.example.com",))
    (forgotten,) = uses(found, "trustkit-trust-manager")
    assert (forgotten.activation, method_of(forgotten)) == ("defined_only", "org.example.shop.Connections.forgotten")


def test_enforced_pins_are_active_when_a_connection_goes_through_trustkit() -> None:
    found = extract(
        "trustkit", domain("pay.example.com", inner=pin_set(PIN_A, PIN_B, expiration="2030-01-01") + ENFORCED)
    )
    assert [(pin.host, pin.value, pin.activation, pin.enforced) for pin in found.pins] == [
        ("pay.example.com", PIN_A, "active", True),
        ("pay.example.com", PIN_B, "active", True),
    ]
    assert {pin.expires_on for pin in found.pins} == {"2030-01-01"}
    assert [place.kind for place in found.pins[0].evidence] == ["xml", "code", "code"]


def test_pins_that_are_only_reported_are_not_active() -> None:
    found = extract("trustkit", domain("api.example.com", inner=pin_set(PIN_A, PIN_B) + REPORTED))
    assert {(pin.activation, pin.enforced) for pin in found.pins} == {("created", False)}


def test_a_block_without_a_trustkit_element_is_only_reported() -> None:
    found = extract("trustkit", domain("api.example.com", inner=pin_set(PIN_A, PIN_B)))
    assert {(pin.host, pin.enforced) for pin in found.pins} == {("api.example.com", False)}


def test_only_the_last_domain_of_a_block_is_pinned() -> None:
    found = extract("trustkit", domain("one.example.com", "two.example.com", inner=pin_set(PIN_A, PIN_B) + ENFORCED))
    assert {pin.host for pin in found.pins} == {"two.example.com"}


def test_a_nested_block_inherits_enforcement_and_date() -> None:
    nested = domain("deep.example.com", inner=pin_set(PIN_A))
    block = domain("example.com", inner=pin_set(PIN_A, PIN_B, expiration="2031-05-01") + ENFORCED + nested)
    found = extract("trustkit", block)
    inner = [pin for pin in found.pins if pin.host == "deep.example.com"]
    assert [(pin.value, pin.enforced, pin.expires_on) for pin in inner] == [(PIN_A, True, "2031-05-01")]


def test_pins_of_a_block_that_does_not_expire_for_the_platform_may_expire_for_trustkit() -> None:
    nested = domain("deep.example.com", inner=pin_set(PIN_B) + REPORTED)
    block = domain("example.com", inner=pin_set(PIN_A, expiration="2031-05-01") + REPORTED + nested)
    (pin,) = [pin for pin in extract("trustkit", block).pins if pin.host == "deep.example.com"]
    assert (pin.value, pin.expires_on) == (PIN_B, "2031-05-01")


def test_another_resource_than_the_manifests_is_not_taken_for_it() -> None:
    block = domain("pay.example.com", inner=pin_set(PIN_A, PIN_B) + ENFORCED)
    found = extract("trustkit", block, resource=0x7F050001)
    assert found.pins == ()
    (gap,) = found.gaps
    assert (gap.subject, gap.hides) == ("0x7f050000", ("pin",))
    assert extract("trustkit", block, resource=0x7F050000).pins != ()


def test_redirects_must_be_off_for_both_kinds() -> None:
    places = {method_of(use): use.arguments for use in uses(extract("trustkit"), "trustkit-okhttp-interceptor")}
    assert places == {
        "org.example.shop.Connections.carefulClient": ("redirects-off",),
        "org.example.shop.Connections.carelessClient": ("redirects-on",),
    }


def test_renamed_trustkit_is_known_by_its_texts() -> None:
    found = extract("trustkit-renamed", domain("pay.example.com", inner=pin_set(PIN_A, PIN_B) + ENFORCED))
    (start,) = uses(found, "trustkit-init")
    assert (method_of(start), start.activation, start.arguments) == (
        "org.example.shop.App.onCreate",
        "active",
        ("default-name", None, None),
    )
    (manager,) = uses(found, "trustkit-trust-manager")
    assert manager.arguments == ("pay.shop.example.com",)
    assert {(pin.host, pin.activation) for pin in found.pins} == {("pay.example.com", "active")}


def test_a_policy_without_pins_gives_none() -> None:
    assert extract_trustkit(context_of("trustkit"), NO_POLICY).pins == ()
