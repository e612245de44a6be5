"""OkHttp clients that an app builds, each with what it was given: pinner, trust manager, verifier."""

from collections.abc import Iterable, Iterator

import msgspec

from analyzer.dataflow.question import Frame, Instance
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import Created, Event, FieldValue, Items, Number, Result, Value, alternatives, walk
from analyzer.dataflow.wiring import Use, Wiring
from analyzer.dex import FieldRef, MethodRef, Program, Site, dotted
from analyzer.extractors.code.callback_sinks import okhttp_client_classes, okhttp_receivers
from analyzer.extractors.code.callback_wiring import CallbackWiring
from analyzer.extractors.code.context import CodeContext, location_in, location_of
from analyzer.extractors.code.okhttp_binding import OkHttpCopy
from analyzer.model import AnalysisGap, ClientFact, Location

_MAX_CLIENTS = 100
_FACTORY = "Ljavax/net/ssl/SSLSocketFactory;"
_VERIFIER = "Ljavax/net/ssl/HostnameVerifier;"
_CONTEXT = "Ljavax/net/ssl/SSLContext;"
PLATFORM = "default"
"""Stands for the platform's own trust manager."""


class ClientFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What was found."""

    clients: tuple[ClientFact, ...] = ()
    gaps: tuple[AnalysisGap, ...] = ()


def extract_clients(code: CodeContext, wiring: CallbackWiring) -> ClientFacts:
    """Follow every builder of an OkHttp client that code outside of the library makes.

    A builder made from another client has what that one has; which one that is is not followed, so that what it was
    not given itself is unknown.
    """
    resolver = code.resolver or Resolver(code.program)
    clients: dict[ClientFact, None] = {}
    for copy in code.okhttp_copies:
        reader = _Reader(code, resolver, copy, wiring)
        for site, derived in reader.builders():
            if len(clients) >= _MAX_CLIENTS:
                return ClientFacts(clients=tuple(clients), gaps=(_too_many(),))
            clients[reader.client(site, derived=derived)] = None
    return ClientFacts(clients=tuple(clients))


class _Reader:
    def __init__(self, code: CodeContext, resolver: Resolver, copy: OkHttpCopy, wiring: CallbackWiring) -> None:
        self._code = code
        self._program: Program = code.program
        self._resolver = resolver
        self._copy = copy
        self._wiring = wiring
        self._flows = Wiring(resolver)
        # The chains of 5.x have all that a client has.
        intercepts = [one.exchange.intercept for one in code.renamed_okhttp if one.pinner == copy.pinner]
        chains = {one.parameters[0] for one in intercepts if one is not None}
        self._classes = frozenset(
            found.descriptor
            for found in okhttp_client_classes(code.program, copy)
            if not chains.intersection((found.descriptor, *code.program.hierarchy.supertypes_of(found.descriptor)))
        )
        self._setters = dict.fromkeys(
            (*(ref.owner for ref in copy.setters), *(ref.owner for ref in copy.client_fields))
        )
        self._given = dict(okhttp_receivers(code.program, copy))
        bound = (one for one in code.renamed_okhttp if one.pinner == copy.pinner)
        self._renamed = next((one for one in bound if one.client is not None and one.builder is not None), None)

        fields = {} if self._renamed is None else self._renamed.fields
        self._managers = frozenset(ref for ref, role in fields.items() if role == "trust-manager")

    def builders(self) -> Iterator[tuple[Site, bool]]:
        """Yield where builders are made, with whether they are made from another client."""
        if self._renamed is not None:
            yield from self._renamed_builders(str(self._renamed.client), str(self._renamed.builder))
            return
        makers = [
            ref
            for owner in sorted(self._classes)
            for ref in self._program.method_refs(owner)
            if ref.return_type in self._setters and not ref.parameters
        ]
        for site in self._program.users.creations_of(self._classes):
            if self._is_outside(site) and (self._is_builder(str(site.target)) or self._is_plain(site)):
                yield site, False
        for site in self._program.users.callers_of(makers) if makers else ():
            ref = site.target
            assert isinstance(ref, MethodRef)
            if self._is_outside(site) and ref.owner != ref.return_type and self._is_builder(ref.return_type):
                yield site, True

    def _renamed_builders(self, client: str, builder: str) -> Iterator[tuple[Site, bool]]:
        for site in self._program.users.creations_of((builder,)):
            if self._is_outside(site):
                yield site, self._is_copy(site)
        for site in self._program.users.creations_of((client,)):
            if self._is_outside(site) and self._is_plain(site):
                yield site, False
        makers = [
            ref for ref in self._program.method_refs(client) if (ref.return_type, ref.parameters) == (builder, ())
        ]
        for site in self._program.users.callers_of(makers) if makers else ():
            if self._is_outside(site):
                yield site, True

    def _is_copy(self, site: Site) -> bool:
        """Say whether a builder is made from another client: by a constructor, or by writes where that was inlined."""
        values = self._resolver.evaluator.evaluate(site.method)
        made = None if values is None else values.object_at(site.offset)
        for event in made.events if isinstance(made, Created) else ():
            constructor = isinstance(event.ref, MethodRef) and event.ref.name == "<init>" and event.position == 0
            if (constructor and event.arguments) or self._is_copied(event):
                return True
        return False

    def _is_copied(self, event: Event) -> bool:
        client = None if self._renamed is None else self._renamed.client
        parts = (part for value in event.arguments for part in walk(value)) if isinstance(event.ref, FieldRef) else ()
        return any(isinstance(part, FieldValue) and part.ref.owner == client for part in parts)

    def _is_outside(self, site: Site) -> bool:
        owner = site.method.owner.descriptor
        if self._code.owner_of(owner) == "sdk:okhttp" or owner in self._classes | self._copy.classes:
            return False
        if self._renamed is not None and owner in self._renamed.classes:
            return False
        prefix = self._copy.pinner.rpartition("/")[0]
        return self._copy.found_by == "structure" or not owner.startswith(f"{prefix}/")

    def _is_builder(self, descriptor: str) -> bool:
        """Say whether objects of a class are given a pinner by setters, as builders and OkHttp 2's clients are."""
        return any(ref.owner == descriptor for ref in self._copy.setters) or (
            not self._copy.setters and descriptor in self._classes
        )

    def _is_plain(self, site: Site) -> bool:
        """Say whether a client is made without a builder: it is given nothing."""
        values = self._resolver.evaluator.evaluate(site.method)
        made = None if values is None else values.object_at(site.offset)
        return isinstance(made, Created) and any(
            isinstance(event.ref, MethodRef)
            and (event.ref.owner, event.ref.name, event.ref.parameters) == (made.type, "<init>", ())
            for event in made.events
        )

    def client(self, site: Site, *, derived: bool) -> ClientFact:
        """Describe the client that one builder makes."""
        flow = self._flows.follow(site.method, site.offset, self._is_built)
        uses = [use for use in flow.uses if use.position == 0]
        uses += self._written(site)
        pinners = [use for use in uses if use.ref in self._copy.setters or use.ref in self._copy.client_fields]
        factories = [use for use in uses if self._given.get(use.ref) == "socket-factory"]
        verifiers = [use for use in uses if self._given.get(use.ref) == "verifier"]
        # A client that is made without a builder is given nothing afterwards: those of OkHttp 3 do not change.
        finished = self._renamed is not None and site.target == self._renamed.client
        managers = [use for use in uses if use.ref in self._managers]
        open_flow = derived or (bool(flow.reasons) and not finished)
        places = dict.fromkeys([location_of(site), *self._places((*pinners, *factories, *verifiers))])
        return ClientFact(
            kind="okhttp",
            class_name=dotted(site.method.ref.owner),
            method=site.method.ref.name + site.method.ref.descriptor,
            derived=derived,
            pinned=self._pinned(pinners, open_flow=open_flow),
            trust_managers=self._classes_given(factories, 2) or self._classes_given(managers, 1),
            factory_managers=tuple(dict.fromkeys(name for use in factories for name in self._managers_of(use))),
            verifiers=self._classes_given(verifiers, 1),
            own_socket_factory=bool(factories) or (None if open_flow else False),
            own_verifier=bool(verifiers) or (None if open_flow else False),
            activation=self._wiring.runs.of(site.method),
            owner=self._code.owner_of(site.method.owner.descriptor),
            evidence=tuple(places),
        )

    def _written(self, site: Site) -> Iterator[Use]:
        """Yield the fields of the builder that are written where it is made: setters that were inlined."""
        values = self._resolver.evaluator.evaluate(site.method)
        made = None if values is None else values.object_at(site.offset)
        for event in made.events if isinstance(made, Created) else ():
            if not isinstance(event.ref, FieldRef) or self._is_copied(event):
                continue
            if event.ref in self._given or event.ref in self._copy.client_fields or event.ref in self._managers:
                yield Use(event.ref, 0, site.method.ref, event.offset, ())

    def _is_built(self, ref: MethodRef, position: int) -> bool:
        if self._renamed is not None and (ref.owner, ref.name, position) == (self._renamed.client, "<init>", 1):
            return True
        return position == 0 and ref.return_type in self._classes and ref.return_type != ref.owner

    def _places(self, uses: Iterable[Use]) -> Iterator[Location]:
        for use in uses:
            method = self._program.resolve_method(use.method)
            # In damaged code the name of a method may lead nowhere.
            if method is not None:
                yield location_in(method, use.offset, str(use.ref))

    def _argument(self, use: Use, index: int) -> Value | None:
        method = self._program.resolve_method(use.method)
        values = None if method is None else self._resolver.evaluator.evaluate(method)
        if values is not None and isinstance(use.ref, FieldRef):
            store = values.stores.get(use.offset)
            return store.value if store is not None and index == 1 else None
        call = None if values is None else values.calls.get(use.offset)
        return call.arguments[index] if call is not None and index < len(call.arguments) else None

    def _pinned(self, pinners: list[Use], *, open_flow: bool) -> bool | None:
        if not pinners:
            return None if open_flow else False
        given = [self._argument(use, 1) for use in pinners]
        empty = [isinstance(one, FieldValue) and one.ref in self._copy.defaults for one in given]
        return not all(empty)

    def _classes_given(self, uses: list[Use], index: int) -> tuple[str, ...]:
        given = (self._argument(use, index) for use in uses)
        return tuple(dict.fromkeys(name for value in given if value is not None for name in self._types(value, None)))

    def _types(self, value: Value, frame: Frame | None) -> Iterator[str]:
        for one in self._resolver.resolve(value, frame).values:
            for part in one.elements if isinstance(one, Items) else (one,):
                for inner in alternatives(part):
                    if isinstance(inner, Instance) and isinstance(inner.value, Created):
                        yield dotted(inner.value.type)
                    elif inner == Number(0):
                        yield PLATFORM
                    else:
                        yield "unknown"

    def _managers_of(self, use: Use) -> Iterator[str]:
        """Yield the classes of the trust managers that a socket factory was made with, as far as that is known."""
        given = self._argument(use, 1)
        for factory in self._resolver.resolve(given).values if given is not None else ():
            made = factory.value if isinstance(factory, Instance) else None
            if not isinstance(made, Result) or (made.ref.owner, made.ref.name) != (_CONTEXT, "getSocketFactory"):
                yield "unknown"
                continue
            assert isinstance(factory, Instance)
            for context in self._resolver.resolve(made.arguments[0], factory.frame).values:
                yield from self._managers_in(context)

    def _managers_in(self, context: Value) -> Iterator[str]:
        inner = context.value if isinstance(context, Instance) else None
        if not isinstance(inner, Result) or not isinstance(context, Instance):
            yield "unknown"
            return
        given = [
            event.arguments[1]
            for history in inner.histories
            for event in history
            if isinstance(event.ref, MethodRef)
            and (event.ref.owner, event.ref.name) == (_CONTEXT, "init")
            and len(event.arguments) > 1
        ]
        if not given:
            yield "unknown"
        for managers in dict.fromkeys(given):
            yield from self._types(managers, context.frame)


def _too_many() -> AnalysisGap:
    return AnalysisGap(
        stage="code",
        reason="limit",
        subject="OkHttp clients",
        detail=f"More than {_MAX_CLIENTS} OkHttp clients are built; the others were not looked at.",
        hides=("code",),
        incomplete=True,
    )
