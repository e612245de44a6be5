"""Trust managers made from key stores: which certificates they trust, and whether they are put to use."""

import itertools
from collections.abc import Iterator

import msgspec

from analyzer.dataflow.backtrace import Backtrace
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import Created, Event, Number, Parameter, Result, Unknown, Value, alternatives
from analyzer.dex import DexMethod, MethodRef, Site, dotted
from analyzer.errors import TargetError
from analyzer.extractors.certificate_catalogue import CertificateSink
from analyzer.extractors.code.callback_wiring import CallbackWiring, Installation
from analyzer.extractors.code.carried_hosts import CarriedHosts
from analyzer.extractors.code.certificate_origins import CertificateOrigins
from analyzer.extractors.code.certificates import passwords_of
from analyzer.extractors.code.compared_constants import IN_CODE
from analyzer.extractors.code.context import CodeContext, location_in, location_of
from analyzer.extractors.code.lambdas import with_lambdas
from analyzer.extractors.code.stream_sources import StreamSource, stream_sources, texts_of
from analyzer.extractors.code.trust_sources import ANDROID_CA_STORE, FACTORY, KEY_STORE, events_of, store_types
from analyzer.model import ApiUse, Location, PinFact
from analyzer.model.location import MAX_SNIPPET_CHARACTERS
from analyzer.x509.certificate import Certificate
from analyzer.x509.contents import MAX_INPUT_BYTES, read_contents
from analyzer.x509.pbe import Password, Work

OWN, DEVICE, MIXED = "keystore-trust", "android-ca-store-trust", "keystore-mix-trust"
"""Catalogue names: a factory with certificates of its own, with the device's own store, with both.

The first argument is ``user`` where all entries of the device's store are taken and ``system`` where only those of the
system are, and for own certificates ``unknown`` where some are not known; then the entries they are read from.
"""
_INIT = "(Ljava/security/KeyStore;)V"
_CERTIFICATES = "Ljava/security/cert/CertificateFactory;"
_LIBRARY = frozenset({"sdk:okhttp"})
_WITH_PLATFORM = "addPlatformTrustedCertificates"
"""``HandshakeCertificates.Builder`` of OkHttp 3.11 to 5."""
_SYSTEM_ALIAS = "system:"
_FROM_OUTSIDE = "a certificate that is read from outside of the app"
_MAX_SITES = 200
_MAX_PINS = 200
_MAX_PASSWORDS = 20
"""Most passwords that are tried on one store."""
_STRINGS = frozenset({0x1A, 0x1B})


class KeystoreFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What factories are initialised with."""

    pins: tuple[PinFact, ...] = ()
    api_uses: tuple[ApiUse, ...] = ()
    anchors: tuple[Certificate, ...] = ()
    """The certificates that are trusted, as far as they could be read."""


class _Store(msgspec.Struct):
    """What a key store is filled with."""

    from_device: bool = False
    """Entries of ``AndroidCAStore``, those of the user included."""
    device_places: dict[Location, None] = {}
    """Where ``AndroidCAStore`` is asked for."""
    filtered: bool = False
    """Only aliases that begin with ``system:`` are taken."""
    entries: dict[StreamSource, None] = {}
    passwords: dict[Password, None] = {}
    """What may open the stores among `entries`."""
    unknown: dict[str, None] = {}
    """Why some of its certificates are not known."""

    @property
    def own(self) -> bool:
        """Whether it holds certificates that are not the device's."""
        return bool(self.entries or self.unknown)


def extract_keystores(code: CodeContext, wiring: CallbackWiring) -> KeystoreFacts:
    """Find the factories that are initialised with a key store; null stands for the platform's default."""
    if code.resolver is None:
        return KeystoreFacts()
    reader = _Reader(code, code.resolver, wiring)
    program = code.program
    sites = program.users.callers_of(program.method_refs(FACTORY, "init", _INIT))
    for site in sites[:_MAX_SITES]:
        reader.read(site)
    for sink in code.catalogue.certificates.sinks:
        if sink.gives_to is not None:
            refs = [ref for ref in program.method_refs(*sink.name) if sink.fits(ref.parameters)]
            for site in program.users.callers_of(refs)[:_MAX_SITES] if refs else ():
                reader.read_given(site, sink)
    return KeystoreFacts(
        pins=tuple(dict.fromkeys(reader.pins)),
        api_uses=tuple(dict.fromkeys(reader.uses)),
        anchors=tuple(reader.anchors),
    )


def factory_installation(resolver: Resolver, wiring: CallbackWiring, factory: Value) -> Installation:
    """Follow what a ``TrustManagerFactory`` hands out from where the factory is made."""
    program = resolver.program
    made = [one for one in Backtrace(resolver).sources(factory) if isinstance(one, Result)]
    places = {(one.method, one.offset) for one in made}
    refs = program.method_refs(FACTORY, "getInstance")
    sites = [one for one in program.users.callers_of(refs) if (one.method.ref, one.offset) in places]
    return wiring.of_creations("trust_manager", sites)


class _Reader:
    """Reads the factories of one app."""

    def __init__(self, code: CodeContext, resolver: Resolver, wiring: CallbackWiring) -> None:
        self._code = code
        self._program = code.program
        self._resolver = resolver
        self._wiring = wiring
        self._backtrace = Backtrace(resolver)
        self._origins = CertificateOrigins(code, resolver)
        self._work = Work()
        self.pins: list[PinFact] = []
        self.uses: list[ApiUse] = []
        self._hosts = CarriedHosts(code)
        self.anchors: dict[Certificate, None] = {}

    def read(self, site: Site) -> None:
        """Read one call of ``TrustManagerFactory.init``."""
        values = self._resolver.evaluator.evaluate(site.method)
        call = None if values is None else values.calls.get(site.offset)
        if call is None or len(call.arguments) < 2:
            return
        stores = [one for one in self._backtrace.sources(call.arguments[1]) if one != Number(0)]
        known = [one for one in stores if not isinstance(one, Parameter | Unknown)]
        if not known:
            return
        content = _Store(entries={}, passwords={}, unknown={})
        for store in known:
            self._fill(content, store, site.method)
        self._narrow(content, call.arguments[1])
        installed = factory_installation(self._resolver, self._wiring, call.arguments[0])
        self._state(site, content, installed)

    def read_given(self, site: Site, sink: CertificateSink) -> None:
        """Read a call that gives certificates to a client of some library."""
        values = self._resolver.evaluator.evaluate(site.method)
        call = None if values is None else values.calls.get(site.offset)
        if (
            call is None
            or len(call.arguments) <= sink.argument
            or self._code.owner_of(site.method.ref.owner) in _LIBRARY
        ):
            return
        receiver, given = call.arguments[0], call.arguments[sink.argument]
        content = _Store(entries={}, passwords={}, unknown={})
        if sink.parameter == KEY_STORE:
            for store in self._backtrace.sources(given):
                if store != Number(0) and not isinstance(store, Parameter | Unknown):
                    self._fill(content, store, site.method)
        elif sink.takes_stream:
            self._stream(content, given)
        else:
            self._certificate(content, given, site.method)
        made = receiver if isinstance(receiver, Created | Result) and receiver.method == site.method.ref else None
        installed = Installation(
            self._wiring.runs.of(site.method),
            process_wide=False,
            places=tuple(place for place in [self._wiring.place_at(site)] if place is not None),
            trail=(),
            reasons=(),
        )
        if sink.gives_to == "object":
            if made is None:
                return
            installed = self._wiring.of_starts("trust_manager", [(site.method, made.offset)])
        whole = values.object_at(made.offset) if made is not None and values is not None else None
        if any(event.ref is not None and event.ref.name == _WITH_PLATFORM for event in _events(whole)):
            # What is trusted beside the system's authorities limits nothing.
            return
        if not sink.takes_stream:
            self._narrow(content, given)
        if content.own or content.from_device:
            self._state(site, content, installed)

    def _narrow(self, content: _Store, store: Value) -> None:
        """Leave out what the same helpers read for something else: where that is known, each call counts by itself."""
        origin = self._origins.of(store)
        if origin.cut_off or not (origin.sources or origin.outside):
            return
        content.entries = origin.sources
        if not origin.outside:
            content.unknown.pop(_FROM_OUTSIDE, None)

    def _fill(self, content: _Store, store: Value, method: DexMethod) -> None:
        if ANDROID_CA_STORE in store_types(store):
            self._device(content, store)
            return
        for event in events_of(store):
            if not isinstance(event.ref, MethodRef) or event.position != 0:
                continue
            if event.ref.name == "setCertificateEntry" and len(event.arguments) > 1:
                self._certificate(content, event.arguments[1], method)
            elif event.ref.name == "load" and event.arguments and event.arguments[0] != Number(0):
                self._stream(content, event.arguments[0])
                loading = self._program.resolve_method(store.method) if isinstance(store, Result) else None
                if len(event.arguments) > 1:
                    self._passwords(content, event.arguments[1], loading or method)

    def _device(self, content: _Store, store: Value) -> None:
        content.from_device = True
        method = self._program.resolve_method(store.method) if isinstance(store, Result) else None
        if isinstance(store, Result) and method is not None:
            call = f'KeyStore.getInstance("{ANDROID_CA_STORE}")'
            content.device_places[location_in(method, store.offset, call)] = None

    def _certificate(self, content: _Store, certificate: Value, method: DexMethod) -> None:
        for source in self._backtrace.sources(certificate):
            match source:
                case Result(ref=ref, arguments=arguments) if ref.owner == KEY_STORE and ref.name == "getCertificate":
                    stores = [
                        one for one in self._backtrace.sources(arguments[0]) if ANDROID_CA_STORE in store_types(one)
                    ]
                    if stores:
                        self._device(content, stores[0])
                        reading = self._program.resolve_method(source.method)
                        places = (method,) if reading is None else (method, reading)
                        content.filtered = content.filtered or any(
                            _loads(part, _SYSTEM_ALIAS) for one in places for part in with_lambdas(self._program, one)
                        )
                    else:
                        content.unknown["certificates of another key store"] = None
                case Result(ref=ref, arguments=arguments) if ref.owner == _CERTIFICATES and len(arguments) > 1:
                    self._stream(content, arguments[1])
                case Number(value=0):
                    continue
                case _:
                    content.unknown["a certificate that is only known at run time"] = None

    def _passwords(self, content: _Store, password: Value, method: DexMethod) -> None:
        """Keep what a store may be opened with: the constants that are given, else the texts that its method loads."""
        values = [
            part
            for source in (password, *self._backtrace.sources(password))
            for one in self._resolver.resolve(source).values
            for part in alternatives(one)
        ]
        for found in passwords_of(method, texts_of(values)):
            if len(content.passwords) < _MAX_PASSWORDS:
                content.passwords[Password(text=found.text, source=f"a constant in {found.place}")] = None

    def _stream(self, content: _Store, stream: Value) -> None:
        values: dict[Value, None] = {}
        for source in (stream, *self._backtrace.sources(stream)):
            found = self._resolver.resolve(source)
            values.update(dict.fromkeys(part for one in found.values for part in alternatives(one)))
        sources = stream_sources(self._code, values)
        content.entries.update(dict.fromkeys(sources))
        if not sources:
            content.unknown[_FROM_OUTSIDE] = None

    # Facts.

    def _state(self, site: Site, content: _Store, installed: Installation) -> None:
        owner = self._code.owner_of(site.method.ref.owner)
        evidence = (location_of(site, str(site.target)), *content.device_places, *installed.trail)
        names = tuple(one.entry for one in content.entries if one.entry is not None)
        which = "unknown" if content.unknown else "user"
        api = OWN
        if content.from_device:
            api, which = (MIXED if content.own else DEVICE), "user"
        if content.own or not content.filtered:
            self.uses.append(
                ApiUse(
                    api=api,
                    activation=installed.activation,
                    owner=owner,
                    arguments=("system" if content.filtered else which, *names),
                    evidence=evidence,
                )
            )
        if not content.from_device:
            self.pins.extend(self._pins(site, content, installed, owner, evidence))

    def _pins(
        self, site: Site, content: _Store, installed: Installation, owner: str, evidence: tuple[Location, ...]
    ) -> Iterator[PinFact]:
        unknown = PinFact(
            mechanism="keystore-tm",
            host=None,
            include_subdomains=False,
            algorithm="sha256",
            digest=None,
            hashed_object="certificate",
            value="",
            checked_against="validated",
            resolution="unresolved",
            activation=installed.activation,
            owner=owner,
            clients=installed.clients,
            process_wide=installed.process_wide,
            scope=f"{dotted(site.method.ref.owner)}.{site.method.ref.name}",
            evidence=evidence,
        )
        count = 0
        hosts = self._hosts.of(installed)
        # With several hosts each of them is held to the same certificates.
        unknowns = [msgspec.structs.replace(unknown, host=host) for host in hosts or (None,)]
        for unknown, source in itertools.product(unknowns, content.entries):
            name = source.entry or IN_CODE
            trusted, problem = self._trusted(source, tuple(content.passwords))
            if not trusted:
                why = f"no certificate could be read from {name}" + (f": {problem}" if problem else "")
                yield msgspec.structs.replace(unknown, value=name, problem_detail=why[:MAX_SNIPPET_CHARACTERS])
            for certificate in trusted:
                count += 1
                if count <= _MAX_PINS:
                    self.anchors[certificate] = None
                    yield msgspec.structs.replace(unknown, value=name, digest=certificate.sha256, resolution="constant")
        # Library code that nobody calls gets its certificates from nobody.
        for reason in content.unknown if installed.activation != "defined_only" else ():
            yield msgspec.structs.replace(unknown, problem_detail=reason[:MAX_SNIPPET_CHARACTERS])

    def _trusted(self, source: StreamSource, passwords: tuple[Password, ...]) -> tuple[list[Certificate], str | None]:
        """Return the certificates that are trusted, and why there may be more."""
        data = source.data
        if data is None and source.entry is not None and self._code.read is not None:
            try:
                data = self._code.read(source.entry)
            except TargetError:
                return [], None
        if data is None or len(data) > MAX_INPUT_BYTES:
            return [], None
        found: list[Certificate] = []
        problem: str | None = None
        for item in read_contents(data, passwords, self._work).items:
            if item.certificate is not None:
                found.append(item.certificate)
            if item.store is not None:
                problem = problem or item.store.problem
                # The certificates of a key are the app's own identity, which nobody is trusted for.
                trusted = (one for one in item.store.entries if one.kind == "certificate")
                found += [one for entry in trusted for one in entry.certificates]
        return found, problem


def _events(value: Value | None) -> tuple[Event, ...]:
    if isinstance(value, Created | Result):
        return tuple(event for history in value.histories for event in history)
    return ()


def _loads(method: DexMethod, text: str) -> bool:
    """Say whether a method loads a string."""
    code = method.code()
    return code is not None and any(
        one.opcode in _STRINGS and method.file.resolve("string", one.index or 0) == text for one in code.instructions
    )
