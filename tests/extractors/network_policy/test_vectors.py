"""Agreement with behaviour observed by running the platform's own policy code."""

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

from analyzer.extractors.network_policy import PolicyFile, build_policy
from analyzer.extractors.network_policy.android_base64 import decode
from analyzer.model import Settings, TrustAnchor
from analyzer.model.policy_lookup import effective, errors_at
from tests.extractors.network_policy.policies import app_info, file

_SHARED = Path(os.environ.get("PINSCOPE_SHARED", Path(__file__).parents[4] / "shared"))
_VECTORS = _SHARED / "vectors" / "nsc.json"


def _document() -> dict[str, Any]:
    if not _VECTORS.is_file():
        return {"cases": [], "base64": []}
    document = json.loads(_VECTORS.read_text())
    assert isinstance(document, dict)
    return document


_DOCUMENT = _document()
_needs_vectors = pytest.mark.skipif(
    not _DOCUMENT["cases"], reason="the recorded platform vectors are not beside the project"
)


def _policy_file(case: dict[str, Any], key: str) -> list[PolicyFile]:
    if not case.get(f"{key}_xml"):
        return []
    compiled = case.get(f"{key}_axml_base64")
    return [file(base64.b64decode(compiled) if compiled else case[f"{key}_xml"].encode(), f"res/xml/{key}.xml")]


def _source(anchor: TrustAnchor) -> tuple[str, bool]:
    return anchor.source, anchor.overrides_pins


def _expected_anchor(anchor: dict[str, Any]) -> tuple[str, bool]:
    source = anchor["source"] if anchor["source"] in ("system", "user", "wfa") else "raw"
    return source, anchor["override_pins"]


def _disagreements(name: str, settings: Settings | None, expected: dict[str, Any]) -> list[str]:
    if settings is None:
        return [f"{name}: no settings"]
    ours = {
        "cleartext": settings.cleartext,
        "pins": sorted(
            base64.b64encode(d).decode() for _, d in {(p.digest_name, p.digest) for p in settings.pin_set.pins}
        ),
        "trust_anchors": [_source(anchor) for anchor in settings.trust_anchors],
        "ct_required": settings.ct_required,
        "domain_encryption": settings.domain_encryption,
        "expires": settings.pin_set.expires_date is not None,
    }
    theirs = {
        "cleartext": expected["cleartext"],
        "pins": sorted(expected["pins"]),
        "trust_anchors": [_expected_anchor(anchor) for anchor in expected["trust_anchors"]],
        "ct_required": expected["ct_required"],
        "domain_encryption": expected["domain_encryption"],
        "expires": expected["pins_expire_ms"] is not None,
    }
    return [f"{name}: {key} is {ours[key]!r}, platform {theirs[key]!r}" for key in ours if ours[key] != theirs[key]]


@_needs_vectors
@pytest.mark.parametrize("case", _DOCUMENT["cases"], ids=lambda case: f"{case['id']} {case['group']}")
def test_every_recorded_case_is_decided_as_the_platform_decides_it(case: dict[str, Any]) -> None:
    manifest = case["manifest"]
    app = app_info(
        target=manifest["target_sdk"],
        cleartext=manifest["uses_cleartext_traffic"],
        debuggable=manifest["debuggable"],
        instant=manifest["instant_app"],
    )
    policy = build_policy(app, _policy_file(case, "policy"), debug_files=_policy_file(case, "debug_policy")).policy
    (variant,) = policy.variants
    wrong: list[str] = []
    for expected in case["expected"]:
        for level in expected["platforms"]:
            errors = errors_at(variant, level)
            if expected["parse_error"]:
                message = expected["parse_error"]["message"]
                if not errors:
                    wrong.append(f"API {level}: not refused, platform says {message!r}")
                elif message is not None and "@" not in message and errors[0].message != message:
                    wrong.append(f"API {level}: {errors[0].message!r}, platform {message!r}")
                continue
            if errors:
                wrong.append(f"API {level}: refused ({errors[0].message})")
                continue
            for host, settings in {"": expected["base"], **expected["hosts"]}.items():
                if settings.get("error"):
                    continue
                wrong += _disagreements(f"API {level} {host!r}", effective(policy, host, level), settings)
    assert not wrong


@_needs_vectors
@pytest.mark.parametrize("case", _DOCUMENT["base64"], ids=lambda case: case["id"])
def test_every_recorded_spelling_of_a_pin_decodes_as_on_the_device(case: dict[str, Any]) -> None:
    blanks = "".join(map(chr, range(0x21)))
    decoded = decode(case["text"].strip(blanks))
    assert (decoded.hex() if decoded is not None else None) == case["decoded_hex"]
    assert (decoded is not None and len(decoded) == 32) == case["accepted_as_sha256_pin"]
