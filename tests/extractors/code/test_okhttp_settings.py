"""A renamed OkHttp of which a part was not recognised: what may be missing is told, and nothing is called unused."""

import zipfile

import pytest

from analyzer.extractors.code.callback_wiring import CallbackWiring
from analyzer.extractors.code.context import CodeContext
from analyzer.extractors.code.handshake_pins import extract_interceptor_pins
from analyzer.extractors.code.okhttp_settings import extract_okhttp_settings
from analyzer.model import AnalysisGap, FactKind
from tests.extractors.code.smali_fixtures import context_of_files
from tests.samples import expectation

_PACKAGE = "org.example.javaclients"
_SAMPLE = expectation.SAMPLES / "client-styles" / "builds" / "clients-r8.apk"


def _code(*replaced: tuple[bytes, bytes]) -> CodeContext:
    """Read the sample with other texts of the same length and order in its table of strings."""
    with zipfile.ZipFile(_SAMPLE) as archive:
        data = archive.read("classes.dex")
    for old, new in replaced:
        assert len(old) == len(new)
        assert old in data
        data = data.replace(old, new)
    return context_of_files([("classes.dex", data)], application=f"{_PACKAGE}.ClientsApp", package=_PACKAGE)


def _gaps(*replaced: tuple[bytes, bytes]) -> tuple[AnalysisGap, ...]:
    code = _code(*replaced)
    return extract_okhttp_settings(code, CallbackWiring(code)).gaps


def test_there_is_no_gap_where_everything_is_recognised() -> None:
    assert _gaps() == ()


@pytest.mark.parametrize(
    ("text", "part", "hides"),
    [
        (b" must call proceed() exactly once\0", "its interceptors could not be identified", ("pin",)),
        (b"\x08Location\0", "its settings of redirects could not be identified", ("code",)),
        (b"Request{method=\0", "its requests could not be identified", ("host", "code")),
    ],
)
def test_what_is_not_recognised_is_told_with_what_it_may_hide(
    text: bytes, part: str, hides: tuple[FactKind, ...]
) -> None:
    (gap,) = _gaps((text, text[:-2] + b"~\0"))

    assert part in gap.detail
    assert gap.hides == hides
    assert not gap.incomplete


def test_a_handshake_without_texts_is_recognised_by_what_it_keeps_of_a_session() -> None:
    (known,) = _code().renamed_okhttp
    (found,) = _code((b" localCertificates=\0", b" localCertificates~\0")).renamed_okhttp

    assert found.exchange.peer == known.exchange.peer != frozenset()


def test_an_interceptor_that_was_not_seen_to_be_added_may_be_where_the_lists_are_not_known() -> None:
    unknown = _code((b"Null network interceptor: ", b"Null network interceptor~ "))
    known = _code()

    states = {pin.activation for pin in extract_interceptor_pins(unknown, CallbackWiring(unknown)).pins}

    assert states == {"unknown", "defined_only"}
    assert "active" in {pin.activation for pin in extract_interceptor_pins(known, CallbackWiring(known)).pins}


def test_an_okhttp_whose_pinner_is_not_recognised_is_told() -> None:
    (gap,) = _gaps((b"Certificate pinning failure!", b"Certificate pinning failure~"))

    assert gap.subject == "okhttp/3.13.1"
    assert gap.hides == ("pin", "host", "code")
