"""Hosts that client calls are given: values followed to the arguments of calls that connect."""

from collections.abc import Iterable
from typing import NamedTuple

from analyzer.dataflow.limits import FlowLimits
from analyzer.dataflow.question import Resolution
from analyzer.dataflow.resolve import Resolver
from analyzer.dex import Site
from analyzer.extractors.code.context import CodeContext, location_of
from analyzer.extractors.code.host_names import host_of, hosts_in, is_loopback, plain_host
from analyzer.extractors.sdk_catalogue import HostCall
from analyzer.model import Location

MAX_CALLS = 400
"""Most calls that are followed."""
# What a host is put together from is close by; what needs more than this is left unresolved.
_LIMITS = FlowLimits(work=2_000, evaluations=40, depth=12)


class CalledHost(NamedTuple):
    """A host that a call is given."""

    name: str
    client: str
    owner: str
    place: Location


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
    calls = [
        (call, site, owner)
        for call in code.catalogue.host_calls
        for site in _sites(code, call)
        if not (owner := code.owner_of(site.method.owner.descriptor)).startswith("sdk:")
    ]
    hosts: dict[CalledHost, None] = {}
    unresolved: dict[Location, None] = {}
    for call, site, owner in calls[:MAX_CALLS]:
        resolution = _argument(resolver, site, call)
        if resolution is None:
            continue
        for text in resolution.texts:
            for name in _names(text, call):
                if name and not is_loopback(name):
                    hosts[CalledHost(name, call.client, owner, location_of(site, text))] = None
        if resolution.state != "constant":
            why = resolution.reasons[0] if resolution.reasons else "the value is not known"
            unresolved[location_of(site, why)] = None
    return HostCalls(tuple(hosts), tuple(unresolved), max(len(calls) - MAX_CALLS, 0))


def _sites(code: CodeContext, call: HostCall) -> Iterable[Site]:
    methods = [
        ref
        for method in call.parsed()
        for ref in code.program.method_refs(method.owner, method.name, method.descriptor)
    ]
    return code.program.users.callers_of(methods) if methods else ()


def _argument(resolver: Resolver, site: Site, call: HostCall) -> Resolution | None:
    """Return what the argument may be; None when the call never runs or is made through a method handle."""
    if site.via != "instruction":
        return None
    arguments = resolver.resolve_arguments(site)
    if arguments is None:
        return None
    is_static = site.instruction.opcode in _INVOKE_STATIC
    index = call.argument + (0 if is_static else 1)
    return arguments[index] if index < len(arguments) else None


_INVOKE_STATIC = frozenset({0x71, 0x77})


def _names(text: str, call: HostCall) -> Iterable[str]:
    if call.form == "url":
        return [named.name for named in hosts_in(text, of_library=False)]
    name = plain_host(text) if call.form == "host" else host_of(text.rpartition("/")[2])
    return [] if name is None else [name]
