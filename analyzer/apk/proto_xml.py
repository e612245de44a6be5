"""Compiled XML as app bundles keep it (AOSP, aapt2's ``Resources.proto``: ``XmlNode``), as the tree of a binary file.

Text of white space alone is left out, as aapt2 leaves it out when it writes the binary form that devices read.
"""

from analyzer.apk.errors import XmlError
from analyzer.apk.proto_values import ItemValue, read_item
from analyzer.apk.protobuf import WireError, fields, message_of, number_of, text_of
from analyzer.apk.tree import XmlAttribute, XmlElement
from analyzer.apk.tree_builder import TreeBuilder
from analyzer.apk.typed_values import ValueType
from analyzer.options import Limits

_ELEMENT, _TEXT, _SOURCE = 1, 2, 3
_SPACE = " \t\n\v\f\r"


def read_proto_xml(data: bytes | memoryview, entry: str, limits: Limits) -> XmlElement:
    """Read a compiled XML file of an app bundle.

    Raises:
        XmlError: It is none, or exceeds a limit.
    """
    builder = TreeBuilder(entry, limits)
    try:
        _read(memoryview(data), builder)
    except WireError as error:
        raise XmlError(f"{entry}: not a compiled XML file of an app bundle: {error}") from None
    root = builder.end_document()
    if root is None:
        raise XmlError(f"{entry}: the file has no element")
    return root


def _read(document: memoryview, builder: TreeBuilder) -> None:
    # None stands for the end tag of the element whose children come before it.
    waiting: list[memoryview | None] = [document]
    while waiting:
        node = waiting.pop()
        if node is None:
            builder.end()
            continue
        element, text, line = _node(node)
        if element is not None:
            children = _start(element, line, builder)
            waiting.append(None)
            waiting.extend(reversed(children))
        elif text.strip(_SPACE):
            builder.text(text, line)


def _node(node: memoryview) -> tuple[memoryview | None, str, int | None]:
    element, text, line = None, "", None
    for number, value in fields(node):
        match number:
            case 1:
                element = message_of(value)
            case 2:
                text = text_of(value)
            case 3:
                line = next((number_of(part) for at, part in fields(message_of(value)) if at == 1), None) or None
            case _:
                raise WireError(f"a node with the unknown field {number}")
    return element, text, line


def _start(element: memoryview, line: int | None, builder: TreeBuilder) -> list[memoryview]:
    """Open an element and return its children."""
    name = namespace = ""
    attributes: list[memoryview] = []
    children: list[memoryview] = []
    for number, value in fields(element):
        match number:
            case 2:
                namespace = text_of(value)
            case 3:
                name = text_of(value)
            case 4:
                attributes.append(message_of(value))
            case 5:
                children.append(message_of(value))
    builder.reserve_attributes(len(attributes))
    builder.start(name, namespace or None, tuple(map(_attribute, attributes)), line)
    return children


def _attribute(attribute: memoryview) -> XmlAttribute:
    namespace = name = text = ""
    resource_id = 0
    item: ItemValue | None = None
    for number, value in fields(attribute):
        match number:
            case 1:
                namespace = text_of(value)
            case 2:
                name = text_of(value)
            case 3:
                text = text_of(value)
            case 5:
                resource_id = number_of(value) & 0xFFFF_FFFF
            case 6:
                item = read_item(message_of(value))
    if item is None:
        item = ItemValue(ValueType.STRING, 0, text)
    return XmlAttribute(
        name=name,
        namespace=namespace or None,
        resource_id=resource_id or None,
        value_type=item.value_type,
        data=item.data,
        string=item.string,
    )
