"""Builds a typed XML tree from events, within limits and without recursion."""

from analyzer.apk.errors import XmlLimitError
from analyzer.apk.tree import XmlAttribute, XmlElement, XmlText
from analyzer.options import Limits


class _Open:
    """An element whose end tag has not been seen yet."""

    __slots__ = ("attributes", "children", "line", "name", "namespace")

    def __init__(
        self, name: str, namespace: str | None, attributes: tuple[XmlAttribute, ...], line: int | None
    ) -> None:
        self.name = name
        self.namespace = namespace
        self.attributes = attributes
        self.children: list[XmlElement | XmlText] = []
        self.line = line

    def close(self) -> XmlElement:
        return XmlElement(
            name=self.name,
            namespace=self.namespace,
            attributes=self.attributes,
            children=tuple(self.children),
            line=self.line,
        )


class TreeBuilder:
    """Receives start, end and text events of one document.

    The document ends with its root: what follows is never looked at, as the platform's readers of manifests and
    policies stop there too.
    """

    def __init__(self, entry: str, limits: Limits) -> None:
        self._entry = entry
        self._limits = limits
        self._open: list[_Open] = []
        self._elements = 0
        self._attributes = 0
        self.root: XmlElement | None = None
        """The finished root element; None before its end tag."""

    @property
    def depth(self) -> int:
        """How many elements are open."""
        return len(self._open)

    def reserve_attributes(self, count: int) -> None:
        """Account for the attributes of the next element before they are read.

        Raises:
            XmlError: The document has more attributes than `Limits.xml_attributes`.
        """
        self._attributes += count
        if self._attributes > self._limits.xml_attributes:
            raise XmlLimitError(
                f"{self._entry}: more than {self._limits.xml_attributes} attributes (limit xml_attributes)"
            )

    def start(self, name: str, namespace: str | None, attributes: tuple[XmlAttribute, ...], line: int | None) -> None:
        """Open an element.

        Raises:
            XmlError: The document is deeper or larger than the limits allow.
        """
        self._elements += 1
        if self._elements > self._limits.xml_elements:
            raise XmlLimitError(f"{self._entry}: more than {self._limits.xml_elements} elements (limit xml_elements)")
        if len(self._open) >= self._limits.xml_depth:
            raise XmlLimitError(f"{self._entry}: elements nest deeper than {self._limits.xml_depth} (limit xml_depth)")
        self._open.append(_Open(name, namespace, attributes, line))

    def end(self) -> None:
        """Close the innermost element; an end tag too many is ignored, as the platform does."""
        if not self._open:
            return
        element = self._open.pop().close()
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element

    def text(self, text: str, line: int | None) -> None:
        """Add a run of character data; text outside of the root is ignored."""
        if self._open:
            self._open[-1].children.append(XmlText(text=text, line=line))

    def end_document(self) -> XmlElement | None:
        """Close what is still open and return the root, or None when there was none."""
        while self._open:
            self.end()
        return self.root
