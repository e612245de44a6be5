"""Our reading of DEX files equals androguard's: tables, members, initial values, every instruction and handler."""

import random
from pathlib import Path
from typing import Any

import pytest

from analyzer.dex import DexClass, DexFile, DexMethod, Program
from tests.dex import oracle

_SMALL_BYTES = 400_000
_MEDIUM_BYTES = 4_000_000
_SAMPLED_METHODS = 400


def _containers() -> list[Path]:
    samples = sorted((oracle.ROOT / "sample_apks").glob("*/*.apk"))
    fixtures = sorted(oracle.FIXTURES.glob("*.dex"))
    corpus = oracle.SHARED / "corpus"
    third_party = sorted([*corpus.glob("*.apk"), *corpus.glob("*.dex")]) if corpus.is_dir() else []
    return [*fixtures, *samples, *third_party]


_CONTAINERS = _containers()


def _with_files_of(low: int, high: int) -> list[Path]:
    return [path for path in _CONTAINERS if any(low <= size < high for size in oracle.dex_sizes(path))]


def _pairs(path: Path, low: int, high: int) -> list[tuple[DexFile, Any]]:
    files = [(name, data) for name, data in oracle.dex_files(path) if low <= len(data) < high]
    assert files
    return [(oracle.ours(data, name), oracle.theirs(data)) for name, data in files]


def _methods(file: DexFile, dex: Any) -> list[tuple[DexMethod, Any]]:
    mine = [method for row in range(file.class_count) for method in DexClass(file, row).methods]
    classes = [definition.get_class_data() for definition in dex.get_classes()]
    other = [method for data in classes if data is not None for method in data.get_methods()]
    return list(zip(mine, other, strict=True))


def _assert_equal_tables(file: DexFile, dex: Any) -> None:
    mine, other = oracle.our_tables(file), oracle.their_tables(dex)
    for table, rows in other.items():
        assert mine[table] == rows, f"{file.entry}: {table}"
    assert oracle.our_members(file) == oracle.their_members(dex)
    assert file.problems == ()


def _assert_equal_code(pairs: list[tuple[DexMethod, Any]]) -> None:
    for mine, other in pairs:
        assert oracle.our_code(mine) == oracle.their_code(other), mine.ref


@pytest.mark.parametrize("path", _with_files_of(0, _SMALL_BYTES), ids=lambda path: path.name)
def test_small_files_are_read_alike(path: Path) -> None:
    for file, dex in _pairs(path, 0, _SMALL_BYTES):
        _assert_equal_tables(file, dex)
        _assert_equal_code(_methods(file, dex))


@pytest.mark.corpus
@pytest.mark.parametrize("path", _with_files_of(_SMALL_BYTES, _MEDIUM_BYTES), ids=lambda path: path.name)
def test_larger_files_are_read_alike(path: Path) -> None:
    for file, dex in _pairs(path, _SMALL_BYTES, _MEDIUM_BYTES):
        _assert_equal_tables(file, dex)
        methods = _methods(file, dex)
        _assert_equal_code(random.Random(len(methods)).sample(methods, min(_SAMPLED_METHODS, len(methods))))


@pytest.mark.corpus
@pytest.mark.slow
@pytest.mark.parametrize("path", _with_files_of(_MEDIUM_BYTES, 1 << 40), ids=lambda path: path.name)
def test_every_instruction_of_the_largest_files_is_read_alike(path: Path) -> None:
    for file, dex in _pairs(path, _MEDIUM_BYTES, 1 << 40):
        _assert_equal_tables(file, dex)
        _assert_equal_code(_methods(file, dex))


def _assert_equal_hierarchy(path: Path) -> None:
    """Compare what extends and implements what, over all DEX files of an app; the first definition of a class holds."""
    files = oracle.dex_files(path)
    hierarchy = Program.build(files).hierarchy
    above: dict[str, tuple[str, ...]] = {}
    for _, data in files:
        for definition in oracle.theirs(data).get_classes():
            has_superclass = definition.superclass_idx != oracle.NO_INDEX
            names = ((definition.get_superclassname(),) if has_superclass else ()) + tuple(definition.get_interfaces())
            above.setdefault(definition.get_name(), names)
    below: dict[str, set[str]] = {}
    for name in above:
        assert hierarchy.direct_supertypes(name) == above[name], name
        reached: set[str] = set()
        waiting = list(above[name])
        while waiting:
            other = waiting.pop()
            if other not in reached:
                reached.add(other)
                below.setdefault(other, set()).add(name)
                waiting += above.get(other, ())
        assert set(hierarchy.supertypes_of(name)) == reached, name
    assert {definition.descriptor for definition in hierarchy.classes} == set(above)
    for name, expected in below.items():
        assert set(hierarchy.subtypes_of(name)) == expected, name


@pytest.mark.parametrize(
    "path", [p for p in _CONTAINERS if sum(oracle.dex_sizes(p)) < _SMALL_BYTES], ids=lambda path: path.name
)
def test_small_apps_have_the_same_class_hierarchy(path: Path) -> None:
    _assert_equal_hierarchy(path)


@pytest.mark.corpus
@pytest.mark.slow
@pytest.mark.parametrize(
    "path", [p for p in _CONTAINERS if sum(oracle.dex_sizes(p)) >= _SMALL_BYTES], ids=lambda path: path.name
)
def test_large_apps_have_the_same_class_hierarchy(path: Path) -> None:
    _assert_equal_hierarchy(path)


def test_androguard_rejects_method_types_in_other_registers_than_the_first() -> None:
    """The one instruction kind where the oracle is wrong, so that nobody takes it for our fault.

    Its linear sweep takes ``const-method-type`` (opcode 0xff) with a register above 0 for an unknown payload. The
    instruction is valid: format 21c has eight bits for its register.
    """
    from androguard.core import dex

    source = oracle.theirs((oracle.FIXTURES / "opcodes.dex").read_bytes())
    units = bytes.fromhex("ffc8 0000 0e00")
    decode = dex.LinearSweepAlgorithm.get_instructions
    with pytest.raises(dex.InvalidInstruction):
        list(decode(source.CM, len(units) // 2, bytearray(units), 0))
