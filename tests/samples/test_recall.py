"""Recall and precision of pins, for each way to build the apps of ``sample_apks/pin-styles``."""

import re

import pytest

from tools import recall

_BUILDS = recall.builds()
_APPS = sorted(set(_BUILDS.values()))


def test_the_apps_have_enough_pins_in_enough_styles() -> None:
    truths = [recall.load_truth(app) for app in _APPS]

    for truth in truths:
        assert len({one.style for one in truth.pins}) >= 25
        assert sum(len(one.keys) for one in truth.pins if not one.unresolved) >= 40
    assert sum(len(one.keys) for truth in truths for one in truth.pins) >= 80


@pytest.mark.parametrize("app", _APPS)
def test_the_truth_names_every_pin_that_the_source_has_as_text(app: str) -> None:
    truth = recall.load_truth(app)
    digests = {recall.digest_of(truth.package, key, one.algorithm): one.style for one in truth.pins for key in one.keys}
    folder = recall.FOLDER / app
    sources = [*folder.rglob("*.java"), *folder.rglob("*.kt"), *folder.rglob("*.xml")]
    written = {
        pin
        for source in sources
        for pin in re.findall(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{43}=", source.read_text(encoding="utf-8"))
    }

    assert written <= set(digests)


@pytest.mark.parametrize("build", sorted(_BUILDS))
class TestInEveryBuild:
    def test_each_pin_of_the_source_is_found_with_its_host_and_whether_it_is_in_force(self, build: str) -> None:
        assert recall.measure(build).missed == []

    def test_nothing_is_invented(self, build: str) -> None:
        assert recall.measure(build).invented == []

    def test_no_pin_is_reported_twice(self, build: str) -> None:
        assert recall.measure(build).repeated == []
