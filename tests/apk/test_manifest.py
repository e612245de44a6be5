"""The manifest as the platform's package parser reads it."""

import pytest

from analyzer.apk.errors import ReadError
from analyzer.apk.manifest import ManifestReading, read_manifest
from analyzer.apk.resources import ResourceTable
from analyzer.apk.xml import read_xml
from analyzer.model import AppInfo, ResourceReference
from analyzer.options import Limits
from tests.support.apks import PACKAGE, manifest
from tests.support.arsc import Resource, resource_id, table
from tests.support.axml import Element, compile_xml, element
from tests.support.values import Ref, Typed, Value

LIMITS = Limits()
ENTRY = "AndroidManifest.xml"


def reading(root: Element, resources: list[Resource] | None = None) -> ManifestReading:
    tables = [("resources.arsc", table(resources))] if resources else []
    tree = read_xml(compile_xml(root), ENTRY, LIMITS).root
    return read_manifest(tree, ENTRY, ResourceTable.from_bytes(tables, LIMITS))


def info(root: Element, resources: list[Resource] | None = None) -> AppInfo:
    return reading(root, resources).info


def test_package_and_versions_are_read() -> None:
    app = info(manifest(root={"android:versionCodeMajor": 1}))
    assert (app.package, app.version_name, app.version_code) == (PACKAGE, "1.2.3", (1 << 32) + 7)


def test_a_version_name_from_the_resources_is_resolved() -> None:
    strings = [Resource("string", "version", {"": "9.9"})]
    app = info(manifest(root={"android:versionName": Ref(resource_id(strings, "string", "version"))}), strings)
    assert app.version_name == "9.9"


@pytest.mark.parametrize(
    ("sdk", "levels", "declared"),
    [
        ({"android:minSdkVersion": 24, "android:targetSdkVersion": 34}, (24, 34, None), (True, True)),
        ({"android:minSdkVersion": 21}, (21, 21, None), (True, False)),
        ({"android:targetSdkVersion": 30}, (1, 30, None), (False, True)),
        ({}, (1, 1, None), (False, False)),
        ({"android:minSdkVersion": 19, "android:maxSdkVersion": 25}, (19, 19, 25), (True, False)),
        ({"android:minSdkVersion": "23", "android:targetSdkVersion": "0x1c"}, (23, 28, None), (True, True)),
        ({"android:minSdkVersion": "Tiramisu"}, (33, 33, None), (True, False)),
        ({"android:minSdkVersion": "Baklava.fingerprint"}, (36, 36, None), (True, False)),
        ({"android:minSdkVersion": -3}, (0, 0, None), (True, False)),
    ],
)
def test_sdk_levels(sdk: dict[str, Value], levels: tuple[int, int, int | None], declared: tuple[bool, bool]) -> None:
    app = info(manifest(sdk=sdk))
    assert (app.min_sdk, app.target_sdk, app.max_sdk) == levels
    assert (app.min_sdk_declared, app.target_sdk_declared) == declared


def test_an_unknown_code_name_is_taken_for_the_newest_level_and_told() -> None:
    result = reading(manifest(sdk={"android:targetSdkVersion": "Zabaglione"}))
    assert result.info.target_sdk == 37
    assert "Zabaglione" in result.gaps[0].detail


def test_sdk_levels_may_be_references() -> None:
    levels = [Resource("integer", "min", {"": 26})]
    app = info(manifest(sdk={"android:minSdkVersion": Ref(resource_id(levels, "integer", "min"))}), levels)
    assert app.min_sdk == 26


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, True),
        (False, False),
        (1, True),
        (Typed(0x11, 0x10), True),
        (Typed(0x1C, 0), False),
        ("true", True),
        ("TRUE", True),
        ("1", True),
        ("True", False),
        ("yes", False),
        ("", None),
        (Typed(0x00, 0), None),
    ],
)
def test_booleans_are_read_as_typed_arrays_read_them(value: Value, expected: bool | None) -> None:
    app = info(manifest(application={"android:debuggable": value, "android:usesCleartextTraffic": value}))
    assert app.uses_cleartext_traffic is expected
    assert app.debuggable is bool(expected)
    assert (app.debuggable_location is None) is (expected is None)


def test_attributes_that_are_absent_leave_the_default() -> None:
    app = info(manifest())
    assert (app.debuggable, app.uses_cleartext_traffic, app.network_security_config) == (False, None, None)
    assert app.debuggable_location is None


def test_booleans_may_be_references() -> None:
    flags = [Resource("bool", "debug", {"": True})]
    app = info(manifest(application={"android:debuggable": Ref(resource_id(flags, "bool", "debug"))}), flags)
    assert app.debuggable


def test_a_boolean_that_differs_between_devices_is_told() -> None:
    flags = [Resource("bool", "clear", {"": False, "v28": True})]
    value = Ref(resource_id(flags, "bool", "clear"))
    result = reading(manifest(application={"android:usesCleartextTraffic": value}), flags)
    assert result.info.uses_cleartext_traffic is False
    (gap,) = result.gaps
    assert gap.reason == "unresolved-value" and gap.subject == "android:usesCleartextTraffic"


def test_a_reference_to_nothing_is_told() -> None:
    result = reading(manifest(application={"android:usesCleartextTraffic": Ref(0x7F0A0001)}))
    assert result.info.uses_cleartext_traffic is None
    (gap,) = result.gaps
    assert "no resource table defines it" in gap.detail and "policy" in gap.hides


def test_platform_attributes_are_matched_by_id_not_by_name() -> None:
    data = compile_xml(manifest(application={"android:debuggable": True})).replace(b"debuggable", b"disguised!")
    tree = read_xml(data, ENTRY, LIMITS).root
    assert read_manifest(tree, ENTRY, ResourceTable.from_bytes([], LIMITS)).info.debuggable


def test_a_plain_attribute_of_the_same_name_does_not_count() -> None:
    assert not info(manifest(application={"debuggable": True})).debuggable


def test_the_policy_is_found_by_resource_id_and_named() -> None:
    files = [Resource("xml", "network_security_config", {"": "res/4u.xml"})]
    app = info(manifest(application={"android:networkSecurityConfig": Ref(0x7F010000)}), files)
    assert app.network_security_config == ResourceReference(
        text="@0x7f010000", resource_id=0x7F010000, name="xml/network_security_config"
    )
    location = app.network_security_config_location
    assert location is not None
    assert (location.entry, location.xml_path) == (ENTRY, "manifest/application")
    assert location.snippet == 'android:networkSecurityConfig="@0x7f010000"'


@pytest.mark.parametrize("value", [Ref(0), Typed(0, 0), 7, False])
def test_values_that_are_no_resource_mean_no_policy(value: Value) -> None:
    assert info(manifest(application={"android:networkSecurityConfig": value})).network_security_config is None


def test_a_policy_named_by_a_text_is_ignored_as_on_devices_and_told() -> None:
    result = reading(manifest(application={"android:networkSecurityConfig": "@xml/policy"}))
    assert result.info.network_security_config is None
    (gap,) = result.gaps
    assert "devices ignore it" in gap.detail


def test_a_plain_manifest_keeps_the_policy_by_name() -> None:
    text = (
        '<manifest xmlns:android="http://schemas.android.com/apk/res/android" package="a.b">'
        '<application android:networkSecurityConfig="@xml/policy" android:debuggable="true"/></manifest>'
    )
    tree = read_xml(text.encode(), ENTRY, LIMITS).root
    app = read_manifest(tree, ENTRY, ResourceTable.from_bytes([], LIMITS)).info
    assert app.debuggable
    assert app.network_security_config == ResourceReference(text="@xml/policy", resource_id=None, name="xml/policy")


def test_only_the_first_application_counts() -> None:
    root = manifest(application={"android:debuggable": False})
    root.children.append(element("application", {"android:debuggable": True}))
    assert not info(root).debuggable


def test_an_application_elsewhere_does_not_count() -> None:
    root = element(
        "manifest", {"package": "a.b"}, element("x", {}, element("application", {"android:debuggable": True}))
    )
    assert not info(root).debuggable
    assert info(root).application_location is None


def _filter(action: str, category: str) -> Element:
    return element(
        "intent-filter",
        {},
        element("action", {"android:name": action}),
        element("category", {"android:name": category}),
    )


def test_components_get_their_full_class_name() -> None:
    launcher = _filter("android.intent.action.MAIN", "android.intent.category.LAUNCHER")
    app = info(
        manifest(
            application={"android:name": ".App"},
            children=(
                element("activity", {"android:name": ".Main", "android:exported": True}, launcher),
                element("activity", {"android:name": "Short"}, _filter("android.intent.action.VIEW", "x")),
                element("activity-alias", {"android:name": ".Alias", "android:targetActivity": ".Main"}, launcher),
                element("service", {"android:name": "com.other.Service", "android:exported": False}),
                element("receiver", {}),
                element("provider", {"android:name": ".P"}),
            ),
        )
    )
    assert [(c.kind, c.class_name, c.exported, c.launcher) for c in app.components] == [
        ("application", f"{PACKAGE}.App", None, False),
        ("activity", f"{PACKAGE}.Main", True, True),
        ("activity", f"{PACKAGE}.Short", None, False),
        ("activity-alias", f"{PACKAGE}.Main", None, True),
        ("service", "com.other.Service", False, False),
        ("provider", f"{PACKAGE}.P", None, False),
    ]


def test_meta_data_of_the_application_is_kept_with_references_as_written() -> None:
    app = info(
        manifest(
            children=(
                element("meta-data", {"android:name": "a", "android:resource": Ref(0x7F010002)}),
                element("meta-data", {"android:name": "b", "android:value": True}),
                element("activity", {"android:name": ".M"}, element("meta-data", {"android:name": "c"})),
            )
        )
    )
    assert [(m.name, m.value, m.resource) for m in app.meta_data] == [("a", None, "@0x7f010002"), ("b", "true", None)]


def test_permissions_are_sorted_and_unique() -> None:
    names = ("b.NET", "a.CAM", "b.NET")
    beside = tuple(element("uses-permission", {"android:name": name}) for name in names)
    assert info(manifest(beside=beside)).permissions == ("a.CAM", "b.NET")


def test_instant_and_test_only_apps_are_told() -> None:
    app = info(manifest(root={"android:targetSandboxVersion": 2}, application={"android:testOnly": True}))
    assert app.instant_app and app.test_only


@pytest.mark.parametrize(
    "root",
    [
        manifest(root={"android:isSplitRequired": True}),
        manifest(root={"android:requiredSplitTypes": "base__abi"}),
        manifest(application={"android:isSplitRequired": True}),
        manifest(
            children=(
                element("meta-data", {"android:name": "com.android.vending.splits.required", "android:value": True}),
            )
        ),
    ],
    ids=["manifest", "types", "application", "meta-data"],
)
def test_required_splits_are_noticed(root: Element) -> None:
    assert reading(root).splits_required
    assert not reading(manifest()).splits_required


@pytest.mark.parametrize(
    ("root", "message"),
    [(element("other", {"package": "a"}), "not 'manifest'"), (element("manifest"), "names no package")],
)
def test_what_is_no_manifest_is_one_clear_line(root: Element, message: str) -> None:
    with pytest.raises(ReadError, match=message):
        reading(root)
