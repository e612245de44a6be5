"""Host name verifiers: what each class of the app accepts, and whether it is put to use."""

from collections.abc import Iterable, Iterator

import msgspec

from analyzer.dataflow.backtrace import Backtrace
from analyzer.dataflow.path_model import Condition, Step
from analyzer.dataflow.paths import PathFinder, PathLimits
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import Element, FieldValue, Number, Text, Value
from analyzer.dex import DexMethod, FieldRef, MethodRef, dotted
from analyzer.extractors.code.build_switches import BuildSwitches
from analyzer.extractors.code.callback_wiring import CallbackWiring, Installation
from analyzer.extractors.code.code_digest import digest_of
from analyzer.extractors.code.context import CodeContext, location_in
from analyzer.extractors.code.pseudo_code import parameter_names, path_text
from analyzer.extractors.code.verifier_paths import RAISED, Verdict, decides, judge, rank
from analyzer.model import AnalysisGap, CallbackFact, Location

VERIFIER = "Ljavax/net/ssl/HostnameVerifier;"
_SESSION_FORM = ("verify", "(Ljava/lang/String;Ljavax/net/ssl/SSLSession;)Z")
_VOID_FORMS = (
    ("verify", "(Ljava/lang/String;Ljavax/net/ssl/SSLSocket;)V"),
    ("verify", "(Ljava/lang/String;Ljava/security/cert/X509Certificate;)V"),
    ("verify", "(Ljava/lang/String;[Ljava/lang/String;[Ljava/lang/String;)V"),
)
"""Apache's overloads, which refuse by throwing (``X509HostnameVerifier``, ``AbstractVerifier``)."""
_APACHE = ("/X509HostnameVerifier;", "/AbstractVerifier;")
_SOUND = frozenset({"delegate", "custom", "deny"})
_LIMITS = PathLimits(paths=150, steps=20_000)
"""A verifier that parses names by hand has more ways; the first ones show that it decides by the certificate."""
_MAX_NESTING = 8
_MAX_TEXTS = 20
_MAX_PLACES = 3


class InstalledVerifier(msgspec.Struct, frozen=True):
    """A verifier that was judged, for what looks further into its method."""

    descriptor: str
    method: DexMethod
    installation: Installation
    field: FieldRef | None = None
    """The discriminator of a merged class; `case` is its value."""
    case: int | None = None


class VerifierFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What was found."""

    callbacks: tuple[CallbackFact, ...] = ()
    installed: tuple["InstalledVerifier", ...] = ()
    gaps: tuple[AnalysisGap, ...] = ()


class _Judged(msgspec.Struct, frozen=True):
    """One class, or one case of it."""

    descriptor: str
    method: DexMethod
    """The overload that decides: the one that accepts most."""
    verdict: Verdict
    field: FieldRef | None = None
    case: int | None = None


def extract_hostname_verifiers(code: CodeContext, wiring: CallbackWiring) -> VerifierFacts:
    """State what every host name verifier of an app accepts, and whether it is used."""
    return _Extraction(code, wiring).run()


class _Extraction:
    """One app."""

    def __init__(self, code: CodeContext, wiring: CallbackWiring) -> None:
        self._code = code
        self._program = code.program
        self._resolver = code.resolver or Resolver(code.program)
        self._wiring = wiring
        constants = BuildSwitches(code, self._resolver).constant
        self._backtrace = Backtrace(self._resolver)
        types = self._backtrace.types_of
        self._finder = PathFinder(code.program, decides, _LIMITS, types, raised=RAISED, constants=constants)
        self._asked: list[DexMethod] = []
        self._answers: dict[tuple[DexMethod, str], Verdict | None] = {}

    def run(self) -> VerifierFacts:
        judged = [one for descriptor in self._classes() for one in self._judge_class(descriptor)]
        groups: dict[tuple[object, ...], list[_Judged]] = {}
        for one in judged:
            groups.setdefault((one.method, one.case, one.verdict.behaviour, one.verdict.detail), []).append(one)
        firsts = [_first(group) for group in groups.values()]
        installed = [
            InstalledVerifier(
                one.descriptor,
                one.method,
                self._installation(one, {other.descriptor for other in group}),
                one.field,
                one.case,
            )
            for one, group in zip(firsts, groups.values(), strict=True)
        ]
        facts = [self._fact(one, known.installation) for one, known in zip(firsts, installed, strict=True)]
        gaps = [gap for group in groups.values() if (gap := _gap(group[0])) is not None]
        return VerifierFacts(callbacks=tuple(sorted(facts, key=_order)), installed=tuple(installed), gaps=tuple(gaps))

    def _classes(self) -> Iterator[str]:
        for name in sorted({*self._program.hierarchy.subtypes_of(VERIFIER), *self._apache()}):
            definition = self._program.find_class(name)
            if definition is not None and not definition.is_interface and not definition.access_flags & _ABSTRACT:
                yield name

    def _apache(self) -> set[str]:
        """Return the classes below Apache's verifiers, which are in the app only where they are bundled."""
        found: set[str] = set()
        for form in _VOID_FORMS:
            for method in self._program.methods_named(*form):
                supertypes = self._program.hierarchy.supertypes_of(method.ref.owner)
                if any(name.endswith(_APACHE) for name in supertypes):
                    found |= {method.ref.owner, *self._program.hierarchy.subtypes_of(method.ref.owner)}
        return found

    def _judge_class(self, descriptor: str) -> list[_Judged]:
        """Judge all overloads of a class, for each case of a merged one; the overload that accepts most decides."""
        methods = [
            method
            for form in (_SESSION_FORM, *_VOID_FORMS)
            if (method := self._program.resolve_method(MethodRef(descriptor, *form))) is not None
            and not method.is_abstract
        ]
        found: dict[int | None, _Judged] = {}
        for method in methods:
            for field, case in self._wiring.cases_of(method, descriptor):
                verdict = self._verdict(method, descriptor, field, case)
                if verdict is None:
                    continue
                known = found.get(case)
                if known is None or rank(verdict) < rank(known.verdict):
                    found[case] = _Judged(descriptor, method, verdict, field, case)
        return list(found.values())

    def _verdict(
        self, method: DexMethod, this_type: str, field: FieldRef | None = None, case: int | None = None
    ) -> Verdict | None:
        fields: dict[FieldRef, Value] = {} if field is None or case is None else {field: Number(case)}
        objects = self._wiring.objects_of(this_type, field, case)

        def number(value: FieldValue) -> int | None:
            return self._backtrace.number_of(value, objects)

        if fields:
            return judge(self._finder, method, self._is_sound, this_type, fields, number)
        key = (method, this_type)
        if key not in self._answers:
            self._asked.append(method)
            self._answers[key] = judge(self._finder, method, self._is_sound, this_type, number=number)
            self._asked.pop()
        return self._answers[key]

    def _is_sound(self, ref: MethodRef) -> bool:
        """Say whether a verifier that another one asks decides by the certificate; the platform's do."""
        method = self._program.resolve_method(ref)
        if method is None or method.is_abstract or method in self._asked or len(self._asked) >= _MAX_NESTING:
            return True
        verdict = self._verdict(method, ref.owner)
        return verdict is None or verdict.behaviour in _SOUND

    # ---- facts

    def _fact(self, first: _Judged, installation: Installation) -> CallbackFact:
        """Make one fact of the classes that share a method and its verdict."""
        verdict = first.verdict
        return CallbackFact(
            kind="hostname_verifier",
            class_name=dotted(first.descriptor),
            behaviour=verdict.behaviour,
            activation=installation.activation,
            owner=self._code.owner_of(first.descriptor),
            variant=first.case,
            code_digest=digest_of(self._program, [first.method], first.field, first.case),
            process_wide=installation.process_wide,
            detail=verdict.detail,
            values=self._texts(verdict.operands),
            values_complete=verdict.behaviour == "allow-list" and self._are_all(verdict),
            debug_only=verdict.debug_only,
            clients=installation.clients,
            evidence=tuple(dict.fromkeys((*_statements(first), *installation.trail))),
        )

    def _installation(self, judged: _Judged, owners: Iterable[str]) -> Installation:
        if judged.field is not None and judged.case is not None:
            return self._wiring.of_variant("hostname_verifier", judged.descriptor, judged.field, judged.case)
        return self._wiring.of_class("hostname_verifier", *sorted(owners))

    def _are_all(self, verdict: Verdict) -> bool:
        """Say whether all names of a list are constants, and all ways to accept were followed."""
        known = [isinstance(one, Text) or self._is_constant(one) for one in verdict.operands]
        return verdict.incomplete is None and bool(known) and all(known)

    def _is_constant(self, operand: Value) -> bool:
        while isinstance(operand, Element):
            operand = operand.array
        return self._resolver.resolve(operand).state == "constant"

    def _texts(self, operands: Iterable[Value]) -> tuple[str, ...]:
        """Return the constants that a name is compared with; collections and fields are followed."""
        found: dict[str, None] = {}
        for operand in operands:
            while isinstance(operand, Element):
                operand = operand.array
            texts = (operand.value,) if isinstance(operand, Text) else self._resolver.resolve(operand).texts
            found.update(dict.fromkeys(texts))
        return tuple(found)[:_MAX_TEXTS]


_ABSTRACT = 0x400


def _first(group: list[_Judged]) -> _Judged:
    """Return the class that defines the method which others of a group inherit, if it is among them."""
    return next((one for one in group if one.descriptor == one.method.ref.owner), group[0])


def _statements(judged: _Judged) -> Iterator[Location]:
    """Yield the deciding statements: the whole way as code first, then where in helpers it is decided."""
    method, verdict = judged.method, judged.verdict
    names = {**parameter_names(method.ref, is_static=method.is_static)}
    shift = 0 if method.is_static else 1
    names |= {shift: "host", shift + 1: _SECOND.get(method.ref.parameters[1], names.get(shift + 1, "names"))}
    deciding = set(verdict.places)
    snippet = None
    if verdict.path is not None:

        def keep(one: Condition | Step) -> bool:
            return (one.frame, one.offset) in deciding

        snippet = path_text(verdict.path, names, keep)
        if method.ref.return_type == "Z":
            snippet = _boolean(snippet)
    here = next((offset for frame, offset in verdict.places if frame.method == method), None)
    yield location_in(method, here, snippet)
    for frame, offset in verdict.places[:_MAX_PLACES]:
        if frame.method != method:
            yield location_in(frame.method, offset)


_SECOND = {
    "Ljavax/net/ssl/SSLSession;": "session",
    "Ljavax/net/ssl/SSLSocket;": "socket",
    "Ljava/security/cert/X509Certificate;": "certificate",
    "[Ljava/lang/String;": "names",
}


def _boolean(snippet: str) -> str:
    for number, word in (("1", "true"), ("0", "false")):
        ending = f"return {number};"
        if snippet.endswith(ending):
            return f"{snippet.removesuffix(ending)}return {word};"
    return snippet


def _gap(judged: _Judged) -> AnalysisGap | None:
    """Return the gap of a method that has more ways than were followed, none of them telling what it decides by."""
    reason = judged.verdict.incomplete
    if reason is None or judged.verdict.behaviour != "custom" or judged.verdict.by_certificate:
        return None
    return AnalysisGap(
        stage="code",
        reason="limit",
        subject=dotted(judged.descriptor),
        detail=f"Not all ways through this host name verifier were followed ({reason}); it may accept more.",
        hides=("callback",),
    )


def _order(fact: CallbackFact) -> tuple[str, int]:
    return fact.class_name, -1 if fact.variant is None else fact.variant
