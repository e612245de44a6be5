"""Checks an expression against the shapes of what it names, before anything is evaluated.

CEL sees facts as maps, where a misspelled field is merely absent, and an unknown word is merely never equal. The
checker follows every chain of fields through the records, compares words with closed vocabularies, and asks that
whatever may be null is compared with null first (``fact.host != null && fact.host.startsWith("a")``).
"""

import difflib
from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from analyzer.conditions.environment import ConditionError, Environment
from analyzer.conditions.functions import Function
from analyzer.conditions.shapes import (
    ANY,
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    INT,
    NULL,
    STRING,
    TIMESTAMP,
    Shape,
    fields_of,
    join,
)
from analyzer.conditions.syntax import (
    Call,
    Comprehension,
    Constant,
    ListLiteral,
    MapLiteral,
    Name,
    Node,
    Select,
    read_syntax,
)

Paths = frozenset[tuple[str, ...]]
"""Chains of names, each of them known not to be null."""
_NOTHING: Paths = frozenset()


class Verdict(msgspec.Struct, frozen=True):
    """What is known of an expression."""

    shape: Shape
    when_true: Paths = _NOTHING
    """What is known not to be null when the expression is true."""
    when_false: Paths = _NOTHING


def check(source: str, environment: Environment, variables: Mapping[str, Shape], *, known: Paths = _NOTHING) -> Verdict:
    """Check one expression.

    Args:
        source: The expression.
        environment: Where it will be compiled.
        variables: Shapes that replace those of the environment, where the environment knows less.
        known: What an earlier condition proved not to be null.

    Raises:
        ConditionError: The expression is malformed or names something that does not exist.
    """
    syntax = read_syntax(environment.compile(source).serialized())
    scope = {**environment.variables, **variables}
    return _Checker(environment.functions).infer(syntax, scope, known)


def check_condition(
    source: str, environment: Environment, variables: Mapping[str, Shape], *, known: Paths = _NOTHING
) -> Verdict:
    """Check an expression that must be true or false.

    Raises:
        ConditionError: As `check`, or it is not a truth value.
    """
    verdict = check(source, environment, variables, known=known)
    if verdict.shape.kind not in ("bool", "any") or (verdict.shape.nullable and verdict.shape.kind == "bool"):
        raise ConditionError(f"a condition must be true or false, this is {verdict.shape}")
    return verdict


# Results of CEL's own functions; the others are in `_Checker._call`.
_RESULTS = {
    "_<_": BOOL, "_<=_": BOOL, "_>_": BOOL, "_>=_": BOOL, "startsWith": BOOL, "endsWith": BOOL,
    "contains": BOOL, "matches": BOOL, "bool": BOOL, "@not_strictly_false": BOOL,
    "size": INT, "int": INT, "uint": INT, "double": DOUBLE, "string": STRING, "bytes": BYTES,
    "timestamp": TIMESTAMP, "duration": DURATION, "type": ANY, "dyn": ANY,
    **dict.fromkeys(
        ("getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getHours",
         "getMinutes", "getSeconds", "getMilliseconds"), INT),
}  # fmt: skip
_ORDERED = ("_<_", "_<=_", "_>_", "_>=_")
_TEXT_METHODS = ("startsWith", "endsWith", "contains", "matches")
_NUMBERS = ("int", "double")


class _Checker:
    """Walks one expression. The depth is that of the expression, which CEL bounds."""

    def __init__(self, functions: Mapping[str, Function]) -> None:
        self._functions = functions

    def infer(self, node: Node, scope: Mapping[str, Shape], known: Paths) -> Verdict:
        match node:
            case Constant(value):
                return Verdict(_constant(value))
            case Name(name):
                # A name that is not a variable is the name of a type; CEL has refused everything else.
                return Verdict(_narrowed(scope.get(name, replace(ANY, nullable=False)), (name,), known))
            case Select():
                return Verdict(self._select(node, scope, known))
            case ListLiteral(elements):
                element: Shape | None = None
                for item in elements:
                    shape = self.infer(item, scope, known).shape
                    element = shape if element is None else join(element, shape)
                return Verdict(Shape(kind="list", element=element))
            case MapLiteral(values):
                for item in values:
                    self.infer(item, scope, known)
                return Verdict(Shape(kind="map", element=ANY))
            case Comprehension():
                return Verdict(self._comprehension(node, scope, known))
            case Call():
                return self._call(node, scope, known)

    def _select(self, node: Select, scope: Mapping[str, Shape], known: Paths) -> Shape:
        operand = self.infer(node.operand, scope, known).shape
        if operand.nullable and operand.kind != "any":
            raise ConditionError(f"{_written(node.operand)} may be null: compare it with null before .{node.field}")
        if operand.kind == "map":
            return BOOL if node.test else operand.element or ANY
        if operand.kind == "any":
            return BOOL if node.test else ANY
        if operand.record is None:
            raise ConditionError(f"{_written(node.operand)} is {operand} and has no field {node.field}")
        fields = fields_of(operand.record)
        if node.field not in fields:
            raise ConditionError(
                f"{_written(node.operand)} ({operand}) has no field {node.field}{_similar(node.field, fields)}"
            )
        if node.test:
            raise ConditionError(f"has({_written(node)}) is always true: compare with null")
        field = fields[node.field]
        below = frozenset(path[1:] for path in operand.not_null if path[0] == node.field)
        if () in below:
            field = replace(field, nullable=False)
        return replace(field, not_null=below - {()})

    def _comprehension(self, node: Comprehension, scope: Mapping[str, Shape], known: Paths) -> Shape:
        over = self._value(node.over, scope, known)
        match over.kind:
            case "list":
                element = over.element or ANY
            case "map":
                element = STRING
            case "any":
                element = ANY
            case _:
                raise ConditionError(f"{_written(node.over)} is {over}, not a list")
        inner = {**scope, node.variable: element}
        outside = frozenset(path for path in known if path[0] not in (node.variable, node.accumulator))
        initial = self.infer(node.initial, scope, known).shape
        step = self.infer(node.step, {**inner, node.accumulator: initial}, outside).shape
        accumulated = join(initial, step)
        return self.infer(node.result, {**scope, node.accumulator: accumulated}, outside).shape

    def _call(self, node: Call, scope: Mapping[str, Shape], known: Paths) -> Verdict:
        match node.function, node.arguments:
            case "_&&_", (left, right):
                first = self._truth(left, scope, known)
                second = self._truth(right, scope, known | first.when_true)
                return Verdict(
                    BOOL, first.when_true | second.when_true, first.when_false & (first.when_true | second.when_false)
                )
            case "_||_", (left, right):
                first = self._truth(left, scope, known)
                second = self._truth(right, scope, known | first.when_false)
                return Verdict(
                    BOOL, first.when_true & (first.when_false | second.when_true), first.when_false | second.when_false
                )
            case "!_", (operand,):
                only = self._truth(operand, scope, known)
                return Verdict(BOOL, only.when_false, only.when_true)
            case "_?_:_", (condition, yes, no):
                chosen = self._truth(condition, scope, known)
                then = self.infer(yes, scope, known | chosen.when_true)
                otherwise = self.infer(no, scope, known | chosen.when_false)
                return Verdict(join(then.shape, otherwise.shape))
            case (("_==_" | "_!=_"), (left, right)):
                return self._equality(node, left, right, scope, known)
            case "@in", (left, right):
                return self._membership(left, right, scope, known)
            case _:
                return Verdict(self._function(node, scope, known))

    def _equality(self, node: Call, left: Node, right: Node, scope: Mapping[str, Shape], known: Paths) -> Verdict:
        a, b = self.infer(left, scope, known).shape, self.infer(right, scope, known).shape
        _comparable(left, a, right, b)
        proven: set[tuple[str, ...]] = set()
        null_test = "null" in (a.kind, b.kind)
        for operand, other in ((left, b), (right, a)):
            path = _path(operand)
            if path is not None and (other.kind == "null" or not other.nullable):
                proven.add(path)
        paths = frozenset(proven)
        equal = node.function == "_==_"
        if null_test:
            return Verdict(BOOL, _NOTHING if equal else paths, paths if equal else _NOTHING)
        return Verdict(BOOL, paths if equal else _NOTHING, _NOTHING if equal else paths)

    def _membership(self, left: Node, right: Node, scope: Mapping[str, Shape], known: Paths) -> Verdict:
        item, container = self.infer(left, scope, known).shape, self._value(right, scope, known)
        if container.kind not in ("list", "map", "any"):
            raise ConditionError(f"{_written(right)} is {container}, not a list")
        element = container.element if container.kind == "list" else None
        if element is None:
            return Verdict(BOOL)
        if isinstance(right, ListLiteral):
            for member in right.elements:
                _comparable(left, item, member, self.infer(member, scope, known).shape)
        else:
            _comparable(left, item, right, element)
        path = _path(left)
        return Verdict(BOOL, frozenset({path}) if path is not None and not element.nullable else _NOTHING)

    def _function(self, node: Call, scope: Mapping[str, Shape], known: Paths) -> Shape:
        declared = self._functions.get(node.function)
        if declared is not None:
            for argument, (name, _), wanted in zip(
                node.arguments, declared.parameters, declared.parameter_shapes, strict=True
            ):
                given = self.infer(argument, scope, known).shape if wanted.nullable else None
                _passes(node.function, name, wanted, given or self._value(argument, scope, known))
            return declared.return_shape
        shapes = [self._value(argument, scope, known) for argument in node.arguments]
        if node.function in _ORDERED:
            _comparable(node.arguments[0], shapes[0], node.arguments[1], shapes[1])
            return BOOL
        if node.function in _TEXT_METHODS and any(shape.kind not in ("string", "any") for shape in shapes):
            raise ConditionError(f"{node.function} works on texts, {_written(node.arguments[0])} is {shapes[0]}")
        if node.function == "size" and shapes[0].kind not in ("string", "bytes", "list", "map", "any"):
            raise ConditionError(f"{_written(node.arguments[0])} is {shapes[0]} and has no size")
        if node.function == "_[_]":
            if shapes[0].kind not in ("list", "map", "any"):
                raise ConditionError(f"{_written(node.arguments[0])} is {shapes[0]}, not a list: write .field")
            return shapes[0].element or ANY
        if node.function in ("_+_", "_-_"):
            return _sum(node, shapes)
        if node.function in ("_*_", "_/_", "_%_", "-_"):
            return shapes[0]
        return _RESULTS.get(node.function, replace(ANY, nullable=False))

    def _value(self, node: Node, scope: Mapping[str, Shape], known: Paths) -> Shape:
        """Infer an operand that must not be null."""
        shape = self.infer(node, scope, known).shape
        if shape.nullable and shape.kind != "any":
            raise ConditionError(f"{_written(node)} may be null: compare it with null first")
        return shape

    def _truth(self, node: Node, scope: Mapping[str, Shape], known: Paths) -> Verdict:
        verdict = self.infer(node, scope, known)
        if verdict.shape.kind not in ("bool", "any"):
            raise ConditionError(f"{_written(node)} is {verdict.shape}, not true or false")
        if verdict.shape.nullable and verdict.shape.kind == "bool":
            raise ConditionError(f"{_written(node)} may be null: write == true or == false")
        return verdict


def _constant(value: object) -> Shape:
    match value:
        case None:
            return NULL
        case bool():
            return BOOL
        case int():
            return INT
        case float():
            return DOUBLE
        case bytes():
            return BYTES
        case _:
            return replace(STRING, choices=frozenset({str(value)}))


def _narrowed(shape: Shape, path: tuple[str, ...], known: Paths) -> Shape:
    """Return the shape of a variable with what is known of it and below it."""
    below = frozenset(chain[len(path) :] for chain in known if chain[: len(path)] == path)
    if () in below:
        shape = replace(shape, nullable=False)
    return replace(shape, not_null=shape.not_null | (below - {()}))


def _path(node: Node) -> tuple[str, ...] | None:
    fields: list[str] = []
    while isinstance(node, Select) and not node.test:
        fields.append(node.field)
        node = node.operand
    return (node.name, *reversed(fields)) if isinstance(node, Name) else None


def _written(node: Node) -> str:
    """Name a part of an expression in an error message."""
    path = _path(node)
    if path is not None:
        return ".".join(path)
    match node:
        case Constant(value):
            return "null" if value is None else repr(value)
        case Select(operand, field, _):
            return f"{_written(operand)}.{field}"
        case Call(function, arguments, True):
            return f"{_written(arguments[0])}.{function}(…)"
        case Call("_[_]", (operand, _), _):
            return f"{_written(operand)}[…]"
        case Call(function, _, _) if function[0].isalpha():
            return f"{function}(…)"
        case _:
            return "an operand"


def _similar(name: str, names: Mapping[str, object]) -> str:
    close = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _comparable(left: Node, a: Shape, right: Node, b: Shape) -> None:
    """Refuse comparisons that can never hold."""
    if {a.kind, b.kind} & {"any", "null"}:
        return
    if a.kind != b.kind and not (a.kind in _NUMBERS and b.kind in _NUMBERS):
        raise ConditionError(f"{_written(left)} is {a} and {_written(right)} is {b}: never equal")
    for node, shape, other_node, other in ((left, a, right, b), (right, b, left, a)):
        literal = isinstance(node, Constant) and shape.choices is not None
        if literal and other.choices is not None and not isinstance(other_node, Constant):
            unknown = sorted((shape.choices or frozenset()) - other.choices)
            if unknown:
                words = ", ".join(sorted(other.choices))
                raise ConditionError(f"{_written(other_node)} is never {unknown[0]!r}; it is one of {words}")


def _passes(function: str, name: str, wanted: Shape, given: Shape) -> None:
    if given.kind in ("any", "null"):
        return
    if given.kind != wanted.kind or (wanted.record is not None and given.record is not wanted.record):
        raise ConditionError(f"{function}: {name} must be {wanted}, not {given}")


def _sum(node: Call, shapes: list[Shape]) -> Shape:
    left, right = shapes
    if "any" in (left.kind, right.kind):
        return left if right.kind == "any" else right
    if {left.kind, right.kind} == {"timestamp", "duration"}:
        return TIMESTAMP
    if left.kind == right.kind == "timestamp":
        return DURATION
    if left.kind != right.kind:
        raise ConditionError(f"{_written(node.arguments[0])} is {left} and cannot be joined with {right}")
    if left.kind == "list":
        return join(left, right)
    return replace(left, choices=None)
