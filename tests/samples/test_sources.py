"""The sample folders are whole: sources, expectation and package, with pins that stand for no real key."""

import re
from pathlib import Path

import pytest

from tests.samples import expectation

_FOLDERS = expectation.sample_folders()
_SHA256_PIN = re.compile(r"(?<![A-Za-z0-9+/=])(?:sha256/)?([A-Za-z0-9+/]{43}=)(?![A-Za-z0-9+/=])")
_INVENTED = range(1, 10)


def _identify(folder: Path) -> str:
    return folder.name


def test_there_are_samples() -> None:
    assert {"clean-modern", "pinned-right", "nested-policies", "split-set"} <= {folder.name for folder in _FOLDERS}


@pytest.mark.parametrize("folder", _FOLDERS, ids=_identify)
def test_a_sample_has_sources_an_expectation_and_one_package(folder: Path) -> None:
    packages = sorted(path.name for path in folder.glob("*.apk*"))

    assert packages == [expectation.package_of(folder).name]
    assert [
        *expectation.sources_of(folder).rglob("src/**/*.java"),
        *expectation.sources_of(folder).rglob("src/**/*.kt"),
    ]
    assert expectation.load(folder).findings.must or expectation.load(folder).strengths.must


@pytest.mark.parametrize("folder", _FOLDERS, ids=_identify)
def test_every_pin_in_the_sources_is_invented_or_copied_on_purpose(folder: Path) -> None:
    expected = expectation.load(folder)
    allowed = {expectation.invented_pin(expected.package, number) for number in _INVENTED}
    sources = [*folder.rglob("res/**/*.xml"), *folder.rglob("src/**/*.java"), *folder.rglob("src/**/*.kt")]

    pins = {pin for source in sources for pin in _SHA256_PIN.findall(source.read_text(encoding="utf-8"))}

    assert pins <= allowed | set(expected.copied_pins)


@pytest.mark.parametrize("folder", _FOLDERS, ids=_identify)
def test_the_readme_lists_the_sample(folder: Path) -> None:
    readme = (expectation.SAMPLES / "README.md").read_text(encoding="utf-8")

    assert f"| `{folder.name}` |" in readme


@pytest.mark.parametrize("folder", _FOLDERS, ids=_identify)
def test_a_package_with_foreign_code_has_a_notice(folder: Path) -> None:
    settings = folder / "app.yaml"
    has_libraries = settings.exists() and "libraries:" in settings.read_text(encoding="utf-8")

    assert (folder / "NOTICE").exists() == has_libraries
