"""What code sets on clients of a renamed OkHttp: redirects, specifications of connections, versions of TLS, suites."""

import re
from collections.abc import Iterable, Iterator

import msgspec

from analyzer.dataflow.evaluate import Call, MethodValues
from analyzer.dataflow.question import Resolution
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import Created, FieldValue, Number, Parameter, Result, Value, walk
from analyzer.dex import DexMethod, FieldRef, MethodRef, Site, dotted
from analyzer.extractors.code.api_arguments import Arguments, shown_argument
from analyzer.extractors.code.callback_wiring import CallbackWiring
from analyzer.extractors.code.context import CodeContext, location_of
from analyzer.extractors.code.okhttp_roles import Given, Part, RenamedOkHttp, Role
from analyzer.model import AnalysisGap, ApiUse, FactKind

_APIS: dict[Role, str] = {
    "follow-redirects": "okhttp-follow-ssl-redirects",
    "follow-ssl-redirects": "okhttp-follow-ssl-redirects",
    "connection-specs": "okhttp-connection-specs",
}
"""The catalogue's names of these calls, ``apis.yaml``."""
_VERSIONS = "okhttp-tls-versions"
_SUITES = "okhttp-cipher-suites"
_BUILT = "okhttp-client-built"
_ALONE = "okhttp-socket-factory-alone"
_PLATFORM_TLS = "platform-tls"
_FACTORY = "Ljavax/net/ssl/SSLSocketFactory;"
_UNKNOWN_MANAGER = "Unable to extract the trust manager on "
"""``OkHttpClient.Builder.sslSocketFactory(SSLSocketFactory)`` throws it (3.0 to 5.x), or what it calls does."""
_INVOKE_STATIC = frozenset({0x71, 0x77})
_MOST_USES = 200
_SHOWN = 5
_MISSING: dict[Part, tuple[str, str, tuple[FactKind, ...]]] = {
    "clients": (
        "its clients and their builders",
        "what clients are given, which of them have no pins, and the hosts that they contact",
        ("pin", "host", "code"),
    ),
    "settings": (
        "most of what its clients, those of version 2, are given",
        "their settings of redirects and connections, and which hosts they contact,",
        ("host", "code"),
    ),
    "interceptors": ("its interceptors", "pins that interceptors compare, or whether these are in force,", ("pin",)),
    "handshake": ("its handshakes", "pins that interceptors compare with the certificates of one", ("pin",)),
    "connection-specs": (
        "its connection specifications",
        "versions of TLS, cipher suites and cleartext that clients permit",
        ("code",),
    ),
    "redirects": ("its settings of redirects", "clients that do not follow redirects", ("code",)),
    "requests": ("its requests", "hosts, and which client contacts them,", ("host", "code")),
}
_VERSION = re.compile(r"okhttp/([3-9]|2\.[1-9])[0-9.]*")
"""The library's constant; 2.1 was the first release with a pinner."""


class OkHttpSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What was found."""

    api_uses: tuple[ApiUse, ...] = ()
    gaps: tuple[AnalysisGap, ...] = ()


def extract_okhttp_settings(code: CodeContext, wiring: CallbackWiring) -> OkHttpSettings:
    """Find the settings that the catalogue knows by name, in copies whose names a shrinker took.

    What a copy has of which it was not recognised is a gap: nothing is known of it there.
    """
    uses: dict[ApiUse, None] = {}
    gaps = list(_no_copy(code))
    for renamed in code.renamed_okhttp:
        gaps += _not_recognised(renamed)
        if renamed.client is None or renamed.builder is None:
            continue
        for use in _Reader(code, wiring, renamed).uses():
            if len(uses) >= _MOST_USES:
                gaps.append(_too_many(renamed))
                break
            uses[use] = None
    return OkHttpSettings(api_uses=tuple(uses), gaps=tuple(gaps))


class _Reader:
    def __init__(self, code: CodeContext, wiring: CallbackWiring, renamed: RenamedOkHttp) -> None:
        self._code = code
        self._program = code.program
        self._wiring = wiring
        self._resolver = code.resolver or Resolver(code.program)
        self._renamed = renamed

    def uses(self) -> Iterator[ApiUse]:
        yield from self._built()
        for ref, given in self._renamed.setters.items():
            api = _APIS.get(given.role)
            if api is not None:
                yield from self._called(api, [ref], given)
            elif given.role == "socket-factory" and len(ref.parameters) == 1:
                yield from self._called_alone(ref)
        for role, api in _APIS.items():
            yield from self._written(api, [ref for ref, one in self._renamed.fields.items() if one == role])
        factories = [ref for ref, one in self._renamed.fields.items() if one == "socket-factory"]
        yield from self._given_alone([ref for ref in factories if ref.owner == self._renamed.builder])
        specs = self._renamed.specs
        yield from self._called(_VERSIONS, specs.versions, Given("connection-specs", 1))
        yield from self._called(_SUITES, specs.suites, Given("connection-specs", 1))
        yield from self._written_specs(specs.by_field)

    # ---- calls

    def _built(self) -> Iterator[ApiUse]:
        """Yield where clients are made, once more for each owner as uses of the platform's TLS."""
        client, builder = str(self._renamed.client), str(self._renamed.builder)
        makers = self._program.method_refs(builder, None, f"(){client}")
        sites = [*self._program.users.creations_of((client,)), *self._program.users.callers_of(makers)]
        owners: dict[str, list[Site]] = {}
        for site in sites:
            if self._is_inside(site):
                continue
            use = self._use(_BUILT, site, ())
            yield use
            owners.setdefault(use.owner, []).append(site)
        for of_owner in owners.values():
            uses = [self._use(_PLATFORM_TLS, site, ()) for site in of_owner]
            running = [use for use in uses if use.activation == "active"] or uses
            places = tuple(place for use in running for place in use.evidence)
            yield msgspec.structs.replace(running[0], evidence=places[:_SHOWN])

    def _called(self, api: str, refs: Iterable[MethodRef], given: Given | None) -> Iterator[ApiUse]:
        wanted = tuple(refs)
        for site in self._program.users.callers_of(wanted) if wanted else ():
            if self._is_inside(site):
                continue
            for arguments in [()] if given is None else self._arguments(site, given):
                yield self._use(api, site, arguments)

    def _arguments(self, site: Site, given: Given) -> Iterator[Arguments]:
        if not isinstance(given.value, int):
            yield self._shown(given.value, self._resolver.resolve(given.value), _type_of(given.role))
            return
        ref = site.target
        assert isinstance(ref, MethodRef), "callers call methods"
        values = self._resolver.evaluator.evaluate(site.method)
        raw = None if values is None or site.via != "instruction" else values.calls.get(site.offset)
        index = given.value - (site.instruction.opcode in _INVOKE_STATIC)
        if raw is None or index >= len(raw.arguments):
            yield (None,)
            return
        for bound in self._resolver.bound_calls(site):
            yield self._shown(raw.arguments[index], bound.arguments[index], ref.parameters[given.value - 1])

    def _shown(self, raw: Value, resolution: Resolution, type_name: str) -> Arguments:
        return shown_argument(self._resolver, raw, resolution, type_name, self._renamed.specs.names)

    # ---- writes, where setters were inlined

    def _written(self, api: str, fields: list[FieldRef]) -> Iterator[ApiUse]:
        own = [ref for ref in fields if ref.owner == self._renamed.builder]
        for site, _, value in self._stores(own):
            shown = self._shown(_unwrapped(value), self._resolver.resolve(value), own[0].type)
            yield self._use(api, site, shown)

    def _written_specs(self, fields: frozenset[FieldRef]) -> Iterator[ApiUse]:
        """Yield writes of names into the builder of a specification; whether of versions or suites, they tell."""
        for site, _, value in self._stores(sorted(fields)):
            shown = self._shown(value, self._resolver.resolve(value), "[Ljava/lang/String;")
            known = [text for text in shown if text is not None]
            if known and all(text.startswith(("TLSv", "SSLv")) for text in known):
                yield self._use(_VERSIONS, site, shown)
            elif known:
                yield self._use(_SUITES, site, shown)
            elif value != Number(0):
                yield self._use(_VERSIONS, site, (None,))
                yield self._use(_SUITES, site, (None,))

    def _stores(self, fields: list[FieldRef]) -> Iterator[tuple[Site, MethodValues, Value]]:
        """Yield the writes outside the library, but for those that copy what another client has."""
        for site in self._program.users.writers_of(fields) if fields else ():
            values = None if self._is_inside(site) else self._resolver.evaluator.evaluate(site.method)
            store = None if values is None else values.stores.get(site.offset)
            if store is not None and values is not None and not self._is_copied(store.value):
                yield site, values, store.value

    def _called_alone(self, setter: MethodRef) -> Iterator[ApiUse]:
        """Yield calls of a setter that takes a factory alone, if it, or its caller, has to find out the manager."""
        method = self._program.resolve_method(setter)
        values = None if method is None else self._resolver.evaluator.evaluate(method)
        if values is not None and self._finds_out(values, Parameter(values.method.ref, 1)):
            yield from self._called(_ALONE, [setter], None)
            return
        for site in self._program.users.callers_of((setter,)):
            values = None if self._is_inside(site) else self._resolver.evaluator.evaluate(site.method)
            call = None if values is None else values.calls.get(site.offset)
            if call is not None and values is not None and self._finds_out(values, call.arguments[1]):
                yield self._use(_ALONE, site, ())

    def _given_alone(self, fields: list[FieldRef]) -> Iterator[ApiUse]:
        """Yield writes of a factory whose trust manager the library has to find out, as the inlined setter does."""
        for site, values, factory in self._stores(fields):
            if self._finds_out(values, factory):
                yield self._use(_ALONE, site, ())

    def _finds_out(self, values: MethodValues, factory: Value) -> bool:
        """Say whether a method asks for the trust manager of a factory, and something throws where there is none."""
        throwing = {site.method for site in self._program.users.loads_of((_UNKNOWN_MANAGER,))}
        asked = [one for one in values.calls.values() if _asks_about(one, factory, self._renamed)]
        targets = [self._program.resolve_method(one.ref) for one in asked]
        return any(one is not None and (values.method in throwing or one in throwing) for one in targets)

    def _is_copied(self, value: Value) -> bool:
        return any(isinstance(part, FieldValue) and part.ref.owner == self._renamed.client for part in walk(value))

    # ---- facts

    def _is_inside(self, site: Site) -> bool:
        owner = site.method.ref.owner
        inside = self._renamed.classes
        return owner in inside or self._code.owner_of(owner) == "sdk:okhttp"

    def _use(self, api: str, site: Site, arguments: Arguments) -> ApiUse:
        method: DexMethod = site.method
        return ApiUse(
            api=api,
            activation=self._wiring.runs.of(method),
            owner=self._code.owner_of(method.owner.descriptor),
            arguments=arguments,
            evidence=(location_of(site, str(site.target)),),
        )


def _type_of(role: Role) -> str:
    return "Z" if role in ("follow-redirects", "follow-ssl-redirects") else ""


def _asks_about(call: Call, factory: Value, renamed: RenamedOkHttp) -> bool:
    """Say whether a call is given a factory, as a factory, and is not a setter's."""
    if call.ref in renamed.setters:
        return False
    first = len(call.arguments) - len(call.ref.parameters)
    pairs = zip(call.arguments[max(first, 0) :], call.ref.parameters, strict=False)
    return any(kind == _FACTORY and _is_same(value, factory) for value, kind in pairs)


def _is_same(value: Value, other: Value) -> bool:
    """Say whether two values are one object, whatever happened to it in between."""
    if isinstance(value, Created | Result) and isinstance(other, Created | Result):
        return (value.method, value.offset) == (other.method, other.offset)
    return value == other


def _unwrapped(value: Value) -> Value:
    """Return what a list is a copy of, where the setter that copies it was inlined."""
    while isinstance(value, Result) and value.arguments and value.ref.parameters == ("Ljava/util/List;",):
        value = value.arguments[-1]
    return value


def _not_recognised(renamed: RenamedOkHttp) -> Iterator[AnalysisGap]:
    # Without clients nothing of what they are given is known, either.
    parts = renamed.missing if "clients" not in renamed.missing else ("clients",)
    for part in parts:
        what, hidden, hides = _MISSING[part]
        yield AnalysisGap(
            stage="code",
            reason="unresolved-value",
            subject=dotted(renamed.pinner),
            detail=f"A shrinker renamed this copy of OkHttp, and {what} could not be identified in it: {hidden} may be "
            "missing.",
            hides=hides,
        )


def _no_copy(code: CodeContext) -> Iterator[AnalysisGap]:
    """Yield a gap where OkHttp names its version and nothing of it was recognised."""
    if code.okhttp_copies:
        return
    named = [text for text in code.program.strings_starting("okhttp/") if _VERSION.fullmatch(text)]
    for site in code.program.users.loads_of(named[:1]):
        yield AnalysisGap(
            stage="code",
            reason="unresolved-value",
            subject=named[0],
            detail=f"{dotted(site.method.ref.owner)} names a version of OkHttp, but the classes that pin were not "
            "recognised: its pins, clients and interceptors may be missing.",
            hides=("pin", "host", "code"),
        )
        return


def _too_many(renamed: RenamedOkHttp) -> AnalysisGap:
    return AnalysisGap(
        stage="code",
        reason="limit",
        subject=dotted(renamed.pinner),
        detail=f"Clients of this OkHttp are given more than {_MOST_USES} settings; the others were not looked at.",
        hides=("code",),
        incomplete=True,
    )
