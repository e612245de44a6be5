"""``domainEncryption`` as rules see it."""

from analyzer.ruleset.encryption_views import domain_encryption
from analyzer.ruleset.views import DomainEncryptionView
from tests import factories
from tests.extractors.network_policy.policies import app_info, domain, facts


def views(inner: str, *, maximum: int | None = None) -> list[DomainEncryptionView]:
    app = app_info(maximum=maximum)
    return list(domain_encryption(factories.facts(app=app, policy=facts(inner, app).policy)))


def encryption(mode: str) -> str:
    return f'<domainEncryption mode="{mode}"/>'


def test_every_element_is_viewed_once_with_the_hosts_of_its_scope() -> None:
    found = views(
        f"<base-config>{encryption('enabled')}</base-config>"
        + domain("a.example.com", "b.example.com", inner=encryption("disabled") + domain("c.example.com"))
        + domain("d.example.com", inner=encryption("Disabled"))
        + domain("e.example.com", inner=encryption("required"), subdomains=True)
    )
    assert {(view.names, view.flaw, view.mode) for view in found} == {
        (("all other hosts",), None, "enabled"),
        (("a.example.com", "b.example.com"), "disabled", "disabled"),
        (("d.example.com",), "unknown-mode", "Disabled"),
        (("*.e.example.com",), None, "required"),
    }
    assert len(found) == 4
    assert {(view.first_level, view.last_level) for view in found} == {(37, 37)}


def test_an_element_without_mode_is_viewed_although_it_makes_the_file_unusable() -> None:
    (view,) = views(domain("a.example.com", inner="<domainEncryption/>") + domain("b.test", inner=encryption("off")))
    assert (view.names, view.flaw, view.mode) == (("a.example.com",), "no-mode", "")
    assert view.path == "network-security-config/domain-config[1]/domainEncryption"


def test_a_scope_whose_domains_match_nothing_has_no_view_and_such_a_domain_no_name() -> None:
    assert views(domain("*.example.com", inner=encryption("disabled"))) == []
    (view,) = views(domain("*.example.com", "a.example.com", inner=encryption("disabled")))
    assert view.names == ("a.example.com",)


def test_devices_that_skip_the_element_see_nothing() -> None:
    assert views(domain("a.example.com", inner=encryption("off") + "<domainEncryption/>"), maximum=36) == []
