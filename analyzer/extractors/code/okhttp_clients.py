"""Requests made with OkHttp clients that certainly have no pins: their hosts are contacted past every pinner."""

import itertools
from collections.abc import Iterable, Iterator

import msgspec

from analyzer.dataflow.question import Instance
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import Created, Event, FieldValue, OneOf, Parameter, Result, Value, alternatives
from analyzer.dex import DexMethod, FieldRef, MethodRef
from analyzer.extractors.code.context import CodeContext, location_in, location_of
from analyzer.extractors.code.host_names import hosts_in, is_loopback
from analyzer.extractors.code.okhttp_client_names import ClientNames, Effect, State, client_names
from analyzer.extractors.code.reached import Activations
from analyzer.model import ApiUse, Location

PLAIN_CLIENT = "okhttp-plain-client"
"""An OkHttp client without pins makes a call. The argument is the host, where it is known."""
CLIENT = "okhttp-plain"
"""The name of such a client in `HostFact.client`, beside that of any client of the library."""
OKHTTP = "okhttp"

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
    runs = Activations(code.program, code.component_classes)
    for names in client_names(code, resolver):
        yield from _requests(code, resolver, names, runs)


def _requests(code: CodeContext, resolver: Resolver, names: ClientNames, runs: Activations) -> Iterator[PlainRequest]:
    clients = _Clients(code, resolver, names)
    for site, client, request in itertools.islice(names.calls(), _MAX_SITES):
        values = resolver.evaluator.evaluate(site.method)
        call = values.calls.get(site.offset) if values is not None else None
        owner = code.owner_of(site.method.ref.owner)
        if call is None or len(call.arguments) <= max(client, request) or owner.startswith("sdk:"):
            continue
        if clients.state(call.arguments[client]) != "plain":
            continue
        activation = runs.of(site.method)
        hosts = dict(clients.hosts_of(call.arguments[request], site.method))
        if not hosts and names.is_own(call.arguments[request]):
            continue
        for host, place in hosts.items() or [(None, location_of(site))]:
            use = ApiUse(
                api=PLAIN_CLIENT, activation=activation, owner=owner, arguments=(host,), evidence=(location_of(site),)
            )
            yield PlainRequest(host, owner, place, use)


class _Clients:
    """Follows the clients of one kind of names."""

    def __init__(self, code: CodeContext, resolver: Resolver, names: ClientNames) -> None:
        self._program = code.program
        self._resolver = resolver
        self._evaluator = resolver.evaluator
        self._names = names
        self._fields: dict[FieldRef, State] = {}

    # ---- clients

    def state(self, value: Value, depth: int = 0) -> State:
        """Say whether a client has pins."""
        if depth > _MAX_DEPTH:
            return "unknown"
        match value:
            case OneOf(values=values):
                return _all(self.state(one, depth + 1) for one in values)
            case Created(type=name) if name in self._names.clients:
                return self._created(value, depth)
            case Result(ref=ref) if ref.return_type in self._names.clients or ref.owner in self._names.builders:
                return self._returned(value, depth)
            case FieldValue(ref=field, base=base):
                held = self._held(field, depth)
                return self._of_object(value, depth) if held == "unknown" and isinstance(base, Created) else held
            case Parameter(method=method, index=index):
                return self._given(method, index, depth)
        return "unknown"

    def _created(self, client: Created, depth: int) -> State:
        made = next((event for event in client.events if _is_constructor(event, client.type)), None)
        if made is None:
            return "unknown"
        if made.arguments:
            return self._built(made.arguments[0], depth + 1)
        return self._changed(client.events, "plain", depth) if self._names.is_set_up_later(client.type) else "plain"

    def _returned(self, result: Result, depth: int) -> State:
        ref = result.ref
        if ref.owner in self._names.builders and ref.return_type in self._names.clients and result.arguments:
            return self._built(result.arguments[0], depth + 1)
        if self._names.is_inside(ref.owner):
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
            case Created(type=name, events=events) if name in self._names.builders:
                made = next((event for event in events if _is_constructor(event, name)), None)
                if made is None or len(made.arguments) > 1:
                    return "unknown"
                before = self.state(made.arguments[0], depth + 1) if made.arguments else "plain"
                return self._filled(builder, self._changed(events, before, depth))
            case Result(ref=ref, arguments=arguments) if arguments and self._names.derives(ref):
                before = self.state(arguments[0], depth + 1)
                return self._filled(builder, self._changed(_later(builder), before, depth))
            case Result(ref=ref, arguments=arguments) if ref.owner in self._names.builders and arguments:
                # A method of the builder that was not seen to return it.
                if ref.return_type not in self._names.builders:
                    return "unknown"
                before = self._after(self._names.effect(ref), self._built(arguments[0], depth + 1))
                return self._filled(builder, self._changed(_later(builder), before, depth))
        return "unknown"

    def _changed(self, events: Iterable[Event], before: State, depth: int) -> State:
        """Say what a builder, or a client of OkHttp 2, is after some calls, and writes where setters were inlined."""
        state = before
        for event in events:
            ref = event.ref
            if isinstance(ref, FieldRef):
                copied = self._names.copied_from(event)
                if copied is None:
                    state = self._after(self._names.effect(ref), state)
                elif self._names.effect(ref) == "pins":
                    # The builder of another client, which newBuilder made before it was inlined.
                    state = self.state(copied, depth + 1)
            elif ref is None or (event.position > 0 and ref.name != "<init>"):
                # Whoever was handed it may have set a pinner.
                return "unknown"
            else:
                state = self._after(self._names.effect(ref), state)
        return state

    def _filled(self, builder: Created | Result, before: State) -> State:
        """Say what a builder is after interceptors were added to its lists, where the setters were inlined."""
        method = self._program.resolve_method(builder.method)
        values = self._evaluator.evaluate(method) if method is not None else None
        added = values is not None and any(
            self._names.adds_to(call, builder) for call in values.calls.values() if call.ref.name == "add"
        )
        return self._after("may pin", before) if added else before

    @staticmethod
    def _after(effect: Effect | None, before: State) -> State:
        """Say what a builder is after one call of it."""
        if effect == "pins":
            return "pinned"
        return "unknown" if effect == "may pin" and before == "plain" else before

    def _held(self, field: FieldRef, depth: int) -> State:
        known = self._fields.get(field)
        if known is None:
            self._fields[field] = "unknown"
            known = self._written(field, depth)
            if known == "plain" and self._names.is_set_up_later(field.type):
                known = self._set_later(field)
            self._fields[field] = known
        return known

    def _set_later(self, field: FieldRef) -> State:
        """Say what a client of OkHttp 2 is after what code does to it that reads it from a field, or is handed it."""
        refs = [ref for ref in self._program.method_refs(field.type) if self._names.effect(ref) is not None]
        states: set[State] = {"plain"}
        for site in self._program.users.callers_of(refs)[:_MAX_SITES] if refs else ():
            values = self._evaluator.evaluate(site.method)
            call = values.calls.get(site.offset) if values is not None else None
            for receiver in alternatives(call.arguments[0]) if call is not None and call.arguments else ():
                if isinstance(receiver, FieldValue) and receiver.ref == field and call is not None:
                    states.add("pinned" if self._names.effect(call.ref) == "pins" else "unknown")
                elif isinstance(receiver, Parameter):
                    states.add("unknown")
        return "pinned" if "pinned" in states else "unknown" if "unknown" in states else "plain"

    def _of_object(self, value: FieldValue, depth: int) -> State:
        """Say what a known object holds in a field that others of its class, merged ones perhaps, use differently."""
        found = self._resolver.resolve(value)
        inner = [one.value if isinstance(one, Instance) else one for one in found.values]
        if found.state != "constant" or not inner:
            return "unknown"
        return _all(self.state(one, depth + 1) for one in inner)

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
        for offset, address in self._names.addresses(request):
            for text in self._resolver.resolve_texts(address).texts:
                for named in hosts_in(text, of_library=False):
                    if named.name and not is_loopback(named.name):
                        yield named.name, location_in(method, offset, text)


def _is_constructor(event: Event, type_name: str) -> bool:
    ref = event.ref
    return isinstance(ref, MethodRef) and ref.name == "<init>" and ref.owner == type_name and event.position == 0


def _later(result: Result) -> tuple[Event, ...]:
    return tuple(event for history in result.histories for event in history)


def _all(states: Iterable[State]) -> State:
    """Join states: only what holds for all is known."""
    distinct = set(states)
    return distinct.pop() if len(distinct) == 1 else "unknown"
