"""Damaged and hostile DEX files: something is lost and said to be, the rest is kept, nothing breaks or hangs."""

import random
import struct
import time
import tracemalloc
from pathlib import Path

import pytest

from analyzer.dex import DexError, DexFile, Program
from tests.dex.oracle import FIXTURES
from tests.dex.walk import walk_file, walk_program

_FILES = sorted(FIXTURES.glob("*.dex"))
_HANG_SECONDS = 60
_PEAK_BYTES = 64 * 1024 * 1024
_EXTREMES = (0, 1, 2, 3, 0x6F, 0x70, 0xFF, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)


def _mutated(data: bytes, seed: int) -> bytes:
    """Damage a file in one of the ways files get damaged, or are."""
    rng = random.Random(seed)
    content = bytearray(data)
    match seed % 6:
        case 0:
            for _ in range(rng.randint(1, 16)):
                content[rng.randrange(len(content))] = rng.randrange(256)
        case 1:
            at = rng.randrange(0x20, 0x70, 4)
            struct.pack_into("<I", content, at, rng.choice(_EXTREMES))
        case 2:
            del content[rng.randrange(0x70, len(content)) :]
        case 3:
            for _ in range(rng.randint(1, 8)):
                at = rng.randrange(0x70, len(content) - 4) & ~3
                struct.pack_into("<I", content, at, rng.choice((*_EXTREMES, len(content), rng.randrange(len(content)))))
        case 4:
            at = rng.randrange(0x70, len(content))
            length = rng.randint(1, 64)
            content[at : at + length] = bytes([rng.choice((0x00, 0x7F, 0x80, 0xFF))]) * length
        case _:
            source, target, length = rng.randrange(len(content)), rng.randrange(0x70, len(content)), rng.randint(4, 256)
            content[target : target + length] = content[source : source + length]
    return bytes(content)


def _look_at_everything(data: bytes) -> Program | None:
    try:
        files = DexFile.parse(data, "classes.dex")
    except DexError:
        return None
    for file in files:
        walk_file(file)
    program = Program(files)
    walk_program(program)
    for gap in program.gaps():
        assert gap.subject == "classes.dex" and gap.incomplete and "code" in gap.hides
    return program


@pytest.mark.parametrize("path", _FILES, ids=lambda path: path.stem)
@pytest.mark.parametrize("block", range(5))
def test_a_damaged_file_never_breaks_the_reader(path: Path, block: int) -> None:
    data = path.read_bytes()
    started = time.monotonic()
    for seed in range(60 * block, 60 * (block + 1)):
        _look_at_everything(_mutated(data, seed))
    assert time.monotonic() - started < _HANG_SECONDS


def test_a_damaged_file_costs_no_more_memory_than_a_whole_one() -> None:
    data = (FIXTURES / "users-base.dex").read_bytes()
    tracemalloc.start()
    try:
        for seed in range(60):
            _look_at_everything(_mutated(data, seed))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < _PEAK_BYTES


def test_an_undamaged_file_has_no_problems() -> None:
    for path in _FILES:
        program = _look_at_everything(path.read_bytes())
        assert program is not None and program.problems == (), path.name
