"""The JSON Schema of rule files, for editors."""

import msgspec

from analyzer.ruleset.schema import Rule


def rule_schema_bytes() -> bytes:
    """Return the schema of ``rules/checks/<family>/<ID>.yaml`` as JSON."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(Rule)}
    return msgspec.json.format(msgspec.json.encode(schema, order="sorted"), indent=2) + b"\n"
