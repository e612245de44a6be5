"""Reads attributes of the manifest as ``TypedArray`` does on a device: by resource id, references resolved.

Attributes of other XML files, such as policies, are read differently: there a reference stays a reference.
"""

import re
from typing import Final

from analyzer.apk.resources import ResourceItem, ResourceTable
from analyzer.apk.tree import ValueType, XmlAttribute, XmlElement
from analyzer.model import AnalysisGap, FactKind, Location
from analyzer.model.location import MAX_SNIPPET_CHARACTERS

_LAST_INTEGER = 0x1F
"""``TypedValue.TYPE_LAST_INT``."""
_TRUE_TEXTS = ("true", "TRUE", "1")
_INTEGER_TEXT = re.compile(r"-?(0[xX][0-9A-Fa-f]+|#[0-9A-Fa-f]+|[0-9]+)", re.ASCII)

ATTRIBUTE_IDS: Final = {
    "compileSdkVersion": 0x01010572,
    "debuggable": 0x0101000F,
    "exported": 0x01010010,
    "isSplitRequired": 0x01010591,
    "maxSdkVersion": 0x01010271,
    "minSdkVersion": 0x0101020C,
    "name": 0x01010003,
    "networkSecurityConfig": 0x01010527,
    "requiredSplitTypes": 0x0101064E,
    "resource": 0x01010025,
    "targetActivity": 0x01010202,
    "targetSandboxVersion": 0x0101054C,
    "targetSdkVersion": 0x01010270,
    "testOnly": 0x01010272,
    "usesCleartextTraffic": 0x010104EC,
    "value": 0x01010024,
    "versionCode": 0x0101021B,
    "versionCodeMajor": 0x01010576,
    "versionName": 0x0101021C,
}
"""Ids of platform attributes, from AOSP's ``public.xml``."""


class AttributeReader:
    """Reads attributes of one manifest and collects what it could not tell."""

    def __init__(self, entry: str, resources: ResourceTable) -> None:
        """Read from the manifest `entry`, resolving references in `resources`."""
        self._entry = entry
        self._resources = resources
        self.gaps: list[AnalysisGap] = []

    def attribute(self, element: XmlElement, name: str) -> XmlAttribute | None:
        """Return a platform attribute by its name, matched by resource id."""
        return element.android(name, ATTRIBUTE_IDS[name])

    def boolean(self, element: XmlElement, name: str) -> bool | None:
        """Return a boolean as ``TypedArray.getBoolean`` does, None when the default of the attribute counts.

        A text counts too: ``true``, ``TRUE`` and ``1`` are true, every other text is false.
        """
        value = self._value(element, name)
        if value is None:
            return None
        if ValueType.INT_DEC <= value.value_type <= _LAST_INTEGER:
            return value.data != 0
        text = value.text
        return text in _TRUE_TEXTS if text else None

    def integer(self, element: XmlElement, name: str) -> int | str | None:
        """Return a signed integer; a text that is no number (a platform's code name) is returned as it is."""
        value = self._value(element, name)
        if value is None:
            return None
        if ValueType.INT_DEC <= value.value_type <= _LAST_INTEGER:
            return value.data - (1 << 32) if value.data & 0x8000_0000 else value.data
        text = value.text
        if text and len(text) <= 32 and _INTEGER_TEXT.fullmatch(text):
            return _decode(text)
        return text

    def text(self, element: XmlElement, name: str) -> str | None:
        """Return a text, or another value as the platform writes it."""
        value = self._value(element, name)
        return value.text if value is not None else None

    def resource_name(self, resource_id: int) -> str | None:
        """Return a resource's name such as ``xml/network_security_config``."""
        return self._resources.name(resource_id)

    def location(self, element: XmlElement, path: str, name: str | None = None) -> Location:
        """Return where an element, or one of its attributes, stands."""
        attribute = self.attribute(element, name) if name is not None else None
        snippet = None
        if attribute is not None:
            snippet = f'android:{name}="{attribute.text or ""}"'[:MAX_SNIPPET_CHARACTERS]
        return Location(kind="manifest", entry=self._entry, xml_path=path, line=element.line, snippet=snippet)

    def add_gap(self, subject: str, detail: str, hides: tuple[FactKind, ...] = ()) -> None:
        """Record a value that could not be told."""
        self.gaps.append(
            AnalysisGap(stage="manifest", reason="unresolved-value", subject=subject, detail=detail, hides=hides)
        )

    def _value(self, element: XmlElement, name: str) -> ResourceItem | None:
        attribute = self.attribute(element, name)
        if attribute is None or attribute.value_type == ValueType.NULL:
            return None
        reference = attribute.reference
        if reference is None:
            if attribute.value_type in (ValueType.REFERENCE, ValueType.DYNAMIC_REFERENCE):
                # The null reference, or one by name in a file that was never compiled.
                return None
            string = attribute.typed_string if attribute.typed_string is not None else attribute.string
            return ResourceItem(value_type=attribute.value_type, data=attribute.data, string=string)
        return self._resolve(reference, name)

    def _resolve(self, reference: int, name: str) -> ResourceItem | None:
        resolution = self._resources.resolve(reference)
        subject = f"android:{name}"
        if not resolution.values:
            why = "its references lead in a circle" if resolution.cyclic else "no resource table defines it"
            self.add_gap(subject, f"The value @0x{reference:08x} is unknown: {why}.", ("app", "policy"))
            return None
        first = resolution.values[0]
        if any((value.value_type, value.data) != (first.value_type, first.data) for value in resolution.values):
            texts = {value.text for value in resolution.values}
            if len(texts) > 1:
                self.add_gap(
                    subject,
                    f"The value @0x{reference:08x} differs between devices; "
                    f"that of {_describe(first.configuration)} was taken.",
                    ("app",),
                )
        return first


def _describe(configuration: str) -> str:
    return f"the configuration {configuration}" if configuration else "the default configuration"


def _decode(text: str) -> int:
    """Read a number as ``XmlUtils.convertValueToInt`` does: decimal, 0x or # hexadecimal, 0 octal; 32 bits."""
    negative = text.startswith("-")
    digits = text.lstrip("-")
    if digits[:2] in ("0x", "0X"):
        value = int(digits[2:], 16)
    elif digits.startswith("#"):
        value = int(digits[1:], 16)
    elif digits.startswith("0") and digits.strip("01234567") == "":
        value = int(digits, 8)
    else:
        value = int(digits)
    value = (-value if negative else value) & 0xFFFFFFFF
    return value - (1 << 32) if value & 0x8000_0000 else value
