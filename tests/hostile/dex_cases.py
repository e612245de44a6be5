"""Seeded damage to DEX files: some bytes, counts, offsets, instructions and members that are not what they were."""

import os
import random
import struct
import zipfile
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

from analyzer.dex import DexError, DexFile
from tests.support.apks import apk, manifest
from tests.support.axml import element

_ROOT = Path(__file__).parents[2]
_CORPUS = Path(os.environ.get("PINSCOPE_SHARED", _ROOT.parent / "shared")) / "corpus"
_FIXTURES = ("tests/dex/fixtures", "tests/dataflow/fixtures", "tests/extractors/code/fixtures")
LARGEST_SOURCE = 1_500_000
_SMALL = 20_000
_LARGE = 150_000
_EXTREMES = (0, 1, 2, 3, 0x6F, 0x70, 0xFF, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
_HEADER_BYTES = 0x70


class Source(NamedTuple):
    """An undamaged DEX file."""

    name: str
    data: bytes

    @property
    def weight(self) -> int:
        """How often it is damaged compared with others: large files take long and teach little more."""
        return 1 if len(self.data) > _LARGE else 6 if len(self.data) > _SMALL else 12


@cache
def sources() -> tuple[Source, ...]:
    """Return the DEX files of fixtures and sample apps, and of the third-party files when they are there."""
    found = [
        Source(path.stem, path.read_bytes()) for folder in _FIXTURES for path in sorted((_ROOT / folder).glob("*.dex"))
    ]
    for path in sorted((_ROOT / "sample_apks").glob("*/*.apk")):
        with zipfile.ZipFile(path) as archive:
            found += (
                Source(f"{path.stem}-{info.filename}", archive.read(info))
                for info in archive.infolist()
                if info.filename.endswith(".dex")
            )
    if _CORPUS.is_dir():
        found += (Source(path.stem, path.read_bytes()) for path in sorted(_CORPUS.glob("*.dex")))
    distinct = {source.data: source for source in found if len(source.data) <= LARGEST_SOURCE}
    return tuple(distinct.values())


def cases(number: int, largest: int = LARGEST_SOURCE) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Yield name and builder of so many damaged files, made of sources of at most so many bytes.

    Every source gets its turn before any gets a second one.
    """
    turns = dict.fromkeys((source for source in sources() if len(source.data) <= largest), 0)
    for turn in range(number):
        source = min(turns, key=lambda one: ((turns[one] + 1) / one.weight, one.name) if turns[one] else (0, one.name))
        seed = turns[source]
        turns[source] += 1
        yield f"{turn}-{source.name}-{seed}", partial(damaged, source, seed)


def damaged(source: Source, seed: int) -> bytes:
    """Damage a file; the same seed gives the same bytes."""
    rng = random.Random(f"{source.name}-{seed}")
    content = bytearray(source.data)
    _KINDS[seed % len(_KINDS)](content, rng, source)
    return bytes(content)


def app_with(dex: bytes) -> bytes:
    """Return an app with this code, whose manifest names a class or two that the fixtures have."""
    names = ("org.example.shop.App", "app.Main", "org.example.pins.MainActivity")
    activities = tuple(element("activity", {"android:name": name, "android:exported": True}) for name in names[1:])
    return apk(manifest(application={"android:name": names[0]}, children=activities), files={"classes.dex": dex})


# --- kinds of damage ---


def _bytes(content: bytearray, rng: random.Random, source: Source) -> None:
    for _ in range(rng.randint(1, 16)):
        content[rng.randrange(len(content))] = rng.randrange(256)


def _header(content: bytearray, rng: random.Random, source: Source) -> None:
    field = rng.randrange(0x20, _HEADER_BYTES, 4)
    struct.pack_into("<I", content, field, rng.choice((*_EXTREMES, len(content), rng.randrange(len(content)))))


def _cut(content: bytearray, rng: random.Random, source: Source) -> None:
    del content[rng.randrange(_HEADER_BYTES, len(content)) :]


def _words(content: bytearray, rng: random.Random, source: Source) -> None:
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(_HEADER_BYTES, len(content) - 4) & ~3
        struct.pack_into("<I", content, at, rng.choice((*_EXTREMES, len(content), rng.randrange(len(content)))))


def _stretch(content: bytearray, rng: random.Random, source: Source) -> None:
    at, length = rng.randrange(_HEADER_BYTES, len(content)), rng.randint(1, 64)
    length = min(length, len(content) - at)
    content[at : at + length] = bytes([rng.choice((0x00, 0x7F, 0x80, 0xFF))]) * length


def _copy(content: bytearray, rng: random.Random, source: Source) -> None:
    length = min(rng.randint(4, 256), len(content) - _HEADER_BYTES)
    origin, target = rng.randrange(len(content) - length), rng.randrange(_HEADER_BYTES, len(content) - length + 1)
    content[target : target + length] = content[origin : origin + length]


def _code(content: bytearray, rng: random.Random, source: Source) -> None:
    """Replace code units by others of the same file's code, so that much of it still decodes."""
    places = _code_units(source)
    for _ in range(rng.randint(1, 12) if places else 0):
        at = rng.choice(places)
        unit = content[2 * (other := rng.choice(places)) : 2 * other + 2] if rng.random() < 0.7 else rng.randbytes(2)
        content[2 * at : 2 * at + 2] = unit


def _opcodes(content: bytearray, rng: random.Random, source: Source) -> None:
    """Replace opcodes, or registers, and leave indices as they are."""
    places = _code_units(source)
    for _ in range(rng.randint(1, 24) if places else 0):
        content[2 * rng.choice(places) + rng.randrange(2)] = rng.randrange(256)


def _tables(content: bytearray, rng: random.Random, source: Source) -> None:
    """Let rows of the tables point to other strings, types, lists and class data of the same file."""
    first, last = struct.unpack_from("<I", content, 0x3C)[0], struct.unpack_from("<I", content, 0x6C)[0]
    if not _HEADER_BYTES <= first < last <= len(content) - 4:
        return
    for _ in range(rng.randint(1, 12)):
        at, other = rng.randrange(first, last) & ~3, rng.randrange(first, last) & ~3
        content[at : at + 4] = content[other : other + 4]


_KINDS = (_bytes, _header, _cut, _words, _stretch, _copy, _code, _opcodes, _tables)


@cache
def _code_units(source: Source) -> tuple[int, ...]:
    """Return the places of all code units of methods, counted from the start of the file."""
    try:
        files = DexFile.parse(source.data, source.name)
    except DexError:
        return ()
    return tuple(
        place
        for file in files
        for start, end in zip(file.bodies.starts.tolist(), file.bodies.ends.tolist(), strict=True)
        for place in range(start, end)
    )
