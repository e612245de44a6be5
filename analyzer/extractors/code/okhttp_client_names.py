"""How code names OkHttp's clients, their builders and requests: as the library does, or as a shrinker left them."""

import re
from collections.abc import Iterator
from typing import Literal, Protocol

from analyzer.dataflow.evaluate import Call
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import Created, Event, FieldValue, Result, Text, Value, alternatives, walk
from analyzer.dex import FieldRef, MethodRef, Site
from analyzer.extractors.code.context import CodeContext
from analyzer.extractors.code.okhttp_exchange import WEB_SOCKET_KEY
from analyzer.extractors.code.okhttp_roles import RenamedOkHttp, Role

State = Literal["pinned", "plain", "unknown"]
Effect = Literal["pins", "may pin"]
_FAMILIES = ("okhttp3/OkHttpClient;", "okhttp/OkHttpClient;")
_CLIENT_TYPE = re.compile(r"L(?:[^;\[]+/)?(?:okhttp3|com/squareup/okhttp)/OkHttpClient;")
_CALLS = ("newCall", "newWebSocket")
_SETTERS = ("certificatePinner", "setCertificatePinner")
# A factory or manager of its own may pin as well; an interceptor may look at the chain.
_OTHER_WAYS = frozenset(
    {"sslSocketFactory", "setSslSocketFactory", "socketFactory", "hostnameVerifier", "setHostnameVerifier",
     "addInterceptor", "addNetworkInterceptor", "interceptors", "networkInterceptors"}
)  # fmt: skip
_OTHER_ROLES: frozenset[Role] = frozenset(
    {"socket-factory", "trust-manager", "verifier", "interceptor", "network-interceptor"}
)
_STRING = "Ljava/lang/String;"


class ClientNames(Protocol):
    """One way to name them."""

    @property
    def clients(self) -> frozenset[str]:
        """Descriptors of the classes of clients."""
        ...

    @property
    def builders(self) -> frozenset[str]:
        """Descriptors of the classes of their builders."""
        ...

    def calls(self) -> Iterator[tuple[Site, int, int]]:
        """Yield the calls outside the library that a client and a request are given, with the places of both."""
        ...

    def is_inside(self, descriptor: str) -> bool:
        """Say whether a class is the library's."""
        ...

    def is_set_up_later(self, client: str) -> bool:
        """Say whether clients are changed after they were made, as those of OkHttp 2 are."""
        ...

    def derives(self, ref: MethodRef) -> bool:
        """Say whether a method of a client makes a builder that has what the client has."""
        ...

    def effect(self, ref: MethodRef | FieldRef) -> Effect | None:
        """Say what a call of a builder, or a write into a field of it, does."""
        ...

    def copied_from(self, event: Event) -> Value | None:
        """Return the client that a value which is written into a builder comes from."""
        ...

    def adds_to(self, call: Call, builder: Created | Result) -> bool:
        """Say whether a call adds to a list of a builder."""
        ...

    def is_own(self, request: Value) -> bool:
        """Say whether the library made a request, in code that a shrinker put into the app's."""
        ...

    def addresses(self, request: Value) -> Iterator[tuple[int, Value]]:
        """Yield what the builder of a request was given as its address, with the place of the call."""
        ...


def client_names(code: CodeContext, resolver: Resolver) -> Iterator[ClientNames]:
    """Yield the names of every copy of the library."""
    named = NamedClients(code)
    if named.clients:
        yield named
    for renamed in code.renamed_okhttp:
        if renamed.client is not None and renamed.builder is not None:
            yield RenamedClients(code, renamed)


class NamedClients:
    """Copies that kept their names, perhaps behind another package."""

    def __init__(self, code: CodeContext) -> None:
        """Find the names in the program of `code`."""
        self._program = code.program
        named = (name for family in _FAMILIES for name in code.program.lookup.types_ending(family))
        self.clients = frozenset(name for name in named if _CLIENT_TYPE.fullmatch(name))
        self.builders = frozenset(name.replace("OkHttpClient;", "OkHttpClient$Builder;") for name in self.clients)
        self._packages = tuple(name.removesuffix("OkHttpClient;") for name in self.clients)

    def calls(self) -> Iterator[tuple[Site, int, int]]:
        """Yield the calls outside the library that a client and a request are given, with the places of both."""
        owners = {*self.clients, *(f"{package}Call$Factory;" for package in self._packages)}
        refs = [ref for owner in sorted(owners) for name in _CALLS for ref in self._program.method_refs(owner, name)]
        for site in self._program.users.callers_of(refs) if refs else ():
            if not self.is_inside(site.method.ref.owner):
                yield site, 0, 1

    def is_inside(self, descriptor: str) -> bool:
        """Say whether a class is the library's."""
        return descriptor.startswith(self._packages)

    def is_set_up_later(self, client: str) -> bool:
        """Say whether clients are changed after they were made, as those of OkHttp 2 are."""
        return client.endswith("com/squareup/okhttp/OkHttpClient;")

    def derives(self, ref: MethodRef) -> bool:
        """Say whether a method of a client makes a builder that has what the client has."""
        return ref.owner in self.clients and ref.name == "newBuilder"

    def effect(self, ref: MethodRef | FieldRef) -> Effect | None:
        """Say what a call of a builder, or a write into a field of it, does."""
        if ref.name in _SETTERS:
            return "pins"
        return "may pin" if ref.name in _OTHER_WAYS else None

    def copied_from(self, event: Event) -> Value | None:
        """Return the client that a value which is written into a builder comes from."""
        return None

    def adds_to(self, call: Call, builder: Created | Result) -> bool:
        """Say whether a call adds to a list of a builder."""
        return False

    def is_own(self, request: Value) -> bool:
        """Say whether the library made a request, in code that a shrinker put into the app's."""
        return False

    def addresses(self, request: Value) -> Iterator[tuple[int, Value]]:
        """Yield what the builder of a request was given as its address, with the place of the call."""
        for part in walk(request):
            match part:
                case Result(ref=ref, arguments=(_, address, *_), offset=offset) if _names_address(ref):
                    yield offset, address
                case Created(events=events):
                    for event in events:
                        if isinstance(event.ref, MethodRef) and _names_address(event.ref) and event.arguments:
                            yield event.offset, event.arguments[0]


class RenamedClients:
    """A copy that was recognised by structure."""

    def __init__(self, code: CodeContext, renamed: RenamedOkHttp) -> None:
        """Use what is known of `renamed`."""
        assert renamed.client is not None and renamed.builder is not None, "only such copies are followed"
        self._code = code
        self._program = code.program
        self._renamed = renamed
        self._client = renamed.client
        self.clients = frozenset({renamed.client})
        self.builders = frozenset({renamed.builder})

    def calls(self) -> Iterator[tuple[Site, int, int]]:
        """Yield the calls outside the library that a client and a request are given, with the places of both."""
        refs = self._renamed.requests.calls
        for site in self._program.users.callers_of(refs) if refs else ():
            ref, owner = site.target, site.method.ref.owner
            assert isinstance(ref, MethodRef), "callers call methods"
            method = self._program.resolve_method(ref)
            # What hands its own arguments on is one of them itself: whoever calls it is found.
            if owner == ref.owner or self.is_inside(owner) or method is None or site.method.ref in refs:
                continue
            types = ref.parameters if method.is_static else (ref.owner, *ref.parameters)
            yield site, types.index(self._client), types.index(str(self._renamed.requests.request))

    def is_inside(self, descriptor: str) -> bool:
        """Say whether a class is the library's."""
        return descriptor in self._renamed.classes

    def is_set_up_later(self, client: str) -> bool:
        """Say whether clients are changed after they were made, as those of OkHttp 2 are."""
        return False

    def derives(self, ref: MethodRef) -> bool:
        """Say whether a method of a client makes a builder that has what the client has."""
        return ref.owner == self._client and ref.return_type in self.builders and not ref.parameters

    def effect(self, ref: MethodRef | FieldRef) -> Effect | None:
        """Say what a call of a builder, or a write into a field of it, does."""
        given = self._renamed.setters.get(ref) if isinstance(ref, MethodRef) else None
        role = self._renamed.fields.get(ref) if isinstance(ref, FieldRef) else given.role if given else None
        if isinstance(ref, MethodRef) and role is None:
            # Whoever asks a builder for a list may add to it.
            role = self._renamed.lists.get(ref)
        if role == "pinner":
            return "pins"
        return "may pin" if role in _OTHER_ROLES else None

    def copied_from(self, event: Event) -> Value | None:
        """Return the client that a value which is written into a builder comes from."""
        for value in event.arguments[:1]:
            for part in walk(value):
                if isinstance(part, FieldValue) and part.ref.owner == self._client:
                    return part.base
        return None

    def adds_to(self, call: Call, builder: Created | Result) -> bool:
        """Say whether a call adds to a list of a builder."""
        for one in alternatives(call.arguments[0]) if call.arguments else ():
            if not isinstance(one, FieldValue) or self._renamed.fields.get(one.ref) not in _OTHER_ROLES:
                continue
            base = one.base
            if isinstance(base, Created | Result) and (base.method, base.offset) == (builder.method, builder.offset):
                return True
        return False

    def is_own(self, request: Value) -> bool:
        """Say whether the library made a request, in code that a shrinker put into the app's."""
        return Text(WEB_SOCKET_KEY) in walk(request)

    def addresses(self, request: Value) -> Iterator[tuple[int, Value]]:
        """Yield what the builder of a request was given as its address, with the place of the call."""
        wanted = self._renamed.requests.addresses
        for part in walk(request):
            match part:
                case Result(ref=ref, arguments=(_, address, *_), offset=offset) if ref in wanted:
                    yield from ((offset, text) for text in self._texts(address))
                case Created(events=events):
                    for event in events:
                        for address in self._given_addresses(event):
                            yield from ((event.offset, text) for text in self._texts(address))

    def _given_addresses(self, event: Event) -> Iterator[Value]:
        """Yield the addresses that a setter or, where the whole builder was inlined, the request is given."""
        ref = event.ref
        if event.position or not event.arguments:
            return
        if ref in self._renamed.requests.addresses:
            yield event.arguments[0]
        elif isinstance(ref, MethodRef) and (ref.owner, ref.name) == (self._renamed.requests.request, "<init>"):
            pairs = zip(event.arguments, ref.parameters, strict=False)
            yield from (value for value, kind in pairs if kind == self._renamed.exchange.url)

    def _texts(self, address: Value) -> Iterator[Value]:
        """Yield an address that is a text, or the texts that the library is given to parse it."""
        url = self._renamed.exchange.url
        found = False
        for part in walk(address):
            if isinstance(part, Result) and url in (part.ref.return_type, part.ref.owner):
                for given in _given_texts(part):
                    found = True
                    yield given
        if not found:
            yield address


def _names_address(ref: MethodRef) -> bool:
    return ref.name == "url" and ref.owner.endswith("/Request$Builder;")


def _given_texts(made: Result) -> Iterator[Value]:
    """Yield the texts that a call is given, or the builder that it is made on."""
    first = 0 if made.kind == "static" else 1
    given = zip(made.arguments[first:], made.ref.parameters, strict=False)
    yield from (value for value, kind in given if kind == _STRING)
    for builder in alternatives(made.arguments[0]) if first and made.arguments else ():
        for event in builder.events if isinstance(builder, Created) else ():
            if isinstance(event.ref, MethodRef) and event.position == 0 and event.ref.name != "<init>":
                pairs = zip(event.arguments, event.ref.parameters, strict=False)
                yield from (value for value, kind in pairs if kind == _STRING)
