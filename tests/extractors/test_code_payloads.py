"""Code among assets and raw resources: read with the app when it is plain, named when it is not."""

import datetime as dt
from pathlib import Path

import pytest

from analyzer.apk.app import open_app
from analyzer.extractors.code_payloads import Payloads, read_payloads
from analyzer.model import ScanResult
from analyzer.options import Limits, ScanOptions
from analyzer.pipeline import scan
from tests.extractors.code.smali_fixtures import FIXTURES
from tests.support.apks import apk, manifest
from tests.support.axml import compile_xml, element
from tests.support.zips import Entry, archive

OPTIONS = ScanOptions(as_of=dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC), reproducible=True)
OWN = (FIXTURES / "reached.dex").read_bytes()
PINNING = (FIXTURES / "okhttp-plain.dex").read_bytes()
OTHER = (FIXTURES / "pin-libraries.dex").read_bytes()


def app_file(folder: Path, files: dict[str, bytes], own: bytes = OWN) -> Path:
    """Write an app whose application class is in the code `own`."""
    target = folder / "app.apk"
    root = manifest(application={"android:name": "org.example.shop.App"}, root={"package": "org.example.shop"})
    target.write_bytes(apk(root, files={"classes.dex": own, **files}))
    return target


def payloads(folder: Path, files: dict[str, bytes], limits: Limits | None = None) -> Payloads:
    limits = limits or Limits()
    return read_payloads(open_app(app_file(folder, files), limits), limits)


def scanned(folder: Path, files: dict[str, bytes], own: bytes = OWN) -> ScanResult:
    result = scan(app_file(folder, files, own), OPTIONS)
    assert not [gap for gap in result.gaps if gap.reason == "failure"]
    return result


def jar(**entries: bytes) -> bytes:
    return archive(*(Entry(name.replace("_", "."), content) for name, content in entries.items()))


@pytest.mark.parametrize(
    "name", ["assets/plugin.dex", "assets/data.bin", "assets/deep/er/x", "res/raw/code", "lib.dex"]
)
def test_a_plain_dex_file_is_read_whatever_it_is_called(name: str, tmp_path: Path) -> None:
    found = payloads(tmp_path, {name: PINNING})
    assert found == Payloads(files=((name, PINNING),))


def test_all_dex_files_of_an_archive_are_read_in_load_order(tmp_path: Path) -> None:
    content = jar(classes10_dex=OTHER, classes_dex=PINNING, classes2_dex=OWN, other_txt=b"text")
    found = payloads(tmp_path, {"assets/lib.jar": content})
    names = ["assets/lib.jar!classes.dex", "assets/lib.jar!classes2.dex", "assets/lib.jar!classes10.dex"]
    assert [name for name, _ in found.files] == names
    assert [content for _, content in found.files] == [PINNING, OWN, OTHER]
    assert (found.unread, found.gaps) == ((), ())


def test_an_app_among_the_assets_is_named_and_not_read(tmp_path: Path) -> None:
    root = compile_xml(element("manifest", {"package": "org.other"}))
    inner = archive(Entry("AndroidManifest.xml", root), Entry("classes.dex", PINNING))
    found = payloads(tmp_path, {"assets/plugin.apk": inner})
    assert found.files == () and [place.entry for place in found.unread] == ["assets/plugin.apk"]


@pytest.mark.parametrize(
    "content", [b"text", b"", b"PK\x03\x04 no archive", jar(a_class=b"\xca\xfe\xba\xbe"), jar(note_txt=b"classes.dex")]
)
def test_files_without_code_are_nothing(content: bytes, tmp_path: Path) -> None:
    assert payloads(tmp_path, {"assets/lib.jar": content, "assets/classes.dex": b"encrypted"}) == Payloads()


def test_the_app_s_own_code_is_no_payload(tmp_path: Path) -> None:
    assert payloads(tmp_path, {"classes2.dex": PINNING}) == Payloads()


@pytest.mark.parametrize("limits", [Limits(payload_files=1), Limits(payload_bytes=len(PINNING) + 10)])
def test_beyond_the_limits_code_is_named_with_the_reason(limits: Limits, tmp_path: Path) -> None:
    found = payloads(tmp_path, {"assets/a.dex": PINNING, "assets/b.dex": OTHER}, limits)
    assert [name for name, _ in found.files] == ["assets/a.dex"]
    assert [place.entry for place in found.unread] == ["assets/b.dex"]
    (gap,) = found.gaps
    assert (gap.reason, gap.subject, gap.incomplete) == ("limit", "assets/b.dex", False)
    assert "code" in gap.hides and "pin" in gap.hides


def test_an_archive_with_a_decoy_is_said_to_be_unreadable(tmp_path: Path) -> None:
    found = payloads(tmp_path, {"assets/lib.jar": jar(classes_dex=b"not DEX")})
    assert [place.entry for place in found.unread] == ["assets/lib.jar"]
    assert [gap.reason for gap in found.gaps] == ["unreadable"]


@pytest.mark.parametrize("name", ["assets/plugin.dex", "assets/lib.jar"])
def test_pins_of_code_loaded_at_run_time_are_found_and_nobody_says_that_they_never_run(
    name: str, tmp_path: Path
) -> None:
    content = PINNING if name.endswith(".dex") else jar(classes_dex=PINNING)
    result = scanned(tmp_path, {name: content})
    assert result.facts is not None and result.facts.payloads == ()
    pins = [pin for pin in result.facts.pins if pin.mechanism == "okhttp3"]
    assert pins
    entry = name if name.endswith(".dex") else f"{name}!classes.dex"
    assert {place.entry for pin in pins for place in pin.evidence} == {entry}
    assert "unknown" in {pin.activation for pin in pins} <= {"unknown", "created"}
    assert "APP-DYNAMIC-CODE" not in {finding.rule_id for finding in result.findings}


def test_the_same_code_as_the_app_s_own_shows_what_never_runs(tmp_path: Path) -> None:
    facts = scanned(tmp_path, {}, PINNING).facts
    assert facts is not None
    assert "defined_only" in {pin.activation for pin in facts.pins}


def test_a_class_of_the_app_hides_one_that_is_loaded_later(tmp_path: Path) -> None:
    result = scanned(tmp_path, {"assets/copy.dex": PINNING}, PINNING)
    assert result.facts is not None
    assert {place.entry for pin in result.facts.pins for place in pin.evidence} == {"classes.dex"}


def test_damage_of_such_a_file_leaves_a_gap_and_the_analysis_complete(tmp_path: Path) -> None:
    result = scanned(tmp_path, {"assets/plugin.dex": PINNING[: len(PINNING) // 2]})
    gaps = [gap for gap in result.gaps if gap.subject == "assets/plugin.dex"]
    assert gaps and not any(gap.incomplete for gap in gaps)
    assert result.gate.exit_code != 3


def test_code_that_was_not_read_is_reported(tmp_path: Path) -> None:
    root = compile_xml(element("manifest", {"package": "org.other"}))
    inner = archive(Entry("AndroidManifest.xml", root), Entry("classes.dex", PINNING))
    result = scanned(tmp_path, {"assets/plugin.apk": inner})
    (finding,) = [finding for finding in result.findings if finding.rule_id == "APP-DYNAMIC-CODE"]
    assert "assets/plugin.apk" in finding.message
