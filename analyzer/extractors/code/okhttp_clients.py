"""Requests made with OkHttp clients that certainly have no pins: their hosts are contacted past every pinner."""

import re
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import Created, Event, FieldValue, OneOf, Parameter, Result, Value, alternatives, walk
from analyzer.dex import DexMethod, FieldRef, MethodRef, Site
from analyzer.extractors.code.context import CodeContext, location_in, location_of
from analyzer.extractors.code.host_names import hosts_in, is_loopback
from analyzer.extractors.code.reached import Activations
from analyzer.model import ApiUse, Location

PLAIN_CLIENT = "okhttp-plain-client"
"""An OkHttp client without pins makes a call. The argument is the host, where it is known."""
CLIENT = "okhttp-plain"
"""The name of such a client in `HostFact.client`."""

State = Literal["pinned", "plain", "unknown"]
# Begins with what is rare, so that the string tables are searched in one go; names are then looked at one by one.
_FAMILY = re.compile(rb"okhttp3?/OkHttpClient;")
_CLIENT_TYPE = re.compile(r"L(?:[^;\[]+/)?(?:okhttp3|com/squareup/okhttp)/OkHttpClient;")
_CALLS = ("newCall", "newWebSocket")
_SETTERS = ("certificatePinner", "setCertificatePinner")
# A factory or manager of its own may pin as well; an interceptor may look at the chain.
_OTHER_WAYS = frozenset(
    {"sslSocketFactory", "setSslSocketFactory", "socketFactory", "hostnameVerifier", "setHostnameVerifier",
     "addInterceptor", "addNetworkInterceptor", "interceptors", "networkInterceptors"}
)  # fmt: skip
_MUTABLE = "com/squareup/okhttp/OkHttpClient;"
"""In OkHttp 2 clients have setters of their own instead of a builder."""
_MAX_SITES = 200
_MAX_DEPTH = 6
_MAX_WRITERS = 16


class PlainRequest(msgspec.Struct, frozen=True):
    """A call through a client without pins."""

    host: str | None
    owner: str
    place: Location
    use: ApiUse


def plain_requests(code: CodeContext, resolver: Resolver) -> Iterator[PlainRequest]:
    """Yield the calls that the app's own code makes through clients that certainly have no pins.

    A client is followed back to its builder, or its constructor, through locals, fields and the app's own methods.
    One that gets a socket factory, a verifier or an interceptor may be pinned by that, and is left out; so is one
    that is not followed to its beginning.
    """
    clients = _Clients(code, resolver)
    if not clients.types:
        return
    runs = Activations(code.program, code.component_classes)
    for site in clients.calls():
        values = resolver.evaluator.evaluate(site.method)
        call = values.calls.get(site.offset) if values is not None else None
        owner = code.owner_of(site.method.ref.owner)
        if call is None or len(call.arguments) < 2 or owner.startswith("sdk:"):
            continue
        if clients.state(call.arguments[0]) != "plain":
            continue
        activation = runs.of(site.method)
        hosts = dict(clients.hosts_of(call.arguments[1], site.method))
        for host, place in hosts.items() or [(None, location_of(site))]:
            use = ApiUse(
                api=PLAIN_CLIENT, activation=activation, owner=owner, arguments=(host,), evidence=(location_of(site),)
            )
            yield PlainRequest(host, owner, place, use)


class _Clients:
    """Follows clients of every copy of the library that kept its names."""

    def __init__(self, code: CodeContext, resolver: Resolver) -> None:
        self._code = code
        self._program = code.program
        self._resolver = resolver
        self._evaluator = resolver.evaluator
        named = code.program.strings_matching(_FAMILY)
        self.types = frozenset(name for name in named if _CLIENT_TYPE.fullmatch(name))
        self._builders = frozenset(name.replace("OkHttpClient;", "OkHttpClient$Builder;") for name in self.types)
        self._packages = tuple(name.removesuffix("OkHttpClient;") for name in self.types)
        self._fields: dict[FieldRef, State] = {}

    def calls(self) -> Iterator[Site]:
        """Yield the calls through clients, outside the library."""
        owners = {*self.types, *(f"{package}Call$Factory;" for package in self._packages)}
        refs = [ref for owner in sorted(owners) for name in _CALLS for ref in self._program.method_refs(owner, name)]
        kept = 0
        for site in self._program.users.callers_of(refs) if refs else ():
            if site.method.ref.owner.startswith(self._packages):
                continue
            kept += 1
            if kept > _MAX_SITES:
                return
            yield site

    # ---- clients

    def state(self, value: Value, depth: int = 0) -> State:
        """Say whether a client has pins."""
        if depth > _MAX_DEPTH:
            return "unknown"
        match value:
            case OneOf(values=values):
                return _all(self.state(one, depth + 1) for one in values)
            case Created(type=name) if name in self.types:
                return self._created(value, depth)
            case Result(ref=ref) if ref.return_type in self.types or ref.owner in self._builders:
                return self._returned(value, depth)
            case FieldValue(ref=field):
                return self._held(field, depth)
            case Parameter(method=method, index=index):
                return self._given(method, index, depth)
        return "unknown"

    def _created(self, client: Created, depth: int) -> State:
        made = next((event for event in client.events if _is_constructor(event, client.type)), None)
        if made is None:
            return "unknown"
        if made.arguments:
            return self._built(made.arguments[0], depth + 1)
        # OkHttp 2 sets its clients up after they are made.
        return _changed(client.events, "plain")

    def _returned(self, result: Result, depth: int) -> State:
        ref = result.ref
        if ref.owner in self._builders and ref.return_type in self.types and result.arguments:
            return self._built(result.arguments[0], depth + 1)
        if ref.owner.startswith(self._packages):
            return "unknown"
        target = self._program.resolve_method(ref)
        values = self._evaluator.evaluate(target) if target is not None else None
        if target is None or values is None or not values.returns:
            return "unknown"
        if result.kind != "static" and len(self._program.implementations_of(ref)) > 1:
            return "unknown"
        return _all(self.state(one, depth + 1) for one in values.returns)

    def _built(self, builder: Value, depth: int) -> State:
        """Say whether the client of a builder has pins."""
        match builder:
            case Created(type=name, events=events) if name in self._builders:
                made = next((event for event in events if _is_constructor(event, name)), None)
                return "unknown" if made is None or made.arguments else _changed(events, "plain")
            case Result(ref=ref, arguments=arguments, histories=histories) if ref.owner in self.types and arguments:
                if ref.name != "newBuilder":
                    return "unknown"
                later = tuple(event for history in histories for event in history)
                return _changed(later, self.state(arguments[0], depth + 1))
            case Result(ref=ref, arguments=arguments, histories=histories) if ref.owner in self._builders and arguments:
                # A method of the builder that was not seen to return it.
                if ref.return_type not in self._builders:
                    return "unknown"
                later = tuple(event for history in histories for event in history)
                return _changed(later, _set(ref, self._built(arguments[0], depth + 1)))
        return "unknown"

    def _held(self, field: FieldRef, depth: int) -> State:
        known = self._fields.get(field)
        if known is None:
            self._fields[field] = "unknown"
            known = self._written(field, depth)
            if known == "plain" and field.type.endswith(_MUTABLE):
                known = self._set_later(field)
            self._fields[field] = known
        return known

    def _set_later(self, field: FieldRef) -> State:
        """Say what a client of OkHttp 2 is after what code does to it that reads it from a field, or is handed it."""
        refs = [ref for name in (*_SETTERS, *_OTHER_WAYS) for ref in self._program.method_refs(field.type, name)]
        states: set[State] = {"plain"}
        for site in self._program.users.callers_of(refs)[:_MAX_SITES] if refs else ():
            values = self._evaluator.evaluate(site.method)
            call = values.calls.get(site.offset) if values is not None else None
            for receiver in alternatives(call.arguments[0]) if call is not None and call.arguments else ():
                if isinstance(receiver, FieldValue) and receiver.ref == field and call is not None:
                    states.add("pinned" if call.ref.name in _SETTERS else "unknown")
                elif isinstance(receiver, Parameter):
                    states.add("unknown")
        return "pinned" if "pinned" in states else "unknown" if "unknown" in states else "plain"

    def _written(self, field: FieldRef, depth: int) -> State:
        sites = tuple(self._program.users.writers_of((field,)))
        if not sites or len(sites) > _MAX_WRITERS:
            return "unknown"
        states: list[State] = []
        for site in sites:
            values = self._evaluator.evaluate(site.method)
            store = values.stores.get(site.offset) if values is not None else None
            states.append(self.state(store.value, depth + 1) if store is not None else "unknown")
        return _all(states)

    def _given(self, ref: MethodRef, index: int, depth: int) -> State:
        method = self._program.resolve_method(ref)
        if method is None:
            return "unknown"
        sites = self._program.calls_of((method,))
        if not sites or len(sites) > _MAX_WRITERS:
            return "unknown"
        states: list[State] = []
        for site in sites:
            values = self._evaluator.evaluate(site.method)
            call = values.calls.get(site.offset) if values is not None else None
            known = call is not None and index < len(call.arguments)
            states.append(self.state(call.arguments[index], depth + 1) if call is not None and known else "unknown")
        return _all(states)

    # ---- requests

    def hosts_of(self, request: Value, method: DexMethod) -> Iterator[tuple[str, Location]]:
        """Yield the hosts of a request that the method itself builds, with the place that says them."""
        for offset, address in _addresses(request):
            for text in self._resolver.resolve_texts(address).texts:
                for named in hosts_in(text, of_library=False):
                    if named.name and not is_loopback(named.name):
                        yield named.name, location_in(method, offset, text)


def _addresses(request: Value) -> Iterator[tuple[int, Value]]:
    """Yield what the builder of a request was given as its address, with the place of the call."""
    for part in walk(request):
        match part:
            case Result(ref=ref, arguments=(_, address, *_), offset=offset) if _names_address(ref):
                yield offset, address
            case Created(events=events):
                for event in events:
                    if isinstance(event.ref, MethodRef) and _names_address(event.ref) and event.arguments:
                        yield event.offset, event.arguments[0]


def _names_address(ref: MethodRef) -> bool:
    return ref.name == "url" and ref.owner.endswith("/Request$Builder;")


def _is_constructor(event: Event, type_name: str) -> bool:
    ref = event.ref
    return isinstance(ref, MethodRef) and ref.name == "<init>" and ref.owner == type_name and event.position == 0


def _changed(events: Iterable[Event], before: State) -> State:
    """Say what a builder, or a client of OkHttp 2, is after some calls."""
    state = before
    for event in events:
        ref = event.ref
        if not isinstance(ref, MethodRef) or (event.position > 0 and ref.name != "<init>"):
            # Whoever was handed it may have set a pinner.
            return "unknown"
        state = _set(ref, state)
    return state


def _set(called: MethodRef, before: State) -> State:
    """Say what a builder is after one call of it."""
    if called.name in _SETTERS:
        return "pinned"
    return "unknown" if called.name in _OTHER_WAYS and before == "plain" else before


def _all(states: Iterable[State]) -> State:
    """Join states: only what holds for all is known."""
    distinct = set(states)
    return distinct.pop() if len(distinct) == 1 else "unknown"
