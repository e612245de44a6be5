"""The catalogues of known pins, libraries and APIs: what is in them, and what a wrong file leads to."""

import hashlib
from pathlib import Path

import pytest

from analyzer.errors import RuleError
from analyzer.extractors.catalogue import KEYS_FILE, PINS_FILE, load_catalogue
from analyzer.extractors.certificate_catalogue import CERTIFICATES_FILE
from analyzer.extractors.pin_api_catalogue import PIN_APIS_FILE
from analyzer.extractors.sdk_catalogue import APIS_FILE, SDKS_FILE
from analyzer.extractors.sink_catalogue import SINKS_FILE

GOOD = "sha256/d6qzRu9zOECb90Uez27xWltNsj0e1Md7GkYYkVoZWmM="


def write(folder: Path, pins: str = "pins: []", sdks: str = "sdks: []", apis: str = "apis: []") -> Path:
    (folder / PINS_FILE).write_text(pins)
    (folder / SDKS_FILE).write_text(sdks)
    (folder / APIS_FILE).write_text(apis)
    (folder / PIN_APIS_FILE).write_text("calls: []")
    (folder / SINKS_FILE).write_text("sinks: []")
    (folder / KEYS_FILE).write_text("# none\n")
    (folder / CERTIFICATES_FILE).write_text("subjects: []")
    return folder


def entry(pin: str = GOOD, more: str = "kind: example") -> str:
    return f"pins:\n  - pin: {pin}\n    name: A name\n    detail: A detail.\n    {more}\n"


def test_the_built_in_catalogue_knows_the_digest_of_nothing() -> None:
    known = load_catalogue().pins["sha256", hashlib.sha256(b"").digest()]
    assert known.kind == "empty-input"


def test_every_key_of_an_authority_is_real_and_has_a_date_and_if_entered_by_hand_a_status() -> None:
    for known in load_catalogue().pins.values():
        is_authority = known.kind in ("root", "intermediate")
        assert known.real is is_authority, known.name
        # That a collection holds or no longer holds an authority says nothing of its state.
        assert (known.status is not None) is (is_authority and " known from " not in known.detail), known.name
        assert (known.valid_until is not None) is (is_authority or known.kind == "staging"), known.name


@pytest.mark.parametrize("line", ["not a key", "AAAA\troot\t2030-01-01\tN\tO\tS", "x\troot\t2030-01-01\tN\tO\tS"])
def test_a_wrong_line_of_the_table_of_keys_is_refused(tmp_path: Path, line: str) -> None:
    (write(tmp_path) / KEYS_FILE).write_text(f"# head\n{line}\n")
    with pytest.raises(RuleError, match="line 2"):
        load_catalogue(tmp_path)


def test_a_file_of_ones_own_is_read(tmp_path: Path) -> None:
    catalogue = load_catalogue(write(tmp_path, entry()))
    assert [known.name for known in catalogue.pins.values()] == ["A name"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("pins: [", "known_pins.yaml"),
        ("pins: 3", r"\$\.pins"),
        (entry(more="kind: unheard-of"), r"\$\.pins\[0\]\.kind"),
        (entry(more="kind: example\n    colour: red"), "colour"),
        (entry(pin="md5/AAAA="), r"\$\.pins\[0\]\.pin"),
        (entry(pin="sha256/AAAA="), r"pins\[0\]\.pin"),
        (entry(pin="sha256/d6qzRu9zOECb90Uez27xWltNsj0e1Md7GkYYkVoZWmN="), "canonical"),
        (entry() + entry().removeprefix("pins:\n"), r"pins\[1\]\.pin: .*twice"),
        (entry(more="kind: root\n    status: expired"), r"pins\[0\]\.valid_until"),
    ],
)
def test_a_wrong_file_is_refused_with_file_and_key(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(RuleError, match=words):
        load_catalogue(write(tmp_path, text))


_LIBRARY = "sdks:\n- {name: lib, kind: library, packages: [org.lib]}\n"


@pytest.mark.parametrize(
    ("sdks", "apis", "words"),
    [
        (_LIBRARY + "- {name: lib, kind: sdk, packages: [org.other]}", "apis: []", r"sdks\[1\]\.name: .*twice"),
        (_LIBRARY + "- {name: other, kind: sdk, packages: [org.lib]}", "apis: []", "already belongs to 'lib'"),
        ("sdks: [{name: lib, kind: library}]", "apis: []", "how to recognise"),
        ("sdks: [{name: lib, kind: toy, packages: [a]}]", "apis: []", r"sdks\[0\]\.kind"),
        ("sdks: [{name: lib, kind: library, packages: [a], version_string: 'lib/('}]", "apis: []", "one group"),
        (_LIBRARY, "apis: [{api: call, methods: [org.lib.Client.call]}]", "is not written"),
        (_LIBRARY, "apis: [{api: call, of: unknown, methods: [Lorg/lib/Client;->call]}]", "no SDK 'unknown'"),
        (_LIBRARY, "apis: [{api: call, methods: []}]", "methods"),
    ],
)
def test_a_wrong_library_or_api_is_refused_with_file_and_key(tmp_path: Path, sdks: str, apis: str, words: str) -> None:
    with pytest.raises(RuleError, match=words):
        load_catalogue(write(tmp_path, sdks=sdks, apis=apis))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="cannot be read"):
        load_catalogue(tmp_path)


def test_every_sink_of_callbacks_has_a_method_or_a_field() -> None:
    sinks = load_catalogue().callback_sinks.sinks
    assert all(sink.methods or sink.fields for sink in sinks)


def test_the_repackaged_copies_of_a_sink_are_known() -> None:
    names = load_catalogue().callback_sinks.names_of("Lorg/apache/http/conn/scheme/Scheme;-><init>")
    assert ("Lcz/msebera/android/httpclient/conn/scheme/Scheme;", "<init>") in names
