"""Which class the object of a call may have, to tell apart what a virtual call may run."""

from collections.abc import Iterable

from analyzer.dataflow.evaluate import Call
from analyzer.dataflow.limits import FlowLimits
from analyzer.dataflow.question import Instance, Question
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import FieldValue, Result, Value, alternatives
from analyzer.dex import DexMethod, FieldRef, MethodRef

_LITTLE = FlowLimits(work=1_000, evaluations=40, depth=24)
"""What it may cost to find out which class the object of one call has."""
_KEPT = 4_096
"""Most receivers whose classes are kept."""
_OF_THE_PLATFORM = frozenset(
    {
        ("Ljavax/net/ssl/SSLContext;", "getSocketFactory"),
        ("Ljavax/net/ssl/SSLContext;", "getInstance"),
        ("Ljavax/net/ssl/SSLContext;", "getDefault"),
        ("Ljavax/net/ssl/TrustManagerFactory;", "getInstance"),
    }
)
"""What certainly returns objects of the platform's own classes."""
_TELLING = frozenset({"equals", "hashCode", "toString", "getClass"})
"""What every object can be asked; nothing keeps the object for it."""
_TOLD = frozenset({"Z", "I", "Ljava/lang/String;", "Ljava/lang/Class;"})
_CLOSING = frozenset({"Ljava/io/Closeable;", "Ljava/lang/AutoCloseable;"})
_COLLECTIONS = ("Ljava/util/", "Ljava/lang/Iterable;", "Lkotlin/sequences/Sequence;")
_HANDS_ON = frozenset(
    {
        "iterator", "listIterator", "next", "get", "add", "addAll", "put", "putAll", "values", "entrySet", "getValue",
        "toArray", "contains", "size", "isEmpty", "hasNext",
    }
)  # fmt: skip


class Receivers:
    """Answers for one program; what a value is does not depend on who asks, so the resolver keeps the answers."""

    def __init__(self, resolver: Resolver) -> None:
        """Find out with `resolver` where objects come from."""
        self._resolver = resolver
        self._program = resolver.program

    def among(self, receiver: Value, targets: tuple[DexMethod, ...]) -> tuple[DexMethod, ...]:
        """Return those of `targets` that a call on `receiver` may run; all of them where its class is not known."""
        types = self._types_of(receiver)
        return targets if types is None else tuple(target for target in targets if self._is_run_by(target, types))

    def may_run(self, call: Call, method: DexMethod) -> bool:
        """Say whether a call through a supertype may run a method: not when the object is known to be another."""
        if call.kind not in ("virtual", "interface") or call.ref.owner == method.ref.owner:
            return True
        types = self._types_of(call.arguments[0]) if call.arguments else None
        return types is None or self._is_run_by(method, types)

    def _types_of(self, receiver: Value) -> frozenset[str] | None:
        """Return the classes that an object may have, those of the platform left out; None when they are not known."""
        known = self._resolver.receiver_types
        if receiver not in known:
            if len(known) >= _KEPT:
                known.clear()
            known[receiver] = self._find_types(receiver)
        return known[receiver]

    def _find_types(self, receiver: Value) -> frozenset[str] | None:
        resolver, side = self._resolver, self._resolver.side_work
        if side.is_spent:
            return None
        with side.question():
            values = resolver.reduce(receiver, None, Question(_LITTLE), 0)
        found = set()
        for one in alternatives(values):
            if not isinstance(one, Instance):
                return None
            if isinstance(one.value, Result) and (one.value.ref.owner, one.value.ref.name) in _OF_THE_PLATFORM:
                continue
            if one.type is None:
                return None
            found.add(one.type)
        return frozenset(found)

    def _is_run_by(self, method: DexMethod, types: Iterable[str]) -> bool:
        ref = method.ref
        return any(self._program.resolve_method(MethodRef(one, ref.name, ref.descriptor)) == method for one in types)


def is_telling(ref: MethodRef, position: int) -> bool:
    """Say whether a call only asks an object what every object can be asked, or closes it: nothing keeps it then."""
    if ref.name in _TELLING and ref.return_type in _TOLD:
        return True
    return position == 0 and ref.name == "close" and ref.owner in _CLOSING


def hands_on(ref: MethodRef) -> bool:
    """Say whether a method of a collection puts something in, hands it out, or only asks.

    With Kotlin's library in an app, many of its classes are collections; whichever it is, what is put in comes out.
    """
    return ref.owner.startswith(_COLLECTIONS) and ref.name in _HANDS_ON


def added_to(call: Call) -> FieldRef | MethodRef | None:
    """Return the field that holds the collection to which a call adds its last argument, or what hands it out."""
    if call.ref.name != "add" or not call.ref.owner.startswith("Ljava/util/") or call.kind == "static":
        return None
    refs = {one.ref if isinstance(one, FieldValue | Result) else None for one in alternatives(call.arguments[0])}
    return refs.pop() if len(refs) == 1 else None
