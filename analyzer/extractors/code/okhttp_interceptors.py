"""Interceptors of a renamed OkHttp: which classes they are, and whether lists of them are out of sight."""

from collections.abc import Iterator

from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import Result, walk
from analyzer.dex import DexMethod, FieldRef, MethodRef, Site
from analyzer.extractors.code.context import CodeContext
from analyzer.extractors.code.okhttp_classes import OKHTTP
from analyzer.extractors.code.okhttp_roles import RenamedOkHttp

_SESSION = "Ljavax/net/ssl/SSLSession;"
_PEER = ("getPeerCertificateChain", "getPeerCertificates")
_ADDING = frozenset({"add", "contains", "isEmpty", "size"})


def renamed_interceptors(code: CodeContext) -> Iterator[tuple[str, tuple[DexMethod, ...]]]:
    """Yield the classes of interceptors with the methods that a chain calls, where any code asks for a peer's keys."""
    for renamed in code.renamed_okhttp:
        intercept = renamed.exchange.intercept
        asking = _asking(code, renamed)
        if intercept is None or not asking:
            continue
        wanted = (intercept.name, intercept.descriptor)
        for name in sorted(code.program.hierarchy.subtypes_of(intercept.owner)):
            definition = code.program.find_class(name)
            if definition is None or definition.is_interface:
                continue
            if code.owner_of(name) == OKHTTP and name not in asking:
                continue
            methods = (one for one in definition.methods if (one.ref.name, one.ref.descriptor) == wanted)
            yield name, tuple(one for one in methods if not one.is_static and one.code_offset)


def _asking(code: CodeContext, renamed: RenamedOkHttp) -> frozenset[str]:
    """Return the classes, but for a renamed OkHttp's own, that ask a handshake or session for the server's chain."""
    peer = renamed.exchange.peer
    methods = [ref for ref in peer if isinstance(ref, MethodRef)]
    methods += [ref for name in _PEER for ref in code.program.method_refs(_SESSION, name)]
    fields = [ref for ref in peer if isinstance(ref, FieldRef)]
    sites = (*code.program.users.callers_of(methods), *code.program.users.readers_of(fields))
    return frozenset(site.method.ref.owner for site in sites) - renamed.classes - renamed.exchange.asking


def may_be_added(code: CodeContext) -> bool:
    """Say whether interceptors may be added to lists of a renamed OkHttp's clients without being seen."""
    if any({"clients", "interceptors"}.intersection(renamed.missing) for renamed in code.renamed_okhttp):
        return True
    taken = (
        site
        for renamed in code.renamed_okhttp
        for site in code.program.users.callers_of(renamed.lists)
        if site.method.ref.owner not in renamed.classes
    )
    return any(not _only_adds(code, site) for site in taken)


def _only_adds(code: CodeContext, site: Site) -> bool:
    """Say whether a list that a call returns stays in its method, which only adds to it: that is followed."""
    resolver = code.resolver or Resolver(code.program)
    values = resolver.evaluator.evaluate(site.method)
    found = None if values is None else values.object_at(site.offset)
    if values is None or not isinstance(found, Result):
        return False
    kept = (*values.returns, *(store.value for store in values.stores.values()))
    if any(isinstance(part, Result) and part.offset == site.offset for value in kept for part in walk(value)):
        return False
    events = (event for history in found.histories for event in history)
    return all(isinstance(one.ref, MethodRef) and not one.position and one.ref.name in _ADDING for one in events)
