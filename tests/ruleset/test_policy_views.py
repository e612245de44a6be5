"""The policy as rules see it: scopes, domains and flaws with their context."""

import pytest
from msgspec.structs import replace

from analyzer.model import Facts, Origin, PolicyError, PolicyScope, TrustAnchor
from analyzer.ruleset.policy_views import policy_domains, policy_errors, policy_scopes, policy_view
from analyzer.ruleset.views import PolicyScopeView
from tests import factories
from tests.factories import band, domain, pin_set, scope, variant

DECLARED = Origin(kind="declared", path="base-config", line=2)


def facts(*scopes: PolicyScope) -> Facts:
    return factories.facts(policy=factories.policy(variant(*scopes)))


def views(given: Facts) -> list[PolicyScopeView]:
    return list(policy_scopes(given, factories.AS_OF))


def test_a_scope_is_viewed_once_for_each_band_on_which_it_base_and_default_stay_alike() -> None:
    found = views(facts(scope("api.example.com")))
    # The platform default changes at 28 (cleartext), 36 (certificate transparency) and 37 (domain encryption).
    assert [(v.first_level, v.last_level) for v in found if v.kind == "domain"] == [
        (24, 27), (28, 35), (36, 36), (37, 37),
    ]  # fmt: skip
    assert [v.default.cleartext for v in found if v.kind == "domain"] == [True, False, False, False]


def test_bands_are_cut_where_the_base_changes() -> None:
    base = scope(bands=(band(24, 30, cleartext=True), band(31, 37)))
    found = [view for view in views(facts(base, scope("api.example.com"))) if view.kind == "domain"]
    assert [(v.first_level, v.last_level, v.base.cleartext) for v in found if v.first_level in (28, 31)] == [
        (28, 30, True),
        (31, 35, False),
    ]


def test_levels_on_which_the_file_is_refused_are_left_out() -> None:
    bands = (band(24, 36),)
    found = views(facts(scope(bands=bands), scope("api.example.com", bands=bands)))
    assert max(view.last_level for view in found) == 36


@pytest.mark.parametrize(
    ("scopes", "names"),
    [
        ((), {("all hosts",)}),
        (
            (scope(domain("example.com", include_subdomains=True), "example.org"),),
            {("all other hosts",), ("*.example.com", "example.org")},
        ),
    ],
)
def test_names_say_what_a_scope_covers(scopes: tuple[PolicyScope, ...], names: set[tuple[str, ...]]) -> None:
    assert {view.names for view in views(facts(scope(), *scopes))} == names


def test_a_scope_is_local_when_all_its_domains_are() -> None:
    given = facts(scope("localhost", "10.0.2.2"), scope("localhost", "example.com"), scope())
    assert {view.names: view.local_only for view in views(given)} == {
        ("localhost", "10.0.2.2"): True,
        ("localhost", "example.com"): False,
        ("all other hosts",): False,
    }


def test_a_scope_names_only_the_domains_that_can_match() -> None:
    port = domain("b.example.com:443", include_subdomains=True, problem="port")
    view = views(facts(scope("a.example.com", port)))[-1]
    assert view.names == ("a.example.com",)


def test_a_scope_never_matches_when_none_of_its_domains_does() -> None:
    wildcard = domain("*.example.com", problem="wildcard")
    given = facts(scope(wildcard), scope(wildcard, "example.com"))
    assert {view.domains: view.never_matches for view in views(given) if view.domains} == {
        (wildcard,): True,
        (domain("example.com"),): False,
    }


@pytest.mark.parametrize(
    ("expires", "overrides", "expired", "live"),
    [
        (None, False, False, True),
        ("2026-01-16", False, False, True),
        ("2026-01-15", False, True, False),
        ("2026-01-16", True, False, False),
    ],
)
def test_pins_live_until_their_day_unless_overridden(
    expires: str | None, *, overrides: bool, expired: bool, live: bool
) -> None:
    anchors = (TrustAnchor(source="system", overrides_pins=overrides),)
    pins = pin_set(factories.DIGEST, expires=expires)
    view = views(facts(scope("a.example.com", bands=(band(pin_set=pins, trust_anchors=anchors),))))[-1]
    assert (view.pins_expired, view.pins_live) == (expired, live)


def test_a_scope_without_pins_has_no_live_ones() -> None:
    assert not any(view.pins_live for view in views(facts(scope("a.example.com"))))


def test_the_evidence_is_the_scopes_element_and_without_a_file_the_manifest() -> None:
    (location,) = views(facts(scope("a.example.com")))[-1].evidence
    assert (location.entry, location.xml_path, location.line) == (factories.POLICY_ENTRY, "domain-config", 3)
    (location,) = views(factories.facts())[0].evidence
    assert (location.kind, location.entry) == ("manifest", "AndroidManifest.xml")


def test_the_covering_entry_of_a_domain_is_the_longest_other_one_with_subdomains() -> None:
    outer = scope(domain("example.com", include_subdomains=True), path="outer", bands=(band(cleartext=True),))
    nested = scope(domain("b.a.example.com"), path="nested", parent_path="outer")
    sibling = scope(domain("a.example.com", include_subdomains=True), path="sibling")
    lonely = scope(domain("example.org", include_subdomains=True), path="lonely")
    found = {view.domain.name: view for view in policy_domains(facts(scope(), outer, nested, sibling, lonely))}
    assert found["b.a.example.com"].covering == "a.example.com"
    assert not found["b.a.example.com"].covering_is_ancestor
    assert found["a.example.com"].covering == "example.com"
    assert found["a.example.com"].covering_settings.cleartext
    assert found["example.com"].covering is None
    assert found["example.org"].covering is None


def test_a_nested_config_knows_that_the_covering_one_encloses_it() -> None:
    outer = scope(domain("example.com", include_subdomains=True), path="outer")
    middle = scope(domain("example.org"), path="middle", parent_path="outer")
    inner = scope(domain("a.example.com"), path="inner", parent_path="middle")
    found = {view.domain.name: view for view in policy_domains(facts(scope(), outer, middle, inner))}
    assert found["a.example.com"].covering_is_ancestor


def test_a_name_with_very_many_labels_is_looked_up_in_bounded_time() -> None:
    covering = scope(domain("example.com", include_subdomains=True), path="outer")
    hostile = scope(domain("a." * 100_000 + "example.com"), path="inner")
    found = {view.domain.name: view.covering for view in policy_domains(facts(scope(), covering, hostile))}
    assert found["a." * 100_000 + "example.com"] == "example.com"


def test_an_error_counts_on_the_levels_on_which_the_app_runs() -> None:
    error = PolicyError(kind="source", message="No.", path="certificates", first_level=24, last_level=29)
    other = replace(error, first_level=24, last_level=27)
    policy = factories.policy(replace(variant(), errors=(error, other)))
    given = factories.facts(policy=policy, app=factories.app(min_sdk=28))
    assert [(view.error, view.first_level, view.last_level) for view in policy_errors(given)] == [(error, 28, 29)]


def test_variants_differ_when_they_decide_differently() -> None:
    permissive = scope(bands=(band(cleartext=True, cleartext_origin=DECLARED),))
    strict = scope(bands=(band(cleartext=False, cleartext_origin=DECLARED),))

    def differ(*scopes: PolicyScope) -> bool:
        variants = [
            variant(item, entry=f"res/{number}.xml", qualifiers="land" if number else "")
            for number, item in enumerate(scopes)
        ]
        view = policy_view(factories.facts(policy=factories.policy(*variants)), factories.AS_OF)
        return view.variants_differ

    assert differ(permissive, strict)
    assert not differ(strict, strict)
    # The platform default differs by device level, not by file.
    assert not differ(scope(bands=(band(24, 27, cleartext=True),)), scope(bands=(band(28, 37),)))


def test_the_policy_as_a_whole() -> None:
    pinned = scope("a.example.com", bands=(band(pin_set=pin_set(factories.DIGEST)),))
    view = policy_view(facts(scope(), pinned, scope("b.example.com")), factories.AS_OF)
    assert (view.state, view.domain_scopes, view.has_live_pins) == ("resolved", 2, True)
    assert view.entries == (factories.POLICY_ENTRY,)
    without = policy_view(factories.facts(), factories.AS_OF)
    assert (without.state, without.entries, without.has_live_pins) == ("none", (), False)
