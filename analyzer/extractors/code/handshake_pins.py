"""Pins that OkHttp interceptors and host name verifiers compare by hand with the certificates of a handshake."""

from collections.abc import Iterable, Iterator

import msgspec

from analyzer.dataflow.backtrace import Backtrace
from analyzer.dataflow.path_model import Condition, Path, Paths
from analyzer.dataflow.paths import PathFinder, PathLimits
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import FieldValue, Number, Result, Text, Value
from analyzer.dex import DexMethod, FieldRef, MethodRef, dotted
from analyzer.extractors.code.callback_wiring import CallbackWiring, Installation
from analyzer.extractors.code.context import CodeContext, location_in
from analyzer.extractors.code.hostname_verifiers import VerifierFacts
from analyzer.extractors.code.listed_interceptors import listed_interceptors
from analyzer.extractors.code.okhttp_interceptors import may_be_added, renamed_interceptors
from analyzer.extractors.code.pseudo_code import condition_text, parameter_names
from analyzer.extractors.code.trust_checks import compares_objects, matches
from analyzer.extractors.code.trust_features import FeatureReader, Features
from analyzer.extractors.code.trust_pins import compared, hashed_object, with_constant
from analyzer.model import PinFact
from analyzer.model.location import MAX_SNIPPET_CHARACTERS
from analyzer.model.pins import CheckedAgainst, Mechanism

_INTERCEPTORS = ("okhttp3/Interceptor;", "com/squareup/okhttp/Interceptor;")
"""OkHttp 3 to 5, and OkHttp 2; copies under another package end alike."""
_HANDSHAKE = "okhttp3/Handshake;", "com/squareup/okhttp/Handshake;"
_CONNECTION = "okhttp3/Connection;", "com/squareup/okhttp/Connection;"
_ADDRESS = "okhttp3/HttpUrl;", "com/squareup/okhttp/HttpUrl;"
_SESSION = "Ljavax/net/ssl/SSLSession;"
_CONNECTIONS = frozenset({_SESSION, "Ljavax/net/ssl/HttpsURLConnection;"})
_PEER = frozenset({"peerCertificates", "getPeerCertificates", "getPeerCertificateChain", "getServerCertificates"})
"""``SSLSession``'s and ``HttpsURLConnection``'s (JSSE), and ``Handshake``'s.

All hand out the chain as the server presented it, the leaf first (``Handshake.get`` copies the session's array). In
OkHttp 4 Kotlin adds a bridge, ``-deprecated_peerCertificates``."""
_EQUALITIES = frozenset({"equals", "equalsIgnoreCase", "areEqual", "contentEquals"})
_NETWORK = "okhttp-network-interceptor"
_LIMITS = PathLimits(paths=200, steps=20_000)
_MAX_CLASSES = 200


class HandshakePinFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What was found."""

    pins: tuple[PinFact, ...] = ()


class Checked(msgspec.Struct, frozen=True):
    """A method that may compare pins."""

    mechanism: Mechanism
    descriptor: str
    method: DexMethod
    installation: Installation
    fields: dict[FieldRef, Value] = {}
    case: int | None = None


def extract_interceptor_pins(code: CodeContext, wiring: CallbackWiring) -> HandshakePinFacts:
    """Find the pins that OkHttp interceptors compare with the certificates of the connection or the answer.

    A mismatch refuses where the interceptor throws. Only network interceptors have a connection
    (``Interceptor.Chain.connection`` is null in the others), so what others ask it for is never compared.
    """
    return HandshakePins(code).run(_interceptors(code, wiring))


def extract_verifier_pins(code: CodeContext, verifiers: VerifierFacts) -> HandshakePinFacts:
    """Find the pins that host name verifiers compare with the certificates of the session."""
    checked = (
        Checked(
            "verifier-pin",
            one.descriptor,
            one.method,
            one.installation,
            {} if one.field is None or one.case is None else {one.field: Number(one.case)},
            one.case,
        )
        for one in verifiers.installed
    )
    return HandshakePins(code).run(checked)


def _interceptors(code: CodeContext, wiring: CallbackWiring) -> Iterator[Checked]:
    program = code.program
    lists = listed_interceptors(code, wiring, _is_okhttp)
    lists = msgspec.structs.replace(lists, others=lists.others or may_be_added(code))
    named = _named_interceptors(code) if _asks(code) else ()
    for name, methods in sorted((*named, *renamed_interceptors(code)))[:_MAX_CLASSES]:
        for method in methods:
            for field, case in wiring.cases_of(method, name):
                if field is None or case is None:
                    installed = wiring.of_class("interceptor", name, *sorted(program.hierarchy.subtypes_of(name)))
                    fields: dict[FieldRef, Value] = {}
                else:
                    installed = wiring.of_variant("interceptor", name, field, case)
                    fields = {field: Number(case)}
                if installed.activation == "created":
                    installed = lists.of(name, installed)
                yield Checked("interceptor", name, method, installed, fields, case)


def _named_interceptors(code: CodeContext) -> Iterator[tuple[str, tuple[DexMethod, ...]]]:
    chains = tuple(f"{one[:-1]}$Chain;" for one in _INTERCEPTORS)
    refs = code.program.method_refs(None, "intercept")
    for name in dict.fromkeys(ref.owner for ref in refs if len(ref.parameters) == 1):
        definition = code.program.find_class(name)
        if definition is None or definition.is_interface or not _is_named(_supertypes(code, name), _INTERCEPTORS):
            continue
        methods = (one for one in definition.methods if one.ref.name == "intercept" and not one.is_static)
        yield name, tuple(one for one in methods if one.code_offset and "".join(one.ref.parameters).endswith(chains))


def _asks(code: CodeContext) -> bool:
    """Say whether anything but OkHttp itself asks a handshake or session for the server's certificates."""
    refs = [ref for name in sorted(_PEER) for ref in code.program.method_refs(None, name) if _is_peer_chain(ref)]
    return any(not _is_okhttp(site.method.ref.owner) for site in code.program.users.callers_of(refs))


def _is_okhttp(descriptor: str) -> bool:
    return any(part in f"/{descriptor[1:]}" for part in ("/okhttp3/", "/com/squareup/okhttp/"))


def _supertypes(code: CodeContext, name: str) -> tuple[str, ...]:
    return tuple(code.program.hierarchy.supertypes_of(name))


def _is_named(names: Iterable[str], wanted: tuple[str, ...]) -> bool:
    return any(name.endswith(tuple(f"/{one}" for one in wanted)) or name[1:] in wanted for name in names)


def _is_peer_chain(ref: MethodRef) -> bool:
    """Say whether a method hands out the certificates of the server."""
    if ref.name.removeprefix("-deprecated_") not in _PEER:
        return False
    return ref.owner in _CONNECTIONS or _is_named((ref.owner,), _HANDSHAKE)


class HandshakePins:
    """Reads the pins that methods of one app compare."""

    def __init__(self, code: CodeContext) -> None:
        """Follow values in the program of `code`."""
        self._code = code
        self._program = code.program
        self._resolver = code.resolver or Resolver(code.program)
        self._backtrace = Backtrace(self._resolver)
        exchanges = [renamed.exchange for renamed in code.renamed_okhttp]
        self._peer = frozenset(ref for one in exchanges for ref in one.peer)
        self._hosts = frozenset(ref for one in exchanges for ref in one.host)
        self._handshakes = {
            one.handshake: one.intercept.return_type for one in exchanges if one.handshake and one.intercept
        }
        chains = {one.intercept.parameters[0] for one in exchanges if one.intercept}
        self._chains = chains.union(*map(self._program.hierarchy.subtypes_of, chains))
        self._finder = PathFinder(self._program, self._is_peer_chain, _LIMITS)

    def run(self, checked: Iterable[Checked]) -> HandshakePinFacts:
        """Return the pins of several methods."""
        return HandshakePinFacts(pins=tuple(dict.fromkeys(pin for one in checked for pin in self.pins(one))))

    def compares(self, method: DexMethod) -> bool:
        """Say whether a method compares something with certificates that it gets from a connection."""
        paths = self._finder.paths(method, method.ref.owner)
        chain = self._chain_of(paths) if paths is not None else frozenset()
        if paths is None or not chain:
            return False
        reader = FeatureReader(self._program, paths, chain)
        return any(_is_pin(reader, one) for path in paths.paths for one in _questions(path))

    def chains(self, method: DexMethod) -> frozenset[Value]:
        """Return the chains that a method gets from connections."""
        paths = self._finder.paths(method, method.ref.owner)
        return self._chain_of(paths) if paths is not None else frozenset()

    def pins(self, checked: Checked) -> Iterator[PinFact]:
        """Yield the pins that one method compares."""
        paths = self._finder.paths(checked.method, checked.descriptor, None, checked.fields)
        chain = self._chain_of(paths) if paths is not None else frozenset()
        if paths is None or not chain:
            return
        reader = FeatureReader(self._program, paths, chain)
        comparisons = {
            _place(one): one for path in paths.paths for one in _questions(path) if _is_pin(reader, one)
        }  # fmt: skip
        for place, condition in comparisons.items():
            yield from self._facts(checked, paths, reader, place, condition)

    def _is_peer_chain(self, ref: MethodRef) -> bool:
        return ref in self._peer or _is_peer_chain(ref)

    def _chain_of(self, paths: Paths) -> frozenset[Value]:
        """Return the chains that the code gets from the handshake, by a call or, where that was inlined, its field."""
        steps = [step for path in paths.paths for step in path.steps]
        found = {
            step.result
            for step in steps
            if step.called is not None and step.result is not None and self._is_peer_chain(step.called)
        }
        if any(isinstance(ref, FieldRef) for ref in self._peer):
            conditions = [one for path in paths.paths for one in _questions(path)]
            values = dict.fromkeys(value for one in conditions for value in (one.left, one.right))
            values.update(dict.fromkeys(value for step in steps for value in step.arguments))
            parts = paths.ingredients(*values)
            found.update(one for one in parts if isinstance(one, FieldValue) and one.ref in self._peer)
        return frozenset(found)

    def _of_connection(self, paths: Paths, condition: Condition) -> bool:
        """Say whether what is compared comes from the connection, and not from the answer."""
        return any(self._is_handshake_of_connection(one) for one in paths.ingredients(condition.left, condition.right))

    def _is_handshake_of_connection(self, value: Value) -> bool:
        if isinstance(value, Result):
            ref = value.ref
            if ref.name in ("handshake", "getHandshake") and _is_named((ref.owner,), _CONNECTION):
                return True
            return ref.return_type in self._handshakes and ref.owner != self._handshakes[ref.return_type]
        if isinstance(value, FieldValue) and value.ref.type in self._handshakes:
            # What a chain keeps for the answer is not asked of the connection.
            return value.ref.owner not in {self._handshakes[value.ref.type], *self._chains}
        return False

    def _host(self, paths: Paths, place: "_Place") -> str | None:
        """Return the host that the address must have wherever pins are compared at a place; None for every host."""
        hosts: set[str | None] = set()
        for path in paths.paths:
            if any(_place(one) == place for one in _questions(path)):
                named = [host for one in path.conditions if (host := self._equal_host(one)) is not None]
                hosts.add(named[0] if named else None)
        return hosts.pop() if len(hosts) == 1 else None

    def _equal_host(self, condition: Condition) -> str | None:
        asked = condition.left
        if not isinstance(asked, Result) or asked.ref.name not in _EQUALITIES or not matches(condition):
            return None
        texts = [one.value for one in asked.arguments if isinstance(one, Text)]
        named = any(
            isinstance(one, Result | FieldValue) and (one.ref in self._hosts or _is_host(one))
            for one in asked.arguments
        )
        return texts[0] if named and len(texts) == 1 else None

    def _facts(
        self, checked: Checked, paths: Paths, reader: FeatureReader, place: "_Place", condition: Condition
    ) -> Iterator[PinFact]:
        comparison = compared(
            self._code, reader, condition, lambda value, stop: self._backtrace.sources(value, (), stop)
        )
        features = comparison.features
        if not comparison.constants and not features.parts and not comparison.reasons:
            # Certificates that were accepted before are no pins.
            return
        installation = checked.installation
        enforced = not any(_accepts_mismatch(reader, path, place) for path in paths.paths)
        activation = installation.activation
        detail = None
        too_early = checked.mechanism == "interceptor" and not _on_network(installation)
        if too_early and self._of_connection(paths, condition):
            # The connection is null there: nothing is ever compared.
            activation = "created" if activation == "active" else activation
            detail = "the interceptor asks for the connection, which only network interceptors have"
        if not enforced and activation == "active":
            activation = "created"
        name = dotted(checked.descriptor)
        shown = condition_text(condition, parameter_names(checked.method.ref))
        unknown = PinFact(
            mechanism=checked.mechanism,
            host=self._host(paths, place) if checked.mechanism == "interceptor" else None,
            include_subdomains=False,
            algorithm=features.algorithms[0] if features.algorithms else "sha256",
            digest=None,
            hashed_object=hashed_object(features),
            value="",
            checked_against=_against(features),
            resolution="unresolved",
            activation=activation,
            enforced=None if enforced else False,
            owner=self._code.owner_of(checked.descriptor),
            scope=name if checked.case is None else f"{name}#{checked.case}",
            evidence=(location_in(condition.frame.method, condition.offset, shown), *installation.trail),
        )
        if not comparison.constants:
            why = "; ".join(comparison.reasons) or "what the certificate is compared with is not known"
            yield msgspec.structs.replace(unknown, problem_detail=why[:MAX_SNIPPET_CHARACTERS])
        for constant in comparison.constants:
            pin = with_constant(self._code, unknown, constant, hashed=bool(features.algorithms))
            yield pin if detail is None or pin.problem else msgspec.structs.replace(pin, problem_detail=detail)


_Place = tuple[DexMethod, int]


def _place(condition: Condition) -> _Place:
    return condition.frame.method, condition.offset


def _questions(path: Path) -> Iterator[Condition]:
    """Yield the conditions of a path, and what it returns where that is the answer of a comparison."""
    yield from path.conditions
    if path.ending == "returns" and isinstance(path.value, Result) and path.value.ref.return_type == "Z":
        yield Condition(path.value, "ne", Number(0), path.frame, path.offset)


def _is_pin(reader: FeatureReader, condition: Condition) -> bool:
    """Say whether a condition that holds compares a key, hash or certificate of the chain."""
    if not matches(condition, reader.program):
        return False
    left, right = reader.of(condition.left), reader.of(condition.right)
    if not left.from_chain:
        return right.from_chain and right.is_key
    if left.is_key and "name" not in left.parts and "dates" not in left.parts:
        return True
    whole = isinstance(condition.left, Result) and compares_objects(condition.left.ref)
    return whole and not left.parts and condition.left.ref.name not in ("isEmpty", "get")  # type: ignore[attr-defined]


def _accepts_mismatch(reader: FeatureReader, path: Path, place: _Place) -> bool:
    """Say whether the connection goes on although nothing that was compared at a place, or elsewhere, was equal."""
    if path.ending != "returns" or path.value == Number(0):
        return False
    questions = list(_questions(path))
    if any(_is_pin(reader, one) for one in questions):
        return False
    return any(_place(one) == place for one in questions)


def _on_network(installation: Installation) -> bool:
    return not installation.places or _NETWORK in installation.clients


def _is_host(value: Result | FieldValue) -> bool:
    return isinstance(value, Result) and value.ref.name == "host" and _is_named((value.ref.owner,), _ADDRESS)


def _against(features: Features) -> CheckedAgainst:
    if features.leaf_only:
        return "leaf"
    if features.validated:
        return "validated"
    return "index" if not features.whole_chain and features.indices else "presented"
