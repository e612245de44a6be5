"""TrustKit: whether the app carries it, starts it and connects through it, joined with the policy that it reads."""

import re
from collections.abc import Iterable, Sequence
from itertools import islice

import msgspec

from analyzer.dataflow.evaluate import Evaluator
from analyzer.dataflow.values import Number, Text, Value, alternatives
from analyzer.dex import DexMethod, MethodRef, Site
from analyzer.extractors.code.context import CodeContext, location_of
from analyzer.extractors.code.reached import Activations
from analyzer.extractors.code.trustkit_policy import KnownDomain, known_domains
from analyzer.extractors.pin_values import describe_pin
from analyzer.model import AnalysisGap, ApiUse, Location, NetworkPolicy, PinFact, SdkFact
from analyzer.model.location import MAX_SNIPPET_CHARACTERS
from analyzer.model.pins import Activation

SDK = "trustkit"
INITIALISE = "trustkit-init"
"""Arguments: ``default-name`` or ``resource``; the resource's id, as ``0x7f010001``; ``options`` if some are given."""
CONNECTIONS = ("trustkit-socket-factory", "trustkit-trust-manager", "trustkit-okhttp")
"""Uses that lead connections through TrustKit. The first argument is the host, where one is given."""
INTERCEPTOR = "trustkit-okhttp-interceptor"
"""The first argument is ``redirects-off`` or ``redirects-on``, None where the client's builder is not in sight."""

_PACKAGE = "com/datatheorem/android/trustkit/"
_TYPE_NAME = re.compile(r"L[a-z/]*com/datatheorem/android/trustkit/")
_CONTEXT = "Landroid/content/Context;"
_FACTORY = "Ljavax/net/ssl/SSLSocketFactory;"
_MANAGER = "Ljavax/net/ssl/X509TrustManager;"
_INIT_NAME = "initializeWithNetworkSecurityConfiguration"
# Texts of TrustKit.java that shrinkers keep; a string builder may have joined them with others.
_INIT_TEXTS = ("TrustKit has already been initialized", "Could not parse network security policy file")
_HELPER = re.compile(r"pinning/OkHttp[23]Helper;$")
_REDIRECTS = ("followRedirects", "followSslRedirects")
_MAX_SITES = 500
"""Most calls of one kind that are kept; an app starts TrustKit once, and asks for a few factories."""
_STRENGTH: dict[Activation, int] = {"active": 3, "unknown": 2, "created": 1, "defined_only": 0}


class TrustKitFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of TrustKit in an app."""

    pins: tuple[PinFact, ...] = ()
    sdks: tuple[SdkFact, ...] = ()
    api_uses: tuple[ApiUse, ...] = ()
    gaps: tuple[AnalysisGap, ...] = ()


def extract_trustkit(code: CodeContext, policy: NetworkPolicy) -> TrustKitFacts:
    """Find TrustKit in the code, and the pins that it takes from `policy` once it is started."""
    found = _Recogniser(code)
    if not found.evidence:
        return TrustKitFacts()
    sdk = SdkFact(name=SDK, kind="library", evidence=found.evidence[:1])
    uses = [*found.initialisations(), *found.connections()]
    gaps: list[AnalysisGap] = []
    pins: tuple[PinFact, ...] = ()
    starts = [use for use in uses if use.api == INITIALISE and use.activation != "defined_only"]
    if starts:
        other = _other_resource(starts, policy)
        if other is None:
            pins = _pins(code, policy, starts, [use for use in uses if use.api in (*CONNECTIONS, INTERCEPTOR)])
        else:
            gaps.append(
                AnalysisGap(
                    stage="code",
                    reason="not-analysed-yet",
                    subject=other,
                    detail="TrustKit is started with this resource instead of the manifest's policy; what it pins is "
                    "not known.",
                    hides=("pin",),
                )
            )
    if found.renamed and not any(use.api in (*CONNECTIONS, INTERCEPTOR) for use in uses):
        gaps.append(
            AnalysisGap(
                stage="code",
                reason="unresolved-value",
                subject=found.renamed,
                detail="TrustKit's classes were renamed; which connections go through it could not be told.",
                hides=("code",),
            )
        )
    return TrustKitFacts(pins=pins, sdks=(sdk,), api_uses=tuple(uses), gaps=tuple(gaps))


class _Recogniser:
    """Knows TrustKit's methods in one app, by name or by the texts that survive renaming."""

    def __init__(self, code: CodeContext) -> None:
        self._code = code
        self._program = code.program
        self._evaluator = code.resolver.evaluator if code.resolver is not None else Evaluator(code.program)
        self._activations = Activations(code.program, code.component_classes)
        self.renamed: str | None = None
        """The class that TrustKit's entry point became, dotted."""
        self._inlined: list[Site] = []
        named = [ref for ref in self._program.method_refs(name=_INIT_NAME) if _takes_context(ref)]
        self._starters: dict[MethodRef, None] = dict.fromkeys(named)
        self._own_types: set[str] = {ref.owner for ref in named}
        marks = self._program.users.loads_of(self._program.strings_starting(*_INIT_TEXTS))
        marks = tuple(mark for mark in marks if not _is_builder_of_managers(mark.method.ref))
        if not named:
            self._bind_by_text(marks)
        places = (*marks, *self._program.users.callers_of(self._starters))
        self.evidence: tuple[Location, ...] = tuple(location_of(site) for site in places) or self._classes()

    def _classes(self) -> tuple[Location, ...]:
        """Return the classes that still have TrustKit's package in their names."""
        named = self._program.lookup.types_containing("com/datatheorem/android/trustkit/")
        names = [name for name in named if _TYPE_NAME.search(name)]
        found = (self._program.find_class(name) for name in names)
        return tuple(Location(kind="code", entry=one.file.entry, class_name=one.name) for one in found if one)

    def _bind_by_text(self, marks: Iterable[Site]) -> None:
        for mark in marks:
            method = mark.method
            if _takes_context(method.ref) and method.is_static:
                self._starters[method.ref] = None
                self._own_types.add(method.ref.owner)
                self.renamed = method.owner.name
            else:
                # The starting method was inlined into the code that starts TrustKit.
                self._inlined.append(mark)
        for owner in tuple(self._own_types):
            definition = self._program.find_class(owner)
            for method in definition.methods if definition is not None else ():
                if method.is_static and method.ref.parameters == (_CONTEXT,) and self._calls(method, self._starters):
                    self._starters[method.ref] = None

    def _calls(self, method: DexMethod, refs: Iterable[MethodRef]) -> bool:
        return any(site.method == method for site in self._program.users.callers_of(refs))

    def initialisations(self) -> list[ApiUse]:
        """Return where TrustKit is started."""
        uses = []
        for site in self._calls_of(self._starters):
            target = site.target
            assert isinstance(target, MethodRef), "callers call methods"
            kind = "resource" if "I" in target.parameters else "default-name"
            resource = self._number(site) if kind == "resource" else None
            options = "options" if any(name.endswith("Options;") for name in target.parameters) else None
            uses.append(self._use(INITIALISE, site, (kind, resource, options)))
        seen = set()
        for site in self._inlined:
            if site.method not in seen:
                seen.add(site.method)
                uses.append(self._use(INITIALISE, site, (None, None, None)))
        return uses

    def connections(self) -> list[ApiUse]:
        """Return where connections are led through TrustKit."""
        wanted: dict[MethodRef, str] = {}
        for owner in sorted(self._entry_types()):
            for ref in self._program.method_refs(owner, None, f"(Ljava/lang/String;){_FACTORY}"):
                wanted[ref] = CONNECTIONS[0]
            for ref in self._program.method_refs(owner, None, f"(Ljava/lang/String;){_MANAGER}"):
                wanted[ref] = CONNECTIONS[1]
        for name, api in (
            ("getSSLSocketFactory", CONNECTIONS[2]),
            ("getTrustManager", CONNECTIONS[2]),
            ("getPinningInterceptor", INTERCEPTOR),
        ):
            for ref in self._program.method_refs(name=name):
                if _HELPER.search(ref.owner) and not ref.parameters:
                    wanted[ref] = api
        uses = []
        for site in self._calls_of(wanted):
            assert isinstance(site.target, MethodRef), "callers call methods"
            api = wanted[site.target]
            if api == INTERCEPTOR:
                uses.append(self._use(api, site, (self._redirects(site.method),)))
            else:
                uses.append(self._use(api, site, (self._host(site),)))
        return uses

    def _calls_of(self, refs: Iterable[MethodRef]) -> Iterable[Site]:
        sites = self._program.users.callers_of(refs)
        return islice((site for site in sites if not self._is_own(site.method)), _MAX_SITES)

    def _entry_types(self) -> set[str]:
        plain = {ref.owner for ref in self._program.method_refs(name="getSSLSocketFactory") if _is_entry(ref.owner)}
        plain |= {ref.owner for ref in self._program.method_refs(name="getTrustManager") if _is_entry(ref.owner)}
        return plain | self._own_types

    def _use(self, api: str, site: Site, arguments: tuple[str | None, ...]) -> ApiUse:
        return ApiUse(
            api=api,
            activation=self._activations.of(site.method),
            owner=self._code.owner_of(site.method.ref.owner),
            arguments=arguments,
            evidence=(location_of(site),),
        )

    def _is_own(self, method: DexMethod) -> bool:
        owner = method.ref.owner
        return _PACKAGE in owner or owner in self._own_types

    def _arguments(self, site: Site) -> tuple[Value, ...]:
        values = self._evaluator.evaluate(site.method)
        call = None if values is None else values.calls.get(site.offset)
        return () if call is None else call.arguments

    def _number(self, site: Site) -> str | None:
        numbers = [value.value for value in self._arguments(site) if isinstance(value, Number)]
        return f"{numbers[0] & 0xFFFFFFFF:#010x}" if len(numbers) == 1 else None

    def _host(self, site: Site) -> str | None:
        texts = [value.value for value in self._arguments(site) if isinstance(value, Text)]
        return texts[0] if len(texts) == 1 else None

    def _redirects(self, method: DexMethod) -> str | None:
        """Say whether a method that asks for the interceptor switches redirects off on the builder beside it."""
        values = self._evaluator.evaluate(method)
        calls = [] if values is None else list(values.calls.values())
        builders = [call for call in calls if call.ref.owner.endswith("okhttp3/OkHttpClient$Builder;")]
        old = [call for call in calls if call.ref.owner.endswith("squareup/okhttp/OkHttpClient;")]
        if not any(call.ref.name in ("addInterceptor", "interceptors", "build", "<init>") for call in builders + old):
            return None
        off = set()
        for call in builders + old:
            name = call.ref.name
            name = name.removeprefix("set")[:1].lower() + name.removeprefix("set")[1:]
            if name in _REDIRECTS and call.arguments and alternatives(call.arguments[-1]) == (Number(0),):
                off.add(name)
        return "redirects-off" if len(off) == len(_REDIRECTS) else "redirects-on"


def _takes_context(ref: MethodRef) -> bool:
    return ref.parameters[:1] == (_CONTEXT,)


def _is_entry(owner: str) -> bool:
    return owner.endswith(_PACKAGE + "TrustKit;")


def _is_builder_of_managers(ref: MethodRef) -> bool:
    """Leave out ``TrustManagerBuilder``, which says the same when it is set up twice."""
    return any(name.startswith("Ljava/util/") for name in ref.parameters)


def _other_resource(starts: Sequence[ApiUse], policy: NetworkPolicy) -> str | None:
    """Return the resource that TrustKit reads, when it is certainly another one than the manifest's policy."""
    own = policy.reference.resource_id if policy.reference is not None else None
    named = {use.arguments[1] for use in starts}
    if own is None or None in named or len(named) != 1:
        return None
    resource = next(iter(named))
    return resource if resource is not None and int(resource, 16) != own else None


def _pins(
    code: CodeContext, policy: NetworkPolicy, starts: Sequence[ApiUse], connections: Sequence[ApiUse]
) -> tuple[PinFact, ...]:
    start = max(starts, key=lambda use: _STRENGTH[use.activation])
    through = max(connections, key=lambda use: _STRENGTH[use.activation], default=None)
    activation: Activation = "created"
    if through is not None and through.activation != "defined_only":
        # A chain is as strong as its weakest link.
        activation = min(start.activation, through.activation, key=lambda one: _STRENGTH[one])
    trail = (start.evidence[:1]) + (through.evidence[:1] if through is not None else ())
    pins: dict[PinFact, None] = {}
    for known in known_domains(policy):
        for pin in _pins_of(code, known, activation, trail):
            pins[pin] = None
            if len(pins) >= code.limits.policy_pins:
                return tuple(pins)
    return tuple(pins)


def _pins_of(
    code: CodeContext, known: KnownDomain, activation: Activation, trail: tuple[Location, ...]
) -> Iterable[PinFact]:
    for pin in known.pins:
        value = describe_pin(
            pin.value, mechanism="trustkit", digest=pin.digest, catalogue=code.catalogue, host=known.domain.name
        )
        snippet = pin.value[:MAX_SNIPPET_CHARACTERS]
        yield PinFact(
            mechanism="trustkit",
            host=known.domain.name,
            include_subdomains=known.domain.include_subdomains,
            algorithm="sha256",
            digest=pin.digest,
            hashed_object="spki",
            value=pin.value,
            problem=value.problem,
            problem_detail=value.problem_detail,
            expires_on=known.expires_on,
            checked_against="validated",
            resolution="constant",
            activation=activation if known.enforced else "created",
            enforced=known.enforced,
            scope=f"{known.entry}#{known.path}",
            identity=value.identity,
            evidence=(
                Location(kind="xml", entry=known.entry, xml_path=pin.path, line=pin.line, snippet=snippet),
                *trail,
            ),
        )
