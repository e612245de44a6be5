"""What a condition around ``SslErrorHandler.proceed`` asks: the error, the address, the certificate, the build."""

from typing import Literal

import msgspec

from analyzer.dataflow.path_model import Condition, Paths
from analyzer.dataflow.values import Computed, FieldValue, Number, Parameter, Result, Unknown, Value, children
from analyzer.dex import dotted

Kind = Literal["error-code", "url", "certificate", "debug", "switch", "guard"]

_ERROR_CODE = frozenset({"getPrimaryError", "hasError", "getErrorCode"})
_ADDRESS = frozenset({"getUrl", "getOriginalUrl", "getHost", "getAuthority"})
_CERTIFICATE = frozenset({"getCertificate", "getX509Certificate", "saveState"})
_NAMES = frozenset(
    {
        "getIssuedTo", "getIssuedBy", "getCName", "getDName", "getOName", "getUName", "getSubjectDN", "getIssuerDN",
        "getSubjectX500Principal", "getIssuerX500Principal", "getValidNotAfter", "getValidNotAfterDate",
        "getValidNotBefore", "getValidNotBeforeDate", "checkValidity", "getNotAfter", "getNotBefore",
    }
)  # fmt: skip
"""Anyone can write what these return into a certificate of their own."""
_EQUALITIES = frozenset(
    {"equals", "equalsIgnoreCase", "areEqual", "isEqual", "contains", "containsKey", "contentEquals"}
)
_DEBUGGABLE = 2
_MAX_TERMS = 2_048


class Atom(msgspec.Struct, frozen=True):
    """One condition."""

    kind: Kind
    condition: Condition
    what: str = ""
    """In words."""

    @property
    def key(self) -> tuple[object, ...]:
        """What tells this condition apart from its opposite and from others."""
        one = self.condition
        return one.left, one.operator, one.right


def read(paths: Paths, condition: Condition) -> Atom:
    """Say what a condition in ``onReceivedSslError`` asks."""
    left, right = condition.left, condition.right
    if isinstance(left, Unknown) or isinstance(right, Unknown) or (_is_reference(left) and _is_zero(right)):
        return Atom("guard", condition)
    asked = _asked(paths, left, right)
    names = {one.ref.name for one in asked if isinstance(one, Result)}
    if names & _CERTIFICATE and isinstance(left, Result) and left.ref.name in _EQUALITIES and not names & _NAMES:
        holds = condition.holds
        return Atom("certificate" if holds else "guard", condition, "the certificate is the expected one")
    if _tests_debuggable(left) or _tests_debuggable(right):
        return Atom("debug", condition, "whether the app is debuggable")
    for one in (left, right):
        if isinstance(one, FieldValue) and one.ref.name == "DEBUG":
            return Atom("debug", condition, f"{dotted(one.ref.owner)}.DEBUG")
    if isinstance(left, Computed) and left.operation == "instance-of":
        return Atom("guard", condition)
    if names & _ADDRESS:
        return Atom("url", condition, "the address")
    if names & _NAMES:
        return Atom("url", condition, "names and dates that the certificate states of itself")
    if names & _ERROR_CODE:
        return Atom("error-code", condition, "the kind of error")
    if names & _CERTIFICATE:
        return Atom("guard", condition)
    return Atom("switch", condition, _switch(left))


def _asked(paths: Paths, *values: Value) -> list[Value]:
    """Return all that values are made of, what was put into objects that are not asked but filled included."""
    found: dict[Value, None] = {}
    waiting = list(values)
    while waiting and len(found) < _MAX_TERMS:
        one = waiting.pop()
        if one in found:
            continue
        found[one] = None
        waiting.extend(children(one))
        if not isinstance(one, Parameter | FieldValue | Number):
            waiting.extend(paths.inputs.get(one, ()))
    return list(found)


def _switch(value: Value) -> str:
    match value:
        case FieldValue(ref=ref):
            return f"{dotted(ref.owner)}.{ref.name}"
        case Result(ref=ref):
            return f"{dotted(ref.owner)}.{ref.name}"
    return "something else"


def _is_zero(value: Value) -> bool:
    return isinstance(value, Number) and value.value == 0


def _is_reference(value: Value) -> bool:
    match value:
        case Result(ref=ref):
            return ref.return_type[0] in "L["
        case FieldValue(ref=field):
            return field.type[0] in "L["
        case Parameter(method=method, index=index):
            types = (method.owner, *method.parameters)
            return index >= len(types) or types[index][0] in "L["
    return False


def _tests_debuggable(value: Value) -> bool:
    """Say whether a value is ``ApplicationInfo.flags & FLAG_DEBUGGABLE``."""
    if not isinstance(value, Computed) or value.operation != "and":
        return False
    flags = any(isinstance(one, FieldValue) and one.ref.name == "flags" for one in value.operands)
    return flags and any(isinstance(one, Number) and one.value == _DEBUGGABLE for one in value.operands)
