"""Reads plain XML, as it stands in a source tree, into the tree that the resource compiler would make of it.

Parsed by expat, the parser inside aapt2, so that both accept the same files, split texts at the same places and count
the same lines (a start tag is where its ``<`` is). No DTD, external entity or file is ever fetched; what internal
entities may expand to is bounded.
"""

from xml.parsers import expat

from analyzer.apk.attribute_values import compile_value
from analyzer.apk.errors import XmlError
from analyzer.apk.tree import ANDROID_NAMESPACE, XmlAttribute, XmlElement
from analyzer.apk.tree_builder import TreeBuilder
from analyzer.options import Limits

_NAMESPACE_SEPARATOR = "\x01"
_TOOLS_NAMESPACE = "http://schemas.android.com/tools"
_SPACE = " \t\n\v\f\r"


class _Handler:
    """Turns expat's events into a tree the way aapt2 does (``XmlDom.cpp``, ``XmlFlattener.cpp``)."""

    def __init__(self, entry: str, limits: Limits) -> None:
        self.entry = entry
        self.limits = limits
        self.builder = TreeBuilder(entry, limits)
        self.parser = expat.ParserCreate(None, _NAMESPACE_SEPARATOR)
        self.parser.ordered_attributes = True
        self.parser.buffer_text = False
        self.parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.characters
        self.parser.CommentHandler = self.comment
        self.parser.EntityDeclHandler = self.entity
        self.pending: list[str] = []
        self.pending_line = 0
        self.expanded = 0

    def start(self, name: str, attributes: list[str]) -> None:
        self.flush()
        self.builder.reserve_attributes(len(attributes) // 2)
        pairs = sorted((*_split(attributes[i]), attributes[i + 1]) for i in range(0, len(attributes), 2))
        namespace, local = _split(name)
        self.count(sum(len(value) for *_, value in pairs))
        self.builder.start(
            local,
            namespace or None,
            # Attributes for design-time tools are not compiled.
            tuple(_attribute(*pair) for pair in pairs if pair[0] != _TOOLS_NAMESPACE),
            self.parser.CurrentLineNumber,
        )

    def end(self, _name: str) -> None:
        self.flush()
        self.builder.end()

    def characters(self, text: str) -> None:
        if not self.pending:
            self.pending_line = self.parser.CurrentLineNumber
        self.pending.append(text)
        self.count(len(text))

    def comment(self, _text: str) -> None:
        self.flush()

    def entity(
        self,
        name: str,
        is_parameter: bool,
        _value: str | None,
        _base: str | None,
        system_id: str | None,
        _public_id: str | None,
        _notation: str | None,
    ) -> None:
        if is_parameter or system_id is not None:
            raise XmlError(f"{self.entry}: declares the external or parameter entity {name!r}, which is not read")

    def count(self, characters: int) -> None:
        self.expanded += characters
        if self.expanded > self.limits.xml_bytes:
            raise XmlError(f"{self.entry}: its entities expand to more than {self.limits.xml_bytes} characters")

    def flush(self) -> None:
        text = "".join(self.pending)
        self.pending.clear()
        inner = text.strip(_SPACE)
        # The compiler drops text that is white space only, and leaves one space of what surrounds other text.
        if inner:
            before = " " if text[0] in _SPACE else ""
            after = " " if text[-1] in _SPACE else ""
            self.builder.text(before + inner + after, self.pending_line)


def _split(name: str) -> tuple[str, str]:
    namespace, separator, local = name.rpartition(_NAMESPACE_SEPARATOR)
    return (namespace, local) if separator else ("", name)


def _attribute(namespace: str, name: str, text: str) -> XmlAttribute:
    value_type, data, string = compile_value(text)
    # The compiler types a platform attribute by its declaration, so the spelling of a name like "1.10" survives.
    keeps_text = string is None and namespace == ANDROID_NAMESPACE
    return XmlAttribute(
        name=name,
        namespace=namespace or None,
        value_type=value_type,
        data=data,
        string=text if keeps_text else string,
    )


def read_plain(data: bytes, entry: str, limits: Limits) -> XmlElement:
    """Read plain XML.

    Raises:
        XmlError: It is not well-formed, declares external entities, or exceeds a limit.
    """
    handler = _Handler(entry, limits)
    try:
        handler.parser.Parse(data, True)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise XmlError(f"{entry}: not well-formed XML: {reason} (line {error.lineno})") from None
    except (UnicodeError, LookupError, ValueError) as error:
        raise XmlError(f"{entry}: its character encoding cannot be read ({type(error).__name__})") from None
    root = handler.builder.root
    if root is None:
        raise XmlError(f"{entry}: there is no element in it")
    return root
