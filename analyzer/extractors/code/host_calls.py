"""Hosts that client calls are given: values followed to the arguments of calls that connect."""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from analyzer.dataflow.limits import FlowLimits
from analyzer.dataflow.question import Resolution
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import Text
from analyzer.dex import DexMethod, MethodRef, Site
from analyzer.extractors.code.context import CodeContext, location_in, location_of
from analyzer.extractors.code.host_arguments import CLEARTEXT, Told, read_argument
from analyzer.extractors.code.host_names import is_loopback
from analyzer.extractors.code.reached import Activations
from analyzer.extractors.code.retrofit_addresses import REFUSAL, RetrofitAddresses
from analyzer.extractors.sdk_catalogue import HostCall
from analyzer.model import ApiUse, Location
from analyzer.model.location import MAX_SNIPPET_CHARACTERS

MAX_CALLS = 400
"""Most calls that are followed."""
RUN_TIME_HOST = "cleartext-run-time-host"
"""A client is given a URL without TLS whose host is put together at run time. The arguments are the client, the scheme
and, where the call may as well be given a URL with TLS, ``or-tls``."""
_MAX_SUBTYPES = 200
# What a host is put together from is close by; what needs more than this is left unresolved.
_LIMITS = FlowLimits(work=2_000, evaluations=40, depth=12)


class CalledHost(NamedTuple):
    """A host that a call is given."""

    name: str
    client: str
    owner: str
    place: Location
    scheme: str = ""
    """That of the URL; empty when the call is given a mere host."""
    port: int | None = None
    """As in `NamedHost.port`."""


class HostCalls(NamedTuple):
    """What the calls of an app are given."""

    hosts: tuple[CalledHost, ...]
    unresolved: tuple[Location, ...]
    """Calls whose host, or one of their hosts, is not known."""
    uses: tuple[ApiUse, ...]
    """Calls that contact a host without TLS, whichever it is: see `RUN_TIME_HOST`."""
    dropped: int
    """Calls that were not followed, because there are too many."""


def follow_host_calls(code: CodeContext) -> HostCalls:
    """Resolve the hosts of catalogued calls that the app's own code makes, or code of nobody in particular.

    What libraries are given comes from the app, or is theirs and known from their texts.
    """
    if code.resolver is None:
        return HostCalls((), (), (), 0)
    # Methods that were evaluated for other questions are not evaluated again.
    resolver = Resolver(code.program, code.resources, _LIMITS, code.resolver.evaluator)
    renamed = tuple(_renamed(code, RetrofitAddresses(code, resolver)))
    compared = ((call, site) for call in code.catalogue.host_calls for site in _compared(code, resolver, call))
    calls = [
        (call, site)
        for call, site in (*_sites(code), *(renamed or compared))
        if not code.owner_of(site.method.owner.descriptor).startswith("sdk:")
    ]
    runs = Activations(code.program, code.component_classes)
    hosts: dict[CalledHost, None] = {}
    unresolved: dict[Location, None] = {}
    uses: dict[ApiUse, None] = {}
    for call, site in calls[:MAX_CALLS]:
        for resolution, place, method in _given(code, resolver, site, call):
            owner = code.owner_of(method.owner.descriptor)
            told = read_argument(resolution, call)
            for peer in told.peers:
                if not is_loopback(peer.name):
                    found = msgspec.structs.replace(place, snippet=peer.text[:MAX_SNIPPET_CHARACTERS])
                    hosts[CalledHost(peer.name, call.client, owner, found, peer.scheme, peer.port)] = None
            for arguments in _without_tls(call, told):
                shown = msgspec.structs.replace(place, snippet=f"{arguments[1]}://…")
                uses[
                    ApiUse(
                        api=RUN_TIME_HOST,
                        activation=runs.of(method),
                        owner=owner,
                        arguments=arguments,
                        evidence=(shown,),
                    )
                ] = None
            if told.is_open:
                why = resolution.reasons[0] if resolution.reasons else "the value is not known"
                unresolved[msgspec.structs.replace(place, snippet=why[:MAX_SNIPPET_CHARACTERS])] = None
    return HostCalls(tuple(hosts), tuple(unresolved), tuple(uses), max(len(calls) - MAX_CALLS, 0))


def _without_tls(call: HostCall, told: Told) -> Iterator[tuple[str, str, str | None]]:
    """Yield the arguments of `RUN_TIME_HOST` for each scheme without TLS whose host is not known."""
    schemes = {*told.open_schemes, *(peer.scheme for peer in told.peers)}
    for scheme in told.open_schemes:
        if scheme in CLEARTEXT:
            yield call.client, scheme, None if schemes <= CLEARTEXT else "or-tls"


def _given(
    code: CodeContext, resolver: Resolver, site: Site, call: HostCall
) -> Iterator[tuple[Resolution, Location, DexMethod]]:
    """Yield what the argument of a call may be, with the place and the method of the code that decides it."""
    if call.methods:
        resolution = _argument(resolver, site, call)
        if resolution is not None:
            yield resolution, location_of(site), site.method
        return
    # In a renamed library the call is not the app's: who calls the method around it decides.
    for bound in resolver.bound_calls(site):
        caller = code.program.resolve_method(bound.called_from) if bound.called_from is not None else None
        place = location_in(caller) if caller is not None else location_of(site)
        yield bound.arguments[0], place, caller or site.method


def _sites(code: CodeContext) -> Iterator[tuple[HostCall, Site]]:
    """Yield the calls of all catalogued methods, which one search finds."""
    meant: dict[MethodRef, dict[HostCall, None]] = {}
    for call in code.catalogue.host_calls:
        for method in call.parsed():
            owners = [method.owner]
            if method.name != "<init>":
                # The app's own WebView is called by its own name.
                owners += code.program.hierarchy.subtypes_of(method.owner)
            for owner in owners[:_MAX_SUBTYPES]:
                for ref in code.program.method_refs(owner, method.name, method.descriptor):
                    meant.setdefault(ref, {})[call] = None
    for site in code.program.users.callers_of(meant) if meant else ():
        assert isinstance(site.target, MethodRef), "callers call methods"
        yield from ((call, site) for call in meant.get(site.target, ()))


def _renamed(code: CodeContext, retrofit: RetrofitAddresses) -> Iterator[tuple[HostCall, Site]]:
    """Yield the calls by which a renamed OkHttp that was recognised gets addresses, some of them from Retrofit."""
    # A pin reads its pattern with the same methods.
    patterns = {sink.method for copy in code.okhttp_copies for sink in copy.sinks}
    for okhttp in code.renamed_okhttp:
        setters = [ref for ref in okhttp.requests.addresses if isinstance(ref, MethodRef)]
        refs = [ref for ref in (*setters, *okhttp.requests.parsers) if ref.parameters == ("Ljava/lang/String;",)]
        call = HostCall(client="okhttp", methods=tuple(map(str, refs)))
        for site in code.program.users.callers_of(refs) if setters else ():
            if site.method.ref.owner not in okhttp.classes and site.method not in patterns:
                is_retrofit = site.target in okhttp.requests.parsers and retrofit.takes(site)
                yield (_of_retrofit(code, call, site) if is_retrofit else call), site


def _of_retrofit(code: CodeContext, call: HostCall, site: Site) -> HostCall:
    """Return a call as one of Retrofit; who calls the method around it decides, as it may be Retrofit's own."""
    method = code.program.resolve_method(site.target) if isinstance(site.target, MethodRef) else None
    if method is None or not method.is_static:
        return msgspec.structs.replace(call, client="retrofit")
    return HostCall(client="retrofit", anchors=(REFUSAL,))


def _compared(code: CodeContext, resolver: Resolver, call: HostCall) -> Iterator[Site]:
    """Yield the calls that compare something with the first anchor, in methods that load all of them."""
    if not call.anchors:
        return
    holders: dict[DexMethod, None] | None = None
    for anchor in call.anchors:
        loading = dict.fromkeys(site.method for site in code.program.users.loads_of([anchor]))
        holders = loading if holders is None else {one: None for one in holders if one in loading}
    first = Text(call.anchors[0])
    for method in holders or ():
        values = resolver.evaluator.evaluate(method)
        for one in values.calls.values() if values is not None else ():
            if first in one.arguments[1:]:
                yield Site(method, one.offset, one.ref)


def _argument(resolver: Resolver, site: Site, call: HostCall) -> Resolution | None:
    """Return what the argument may be; None when the call never runs or is made through a method handle."""
    if site.via != "instruction":
        return None
    arguments = resolver.resolve_arguments(site)
    if arguments is None:
        return None
    is_static = site.instruction.opcode in _INVOKE_STATIC
    index = call.argument + (0 if is_static else 1)
    # Damaged code may call an instance method as if it were static.
    return arguments[index] if 0 <= index < len(arguments) else None


_INVOKE_STATIC = frozenset({0x71, 0x77})
