"""Strict YAML as plain data.

YAML's surprises are left out: no anchors, no tags, no second document, no repeated keys, and plain scalars are
texts unless they are ``null``, ``true``, ``false`` or numbers, so that ``no``, ``on`` and dates stay texts.
"""

import re
from typing import Any

import yaml

from analyzer.errors import RuleError

MAX_DEPTH = 64
"""Deepest nesting; places are kept for every value, and no file of ours nests deeper than ten levels."""
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WORDS: dict[str, bool | None] = {"null": None, "~": None, "": None, "true": True, "false": False}
_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+")
_NO_KEY: Any = object()

Place = tuple[str | int, ...]
"""Keys and positions that lead to a value: ``("waivers", 0, "until")``; the empty one is the whole document."""
Lines = dict[Place, int]
"""The line of every value, and of the key before it where it has one, counted from 1."""


class YamlError(RuleError):
    """A file is not YAML, or uses a part of YAML that is left out. Names file and line."""


def read_yaml(text: str, name: str) -> Any:
    """Return the file's only document as dicts, lists, texts, numbers, truth values and None.

    Args:
        text: The file's content.
        name: How error messages name the file.

    Raises:
        YamlError: The text cannot be read strictly.
    """
    return _read(text, name, None)


def read_yaml_lines(text: str, name: str) -> tuple[Any, Lines]:
    """Read like `read_yaml`, and tell where everything stands.

    Raises:
        YamlError: The text cannot be read strictly, or nests deeper than `MAX_DEPTH`.
    """
    lines: Lines = {}
    return _read(text, name, lines), lines


def _read(text: str, name: str, lines: Lines | None) -> Any:
    try:
        return _build(text, name, lines)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        if isinstance(error, yaml.reader.ReaderError):
            # The position is that of the character which no YAML file may hold, in bytes or characters.
            line = f", line {_line_of(text, error.character)}"
        problem = getattr(error, "problem", None) or str(error).split("\n", 1)[0]
        raise YamlError(f"{name}{line}: not readable as YAML: {problem}") from None


def _line_of(text: str, character: object) -> int:
    """Return the line of the first of a character, given as itself or its code point; 1 when there is none."""
    wanted = chr(character) if isinstance(character, int) else str(character)
    return text.count("\n", 0, max(text.find(wanted), 0)) + 1


def _build(text: str, name: str, lines: Lines | None) -> Any:
    root: list[Any] = []
    containers: list[Any] = [root]
    keys: list[Any] = [_NO_KEY]
    place: list[str | int] = []
    documents = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.ScalarEvent):
            value: Any = _scalar(event)
        elif isinstance(event, yaml.MappingStartEvent):
            value = {}
        elif isinstance(event, yaml.SequenceStartEvent):
            value = []
        elif isinstance(event, yaml.CollectionEndEvent):
            containers.pop()
            keys.pop()
            if place:
                place.pop()
            continue
        elif isinstance(event, yaml.AliasEvent):
            raise _refused(name, event, "aliases are not supported")
        else:
            documents += isinstance(event, yaml.DocumentStartEvent)
            continue
        if documents > 1:
            raise _refused(name, event, "a second document is not supported")
        if getattr(event, "anchor", None) or getattr(event, "tag", None):
            raise _refused(name, event, "anchors and tags are not supported")
        container = containers[-1]
        line = event.start_mark.line + 1  # type: ignore[union-attr]  # every event of a parser has one
        here: Place = ()
        if isinstance(container, list):
            if lines is not None:
                here = (*place, len(container)) if container is not root else ()
                lines.setdefault(here, line)
            container.append(value)
        elif keys[-1] is _NO_KEY:
            if not isinstance(event, yaml.ScalarEvent):
                raise _refused(name, event, "a key must be a word")
            if event.value in container:
                raise _refused(name, event, f"the key {event.value} is given twice")
            keys[-1] = event.value
            if lines is not None:
                lines[(*place, event.value)] = line
            continue
        else:
            here = (*place, keys[-1]) if lines is not None else ()
            container[keys[-1]] = value
            keys[-1] = _NO_KEY
        if not isinstance(event, yaml.ScalarEvent):
            if lines is not None and len(containers) > MAX_DEPTH:
                raise _refused(name, event, f"nested deeper than {MAX_DEPTH} levels")
            containers.append(value)
            keys.append(_NO_KEY)
            place.extend(here[len(place) :])
    return root[0] if root else None


def _scalar(event: yaml.ScalarEvent) -> Any:
    text = event.value
    if event.style:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return float(text)
    return text


def _refused(name: str, event: Any, problem: str) -> YamlError:
    return YamlError(f"{name}, line {event.start_mark.line + 1}: {problem}")
