"""The app's trust managers: what each one's ``checkServerTrusted`` does, and whether it is put to use."""

from collections.abc import Iterable, Iterator

import msgspec

from analyzer.dataflow.path_model import Path, Paths
from analyzer.dataflow.paths import PathFinder
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import Created, FieldValue, Number, Parameter, Result, Value
from analyzer.dex import DexMethod, FieldRef, MethodRef, dotted
from analyzer.extractors.code.build_switches import BuildSwitches, may_hold_default
from analyzer.extractors.code.callback_wiring import CallbackWiring, Installation
from analyzer.extractors.code.code_digest import digest_of
from analyzer.extractors.code.context import CodeContext, location_in
from analyzer.extractors.code.pseudo_code import expression, parameter_names, path_text
from analyzer.extractors.code.trust_checks import MANAGER_TYPES, decides
from analyzer.extractors.code.trust_classes import Behaviour, JudgedBody, JudgedManager, chosen_bodies, worst
from analyzer.extractors.code.trust_flags import flag_source
from analyzer.extractors.code.trust_judgement import Judge
from analyzer.extractors.code.trust_pin_objects import PinsOfObjects
from analyzer.extractors.code.trust_sources import Manager, ManagerSources
from analyzer.model import AnalysisGap, CallbackFact, Location, PinFact
from analyzer.model.code import FlagSource, Overload

_CHECK = "checkServerTrusted"
_CHAIN = "[Ljava/security/cert/X509Certificate;"
_TEXT = "Ljava/lang/String;"
FORMS = {
    f"({_CHAIN}{_TEXT})V": "two-argument",
    f"({_CHAIN}{_TEXT}Ljava/net/Socket;)V": "socket",
    f"({_CHAIN}{_TEXT}Ljavax/net/ssl/SSLEngine;)V": "engine",
    f"({_CHAIN}{_TEXT}{_TEXT})Ljava/util/List;": "host",
}
"""Descriptors of ``checkServerTrusted`` and what tells them apart."""
_WITH_HOST = f"({_CHAIN}{_TEXT}{_TEXT})Ljava/util/List;"
_MAX_CLASSES = 300
_MAX_VARIANTS = 32
_MAX_CREATIONS = 64
_MAX_NESTED = 3
"""Deepest chain of managers of the app that ask each other."""
_SHOWN_PATHS = 3


class TrustManagerFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the app's trust managers do."""

    callbacks: tuple[CallbackFact, ...] = ()
    managers: tuple[JudgedManager, ...] = ()
    pins: tuple[PinFact, ...] = ()
    gaps: tuple[AnalysisGap, ...] = ()


def extract_trust_managers(code: CodeContext, wiring: CallbackWiring) -> TrustManagerFacts:
    """Judge every class of the app that is an ``X509TrustManager``."""
    reader = TrustManagers(code, wiring)
    managers = tuple(reader.read())
    return TrustManagerFacts(
        callbacks=tuple(reader.fact(one) for one in managers),
        managers=managers,
        pins=tuple(dict.fromkeys(pin for one in managers for pin in reader.pins(one))),
        gaps=tuple(reader.gaps(managers)),
    )


class TrustManagers:
    """Judges the trust managers of one app."""

    def __init__(self, code: CodeContext, wiring: CallbackWiring) -> None:
        """Judge those in the program of `code`."""
        self._code = code
        self._program = code.program
        self._resolver = code.resolver or Resolver(code.program)
        self._wiring = wiring
        self.classes: tuple[str, ...] = tuple(sorted(self._concrete()))
        self.sources = ManagerSources(self._resolver, self.classes)
        self._switches = BuildSwitches(code, self._resolver)
        self._objects_pins = PinsOfObjects(code, wiring, self.sources.backtrace.sources)
        self._finder = PathFinder(
            self._program,
            lambda ref: decides(self._program, ref),
            receiver_types=self._receiver_types,
            constants=self._switches.constant,
        )
        self._judged: dict[tuple[str, int | None], tuple[JudgedBody, ...]] = {}
        self._created: dict[tuple[str, int | None], tuple[Created, ...]] = {}
        self._open: list[tuple[str, int | None]] = []
        self._discriminators: dict[str, tuple[FieldRef, tuple[int, ...]] | None] = {}
        self._constants: dict[Value, int | None] = {}

    def _concrete(self) -> Iterator[str]:
        hierarchy = self._program.hierarchy
        for name in dict.fromkeys(below for one in MANAGER_TYPES for below in hierarchy.subtypes_of(one)):
            definition = self._program.find_class(name)
            if definition is not None and not definition.is_interface and not definition.access_flags & 0x400:
                yield name

    def _receiver_types(self, value: Value) -> list[str] | None:
        return self.sources.backtrace.types_of(value)

    def read(self) -> Iterator[JudgedManager]:
        """Yield the managers, classes in order of their names, cases of a merged class by number."""
        for name in self.classes[:_MAX_CLASSES]:
            discriminator = self._discriminator(name)
            if discriminator is None:
                bodies = self._bodies(name, None)
                if bodies:
                    yield self._manager(name, None, bodies, self._wiring.of_class("trust_manager", name))
                continue
            field, numbers = discriminator
            for number in numbers:
                bodies = self._bodies(name, number, field)
                installed = self._wiring.of_variant("trust_manager", name, field, number)
                yield self._manager(name, number, bodies, installed)

    def _manager(
        self, name: str, variant: int | None, bodies: tuple[JudgedBody, ...], installed: Installation
    ) -> JudgedManager:
        objects = self._created[name, variant]
        return JudgedManager(name, variant, bodies, installed, worst(chosen_bodies(bodies)), objects)

    def behaviour_of(self, manager: Manager) -> Behaviour:
        """Return what an object of a class of the app does; unknown while it is being judged."""
        name = manager.class_name
        if name is None or len(self._open) >= _MAX_NESTED:
            return "unknown"
        discriminator = self._discriminator(name)
        if discriminator is None:
            return "unknown" if (name, None) in self._open else worst(chosen_bodies(self._bodies(name, None)))
        field, _ = discriminator
        number = None if manager.created is None else self._constant(FieldValue(field, manager.created))
        if number is None or (name, number) in self._open:
            return "unknown"
        return worst(chosen_bodies(self._bodies(name, number, field)))

    def _bodies(self, name: str, variant: int | None, field: FieldRef | None = None) -> tuple[JudgedBody, ...]:
        key = (name, variant)
        if key not in self._judged:
            self._open.append(key)
            try:
                fields: dict[FieldRef, Value] = {} if field is None or variant is None else {field: Number(variant)}
                objects = self._created[key] = self._objects(name, fields)
                found = [self._body(form, method, name, fields, objects) for form, method in self.overloads_of(name)]
            finally:
                self._open.pop()
            self._judged[key] = tuple(one for one in found if one is not None)
        return self._judged[key]

    def overloads_of(self, name: str) -> Iterator[tuple[str, DexMethod]]:
        """Yield form and definition of each ``checkServerTrusted`` that a class has or inherits from the app."""
        for descriptor, form in FORMS.items():
            method = self._program.resolve_method(MethodRef(name, _CHECK, descriptor))
            if method is not None and not method.is_abstract:
                yield form, method
        for method in self._renamed(name):
            yield "renamed", method

    def _renamed(self, name: str) -> Iterator[DexMethod]:
        """Yield methods of the form that reflection looks for, whose name a shrinker took away."""
        definition = self._program.find_class(name)
        for method in definition.methods if definition is not None else ():
            ref = method.ref
            if ref.descriptor != _WITH_HOST or ref.name == _CHECK or method.is_static or not method.code_offset:
                continue
            # One that the app calls itself is a helper.
            if not self._program.calls_of((method,)):
                yield method

    def _objects(self, name: str, fields: dict[FieldRef, Value]) -> tuple[Created, ...]:
        """Return where objects of a class are created, for a merged class those of one case."""
        found = []
        for site in self._wiring.creations_of(name)[:_MAX_CREATIONS]:
            values = self._resolver.evaluator.evaluate(site.method)
            created = None if values is None else values.object_at(site.offset)
            if not isinstance(created, Created):
                return ()
            numbers = [self._constant(FieldValue(field, created)) for field in fields]
            if all(number in (None, one.value) for number, one in zip(numbers, _numbers(fields), strict=True)):
                found.append(created)
        return tuple(found)

    def _body(
        self, form: str, method: DexMethod, name: str, fields: dict[FieldRef, Value], objects: tuple[Created, ...]
    ) -> JudgedBody | None:
        paths = self._finder.paths(method, name, None, fields)
        if paths is None:
            return None
        judge = Judge(
            self._program,
            paths,
            lambda value: self.sources.of(value, objects),
            self.behaviour_of,
            lambda value: self._constant_of(value, objects),
            lambda value: self._is_given(value, objects),
        )
        return JudgedBody(form, method, paths, judge.run())

    def _constant(self, value: Value) -> int | None:
        """Return the only number that a field or result may have in the whole app."""
        if value not in self._constants:
            found = self._resolver.resolve(value)
            numbers = {one.value for one in found.values if isinstance(one, Number)}
            single = found.state == "constant" and len(numbers) == 1 and len(found.values) == 1
            number = numbers.pop() if single else None
            if number and isinstance(value, FieldValue) and not self._is_set_from_the_start(value):
                number = None
            self._constants[value] = number
        return self._constants[value]

    def _constant_of(self, value: Value, objects: tuple[Created, ...]) -> int | None:
        """Return the only number that a field or result may have where ``this`` is one of `objects`."""
        known = self._constant(value)
        if known is not None or not objects or not isinstance(value, FieldValue) or value.base is None:
            return known
        # The number of a merged lambda that a constant of an enum holds, say.
        return self.sources.backtrace.number_of(value, objects)

    def _is_given(self, value: FieldValue, objects: tuple[Created, ...]) -> bool:
        """Say whether a field of ``this`` is set by constructors alone, and none of `objects` is given null for it."""
        is_own = isinstance(value.base, Parameter) and value.ref.type[0] in "L["
        if not objects or not is_own or not self._set_once(value.ref):
            return False
        sources = self.sources.backtrace.sources(value, objects)
        return bool(sources) and all(isinstance(one, Created | Result) for one in sources)

    def _is_set_from_the_start(self, value: FieldValue) -> bool:
        """Say whether a field never holds anything but what it resolves to."""
        if value.base is None and value.ref.type == "Z":
            return self._switches.constant(value.ref) is not None
        return not may_hold_default(self._program, value.ref)

    # Merged classes.

    def _discriminator(self, name: str) -> tuple[FieldRef, tuple[int, ...]] | None:
        """Return the number by which a merged class tells its cases apart, with the numbers that occur."""
        if name not in self._discriminators:
            self._discriminators[name] = self._find_discriminator(name)
        return self._discriminators[name]

    def _find_discriminator(self, name: str) -> tuple[FieldRef, tuple[int, ...]] | None:
        for _, method in self.overloads_of(name):
            paths = self._finder.paths(method, name)
            tested = self._tested_numbers(paths) if paths is not None else {}
            for field, keys in tested.items():
                numbers: set[int] = set()
                sites = self._wiring.creations_of(name)
                for site in sites:
                    numbers |= self._wiring.variants_at(site, field) or frozenset()
                if numbers:
                    return field, tuple(sorted(numbers))[:_MAX_VARIANTS]
                if len(keys) > 1 or not sites:
                    return field, tuple(sorted({*keys, max(keys) + 1}))[:_MAX_VARIANTS]
        return None

    def _tested_numbers(self, paths: Paths) -> dict[FieldRef, set[int]]:
        """Return the ints of ``this``, set by the constructor only, that branches compare with constants."""
        ref = paths.method.ref
        found: dict[FieldRef, set[int]] = {}
        for path in paths.paths:
            for one in path.conditions:
                if (
                    isinstance(one.left, FieldValue)
                    and one.left.ref.type == "I"
                    and one.left.base == Parameter(ref, 0)
                    and isinstance(one.right, Number)
                    and one.operator in ("eq", "ne")
                    and self._set_once(one.left.ref)
                ):
                    found.setdefault(one.left.ref, set()).add(one.right.value)
        return found

    def _set_once(self, field: FieldRef) -> bool:
        definition = self._program.resolve_field(field)
        if definition is None:
            return False
        writers = self._program.users.writers_of((field, definition.ref))
        return all(site.method.ref.name == "<init>" for site in writers)

    # Facts.

    def fact(self, manager: JudgedManager) -> CallbackFact:
        """Return what reports say of a manager."""
        chosen = manager.chosen
        deciding = next((one for one in chosen if one.judgement.behaviour == manager.behaviour), None)
        judgement = deciding.judgement if deciding is not None else None
        source: FlagSource | None = None
        if deciding is not None and judgement is not None and judgement.flag is not None:
            source = flag_source(self._code, self.sources.backtrace, deciding.paths, judgement.flag)
        kinds = dict.fromkeys(one.kind for one in judgement.managers) if judgement is not None else {}
        return CallbackFact(
            kind="trust_manager",
            class_name=dotted(manager.descriptor),
            behaviour=manager.behaviour,
            activation=manager.installation.activation,
            owner=self._code.owner_of(manager.descriptor),
            variant=manager.variant,
            code_digest=self._digest(manager),
            process_wide=manager.installation.process_wide,
            detail=None if deciding is None else self._detail(deciding),
            flag=source,
            delegates_to=tuple(kinds),
            without_host=deciding is not None and any(one.without_host for one in deciding.judgement.labelled),
            overloads=tuple(
                Overload(form=one.form, behaviour=one.judgement.behaviour, chosen=one in chosen)  # type: ignore[arg-type]
                for one in manager.bodies
            ),
            clients=manager.installation.clients,
            evidence=tuple(dict.fromkeys((*self._evidence(manager), *manager.installation.trail))),
        )

    def _digest(self, manager: JudgedManager) -> str | None:
        discriminator = self._discriminator(manager.descriptor) if manager.variant is not None else None
        field = discriminator[0] if discriminator is not None else None
        return digest_of(self._program, [body.method for body in manager.chosen], field, manager.variant)

    def _detail(self, body: JudgedBody) -> str | None:
        judgement = body.judgement
        names = parameter_names(body.method.ref)
        if judgement.flag is not None:
            shown = expression(judgement.flag, names)
            when = "" if judgement.flag_holds is None else f" is {'true' if judgement.flag_holds else 'false'}"
            return f"{judgement.flag_weak} when {shown}{when}"
        if judgement.reason is not None:
            return judgement.reason
        custom = [dotted(one.class_name) for one in judgement.managers if one.class_name is not None]
        return f"asks {', '.join(custom)}" if custom else None

    def _evidence(self, manager: JudgedManager) -> Iterator[Location]:
        """Yield the ways that decide, of the overloads that the platform calls first."""
        chosen = manager.chosen
        ordered = [
            *(one for one in chosen if one.judgement.behaviour == manager.behaviour),
            *(one for one in chosen if one.judgement.behaviour != manager.behaviour),
            *(one for one in manager.bodies if one not in chosen),
        ]
        for body in ordered:
            yield from evidence_of(body)

    def pins(self, manager: JudgedManager) -> Iterator[PinFact]:
        """Yield the pins that a manager compares by hand."""
        sites = self._wiring.creations_of(manager.descriptor)[:_MAX_CREATIONS]
        found = self._discriminator(manager.descriptor) if manager.variant is not None else None
        if found is not None:
            sites = tuple(one for one in sites if manager.variant in (self._wiring.variants_at(one, found[0]) or ()))
        return self._objects_pins.of(manager, sites)

    def gaps(self, managers: Iterable[JudgedManager]) -> Iterator[AnalysisGap]:
        """Yield what could not be told, and what was left out."""
        if len(self.classes) > _MAX_CLASSES:
            yield AnalysisGap(
                stage="code",
                reason="limit",
                subject=f"{len(self.classes)} trust managers",
                detail=f"Only the first {_MAX_CLASSES} trust managers of the app were judged.",
                hides=("callback",),
            )
        for one in managers:
            if one.behaviour == "unknown" and one.installation.activation != "defined_only":
                reasons = dict.fromkeys(body.judgement.reason for body in one.chosen if body.judgement.reason)
                why = f": {'; '.join(reason for reason in reasons if reason)}" if reasons else ""
                yield AnalysisGap(
                    stage="code",
                    reason="unresolved-value",
                    subject=dotted(one.descriptor),
                    detail=f"What the trust manager {dotted(one.descriptor)} accepts could not be told{why}.",
                    hides=("callback", "pin"),
                )


def _numbers(fields: dict[FieldRef, Value]) -> list[Number]:
    return [one for one in fields.values() if isinstance(one, Number)]


def evidence_of(body: JudgedBody) -> Iterator[Location]:
    """Yield the ways through a body that decide, as code."""
    names = parameter_names(body.method.ref, is_static=body.method.is_static)
    for path in _shortest(body.judgement.deciding):
        yield location_in(path.frame.method, path.offset, path_text(path, names, body.judgement.keep.__contains__))


def _shortest(paths: tuple[Path, ...]) -> list[Path]:
    return sorted(paths, key=lambda path: len(path.order))[:_SHOWN_PATHS]
