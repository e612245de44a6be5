"""Pins that code of the app compares by hand: the constants beside a key, hash or certificate of the chain."""

import hashlib
from collections.abc import Callable, Iterator

import msgspec

from analyzer.dataflow.path_model import Condition, Paths
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import (
    Computed,
    Created,
    FieldValue,
    Items,
    Number,
    Numbers,
    Result,
    Text,
    Value,
    alternatives,
)
from analyzer.dex import dotted
from analyzer.extractors.code.context import CodeContext, location_in
from analyzer.extractors.code.pseudo_code import condition_text, parameter_names
from analyzer.extractors.code.trust_classes import WEAK, Behaviour, JudgedBody, JudgedManager
from analyzer.extractors.code.trust_features import FeatureReader, Features
from analyzer.extractors.pin_values import describe_pin
from analyzer.model import PinFact
from analyzer.model.location import MAX_SNIPPET_CHARACTERS
from analyzer.model.pins import CheckedAgainst, HashedObject

_MAX_PINS = 200
_TEXT = "Ljava/lang/String;"
Sources = Callable[[Value], tuple[Value, ...]]
"""Says where a value is from."""
ObjectSources = Callable[[Value, tuple[Created, ...], Callable[[Value], bool]], tuple[Value, ...]]
"""The same, given which objects ``this`` may be, and where to stop."""


class Comparison(msgspec.Struct, frozen=True):
    """One comparison with a pin, as far as it is understood."""

    condition: Condition
    features: Features
    """Of what is compared."""
    constants: tuple[str | bytes, ...]
    reasons: tuple[str, ...]
    """Why some of the constants are not known."""


def compared(
    paths: Paths, reader: FeatureReader, condition: Condition, resolver: Resolver, sources: Sources
) -> Comparison:
    """Return what a condition compares a key or certificate with."""
    sides = [condition.left, condition.right]
    if isinstance(condition.right, Number) and isinstance(condition.left, Result):
        sides = list(condition.left.arguments)
    ours = [one for one in sides if _of_certificate(reader.of(one))]
    found: dict[str | bytes, None] = {}
    reasons: dict[str, None] = {}
    for value in sides:
        if value not in ours:
            _constants(value, resolver, sources, found, reasons)
    features = reader.of(ours[0]) if ours else reader.of(condition.left)
    return Comparison(condition, features, tuple(found), tuple(reasons) if not found else ())


def _of_certificate(features: Features) -> bool:
    return features.from_chain or features.validated


def _constants(
    value: Value, resolver: Resolver, sources: Sources, found: dict[str | bytes, None], reasons: dict[str, None]
) -> None:
    """Collect what a value may be; texts that a helper turns into bytes or a number stand for these."""
    for source in (value, *sources(value)):
        text = source.arguments if isinstance(source, Result) and decodes(source) else _number_text(source)
        for part in text or (source,):
            answer = resolver.resolve(part)
            for one in answer.values:
                _flatten(one, found)
            if not found:
                reasons.update(dict.fromkeys(answer.reasons))
        if len(found) > _MAX_PINS:
            return


def decodes(value: Value) -> bool:
    """Say whether a value is what a method makes of a text: bytes, or a large number."""
    if not isinstance(value, Result) or _TEXT not in value.ref.parameters:
        return False
    return value.ref.return_type in ("[B", "Ljava/math/BigInteger;")


def _number_text(value: Value) -> tuple[Value, ...]:
    """Return the text that a large number is made of."""
    if not isinstance(value, Created) or value.type != "Ljava/math/BigInteger;":
        return ()
    return tuple(one for event in value.events for one in event.arguments[:1] if event.position == 0)


def _flatten(value: Value, found: dict[str | bytes, None]) -> None:
    match value:
        case Text(value=text) if text:
            found[text] = None
        case Numbers(type=kind) if kind in ("[B", ""):
            found[value.data] = None
        case Items(elements=elements):
            for element in elements:
                for one in alternatives(element):
                    if not isinstance(one, Items):
                        _flatten(one, found)


def pins_of(code: CodeContext, resolver: Resolver, sources: ObjectSources, manager: JudgedManager) -> Iterator[PinFact]:
    """Yield the pins of one trust manager, of the overloads that the platform calls."""
    for body in manager.chosen:
        reader = FeatureReader(code.program, body.paths)
        seen: set[Condition] = set()
        for labelled in body.judgement.labelled:
            for condition in labelled.pins:
                if condition not in seen:
                    seen.add(condition)
                    comparison = compared(
                        body.paths, reader, condition, resolver, lambda value: sources(value, manager.objects, decodes)
                    )
                    yield from _facts(code, manager, body, comparison, labelled.label)


def _facts(
    code: CodeContext, manager: JudgedManager, body: JudgedBody, comparison: Comparison, label: Behaviour
) -> Iterator[PinFact]:
    features, place = comparison.features, comparison.condition
    name = dotted(manager.descriptor)
    shown = condition_text(place, parameter_names(body.method.ref))
    unknown = PinFact(
        mechanism="custom-tm",
        host=None,
        include_subdomains=False,
        algorithm=features.algorithms[0] if features.algorithms else "sha256",
        digest=None,
        hashed_object=hashed_object(features),
        value="",
        checked_against=_against(features, label),
        resolution="unresolved",
        activation=manager.installation.activation,
        owner=code.owner_of(manager.descriptor),
        scope=name if manager.variant is None else f"{name}#{manager.variant}",
        clients=manager.installation.clients,
        process_wide=manager.installation.process_wide,
        evidence=(location_in(place.frame.method, place.offset, shown), *manager.installation.trail),
    )
    if (manager.behaviour in WEAK and manager.behaviour != "pin-presented") or _passes_without(body):
        # Whatever the comparison says, the chain may be accepted.
        active = unknown.activation == "active"
        unknown = msgspec.structs.replace(
            unknown, enforced=False, activation="created" if active else unknown.activation
        )
    if not comparison.constants:
        if not features.parts and not comparison.reasons:
            # A set of certificates that is filled at run time remembers what was accepted before.
            return
        why = "; ".join(comparison.reasons) or "what the certificate is compared with is not known"
        yield msgspec.structs.replace(unknown, problem_detail=why[:MAX_SNIPPET_CHARACTERS])
    for constant in comparison.constants:
        yield with_constant(code, unknown, constant, hashed=bool(features.algorithms))


def _passes_without(body: JudgedBody) -> bool:
    """Say whether a chain that another check accepts needs no pin, whatever the state of the app."""
    return any(
        not one.pins
        and one.label in ("delegate", "keystore")
        and not any(isinstance(condition.left, FieldValue | Result | Computed) for condition in one.path.conditions)
        for one in body.judgement.labelled
    )


def with_constant(code: CodeContext, pin: PinFact, constant: str | bytes, *, hashed: bool) -> PinFact:
    """Return a pin with what it is compared with: a digest where it is `hashed`, else the key or certificate itself."""
    value = (constant if isinstance(constant, str) else constant.hex())[:MAX_SNIPPET_CHARACTERS]
    if not hashed:
        # Its hash tells the thing as well, unless it is only a part of it.
        whole = isinstance(constant, bytes) and pin.hashed_object != "key"
        digest = hashlib.sha256(constant).digest() if whole and isinstance(constant, bytes) else None
        return msgspec.structs.replace(pin, value=value, digest=digest, algorithm="sha256", resolution="constant")
    known = describe_pin(
        constant if isinstance(constant, str) else constant.hex(),
        mechanism=pin.mechanism,
        digest=constant if isinstance(constant, bytes) else None,
        catalogue=code.catalogue,
    )
    return msgspec.structs.replace(
        pin,
        value=value,
        algorithm=known.algorithm or pin.algorithm,
        digest=known.digest,
        problem=known.problem,
        problem_detail=known.problem_detail,
        identity=known.identity,
        resolution="constant",
    )


def hashed_object(features: Features) -> HashedObject:
    """Say what of a certificate is compared, or hashed first."""
    if "spki" in features.parts and "modulus" not in features.parts:
        return "spki"
    return "key" if features.parts & {"key", "modulus"} else "certificate"


def _against(features: Features, label: Behaviour) -> CheckedAgainst:
    if features.leaf_only:
        return "leaf"
    if features.validated or label == "pin-validated":
        return "validated"
    return "index" if not features.whole_chain and features.indices else "presented"
