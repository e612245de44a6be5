"""Where a trust manager that code asks comes from: the platform's default, a key store's, another class of the app."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from analyzer.dataflow.backtrace import Backtrace
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import Created, Event, Number, Parameter, Result, Text, Unknown, Value
from analyzer.dex import MethodRef, Program

FACTORY = "Ljavax/net/ssl/TrustManagerFactory;"
KEY_STORE = "Ljava/security/KeyStore;"
EXTENSIONS = "Landroid/net/http/X509TrustManagerExtensions;"
ANDROID_CA_STORE = "AndroidCAStore"
_KEY_STORE_INIT = MethodRef(FACTORY, "init", "(Ljava/security/KeyStore;)V")
ManagerKind = Literal["default", "keystore", "android-ca-store", "custom", "unknown"]


class Manager(msgspec.Struct, frozen=True):
    """One trust manager that may be meant."""

    kind: ManagerKind
    """``custom``: an object of a class of the app."""
    class_name: str | None = None
    """Descriptor of the class, for a custom one."""
    created: Created | None = None
    """Where a custom one is created, if that is known."""
    store: Value | None = None
    """The key store, for one made from it."""


class ManagerSources:
    """Answers for one program."""

    def __init__(self, resolver: Resolver, manager_classes: Iterable[str]) -> None:
        """Know which classes of the app (descriptors) are trust managers."""
        self.backtrace = Backtrace(resolver)
        self._program: Program = resolver.program
        self._resolver = resolver
        self._managers = frozenset(manager_classes)

    def of(self, value: Value, objects: tuple[Created, ...] = ()) -> tuple[Manager, ...]:
        """Return what managers an expression may be; `Manager` of kind unknown where it cannot be told.

        `objects` are those that ``this`` may be in it.
        """
        found: dict[Manager, None] = {}
        for source in self.backtrace.sources(value, objects):
            for manager in self._manager(source):
                found[manager] = None
        return tuple(found)

    def _manager(self, source: Value) -> list[Manager]:
        match source:
            case Created(type=name) if name in self._managers:
                return [Manager("custom", name, source)]
            case Created(type=name) if name == EXTENSIONS:
                wrapped = [event.arguments[0] for event in source.events if _is_init(event) and event.arguments]
                return [manager for one in wrapped for manager in self.of(one)] or [Manager("unknown")]
            case Result(ref=ref, arguments=arguments) if ref.owner == FACTORY and ref.name == "getTrustManagers":
                return self._from_factory(arguments[0])
            case Number():
                # Null stands for "not yet" where there is something else; other numbers are places in an array.
                return []
            case Parameter(method=method, index=0):
                definition = self._program.resolve_method(method)
                if definition is not None and not definition.is_static and method.owner in self._managers:
                    return [Manager("custom", method.owner)]
        return [Manager("unknown")]

    def _from_factory(self, factory: Value) -> list[Manager]:
        found: list[Manager] = []
        for source in self.backtrace.sources(factory):
            events = [
                event
                for event in events_of(self._with_history(source))
                if event.ref == _KEY_STORE_INIT and event.position == 0
            ]
            for event in events:
                found.extend(self._from_store(event.arguments[0]))
        return found or [Manager("unknown")]

    def _with_history(self, source: Value) -> Value:
        """Return an object of a path with what its method does to it."""
        if not isinstance(source, Result) or any(source.histories):
            return source
        method = self._program.resolve_method(source.method)
        values = None if method is None else self._resolver.evaluator.evaluate(method)
        return source if values is None else values.object_at(source.offset)

    def _from_store(self, store: Value) -> list[Manager]:
        sources = self.backtrace.sources(store)
        known = [one for one in sources if one != Number(0)]
        if not known and sources:
            return [Manager("default")]
        return [Manager(self._store_kind(one), store=one) for one in known]

    def _store_kind(self, store: Value) -> ManagerKind:
        return "android-ca-store" if ANDROID_CA_STORE in store_types(store) else "keystore"


def events_of(value: Value) -> tuple[Event, ...]:
    """Return what happened to an object, over all branches."""
    match value:
        case Created():
            return value.events
        case Result(histories=histories):
            found: dict[Event, None] = {}
            for history in histories:
                found.update(dict.fromkeys(history))
            return tuple(found)
    return ()


def store_types(store: Value) -> tuple[str, ...]:
    """Return the constant type names of a ``KeyStore.getInstance`` (more than one when branches differ)."""
    if isinstance(store, Result) and store.ref.owner == KEY_STORE and store.ref.name == "getInstance":
        return tuple(one.value for one in store.arguments[:1] if isinstance(one, Text))
    return ()


def is_unknown(value: Value) -> bool:
    """Say whether the search for a value's source ended without one."""
    return isinstance(value, Unknown)


def _is_init(event: Event) -> bool:
    return isinstance(event.ref, MethodRef) and event.ref.name == "<init>" and event.position == 0
