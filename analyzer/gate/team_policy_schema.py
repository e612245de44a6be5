"""The JSON Schema of ``pinscope.yaml``, for editors, and its reference as Markdown; both from the form itself."""

import ast
import inspect
import itertools
import typing
from collections.abc import Iterator
from typing import Any

import msgspec

from analyzer.model import team_policy
from analyzer.model.team_policy import TeamPolicyForm


def team_policy_schema_bytes() -> bytes:
    """Return the schema as JSON, with the meaning of every key."""
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "pinscope.yaml",
        **msgspec.json.schema(TeamPolicyForm),
    }
    for name, meanings in _meanings().items():
        properties = schema["$defs"].get(name, {}).get("properties", {})
        for key, meaning in meanings.items():
            if key in properties:
                properties[key] = {**properties[key], "description": meaning}
    return msgspec.json.format(msgspec.json.encode(schema, order="sorted"), indent=2) + b"\n"


def reference() -> Iterator[tuple[str, str, dict[str, tuple[str, str]]]]:
    """Yield each struct of the form as name, meaning, and its keys with their types and meanings."""
    meanings = _meanings()
    for name, keys in meanings.items():
        form = getattr(team_policy, name)
        hints = typing.get_type_hints(form)
        rows = {key: (_written(hints[key], form, key), meaning) for key, meaning in keys.items()}
        yield name, inspect.cleandoc(form.__doc__ or ""), rows


def _meanings() -> dict[str, dict[str, str]]:
    """Return the texts below the fields of the form's structs, which the source states."""
    made: dict[str, dict[str, str]] = {}
    for node in ast.parse(inspect.getsource(team_policy)).body:
        if not isinstance(node, ast.ClassDef) or node.name in ("TeamPolicy", "PolicyCheck", "_Strict"):
            continue
        keys: dict[str, str] = {}
        for field, note in itertools.pairwise([*node.body, ast.Pass()]):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                text = note.value if isinstance(note, ast.Expr) else ast.Constant("")
                keys[field.target.id] = " ".join(str(ast.literal_eval(text)).split())
        made[node.name] = keys
    return made


def _written(annotation: Any, form: type[msgspec.Struct], key: str) -> str:
    field = next(field for field in msgspec.structs.fields(form) if field.name == key)
    needed = ", needed" if field.required else ""
    return f"{_kind(annotation)}{needed}"


def _kind(annotation: Any) -> str:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is tuple:
        return f"list of {_kind(arguments[0])}"
    if origin is dict:
        return f"map to {_kind(arguments[1])}"
    if origin is typing.Literal:
        return " / ".join(str(value) for value in arguments) if len(arguments) < 9 else "word"
    if arguments:
        return _kind(next(one for one in arguments if one is not type(None)))
    names = {str: "text", int: "number", bool: "true / false"}
    if annotation in names:
        return names[annotation]
    return "severity" if annotation.__name__ == "Severity" else annotation.__name__
