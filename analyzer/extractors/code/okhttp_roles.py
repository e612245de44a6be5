"""What classes and members of a renamed OkHttp are, as far as they were recognised; and how to look for them."""

from collections.abc import Iterator
from typing import Literal

import msgspec

from analyzer.dataflow.evaluate import Evaluator, MethodValues
from analyzer.dataflow.values import FieldValue, Parameter, Result, Value, walk
from analyzer.dex import DexClass, DexMethod, FieldRef, MethodRef, Program, Site

Role = Literal[
    "pinner", "interceptor", "network-interceptor", "connection-specs", "follow-redirects", "follow-ssl-redirects",
    "socket-factory", "trust-manager", "verifier",
]  # fmt: skip
"""What a setter of ``OkHttpClient.Builder`` (3.x to 5.x) takes, or a field of it holds."""
Part = Literal["clients", "settings", "interceptors", "handshake", "connection-specs", "redirects", "requests"]
"""What can be recognised by itself; what is not is told."""
LISTS = frozenset({"Ljava/util/List;", "Ljava/util/ArrayList;", "Ljava/util/Collection;"})
_LOADS = frozenset({0x1A, 0x1B})
_FIELD_READS = frozenset(range(0x52, 0x59))
_CALLS = frozenset({*range(0x6E, 0x73), *range(0x74, 0x79)})


class Given(msgspec.Struct, frozen=True):
    """What a setter takes."""

    role: Role
    value: int | Value
    """Index of the argument (the receiver counts); or the value, where it became a constant of the setter."""


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """What interceptors see: the chain they get, the handshake and the address."""

    interceptor: str | None = None
    intercept: MethodRef | None = None
    """``Interceptor.intercept``, as the library calls it."""
    handshake: str | None = None
    peer: frozenset[MethodRef | FieldRef] = frozenset()
    """What hands out the certificates of the server: members of the handshake."""
    asking: frozenset[str] = frozenset()
    """Classes of the library that compare the certificates of a handshake themselves."""
    host: frozenset[MethodRef | FieldRef] = frozenset()
    """``HttpUrl.host``."""
    url: str | None = None
    """``HttpUrl``."""


class Requests(msgspec.Struct, frozen=True, kw_only=True):
    """What requests are made with."""

    request: str | None = None
    builders: frozenset[str] = frozenset()
    addresses: frozenset[MethodRef | FieldRef] = frozenset()
    """Setters of the address, and the field that has it."""
    calls: tuple[MethodRef, ...] = ()
    """What makes a call of a client and a request."""
    own: frozenset[str] = frozenset()
    """Classes of requests and of the library that makes calls itself, unless they are the app's as well."""
    parsers: tuple[MethodRef, ...] = ()
    """What makes an address of a text."""


class Specs(msgspec.Struct, frozen=True, kw_only=True):
    """``ConnectionSpec`` and what is given to its builder."""

    classes: frozenset[str] = frozenset()
    versions: tuple[MethodRef, ...] = ()
    suites: tuple[MethodRef, ...] = ()
    names: dict[FieldRef, str] = {}
    """The library's own names of its constants: specifications and cipher suites."""
    by_field: frozenset[FieldRef] = frozenset()
    """Fields of the builder that setters which were inlined elsewhere write."""


class RenamedOkHttp(msgspec.Struct, frozen=True, kw_only=True):
    """A copy of OkHttp under other names; of version 2 only what has to do with interceptors is known."""

    pinner: str
    client: str | None = None
    """``OkHttpClient`` of OkHttp 3 or later."""
    builder: str | None = None
    fields: dict[FieldRef, Role] = {}
    """Fields of the client and of its builder."""
    setters: dict[MethodRef, Given] = {}
    """Setters of the builder by all names they are called."""
    lists: dict[MethodRef, Role] = {}
    """What hands out the builder's lists of interceptors, which anybody may then change."""
    exchange: Exchange = Exchange()
    specs: Specs = Specs()
    requests: Requests = Requests()
    missing: tuple[Part, ...] = ()

    @property
    def classes(self) -> frozenset[str]:
        """Descriptors of the classes that were recognised."""
        exchange, requests = self.exchange, self.requests
        found = {
            self.pinner, self.client, self.builder, exchange.interceptor, exchange.handshake, exchange.url,
            *requests.own, *requests.builders, *self.specs.classes,
        }  # fmt: skip
        return frozenset(name for name in found if name is not None)


class Scanner:
    """Looks into one program."""

    def __init__(self, program: Program, evaluator: Evaluator) -> None:
        """Use the evaluated methods of `evaluator`."""
        self.program = program
        self.evaluator = evaluator
        self._getters: dict[MethodRef, FieldRef | None] = {}

    def values(self, method: DexMethod | None) -> MethodValues | None:
        """Return what is known of the values in a method."""
        return None if method is None else self.evaluator.evaluate(method)

    def methods_of(self, descriptor: str | None) -> tuple[DexMethod, ...]:
        """Return the methods that a class defines."""
        found = None if descriptor is None else self.program.find_class(descriptor)
        return () if found is None else found.methods

    def definition(self, descriptor: str) -> DexClass | None:
        """Return a class of the app."""
        return self.program.find_class(descriptor)

    def loads(self, text: str) -> tuple[Site, ...]:
        """Return where a text is loaded."""
        return self.program.users.loads_of((text,))

    def member_after(self, site: Site, owner: str, types: frozenset[str]) -> FieldRef | None:
        """Return the first field of a class that is read after a text is loaded, itself or by a getter."""
        for ref in self.members(site.method, site.offset):
            field = ref if isinstance(ref, FieldRef) else self.getter(ref)
            if field is not None and field.owner == owner and field.type in types:
                return field
        return None

    def members(self, method: DexMethod, offset: int = -1) -> Iterator[FieldRef | MethodRef]:
        """Yield the fields that a method reads and the methods it calls behind an offset, in the order of its code."""
        code = method.code()
        for instruction in code.instructions if code is not None else ():
            if instruction.offset <= offset or instruction.index is None:
                continue
            if instruction.opcode in _FIELD_READS:
                yield method.file.field(instruction.index)
            elif instruction.opcode in _CALLS:
                yield method.file.method(instruction.index)

    def getter(self, ref: MethodRef) -> FieldRef | None:
        """Return the field of its own object that a method without arguments returns."""
        if ref not in self._getters:
            self._getters[ref] = self._returned_field(ref)
        return self._getters[ref]

    def _returned_field(self, ref: MethodRef) -> FieldRef | None:
        method = self.program.resolve_method(ref) if not ref.parameters and ref.return_type != "V" else None
        if method is None or method.is_static:
            return None
        values = self.values(method)
        if values is None or len(values.returns) != 1:
            return None
        value = values.returns[0]
        return value.ref if isinstance(value, FieldValue) and isinstance(value.base, Parameter) else None

    def fields_in(self, value: Value, owner: str) -> list[FieldRef]:
        """Return the fields of a class that a value is made of, read or asked for, without repeats."""
        found: dict[FieldRef, None] = {}
        for part in walk(value):
            if isinstance(part, FieldValue):
                field: FieldRef | None = part.ref
            else:
                field = self.getter(part.ref) if isinstance(part, Result) and part.ref.owner == owner else None
            if field is not None and field.owner == owner:
                found[field] = None
        return list(found)

    def all_names(self, method: DexMethod) -> tuple[MethodRef, ...]:
        """Return the references by which a method is called."""
        return self.program.refs_reaching(method)
