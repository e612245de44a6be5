"""The methods and fields through which TLS callbacks are put to use, as the code of one app names them."""

from collections.abc import Iterator

import msgspec

from analyzer.dex import DexClass, FieldRef, MethodRef, Program
from analyzer.extractors.code.context import CodeContext
from analyzer.extractors.code.families import Families, named_in
from analyzer.extractors.code.okhttp_binding import OkHttpCopy
from analyzer.extractors.code.okhttp_roles import RenamedOkHttp, Role
from analyzer.extractors.sink_catalogue import Takes

_FACTORY = "Ljavax/net/ssl/SSLSocketFactory;"
_MANAGER = "Ljavax/net/ssl/X509TrustManager;"
VERIFIER = "Ljavax/net/ssl/HostnameVerifier;"
_TEXT = "Ljava/lang/String;"
_REFUSING = tuple(
    f"({_TEXT}{asked})V"
    for asked in ("Ljavax/net/ssl/SSLSocket;", "Ljava/security/cert/X509Certificate;", f"[{_TEXT}[{_TEXT}")
)
"""Overloads that refuse by throwing, which Apache's HttpClient asks once a socket is connected, under any name
(``X509HostnameVerifier`` of 4.x; ``SSLSocketFactory.connectSocket``)."""
_INTERCEPTORS: dict[Role, str] = {
    "interceptor": "okhttp-interceptor",
    "network-interceptor": "okhttp-network-interceptor",
}
_RECEIVED: dict[str, Takes] = {_FACTORY: "socket-factory", VERIFIER: "verifier"}


class BoundSink(msgspec.Struct, frozen=True):
    """A sink of the catalogue, without its names."""

    client: str
    takes: Takes
    receiver: bool = False
    process_wide: bool = False
    one_host: bool = False


def bind_sinks(code: CodeContext) -> dict[MethodRef | FieldRef, BoundSink]:
    """Return every method and field of the catalogue's sinks under the names that code of the app uses."""
    program = code.program
    found: dict[MethodRef | FieldRef, BoundSink] = {}
    catalogue = code.catalogue.callback_sinks
    families = Families(program)
    for sink in catalogue.sinks:
        bound = BoundSink(sink.client, sink.takes, sink.receiver, sink.process_wide, sink.one_host)
        for owner, name in (parts for member in sink.methods for parts in catalogue.names_of(member)):
            for method in named_in(program.method_refs, families.of(owner, sink.relocated), name):
                found[method] = bound
        for owner, name in (parts for member in sink.fields for parts in catalogue.names_of(member)):
            for field in named_in(program.field_refs, families.of(owner, relocated=False), name):
                found[field] = bound
    for overload in _refusing_overloads(program):
        found.setdefault(overload, BoundSink("by-hand", "verifier", receiver=True))
    for copy in code.okhttp_copies:
        if copy.found_by == "structure":
            for ref, takes in okhttp_receivers(program, copy):
                found.setdefault(ref, BoundSink("okhttp", takes))
    for renamed in code.renamed_okhttp:
        found.update(_interceptors(renamed))
    return found


def _refusing_overloads(program: Program) -> Iterator[MethodRef]:
    """Yield the methods by which a library asks a host name verifier of its own kind."""
    for owner in program.hierarchy.subtypes_of(VERIFIER):
        for descriptor in _REFUSING:
            yield from (ref for ref in program.method_refs(owner, None, descriptor) if ref.name != "<init>")


def _interceptors(renamed: RenamedOkHttp) -> Iterator[tuple[MethodRef | FieldRef, BoundSink]]:
    """Yield what takes interceptors: setters, and the builder's lists where the setters were inlined."""
    for ref, given in renamed.setters.items():
        client = _INTERCEPTORS.get(given.role)
        if client is not None and given.value == 1:
            yield ref, BoundSink(client, "interceptor")
    for getter, role in renamed.lists.items():
        yield getter, BoundSink(_INTERCEPTORS[role], "interceptor")
    for field, role in renamed.fields.items():
        client = _INTERCEPTORS.get(role)
        # The clients of OkHttp 2 have no builder.
        if client is not None and renamed.builder in (None, field.owner):
            yield field, BoundSink(client, "interceptor")


def okhttp_receivers(program: Program, copy: OkHttpCopy) -> Iterator[tuple[MethodRef | FieldRef, Takes]]:
    """Yield the setters and fields of a renamed OkHttp's clients and their builders, with what they take.

    A shrinker inlines setters, removes their results, and narrows types to the one class it sees there.
    """
    for definition in okhttp_client_classes(program, copy):
        for method in definition.methods:
            types = method.ref.parameters
            takes = _received(program, types[0]) if types and method.ref.name != "<init>" else None
            with_manager = len(types) == 2 and takes == "socket-factory" and _is_below(program, types[1], _MANAGER)
            if takes is not None and not method.is_static and (len(types) == 1 or with_manager):
                for ref in program.refs_reaching(method):
                    yield ref, takes
        for field in definition.fields:
            takes = _received(program, field.ref.type)
            if takes is not None and not field.is_static:
                yield field.ref, takes


def okhttp_client_classes(program: Program, copy: OkHttpCopy) -> tuple[DexClass, ...]:
    """Return the classes of a copy that are or make clients: those that have the pinner and its usual company."""
    owners = dict.fromkeys([ref.owner for ref in copy.client_fields] + [ref.owner for ref in copy.setters])
    found = (program.find_class(owner) for owner in owners)
    return tuple(definition for definition in found if definition is not None)


def _received(program: Program, type_name: str) -> Takes | None:
    return next((takes for wanted, takes in _RECEIVED.items() if _is_below(program, type_name, wanted)), None)


def _is_below(program: Program, name: str, wanted: str) -> bool:
    """Say whether a class is `wanted` or below it."""
    return name == wanted or wanted in program.hierarchy.supertypes_of(name)
