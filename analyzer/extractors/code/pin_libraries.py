"""Pinning mechanisms that are known by name: calls that are given pins, and classes that provide or decide them."""

import base64
import datetime as dt
from collections.abc import Iterable, Iterator

import msgspec

from analyzer.dataflow.question import Resolution
from analyzer.dataflow.resolve import BoundCall, Resolver
from analyzer.dataflow.values import Items, Moment, Number, Numbers, Text, Value, alternatives
from analyzer.dex import DexMethod, MethodRef, Site, dotted
from analyzer.extractors.code.context import CodeContext, location_in, location_of
from analyzer.extractors.code.reached import Activations
from analyzer.extractors.pin_api_catalogue import PinCall, PinForm, PinProvider, PinType, method_parts
from analyzer.extractors.pin_values import describe_pin
from analyzer.model import AnalysisGap, ApiUse, Location, PinFact, SdkFact
from analyzer.model.location import MAX_SNIPPET_CHARACTERS
from analyzer.model.pins import Activation, Algorithm, PinProblem
from analyzer.model.pins import Resolution as PinResolution

CRONET_PROVIDER = "cronet-provider"
_FALLBACK_CLASS = "Lorg/chromium/net/impl/JavaCronetProvider;"
_PROVIDER_NAMES = ("App-Packaged-Cronet-Provider", "Google-Play-Services-Cronet-Provider", "Fallback-Cronet-Provider")
_CHROMIUM = "Lorg/chromium/"
_SHA256_BYTES = 32
_MAX_PINS = 2_000
_MAX_SITES = 200
"""Most calls of one method that are followed."""
_MAX_DAYS = 3_650_000


class PinLibraryFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What mechanisms known by name hold."""

    pins: tuple[PinFact, ...] = ()
    sdks: tuple[SdkFact, ...] = ()
    api_uses: tuple[ApiUse, ...] = ()
    gaps: tuple[AnalysisGap, ...] = ()


class _Pin(msgspec.Struct, frozen=True):
    """One pin as a call is given it."""

    value: str
    digest: bytes | None
    unknown: str | None = None
    """Why it is not known."""


def extract_pin_libraries(code: CodeContext) -> PinLibraryFacts:
    """Find the calls and classes of the catalogue ``pin_apis.yaml``, and the pins in them."""
    apis = code.catalogue.pin_apis
    runs = Activations(code.program, code.component_classes)
    pins: list[PinFact] = []
    gaps: list[AnalysisGap] = []
    sources = (
        *(_calls(code, runs, gaps, call) for call in apis.calls),
        *(_provided(code, runs, provider) for provider in apis.providers),
        *(_decided(code, runs, decider) for decider in apis.deciders),
    )
    for facts in sources:
        for pin in facts:
            if len(pins) >= _MAX_PINS:
                gaps.append(_too_many(f"{_MAX_PINS} pins"))
                break
            pins.append(pin)
    gaps += [gap for bridge in apis.bridges if (gap := _bridged(code, bridge)) is not None]
    switches = tuple(_switches(code, runs, gaps))
    return PinLibraryFacts(
        pins=tuple(dict.fromkeys(pins)),
        sdks=tuple(_fallback(code)),
        api_uses=(*switches, *_chosen_providers(code, runs)),
        gaps=tuple(dict.fromkeys(gaps)),
    )


# ---- calls


def _calls(code: CodeContext, runs: Activations, gaps: list[AnalysisGap], call: PinCall) -> Iterator[PinFact]:
    for site in _sites(code, gaps, call.owner, call.name, call.parameters):
        activation = runs.of(site.method)
        if activation == "active" and not call.wired:
            activation = "unknown"
        bound = code.resolver.bound_calls(site) if code.resolver is not None else ()
        if not bound:
            yield _fact(code, call, site, activation, None, _Pin("", None, call.detail or "the call was not followed"))
        for one in bound:
            for host in _hosts(call, one, site):
                for pin in _pins(call, one, site):
                    yield _fact(code, call, site, activation, host, pin, one)


def _sites(
    code: CodeContext, gaps: list[AnalysisGap], owner: str, name: str, parameters: tuple[str, ...] | None = None
) -> Iterator[Site]:
    """Yield the calls of a method by everyone but its library; a gap is added when there are too many."""
    program = code.program
    suffix = "/" + owner[1:]
    if name == "<init>":
        # Almost every class has a constructor: the names of types tell which of them are meant.
        owners = (owner, *program.copies_of(owner))
        refs = tuple(ref for one in owners for ref in program.method_refs(one, name))
    else:
        refs = tuple(ref for ref in program.method_refs(name=name) if ref.owner == owner or ref.owner.endswith(suffix))
    refs = tuple(ref for ref in refs if parameters is None or ref.parameters == parameters)
    kept = 0
    for site in program.users.callers_of(refs):
        assert isinstance(site.target, MethodRef), "callers call methods"
        if _is_library(site.method.ref.owner, site.target.owner):
            continue
        kept += 1
        if kept > _MAX_SITES:
            gaps.append(_too_many(f"{_MAX_SITES} calls of {name}"))
            return
        yield site


def _is_library(caller: str, owner: str) -> bool:
    """Say whether a class belongs to the library of another one: chromium's as a whole, else the same package."""
    at = owner.find("org/chromium/")
    if at >= 0:
        return caller.startswith(owner[: at + len("org/chromium/")])
    return caller.rpartition("/")[0] == owner.rpartition("/")[0]


def _argument(call: BoundCall, site: Site, place: int | None) -> Resolution | None:
    """Return an argument by its place without the receiver; None when the method has no such argument."""
    assert isinstance(site.target, MethodRef), "callers call methods"
    if place is None:
        return None
    at = place + len(call.arguments) - len(site.target.parameters)
    return call.arguments[at] if 0 <= at < len(call.arguments) else None


def _hosts(call: PinCall, bound: BoundCall, site: Site) -> tuple[str | None, ...]:
    argument = _argument(bound, site, call.host)
    texts = argument.texts if argument is not None else ()
    return tuple(_host_of(text) for text in texts) or (None,)


def _host_of(text: str) -> str:
    """Return the host of an address; a bare host is returned as it is."""
    _, separator, rest = text.partition("://")
    host = (rest if separator else text).partition("/")[0].rpartition("@")[2]
    return host.partition(":")[0] if host.count(":") == 1 else host


def _pins(call: PinCall, bound: BoundCall, site: Site) -> Iterator[_Pin]:
    if call.detail is not None:
        yield _Pin("", None, call.detail)
        return
    # Some constructors take an array of texts, others a collection or several arrays.
    argument = _argument(bound, site, call.pins)
    if argument is None:
        yield _Pin("", None, "the call has no argument that holds pins")
        return
    yield from _pins_in(argument, call.form)


def _pins_in(argument: Resolution, form: PinForm) -> Iterator[_Pin]:
    known: dict[_Pin, None] = {}
    complete = argument.state == "constant"
    for value in argument.values:
        elements: tuple[Value, ...] = value.elements if isinstance(value, Items) else (value,)
        for element in elements:
            for one in alternatives(element):
                pin = _pin_of(one, form)
                if pin is None:
                    complete = False
                else:
                    known[pin] = None
        if isinstance(value, Items) and not value.complete:
            complete = False
    yield from known
    if not complete or not known:
        yield _Pin("", None, argument.reasons[0] if argument.reasons else "the value is not a constant")


def _pin_of(value: Value, form: PinForm) -> _Pin | None:
    match value:
        case Text(value=text) if form != "bytes":
            return _Pin(text, None)
        case Numbers(type="[B"):
            return _Pin(base64.b64encode(value.data).decode("ascii"), value.data)
    return None


def _fact(
    code: CodeContext,
    call: PinCall,
    site: Site,
    activation: Activation,
    host: str | None,
    pin: _Pin,
    bound: BoundCall | None = None,
) -> PinFact:
    expires = _date(_argument(bound, site, call.expiration)) if bound is not None else None
    subdomains = _argument(bound, site, call.subdomains) if bound is not None else None
    unknown = pin.unknown
    if unknown is None and host is None and call.host is not None:
        unknown = "the host could not be resolved"
    place = location_of(site, pin.value or None)
    trail = _trail(code, bound, site)
    return msgspec.structs.replace(
        _described(code, call, pin, host),
        include_subdomains=subdomains is not None and subdomains.values == (Number(1),),
        expires_on=expires,
        activation=activation,
        resolution=_resolution(pin, unknown),
        problem_detail=unknown if unknown is not None else _described(code, call, pin, host).problem_detail,
        owner=code.owner_of(site.method.ref.owner),
        scope=f"{place.class_name}.{place.method}",
        evidence=(place, *trail),
    )


def _resolution(pin: _Pin, unknown: str | None) -> PinResolution:
    if unknown is None:
        return "constant"
    return "unresolved" if pin.unknown is not None else "partial"


def _described(code: CodeContext, entry: PinCall | PinProvider, pin: _Pin, host: str | None) -> PinFact:
    """Return a fact with what is known of the pin itself."""
    algorithm: Algorithm = entry.algorithm or "sha256"
    problem: PinProblem | None = None
    detail = identity = digest = None
    if pin.unknown is None and entry.form != "file":
        value = describe_pin(
            pin.value, mechanism=entry.mechanism, digest=pin.digest, catalogue=code.catalogue, host=host
        )
        algorithm = entry.algorithm or value.algorithm or algorithm
        digest, problem, detail, identity = value.digest, value.problem, value.problem_detail, value.identity
        if entry.form == "bytes" and pin.digest is not None and len(pin.digest) != _SHA256_BYTES:
            digest, problem = None, "length"
            detail = f"it has {len(pin.digest)} bytes instead of {_SHA256_BYTES}, which is refused with an exception"
    return PinFact(
        mechanism=entry.mechanism,
        host=host,
        include_subdomains=False,
        algorithm=algorithm,
        digest=digest,
        hashed_object=entry.object,
        value=pin.value[:MAX_SNIPPET_CHARACTERS],
        problem=problem,
        problem_detail=detail,
        checked_against=entry.against,
        resolution="constant",
        activation="unknown",
        scope="",
        identity=identity,
    )


def _date(argument: Resolution | None) -> str | None:
    """Return the day of a date or of milliseconds since 1970; None when it is not known, or 0 for no end."""
    if argument is None or argument.state != "constant" or len(argument.values) != 1:
        return None
    match argument.values[0]:
        case Moment(milliseconds=moment) | Number(value=moment) if moment > 0:
            days = moment // 86_400_000
            return (dt.date(1970, 1, 1) + dt.timedelta(days=days)).isoformat() if days < _MAX_DAYS // 2 else None
    return None


def _trail(code: CodeContext, bound: BoundCall | None, site: Site) -> tuple[Location, ...]:
    if bound is None or bound.called_from is None:
        return ()
    caller = code.program.resolve_method(bound.called_from)
    return (location_in(caller),) if caller is not None and caller != site.method else ()


# ---- classes


def _provided(code: CodeContext, runs: Activations, provider: PinProvider) -> Iterator[PinFact]:
    """Yield what implementations of an interface return as pins."""
    for name in code.program.hierarchy.subtypes_of(provider.type):
        definition = code.program.find_class(name)
        method = definition.method(provider.method) if definition is not None else None
        if method is None or method.is_abstract:
            continue
        activation = runs.of(method)
        for pin in _returned(code.resolver, method, provider.form):
            described = _described(code, provider, pin, None)
            yield msgspec.structs.replace(
                described,
                activation="unknown" if activation == "active" else activation,
                resolution=_resolution(pin, pin.unknown),
                problem_detail=pin.unknown or described.problem_detail,
                owner=code.owner_of(name),
                scope=dotted(name),
                evidence=(location_in(method, snippet=pin.value or None),),
            )


def _returned(resolver: Resolver | None, method: DexMethod, form: PinForm) -> Iterator[_Pin]:
    values = resolver.evaluator.evaluate(method) if resolver is not None else None
    if resolver is None or values is None or not values.returns:
        yield _Pin("", None, "what the method returns was not followed")
        return
    for value in values.returns:
        yield from _pins_in(resolver.resolve_texts(value), form)


def _decided(code: CodeContext, runs: Activations, decider: PinType) -> Iterator[PinFact]:
    """Yield a pin whose value is not known for each class that decides about pins by itself."""
    for name in code.program.hierarchy.subtypes_of(decider.type):
        definition = code.program.find_class(name)
        if definition is None or definition.is_interface or _is_library(name, decider.type):
            continue
        activation = runs.of(definition.methods[0]) if definition.methods else "defined_only"
        yield PinFact(
            mechanism=decider.mechanism,
            host=None,
            include_subdomains=False,
            algorithm="sha256",
            digest=None,
            hashed_object="spki",
            value="",
            problem_detail=f"the class {definition.name} decides by itself",
            checked_against="validated",
            resolution="unresolved",
            activation="unknown" if activation == "active" else activation,
            owner=code.owner_of(name),
            scope=definition.name,
            evidence=(Location(kind="code", entry=definition.file.entry, class_name=definition.name),),
        )


def _bridged(code: CodeContext, bridge: PinType) -> AnalysisGap | None:
    if code.program.find_class(bridge.type) is None:
        return None
    return AnalysisGap(
        stage="code",
        reason="unsupported-runtime",
        subject=dotted(bridge.type),
        detail=f"{dotted(bridge.type)} takes its pins from code in another language, which is not analysed.",
        hides=("pin",),
    )


def _too_many(subject: str) -> AnalysisGap:
    return AnalysisGap(
        stage="code",
        reason="limit",
        subject=subject,
        detail="Pinning libraries are given more pins than are read.",
        hides=("pin", "code"),
    )


# ---- Cronet's settings


def _switches(code: CodeContext, runs: Activations, gaps: list[AnalysisGap]) -> Iterator[ApiUse]:
    for switch in code.catalogue.pin_apis.switches:
        for site in _sites(code, gaps, *method_parts(switch.method)):
            arguments = code.resolver.resolve_arguments(site) if code.resolver is not None else None
            chosen = arguments[-1] if arguments else None
            values = chosen.values if chosen is not None and chosen.state == "constant" else ()
            text = "false" if values == (Number(0),) else "true" if values == (Number(1),) else None
            yield ApiUse(
                api=switch.api,
                activation=runs.of(site.method),
                owner=code.owner_of(site.method.ref.owner),
                arguments=(text,),
                evidence=(location_of(site),),
            )


def _chosen_providers(code: CodeContext, runs: Activations) -> Iterator[ApiUse]:
    """Yield where code other than Cronet's own names one of its providers."""
    for site in code.program.users.loads_of(_PROVIDER_NAMES)[:_MAX_SITES]:
        if not site.method.ref.owner.startswith(_CHROMIUM):
            yield ApiUse(
                api=CRONET_PROVIDER,
                activation=runs.of(site.method),
                owner=code.owner_of(site.method.ref.owner),
                arguments=(str(site.target),),
                evidence=(location_of(site),),
            )


def _fallback(code: CodeContext) -> Iterable[SdkFact]:
    definition = code.program.find_class(_FALLBACK_CLASS)
    if definition is not None:
        place = Location(kind="code", entry=definition.file.entry, class_name=definition.name)
        yield SdkFact(name="cronet-fallback", kind="library", evidence=(place,))
