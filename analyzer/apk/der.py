"""The few steps of DER that finding a signer's certificate takes; decodes no value."""

from typing import NamedTuple

SEQUENCE = 0x30
SET = 0x31
INTEGER = 0x02
CONTEXT_0 = 0xA0
_LONGEST_LENGTH = 4


class DerError(ValueError):
    """The bytes are no DER, or something else than was asked for."""


class Node(NamedTuple):
    """One tag-length-value."""

    tag: int
    content: bytes
    encoded: bytes
    """The whole of it, tag and length included."""


def read_node(data: bytes, position: int = 0) -> Node:
    """Read the value that starts at `position`.

    Raises:
        DerError: It is cut off, has no definite length, or a tag of more than one byte.
    """
    if position + 2 > len(data):
        raise DerError("a value is cut off")
    tag, length, start = data[position], data[position + 1], position + 2
    if tag & 0x1F == 0x1F:
        raise DerError("a tag has more than one byte")
    if length & 0x80:
        count = length & 0x7F
        if not 0 < count <= _LONGEST_LENGTH or start + count > len(data):
            raise DerError("a length is not in the form of DER")
        length = int.from_bytes(data[start : start + count], "big")
        start += count
    end = start + length
    if end > len(data):
        raise DerError("a value is cut off")
    return Node(tag, data[start:end], data[position:end])


def read_children(node: Node, *, most: int) -> list[Node]:
    """Read what a constructed value contains, at most `most` values of it."""
    children: list[Node] = []
    position = 0
    while position < len(node.content) and len(children) < most:
        child = read_node(node.content, position)
        children.append(child)
        position += len(child.encoded)
    return children


def expect(node: Node, tag: int) -> Node:
    """Return the node when it has this tag.

    Raises:
        DerError: It has another one.
    """
    if node.tag != tag:
        raise DerError(f"tag 0x{node.tag:02x} stands where 0x{tag:02x} is expected")
    return node
