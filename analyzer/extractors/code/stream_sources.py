"""Where an ``InputStream`` reads from: a raw resource, an asset, a file beside the classes, or bytes in code."""

from collections.abc import Iterable, Iterator

import msgspec

from analyzer.dataflow.question import Instance
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import ClassName, Created, Number, Numbers, Result, Text, Value
from analyzer.dex import MethodRef
from analyzer.extractors.code.context import CodeContext

_MAX_WRAPPERS = 6
"""Deepest nesting of streams in streams that is followed."""
_ASSETS = "assets/"


class StreamSource(msgspec.Struct, frozen=True):
    """One thing that a stream may read. Exactly one of the fields is set."""

    entry: str | None = None
    """A container entry that exists."""
    data: bytes | None = None
    """Bytes that code holds as constants."""


def stream_sources(code: CodeContext, values: Iterable[Value]) -> tuple[StreamSource, ...]:
    """Return what a stream may read, given the resolved values of the stream or array of bytes.

    Streams around other streams are looked through. What is opened at run time, such as a downloaded file, is left
    out: nothing is returned for it.
    """
    if code.resolver is None:
        return ()
    found: dict[StreamSource, None] = {}
    for value in values:
        found.update(dict.fromkeys(_sources(code, code.resolver, value, 0)))
    return tuple(found)


def _sources(code: CodeContext, resolver: Resolver, value: Value, depth: int) -> Iterator[StreamSource]:
    if depth > _MAX_WRAPPERS:
        return
    if isinstance(value, Numbers) and value.type == "[B":
        yield StreamSource(data=value.data)
    if not isinstance(value, Instance):
        return
    inner, frame = value.value, value.frame
    if isinstance(inner, Created):
        for event in inner.events:
            called = event.ref
            if (
                not isinstance(called, MethodRef)
                or called.name != "<init>"
                or event.position != 0
                or not event.arguments
            ):
                continue
            for one in resolver.resolve(event.arguments[0], frame).values:
                yield from _sources(code, resolver, one, depth + 1)
    elif isinstance(inner, Result):
        yield from _opened(code, resolver, inner, value)


def _opened(code: CodeContext, resolver: Resolver, call: Result, value: Instance) -> Iterator[StreamSource]:
    """Read the calls of the platform that open files of the app."""
    name, parameters = call.ref.name, call.ref.parameters
    if len(call.arguments) < 2:
        return
    if name in ("openRawResource", "openRawResourceFd") and parameters[:1] == ("I",):
        for one in resolver.resolve(call.arguments[1], value.frame).values:
            if isinstance(one, Number):
                entry = code.resources.raw_entry(one.value & 0xFFFFFFFF)
                if entry is not None:
                    yield StreamSource(entry=entry)
    elif name in ("open", "openFd") and call.ref.owner == "Landroid/content/res/AssetManager;":
        for text in resolver.resolve_texts(call.arguments[1], value.frame).texts:
            yield from _existing(code, _ASSETS + text.removeprefix("./").lstrip("/"))
    elif name == "getResourceAsStream" and parameters == ("Ljava/lang/String;",):
        for text in resolver.resolve_texts(call.arguments[1], value.frame).texts:
            for folder in _folders(resolver, call, value):
                yield from _existing(code, text[1:] if text.startswith("/") else folder + text)


def _folders(resolver: Resolver, call: Result, value: Instance) -> Iterator[str]:
    """Yield the folder that a relative name is meant in: the class's package, or the root for a class loader."""
    if call.ref.owner != "Ljava/lang/Class;":
        yield ""
        return
    classes = [one for one in resolver.resolve(call.arguments[0], value.frame).values if isinstance(one, ClassName)]
    for one in classes:
        yield one.descriptor.lstrip("[L").rpartition("/")[0] + "/"
    if not classes:
        yield call.method.owner.lstrip("[L").rpartition("/")[0] + "/"


def _existing(code: CodeContext, name: str) -> Iterator[StreamSource]:
    for entry in code.entries:
        if entry == name or entry.endswith("!" + name):
            yield StreamSource(entry=entry)
            return


def texts_of(values: Iterable[Value]) -> tuple[str, ...]:
    """Return the texts among values that are texts or arrays of characters."""
    found: dict[str, None] = {}
    for value in values:
        if isinstance(value, Text):
            found[value.value] = None
        elif isinstance(value, Numbers) and value.type == "[C":
            found["".join(chr(element & 0xFFFF) for element in value.elements)] = None
    return tuple(found)
