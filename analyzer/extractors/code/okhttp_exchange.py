"""Recognises what a renamed OkHttp hands to interceptors, and what requests are made with."""

from collections.abc import Iterator

from analyzer.dataflow.evaluate import Call
from analyzer.dataflow.values import FieldValue, Result, Text, Value, alternatives, walk
from analyzer.dex import DexMethod, FieldRef, MethodRef, Site
from analyzer.extractors.code.okhttp_roles import LISTS, Exchange, Requests, Scanner

_STRING = "Ljava/lang/String;"
_LIST = frozenset({"Ljava/util/List;"})
_SESSION = "Ljavax/net/ssl/SSLSession;"
_VERIFY = MethodRef("Ljavax/net/ssl/HostnameVerifier;", "verify", f"({_STRING}{_SESSION})Z")
_ONCE = " must call proceed() exactly once"
"""RealInterceptorChain.proceed (3.0 to 5.x), about the interceptor that it calls between two checks."""
_NOT_VERIFIED = " not verified:\n"
"""RealConnection.connectTls (ConnectPlan in 5.x), after it asked the verifier about the host of the address."""
_REQUEST = "Request{method="
_LOCAL = "localCertificates="
_WEB_SOCKET = ("ws:", "wss:")
_TURNING = f"({_STRING}){_STRING}"
WEB_SOCKET_KEY = "Sec-WebSocket-Key"
"""RealWebSocket.connect (3.5 to 5.x) gives its requests this header, and makes a call of its own."""
_RANDOM = "Ljava/util/Random;"
_URL = "Ljava/net/URL;"


def bind_exchange(scanner: Scanner) -> Exchange:
    """Recognise interceptors, the handshake and the address."""
    intercept = _intercept(scanner)
    handshake, local = _handshake(scanner)
    host = _host(scanner)
    return Exchange(
        interceptor=None if intercept is None else intercept.owner,
        intercept=intercept,
        handshake=handshake,
        peer=frozenset() if handshake is None or local is None else frozenset(_peer(scanner, handshake, local)),
        asking=frozenset(site.method.ref.owner for site in _loading(scanner, _NOT_VERIFIED)),
        host=frozenset(() if host is None else _with_getters(scanner, host)),
        url=None if host is None else host.owner,
    )


# ---- interceptors


def _intercept(scanner: Scanner) -> MethodRef | None:
    """Find what a chain calls: the method of an interface that takes a chain and returns an object of the library."""
    found: set[MethodRef] = set()
    for method in dict.fromkeys(site.method for site in _loading(scanner, _ONCE)):
        chains = {method.ref.owner, *scanner.program.hierarchy.supertypes_of(method.ref.owner)}
        for ref in scanner.members(method):
            if not isinstance(ref, MethodRef) or len(ref.parameters) != 1 or ref.parameters[0] not in chains:
                continue
            owner = scanner.definition(ref.owner)
            if owner is not None and owner.is_interface and scanner.definition(ref.return_type) is not None:
                found.add(ref)
    return found.pop() if len(found) == 1 else None


def _loading(scanner: Scanner, part: str) -> Iterator[Site]:
    """Yield the loads of texts that contain a part: shrinkers join neighbouring texts."""
    yield from scanner.program.users.loads_of(scanner.program.strings_containing([part]))


# ---- the handshake


def _handshake(scanner: Scanner) -> tuple[str | None, FieldRef | None]:
    """Find the class that keeps a session's certificates, and its field of the client's own.

    ``Handshake.toString`` names them (3.13 and later); what ``Handshake.get`` makes of a session tells before.
    """
    found: set[tuple[str, FieldRef]] = set()
    for site in _loading(scanner, _LOCAL):
        owner = site.method.ref.owner
        local = scanner.member_after(site, owner, _LIST)
        if local is not None and site.method.ref.name == "toString":
            found.add((owner, local))
    found = found or set(_from_session(scanner))
    return found.pop() if len(found) == 1 else (None, None)


def _from_session(scanner: Scanner) -> Iterator[tuple[str, FieldRef]]:
    refs = scanner.program.method_refs(_SESSION, "getLocalCertificates")
    for site in scanner.program.users.callers_of(refs) if refs else ():
        values = scanner.values(site.method)
        for call in values.calls.values() if values is not None else ():
            if call.ref.name != "<init>" or call.ref.owner != site.method.ref.owner:
                continue
            places = [at for at, given in enumerate(call.arguments) if at and _asks(given, "getLocalCertificates")]
            made = scanner.values(scanner.program.resolve_method(call.ref))
            for store in made.stores.values() if made is not None else ():
                index = getattr(store.value, "index", None)
                if len(places) == 1 and index == places[0] and store.ref.type in LISTS:
                    yield call.ref.owner, store.ref


def _asks(value: Value, name: str) -> bool:
    return any(isinstance(part, Result) and (part.ref.owner, part.ref.name) == (_SESSION, name) for part in walk(value))


def _peer(scanner: Scanner, handshake: str, local: FieldRef) -> Iterator[MethodRef | FieldRef]:
    """Yield what hands out the other list of certificates."""
    definition = scanner.definition(handshake)
    assert definition is not None, "it was found by its code"
    for field in definition.fields:
        if not field.is_static and field.ref.type in LISTS and field.ref != local:
            yield field.ref
    for method in definition.methods:
        if method.is_static or method.ref.parameters or method.ref.return_type != "Ljava/util/List;":
            continue
        if scanner.getter(method.ref) != local:
            yield from scanner.all_names(method)


# ---- the address


def _host(scanner: Scanner) -> FieldRef | None:
    """Find the field of an address that the library asks the host name verifier about."""
    found: set[FieldRef] = set()
    for method in dict.fromkeys(site.method for site in _loading(scanner, _NOT_VERIFIED)):
        values = scanner.values(method)
        for call in values.calls.values() if values is not None else ():
            if (call.ref.name, call.ref.descriptor) == (_VERIFY.name, _VERIFY.descriptor):
                found.update(_fields(scanner, call.arguments[1]))
    return found.pop() if len(found) == 1 else None


def _fields(scanner: Scanner, value: Value) -> Iterator[FieldRef]:
    for one in alternatives(value):
        if isinstance(one, FieldValue) and one.ref.type == _STRING:
            yield one.ref
        elif isinstance(one, Result) and (field := scanner.getter(one.ref)) is not None:
            yield field


def _with_getters(scanner: Scanner, field: FieldRef) -> Iterator[MethodRef | FieldRef]:
    yield field
    for method in scanner.methods_of(field.owner):
        if method.ref.return_type == field.type and scanner.getter(method.ref) == field:
            yield from scanner.all_names(method)


# ---- requests


def bind_requests(scanner: Scanner, client: str, exchange: Exchange) -> Requests:
    """Recognise requests, their builder, and how a call is made of one."""
    texts = {site.method.ref.owner for site in _loading(scanner, _REQUEST) if site.method.ref.name == "toString"}
    made = {name for name in texts if exchange.url in _types_of(scanner, name)}
    if len(made) != 1 or exchange.url is None:
        return Requests()
    request = made.pop()
    # In a class that was merged with one of the app the field's type says nothing, and its code may be the app's.
    whole = exchange.url in {field.type for field in _fields_of(scanner, request)}
    builders = frozenset(_builders(scanner, request, exchange.url))
    return Requests(
        request=request,
        builders=builders,
        addresses=frozenset(_addresses(scanner, builders, exchange.url)),
        calls=tuple(_calls(scanner, client, request)),
        parsers=tuple(_parsers(scanner, exchange.url)),
        own=frozenset((*_web_sockets(scanner, request), *([request] if whole else []))),
    )


def _fields_of(scanner: Scanner, name: str) -> tuple[FieldRef, ...]:
    definition = scanner.definition(name)
    return () if definition is None else tuple(field.ref for field in definition.fields if not field.is_static)


def _types_of(scanner: Scanner, name: str) -> frozenset[str]:
    """Return the types of the fields of a class, and of what its constructors take."""
    taken = (
        kind for method in scanner.methods_of(name) if method.ref.name == "<init>" for kind in method.ref.parameters
    )
    return frozenset((*taken, *(field.type for field in _fields_of(scanner, name))))


def _builders(scanner: Scanner, request: str, url: str) -> Iterator[str]:
    """Yield the class that makes requests and keeps an address for them, of which a request may be made again."""
    for method in scanner.methods_of(request):
        for name in method.ref.parameters if method.ref.name == "<init>" else ():
            if any(field.type == url for field in _fields_of(scanner, name)):
                yield name
    for ref in scanner.program.method_refs(None, None, f"(){request}"):
        if ref.owner != request and any(field.type == url for field in _fields_of(scanner, ref.owner)):
            makes = scanner.program.resolve_method(ref)
            values = scanner.values(makes)
            created = [one for one in values.returns if getattr(one, "type", None) == request] if values else []
            if created:
                yield ref.owner


def _addresses(scanner: Scanner, builders: frozenset[str], url: str) -> Iterator[MethodRef | FieldRef]:
    for builder in sorted(builders):
        yield from (field for field in _fields_of(scanner, builder) if field.type == url)
        for method in scanner.methods_of(builder):
            types = method.ref.parameters
            if method.ref.name == "<init>" or len(types) != 1:
                continue
            if types[0] in (url, _URL) or (types[0] == _STRING and _compares(scanner, method)):
                yield from scanner.all_names(method)


def _compares(scanner: Scanner, method: DexMethod) -> bool:
    """Say whether a method turns the schemes of WebSockets into those of HTTP: ``Request.Builder.url(String)``.

    In 5.x it leaves that to a method of its own, ``canonicalUrl``.
    """
    values = scanner.values(method)
    calls: list[Call] = [] if values is None else list(values.calls.values())
    own = [one.ref for one in calls if (one.ref.owner, one.ref.descriptor) == (method.ref.owner, _TURNING)]
    for ref in own:
        inner = scanner.values(scanner.program.resolve_method(ref)) if ref.name != method.ref.name else None
        calls += [] if inner is None else inner.calls.values()
    given = {one.value for call in calls for one in call.arguments if isinstance(one, Text)}
    return given.issuperset(_WEB_SOCKET)


def _calls(scanner: Scanner, client: str, request: str) -> Iterator[MethodRef]:
    """Yield the methods and constructors that get a client and a request."""
    for ref in scanner.program.method_refs():
        if request not in ref.parameters or client not in (ref.owner, *ref.parameters):
            continue
        method = scanner.program.resolve_method(ref)
        if method is None or (method.is_static and client not in ref.parameters):
            continue
        if ref.owner == client and ref.name == "<init>":
            continue
        yield ref


def _web_sockets(scanner: Scanner, request: str) -> Iterator[str]:
    """Yield the class of web sockets; a shrinker may have put its code into the app's, which it does not belong to."""
    for name in dict.fromkeys(site.method.ref.owner for site in scanner.loads(WEB_SOCKET_KEY)):
        if {request, _RANDOM} <= {field.type for field in _fields_of(scanner, name)}:
            yield name


def _parsers(scanner: Scanner, url: str) -> Iterator[MethodRef]:
    """Yield ``HttpUrl.parse`` and ``get``, of the class or its companion; ``resolve`` gets links that name no host."""
    for ref in scanner.program.method_refs(None, None, f"({_STRING}){url}"):
        method = scanner.program.resolve_method(ref)
        if method is not None and (method.is_static or ref.owner != url):
            yield ref
