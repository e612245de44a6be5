"""Recognises ``ConnectionSpec`` of a renamed OkHttp, its builder, and the names of the library's constants."""

from collections.abc import Iterator

from analyzer.dataflow.evaluate import MethodValues
from analyzer.dataflow.values import Created, Event, FieldValue, Result, Text, Value, walk
from analyzer.dex import DexMethod, FieldRef, MethodRef
from analyzer.extractors.code.okhttp_roles import LISTS, Scanner, Specs

_ENUM = "Ljava/lang/Enum;"
_OLDEST = "TLS_1_0"
_SUITE = "TLS_"
_OLD_SUITE = "SSL_"
"""How JSSE names what OkHttp calls by the new prefix alone."""
_MOST_GETTERS = 3


def bind_specs(scanner: Scanner, client: str, builder: str) -> tuple[FieldRef | None, Specs]:
    """Return the builder's field of specifications, and what is known of these.

    A builder begins with the client's default list (``OkHttpClient.DEFAULT_CONNECTION_SPECS``): ``MODERN_TLS`` first,
    ``CLEARTEXT`` last, and up to OkHttp 3.8 ``COMPATIBLE_TLS`` between them.
    """
    for field, value in _first_lists(scanner, client, builder):
        constants = [
            part.ref
            for part in walk(value)
            if isinstance(part, FieldValue) and part.base is None and part.ref.type == part.ref.owner
        ]
        owners = {ref.owner for ref in constants}
        if len(owners) == 1 and not _is_enum(scanner, constants[0].owner) and len(set(constants)) in (2, 3):
            return field, _Binder(scanner, list(dict.fromkeys(constants))).bound()
    return None, Specs()


def _first_lists(scanner: Scanner, client: str, builder: str) -> Iterator[tuple[FieldRef, Value]]:
    """Yield the lists that a builder made without arguments begins with."""
    defaults = dict(_statics(scanner, client))
    for method in scanner.methods_of(builder):
        if method.ref.name != "<init>" or method.ref.parameters:
            continue
        values = scanner.values(method)
        for store in values.stores.values() if values is not None else ():
            if store.ref.owner != builder or store.ref.type not in LISTS:
                continue
            value = _through_getters(scanner, store.value)
            if isinstance(value, FieldValue) and value.base is None:
                value = defaults.get(value.ref, value)
            yield store.ref, value


def _through_getters(scanner: Scanner, value: Value) -> Value:
    """Return what a call that only reads a static field hands out: Kotlin's companions do."""
    for _ in range(_MOST_GETTERS):
        target = scanner.program.resolve_method(value.ref) if isinstance(value, Result) else None
        values = scanner.values(target)
        if values is None or len(values.returns) != 1:
            break
        value = values.returns[0]
    return value


def _statics(scanner: Scanner, owner: str) -> Iterator[tuple[FieldRef, Value]]:
    """Yield what the static fields of a class begin with."""
    values = _initialiser(scanner, owner)
    for store in values.stores.values() if values is not None else ():
        if store.base is None and store.ref.owner == owner:
            yield store.ref, store.value


def _initialiser(scanner: Scanner, owner: str) -> MethodValues | None:
    method = next((one for one in scanner.methods_of(owner) if one.ref.name == "<clinit>"), None)
    return scanner.values(method)


def _is_enum(scanner: Scanner, descriptor: str) -> bool:
    return _ENUM in scanner.program.hierarchy.supertypes_of(descriptor)


class _Binder:
    def __init__(self, scanner: Scanner, defaults: list[FieldRef]) -> None:
        self._scanner = scanner
        self._defaults = defaults
        self._spec = defaults[0].owner

    def bound(self) -> Specs:
        builder = self._builder()
        versions: list[DexMethod] = []
        suites: list[DexMethod] = []
        suite_class = None
        for method in self._scanner.methods_of(builder):
            types = method.ref.parameters
            if method.is_static or len(types) != 1 or not types[0].startswith("[L"):
                continue
            element = types[0][1:]
            if _is_enum(self._scanner, element):
                versions.append(method)
            elif self._scanner.definition(element) is not None:
                suites.append(method)
                suite_class = element
        names = {**dict(self._names()), **dict(self._suites(suite_class))}
        return Specs(
            classes=frozenset(name for name in (self._spec, builder, suite_class) if name is not None),
            versions=self._refs(versions),
            suites=self._refs(suites),
            names=names,
            by_field=frozenset(self._arrays(builder)),
        )

    def _refs(self, methods: list[DexMethod]) -> tuple[MethodRef, ...]:
        return tuple(ref for method in methods for ref in self._scanner.all_names(method))

    def _builder(self) -> str | None:
        """Return the class that makes specifications by a method without arguments, or that one is made of."""
        found: set[str] = set()
        for method in self._scanner.methods_of(self._spec):
            if method.ref.name == "<init>" and len(method.ref.parameters) == 1:
                found.update(name for name in method.ref.parameters if self._scanner.definition(name) is not None)
        for ref in self._scanner.program.method_refs(None, None, f"(){self._spec}"):
            if ref.owner != self._spec and self._scanner.definition(ref.owner) is not None:
                found.add(ref.owner)
        return found.pop() if len(found) == 1 else None

    def _arrays(self, builder: str | None) -> Iterator[FieldRef]:
        definition = None if builder is None else self._scanner.definition(builder)
        for field in definition.fields if definition is not None else ():
            if not field.is_static and field.ref.type == "[Ljava/lang/String;":
                yield field.ref

    def _names(self) -> Iterator[tuple[FieldRef, str]]:
        yield self._defaults[0], "MODERN_TLS"
        yield self._defaults[-1], "CLEARTEXT"
        if len(self._defaults) == 3:
            yield self._defaults[1], "COMPATIBLE_TLS"
        for field, value in _statics(self._scanner, self._spec):
            if field.type == self._spec and field not in self._defaults:
                yield field, "COMPATIBLE_TLS" if self._mentions(value, _OLDEST) else "RESTRICTED_TLS"

    def _mentions(self, value: Value, name: str) -> bool:
        """Say whether a constant of an enumeration, by the name it was written with, is part of a value."""
        constants = {
            part.ref
            for part in walk(value)
            if isinstance(part, FieldValue) and part.base is None and _is_enum(self._scanner, part.ref.owner)
        }
        for owner in {ref.owner for ref in constants}:
            for field, first in _statics(self._scanner, owner):
                if field in constants and any(_has_text(event.arguments, name) for event in _events(first)):
                    return True
        return False

    def _suites(self, owner: str | None) -> Iterator[tuple[FieldRef, str]]:
        """Yield the constants of ``CipherSuite`` with the names of JSSE that they are made of."""
        for field, value in _statics(self._scanner, owner) if owner is not None else ():
            texts = {
                one.value
                for one in _given(value)
                if isinstance(one, Text) and one.value.startswith((_SUITE, _OLD_SUITE))
            }
            if field.type == owner and len(texts) == 1:
                yield field, _SUITE + texts.pop()[len(_SUITE) :]


def _given(value: Value) -> tuple[Value, ...]:
    """Return the arguments of the call or constructor that made an object."""
    if isinstance(value, Result):
        return value.arguments
    made = [event for event in _events(value) if isinstance(event.ref, MethodRef) and event.ref.name == "<init>"]
    return made[0].arguments if made else ()


def _events(value: Value) -> Iterator[Event]:
    if isinstance(value, Created | Result):
        for history in value.histories:
            yield from history


def _has_text(arguments: tuple[Value, ...], text: str) -> bool:
    return any(isinstance(one, Text) and one.value == text for one in arguments)
