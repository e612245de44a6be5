"""Which classes and methods of an app are OkHttp's, held against what the shrinkers say they did."""

import zipfile
from pathlib import Path

import pytest

from analyzer.dataflow.evaluate import Evaluator
from analyzer.dataflow.values import Text
from analyzer.dex import Program
from analyzer.extractors.code.okhttp_binding import OkHttpCopy, bind_okhttp
from analyzer.extractors.code.okhttp_fingerprints import load_fingerprints
from tests.extractors.code.smali_fixtures import FIXTURES

_SAMPLES = Path(__file__).resolve().parents[3] / "sample_apks"
_SHRUNK = _SAMPLES / "okhttp-pinned-r8"


def _bind(entries: list[tuple[str, bytes]]) -> tuple[OkHttpCopy, ...]:
    program = Program.build(entries)
    return bind_okhttp(program, Evaluator(program), load_fingerprints())


def _fixture(name: str) -> OkHttpCopy:
    (copy,) = _bind([(name, (FIXTURES / f"{name}.dex").read_bytes())])
    return copy


def _shrunk_sample() -> OkHttpCopy:
    with zipfile.ZipFile(_SHRUNK / "okhttp-pinned-r8.apk") as apk:
        (copy,) = _bind([("classes.dex", apk.read("classes.dex"))])
    return copy


def _renamed(mapping: Path) -> dict[str, str]:
    """Return the descriptors that classes got, by their names in the source."""
    classes = {}
    for line in mapping.read_text(encoding="utf-8").splitlines():
        if line.endswith(":") and not line.startswith((" ", "#")):
            before, _, after = line.removesuffix(":").partition(" -> ")
            classes[before] = f"L{after.replace('.', '/')};"
    return classes


@pytest.mark.parametrize(
    ("copy", "mapping"),
    [
        (_shrunk_sample(), _SHRUNK / "mapping.txt"),
        (_fixture("okhttp-renamed"), FIXTURES / "okhttp" / "mapping.txt"),
    ],
    ids=["sample", "repackaged"],
)
class TestRenamed:
    def test_the_pinner_and_the_reader_of_pins_are_found(self, copy: OkHttpCopy, mapping: Path) -> None:
        names = _renamed(mapping)
        assert copy.found_by == "structure"
        assert copy.pinner == names["okhttp3.CertificatePinner"]
        assert [sink.method.ref.owner for sink in copy.sinks] == [names["okhttp3.CertificatePinner$Pin"]]

    def test_what_makes_clients_takes_the_pinner(self, copy: OkHttpCopy, mapping: Path) -> None:
        names = _renamed(mapping)
        assert {ref.owner for ref in copy.setters} == {names["okhttp3.OkHttpClient$Builder"]}
        assert {names["okhttp3.OkHttpClient$Builder"], names["okhttp3.OkHttpClient"]} <= {
            ref.owner for ref in copy.client_fields
        }

    def test_the_pinner_without_pins_is_known(self, copy: OkHttpCopy, mapping: Path) -> None:
        assert [ref.owner for ref in copy.defaults] == [_renamed(mapping)["okhttp3.CertificatePinner"]]


def test_a_host_that_became_a_constant_of_the_library_is_kept_with_it() -> None:
    (sink,) = _shrunk_sample().sinks
    assert sink.pattern == Text("api.okshrunk.example.com")
    assert sink.pins == 1


def test_the_version_survives_renaming() -> None:
    assert _shrunk_sample().version == "3.13.1"


@pytest.mark.parametrize(
    ("name", "found_by", "package"), [("okhttp-plain", "name", ""), ("okhttp-relocated", "relocated", "shaded/")]
)
def test_names_are_enough_where_they_are_kept(name: str, found_by: str, package: str) -> None:
    copy = _fixture(name)
    assert copy.found_by == found_by
    assert copy.pinner == f"L{package}okhttp3/CertificatePinner;"
    assert f"L{package}okhttp3/CertificatePinner$Builder;->add" in {
        f"{sink.method.ref.owner}->{sink.method.ref.name}" for sink in copy.sinks
    }
    assert [f"{ref.owner}->{ref.name}" for ref in copy.setters] == [
        f"L{package}okhttp3/OkHttpClient$Builder;->certificatePinner"
    ]
