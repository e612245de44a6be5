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


def sarif_schema() -> dict[str, Any]:
    """Return the official SARIF 2.1.0 schema.

    Where it is absent the test is skipped. In CI, which fetches it, the test fails; the copy of the tree in which
    the wheel is tested has no fetched files.
    """
    if not SARIF_SCHEMA.is_file():
        complaint = f"{SARIF_SCHEMA.name} is absent; `python -m tests.schemas.fetch` fetches it"
        in_ci = os.environ.get("CI", "").lower() in ("1", "true")
        if in_ci and "PINSCOPE_WHEEL_TEST" not in os.environ:
            pytest.fail(complaint)
        pytest.skip(complaint)
    data = SARIF_SCHEMA.read_bytes()
    assert hashlib.sha256(data).hexdigest() == SARIF_SCHEMA_SHA256, f"{SARIF_SCHEMA} is not the pinned file"
    schema = json.loads(data)
    assert isinstance(schema, dict)
    return schema
