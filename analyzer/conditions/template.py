"""Texts with expressions in braces: ``{fact.host} trusts {size(fact.anchors)} sources``.

A literal brace is written twice. What an expression yields is inserted as it is and never read again, so a brace
in an app's own text stays a brace.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from analyzer.conditions.checker import Paths, check
from analyzer.conditions.environment import Bindings, ConditionError, Environment, Expression
from analyzer.conditions.shapes import Shape

MAX_ITEMS = 20
"""Most items of a list that are written out for readers; the rest is counted."""
MAX_CHARACTERS = 300
"""Longest single value that is written out for readers."""
_WRITABLE = frozenset({"any", "string", "int", "double", "bool", "timestamp"})


class Template:
    """A compiled template."""

    __slots__ = ("_parts", "source")

    def __init__(self, source: str, environment: Environment) -> None:
        """Compile a template.

        Raises:
            ConditionError: A brace is unbalanced or an expression malformed.
        """
        self.source = source
        self._parts: list[str | Expression] = [
            environment.compile(text) if is_expression else text for is_expression, text in split_template(source)
        ]

    def render(self, bindings: Bindings, *, whole: bool = False) -> str:
        """Write the text out: lists joined with commas, truth values as ``true`` and ``false``.

        Args:
            bindings: The values.
            whole: Keep everything, for identity; otherwise long lists and values are cut for readers.

        Raises:
            ConditionError: An expression could not be evaluated, or yields null or a record.
        """
        texts: list[str] = []
        for part in self._parts:
            if isinstance(part, str):
                texts.append(part)
                continue
            try:
                texts.append(_write(part.evaluate(bindings), whole))
            except ConditionError as error:
                raise ConditionError(f"{{{part.source}}}: {error}") from None
        return "".join(texts)


def check_template(
    source: str, environment: Environment, variables: Mapping[str, Shape], *, known: Paths = frozenset()
) -> None:
    """Check every expression of a template, and that each yields a text, a number, a truth value or a list of them.

    Raises:
        ConditionError: It is malformed, names something that does not exist, or may yield null.
    """
    for is_expression, text in split_template(source):
        if not is_expression:
            continue
        shape = check(text, environment, variables, known=known).shape
        item = shape.element if shape.kind == "list" and shape.element is not None else shape
        if item.kind not in _WRITABLE:
            raise ConditionError(f"{{{text}}} is {shape} and cannot be written as text")
        if item.kind != "any" and (item.nullable or shape.nullable):
            raise ConditionError(f"{{{text}}} may be null: say what to write then")


def _write(value: Any, whole: bool) -> str:
    if isinstance(value, list):
        if whole or len(value) <= MAX_ITEMS:
            return ", ".join(_write_one(item, whole) for item in value)
        shown = ", ".join(_write_one(item, whole) for item in value[:MAX_ITEMS])
        return f"{shown} and {len(value) - MAX_ITEMS} more"
    return _write_one(value, whole)


def _write_one(value: Any, whole: bool) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return value if whole or len(value) <= MAX_CHARACTERS else value[: MAX_CHARACTERS - 1] + "…"
        case int() | float():
            return str(value)
        case dt.datetime():
            return value.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case None:
            raise ConditionError("the value is null")
        case _:
            raise ConditionError(f"a {type(value).__name__} cannot be written as text")


def split_template(source: str) -> list[tuple[bool, str]]:
    """Split a template into literal texts (False) and expressions (True).

    Raises:
        ConditionError: A brace is unbalanced, or nothing stands between two.
    """
    parts: list[tuple[bool, str]] = []
    literal: list[str] = []
    position = 0
    while position < len(source):
        character = source[position]
        if source[position : position + 2] in ("{{", "}}"):
            literal.append(character)
            position += 2
        elif character == "{":
            end = _closing_brace(source, position)
            expression = source[position + 1 : end].strip()
            if not expression:
                raise ConditionError("empty braces: a literal brace is written twice")
            parts.append((False, "".join(literal)))
            parts.append((True, expression))
            literal = []
            position = end + 1
        elif character == "}":
            raise ConditionError("a closing brace without an opening one: a literal brace is written twice")
        else:
            literal.append(character)
            position += 1
    parts.append((False, "".join(literal)))
    return [part for part in parts if part[1]]


def _closing_brace(source: str, opening: int) -> int:
    """Find the brace that ends an expression, past strings and nested braces."""
    depth = 0
    quote: str | None = None
    position = opening
    while position < len(source):
        character = source[position]
        if quote is not None:
            if character == "\\":
                position += 1
            elif character == quote:
                quote = None
        elif character in "\"'":
            quote = character
        elif character == "{":
            depth += 1
        elif character == "}":
            depth -= 1
            if depth == 0:
                return position
        position += 1
    raise ConditionError(f"no closing brace after {source[opening : opening + 30]!r}: a literal brace is written twice")
