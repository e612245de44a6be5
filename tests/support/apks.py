"""Builds whole APKs from an element tree, resources and files."""

from tests.support.arsc import Resource, TableLayout, table
from tests.support.axml import Element, compile_xml, element
from tests.support.values import Value
from tests.support.zips import Entry, archive

PACKAGE = "org.example.app"

POLICY = element(
    "network-security-config",
    {},
    element("base-config", {"cleartextTrafficPermitted": False}),
    element("domain-config", {}, element("domain", {"includeSubdomains": True}, "example.com")),
)


def manifest(
    *,
    application: dict[str, Value] | None = None,
    children: tuple[Element, ...] = (),
    root: dict[str, Value] | None = None,
    sdk: dict[str, Value] | None = None,
    beside: tuple[Element, ...] = (),
) -> Element:
    """Return the manifest of a small app; arguments replace or add attributes and elements."""
    attributes: dict[str, Value] = {
        "package": PACKAGE,
        "android:versionCode": 7,
        "android:versionName": "1.2.3",
    }
    levels: dict[str, Value] = {"android:minSdkVersion": 24, "android:targetSdkVersion": 34}
    return element(
        "manifest",
        attributes | (root or {}),
        element("uses-sdk", levels if sdk is None else sdk),
        *beside,
        element("application", application or {}, *children),
    )


def split_manifest(name: str, version: int = 7) -> Element:
    """Return the manifest of a split of the app."""
    return element(
        "manifest",
        {"package": PACKAGE, "split": name, "android:versionCode": version},
        element("application", {"android:name": ".App"}),
    )


def apk(
    root: Element | bytes,
    *,
    resources: list[Resource] | bytes | None = None,
    files: dict[str, bytes | Element] | None = None,
    layout: TableLayout | None = None,
) -> bytes:
    """Return an APK; elements are compiled, other files are taken as they are."""
    entries = [Entry("AndroidManifest.xml", root if isinstance(root, bytes) else compile_xml(root))]
    if resources is not None:
        raw = resources if isinstance(resources, bytes) else table(resources, layout)
        entries.append(Entry("resources.arsc", raw, deflate=False))
    for name, content in (files or {}).items():
        entries.append(Entry(name, compile_xml(content) if isinstance(content, Element) else content))
    return archive(*entries)
