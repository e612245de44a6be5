"""Pins and chains, as eight versions of OkHttp were seen to treat them."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analyzer.extractors.catalogue import Catalogue
from analyzer.extractors.pin_values import describe_pin
from analyzer.model.okhttp_patterns import Version, matches, parse_version, pattern_error, refuses_pin
from analyzer.model.pins import Mechanism
from analyzer.x509.certificate import read_certificate
from analyzer.x509.pem import pem_blocks

_SHARED = Path(os.environ.get("PINSCOPE_SHARED") or Path(__file__).resolve().parents[3] / "shared")
_FILES = sorted((_SHARED / "vectors").glob("okhttp_*.json"))
_NOTHING_KNOWN = Catalogue(pins={})


def _observed(operation: str) -> Iterator[tuple[Version, dict[str, Any], dict[str, Any]]]:
    for path in _FILES:
        content = json.loads(path.read_text(encoding="utf-8"))
        for text in (content["version"], *content["same_results_in"]):
            version = parse_version(text)
            assert version is not None
            for case in content["cases"]:
                if case["op"] == operation:
                    yield version, case, content["certificates"]


def _described(pin: str, version: Version) -> Any:
    mechanism: Mechanism = "okhttp2" if version[0] < 3 else "okhttp3"
    return describe_pin(pin, mechanism=mechanism, digest=None, catalogue=_NOTHING_KNOWN)


@pytest.mark.skipif(not _FILES, reason="no recorded behaviour of OkHttp here; PINSCOPE_SHARED may name its folder")
class TestAgainstTheLibraries:
    def test_the_same_pins_are_refused_and_the_others_mean_the_same(self) -> None:
        wrong = []
        compared = 0
        for version, case, _ in _observed("pin"):
            value, expected = _described(case["pin"], version), case["expected"]
            compared += 1
            if expected["error"] is not None:
                unread = value.digest is None and value.problem in ("prefix", "encoding")
                agrees = unread or refuses_pin(case["pin"], version)
            elif refuses_pin(case["pin"], version):
                agrees = False
            else:
                (decoded,) = expected["decoded"]
                if decoded["bytes"] != {"sha256": 32, "sha1": 20}[decoded["algorithm"]]:
                    agrees = (value.digest, value.problem) == (None, "length")
                else:
                    found = (value.algorithm, None if value.digest is None else value.digest.hex())
                    agrees = found == (decoded["algorithm"], decoded["digest_hex"])
            if not agrees:
                wrong.append((version, case["id"], case["pin"], value.problem))
        assert compared > 300
        assert wrong == []

    def test_the_same_pinners_cannot_be_made(self) -> None:
        wrong = []
        compared = 0
        for version, case, _ in _observed("match"):
            compared += 1
            refused = any(
                pattern_error(pattern, version) is not None or refuses_pin(pin, version)
                or _described(pin, version).problem in ("prefix", "encoding")
                for pattern, pin in case["pins"]
            )  # fmt: skip
            if refused != (case["expected"]["error"] is not None):
                wrong.append((version, case["id"], case["pins"]))
        assert compared > 1_000
        assert wrong == []

    def test_every_version_and_operation_is_compared(self) -> None:
        contents = [json.loads(path.read_text(encoding="utf-8")) for path in _FILES]
        assert {content["version"] for content in contents} >= {"2.7.5", "3.3.1", "3.8.1", "3.13.1"}
        assert {content["version"] for content in contents} >= {"4.2.2", "4.3.1", "4.12.0", "5.4.0"}
        operations = {case["op"] for content in contents for case in content["cases"]}
        assert operations == {"match", "pattern", "pin", "check"}
        fields = {(case["op"], *sorted(case["expected"])) for content in contents for case in content["cases"]}
        assert fields == {
            ("match", "error"), ("match", "error", "hosts"), ("pattern", "error"), ("pin", "error"),
            ("pin", "decoded", "error"), ("check", "error", "message", "result"),
        }  # fmt: skip

    def test_the_same_chains_pass(self) -> None:
        wrong = []
        compared = 0
        for version, case, texts in _observed("check"):
            if case["expected"]["error"] is not None:
                refused = [pattern_error(pattern, version) for pattern, _ in case["pins"]]
                agrees = any(refused) or any(refuses_pin(pin, version) for _, pin in case["pins"])
            else:
                keys = [read_certificate(_der(texts[name])).key for name in case["chain"]]
                digests = {digest for key in keys for digest in (key.sha256, key.sha1)}
                asked = [
                    _described(pin, version).digest
                    for pattern, pin in case["pins"]
                    if matches(pattern, case["host"], version)
                ]
                passes = not asked or not digests.isdisjoint(asked)
                agrees = passes == (case["expected"]["result"] == "accepted")
            compared += 1
            if not agrees:
                wrong.append((version, case["id"]))
        assert compared > 100
        assert wrong == []


def _der(text: str) -> bytes:
    return next(pem_blocks(text.encode("ascii"), most=9)).data or b""
