"""What ``pinscope pins`` prints as JSON: the pins of its targets, in the form of the report's ``facts.pins``."""

from collections.abc import Sequence
from typing import Any

import msgspec

from analyzer.model import ScanResult
from analyzer.model.result import SCHEMA_VERSION
from analyzer.reporters.encoding import encode_json
from analyzer.reporters.json_report import write_digests

_MAY_PIN = frozenset({"pin", "callback"})
"""Kinds of facts without which pins may be missing: a trust manager that was not read may well pin."""


def render_pins_json(results: Sequence[ScanResult]) -> bytes:
    """Write the pins of all targets as one document.

    Top level: ``schema_version`` (that of the JSON report, whose keys are used), ``as_of``, ``targets[]`` (``path``,
    ``sha256``, ``format``, ``package``, ``version_name``, ``version_code``, ``exit_code``), ``pins[]`` (the keys of
    ``facts.pins[]`` in the report, and ``target``, the place in ``targets``), and ``gaps[]`` (the keys of the
    report's, and ``target``): those behind which there may be further pins.
    """
    pins: list[dict[str, Any]] = []
    gaps: list[dict[str, Any]] = []
    for index, result in enumerate(results):
        facts = [] if result.facts is None else [msgspec.to_builtins(pin) for pin in result.facts.pins]
        write_digests(facts)
        pins += ({"target": index, **fact} for fact in facts)
        gaps += ({"target": index, **msgspec.to_builtins(gap)} for gap in result.gaps if hides_pins(gap.hides))
    return encode_json(
        {
            "schema_version": SCHEMA_VERSION,
            "as_of": results[0].as_of if results else None,
            "targets": [_target(result) for result in results],
            "pins": pins,
            "gaps": gaps,
        }
    )


def hides_pins(kinds: Sequence[str]) -> bool:
    """Tell whether a gap over facts of these kinds may hide pins."""
    return not _MAY_PIN.isdisjoint(kinds)


def _target(result: ScanResult) -> dict[str, Any]:
    app = result.app
    return {
        "path": result.target.path,
        "sha256": result.target.sha256,
        "format": result.target.format,
        "package": app.package if app is not None else None,
        "version_name": app.version_name if app is not None else None,
        "version_code": app.version_code if app is not None else None,
        "exit_code": result.gate.exit_code,
    }
