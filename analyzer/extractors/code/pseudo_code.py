"""Writes conditions and calls of a path as short Java-like code, so that evidence can be read without a decompiler."""

from collections.abc import Callable, Mapping

from analyzer.dataflow.path_model import Caught, Condition, Path, Step
from analyzer.dataflow.terms import CHANGES
from analyzer.dataflow.values import (
    ClassName,
    Computed,
    Created,
    Element,
    FieldValue,
    Items,
    Joined,
    Length,
    Number,
    Numbers,
    OneOf,
    Parameter,
    Result,
    Text,
    Value,
)
from analyzer.dex import MethodRef, dotted
from analyzer.model.location import MAX_SNIPPET_CHARACTERS

Names = Mapping[int, str]
"""How the parameters of the explored method are called, by index; ``this`` is 0 in instance methods."""
Keep = Callable[[Condition | Step], bool]
_OPERATORS = {"eq": "==", "ne": "!=", "lt": "<", "ge": ">=", "gt": ">", "le": "<="}
_ARITHMETIC = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "rem": "%", "and": "&", "or": "|", "xor": "^",
    "shl": "<<", "shr": ">>", "ushr": ">>>", "cmp": "<=>",
}  # fmt: skip
_BY_TYPE = {
    "[Ljava/security/cert/X509Certificate;": "chain",
    "[Ljava/security/cert/Certificate;": "chain",
    "Ljava/security/cert/X509Certificate;": "certificate",
    "Ljava/net/Socket;": "socket",
    "Ljavax/net/ssl/SSLEngine;": "engine",
    "Ljavax/net/ssl/SSLSession;": "session",
    "Ljavax/net/ssl/SSLSocket;": "socket",
    "Landroid/webkit/WebView;": "view",
    "Landroid/webkit/SslErrorHandler;": "handler",
    "Landroid/net/http/SslError;": "error",
}
_TRUST_STRINGS = ("authType", "host")
_MAX_DEPTH = 8
_MAX_TEXT = 60
_MAX_ELEMENTS = 3


def parameter_names(ref: MethodRef, *, is_static: bool = False) -> dict[int, str]:
    """Return telling names for the parameters of a method, by their types and its name."""
    names: dict[int, str] = {} if is_static else {0: "this"}
    strings = list(_TRUST_STRINGS if "Trusted" in ref.name else ("host", "text"))
    for index, type_name in enumerate(ref.parameters, len(names)):
        name = _BY_TYPE.get(type_name)
        if name is None and type_name == "Ljava/lang/String;" and strings:
            name = strings.pop(0)
        names[index] = f"arg{index}" if name is None or name in names.values() else name
    return names


def expression(value: Value | None, names: Names, depth: int = 0) -> str:
    """Return a value as an expression; what is nested too deep becomes ``…``."""
    if depth > _MAX_DEPTH:
        return "…"

    def inner(part: Value | None) -> str:
        return expression(part, names, depth + 1)

    match value:
        case None:
            return ""
        case Text(value=text):
            shown = text if len(text) <= _MAX_TEXT else text[:_MAX_TEXT] + "…"
            return '"' + shown.replace("\n", "\\n").replace('"', '\\"') + '"'
        case Number(value=number):
            return str(number)
        case ClassName(descriptor=descriptor):
            return f"{_short(descriptor)}.class"
        case Parameter(index=index):
            return names.get(index, f"arg{index}")
        case FieldValue(ref=ref, base=base):
            owner = _short(ref.owner) if base is None else inner(base)
            return ref.name if owner == "this" else f"{owner}.{ref.name}"
        case Result(ref=ref, kind=kind, arguments=arguments):
            return _call(ref, kind == "static", arguments, inner)
        case Created(type=name, length=length):
            return f"new {_short(name)}" + ("()" if length is None else "")
        case Caught():
            return "e"
        case Element(array=array, index=index_value):
            return f"{inner(array)}[{'i' if index_value == CHANGES else inner(index_value)}]"
        case Length(array=array):
            return f"{inner(array)}.length"
        case Items(elements=elements):
            shown_elements = ", ".join(map(inner, elements[:_MAX_ELEMENTS]))
            return "{" + shown_elements + (", …}" if len(elements) > _MAX_ELEMENTS else "}")
        case Numbers(elements=numbers):
            return f"{{{len(numbers)} numbers}}"
        case Joined(parts=parts):
            return " + ".join(map(inner, parts))
        case OneOf(values=values):
            return " or ".join(map(inner, values[:_MAX_ELEMENTS]))
        case Computed(operation="xor", operands=(left, Number(value=1))) if _is_boolean(left):
            return f"!{inner(left)}"
        case Computed(operation="instance-of", operands=(operand, ClassName(descriptor=descriptor))):
            return f"{inner(operand)} instanceof {_short(descriptor)}"
        case Computed(operation=operation, operands=(left, right)) if operation in _ARITHMETIC:
            return f"{inner(left)} {_ARITHMETIC[operation]} {inner(right)}"
        case Computed(operation=operation, operands=operands):
            return f"{operation}({', '.join(map(inner, operands))})"
    return "i" if value == CHANGES else "?"


def _call(ref: MethodRef, is_static: bool, arguments: tuple[Value, ...], inner: Callable[[Value], str]) -> str:
    if is_static:
        return f"{_short(ref.owner)}.{ref.name}({', '.join(map(inner, arguments))})"
    receiver = inner(arguments[0]) if arguments else "?"
    passed = ", ".join(map(inner, arguments[1:]))
    if ref.name == "<init>":
        return f"new {_short(ref.owner)}({passed})"
    return f"{receiver}.{ref.name}({passed})" if receiver != "this" else f"{ref.name}({passed})"


def condition_text(condition: Condition, names: Names) -> str:
    """Return a condition as it holds on its path: ``!pins.contains(…)``."""
    left = expression(condition.left, names)
    holds = condition.holds
    if holds is not None and _is_boolean(condition.left):
        compound = isinstance(condition.left, Computed)
        return left if holds else f"!({left})" if compound else f"!{left}"
    if holds is not None and _is_reference(condition.left):
        return f"{left} {_OPERATORS[condition.operator]} null"
    return f"{left} {_OPERATORS[condition.operator]} {expression(condition.right, names)}"


def statement(step: Step, names: Names) -> str:
    """Return a call or write as a statement."""
    if not isinstance(step.ref, MethodRef):
        target = step.ref.name if len(step.arguments) > 1 else f"{_short(step.ref.owner)}.{step.ref.name}"
        return f"{target} = {expression(step.arguments[0], names)};"

    def inner(value: Value) -> str:
        return expression(value, names, 1)

    text = f"{_call(step.ref, step.kind == 'static', step.arguments, inner)};"
    return text if step.threw is None else f"try {{ {text} }} catch ({_short(step.threw)} e)"


def path_text(path: Path, names: Names, keep: Keep, limit: int = MAX_SNIPPET_CHARACTERS) -> str:
    """Return the parts of a path that `keep` picks, and its end, in one line of at most `limit` characters."""
    parts: list[str] = []
    for one in path.order:
        if not keep(one):
            continue
        text = f"if ({condition_text(one, names)})" if isinstance(one, Condition) else statement(one, names)
        if text not in parts:
            parts.append(text)
    parts.append(_ending(path, names))
    text = " ".join(parts)
    while len(text) > limit and len(parts) > 2:
        # The end and what leads to it directly say most.
        del parts[0]
        text = "… " + " ".join(parts)
    if len(text) <= limit or len(parts) < 2:
        return text if len(text) <= limit else text[: limit - 1] + "…"
    return f"{text[: max(limit - len(parts[-1]) - 2, 0)]}… {parts[-1]}"[:limit]


def _ending(path: Path, names: Names) -> str:
    match path.ending:
        case "returns":
            return "return;" if path.value is None else f"return {expression(path.value, names)};"
        case "throws":
            thrown = "e" if isinstance(path.value, Caught) else f"new {_short(path.exception or '?')}()"
            return f"throw {thrown};"
    return "while (true);"


def _is_boolean(value: Value) -> bool:
    match value:
        case Result(ref=ref):
            return ref.return_type == "Z"
        case FieldValue(ref=ref):
            return ref.type == "Z"
        case Computed(operation="instance-of"):
            return True
        case Parameter(method=method, index=index):
            return _type_of(method, index) == "Z"
    return False


def _is_reference(value: Value) -> bool:
    match value:
        case Result(ref=ref):
            return ref.return_type[0] in "L["
        case FieldValue(ref=ref):
            return ref.type[0] in "L["
        case Element():
            return True
        case Parameter(method=method, index=index):
            return _type_of(method, index)[0] in "L["
    return False


def _type_of(method: MethodRef, index: int) -> str:
    """Return the type of a parameter, taking the method for an instance's; static ones have no ``this`` to test."""
    types = (method.owner, *method.parameters)
    return types[index] if index < len(types) else "I"


def _short(descriptor: str) -> str:
    """Return a class name without its package."""
    return dotted(descriptor).rpartition(".")[2].replace("$", ".") or "?"
