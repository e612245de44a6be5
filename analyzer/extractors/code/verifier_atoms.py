"""What a condition in a host name verifier asks: about the name, the session, the certificate, or something else."""

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

import msgspec

from analyzer.dataflow.path_model import MAX_CONE, Condition, Frame, Paths
from analyzer.dataflow.values import (
    ClassName,
    Computed,
    Created,
    Element,
    FieldValue,
    Length,
    Number,
    Parameter,
    Result,
    Text,
    Unknown,
    Value,
    children,
    walk,
)
from analyzer.dex import MethodRef, Program, dotted

Kind = Literal[
    "delegate", "certificate", "peer-host", "equals", "text", "session-valid", "debug", "host", "switch", "guard",
    "opaque", "content",
]  # fmt: skip
"""``guard``: null checks, loop conditions and the like; ``switch``: nothing about the connection; ``opaque``: a call
whose answer depends on the session, and that could not be looked into; ``content``: a number or character that was
read from the certificate, as parsers of names do."""
Role = Literal["host", "session", "certificate", "peer-host"]

CERTIFICATE_GETTERS = frozenset({"getPeerCertificates", "getPeerCertificateChain", "getPeerPrincipal"})
_EQUALITIES = frozenset({"equals", "equalsIgnoreCase", "contentEquals", "areEqual", "isEqual", "equals$default"})
_TEXT_MATCHES = frozenset(
    {"contains", "startsWith", "endsWith", "indexOf", "lastIndexOf", "regionMatches", "contains$default"}
    | {f"{name}$default" for name in ("startsWith", "endsWith", "indexOf", "regionMatches")}
)
_TEXT_OWNERS = ("Ljava/lang/String;", "Ljava/lang/CharSequence;", "Lkotlin/text/", "Lorg/apache/commons/lang")
_LOOP_TESTS = frozenset({"hasNext", "hasMoreElements", "isEmpty"})
_COLLECTION_TESTS = frozenset({"contains", "containsKey", "contains$default", "binarySearch"})
_STRINGS = frozenset({"Ljava/lang/String;", "Ljava/lang/CharSequence;"})
_SIZES = frozenset({"size", "getVersion", "getBasicConstraints", "getPathLen"})
_DEBUGGABLE = 2
_CALLS = frozenset({*range(0x6E, 0x73), *range(0x74, 0x79)})
_MAX_SCANNED = 400
_SESSION = "Ljavax/net/ssl/SSLSession;"


class Atom(msgspec.Struct, frozen=True):
    """One thing that must hold on a path."""

    kind: Kind
    positive: bool
    """False when it must not hold."""
    term: Value
    frame: Frame
    offset: int
    what: str = ""
    """In words: ``the name ends with``; with `operands` a whole clause."""
    operands: tuple[Value, ...] = ()
    """What the name is compared with."""


class Reader:
    """Reads the conditions of one exploration of ``verify``."""

    def __init__(self, program: Program, paths: Paths, sound: Callable[[MethodRef], bool]) -> None:
        """Read conditions over the parameters of the explored method.

        `sound` says of a verifier of the app that is asked whether its answer depends on the certificate.
        """
        self._program = program
        self._paths = paths
        self._sound = sound
        self._roles: dict[Value, frozenset[Role]] = {}
        method = paths.method
        self._ref = method.ref
        self._static = method.is_static

    def atoms(self, condition: Condition) -> Iterator[Atom]:
        """Yield what a condition asks."""
        left, right, operator = condition.left, condition.right, condition.operator
        frame, offset = condition.frame, condition.offset
        holds = condition.holds
        if any(isinstance(side, Unknown | Length) for side in (left, right)):
            yield Atom("guard", True, left, frame, offset)
        elif holds is not None and self._type_of(left) in ("Z", "?"):
            yield from self.boolean(left, holds, frame, offset)
        elif holds is not None and self._type_of(left)[0] in "L[":
            yield Atom("guard", True, left, frame, offset)
        else:
            yield self._compared(left, operator, right, frame, offset)

    def boolean(self, value: Value, positive: bool, frame: Frame, offset: int) -> Iterator[Atom]:
        """Yield what it takes for a boolean to be true (or false)."""
        match value:
            case Computed(operation="xor", operands=(inner, Number(value=1))):
                yield from self.boolean(inner, not positive, frame, offset)
            case Computed(operation="and", operands=operands) if positive and not _constant(operands):
                for operand in operands:
                    yield from self.boolean(operand, True, frame, offset)
            case Computed(operation="and") if _tests_debuggable(value):
                yield Atom("debug", positive, value, frame, offset, "the app is debuggable")
            case Computed(operation="instance-of"):
                yield Atom("guard", positive, value, frame, offset)
            case Result():
                yield self._called(value, positive, frame, offset)
            case FieldValue(ref=ref) if ref.name == "DEBUG":
                yield Atom("debug", positive, value, frame, offset, f"{dotted(ref.owner)}.DEBUG")
            case FieldValue(ref=ref):
                yield Atom("switch", positive, value, frame, offset, f"{dotted(ref.owner)}.{ref.name}")
            case _:
                roles = self.roles(value)
                kind: Kind = "opaque" if "session" in roles else "host" if "host" in roles else "switch"
                yield Atom(kind, positive, value, frame, offset)

    def roles(self, *values: Value) -> frozenset[Role]:
        """Return what values are made of, what was put into objects included."""
        if len(values) == 1 and values[0] in self._roles:
            return self._roles[values[0]]
        found: set[Role] = set()
        seen: set[Value] = set()
        waiting = list(values)
        while waiting and len(seen) < MAX_CONE:
            one = waiting.pop()
            if one in seen:
                continue
            seen.add(one)
            found |= self._role_of(one)
            waiting.extend(children(one))
            # Questions put nothing into what is asked: only what is made here is filled by calls.
            if isinstance(one, Created) or (isinstance(one, Result) and one.ref.name == "getInstance"):
                waiting.extend(self._paths.inputs.get(one, ()))
        answer = frozenset(found)
        if len(values) == 1:
            self._roles[values[0]] = answer
        return answer

    def _role_of(self, value: Value) -> set[Role]:
        match value:
            case Parameter(method=method, index=index) if method == self._ref:
                return self._role_of_parameter(index)
            case Result(ref=ref) if ref.name in CERTIFICATE_GETTERS:
                return {"certificate"}
            case Result(ref=ref) if ref.name == "getPeerHost":
                return {"peer-host"}
        return set()

    def _beside_the_name(self, values: Iterable[Value]) -> tuple[Value, ...]:
        """Return those of `values` that the name is compared with: not the name, nor an option."""
        return tuple(
            value
            for value in values
            if not isinstance(value, Number) and not any("host" in self._role_of(one) for one in walk(value))
        )

    def _role_of_parameter(self, index: int) -> set[Role]:
        place = index - (not self._static)
        if not 0 <= place < len(self._ref.parameters):
            return set()
        type_name = self._ref.parameters[place]
        if place == 0:
            return {"host"}
        if type_name in (_SESSION, "Ljavax/net/ssl/SSLSocket;"):
            return {"session"}
        return {"certificate"} if type_name[0] in "L[" else set()

    def _called(self, value: Result, positive: bool, frame: Frame, offset: int) -> Atom:
        """Read a test of what a call returned."""
        ref, arguments = value.ref, value.arguments
        roles = self.roles(*arguments)
        name = ref.name
        if _is_verify(ref) and roles & {"session", "certificate"}:
            if self._sound(ref):
                return Atom("delegate", positive, value, frame, offset, f"{dotted(ref.owner)}.verify")
            return Atom("guard", positive, value, frame, offset)
        if ref.owner == _SESSION and name == "isValid":
            return Atom("session-valid", positive, value, frame, offset, "the session is valid")
        if name in _LOOP_TESTS and "host" not in roles:
            return Atom("guard", positive, value, frame, offset)
        if name in _EQUALITIES and ref.return_type == "Z":
            return self._equality(value, arguments, positive, frame, offset)
        if name in _TEXT_MATCHES and ref.owner.startswith(_TEXT_OWNERS):
            return self._text(value, name.removesuffix("$default"), positive, frame, offset)
        if name in _COLLECTION_TESTS and roles & {"host", "certificate"}:
            if "certificate" in roles:
                return Atom("certificate", positive, value, frame, offset)
            others = self._beside_the_name(arguments)
            what = "the name is one of" if others else "the name is in a list"
            return Atom("equals", positive, value, frame, offset, what, others)
        if "certificate" in roles:
            return Atom("certificate", positive, value, frame, offset)
        if "session" in roles:
            return Atom("opaque", positive, value, frame, offset, f"{dotted(ref.owner)}.{name}")
        if "host" in roles:
            return Atom("host", positive, value, frame, offset, f"{name} of the name")
        if name.endswith("isDebuggable") or name == "isUserAMonkey":
            return Atom("debug", positive, value, frame, offset, f"{dotted(ref.owner)}.{name}")
        return Atom("switch", positive, value, frame, offset, f"{dotted(ref.owner)}.{name}")

    def _equality(self, value: Result, arguments: tuple[Value, ...], positive: bool, frame: Frame, offset: int) -> Atom:
        roles = self.roles(*arguments)
        if "certificate" in roles:
            return Atom("certificate", positive, value, frame, offset)
        if "peer-host" in roles and "host" in roles:
            return Atom("peer-host", positive, value, frame, offset, "the name equals session.getPeerHost()")
        if "host" in roles:
            others = self._beside_the_name(arguments)
            return Atom("equals", positive, value, frame, offset, "the name equals", others)
        if "session" in roles:
            return Atom("host", positive, value, frame, offset, "what the session says besides the certificate")
        return Atom("switch", positive, value, frame, offset)

    def _text(self, value: Result, name: str, positive: bool, frame: Frame, offset: int) -> Atom:
        arguments = value.arguments
        roles = self.roles(*arguments)
        if "peer-host" in roles and "certificate" not in roles and "host" in roles:
            return Atom("peer-host", positive, value, frame, offset, f"the name {_VERBS[name]} session.getPeerHost()")
        if "certificate" in roles:
            subject = name in ("contains", "indexOf") and "getPeerPrincipal" in {
                one.ref.name for one in walk(arguments[0]) if isinstance(one, Result)
            }
            if subject:
                return Atom(
                    "text", positive, value, frame, offset, f"the certificate's subject {_VERBS[name]} the name"
                )
            return Atom("certificate", positive, value, frame, offset)
        if "host" in roles:
            others = self._beside_the_name(arguments)
            return Atom("text", positive, value, frame, offset, f"the name {_VERBS[name]}", others)
        if "session" in roles:
            return Atom("host", positive, value, frame, offset, "what the session says besides the certificate")
        return Atom("switch", positive, value, frame, offset)

    def _compared(self, left: Value, operator: str, right: Value, frame: Frame, offset: int) -> Atom:
        """Read a comparison of numbers."""
        if isinstance(left, Result) and isinstance(right, Number):
            name = left.ref.name.removesuffix("$default")
            if name in ("indexOf", "lastIndexOf") and left.ref.owner.startswith(_TEXT_OWNERS):
                found = (operator, right.value) in {("ge", 0), ("gt", -1), ("ne", -1), ("eq", 0), ("gt", 0)}
                return self._text(left, name, found, frame, offset)
            if self._searches_text(left.ref):
                return self._text(left, "indexOf", operator in ("ge", "gt", "ne"), frame, offset)
            if name.startswith("compareTo"):
                return self._equality(left, left.arguments, operator == "eq" and right.value == 0, frame, offset)
        roles = self.roles(left, right)
        if "certificate" in roles or "session" in roles:
            sizes = all(_is_size(one) for one in (left, right))
            return Atom("content" if "certificate" in roles and not sizes else "guard", True, left, frame, offset)
        if any(map(_tests_debuggable, (left, right))):
            return Atom("debug", operator == "ne", left, frame, offset, "the app is debuggable")
        return Atom("host" if "host" in roles else "switch", True, left, frame, offset)

    def _searches_text(self, ref: MethodRef) -> bool:
        """Say whether a helper of the app searches in a text: Kotlin's, under whatever name a shrinker gave it."""
        method = self._program.resolve_method(ref)
        code = method.code() if method is not None and method.is_static else None
        if code is None or method is None or ref.return_type != "I" or len(code.instructions) > _MAX_SCANNED:
            return False
        called = [method.file.method(one.index or 0) for one in code.instructions if one.opcode in _CALLS]
        return any(one.owner == "Ljava/lang/String;" and one.name in ("regionMatches", "indexOf") for one in called)

    def _type_of(self, value: Value) -> str:
        """Return the type descriptor of a term; ``?`` for one that may be a boolean."""
        match value:
            case Result(ref=ref):
                return ref.return_type
            case FieldValue(ref=field):
                return field.type
            case Parameter(method=method, index=index):
                types = method.parameters if self._static else (method.owner, *method.parameters)
                return types[index] if index < len(types) else "?"
            case Element() | Created() | Text() | ClassName():
                return "Ljava/lang/Object;"
            case Computed(operation="instance-of" | "xor"):
                return "?"
            case Computed(operation="and") if _tests_debuggable(value):
                return "?"
            case Computed():
                return "I"
        return "?"


_VERBS = {
    "contains": "contains", "indexOf": "contains", "lastIndexOf": "contains", "startsWith": "starts with",
    "endsWith": "ends with", "regionMatches": "matches in part",
}  # fmt: skip


def _is_verify(ref: MethodRef) -> bool:
    """Say whether a call asks a verifier: a name first, then what the certificate is taken from."""
    return ref.name == "verify" and len(ref.parameters) >= 2 and ref.parameters[0] in _STRINGS


def _is_size(value: Value) -> bool:
    """Say whether a number tells nothing about names: a constant, a size, a version."""
    return isinstance(value, Number | Length) or (isinstance(value, Result) and value.ref.name in _SIZES)


def _constant(values: Iterable[Value]) -> bool:
    return any(isinstance(value, Number) for value in values)


def _tests_debuggable(value: Value) -> bool:
    """Say whether a value is ``ApplicationInfo.flags & FLAG_DEBUGGABLE``."""
    if not isinstance(value, Computed) or value.operation != "and":
        return False
    flags = any(isinstance(one, FieldValue) and one.ref.name == "flags" for one in value.operands)
    return flags and any(isinstance(one, Number) and one.value == _DEBUGGABLE for one in value.operands)
