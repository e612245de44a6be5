"""Builds binary XML, well-formed or with the oddities that packers put into it."""

import struct
from dataclasses import dataclass, field

from analyzer.apk.manifest_attributes import ATTRIBUTE_IDS
from analyzer.apk.tree import ANDROID_NAMESPACE
from tests.support.pools import Pool
from tests.support.values import Value, typed

NONE = 0xFFFFFFFF


@dataclass
class Element:
    """An element; attributes of the platform are written ``android:name``."""

    name: str
    attributes: dict[str, Value] = field(default_factory=dict)
    children: "list[Element | str]" = field(default_factory=list)


def element(name: str, attributes: dict[str, Value] | None = None, *children: "Element | str") -> Element:
    """Return an element with its children."""
    return Element(name, attributes or {}, list(children))


@dataclass
class Layout:
    """How a file deviates from what resource compilers write."""

    utf8: bool = True
    attribute_bytes: int = 20
    attribute_start: int = 20
    root_type: int = 3
    junk_between: bytes = b""
    trailing: bytes = b""
    close_root: bool = True


def compile_xml(root: Element, layout: Layout | None = None) -> bytes:
    """Return the binary form of an element, line numbers counting elements."""
    return _Writer(layout or Layout()).write(root)


def chunk(kind: int, body: bytes, header: bytes = b"") -> bytes:
    """Return a chunk with its header."""
    return struct.pack("<HHI", kind, 8 + len(header), 8 + len(header) + len(body)) + header + body


class _Writer:
    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.pool = Pool(utf8=layout.utf8)
        self.ids: list[int] = []
        self.line = 0

    def write(self, root: Element) -> bytes:
        # Names with a resource id come first in the pool, where the resource map counts them.
        for name in self._platform_names(root):
            self.pool.add(name)
            self.ids.append(ATTRIBUTE_IDS[name])
        android = self.pool.add(ANDROID_NAMESPACE)
        prefix = self.pool.add("android")
        begin = self._node(0x100, struct.pack("<II", prefix, android))
        nodes = self._nodes(root)
        finish = self._node(0x101, struct.pack("<II", prefix, android))
        body = begin + nodes + (finish if self.layout.close_root else b"")
        resource_map = chunk(0x180, struct.pack(f"<{len(self.ids)}I", *self.ids))
        content = self.pool.chunk() + resource_map + body + self.layout.trailing
        return struct.pack("<HHI", self.layout.root_type, 8, 8 + len(content)) + content

    def _platform_names(self, root: Element) -> list[str]:
        names: dict[str, None] = {}
        waiting = [root]
        while waiting:
            current = waiting.pop()
            names.update(
                (name.removeprefix("android:"), None) for name in current.attributes if name.startswith("android:")
            )
            waiting.extend(child for child in current.children if isinstance(child, Element))
        return list(names)

    def _nodes(self, root: Element) -> bytes:
        out: list[bytes] = []
        waiting: list[Element | str | bytes] = [root]
        while waiting:
            current = waiting.pop()
            if isinstance(current, bytes):
                out.append(current)
            elif isinstance(current, str):
                text = self.pool.index(current)
                out.append(self._node(0x104, struct.pack("<IHBBI", text, 8, 0, 0, 0)))
            else:
                out.append(self._start(current))
                out.append(self.layout.junk_between)
                if self.layout.close_root or current is not root:
                    waiting.append(self._node(0x103, struct.pack("<II", NONE, self.pool.index(current.name))))
                waiting.extend(reversed(current.children))
        return b"".join(out)

    def _start(self, current: Element) -> bytes:
        self.line += 1
        records = b"".join(self._attribute(name, value) for name, value in current.attributes.items())
        gap = b"\0" * (self.layout.attribute_start - 20)
        ext = struct.pack(
            "<IIHHHHHH",
            NONE,
            self.pool.index(current.name),
            self.layout.attribute_start,
            self.layout.attribute_bytes,
            len(current.attributes),
            0,
            0,
            0,
        )
        return self._node(0x102, ext + gap + records)

    def _attribute(self, name: str, value: Value) -> bytes:
        local = name.removeprefix("android:")
        android = name.startswith("android:")
        namespace = self.pool.index(ANDROID_NAMESPACE) if android else NONE
        position = self.pool.strings.index(local) if android else self._plain_index(local)
        if isinstance(value, str):
            raw = self.pool.index(value)
            fields = struct.pack("<IIIHBBI", namespace, position, raw, 8, 0, 3, raw)
        else:
            value_type, data = typed(value)
            fields = struct.pack("<IIIHBBI", namespace, position, NONE, 8, 0, value_type, data)
        return fields.ljust(self.layout.attribute_bytes, b"\0")

    def _plain_index(self, name: str) -> int:
        # A plain attribute must not share its name's index with a platform attribute of that name.
        for index in range(len(self.ids), len(self.pool.strings)):
            if self.pool.strings[index] == name:
                return index
        return self.pool.add(name)

    def _node(self, kind: int, body: bytes) -> bytes:
        return chunk(kind, body, struct.pack("<II", max(self.line, 1), NONE))
