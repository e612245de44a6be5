"""Recognises clients of a renamed OkHttp, their builders and what these are given, by structure and surviving texts."""

from collections.abc import Iterator

from analyzer.dataflow.evaluate import Evaluator, MethodValues
from analyzer.dataflow.values import Created, FieldValue, Parameter, Result, Value, alternatives, walk
from analyzer.dex import DexMethod, FieldRef, MethodRef, Program
from analyzer.extractors.code.okhttp_binding import OkHttpCopy
from analyzer.extractors.code.okhttp_exchange import bind_exchange, bind_requests
from analyzer.extractors.code.okhttp_roles import (
    LISTS,
    Exchange,
    Given,
    Part,
    RenamedOkHttp,
    Requests,
    Role,
    Scanner,
)
from analyzer.extractors.code.okhttp_specs import bind_specs
from analyzer.extractors.code.okhttp_version_2 import bind_version_2

_TYPES: dict[str, Role] = {
    "Ljavax/net/ssl/SSLSocketFactory;": "socket-factory",
    "Ljavax/net/ssl/X509TrustManager;": "trust-manager",
    "Ljavax/net/ssl/HostnameVerifier;": "verifier",
}
_LISTS: tuple[tuple[str, Role], ...] = (
    # OkHttpClient(Builder), 3.9 to 5.x: "Null interceptor: " + interceptors.
    ("Null interceptor: ", "interceptor"),
    ("Null network interceptor: ", "network-interceptor"),
)
_LOCATION = "Location"
"""RetryAndFollowUpInterceptor asks for it between the two questions whether to follow (3.0 to 5.x)."""


def bind_members(program: Program, evaluator: Evaluator, copy: OkHttpCopy) -> RenamedOkHttp | None:
    """Recognise what a copy that was found by structure consists of; None for copies with names.

    Of OkHttp 2, whose clients are their own builders, only what has to do with interceptors is looked for.
    """
    if copy.found_by != "structure":
        return None
    scanner = Scanner(program, evaluator)
    return bind_version_2(scanner, copy) if copy.mechanism == "okhttp2" else _Binder(scanner, copy).bound()


class _Binder:
    def __init__(self, scanner: Scanner, copy: OkHttpCopy) -> None:
        self._scanner = scanner
        self._program = scanner.program
        self._copy = copy

    def bound(self) -> RenamedOkHttp:
        exchange = bind_exchange(self._scanner)
        missing: dict[Part, None] = {}
        pair = self._client()
        if pair is None:
            missing["clients"] = None
            found = RenamedOkHttp(pinner=self._copy.pinner, exchange=exchange)
        else:
            found = self._of(pair, exchange)
        roles = set(found.fields.values())
        lacks: tuple[tuple[Part, bool], ...] = (
            ("interceptors", exchange.intercept is None or not {"interceptor", "network-interceptor"} <= roles),
            ("handshake", not exchange.peer),
            ("connection-specs", "connection-specs" not in roles or not found.specs.versions),
            ("redirects", not {"follow-redirects", "follow-ssl-redirects"} <= roles),
            ("requests", not found.requests.calls or not found.requests.addresses),
        )
        missing.update({part: None for part, absent in lacks if absent})
        return RenamedOkHttp(
            pinner=found.pinner,
            client=found.client,
            builder=found.builder,
            fields=found.fields,
            setters=found.setters,
            lists=found.lists,
            exchange=exchange,
            specs=found.specs,
            requests=found.requests,
            missing=tuple(missing),
        )

    # ---- the client and its builder

    def _client(self) -> tuple[str, str, DexMethod] | None:
        """Find the class whose constructor takes another that has a pinner: ``OkHttpClient(Builder)``."""
        owners = {ref.owner for ref in self._copy.client_fields} | {ref.owner for ref in self._copy.setters}
        found = [
            (owner, method.ref.parameters[0], method)
            for owner in sorted(owners)
            for method in self._scanner.methods_of(owner)
            if method.ref.name == "<init>"
            and len(method.ref.parameters) == 1
            and method.ref.parameters[0] in owners - {owner}
            and self._freezes(method)
        ]
        return found[0] if len(found) == 1 else None

    def _freezes(self, constructor: DexMethod) -> bool:
        """Say whether a constructor copies lists of its argument: a client does, its builder adds to its own."""
        values = self._scanner.values(constructor)
        other = constructor.ref.parameters[0]
        return any(
            isinstance(one, Result) and one.ref.owner != other and bool(self._scanner.fields_in(one, other))
            for store in (values.stores.values() if values is not None else ())
            if store.ref.type in LISTS and store.ref.owner == constructor.ref.owner
            for one in alternatives(store.value)
        )

    def _of(self, pair: tuple[str, str, DexMethod], exchange: Exchange) -> RenamedOkHttp:
        client, builder, constructor = pair
        values = self._scanner.values(constructor)
        assert values is not None, "its stores were looked at"
        twins = dict(self._twins(values, client, builder))
        fields: dict[FieldRef, Role] = {}
        for field in (*twins, *twins.values(), *self._all_fields(builder)):
            if field.type == self._copy.pinner:
                fields[field] = "pinner"
            elif (role := self._role_of(field.type)) is not None:
                fields[field] = role
        for field, role in (*self._lists(client), *self._redirects(client)):
            fields[field] = role
            if field in twins:
                fields[twins[field]] = role
        default, specs = bind_specs(self._scanner, client, builder)
        if default is not None:
            fields[default] = "connection-specs"
            fields.update({one: "connection-specs" for one, twin in twins.items() if twin == default})
        requests = bind_requests(self._scanner, client, exchange) if exchange.url is not None else Requests()
        return RenamedOkHttp(
            pinner=self._copy.pinner,
            client=client,
            builder=builder,
            fields=fields,
            setters=dict(self._setters(builder, fields)),
            lists=dict(self._handing_out(builder, fields)),
            specs=specs,
            requests=requests,
        )

    def _twins(self, values: MethodValues, client: str, builder: str) -> Iterator[tuple[FieldRef, FieldRef]]:
        """Yield the fields of a client with those of the builder that they are filled from."""
        found: dict[FieldRef, set[FieldRef]] = {}
        for store in values.stores.values():
            if store.ref.owner == client:
                sources = self._scanner.fields_in(store.value, builder)
                suited = {ref for ref in sources if ref.type == store.ref.type or ref.type in LISTS}
                found.setdefault(store.ref, set()).update(suited)
        for field, one in found.items():
            if len(one) == 1:
                yield field, next(iter(one))

    def _all_fields(self, descriptor: str) -> tuple[FieldRef, ...]:
        found = self._program.find_class(descriptor)
        return () if found is None else tuple(field.ref for field in found.fields if not field.is_static)

    def _role_of(self, type_name: str) -> Role | None:
        # A shrinker may have narrowed the type to the one class whose objects it saw there.
        names = (type_name, *self._program.hierarchy.supertypes_of(type_name))
        return next((_TYPES[name] for name in names if name in _TYPES), None)

    def _lists(self, client: str) -> Iterator[tuple[FieldRef, Role]]:
        found: dict[Role, set[FieldRef]] = {}
        for text, role in _LISTS:
            for site in self._scanner.loads(text):
                field = self._scanner.member_after(site, client, LISTS)
                if field is not None and site.method.owner.descriptor == client:
                    found.setdefault(role, set()).add(field)
        if not found:
            found = self._lists_by_order(client)
        fields = [field for of_role in found.values() for field in of_role]
        if len(found) == len(_LISTS) == len(fields) == len(set(fields)):
            yield from ((field, role) for role, of_role in found.items() for field in of_role)

    def _lists_by_order(self, client: str) -> dict[Role, set[FieldRef]]:
        """Find both lists of a client by the order in which a call puts them into one, where no text tells them.

        ``RealCall.getResponseWithInterceptorChain`` (3.0 to 3.8) adds the application's first, the network's last.
        """
        lists = [field for field in self._all_fields(client) if field.type in LISTS]
        getters = [one.ref for one in self._scanner.methods_of(client) if self._scanner.getter(one.ref) in lists]
        sites = (*self._program.users.readers_of(lists), *self._program.users.callers_of(getters))
        found: dict[Role, set[FieldRef]] = {}
        for method in dict.fromkeys(site.method for site in sites if site.method.ref.owner != client):
            values = self._scanner.values(method)
            added: list[FieldRef] = []
            for _, call in sorted(values.calls.items()) if values is not None else ():
                if call.ref.name == "addAll" and len(call.arguments) == 2 and isinstance(call.arguments[0], Created):
                    added += self._scanner.fields_in(call.arguments[1], client)
            if len(added) == 2:
                found.setdefault("interceptor", set()).add(added[0])
                found.setdefault("network-interceptor", set()).add(added[1])
        return found

    def _redirects(self, client: str) -> Iterator[tuple[FieldRef, Role]]:
        """Find both settings by where they are asked: before and after the answer's header ``Location`` is read."""
        found: set[tuple[FieldRef, FieldRef]] = set()
        for site in self._scanner.loads(_LOCATION):
            every = [one for ref in self._scanner.members(site.method) if (one := self._flag(ref, client))]
            behind = self._scanner.members(site.method, site.offset)
            after = [one for ref in behind if (one := self._flag(ref, client))]
            before = every[: len(every) - len(after)]
            if before and after and before[-1] != after[0]:
                found.add((before[-1], after[0]))
        if len(found) == 1:
            first, second = found.pop()
            yield first, "follow-redirects"
            yield second, "follow-ssl-redirects"

    def _flag(self, ref: FieldRef | MethodRef, client: str) -> FieldRef | None:
        field = ref if isinstance(ref, FieldRef) else self._scanner.getter(ref) if ref.owner == client else None
        return field if field is not None and (field.owner, field.type) == (client, "Z") else None

    # ---- what the builder is given

    def _handing_out(self, builder: str, fields: dict[FieldRef, Role]) -> Iterator[tuple[MethodRef, Role]]:
        for method in self._scanner.methods_of(builder):
            if method.ref.return_type not in LISTS or method.ref.parameters:
                continue
            field = self._scanner.getter(method.ref)
            role = None if field is None else fields.get(field)
            if role in ("interceptor", "network-interceptor"):
                yield from ((ref, role) for ref in self._scanner.all_names(method))

    def _setters(self, builder: str, fields: dict[FieldRef, Role]) -> Iterator[tuple[MethodRef, Given]]:
        for method in self._scanner.methods_of(builder):
            if method.ref.name == "<init>" or method.is_static:
                continue
            values = self._scanner.values(method)
            given = None if values is None else _given(values, fields)
            if given is not None:
                yield from ((ref, given) for ref in self._scanner.all_names(method))


def _given(values: MethodValues, fields: dict[FieldRef, Role]) -> Given | None:
    """Return what a setter takes: what it stores, or adds to a list."""
    found: dict[Given, None] = {}
    for store in values.stores.values():
        role = fields.get(store.ref)
        if role is not None and isinstance(store.base, Parameter) and store.base.index == 0:
            found[Given(role, _source(store.value))] = None
    for call in values.calls.values():
        if call.ref.name != "add" or len(call.arguments) != 2:
            continue
        for one in alternatives(call.arguments[0]):
            role = fields.get(one.ref) if isinstance(one, FieldValue) and isinstance(one.base, Parameter) else None
            if role is not None:
                found[Given(role, _source(call.arguments[1]))] = None
    given = [one for one in found if one.role != "trust-manager"] or list(found)
    return given[0] if len(given) == 1 else None


def _source(value: Value) -> int | Value:
    """Return the argument that a value is made of, or the value itself."""
    indices = {part.index for part in walk(value) if isinstance(part, Parameter) and part.index > 0}
    return indices.pop() if len(indices) == 1 else value
