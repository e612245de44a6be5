"""Reads the manifest of an app as the platform's package parser does (AOSP, ``ParsingPackageUtils``)."""

import msgspec

from analyzer.apk.errors import ReadError
from analyzer.apk.manifest_attributes import AttributeReader
from analyzer.apk.resources import ResourceTable
from analyzer.apk.tree import ValueType, XmlElement
from analyzer.model import AnalysisGap, AppInfo, Component, MetaData, Record, ResourceReference
from analyzer.model.policy import HIGHEST_KNOWN_LEVEL

_COMPONENT_KINDS = ("activity", "activity-alias", "service", "receiver", "provider")
_CODE_NAMES = {
    "N": 24,
    "O": 26,
    "P": 28,
    "Q": 29,
    "R": 30,
    "S": 31,
    "Sv2": 32,
    "Tiramisu": 33,
    "UpsideDownCake": 34,
    "VanillaIceCream": 35,
    "Baklava": 36,
}
"""API levels of the releases that previews were named for (``Build.VERSION_CODES``)."""
_MAIN = "android.intent.action.MAIN"
_LAUNCHERS = ("android.intent.category.LAUNCHER", "android.intent.category.LEANBACK_LAUNCHER")
_SPLITS_REQUIRED = "com.android.vending.splits.required"


class ManifestReading(Record, frozen=True, kw_only=True):
    """What a manifest says, and what could not be told."""

    info: AppInfo
    """Without what only the container knows: splits, signers, DEX files and native libraries."""
    splits_required: bool
    """True when the manifest says that the app does not run without its splits."""
    gaps: tuple[AnalysisGap, ...]


def split_name(root: XmlElement) -> str | None:
    """Return the name of the split that a manifest belongs to, or None for the base."""
    attribute = root.attribute("split")
    return attribute.text or None if attribute is not None else None


def package_name(root: XmlElement) -> str:
    """Return the package that a manifest names, or an empty text."""
    attribute = root.attribute("package")
    return attribute.text or "" if attribute is not None else ""


def read_manifest(root: XmlElement, entry: str, resources: ResourceTable) -> ManifestReading:
    """Read the manifest of a base APK.

    Args:
        root: Its root element.
        entry: Container entry, for locations and messages.
        resources: Where references are resolved.

    Raises:
        ReadError: It is no manifest, or names no package.
    """
    if root.name != "manifest":
        raise ReadError(f"{entry}: its root element is {root.name!r}, not 'manifest'")
    package = package_name(root)
    if not package:
        raise ReadError(f"{entry}: it names no package")
    reader = AttributeReader(entry, resources)
    # Of several, the platform reads the first one only.
    application = next((child for child in root.elements if child.name == "application"), None)
    levels = _SdkLevels(root, reader)
    minimum = levels.minimum if levels.minimum is not None else 1
    info = AppInfo(
        package=package,
        version_name=reader.text(root, "versionName"),
        version_code=_version_code(root, reader),
        min_sdk=minimum,
        target_sdk=levels.target if levels.target is not None else minimum,
        max_sdk=levels.maximum,
        min_sdk_declared=levels.minimum is not None,
        target_sdk_declared=levels.target is not None,
        instant_app=reader.integer(root, "targetSandboxVersion") == 2,
        permissions=_permissions(root, reader),
    )
    if application is not None:
        info = _with_application(info, application, reader)
    return ManifestReading(
        info=info,
        splits_required=_splits_required(root, application, reader, info.meta_data),
        gaps=tuple(reader.gaps),
    )


def add_split(info: AppInfo, root: XmlElement, entry: str, resources: ResourceTable) -> ManifestReading:
    """Add what the manifest of a split adds to the app: components and meta-data of its application element.

    Everything else counts in the base alone (AOSP, ``ParsingPackageUtils.parseSplitApplication``).
    """
    reader = AttributeReader(entry, resources)
    application = next((child for child in root.elements if child.name == "application"), None)
    if application is not None:
        known = {(component.kind, component.class_name) for component in info.components}
        components = tuple(
            component
            for component in _components(application, info.package, reader)
            if component.kind != "application" and (component.kind, component.class_name) not in known
        )
        added = tuple(item for item in _meta_data(application, reader) if item not in info.meta_data)
        info = msgspec.structs.replace(
            info, components=(*info.components, *components), meta_data=(*info.meta_data, *added)
        )
    return ManifestReading(info=info, splits_required=False, gaps=tuple(reader.gaps))


class _SdkLevels:
    """The levels of ``uses-sdk``; of several elements, the last one counts for each attribute."""

    def __init__(self, root: XmlElement, reader: AttributeReader) -> None:
        self.minimum: int | None = None
        self.target: int | None = None
        self.maximum: int | None = None
        self._reader = reader
        for element in root.elements:
            if element.name == "uses-sdk":
                self.minimum = self._level(element, "minSdkVersion", self.minimum)
                self.target = self._level(element, "targetSdkVersion", self.target)
                self.maximum = self._level(element, "maxSdkVersion", self.maximum)

    def _level(self, element: XmlElement, name: str, previous: int | None) -> int | None:
        value = self._reader.integer(element, name)
        if value is None:
            return previous
        if isinstance(value, int):
            return max(value, 0)
        code_name = value.partition(".")[0]
        level = _CODE_NAMES.get(code_name)
        if level is None:
            level = HIGHEST_KNOWN_LEVEL
            self._reader.add_gap(
                f"android:{name}", f"The code name {code_name[:40]!r} was taken for API level {level}.", ("app",)
            )
        return level


def _with_application(info: AppInfo, application: XmlElement, reader: AttributeReader) -> AppInfo:
    path = "manifest/application"
    debuggable = reader.boolean(application, "debuggable")
    cleartext = reader.boolean(application, "usesCleartextTraffic")
    reference = _policy_reference(application, reader)
    return msgspec.structs.replace(
        info,
        debuggable=bool(debuggable),
        uses_cleartext_traffic=cleartext,
        network_security_config=reference,
        test_only=bool(reader.boolean(application, "testOnly")),
        debuggable_location=reader.location(application, path, "debuggable") if debuggable is not None else None,
        cleartext_location=(
            reader.location(application, path, "usesCleartextTraffic") if cleartext is not None else None
        ),
        network_security_config_location=(
            reader.location(application, path, "networkSecurityConfig") if reference is not None else None
        ),
        application_location=reader.location(application, path),
        components=_components(application, info.package, reader),
        meta_data=_meta_data(application, reader),
    )


def _policy_reference(application: XmlElement, reader: AttributeReader) -> ResourceReference | None:
    """Return the resource that ``networkSecurityConfig`` names, as ``TypedArray.getResourceId`` finds it."""
    attribute = reader.attribute(application, "networkSecurityConfig")
    if attribute is None:
        return None
    identifier = attribute.reference
    if identifier is not None:
        return ResourceReference(
            text=f"@0x{identifier:08x}", resource_id=identifier, name=reader.resource_name(identifier)
        )
    if attribute.value_type == ValueType.REFERENCE and attribute.string:
        return ResourceReference(
            text=attribute.string, resource_id=None, name=attribute.string.lstrip("@+*").rpartition(":")[2]
        )
    if attribute.value_type == ValueType.STRING:
        reader.add_gap(
            "android:networkSecurityConfig",
            f"It holds the text {(attribute.text or '')[:80]!r} instead of a resource; devices ignore it, "
            "so the app has no policy file.",
        )
    return None


def _version_code(root: XmlElement, reader: AttributeReader) -> int | None:
    code = reader.integer(root, "versionCode")
    major = reader.integer(root, "versionCodeMajor")
    if not isinstance(code, int):
        return None
    # PackageInfo.getLongVersionCode: two unsigned halves.
    return (code & 0xFFFFFFFF) | ((major & 0xFFFFFFFF) << 32 if isinstance(major, int) else 0)


def _permissions(root: XmlElement, reader: AttributeReader) -> tuple[str, ...]:
    names = {
        reader.text(element, "name")
        for element in root.elements
        if element.name in ("uses-permission", "uses-permission-sdk-23", "uses-permission-sdk-m")
    }
    return tuple(sorted(name for name in names if name))


def _components(application: XmlElement, package: str, reader: AttributeReader) -> tuple[Component, ...]:
    components: list[Component] = []
    own_class = reader.text(application, "name")
    if own_class:
        components.append(Component(kind="application", class_name=_class_name(own_class, package), exported=None))
    for element in application.elements:
        if element.name not in _COMPONENT_KINDS:
            continue
        attribute = "targetActivity" if element.name == "activity-alias" else "name"
        name = reader.text(element, attribute)
        if not name:
            continue
        components.append(
            Component(
                kind=element.name,  # type: ignore[arg-type] # one of the literals, as just checked
                class_name=_class_name(name, package),
                exported=reader.boolean(element, "exported"),
                launcher=element.name.startswith("activity") and _is_launcher(element, reader),
            )
        )
    return tuple(components)


def _class_name(name: str, package: str) -> str:
    """Complete a class name as the manifest may shorten it (``ParsingUtils.buildClassName``)."""
    if name.startswith("."):
        return package + name
    return name if "." in name else f"{package}.{name}"


def _is_launcher(component: XmlElement, reader: AttributeReader) -> bool:
    for intent_filter in component.elements:
        if intent_filter.name != "intent-filter":
            continue
        names = {(child.name, reader.text(child, "name")) for child in intent_filter.elements}
        if ("action", _MAIN) in names and any(("category", launcher) in names for launcher in _LAUNCHERS):
            return True
    return False


def _meta_data(application: XmlElement, reader: AttributeReader) -> tuple[MetaData, ...]:
    found: list[MetaData] = []
    for element in application.elements:
        name = reader.text(element, "name") if element.name == "meta-data" else None
        if not name:
            continue
        value, resource = reader.attribute(element, "value"), reader.attribute(element, "resource")
        found.append(
            MetaData(
                name=name,
                value=value.text if value is not None else None,
                resource=resource.text if resource is not None else None,
            )
        )
    return tuple(found)


def _splits_required(
    root: XmlElement, application: XmlElement | None, reader: AttributeReader, meta_data: tuple[MetaData, ...]
) -> bool:
    elements = [root] if application is None else [root, application]
    return (
        any(reader.boolean(element, "isSplitRequired") for element in elements)
        or any(reader.text(element, "requiredSplitTypes") for element in elements)
        or any(item.name == _SPLITS_REQUIRED and item.value == "true" for item in meta_data)
    )
