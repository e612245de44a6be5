"""The one place that knows CEL: compiles expressions and evaluates them over plain data.

Facts hold text of the app, which is hostile: it only ever becomes a value, never part of an expression. Errors
of any kind, CEL's or a function's, come out as `ConditionError`. The library bounds the size and the nesting of
expressions, its regular expressions are linear (RE2), and it stops an evaluation after ten thousand macro steps.
"""

import contextvars
import datetime as dt
import itertools
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
from cel_expr_python import cel

from analyzer.conditions.functions import Function
from analyzer.conditions.shapes import Shape, shape_of

MAX_COPIED_ITEMS = 1000
"""Longest list over which ``map`` and ``filter`` are evaluated: CEL builds their results in quadratic time."""
_COPYING_MACRO = re.compile(r"\.\s*(map|filter)\s*\(")
_BINDINGS: contextvars.ContextVar["Bindings"] = contextvars.ContextVar("bindings")
_VARIABLE = "@"
"""Key under which a variable's data carries the variable's name, so that functions receive the record itself; no
expression can name it."""


class ConditionError(ValueError):
    """An expression or template is wrong, or could not be evaluated. The message is one line."""


class Value:
    """A record as expressions see it, converted once."""

    __slots__ = ("data", "longest", "record")

    def __init__(self, record: object) -> None:
        """Convert a record or plain data.

        Raises:
            ConditionError: A number needs more than 64 bits.
        """
        self.record = record
        self.data, self.longest = _converted(record)
        """Length of the longest list anywhere in it."""


class Bindings:
    """Values of the variables, converted once and shared by every expression that is evaluated over them."""

    __slots__ = ("activation", "context", "longest", "values")

    def __init__(self, activation: Any, values: Mapping[str, Value], context: object) -> None:
        self.activation = activation
        self.values = values
        self.context = context
        self.longest = max(value.longest for value in values.values())
        """Length of the longest list in the values."""


class Environment:
    """Variables and functions that expressions may name."""

    def __init__(self, *, variables: Mapping[str, object], functions: Iterable[Function] = ()) -> None:
        """Declare what expressions may name.

        Args:
            variables: The type of each variable. Plain types are told to CEL; records, lists and maps are known
                to it as anything, `analyzer.conditions.checker` checks those.
            functions: Functions beside CEL's own.
        """
        self.variables = {name: shape_of(annotation) for name, annotation in variables.items()}
        self.functions = {function.name: function for function in functions}
        self._env = cel.NewEnv(
            variables={name: _cel_type(shape, argument=False) for name, shape in self.variables.items()},
            functions=[_declaration(function) for function in self.functions.values()],
        )

    def compile(self, source: str) -> "Expression":
        """Compile an expression.

        Raises:
            ConditionError: It is malformed, or names a variable or function that does not exist.
        """
        try:
            return Expression(source, self._env.compile(source))
        except RuntimeError as error:
            raise ConditionError(_one_line(str(error))) from None

    def bind(self, values: Mapping[str, Value], context: object = None) -> Bindings:
        """Give every variable its value.

        Args:
            values: Values by variable name.
            context: Handed to functions that ask for it.
        """
        for name, value in values.items():
            if isinstance(value.record, msgspec.Struct):
                value.data[_VARIABLE] = name
        activation = self._env.Activation({name: value.data for name, value in values.items()})
        return Bindings(activation, values, context)


class Expression:
    """A compiled expression; evaluating it changes nothing."""

    __slots__ = ("_compiled", "_copies", "source")

    def __init__(self, source: str, compiled: Any) -> None:
        self.source = source
        self._copies = _COPYING_MACRO.search(source) is not None
        self._compiled = compiled

    def evaluate(self, bindings: Bindings) -> Any:
        """Return the expression's value as plain data.

        Raises:
            ConditionError: A null was used as a value, a function failed, or a bound was reached.
        """
        if bindings.longest > MAX_COPIED_ITEMS and self._copies:
            raise ConditionError(f"a list of {bindings.longest} items is longer than {MAX_COPIED_ITEMS}")
        token = _BINDINGS.set(bindings)
        try:
            value = self._compiled.eval(bindings.activation)
            result = value.plain_value()
            failed = value.type() == cel.Type.ERROR
        except (RuntimeError, ValueError, TypeError) as error:
            raise ConditionError(_one_line(str(error))) from None
        finally:
            _BINDINGS.reset(token)
        if failed:
            raise ConditionError(_one_line(str(result)))
        return bytes(result) if isinstance(result, bytearray) else result

    def holds(self, bindings: Bindings) -> bool:
        """Return the truth value of a condition.

        Raises:
            ConditionError: It could not be evaluated, or is not a truth value.
        """
        result = self.evaluate(bindings)
        if not isinstance(result, bool):
            raise ConditionError(f"{self.source} is not a truth value")
        return result

    def serialized(self) -> bytes:
        """Return the checked syntax tree as CEL writes it (a ``cel.expr.CheckedExpr`` in an ``Any``)."""
        return bytes(self._compiled.serialize())


def plain(value: object) -> Any:
    """Turn a record into maps, lists, texts, numbers, bytes and instants; enumerations become their values.

    Lone surrogates, which a hostile string table may hold and UTF-8 cannot, are replaced by U+FFFD, and so are NUL
    characters, at which the library would cut a text off. Bytes become bytearrays, which it takes whole.

    Raises:
        ConditionError: A number needs more than 64 bits.
    """
    return _converted(value)[0]


_ENCODER = msgspec.msgpack.Encoder(order="deterministic")


def _converted(value: object) -> tuple[Any, int]:
    """Return a record as plain data, and the length of the longest list in it."""
    try:
        return _whole(msgspec.msgpack.decode(_ENCODER.encode(value)))
    except UnicodeEncodeError:
        repaired = _without_surrogates(msgspec.to_builtins(value, builtin_types=(bytes, dt.datetime)))
        return _whole(msgspec.msgpack.decode(_ENCODER.encode(repaired)))
    except OverflowError as error:
        raise ConditionError(f"a number is out of range: {error}") from None


def _whole(data: Any) -> tuple[Any, int]:
    """Turn plain data, in place, into a form that the library does not cut off at a NUL; measure its lists."""
    root = [data]
    longest = 0
    pending: list[Any] = [root]
    while pending:
        item = pending.pop()
        if isinstance(item, list):
            longest = max(longest, len(item) if item is not root else 0)
        for key, value in item.items() if isinstance(item, dict) else enumerate(item):
            if isinstance(value, str):
                if "\0" in value:
                    item[key] = value.replace("\0", "\ufffd")
            elif isinstance(value, bytes):
                item[key] = bytearray(value)
            elif isinstance(value, dict | list):
                pending.append(value)
    return root[0], longest


def _without_surrogates(data: Any) -> Any:
    """Replace lone surrogates. The depth is that of our own records, not of anything in an app."""
    if isinstance(data, str):
        return data.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(data, list | tuple):
        return [_without_surrogates(item) for item in data]
    if isinstance(data, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in data.items()}
    return data


_PLAIN_TYPES = {
    "bool": cel.Type.BOOL,
    "int": cel.Type.INT,
    "double": cel.Type.DOUBLE,
    "string": cel.Type.STRING,
    "bytes": cel.Type.BYTES,
    "timestamp": cel.Type.TIMESTAMP,
    "duration": cel.Type.DURATION,
}


def _cel_type(shape: Shape, *, argument: bool) -> Any:
    """Return what CEL is told of a shape.

    Variables and results that may be null, and everything made of records, are declared as anything. Arguments
    cannot be: CEL chooses the overload of a Python function by the kind of each argument at run time.
    """
    if not argument and (shape.nullable or shape.kind not in _PLAIN_TYPES):
        return cel.Type.DYN
    if shape.kind in ("record", "map"):
        return cel.Type.MAP
    if shape.kind == "list":
        return cel.Type.LIST
    return _PLAIN_TYPES[shape.kind]


def _declaration(function: Function) -> Any:
    """Declare a function with one overload for every combination of nulls that it accepts."""
    alternatives = []
    for shape in function.parameter_shapes:
        kinds = [_cel_type(shape, argument=True)]
        if shape.nullable:
            kinds.append(cel.Type.NULL)
        alternatives.append(kinds)
    result = _cel_type(function.return_shape, argument=False)
    implementation = _implementation(function)
    overloads = [
        cel.Overload(f"{function.name}_{index}", return_type=result, parameters=list(kinds), impl=implementation)
        for index, kinds in enumerate(itertools.product(*alternatives))
    ]
    return cel.FunctionDecl(function.name, overloads)


def _implementation(function: Function) -> Callable[..., Any]:
    annotations = [annotation for _, annotation in function.parameters]

    def call(*arguments: Any) -> Any:
        # The library turns whatever is raised here into an error value, which `evaluate` reports.
        bindings = _BINDINGS.get()
        values = [_argument(a, t, bindings) for a, t in zip(arguments, annotations, strict=True)]
        if function.takes_context:
            values.insert(0, bindings.context)
        return plain(function.call(*values))

    return call


def _argument(value: Any, annotation: Any, bindings: Bindings) -> Any:
    """Return an argument as the function declares it; for a variable's value, the record it was made from."""
    if isinstance(value, dict) and _VARIABLE in value:
        record = bindings.values[value[_VARIABLE]].record
        return msgspec.convert(record, annotation)
    return msgspec.convert(_as_given(value), annotation)


def _as_given(value: Any) -> Any:
    """Undo what the library does to arguments: bytes arrive as bytearrays."""
    if isinstance(value, bytearray):
        return bytes(value)
    if isinstance(value, list):
        return [_as_given(item) for item in value]
    if isinstance(value, dict):
        return {key: _as_given(item) for key, item in value.items()}
    return value


def _one_line(message: str) -> str:
    """Keep what CEL says, without its status name and the picture of the source."""
    first = message.split("\n", 1)[0]
    for prefix in ("INVALID_ARGUMENT: ", "ERROR: "):
        first = first.removeprefix(prefix)
    return first.removesuffix(" [INVALID_ARGUMENT]").removeprefix("<input>:")
