"""Strict reading of YAML into a typed form: what is wrong is said with its line, its key and the valid choices."""

import difflib
import enum
import re
import types
import typing
from typing import Any, Literal, TypeVar, Union

import msgspec

from analyzer.conditions.yaml_reader import Lines, Place, read_yaml_lines
from analyzer.errors import UsageError

_T = TypeVar("_T", bound=msgspec.Struct)
_AT = re.compile(r"(?P<problem>.*) - at `(?:key in )?\$(?P<path>.*)`", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\[\.\.\.\]")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`", re.DOTALL)


def read_form(text: str, name: str, form: type[_T]) -> tuple[_T, Lines]:
    """Return a file's content in a form, and the line of everything in it.

    Args:
        text: The file's content.
        name: How messages name the file.
        form: A struct that forbids unknown fields.

    Raises:
        UsageError: The file is not strict YAML, or does not fit the form.
    """
    data, lines = read_yaml_lines(text, name)
    if data is None:
        raise UsageError(f"{name}, line 1: the file is empty; known keys are {_keys(form)}")
    try:
        return msgspec.convert(data, form), lines
    except msgspec.ValidationError as error:
        raise UsageError(_complaint(str(error), name, form, data, lines)) from None


def line_of(lines: Lines, place: Place) -> int:
    """Return the line of a value, or of the nearest one that holds it."""
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 1)


def shown(place: Place) -> str:
    """Write a place as people do: ``waivers[0].until``."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return text.removeprefix(".")


def _complaint(message: str, name: str, form: type[msgspec.Struct], data: Any, lines: Lines) -> str:
    found = _AT.fullmatch(message)
    problem, path = (found["problem"], found["path"]) if found else (message, "")
    place = _place(path, form, data)
    annotation = _annotation(form, place)
    structs = [one for one in _members(annotation) if isinstance(one, type) and issubclass(one, msgspec.Struct)]
    unknown = _UNKNOWN.fullmatch(problem)
    if unknown is not None:
        line = line_of(lines, (*place, unknown[1]))
        close = difflib.get_close_matches(unknown[1], _names(structs[0]), n=1) if structs else []
        hint = f"; did you mean {close[0]}?" if close else ""
        known = f" (known keys: {_keys(structs[0])})" if structs else ""
        inside = f" in {shown(place)}" if place else ""
        return f"{name}, line {line}: unknown key {unknown[1]!r}{inside}{hint}{known}"
    line = line_of(lines, place)
    missing = _MISSING.fullmatch(problem)
    if missing is not None:
        where = shown(place) or "the file"
        return f"{name}, line {line}: {where} needs the key {missing[1]!r}"
    choices = _choices(annotation)
    known = f" (valid: {', '.join(choices)})" if choices else ""
    return f"{name}, line {line}: {shown(place) or 'the file'}: {problem[:1].lower()}{problem[1:]}{known}"


def _place(path: str, form: type[msgspec.Struct], data: Any) -> Place:
    """Return the place of a path as msgspec writes it, which leaves the keys of maps out."""
    place: list[str | int] = []
    for step in _STEP.finditer(path):
        if step[1] is not None or step[2] is not None:
            place.append(int(step[2]) if step[2] is not None else step[1])
            continue
        held = data
        for key in place:
            held = held[key]
        annotation: Any = _annotation(form, (*place, ""))
        place.append(next(key for key, value in held.items() if not _fits(value, annotation)))
    return tuple(place)


def _fits(value: Any, annotation: Any) -> bool:
    try:
        msgspec.convert(value, annotation)
    except msgspec.ValidationError:
        return False
    return True


def _annotation(form: object, place: Place) -> object:
    """Return the type of a place in a form; Any where the way there is not known."""
    current: object = form
    for step in place:
        for member in _members(current):
            origin, arguments = typing.get_origin(member), typing.get_args(member)
            if isinstance(step, int) and origin in (tuple, list):
                current = arguments[0]
                break
            if isinstance(step, str) and origin is dict:
                current = arguments[1]
                break
            if isinstance(step, str) and isinstance(member, type) and issubclass(member, msgspec.Struct):
                current = typing.get_type_hints(member, include_extras=True).get(step, Any)
                break
        else:
            return Any
    return current


def _members(annotation: object) -> tuple[object, ...]:
    while typing.get_origin(annotation) is typing.Annotated:
        annotation = typing.get_args(annotation)[0]
    if typing.get_origin(annotation) in (Union, types.UnionType):
        return tuple(inner for member in typing.get_args(annotation) for inner in _members(member))
    return (annotation,)


def _choices(annotation: object) -> list[str]:
    choices: list[str] = []
    for member in _members(annotation):
        if typing.get_origin(member) is Literal:
            choices += [str(value) for value in typing.get_args(member)]
        elif isinstance(member, type) and issubclass(member, enum.Enum):
            choices += [str(value.value) for value in member]
        elif member is bool:
            choices += ["true", "false"]
    return choices


def _names(form: type[msgspec.Struct]) -> tuple[str, ...]:
    return tuple(form.__struct_fields__)


def _keys(form: type[msgspec.Struct]) -> str:
    return ", ".join(_names(form))
