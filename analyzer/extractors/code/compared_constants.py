"""What certificates and keys are compared with: constants in code, and files that the app carries."""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterator

import msgspec

from analyzer.dataflow.path_model import Paths
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import (
    Computed,
    Created,
    Entries,
    FieldValue,
    Items,
    Number,
    Numbers,
    Result,
    Text,
    Value,
    alternatives,
)
from analyzer.dex import MethodRef
from analyzer.errors import TargetError
from analyzer.extractors.code.certificate_origins import CertificateOrigins
from analyzer.extractors.code.context import CodeContext
from analyzer.extractors.code.host_names import plain_host
from analyzer.extractors.code.stream_sources import StreamSource, stream_sources
from analyzer.x509.contents import MAX_INPUT_BYTES, read_contents

_MAX_CONSTANTS = 200
_MAX_WRAPPERS = 6
_TEXT = "Ljava/lang/String;"
_FACTORY = "Ljava/security/cert/CertificateFactory;"
_DECODED = frozenset({"[B", "Ljava/math/BigInteger;", "Lokio/ByteString;"})
"""What methods make of a text that is written in hexadecimal or base64."""
_WRAPPERS = frozenset(
    {
        "Ljava/math/BigInteger;", "Ljava/security/spec/X509EncodedKeySpec;", "Ljava/io/ByteArrayInputStream;",
        "Ljava/io/BufferedInputStream;", "Ljava/lang/String;", "Lkotlin/text/Regex;",
    }
)  # fmt: skip
"""Objects that stand for what they are made with."""
_UNWRAPPED = frozenset({"generatePublic", "getBytes", "compile", "toRegex", "toCharArray", "encodeUtf8"})
"""Methods whose result stands for an argument or the receiver."""
_LOOK_UP = frozenset({"get", "getOrDefault", "getValue"})
_MAPS = frozenset(f"Ljava/util/{name};" for name in ("Map", "HashMap", "LinkedHashMap", "TreeMap", "Hashtable"))
_PATTERNS = frozenset({"Lkotlin/text/Regex;", "Ljava/util/regex/Pattern;"})
_PEM = "-----BEGIN "
_FLAGS = re.compile(r"^\(\?[a-z]+\)")
_LITERAL = re.compile(r"[A-Za-z0-9+/=: -]{20,}")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}[: ]?)+")
_SEQUENCE = 0x30
"""Tag of an ASN.1 sequence, which keys and certificates are."""
IN_CODE = "a certificate in the code"

Sources = Callable[[Value, Callable[[Value], bool]], tuple[Value, ...]]
"""Says where a value is from, given where to stop."""


class Constant(msgspec.Struct, frozen=True):
    """One thing that a key or certificate is compared with."""

    value: str | bytes
    """As written; for a certificate where it is read from."""
    host: str | None = None
    """The key that it is found under in a map, where that is the name of a host."""
    certificate: bytes | None = None
    """SHA-256 of a whole certificate in DER, where that is what is compared."""
    key: bytes | None = None
    """SHA-256 of that certificate's key."""


class ConstantReader:
    """Reads what one side of a comparison may be."""

    def __init__(self, code: CodeContext, resolver: Resolver, paths: Paths, sources: Sources) -> None:
        """Ask `sources` where values are from; `paths` tells what local objects are made with."""
        self._code = code
        self._resolver = resolver
        self._paths = paths
        self._sources = sources
        self._origins = CertificateOrigins(code, resolver)
        self.found: dict[Constant, None] = {}
        self.reasons: dict[str, None] = {}
        """Why something is not known; of interest where nothing is."""

    def read(self, value: Value, *, is_pattern: bool = False) -> None:
        """Add what a value may be; texts that a helper turns into bytes or a number stand for these.

        With `is_pattern` texts are regular expressions, of which the texts that they match are meant.
        """
        if self._read_map(value) or self._read_bundled(value):
            return
        for source in self._from(value):
            if source is not value and self._read_map(source):
                continue
            for part, pattern in self._unwrapped(source, is_pattern, 0):
                if isinstance(part, Result) and part.ref.owner == _FACTORY and len(part.arguments) > 1:
                    self._read_certificates(part.arguments[1])
                else:
                    self._resolve(part, pattern)
            if len(self.found) > _MAX_CONSTANTS:
                return

    def _resolve(self, value: Value, is_pattern: bool) -> None:
        answer = self._resolver.resolve(value)
        for one in answer.values:
            self._add(one, is_pattern, None)
        if not self.found:
            self.reasons.update(dict.fromkeys(answer.reasons))

    def _add(self, value: Value, is_pattern: bool, host: str | None) -> None:
        match value:
            case Text(value=text) if text.startswith(_PEM):
                self._add_certificates(StreamSource(data=text.encode("utf-8", "replace")), host)
            case Text(value=text) if text:
                for written in literals_of(text) if is_pattern else (text,):
                    self.found[Constant(written, host)] = None
            case Numbers(type=kind) if kind in ("[B", ""):
                if value.data.lstrip().startswith(_PEM.encode()):
                    self._add_certificates(StreamSource(data=value.data), host)
                else:
                    self.found[Constant(value.data, host)] = None
            case Items(elements=elements):
                for element in elements:
                    for one in alternatives(element):
                        if not isinstance(one, Items):
                            self._add(one, is_pattern, host)

    def _from(self, value: Value) -> tuple[Value, ...]:
        """Return where a value is from, itself first."""
        return (value, *self._sources(value, self._is_known)) if not self._is_known(value) else (value,)

    def _is_known(self, value: Value) -> bool:
        """Say whether to look no further: the reader looks into it by itself, or what it is is known.

        Where a value is from is told for any caller, what it is for the calls that lead to it.
        """
        if decodes(value) or (isinstance(value, Result) and value.ref.owner in _MAPS and value.ref.name in _LOOK_UP):
            return True
        if not isinstance(value, Result) and not (isinstance(value, FieldValue) and isinstance(value.base, Created)):
            return False
        answer = self._resolver.resolve(value)
        return answer.state == "constant" and any(_tells_something(one) for one in answer.values)

    # Maps: the key says for which host.

    def _read_map(self, value: Value) -> bool:
        """Read the values of the map that a value is looked up in; False where it is none, or not known."""
        if not isinstance(value, Result) or value.ref.name not in _LOOK_UP or len(value.arguments) < 2:
            return False
        if value.ref.owner not in _MAPS:
            return False
        maps = [
            one
            for source in self._from(value.arguments[0])
            for one in self._resolver.resolve(source).values
            if isinstance(one, Entries)
        ]
        before = len(self.found)
        for key, item in dict.fromkeys(pair for one in maps for pair in one.entries):
            host = plain_host(key.value.removeprefix("*.")) if isinstance(key, Text) else None
            for part in alternatives(item):
                self._add(part, False, key.value if isinstance(key, Text) and host is not None else None)
        return len(self.found) > before

    # What stands for something else.

    def _unwrapped(self, value: Value, is_pattern: bool, depth: int) -> Iterator[tuple[Value, bool]]:
        inner: tuple[Value, ...] = ()
        match value:
            case Result(ref=ref, arguments=arguments):
                if decodes(value):
                    inner = arguments
                elif ref.name in _UNWRAPPED and ref.owner != "Ljava/security/cert/CertificateFactory;":
                    inner = arguments[-1:] if ref.name == "generatePublic" else arguments[:1]
                    is_pattern = is_pattern or ref.name in ("compile", "toRegex")
            case Created(type=name) if name in _WRAPPERS:
                inner = self._made_with(value)
                is_pattern = is_pattern or name in _PATTERNS
        if not inner or depth >= _MAX_WRAPPERS:
            yield value, is_pattern
            return
        for one in inner:
            for source in self._from(one):
                yield from self._unwrapped(source, is_pattern, depth + 1)

    def _made_with(self, value: Created) -> tuple[Value, ...]:
        """Return the first arguments of an object's constructors."""
        given = [
            event.arguments[-1 if value.type == "Ljava/math/BigInteger;" and len(event.arguments) == 1 else 0]
            for event in value.events
            if event.position == 0 and event.arguments and isinstance(event.ref, MethodRef)
        ]
        return tuple(given) or self._paths.inputs.get(value, ())

    # Certificates.

    def _read_bundled(self, value: Value) -> bool:
        """Read the certificates of the app that a value is, or is a part of; False where it is none, or not known.

        A helper that reads several for different ends is told apart by its calls.
        """
        before = len(self.found)
        origin = self._origins.of(value)
        if not origin.outside and not origin.cut_off:
            for source in origin.sources:
                self._add_certificates(source, None)
        return len(self.found) > before

    def _read_certificates(self, stream: Value) -> None:
        values: dict[Value, None] = {}
        sources: dict[StreamSource, None] = {}
        for source in self._from(stream):
            for part, _ in self._unwrapped(source, False, 0):
                answer = self._resolver.resolve(part)
                values.update(dict.fromkeys(one for found in answer.values for one in alternatives(found)))
        for one in values:
            if isinstance(one, Text):
                sources[StreamSource(data=_as_bytes(one.value))] = None
        sources.update(dict.fromkeys(stream_sources(self._code, values)))
        for each in sources:
            self._add_certificates(each, None)
        if not sources:
            self.reasons["a certificate that is read from outside of the app"] = None

    def _add_certificates(self, source: StreamSource, host: str | None) -> None:
        data = source.data
        if data is None and source.entry is not None and self._code.read is not None:
            try:
                data = self._code.read(source.entry)
            except TargetError:
                data = None
        if data is None or len(data) > MAX_INPUT_BYTES:
            self.reasons["a file of the app that cannot be read"] = None
            return
        for item in read_contents(data).items:
            if item.certificate is not None:
                name = source.entry or IN_CODE
                self.found[Constant(name, host, item.certificate.sha256, item.certificate.key.sha256)] = None


def _tells_something(value: Value) -> bool:
    if isinstance(value, Items):
        return any(_tells_something(part) for element in value.elements for part in alternatives(element))
    return isinstance(value, Text | Numbers)


def decodes(value: Value) -> bool:
    """Say whether a value is what a method makes of a text: bytes, or a large number."""
    if not isinstance(value, Result) or _TEXT not in value.ref.parameters:
        return False
    return value.ref.return_type in _DECODED


def is_pattern_of(called: MethodRef, index: int) -> bool:
    """Say whether an argument of a method is a regular expression: ``String.matches``, and Kotlin's ``Regex``."""
    if index == 0:
        return called.owner in _PATTERNS
    return index == 1 and (called.owner, called.name) == (_TEXT, "matches")


def literals_of(pattern: str) -> Iterator[str]:
    """Yield the long texts among the alternatives of a regular expression, without flags, anchors and groups."""
    body = _FLAGS.sub("", pattern).strip("^$")
    for part in re.split(
        r"[|()]", body.replace("(?:", "(").replace(r"\:", ":").replace(r"\+", "+").replace(r"\/", "/")
    ):
        if _LITERAL.fullmatch(part):
            yield part


def compared_sides(value: Value) -> tuple[tuple[Value, bool], ...]:
    """Return what a call compares, with whether it is a regular expression; of several that are joined, all."""
    if isinstance(value, Computed):
        return tuple(one for operand in value.operands for one in compared_sides(operand))
    if not isinstance(value, Result):
        return () if isinstance(value, Number) else ((value, False),)
    if value.ref.name in ("isEmpty", "disjoint") and isinstance(value.arguments[0], Result):
        # ``intersect`` of Kotlin's library, of which something must be left.
        common = value.arguments[0] if value.ref.name == "isEmpty" else value
        return tuple((one, False) for one in common.arguments)
    found: list[tuple[Value, bool]] = []
    for index, one in enumerate(value.arguments):
        if isinstance(one, Result) and one.ref.name == "matcher" and one.ref.owner in _PATTERNS:
            found += [(one.arguments[0], True), *((inner, False) for inner in one.arguments[1:])]
        else:
            found.append((one, is_pattern_of(value.ref, index)))
    return tuple(found)


def whole_digest(constant: str | bytes) -> bytes | None:
    """Return the SHA-256 of a whole key or certificate, which a constant is in DER; None where it is none."""
    data = _as_bytes(constant)
    if len(data) < 4 or data[0] != _SEQUENCE:
        return None
    length, header = data[1], 2
    if length >= 0x80:
        count = length & 0x7F
        if not 1 <= count <= 3:
            return None
        length, header = int.from_bytes(data[2 : 2 + count]), 2 + count
    return hashlib.sha256(data).digest() if header + length == len(data) else None


def _as_bytes(constant: str | bytes) -> bytes:
    if isinstance(constant, bytes):
        return constant
    text = constant.strip()
    if _HEX.fullmatch(text):
        return bytes.fromhex(re.sub("[: ]", "", text)) if len(re.sub("[: ]", "", text)) % 2 == 0 else b""
    if text.startswith(_PEM):
        return text.encode("utf-8", "replace")
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return text.encode("utf-8", "replace")
