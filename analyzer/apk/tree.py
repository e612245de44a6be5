"""XML as Android sees it: elements with typed attributes, from binary or plain files.

Knows the value types of ``ResourceTypes.h`` (AOSP, ``Res_value``), not what any element means.
"""

from analyzer.apk.typed_values import ValueType, coerce_to_string
from analyzer.model import Record

__all__ = ["ANDROID_NAMESPACE", "ValueType", "XmlAttribute", "XmlElement", "XmlText"]

ANDROID_NAMESPACE = "http://schemas.android.com/apk/res/android"


class XmlAttribute(Record, frozen=True, kw_only=True):
    """An attribute with its typed value."""

    name: str
    """Name as spelled in the file; attributes of the platform are found by `resource_id` first."""
    namespace: str | None = None
    resource_id: int | None = None
    """Id from the file's resource map, such as 0x0101000f for ``android:debuggable``."""
    value_type: int
    """A `ValueType`, or another number that the platform does not name."""
    data: int
    """The 32 bits of the value, unsigned; for plain files 0 when the type is STRING."""
    string: str | None = None
    """The text when the file keeps one (always for STRING); None otherwise."""
    typed_string: str | None = None
    """The string that the typed value names, only where it differs from `string`: compiled files hold a raw text
    beside the typed value, and ``obtainStyledAttributes``, which reads manifests, goes by the typed one."""

    @property
    def boolean(self) -> bool | None:
        """The value as ``XmlBlock.getAttributeBooleanValue`` sees it: None unless the type is an integer type."""
        if ValueType.INT_DEC <= self.value_type <= ValueType.INT_COLOR_RGB4:
            return self.data != 0
        return None

    @property
    def integer(self) -> int | None:
        """The value as a signed 32-bit integer, or None unless the type is an integer type."""
        if ValueType.INT_DEC <= self.value_type <= ValueType.INT_COLOR_RGB4:
            return self.data - (1 << 32) if self.data & 0x8000_0000 else self.data
        return None

    @property
    def reference(self) -> int | None:
        """The resource id that a reference names; None for other types and for the null reference ``@null``."""
        if self.value_type in (ValueType.REFERENCE, ValueType.DYNAMIC_REFERENCE):
            return self.data or None
        return None

    @property
    def text(self) -> str | None:
        """The value as text, or None for the null type.

        That is the string itself, or the typed value written out as the platform coerces it (``@0x7f010001``,
        ``true``, ``42``, ``0x2a``, ``#ffff0000``).
        """
        if self.string is not None:
            return self.string
        return coerce_to_string(self.value_type, self.data)


class XmlText(Record, frozen=True, kw_only=True):
    """A run of character data: a comment inside a text splits it into two."""

    text: str
    line: int | None = None


class XmlElement(Record, frozen=True, kw_only=True):
    """An element with its children in file order."""

    name: str
    namespace: str | None = None
    attributes: tuple[XmlAttribute, ...] = ()
    children: "tuple[XmlElement | XmlText, ...]" = ()
    line: int | None = None
    """1-based line of the start tag in the source file, as far as the compiler recorded it."""

    @property
    def elements(self) -> "tuple[XmlElement, ...]":
        """The child elements, without texts."""
        return tuple(child for child in self.children if isinstance(child, XmlElement))

    def attribute(self, name: str, namespace: str | None = None) -> XmlAttribute | None:
        """Return the first attribute with exactly this namespace and name, or None."""
        for attribute in self.attributes:
            if attribute.name == name and attribute.namespace == namespace:
                return attribute
        return None

    def android(self, name: str, resource_id: int) -> XmlAttribute | None:
        """Return a platform attribute as ``obtainStyledAttributes`` finds it.

        The platform matches by resource id alone; the name counts only where a file carries no
        resource ids (plain XML from a source tree).
        """
        for attribute in self.attributes:
            if attribute.resource_id == resource_id:
                return attribute
        for attribute in self.attributes:
            if attribute.resource_id is None and attribute.name == name and attribute.namespace == ANDROID_NAMESPACE:
                return attribute
        return None
