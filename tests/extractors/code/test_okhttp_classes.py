"""Classes that are OkHttp's own, in apps where R8 renamed the library, and those that are not."""

import zipfile
from pathlib import Path

import pytest

from analyzer.dataflow.resolve import Resolver
from analyzer.dex import Program, dotted
from analyzer.extractors.code.okhttp_binding import bind_okhttp
from analyzer.extractors.code.okhttp_classes import OKHTTP, renamed_okhttp_classes
from analyzer.extractors.code.okhttp_fingerprints import load_fingerprints
from analyzer.extractors.code.owners import Owners
from tests import factories

SAMPLES = Path(__file__).parents[3] / "sample_apks"
VERIFIER = "Ljavax/net/ssl/HostnameVerifier;"
RENAMED = (
    "okhttp-pinned-r8/okhttp-pinned-r8.apk",
    "pin-styles/builds/java-r8.apk",
    "pin-styles/builds/java-r8-okhttp4.apk",
    "pin-styles/builds/java-r8-repackaged.apk",
    "pin-styles/builds/kotlin-r8.apk",
    "pin-styles/builds/kotlin-r8-okhttp4.apk",
    "pin-styles/builds/kotlin-r8-repackaged-okhttp4.apk",
)


def program_of(name: str) -> Program:
    with zipfile.ZipFile(SAMPLES / name) as package:
        entries = [entry for entry in package.namelist() if entry.endswith(".dex")]
        return Program.build([(entry, package.read(entry)) for entry in entries])


def names_in(program: Program) -> set[str]:
    resolver = Resolver(program)
    return set(renamed_okhttp_classes(program, resolver, bind_okhttp(program, resolver.evaluator, load_fingerprints())))


@pytest.mark.parametrize("name", RENAMED)
def test_the_verifier_that_a_renamed_library_brings_is_its_own(name: str) -> None:
    program = program_of(name)
    found = names_in(program)
    assert [one for one in found if VERIFIER in program.hierarchy.supertypes_of(one)]


@pytest.mark.parametrize("name", RENAMED)
def test_no_class_whose_name_is_kept_is_taken_for_the_library(name: str) -> None:
    assert not [one for one in names_in(program_of(name)) if dotted(one).startswith("org.example.")]


@pytest.mark.parametrize("name", ["okhttp-pinned/okhttp-pinned.apk", "tls-callbacks-r8/tls-callbacks-r8.apk"])
def test_nothing_is_recognised_where_names_tell_or_there_is_no_library(name: str) -> None:
    assert names_in(program_of(name)) == set()


def test_a_package_that_tells_whose_a_class_is_counts_more() -> None:
    app = factories.app(package="org.example.app")
    owners = Owners(app, (), {"La/b;": OKHTTP, "Lorg/example/app/Names;": OKHTTP})
    assert owners.owner_of("La/b;") == OKHTTP
    assert owners.owner_of("[La/b;") == OKHTTP
    assert owners.owner_of("La/c;") == "unknown"
    assert owners.owner_of("Lorg/example/app/Names;") == "first-party"
