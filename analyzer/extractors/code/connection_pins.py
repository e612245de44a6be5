"""Pins that code compares by hand with the certificates of a connection it holds, before anything is sent over it."""

from collections.abc import Collection, Iterator

import msgspec

from analyzer.dataflow.backtrace import Backtrace
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import Created, Result, Value
from analyzer.dex import DexMethod, MethodRef
from analyzer.extractors.code.callback_wiring import Installation
from analyzer.extractors.code.context import CodeContext, location_in
from analyzer.extractors.code.handshake_pins import Checked, HandshakePinFacts, HandshakePins
from analyzer.extractors.code.host_names import hosts_in
from analyzer.extractors.code.reached import Runs
from analyzer.model import ApiUse, PinFact

_GETTERS = (
    ("Ljavax/net/ssl/HttpsURLConnection;", "getServerCertificates"),
    ("Ljavax/net/ssl/SSLSession;", "getPeerCertificates"),
    ("Ljavax/net/ssl/SSLSession;", "getPeerCertificateChain"),
)
_CALLBACKS = frozenset({"verify", "intercept", "checkServerTrusted"})
"""What verifiers, interceptors and trust managers are asked by has extractors of its own."""
_MAX_METHODS = 100
_MAX_LEVELS = 3
"""How far the chain is handed back before it is compared."""


def extract_connection_pins(
    code: CodeContext, explained: Collection[PinFact], practices: Collection[ApiUse]
) -> HandshakePinFacts:
    """Find the pins that methods compare with what ``getServerCertificates`` or the session of a socket returns.

    Comparisons that `explained` shows already are left out. Where `practices` say that nothing is sent over the
    connection, its pins hold no traffic.
    """
    if code.resolver is None:
        return HandshakePinFacts()
    program = code.program
    reader = HandshakePins(code)
    backtrace = Backtrace(code.resolver)
    runs = Runs(program, code.component_classes)
    shown = {(pin.evidence[0].class_name, pin.evidence[0].method, pin.evidence[0].code_offset)
             for pin in explained if pin.evidence}  # fmt: skip
    probes = {(use.evidence[0].class_name, use.evidence[0].method) for use in practices if use.evidence}
    pins: dict[PinFact, None] = {}
    for method in _roots(code, reader):
        activation = runs.of(method)
        place = location_in(method)
        if method.ref.return_type == "Z" and activation == "active":
            # Whoever asks may go on all the same.
            activation = "unknown"
        probed = (place.class_name, place.method) in probes
        state = "created" if probed and activation == "active" else activation
        installed = Installation(state, process_wide=False, places=(), trail=(), reasons=())
        hosts = {host for one in reader.chains(method) for host in _hosts(code, code.resolver, backtrace, one)}
        for pin in reader.pins(Checked("connection-pin", method.ref.owner, method, installed)):
            where = pin.evidence[0]
            if (where.class_name, where.method, where.code_offset) in shown:
                continue
            detail = "nothing is sent over the connection whose certificate is compared" if probed else None
            pins[
                msgspec.structs.replace(
                    pin,
                    scope=f"{pin.scope}.{method.ref.name}",
                    host=pin.host or (next(iter(hosts)) if len(hosts) == 1 else None),
                    problem_detail=pin.problem_detail or detail,
                )
            ] = None
    return HandshakePinFacts(pins=tuple(pins))


def _roots(code: CodeContext, reader: HandshakePins) -> Iterator[DexMethod]:
    """Yield the methods that compare: those that ask for the chain, or those that they hand it back to."""
    program = code.program
    refs = [ref for owner, name in _GETTERS for ref in program.method_refs(owner, name)]
    waiting = [(site.method, 0) for site in program.users.callers_of(refs)] if refs else []
    seen: set[DexMethod] = set()
    while waiting and len(seen) < _MAX_METHODS:
        method, level = waiting.pop(0)
        if method in seen or method.ref.name in _CALLBACKS:
            continue
        seen.add(method)
        if code.owner_of(method.ref.owner).startswith("sdk:"):
            continue
        if reader.compares(method):
            yield method
        elif level < _MAX_LEVELS and method.ref.return_type != "V":
            sites = program.users.callers_of(program.refs_reaching(method))
            waiting.extend((site.method, level + 1) for site in sites)


def _hosts(code: CodeContext, resolver: Resolver, backtrace: Backtrace, chain: Value) -> Iterator[str]:
    """Yield the hosts of the addresses that a connection may be opened to."""
    method = code.program.resolve_method(chain.method) if isinstance(chain, Result) else None
    values = resolver.evaluator.evaluate(method) if method is not None else None
    call = values.calls.get(chain.offset) if values is not None and isinstance(chain, Result) else None
    for source in backtrace.sources(call.arguments[0]) if call is not None and call.arguments else ():
        if not isinstance(source, Result) or source.ref.name not in ("openConnection", "createSocket"):
            continue
        of_url = source.ref.name == "openConnection"
        asked = source.arguments[:1] if of_url else source.arguments[1:2]
        for one in (part for value in asked for part in backtrace.sources(value)):
            given = [
                event.arguments[0]
                for event in (one.events if isinstance(one, Created) else ())
                if isinstance(event.ref, MethodRef) and event.ref.name == "<init>" and event.arguments
            ]
            for value in given if of_url else [one]:
                for text in resolver.resolve_texts(value).texts:
                    address = text if of_url else f"https://{text}/"
                    yield from (named.name for named in hosts_in(address, of_library=False) if named.name)
