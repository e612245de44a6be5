"""Where pins come from when they are not in the package: preferences, remote configuration, the network."""

from collections.abc import Iterable, Iterator, Mapping

from analyzer.dataflow.values import Result, Value, walk
from analyzer.dex import DexMethod, MethodRef, descriptor_of, dotted
from analyzer.extractors.code.context import CodeContext
from analyzer.extractors.pin_api_catalogue import method_parts
from analyzer.model import ApiUse, PinFact

PIN_SOURCE = "pin-source"
"""Arguments: the kind of place; the host, where it is known; ``signed`` when a signature is verified beside it."""
_VERIFY = ("Ljava/security/Signature;", "verify")
_MAX_SITES = 60
"""Most calls of one parser that are looked at."""


def extract_pin_sources(code: CodeContext, pins: Iterable[PinFact]) -> tuple[ApiUse, ...]:
    """Say for pins whose values are not known where these come from, one fact per place and host.

    The reason that was given for a pin names the call that ended the search. What a parser returned comes from where
    the text did that it parsed, if that is to be seen in the method that calls the parser.
    """
    kinds = {
        f"{dotted(owner)}.{name}": source.kind
        for source in code.catalogue.pin_apis.sources
        for owner, name in map(method_parts, source.methods)
    }
    found: dict[tuple[str, str | None, str], ApiUse] = {}
    for pin in pins:
        if pin.resolution == "constant" or pin.problem_detail is None:
            continue
        where = _named(code, pin.problem_detail, kinds) or _beside(code, pin, kinds)
        if where is None:
            continue
        signed = "signed" if any(_verifies(code, name) for name in _classes(code, pin)) else None
        found.setdefault(
            (where, pin.host, pin.owner),
            ApiUse(
                api=PIN_SOURCE,
                activation=pin.activation,
                owner=pin.owner,
                arguments=(where, pin.host, signed),
                evidence=pin.evidence,
            ),
        )
    return tuple(found.values())


def _named(code: CodeContext, reason: str, kinds: Mapping[str, str]) -> str | None:
    """Say which kind of place the call belongs to that a reason names."""
    for called, kind in kinds.items():
        if called in reason:
            return _parsed(code, called, kinds) if kind == "parsed" else kind
    return None


def _beside(code: CodeContext, pin: PinFact, kinds: Mapping[str, str]) -> str | None:
    """Say which kind of place the methods on the pin's trail read from, if it is one.

    A library whose code is in the package is followed into, and the reason then names something deep inside it.
    """
    trail = {(place.class_name, place.method) for place in pin.evidence if place.method is not None}
    seen: dict[str, None] = {}
    for source in code.catalogue.pin_apis.sources:
        if source.kind != "parsed":
            refs = [ref for owner, name in map(method_parts, source.methods) for ref in _refs(code, owner, name)]
            for site in code.program.users.callers_of(refs) if refs else ():
                ref = site.method.ref
                if (dotted(ref.owner), ref.name + ref.descriptor) in trail:
                    seen[source.kind] = None
    return next(iter(seen)) if len(seen) == 1 else None


def _refs(code: CodeContext, owner: str, name: str) -> tuple[MethodRef, ...]:
    return code.program.method_refs(owner, name)


def _classes(code: CodeContext, pin: PinFact) -> tuple[str, ...]:
    names = dict.fromkeys(descriptor_of(place.class_name) for place in pin.evidence if place.class_name)
    return tuple(name for name in names if code.program.find_class(name) is not None)


def _verifies(code: CodeContext, class_name: str) -> bool:
    owner, name = _VERIFY
    sites = code.program.users.callers_of(code.program.method_refs(owner, name))
    return any(site.method.ref.owner == class_name for site in sites)


def _parsed(code: CodeContext, called: str, kinds: Mapping[str, str]) -> str | None:
    """Say where the texts come from that the app's calls of a parser work on; None when that is not to be seen."""
    owner, _, name = called.rpartition(".")
    seen: dict[str, None] = {}
    for _, call in _calls(code, code.program.method_refs(descriptor_of(owner), name)):
        for part in (part for argument in call for part in walk(argument)):
            if isinstance(part, Result):
                kind = kinds.get(f"{dotted(part.ref.owner)}.{part.ref.name}")
                if kind is not None and kind != "parsed":
                    seen[kind] = None
    return next(iter(seen)) if len(seen) == 1 else None


def _calls(code: CodeContext, refs: Iterable[MethodRef]) -> Iterator[tuple[DexMethod, tuple[Value, ...]]]:
    if code.resolver is None:
        return
    left = _MAX_SITES
    for site in code.program.users.callers_of(refs):
        if code.owner_of(site.method.ref.owner).startswith("sdk:"):
            continue
        left -= 1
        if left < 0:
            return
        values = code.resolver.evaluator.evaluate(site.method)
        call = values.calls.get(site.offset) if values is not None else None
        if call is not None:
            yield site.method, call.arguments
