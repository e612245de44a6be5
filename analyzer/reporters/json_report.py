"""The JSON report: the scan result as it is, under the contract of schema version 1.

The document differs from `ScanResult` in three ways only. Fingerprints of certificates and files are written in
hexadecimal, as every other tool writes them, while digests of keys stay in base64, as pins are written. The app
stands once, at the top level, and not again among the facts. Durations are left out on request.
"""

import base64
import binascii
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from analyzer.errors import UsageError
from analyzer.model import ScanResult, Severity
from analyzer.model.result import SCHEMA_VERSION
from analyzer.reporters.encoding import encode_json
from analyzer.reporters.json_schema import HEXADECIMAL_PINS, json_schema, schema_bytes
from analyzer.reporters.text import shorten, visible

__all__ = ["json_schema", "read_json", "render_json", "schema_bytes", "write_digests"]

_MAX_ERROR_CHARACTERS = 200


def render_json(result: ScanResult, *, reproducible: bool) -> bytes:
    """Write a result as indented UTF-8 JSON with a final newline.

    Keys stand in the order of the contract, so equal results give equal bytes.

    Args:
        result: What to write.
        reproducible: Leave out durations and the folders of the target's path, which differ between machines.
    """
    document = msgspec.to_builtins(result, order="deterministic")
    if document["facts"] is not None:
        del document["facts"]["app"]
    _respell(document, _to_hexadecimal)
    counts = document["summary"]["by_severity"]
    document["summary"]["by_severity"] = {level.value: counts[level.value] for level in Severity if level in counts}
    if reproducible:
        document["target"]["path"] = document["target"]["path"].rstrip("/").rpartition("/")[2]
        for stage in document["stages"]:
            del stage["seconds"]
    return encode_json(document)


def read_json(data: bytes) -> ScanResult:
    """Read a report that `render_json` wrote.

    Raises:
        UsageError: The data is no report, or one of another schema version.
    """
    try:
        document = msgspec.json.decode(data)
        if not isinstance(document, dict) or "schema_version" not in document:
            raise UsageError("not a Pinscope report: the key schema_version is missing")
        version = document["schema_version"]
        if version != SCHEMA_VERSION:
            shown = shorten(visible(str(version)), _MAX_ERROR_CHARACTERS)
            raise UsageError(f"a report of schema version {shown}; this version reads {SCHEMA_VERSION}")
        if isinstance(document.get("facts"), dict):
            document["facts"]["app"] = document.get("app")
        _respell(document, _to_base64)
        return msgspec.convert(document, ScanResult)
    except (msgspec.MsgspecError, binascii.Error, ValueError, RecursionError) as error:
        detail = shorten(visible(str(error)), _MAX_ERROR_CHARACTERS)
        raise UsageError(f"not a Pinscope report: {detail}") from error


def _respell(document: dict[str, Any], spell: Callable[[str], str]) -> None:
    """Apply `spell` in place to every digest that the contract wants in hexadecimal.

    What does not have the form of a report is left alone; conversion to the model reports it.
    """
    for signer in _records(document, "app", "signers"):
        _respell_key(signer, "certificate_sha256", spell)
    for kind in ("certificates", "anchors"):
        for certificate in _records(document, "facts", kind):
            _respell_key(certificate, "certificate_sha256", spell)
    for chain in _records(document, "facts", "chains"):
        _respell_key(chain, "recording_sha256", spell)
        for certificate in _records({"chain": chain}, "chain", "certificates"):
            _respell_key(certificate, "certificate_sha256", spell)
            _respell_key(certificate, "certificate_sha1", spell)
    _respell_pins(_records(document, "facts", "pins"), spell)


def write_digests(pins: Iterable[dict[str, Any]]) -> None:
    """Spell the digests of pins that were converted from the model as the contract wants them, in place."""
    _respell_pins(pins, _to_hexadecimal)


def _respell_pins(pins: Iterable[dict[str, Any]], spell: Callable[[str], str]) -> None:
    for pin in pins:
        if pin.get("hashed_object") in HEXADECIMAL_PINS:
            _respell_key(pin, "digest", spell)


def _respell_key(record: dict[str, Any], key: str, spell: Callable[[str], str]) -> None:
    if isinstance(record.get(key), str):
        record[key] = spell(record[key])


def _records(document: dict[str, Any], part: str, key: str) -> list[dict[str, Any]]:
    holder = document.get(part)
    items = holder.get(key) if isinstance(holder, dict) else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, (list, tuple)) else []


def _to_hexadecimal(encoded: str) -> str:
    return base64.b64decode(encoded, validate=True).hex()


def _to_base64(hexadecimal: str) -> str:
    return base64.b64encode(binascii.unhexlify(hexadecimal)).decode("ascii")
