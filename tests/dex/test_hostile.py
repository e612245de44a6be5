"""Damaged and hostile DEX files: something is lost and said to be, the rest is kept, nothing breaks or hangs."""

import random
import struct
import time
import tracemalloc
from pathlib import Path

import pytest

from analyzer.dex import DexError, DexFile, Program
from tests.dex.oracle import FIXTURES
from tests.dex.patching import get_u32, table, with_table
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


# --- files that are small and claim to be vast ---

_ROWS = 20_000
_LONG_TEXT = 1 << 20


def _timed(data: bytes) -> Program:
    started = time.monotonic()
    program = _look_at_everything(data)
    assert time.monotonic() - started < _HANG_SECONDS
    assert program is not None
    return program


def _details(program: Program) -> set[str]:
    return {problem.detail for problem in program.problems}


def test_classes_that_share_everything_cost_no_more_than_one() -> None:
    data = (FIXTURES / "opcodes.dex").read_bytes()
    rows = table(data, "class_defs", 32)
    program = _timed(with_table(data, "class_defs", [rows[number % len(rows)] for number in range(_ROWS)]))
    assert "classes share their class data" in _details(program)
    assert len(program.hierarchy.shadowed) == _ROWS - len(rows)


def test_strings_that_share_one_long_text_are_read_one_at_a_time() -> None:
    data = (FIXTURES / "users-base.dex").read_bytes()
    places = [get_u32(row, 0) for row in table(data, "string_ids", 4)]
    text_at = len(data) + 4
    data += b"\0\0\0\0" + b"\x7f" + b"a" * _LONG_TEXT + b"\0"
    longs = [text_at + number for number in range(_ROWS)]
    offsets = [struct.pack("<I", place) for place in (*places, *longs)]
    tracemalloc.start()
    try:
        (file,) = DexFile.parse(with_table(data, "string_ids", offsets), "classes.dex")
        lengths = [len(file.strings[index]) for index in range(0, len(file.strings), 50)]
        assert file.strings.find("no such string") is None
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert max(lengths) >= _LONG_TEXT - _ROWS
    assert peak < _PEAK_BYTES


def test_code_items_that_overlap_end_where_the_next_begins() -> None:
    data = bytearray((FIXTURES / "users-base.dex").read_bytes())
    (file,) = DexFile.parse(bytes(data), "classes.dex")
    for offset in file.bodies.offsets.tolist():
        struct.pack_into("<I", data, offset + 12, len(data))
    program = _timed(bytes(data))
    bodies = program.files[0].bodies
    assert {"the code of methods overlaps", "the code of a method is cut off"} <= _details(program)
    assert int((bodies.ends - bodies.starts).sum()) <= len(bodies.units)


def test_arrays_of_initial_values_that_overlap_are_not_read_in_quadratic_time() -> None:
    data = (FIXTURES / "opcodes.dex").read_bytes()
    rows = table(data, "class_defs", 32)
    start = len(data)
    # Read as a size, these three bytes are 65,406; read as values, they are nulls and characters.
    data += b"\xfe\xfe\x03" * 0x20000
    nested = [rows[0][:28] + struct.pack("<I", start + 3 * number) for number in range(_ROWS)]
    program = Program(DexFile.parse(with_table(data, "class_defs", nested), "classes.dex"))
    started = time.monotonic()
    for row in range(program.files[0].class_count):
        program.files[0].static_values(row)
    assert time.monotonic() - started < _HANG_SECONDS
    assert "an encoded array has too many elements" in _details(program)


def test_values_that_are_nested_without_end_are_damage() -> None:
    data = (FIXTURES / "opcodes.dex").read_bytes()
    rows = table(data, "class_defs", 32)
    start = len(data)
    data += b"\x01" + b"\x1c\x01" * 100_000
    program = _timed(with_table(data, "class_defs", [rows[0][:28] + struct.pack("<I", start)]))
    assert program.files[0].static_values(0) == ()
    assert "an encoded array is nested too deeply" in _details(program)
