"""Official schemas that the tests validate against: fetched by `tests.schemas.fetch`, never committed."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

SCHEMAS = Path(__file__).parents[2] / ".tools" / "schemas"
SARIF_SCHEMA = SCHEMAS / "sarif-2.1.0-rtm.5.json"
SARIF_SCHEMA_SHA256 = "2d99159ae54a3eea97f81781cff48780548657c35949f4b7f25e99a2ba4de4f8"
JUNIT_SCHEMA = SCHEMAS / "junit-10.xsd"
JUNIT_SCHEMA_SHA256 = "a1a816f58d1bf95ebabf371994df0b9246dee66ea9572fbec4f9296f1b2c0ff6"


def sarif_schema() -> dict[str, Any]:
    """Return the official SARIF 2.1.0 schema."""
    schema = json.loads(_fetched(SARIF_SCHEMA, SARIF_SCHEMA_SHA256))
    assert isinstance(schema, dict)
    return schema


def junit_schema() -> bytes:
    """Return the XML Schema of JUnit files that Jenkins' xunit plugin publishes."""
    return _fetched(JUNIT_SCHEMA, JUNIT_SCHEMA_SHA256)


def _fetched(path: Path, sha256: str) -> bytes:
    """Return the content of a fetched schema.

    Where it is absent the test is skipped. In CI, which fetches it, the test fails; the copy of the tree in which
    the wheel is tested has no fetched files.
    """
    if not path.is_file():
        complaint = f"{path.name} is absent; `python -m tests.schemas.fetch` fetches it"
        in_ci = os.environ.get("CI", "").lower() in ("1", "true")
        if in_ci and "PINSCOPE_WHEEL_TEST" not in os.environ:
            pytest.fail(complaint)
        pytest.skip(complaint)
    data = path.read_bytes()
    assert hashlib.sha256(data).hexdigest() == sha256, f"{path} is not the pinned file"
    return data
