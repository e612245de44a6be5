"""What is kept of an app gives the same result as reading it again, and is never taken for another app."""

import datetime as dt
import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from analyzer.cli import run
from analyzer.extraction_cache import ExtractionCache
from analyzer.options import Limits, ScanOptions
from analyzer.pipeline import Engine, load_engine, scan

SAMPLES = Path(__file__).parents[1] / "sample_apks"
EXPIRED = SAMPLES / "pins-expired" / "pins-expired.apk"
AS_OF = dt.datetime(2026, 1, 15, 12, tzinfo=dt.UTC)
OPTIONS = ScanOptions(as_of=AS_OF, reproducible=True)
PLAIN = load_engine(OPTIONS)


class Memory:
    """Entries in a dictionary, and how often they were asked for."""

    def __init__(self) -> None:
        self.entries: dict[str, bytes] = {}
        self.found = 0

    def get(self, key: str) -> bytes | None:
        self.found += key in self.entries
        return self.entries.get(key)

    def put(self, key: str, content: bytes) -> None:
        self.entries[key] = content


@pytest.fixture
def store() -> Memory:
    return Memory()


def caching(store: Memory, limits: Limits = OPTIONS.limits, rules: str = "rules") -> Engine:
    return replace(PLAIN, cache=ExtractionCache(store, rules, limits))


@pytest.mark.parametrize("name", ["pins-expired/pins-expired.apk", "okhttp-pinned/okhttp-pinned.apk",
                                  "split-set/split-set.apks", "bundle-modules/bundle-modules.aab"])  # fmt: skip
def test_the_second_scan_says_the_same_as_the_first_and_as_one_without_a_cache(name: str, store: Memory) -> None:
    first, second = (scan(SAMPLES / name, OPTIONS, caching(store)) for _ in range(2))
    assert store.found == 1
    assert first == second == scan(SAMPLES / name, OPTIONS, PLAIN)


def test_what_was_kept_is_judged_as_of_another_day(store: Memory) -> None:
    scan(EXPIRED, OPTIONS, caching(store))
    later = replace(OPTIONS, as_of=dt.datetime(2030, 1, 1, tzinfo=dt.UTC))
    assert scan(EXPIRED, later, caching(store)) == scan(EXPIRED, later, PLAIN)
    assert store.found == 1


def test_another_package_name_content_rule_set_or_limit_is_another_entry(store: Memory, tmp_path: Path) -> None:
    copy = tmp_path / "copy.apk"
    shutil.copyfile(EXPIRED, copy)
    keys = {ExtractionCache(store, "rules", Limits()).key(path) for path in (EXPIRED, copy)}
    copy.write_bytes(copy.read_bytes() + b"x")
    keys |= {
        ExtractionCache(store, "rules", Limits()).key(copy),
        ExtractionCache(store, "other", Limits()).key(EXPIRED),
    }
    keys |= {ExtractionCache(store, "rules", Limits(entries=5)).key(EXPIRED)}
    assert len(keys) == 5 and None not in keys


def test_a_damaged_entry_is_read_again(store: Memory) -> None:
    expected = scan(EXPIRED, OPTIONS, caching(store))
    (key,) = store.entries
    good = store.entries[key]
    for bad in (b"", b"\n", good[:-1], good[:70] + b"\xff" + good[71:], b"0" * 64 + b"\n" + good[65:]):
        store.entries[key] = bad
        assert scan(EXPIRED, OPTIONS, caching(store)) == expected
        assert store.entries[key] == good


def test_what_cannot_be_opened_is_not_kept(store: Memory, tmp_path: Path) -> None:
    path = tmp_path / "x.apk"
    path.write_bytes(b"no app")
    assert scan(path, OPTIONS, caching(store)).app is None
    assert not store.entries


def test_a_folder_of_splits_is_known_by_all_its_files(store: Memory, tmp_path: Path) -> None:
    cache = ExtractionCache(store, "rules", Limits())
    shutil.copyfile(EXPIRED, tmp_path / "base.apk")
    one = cache.key(tmp_path)
    shutil.copyfile(EXPIRED, tmp_path / "more.apk")
    assert one is not None and cache.key(tmp_path) not in (None, one)


def test_the_command_line_keeps_entries_in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("one.json", "two.json"):
        arguments = ["scan", str(EXPIRED), "--as-of", "2026-01-15", "--cache", "kept", "--reproducible", "--quiet"]
        assert run([*arguments, "--format", f"json={name}"]) == 1
    assert Path("one.json").read_bytes() == Path("two.json").read_bytes()
    assert len(list(Path("kept").iterdir())) == 1


def test_a_cache_that_is_no_folder_is_wrong_usage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("kept").write_text("x")
    assert run(["scan", str(EXPIRED), "--cache", "kept"]) == 2
    assert "--cache kept: cannot be used" in capsys.readouterr().err
