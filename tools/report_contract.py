"""``docs/report.md``: the JSON report, key by key, from its schema."""

import re
from typing import Any

from analyzer.reporters.json_schema import json_schema

_INTRODUCTION = """\
# The JSON report

Generated from [its schema](schema/pinscope-report-1.schema.json), which `pinscope schema report` prints. A tool that
reads reports can rely on this:

- **One object per app.** `schema_version` is a string. Within a version keys keep their name, type and meaning; new
  keys may come. A tool should refuse a version that it does not know.
- **Every key is there**, with `null` where there is no value; only `seconds` of a stage may be absent.
- **Absence proves nothing by itself.** What was not read stands in `gaps`, with the kinds of facts it may hide; a rule
  whose facts may be hidden stands in `not_evaluated`.
- **Findings keep their `fingerprint`** when the app is built again, also with renamed classes; places
  (`locations`) move.
- **Order is fixed, and so are the bytes**: the same app, rules and `--as-of` give the same report with
  `--reproducible`. Digests of bytes are in hexadecimal, pins in base64 as Android writes them.
- **The decision is `gate`**, whose `exit_code` is the command's when it scans one app.

```sh
pinscope scan app.apk --format json=report.json --fail-on never
python3 -m json.tool report.json
```
"""


def report_page() -> str:
    """Return the page: the report's own keys first, then every record in the order in which they refer to it."""
    definitions: dict[str, Any] = json_schema()["$defs"]
    lines = [_INTRODUCTION]
    for name in _reached("ScanResult", definitions):
        record = definitions[name]
        title = "The report" if name == "ScanResult" else name
        lines += [f"## {title}", ""]
        if "description" in record and name != "ScanResult":
            lines += [_words(record["description"]), ""]
        if "properties" not in record:
            lines += [f"One of: {', '.join(f'`{value}`' for value in record['enum'])}.", ""]
            continue
        lines += ["| key | type | meaning |", "| --- | --- | --- |"]
        for key, field in record["properties"].items():
            lines.append(f"| `{key}` | {_cell(_type(field))} | {_cell(_words(field.get('description', '')))} |")
        lines.append("")
    return "\n".join(lines)


def _reached(start: str, definitions: dict[str, Any]) -> list[str]:
    order, waiting = [], [start]
    while waiting:
        name = waiting.pop(0)
        if name in order:
            continue
        order.append(name)
        waiting += [found for found in re.findall(r"'#/\$defs/(\w+)'", str(definitions[name])) if found not in order]
    return order


def _type(field: dict[str, Any]) -> str:
    if "$ref" in field:
        name = field["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(_type(choice) for choice in field["anyOf"]))
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return " or ".join(f"`{'null' if value is None else value}`" for value in field["enum"])
    if field.get("type") == "array":
        inner = field.get("items") or (field.get("prefixItems") or [{}])[0]
        return f"list of {_type(inner)}" if inner else "list"
    if field.get("type") == "object" and isinstance(field.get("additionalProperties"), dict):
        return f"object of {_type(field['additionalProperties'])}"
    return {"null": "null", "integer": "integer", "number": "number", "string": "text", "boolean": "true or false"}.get(
        str(field.get("type")), "any"
    )


def _words(text: str) -> str:
    return " ".join(text.replace("``", "`").split())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
