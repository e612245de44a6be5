"""Which files and bytes of the app a certificate, its key, or a key store in code is read from."""

from collections.abc import Callable

import msgspec

from analyzer.dataflow.question import Frame, Instance
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import FieldValue, Items, Number, Parameter, Result, Value, alternatives
from analyzer.dex import DexMethod, MethodRef
from analyzer.errors import TargetError
from analyzer.extractors.code.context import CodeContext
from analyzer.extractors.code.stream_sources import StreamSource, stream_sources
from analyzer.extractors.code.trust_sources import KEY_STORE
from analyzer.x509.contents import MAX_INPUT_BYTES, read_contents

_CERTIFICATES = "Ljava/security/cert/CertificateFactory;"
_PARTS = frozenset({"getPublicKey", "getEncoded", "getTBSCertificate", "getModulus", "clone"})
"""What a pin is made of."""
_HANDED_OUT = frozenset({"next", "iterator", "get", "toArray", "listIterator", "asList", "singletonList"})
"""Methods of collections that hand out what is in them."""
_FILLING = frozenset({"load", "setCertificateEntry"})
_CARRYING = frozenset(
    {
        KEY_STORE, "Ljava/security/cert/Certificate;", "Ljava/security/cert/X509Certificate;",
        "Ljava/security/PublicKey;", "Ljava/security/interfaces/RSAPublicKey;", "Ljava/security/Key;",
        "Ljava/lang/Object;", "Lkotlin/Lazy;", "Lkotlin/Pair;",
    }
)  # fmt: skip
_CONTAINERS = ("Ljava/util/", "Lkotlin/")
_MAX_DEPTH = 12
_MAX_STEPS = 2_000
_MAX_CALLERS = 50
_MAX_TARGETS = 4
_LEAST_BYTES = 60
"""No certificate is smaller."""


class Origin(msgspec.Struct):
    """What a value is read from."""

    sources: dict[StreamSource, None] = {}
    outside: bool = False
    """It is, or holds, a certificate that is read from something which is not in the app, or not known."""
    steps: int = 0

    @property
    def cut_off(self) -> bool:
        """Whether there was too much to follow."""
        return self.steps > _MAX_STEPS


class CertificateOrigins:
    """Answers for one app."""

    def __init__(self, code: CodeContext, resolver: Resolver) -> None:
        """Look in the program of `code`."""
        self._code = code
        self._program = code.program
        self._resolver = resolver

    def of(self, value: Value) -> Origin:
        """Return what an expression of some method is read from: a certificate, a key, bytes of these, or a store."""
        origin = Origin(sources={})
        self._trace(origin, value, None, 0)
        return origin

    def of_object(self, value: Value) -> Origin:
        """Return what a resolved object is read from."""
        origin = Origin(sources={})
        for one in alternatives(value):
            if isinstance(one, Instance):
                self._trace(origin, one.value, one.frame, 0)
        return origin

    def of_stream(self, value: Value) -> Origin:
        """Return what an expression that is a stream reads."""
        origin = Origin(sources={})
        self._read(origin, value, None)
        return origin

    def _trace(self, origin: Origin, value: Value, frame: Frame | None, depth: int) -> None:
        origin.steps += 1
        if depth > _MAX_DEPTH or origin.cut_off:
            return
        for one in alternatives(value):
            if isinstance(one, Result):
                self._from_result(origin, one, frame, depth)
            elif isinstance(one, Parameter):
                self._from_parameter(origin, one, frame, depth)
            elif not isinstance(one, Number):
                self._resolved(origin, one, frame, depth)

    def _resolved(self, origin: Origin, value: Value, frame: Frame | None, depth: int) -> None:
        """Follow fields, elements and lazy values, as far as their type may be that of a certificate or a store."""
        if not _may_be(value):
            return
        waiting = list(self._resolver.resolve(value, frame).values)
        while waiting and not origin.cut_off:
            for one in alternatives(waiting.pop()):
                origin.steps += 1
                if isinstance(one, Items):
                    waiting.extend(one.elements)
                elif isinstance(one, Instance) and one.value != value:
                    self._trace(origin, one.value, one.frame, depth + 1)

    def _from_result(self, origin: Origin, result: Result, frame: Frame | None, depth: int) -> None:
        ref, arguments = result.ref, result.arguments
        if ref.owner == _CERTIFICATES and ref.name.startswith("generateCert") and len(arguments) > 1:
            self._read(origin, arguments[1], frame)
        elif ref.owner == KEY_STORE and ref.name == "getInstance":
            self._filled(origin, result.method, result, frame, depth)
        elif arguments and (
            (ref.owner == KEY_STORE and ref.name == "getCertificate")
            or (ref.name in _PARTS and ref.owner.startswith("Ljava/security/"))
            or (ref.name in _HANDED_OUT and ref.owner.startswith("Ljava/util/"))
        ):
            self._trace(origin, arguments[0], frame, depth + 1)
        else:
            self._returned(origin, result, frame, depth)

    def _returned(self, origin: Origin, result: Result, frame: Frame | None, depth: int) -> None:
        """Follow what a method of the app returns, and what is put into a store afterwards."""
        targets = self._targets(result)
        for target in targets:
            values = self._resolver.evaluator.evaluate(target)
            inner = Frame(target.ref, result.arguments, frame)
            for one in values.returns if values is not None else ():
                self._trace(origin, one, inner, depth + 1)
        if not targets:
            self._resolved(origin, result, frame, depth)
        elif result.ref.return_type == KEY_STORE:
            self._filled(origin, result.method, result, frame, depth)

    def _targets(self, result: Result) -> tuple[DexMethod, ...]:
        method = self._program.resolve_method(result.ref)
        if method is not None and (result.kind in ("static", "direct", "super") or method.is_direct):
            return (method,) if method.code_offset else ()
        found = self._program.implementations_of(result.ref)
        return tuple(found) if len(found) <= _MAX_TARGETS else ()

    def _from_parameter(self, origin: Origin, parameter: Parameter, frame: Frame | None, depth: int) -> None:
        method = self._program.resolve_method(parameter.method)
        if method is None or (parameter.index == 0 and not method.is_static):
            return
        if method.ref.parameters[parameter.index - (not method.is_static)] == KEY_STORE:
            self._filled(origin, method.ref, parameter, frame, depth)
        if frame is not None and frame.method == parameter.method:
            if parameter.index < len(frame.arguments):
                self._trace(origin, frame.arguments[parameter.index], frame.parent, depth + 1)
            return
        for site in self._resolver.call_sites(method)[:_MAX_CALLERS]:
            values = self._resolver.evaluator.evaluate(site.method)
            call = None if values is None else values.calls.get(site.offset)
            if call is not None and parameter.index < len(call.arguments):
                self._trace(origin, call.arguments[parameter.index], None, depth + 1)

    def _filled(
        self, origin: Origin, where: MethodRef, store: Result | Parameter, frame: Frame | None, depth: int
    ) -> None:
        """Follow what the method in which a key store is at hand puts into it, itself or through others."""
        origin.steps += 1
        method = self._program.resolve_method(where)
        values = None if method is None else self._resolver.evaluator.evaluate(method)
        if values is None or depth > _MAX_DEPTH or origin.cut_off:
            return
        for call in values.calls.values():
            places = [
                at for at, one in enumerate(call.arguments) if any(_same(store, part) for part in alternatives(one))
            ]
            for at in places:
                if call.ref.owner == KEY_STORE and at == 0:
                    if call.ref.name in _FILLING:
                        self._put(origin, call.ref, call.arguments[1:], frame, depth)
                    continue
                target = self._program.resolve_method(call.ref)
                if target is not None and target.code_offset and target.ref != where:
                    inner = Frame(target.ref, call.arguments, frame)
                    self._filled(origin, target.ref, Parameter(target.ref, at), inner, depth + 1)

    def _put(
        self, origin: Origin, ref: MethodRef, arguments: tuple[Value, ...], frame: Frame | None, depth: int
    ) -> None:
        if ref.name == "setCertificateEntry" and len(arguments) > 1:
            self._trace(origin, arguments[1], frame, depth + 1)
        elif ref.name == "load" and ref.parameters[:1] == ("Ljava/io/InputStream;",) and arguments:
            self._read(origin, arguments[0], frame)

    def _read(self, origin: Origin, stream: Value, frame: Frame | None) -> None:
        answer = self._resolver.resolve(stream, frame)
        values = [one for found in answer.values for one in alternatives(found) if one != Number(0)]
        sources = stream_sources(self._code, values)
        if (values or answer.reasons) and not sources:
            origin.outside = True
        large = [one for one in sources if one.data is None or len(one.data) >= _LEAST_BYTES]
        origin.sources.update(dict.fromkeys(large))


def _may_be(value: Value) -> bool:
    """Say whether a value may hold a certificate, its key or a store: what is not said to be something else."""
    kind = (
        value.ref.type if isinstance(value, FieldValue) else value.ref.return_type if isinstance(value, Result) else ""
    )
    return not kind or kind.lstrip("[") in _CARRYING or (kind[0] == "L" and kind.startswith(_CONTAINERS))


def _same(store: Result | Parameter, value: Value) -> bool:
    if isinstance(store, Result):
        return isinstance(value, Result) and (value.method, value.offset) == (store.method, store.offset)
    return value == store


def bundled_pins(code: CodeContext, resolver: Resolver) -> Callable[[Value], tuple[str, ...]]:
    """Return what tells the pins of a certificate that code holds, as ``CertificatePinner.pin`` computes them."""
    origins = CertificateOrigins(code, resolver)

    def pins_of(value: Value) -> tuple[str, ...]:
        origin = origins.of_object(value)
        if origin.outside or origin.cut_off:
            return ()
        return tuple(pin for source in origin.sources for pin in _pins(code, source))

    return pins_of


def _pins(code: CodeContext, source: StreamSource) -> list[str]:
    data = source.data
    if data is None and source.entry is not None and code.read is not None:
        try:
            data = code.read(source.entry)
        except TargetError:
            return []
    items = read_contents(data).items if data is not None and len(data) <= MAX_INPUT_BYTES else ()
    # ``generateCertificate`` reads the first of several.
    return [item.certificate.key.pin for item in items if item.certificate is not None][:1]
