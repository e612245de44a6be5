"""Pins that code hands to OkHttp, against the sources of the samples: plain and renamed by R8."""

import datetime as dt
import re
from pathlib import Path

import pytest

from analyzer.options import ScanOptions
from analyzer.pipeline import scan

SAMPLES = Path(__file__).parents[2] / "sample_apks"
OPTIONS = ScanOptions(as_of=dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC), reproducible=True)


@pytest.mark.parametrize(
    ("sample", "host"),
    [("okhttp-pinned", "api.okpins.example.com"), ("okhttp-pinned-r8", "api.okshrunk.example.com")],
)
def test_every_pin_of_the_source_is_found_with_its_host_and_in_use(sample: str, host: str) -> None:
    written = {
        pin
        for source in sorted((SAMPLES / sample / "src").rglob("*.java"))
        for pin in re.findall(r'"(sha256/[^"]+)"', source.read_text())
    }
    assert written, "the source states its pins as literals"
    facts = scan(SAMPLES / sample / f"{sample}.apk", OPTIONS).facts
    assert facts is not None
    assert {pin.value for pin in facts.pins} == written
    for pin in facts.pins:
        assert (pin.mechanism, pin.host, pin.resolution) == ("okhttp3", host, "constant")
        assert (pin.activation, pin.owner, pin.checked_against) == ("active", "first-party", "validated")
        assert pin.problem is None and pin.evidence
