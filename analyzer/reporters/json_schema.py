"""The JSON Schema of the JSON report, generated from the model."""

from typing import Any

from analyzer.model import ScanResult
from analyzer.model.result import SCHEMA_VERSION
from analyzer.reporters.encoding import encode_json

SCHEMA_ID = f"urn:pinscope:report:{SCHEMA_VERSION}"
HEXADECIMAL_FIELDS = frozenset(
    {
        ("Signer", "certificate_sha256"),
        ("BundledAnchor", "certificate_sha256"),
        ("CertificateFact", "certificate_sha256"),
        ("ChainObservation", "recording_sha256"),
        ("ObservedCertificate", "certificate_sha256"),
        ("ObservedCertificate", "certificate_sha1"),
    }
)
"""Records and their fields of raw bytes that the report writes in hexadecimal."""
HEXADECIMAL_PINS = frozenset({"certificate", "file"})
"""Values of `PinFact.hashed_object` with which the digest is written in hexadecimal."""
OPTIONAL_FIELDS = frozenset({("StageRecord", "seconds")})
"""Keys that a report may leave out. It has all others, with null where there is no value."""

_HEXADECIMAL = {"type": "string", "pattern": "^([0-9a-f]{2})+$"}


def json_schema() -> dict[str, Any]:
    """Return the schema (Draft 2020-12) that every report of this version conforms to.

    It is strict: it lists every key and requires all but `OPTIONAL_FIELDS`, so that a change of the contract
    cannot go unnoticed.
    """
    import msgspec

    generated = msgspec.json.schema(ScanResult)
    definitions: dict[str, Any] = generated["$defs"]
    # The app stands at the top level of the report only.
    del definitions["Facts"]["properties"]["app"]
    definitions["ScanResult"]["properties"]["schema_version"] = {"const": SCHEMA_VERSION}
    notes = _field_notes()
    for name, definition in definitions.items():
        fields = definition.get("properties", {})
        for field, schema in fields.items():
            if (name, field) in HEXADECIMAL_FIELDS:
                _write_in_hexadecimal(schema)
            if note := notes.get((name, field)):
                schema["description"] = note
            # The report always writes the value, so a default would say nothing.
            schema.pop("default", None)
        if fields:
            definition["required"] = [field for field in fields if (name, field) not in OPTIONAL_FIELDS]
    definitions["PinFact"]["properties"]["digest"]["description"] = (
        "The decoded digest: base64 for keys (hashed_object spki and key), hexadecimal for certificates and files; "
        "null when the value could not be decoded or is not known."
    )
    definitions["PinFact"]["properties"]["digest"]["anyOf"] = [{"type": "string"}, {"type": "null"}]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "Pinscope report",
        "$ref": generated["$ref"],
        "$defs": dict(sorted(definitions.items())),
    }


def schema_bytes() -> bytes:
    """Return the schema as the file that is published with the project."""
    return encode_json(json_schema())


def _write_in_hexadecimal(schema: dict[str, Any]) -> None:
    if "anyOf" in schema:
        schema["anyOf"] = [_HEXADECIMAL if "contentEncoding" in choice else choice for choice in schema["anyOf"]]
    elif "items" in schema:
        schema["items"] = _HEXADECIMAL
    else:
        schema.clear()
        schema.update(_HEXADECIMAL)


def _field_notes() -> dict[tuple[str, str], str]:
    """Read the strings under the fields of the model's records: ``(record, field)`` to text.

    Python keeps no docstrings of fields, so they come from the source, which the package always carries.
    """
    import ast
    import importlib
    import inspect
    import pkgutil

    import analyzer.model

    notes: dict[tuple[str, str], str] = {}
    for module in pkgutil.iter_modules(analyzer.model.__path__, "analyzer.model."):
        source = inspect.getsource(importlib.import_module(module.name))
        for record in ast.parse(source).body:
            if isinstance(record, ast.ClassDef):
                for field, following in zip(record.body, record.body[1:], strict=False):
                    match field, following:
                        case (
                            ast.AnnAssign(target=ast.Name(id=name)),
                            ast.Expr(value=ast.Constant(value=str(text))),
                        ):
                            notes[record.name, name] = " ".join(inspect.cleandoc(text).split())
    return notes
