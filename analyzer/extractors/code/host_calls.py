"""Hosts that client calls are given: values followed to the arguments of calls that connect."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from analyzer.dataflow.limits import FlowLimits
from analyzer.dataflow.question import Resolution
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import Text
from analyzer.dex import DexMethod, MethodRef, Site
from analyzer.extractors.code.context import CodeContext, location_in, location_of
from analyzer.extractors.code.host_names import host_of, hosts_in, is_loopback, plain_host
from analyzer.extractors.sdk_catalogue import HostCall
from analyzer.model import Location
from analyzer.model.location import MAX_SNIPPET_CHARACTERS

MAX_CALLS = 400
"""Most calls that are followed."""
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
    dropped: int
    """Calls that were not followed, because there are too many."""


def follow_host_calls(code: CodeContext) -> HostCalls:
    """Resolve the hosts of catalogued calls that the app's own code makes, or code of nobody in particular.

    What libraries are given comes from the app, or is theirs and known from their texts.
    """
    if code.resolver is None:
        return HostCalls((), (), 0)
    # Methods that were evaluated for other questions are not evaluated again.
    resolver = Resolver(code.program, code.resources, _LIMITS, code.resolver.evaluator)
    compared = ((call, site) for call in code.catalogue.host_calls for site in _compared(code, resolver, call))
    calls = [
        (call, site)
        for call, site in (*_sites(code), *compared)
        if not code.owner_of(site.method.owner.descriptor).startswith("sdk:")
    ]
    hosts: dict[CalledHost, None] = {}
    unresolved: dict[Location, None] = {}
    for call, site in calls[:MAX_CALLS]:
        for resolution, place, owner in _given(code, resolver, site, call):
            for text in resolution.texts:
                for name, scheme, port in _names(text, call):
                    if name and not is_loopback(name):
                        found = msgspec.structs.replace(place, snippet=text[:MAX_SNIPPET_CHARACTERS])
                        hosts[CalledHost(name, call.client, owner, found, scheme, port)] = None
            if resolution.state != "constant":
                why = resolution.reasons[0] if resolution.reasons else "the value is not known"
                unresolved[msgspec.structs.replace(place, snippet=why[:MAX_SNIPPET_CHARACTERS])] = None
    return HostCalls(tuple(hosts), tuple(unresolved), max(len(calls) - MAX_CALLS, 0))


def _given(
    code: CodeContext, resolver: Resolver, site: Site, call: HostCall
) -> Iterator[tuple[Resolution, Location, str]]:
    """Yield what the argument of a call may be, with the place and the owner of the code that decides it."""
    if call.methods:
        resolution = _argument(resolver, site, call)
        if resolution is not None:
            yield resolution, location_of(site), code.owner_of(site.method.owner.descriptor)
        return
    # In a renamed library the call is not the app's: who calls the method around it decides.
    for bound in resolver.bound_calls(site):
        caller = code.program.resolve_method(bound.called_from) if bound.called_from is not None else None
        place = location_in(caller) if caller is not None else location_of(site)
        yield bound.arguments[0], place, code.owner_of((caller or site.method).owner.descriptor)


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


def _names(text: str, call: HostCall) -> Iterable[tuple[str, str, int | None]]:
    """Yield the hosts that an argument names, each with the scheme of its URL and the port over TLS."""
    if call.form == "url":
        return [(named.name, named.scheme, named.port) for named in hosts_in(text, of_library=False)]
    name = plain_host(text) if call.form == "host" else host_of(text.rpartition("/")[2])
    return [] if name is None else [(name, "", None)]
