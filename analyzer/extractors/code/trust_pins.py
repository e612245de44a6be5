"""Pins that code of the app compares by hand: the constants beside a key, hash or certificate of the chain."""

import hashlib
from collections.abc import Callable, Iterator

import msgspec

from analyzer.dataflow.path_model import Condition
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import Computed, Created, FieldValue, Number, Parameter, Result, Value
from analyzer.dex import dotted
from analyzer.extractors.code.carried_objects import with_object
from analyzer.extractors.code.compared_constants import Constant, ConstantReader, Sources, compared_sides, whole_digest
from analyzer.extractors.code.context import CodeContext, location_in
from analyzer.extractors.code.pseudo_code import condition_text, parameter_names
from analyzer.extractors.code.trust_classes import WEAK, Behaviour, JudgedBody, JudgedManager
from analyzer.extractors.code.trust_features import FeatureReader, Features
from analyzer.extractors.pin_values import describe_pin
from analyzer.model import PinFact
from analyzer.model.location import MAX_SNIPPET_CHARACTERS
from analyzer.model.pins import CheckedAgainst, HashedObject

ObjectSources = Callable[[Value, tuple[Created, ...], Callable[[Value], bool]], tuple[Value, ...]]
"""Says where a value is from, given which objects ``this`` may be, and where to stop."""


class Comparison(msgspec.Struct, frozen=True):
    """One comparison with a pin, as far as it is understood."""

    condition: Condition
    features: Features
    """Of what is compared."""
    constants: tuple[Constant, ...]
    reasons: tuple[str, ...]
    """Why some of the constants are not known."""


def compared(
    code: CodeContext, reader: FeatureReader, condition: Condition, sources: Sources, this: Created | None = None
) -> Comparison:
    """Return what a condition compares a key or certificate with.

    With `this` it is about that object alone: fields are what its constructor was given.
    """
    sides: tuple[tuple[Value, bool], ...] = ((condition.left, False), (condition.right, False))
    if isinstance(condition.right, Number) and isinstance(condition.left, Result | Computed):
        sides = compared_sides(condition.left)
    # What is asked to match a text has been given it.
    ours = [one for one, is_pattern in sides if not is_pattern and _of_certificate(reader.of(one))]
    constants = ConstantReader(code, code.resolver or Resolver(code.program), reader.paths, sources)
    for value, is_pattern in sides:
        if is_pattern or value not in ours:
            asked = value if this is None else with_object(value, Parameter(reader.paths.method.ref, 0), this)
            constants.read(asked, is_pattern=is_pattern)
    features = reader.of(ours[0]) if ours else reader.of(condition.left)
    return Comparison(
        condition, features, tuple(constants.found), tuple(constants.reasons) if not constants.found else ()
    )


def _of_certificate(features: Features) -> bool:
    return features.from_chain or features.validated


def pins_of(
    code: CodeContext, sources: ObjectSources, manager: JudgedManager, *, of_one_object: bool = False
) -> Iterator[PinFact]:
    """Yield the pins of one trust manager, of the overloads that the platform calls.

    With `of_one_object` those of the first of its objects alone.
    """
    for body in manager.chosen:
        reader = FeatureReader(code.program, body.paths)
        seen: set[Condition] = set()
        for labelled in body.judgement.labelled:
            for condition in labelled.pins:
                if condition not in seen:
                    seen.add(condition)
                    comparison = compared(
                        code,
                        reader,
                        condition,
                        lambda value, stop: sources(value, manager.objects, stop),
                        manager.objects[0] if of_one_object else None,
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


def with_constant(code: CodeContext, pin: PinFact, constant: Constant, *, hashed: bool) -> PinFact:
    """Return a pin with what it is compared with: a digest where it is `hashed`, else the key or certificate itself."""
    value = constant.value
    shown = (value if isinstance(value, str) else value.hex())[:MAX_SNIPPET_CHARACTERS]
    pin = msgspec.structs.replace(pin, value=shown, host=pin.host or constant.host, resolution="constant")
    if constant.certificate is not None:
        of_key = pin.hashed_object != "certificate"
        return msgspec.structs.replace(
            pin,
            digest=constant.key if of_key else constant.certificate,
            hashed_object="spki" if of_key else "certificate",
            algorithm="sha256",
        )
    if not hashed:
        # Its hash tells the thing as well, unless it is only a part of it.
        digest = whole_digest(value)
        if digest is not None and pin.hashed_object == "key":
            pin = msgspec.structs.replace(pin, hashed_object="spki")
        elif digest is None and isinstance(value, bytes) and pin.hashed_object != "key":
            digest = hashlib.sha256(value).digest()
        return msgspec.structs.replace(pin, digest=digest, algorithm="sha256")
    known = describe_pin(
        shown,
        mechanism=pin.mechanism,
        digest=value if isinstance(value, bytes) else None,
        catalogue=code.catalogue,
    )
    return msgspec.structs.replace(
        pin,
        algorithm=known.algorithm or pin.algorithm,
        digest=known.digest,
        problem=known.problem,
        problem_detail=known.problem_detail,
        identity=known.identity,
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
