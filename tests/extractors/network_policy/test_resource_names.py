"""Trust anchors that compiled files name by number, in the words of the source file."""

from pathlib import Path

import pytest

from analyzer.apk.app import open_app
from analyzer.apk.tree import ValueType, XmlAttribute, XmlElement
from analyzer.extractors.network_policy import PolicyFile, build_policy
from analyzer.extractors.policy_files import extract_policy
from analyzer.model import TrustAnchor
from analyzer.options import Limits
from tests.extractors.network_policy.policies import app_info, at, facts

SAMPLES = Path(__file__).parents[3] / "sample_apks"
NAMES = {0x7F010000: "raw/company_ca"}


def element(name: str, *children: XmlElement, attributes: tuple[XmlAttribute, ...] = ()) -> XmlElement:
    return XmlElement(name=name, attributes=attributes, children=children)


def compiled(resource_id: int, block: str = "base-config") -> PolicyFile:
    src = XmlAttribute(name="src", value_type=ValueType.REFERENCE, data=resource_id)
    certificates = element("certificates", attributes=(src,))
    root = element("network-security-config", element(block, element("trust-anchors", certificates)))
    return PolicyFile(entry="res/xml/policy.xml", root=root)


@pytest.mark.parametrize(("resource_id", "name"), [(0x7F010000, "@raw/company_ca"), (0x7F010001, None)])
def test_a_number_keeps_its_form_and_gets_its_name_where_a_table_has_it(resource_id: int, name: str | None) -> None:
    built = build_policy(app_info(), [compiled(resource_id)], name_resource=NAMES.get)
    (anchor,) = at(built, "a.example.com").trust_anchors
    assert (anchor.source, anchor.resource, anchor.resource_name) == ("raw", f"@0x{resource_id:08x}", name)


def test_anchors_of_the_debug_sibling_are_named_as_well() -> None:
    debug = compiled(0x7F010000, "debug-overrides")
    built = build_policy(app_info(debuggable=True), [compiled(1)], debug_files=[debug], name_resource=NAMES.get)
    (overrides,) = built.policy.variants[0].debug_overrides
    assert [anchor.resource_name for anchor in overrides.trust_anchors] == ["@raw/company_ca"]


def test_a_plain_file_states_the_name_itself() -> None:
    built = facts('<base-config><trust-anchors><certificates src="@raw/company_ca"/></trust-anchors></base-config>')
    (anchor,) = at(built, "a.example.com").trust_anchors
    assert (anchor.resource, anchor.resource_name) == ("@raw/company_ca", None)


@pytest.mark.parametrize("sample", ["cleartext-user-ca", "debug-sibling"])
def test_a_package_names_the_certificates_of_its_policy(sample: str) -> None:
    app = open_app(SAMPLES / sample / f"{sample}.apk", Limits())
    variants = extract_policy(app, Limits()).facts.policy.variants
    anchors: set[TrustAnchor] = set()
    for variant in variants:
        anchors.update(a for overrides in variant.debug_overrides for a in overrides.trust_anchors)
        anchors.update(a for scope in variant.scopes for band in scope.bands for a in band.settings.trust_anchors)
    named = [(anchor.resource or "", anchor.resource_name or "") for anchor in anchors if anchor.source == "raw"]
    assert named
    assert all(number.startswith("@0x7f") and name.startswith("@raw/") for number, name in named)
