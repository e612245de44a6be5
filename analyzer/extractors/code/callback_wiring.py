"""Whether objects that take part in TLS decisions are put to use: followed from their creation to what uses them."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Literal

import msgspec

from analyzer.dataflow.question import Step
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import Created, FieldValue, Number, Parameter
from analyzer.dataflow.wiring import Flow, Start, Use, Wiring
from analyzer.dex import DexMethod, FieldRef, MethodRef, Site, dotted
from analyzer.extractors.code.callback_sinks import VERIFIER, BoundSink, bind_sinks
from analyzer.extractors.code.context import CodeContext, location_in
from analyzer.extractors.code.merged_classes import discriminator_of
from analyzer.extractors.code.reached import Runs
from analyzer.extractors.sink_catalogue import Takes
from analyzer.model import Location
from analyzer.model.pins import Activation

Role = Literal["trust_manager", "socket_factory", "hostname_verifier", "webview_ssl_error", "interceptor"]
_TAKEN: dict[Role, frozenset[Takes]] = {
    "trust_manager": frozenset({"trust-manager", "socket-factory", "ssl-context"}),
    "socket_factory": frozenset({"socket-factory", "ssl-context"}),
    # A verifier that a socket factory asks is used where the factory is.
    "hostname_verifier": frozenset({"verifier", "socket-factory", "ssl-context"}),
    "webview_ssl_error": frozenset({"webview-client"}),
    "interceptor": frozenset({"interceptor"}),
}
_STRONGEST: tuple[Activation, ...] = ("active", "unknown", "created", "defined_only")
_MAX_CREATIONS = 64
"""Most places that create objects of one class which are followed."""
_MAX_TRAIL = 16


class Installed(msgspec.Struct, frozen=True):
    """A place where the object is handed to what uses it."""

    client: str
    """Name in ``callback_sinks.yaml``: ``okhttp``, ``https-url-connection`` …"""
    takes: Takes
    process_wide: bool
    activation: Activation
    """Whether the method that hands it over runs."""
    method: DexMethod
    offset: int
    one_host: bool = False
    """Whether what gets it connects to a single host."""


class Installation(msgspec.Struct, frozen=True):
    """Whether an object is put to use."""

    activation: Activation
    """``active``: handed to something that uses it, in code that runs; ``created``: created in code that may run, and
    handed to nothing; ``defined_only``: never created, or only in code that nothing leads to; ``unknown``: it could
    not be followed to the end, or may be created by reflection."""
    process_wide: bool
    """True where it holds for every connection that sets nothing of its own."""
    places: tuple[Installed, ...]
    """Where it is handed over, those that run first."""
    trail: tuple[Location, ...]
    """How it gets to the first of `places`; without one, where it is created."""
    reasons: tuple[str, ...]
    """Why it may go further than was seen."""

    @property
    def clients(self) -> tuple[str, ...]:
        """What uses it, without repeats."""
        return tuple(dict.fromkeys(place.client for place in self.places))


class CallbackWiring:
    """Answers for one app."""

    def __init__(self, code: CodeContext) -> None:
        """Follow objects in the program of `code`, to the sinks of its catalogue."""
        self._code = code
        self._program = code.program
        self._resolver = code.resolver or Resolver(code.program)
        self._wiring = Wiring(self._resolver)

    @cached_property
    def _sinks(self) -> dict[MethodRef | FieldRef, BoundSink]:
        return bind_sinks(self._code)

    @cached_property
    def _passing(self) -> frozenset[tuple[str, str]]:
        sinks = self._code.catalogue.callback_sinks
        return frozenset(name for member in sinks.passing for name in sinks.names_of(member))

    @cached_property
    def runs(self) -> Runs:
        """Which methods run; to be shared, since its work is bounded for the whole app."""
        return Runs(self._program, self._code.component_classes)

    # ---- questions

    def creations_of(self, *classes: str) -> tuple[Site, ...]:
        """Return the instructions that create objects of exactly these classes."""
        return self._program.users.creations_of(classes)

    def of_class(self, role: Role, *classes: str) -> Installation:
        """Say whether an object of one of `classes` (descriptors) is put to use.

        Give a class together with those below it that inherit what is judged.
        """
        sites = self.creations_of(*classes)
        receivers: list[Start] = [
            (method, Parameter(method.ref, 0))
            for name in classes
            if not sites or name in self._components
            for method in self._methods_of(name)
            if not method.is_static
        ]
        found = self._follow(role, sites, receivers)
        if sites or found.activation in ("active", "unknown"):
            return found
        if any(self._may_be_made_by_name(name) for name in classes):
            reasons = (*found.reasons, "the class is named in the code and may be created by reflection")
            return msgspec.structs.replace(found, activation="unknown", reasons=reasons)
        return found

    def of_creations(self, role: Role, sites: Iterable[Site]) -> Installation:
        """Say whether what one of `sites` creates is put to use."""
        return self._follow(role, tuple(sites), ())

    def of_starts(self, role: Role, starts: Sequence[Start]) -> Installation:
        """Say whether an object is put to use that calls return or hold; the strongest answer counts."""
        found = self._follow(role, (), starts)
        if found.places or all(self.runs.of(start[0]) == "defined_only" for start in starts):
            return found
        return msgspec.structs.replace(found, activation="unknown" if found.reasons else "created")

    def of_start(self, role: Role, start: Start) -> Installation:
        """Say whether an object is put to use that a call returns, or a constant that a method reads."""
        found = self._follow(role, (), (start,))
        if self.runs.of(start[0]) == "defined_only":
            return msgspec.structs.replace(found, activation="defined_only")
        if found.places:
            return found
        return msgspec.structs.replace(found, activation="unknown" if found.reasons else "created")

    def of_variant(self, role: Role, descriptor: str, field: FieldRef, value: int) -> Installation:
        """Say whether an object of a merged class whose discriminator `field` has this value is put to use.

        An object whose discriminator is not known counts for every value, and leaves the answer unknown.
        """
        known, open_sites = [], []
        for site in self.creations_of(descriptor):
            variants = self.variants_at(site, field)
            if variants is None:
                open_sites.append(site)
            elif value in variants:
                known.append(site)
        found = self.of_creations(role, known)
        if found.activation == "active" or not open_sites:
            return found
        perhaps = self.of_creations(role, open_sites)
        if _STRONGEST.index(perhaps.activation) >= _STRONGEST.index(found.activation):
            return found
        reasons = (*perhaps.reasons, f"which case of {dotted(descriptor)} is created is not known")
        return msgspec.structs.replace(perhaps, activation="unknown", reasons=reasons)

    def variants_at(self, site: Site, field: FieldRef) -> frozenset[int] | None:
        """Return the values that an object's discriminator `field` may have where it is created; None when unknown."""
        values = self._resolver.evaluator.evaluate(site.method)
        created = None if values is None else values.object_at(site.offset)
        if not isinstance(created, Created):
            return None
        found = self._resolver.resolve(FieldValue(field, created))
        numbers = [value.value for value in found.values if isinstance(value, Number)]
        if found.state != "constant" or len(numbers) != len(found.values):
            return None
        return frozenset(numbers)

    def objects_of(
        self, descriptor: str, field: FieldRef | None = None, case: int | None = None
    ) -> tuple[Created, ...]:
        """Return the objects of a class as they are created, of a merged one those of a case; none if one is lost."""
        found: list[Created] = []
        for site in self.creations_of(descriptor)[:_MAX_CREATIONS]:
            values = self._resolver.evaluator.evaluate(site.method)
            created = None if values is None else values.object_at(site.offset)
            if not isinstance(created, Created):
                return ()
            variants = None if field is None else self.variants_at(site, field)
            if variants is None or case in variants:
                found.append(created)
        return tuple(found)

    def cases_of(self, method: DexMethod, descriptor: str) -> list[tuple[FieldRef | None, int | None]]:
        """Return the discriminator of a merged class, as `method` tests it, with each value that occurs.

        One entry without field and value stands for an ordinary class.
        """
        discriminator = discriminator_of(self._program, self._resolver.evaluator, method)
        if discriminator is None:
            return [(None, None)]
        cases = set(discriminator.cases)
        seen: set[int] = set()
        for site in self.creations_of(descriptor):
            seen |= self.variants_at(site, discriminator.field) or frozenset()
        if seen - set(discriminator.cases[:-1]) - {discriminator.cases[-1]}:
            cases = (cases - {discriminator.cases[-1]}) | seen
        return [(discriminator.field, case) for case in sorted(cases)]

    def is_left_over(self, site: Site) -> bool:
        """Say whether a call stands in a case of a merged class that never runs, as is left of an inlined lambda.

        Nobody makes an object of that case, or whoever does asks it for something else.
        """
        method = site.method
        cases = [(field, case) for field, case in self.cases_of(method, method.ref.owner) if field is not None]
        running = set()
        for field, case in cases:
            values = self._resolver.evaluator.evaluate(method, None, {field: Number(case or 0)})
            if values is None or site.offset in values.calls:
                running.add(case)
        for creation in self.creations_of(method.ref.owner) if cases else ():
            variants = self.variants_at(creation, cases[0][0])
            if (variants is None or variants & running) and self._is_asked(creation, method):
                return False
        return bool(cases)

    def _is_asked(self, creation: Site, method: DexMethod) -> bool:
        """Say whether `method` may be called on an object."""
        flow = self._wiring.follow(creation.method, creation.offset, lambda _, __: False)
        wanted = (method.ref.name, method.ref.descriptor)
        return bool(flow.reasons) or any(
            use.position == 0 and isinstance(use.ref, MethodRef) and (use.ref.name, use.ref.descriptor) == wanted
            for use in flow.uses
        )

    # ---- following

    @cached_property
    def _components(self) -> frozenset[str]:
        return frozenset(self._code.component_classes)

    def _methods_of(self, descriptor: str) -> Iterator[DexMethod]:
        for name in (descriptor, *self._program.hierarchy.supertypes_of(descriptor)):
            definition = self._program.find_class(name)
            if definition is not None:
                yield from definition.methods

    def _may_be_made_by_name(self, descriptor: str) -> bool:
        if self._program.users.loads_of((dotted(descriptor),)):
            return True
        # Casts and tests name the class as well, and create nothing.
        return any(site.instruction.name == "const-class" for site in self._program.users.uses_of((descriptor,)))

    def _follow(self, role: Role, sites: tuple[Site, ...], others: Sequence[Start]) -> Installation:
        # A helper that many pass their objects to may run although what creates this one does not.
        running = tuple(site for site in sites[:_MAX_CREATIONS] if self.runs.of(site.method) != "defined_only")
        never_made = bool(sites) and not running and not others
        sites = (*running, *sites[_MAX_CREATIONS:]) if running else sites
        starts: list[Start] = [(site.method, site.offset) for site in sites[:_MAX_CREATIONS]]
        starts += others
        taken = _TAKEN[role]

        def goal(ref: MethodRef, position: int) -> bool:
            sink = self._sinks.get(ref)
            return sink is not None and position > 0 and not sink.receiver and sink.takes in taken

        def store_goal(ref: FieldRef | MethodRef) -> bool:
            sink = self._sinks.get(ref)
            return sink is not None and sink.takes in taken

        flow = self._wiring.follow_all(starts, goal, store_goal)
        reasons = list(flow.reasons)
        if len(sites) > _MAX_CREATIONS:
            reasons.append("more places create it than are followed")
        uses = [*flow.reached, *self._used_by_hand(flow, taken)]
        installed = [(found, use) for use in uses if (found := self._installed(use)) is not None]
        places = sorted(installed, key=lambda one: _STRONGEST.index(one[0].activation))
        made = tuple(location_in(site.method, site.offset, _creation(site)) for site in sites)
        if places:
            first, use = places[0]
            trail = (*made[:1], *self._trail(flow, use))
            return Installation(
                activation="defined_only" if never_made else first.activation,
                process_wide=any(place.process_wide for place, _ in places if place.activation == first.activation),
                places=tuple(dict.fromkeys(place for place, _ in places)),
                trail=tuple(dict.fromkeys(trail))[:_MAX_TRAIL],
                reasons=tuple(reasons),
            )
        runs = {self.runs.of(site.method) for site in sites[:_MAX_CREATIONS]}
        if runs <= {"defined_only"}:
            state: Activation = "defined_only"
        else:
            state = "unknown" if reasons else "created"
        return Installation(state, False, (), made[:_MAX_TRAIL], tuple(reasons))

    def _used_by_hand(self, flow: Flow, taken: frozenset[Takes]) -> Iterator[Use]:
        """Yield the calls on the object itself that use it, such as a socket made by a factory.

        A factory that makes its sockets with another one is only on the way: what counts is where it goes itself.
        """
        for use in flow.uses:
            sink = self._sinks.get(use.ref)
            if sink is None or not sink.receiver or use.position or sink.takes not in taken:
                continue
            if sink.takes == "verifier" and isinstance(use.ref, MethodRef) and use.ref.return_type == "V":
                # Its names say nothing where they are renamed.
                on_the_way = self._verifies(use.method.owner)
            else:
                on_the_way = use.method.name == use.ref.name
            if not on_the_way and not self._makes_sockets(use.method.owner):
                yield use

    def _verifies(self, descriptor: str) -> bool:
        """Say whether a class is a host name verifier: its overloads that throw ask each other."""
        return VERIFIER in self._program.hierarchy.supertypes_of(descriptor)

    def _makes_sockets(self, descriptor: str) -> bool:
        names = (descriptor, *self._program.hierarchy.supertypes_of(descriptor))
        return any(name.endswith("SocketFactory;") for name in names)

    def place_at(self, site: Site) -> Installed | None:
        """Return a call that is itself one of a client; None where the catalogue does not know it as one."""
        ref = site.target
        if not isinstance(ref, MethodRef) or ref not in self._sinks:
            return None
        return self._installed(Use(ref, 1, site.method.ref, site.offset, ()))

    def _installed(self, use: Use) -> Installed | None:
        sink = self._sinks[use.ref]
        method = self._program.resolve_method(use.method)
        if method is None:
            # The method stands in a class that is not its own: no device loads such code.
            return None
        return Installed(
            client=sink.client,
            takes=sink.takes,
            process_wide=sink.process_wide,
            activation=self.runs.of(method),
            method=method,
            offset=use.offset,
            one_host=sink.one_host,
        )

    def _trail(self, flow: Flow, use: Use) -> Iterator[Location]:
        """Yield the steps to a use, and what was called on the way that only hands on what it is given."""
        passed = [one for one in flow.uses if (one.ref.owner, one.ref.name) in self._passing]
        for depth in range(len(use.trail) + 1):
            before = use.trail[:depth]
            yield from (self._place(one.method, one.offset, str(one.ref)) for one in passed if one.trail == before)
            if depth < len(use.trail):
                step: Step = use.trail[depth]
                yield self._place(step.method, step.offset, step.what)
        yield self._place(use.method, use.offset, str(use.ref))

    def _place(self, ref: MethodRef, offset: int | None, snippet: str) -> Location:
        method = self._program.resolve_method(ref)
        if method is None:
            return Location(kind="code", entry="", class_name=dotted(ref.owner), method=ref.name + ref.descriptor)
        return location_in(method, offset, snippet)


def _creation(site: Site) -> str:
    """Say what a site makes: an object of a class, or what a call hands out, which is written as any call is."""
    target = str(site.target)
    return target if isinstance(site.target, MethodRef) else f"creates {dotted(target)}"
