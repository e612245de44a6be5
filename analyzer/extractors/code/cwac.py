"""CWAC-NetSecurity: the policy file that its builder reads, with whether the builder reaches a client."""

from collections.abc import Callable, Iterator

import msgspec

from analyzer.dataflow.values import Created, Number, Result, Value
from analyzer.dex import MethodRef, Site, dotted
from analyzer.extractors.code.callback_wiring import CallbackWiring, Installation
from analyzer.extractors.code.carried_objects import chain_start
from analyzer.extractors.code.context import CodeContext, location_of
from analyzer.model import PinFact
from analyzer.model.pins import Activation

PolicyPins = Callable[[int], tuple[PinFact, ...] | None]
"""Returns the pins of the policy file with a resource id; None when it cannot be read."""

_BUILDER = "com/commonsware/cwac/netsecurity/TrustManagerBuilder;"
_METHODS = ("withManifestConfig", "withConfig")
_META_DATA = "android.security.net.config"
_PLATFORM_READS = 24
"""From this API level on ``withManifestConfig`` does nothing: the platform reads the policy by itself."""
_MAX_SITES = 50


class CwacFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What was found."""

    pins: tuple[PinFact, ...] = ()


def extract_cwac(code: CodeContext, wiring: CallbackWiring, pins_of: PolicyPins) -> CwacFacts:
    """Find where a ``TrustManagerBuilder`` is given a policy, and the pins in it.

    ``withManifestConfig`` takes the resource of the meta-data ``android.security.net.config``, on devices before
    Android 7 alone; ``withConfig`` takes the resource that it is given, on all devices. Managers that are combined with
    ``or`` accept what any of them accepts, whatever the pins of another say.

    Source: ``TrustManagerBuilder``, ``ManifestConfigSource`` and ``CompositeTrustManager`` of CWAC-NetSecurity.
    """
    program = code.program
    refs = [ref for name in _METHODS for ref in program.method_refs(None, name) if ref.owner.endswith(_BUILDER)]
    pins: dict[PinFact, None] = {}
    for site in program.users.callers_of(refs)[:_MAX_SITES] if refs else ():
        if site.method.ref.owner.endswith(_BUILDER):
            continue
        pins.update(dict.fromkeys(_pins(code, wiring, site, pins_of)))
    return CwacFacts(pins=tuple(pins))


def _pins(code: CodeContext, wiring: CallbackWiring, site: Site, pins_of: PolicyPins) -> Iterator[PinFact]:
    values = code.resolver.evaluator.evaluate(site.method) if code.resolver is not None else None
    call = values.calls.get(site.offset) if values is not None else None
    if values is None or call is None or not isinstance(site.target, MethodRef):
        return
    from_manifest = site.target.name == _METHODS[0]
    builder = chain_start(call.arguments[0], site.method.ref)
    whole = values.object_at(builder.offset) if builder is not None else None
    installed = wiring.of_starts("trust_manager", [(site.method, builder.offset)]) if builder is not None else None
    activation: Activation = installed.activation if installed is not None else "unknown"
    detail = None
    if from_manifest and code.app.min_sdk >= _PLATFORM_READS:
        activation, detail = "created", "the policy is read before Android 7 only, where the app does not run"
    elif _is_alternative(whole):
        detail = "what another trust manager accepts is accepted as well: they are combined with or()"
        activation = "created" if activation == "active" else activation
    resources = [_declared(code)] if from_manifest else _given(code, call.arguments)
    known = [pins_of(one) for one in resources if one is not None]
    trail = (location_of(site, str(site.target)), *(installed.trail if installed is not None else ()))
    for pin in (pin for found in known for pin in found or ()):
        yield msgspec.structs.replace(
            pin,
            mechanism="cwac",
            activation=activation,
            enforced=False if _is_alternative(whole) else None,
            owner=code.owner_of(site.method.ref.owner),
            scope=f"{pin.scope} in {dotted(site.method.ref.owner)}.{site.method.ref.name}",
            problem_detail=pin.problem_detail or detail,
            clients=installed.clients if installed is not None else (),
            evidence=(*pin.evidence[:1], *trail),
        )
    if not known or None in known:
        yield _unknown(code, site, activation, installed, from_manifest=from_manifest, is_named=bool(known))


def _is_alternative(builder: Value | None) -> bool:
    histories = builder.histories if isinstance(builder, Created | Result) else ()
    return any(
        isinstance(event.ref, MethodRef) and event.ref.name == "or" and event.position == 0
        for history in histories
        for event in history
    )


def _declared(code: CodeContext) -> int | None:
    """Return the resource of the manifest's meta-data."""
    for item in code.app.meta_data:
        text = item.resource or item.value
        if item.name == _META_DATA and text is not None and text.startswith("@0x"):
            return int(text[1:], 16)
    return None


def _given(code: CodeContext, arguments: tuple[Value, ...]) -> list[int | None]:
    if len(arguments) < 3 or code.resolver is None:
        return []
    found = code.resolver.resolve(arguments[2])
    numbers: list[int | None] = [one.value & 0xFFFFFFFF for one in found.values if isinstance(one, Number)]
    return numbers if found.state == "constant" else [*numbers, None]


def _unknown(
    code: CodeContext,
    site: Site,
    activation: Activation,
    installed: Installation | None,
    *,
    from_manifest: bool,
    is_named: bool,
) -> PinFact:
    why = "the policy file that CWAC-NetSecurity reads by itself "
    if is_named:
        why += "could not be read"
    else:
        why += "is not named by the manifest's meta-data" if from_manifest else "is not known"
    return PinFact(
        mechanism="cwac",
        host=None,
        include_subdomains=False,
        algorithm="sha256",
        digest=None,
        hashed_object="spki",
        value="",
        problem_detail=why,
        checked_against="validated",
        resolution="unresolved",
        activation=activation,
        owner=code.owner_of(site.method.ref.owner),
        scope=f"{dotted(site.method.ref.owner)}.{site.method.ref.name}",
        evidence=(location_of(site, str(site.target)), *(installed.trail if installed is not None else ())),
    )
