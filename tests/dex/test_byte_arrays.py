"""Arrays of bytes are found without decoding what decoding every method finds as well."""

from pathlib import Path

import pytest

from analyzer.dex import Program
from analyzer.dex.byte_arrays import byte_arrays
from analyzer.dex.instructions import ArrayPayload
from tests.dex.oracle import FIXTURES

PATHS = sorted(FIXTURES.parents[1].rglob("fixtures/*.dex"))


def decoded(program: Program) -> set[tuple[str, bytes]]:
    """Return method and content of every array that code is filled from, by decoding all of it."""
    found = set()
    for definition in program.classes:
        for method in definition.methods:
            body = method.code()
            for instruction in body.instructions if body is not None else ():
                if body is not None and instruction.name == "fill-array-data" and instruction.target is not None:
                    payload = body.payload(instruction)
                    if isinstance(payload, ArrayPayload) and payload.element_bytes == 1:
                        found.add((str(method.ref), payload.data))
    return found


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_search_finds_what_decoding_everything_finds(path: Path) -> None:
    program = Program.build([("classes.dex", path.read_bytes())])
    wanted = decoded(program)
    found = {(str(array.method.ref), array.data) for array in byte_arrays(program, [b""], least=1, most=10_000)}
    assert {data for _, data in found} == {data for _, data in wanted}
    assert found <= wanted


def test_the_arrays_are_those_with_a_beginning_and_a_size() -> None:
    program = Program.build([(path.name, path.read_bytes()) for path in PATHS])
    every = byte_arrays(program, [b""], least=1, most=10_000)
    beginnings = sorted({array.data[:1] for array in every}, reverse=True)
    assert len(beginnings) > 1
    found = byte_arrays(program, beginnings, least=4, most=2)
    assert [array.data[:1] for array in found] == sorted([array.data[:1] for array in found], reverse=True)
    for beginning in beginnings:
        suited = [array.data for array in every if array.data.startswith(beginning) and len(array.data) >= 4]
        assert [array.data for array in found if array.data.startswith(beginning)] == suited[:2]
