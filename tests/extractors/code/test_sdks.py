"""Libraries, SDKs, runtimes and packers by the traces they leave."""

import msgspec
import pytest

from analyzer.errors import TargetError
from analyzer.extractors.code.context import CodeContext
from analyzer.extractors.code.sdks import SdkFacts, extract_sdks
from analyzer.model import SdkFact
from tests.extractors.code.smali_fixtures import context_of


def with_files(code: CodeContext, files: dict[str, bytes], natives: tuple[str, ...] = ()) -> CodeContext:
    """Give an app these entries and native libraries."""
    from dataclasses import replace

    def read(entry: str) -> bytes:
        if not files[entry]:
            raise TargetError(f"{entry}: damaged")
        return files[entry]

    app = msgspec.structs.replace(code.app, native_libraries=natives)
    return replace(code, app=app, entries=tuple(files), read=read)


def named(facts: SdkFacts, name: str) -> SdkFact:
    (fact,) = [fact for fact in facts.sdks if fact.name == name]
    return fact


def test_a_library_is_recognised_by_a_class_in_its_package() -> None:
    fact = named(extract_sdks(context_of("hosts")), "okhttp")
    assert (fact.kind, fact.version) == ("library", None)
    assert [place.class_name for place in fact.evidence] == ["okhttp3.Library"]


def test_nothing_is_recognised_without_a_trace() -> None:
    assert extract_sdks(context_of("reached")) == SdkFacts()


def test_a_text_of_the_code_tells_the_version_and_where_it_is_loaded() -> None:
    fact = named(extract_sdks(context_of("packed")), "okhttp")
    assert fact.version == "4.9.3"
    assert [(place.class_name, place.snippet) for place in fact.evidence] == [("wrapper.Shell", "okhttp/4.9.3")]


def test_a_bundled_file_shows_a_library() -> None:
    code = with_files(context_of("reached"), {"okhttp3/internal/publicsuffix/publicsuffixes.gz": b"data"})
    (place,) = named(extract_sdks(code), "okhttp").evidence
    assert place.entry == "okhttp3/internal/publicsuffix/publicsuffixes.gz"


@pytest.mark.parametrize(
    ("content", "version"), [(b"version=18.2.0\nclient=x", "18.2.0"), (b"no version", None), (b"", None)]
)
def test_a_bundled_file_may_tell_the_version(content: bytes, version: str | None) -> None:
    code = with_files(context_of("api-uses"), {"play-services-basement.properties": content})
    assert named(extract_sdks(code), "play-services").version == version


def test_in_a_split_set_the_name_of_the_apk_does_not_matter() -> None:
    code = with_files(context_of("api-uses"), {"base.apk!play-services-basement.properties": b"version=1.2.3"})
    assert named(extract_sdks(code), "play-services").version == "1.2.3"


def test_a_packer_hides_everything_and_is_said_to() -> None:
    facts = extract_sdks(with_files(context_of("packed"), {"lib/arm64-v8a/libjiagu.so": b"elf"}, ("libjiagu.so",)))
    fact = named(facts, "qihoo-360-jiagu")
    assert fact.kind == "packer" and [place.entry for place in fact.evidence] == ["lib/arm64-v8a/libjiagu.so"]
    (gap,) = facts.gaps
    assert (gap.reason, gap.subject, gap.incomplete) == ("packed", "qihoo-360-jiagu", False)
    assert {"pin", "callback", "host", "code"} <= set(gap.hides)


def test_a_folder_shows_a_packer() -> None:
    facts = extract_sdks(with_files(context_of("packed"), {"assets/ijm_lib/x86/libexec.so": b"elf"}))
    assert [place.entry for place in named(facts, "ijiami").evidence] == ["assets/ijm_lib/x86/libexec.so"]


def test_a_runtime_may_make_connections_of_its_own() -> None:
    facts = extract_sdks(with_files(context_of("reached"), {"lib/x86/libflutter.so": b"elf"}, ("libflutter.so",)))
    assert named(facts, "flutter").kind == "runtime"
    (gap,) = facts.gaps
    assert (gap.reason, gap.subject, gap.hides) == ("unsupported-runtime", "flutter", ("host", "native"))
