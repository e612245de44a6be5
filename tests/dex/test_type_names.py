"""Types are found by name whatever their names look like, in one file and across files."""

import numpy as np
import pytest

from analyzer.dex import MethodRef, Program
from analyzer.dex.problems import ProblemLog
from analyzer.dex.type_names import TypeNames
from tests.dex.oracle import FIXTURES
from tests.dex.test_strings import string_table

LONG = "Lapp/" + "x" * 500 + ";"
HUGE = "Lapp/" + "x" * 5_000 + ";"
NAMES = ["I", "Lapp/Main;", LONG, HUGE, "Lapp/é;", "Lapp/\U0001f600;", "Lapp/\ud800;", "[Lapp/Main;", ""]


def type_names(names: list[str], most_bytes: int = 100_000) -> TypeNames:
    """Name types in this order."""
    distinct = sorted(set(names), key=lambda text: text.encode("utf-16-be", "surrogatepass"))
    table = string_table(distinct)
    return TypeNames(table, np.array([distinct.index(name) for name in names], np.uint32), most_bytes)


@pytest.mark.parametrize("name", [name for name in NAMES if name], ids=range(len(NAMES) - 1))
@pytest.mark.parametrize("most_bytes", [100_000, 0], ids=["read", "looked-up"])
def test_a_type_is_found_by_its_name(name: str, most_bytes: int) -> None:
    assert type_names(NAMES, most_bytes).find(name) == NAMES.index(name)


@pytest.mark.parametrize("most_bytes", [100_000, 0], ids=["read", "looked-up"])
def test_what_no_type_is_named_is_not_found(most_bytes: int) -> None:
    names = type_names(NAMES, most_bytes)
    assert [names.find(name) for name in ("J", "Lapp/Mai", LONG[:-1], HUGE[:-1], "Lapp/è;", "[I")] == [None] * 6


def test_of_two_types_with_one_name_the_first_counts() -> None:
    assert type_names(["I", "J", "I", LONG, LONG]).find("I") == 0
    assert type_names(["I", "J", "I", LONG, LONG], 0).find(LONG) == 3


def test_names_that_were_not_read_are_known_to_be_missing() -> None:
    assert type_names(["I", LONG]).are_complete
    assert dict(type_names(["I", LONG]).names()) == {"I": 0, LONG: 1}
    assert not type_names(["I", HUGE]).are_complete
    assert not type_names(["I", LONG], 100).are_complete


def test_a_name_that_does_not_exist_is_no_type() -> None:
    names = TypeNames(string_table(["I"], ProblemLog("classes.dex")), np.array([7, 0], np.uint32), 100)
    assert names.find("I") == 1
    assert dict(names.names()) == {"I": 1}


def test_each_file_is_asked_for_its_own_numbers() -> None:
    entries = [(path.name, path.read_bytes()) for path in sorted(FIXTURES.glob("*.dex"))[:4]]
    program = Program.build(entries)
    for file in program.files:
        for index in range(0, len(file.tables.type_strings), 7):
            assert (file, index) in program.lookup.types(file.type(index))
        for index in range(0, len(file.tables.method_names), 7):
            assert (file, index) in program.lookup.methods(file.method(index))
        for index in range(0, len(file.tables.field_names), 3):
            assert (file, index) in program.lookup.fields(file.field(index))
    assert program.lookup.methods(MethodRef("Lno/Such;", "name", "()V")) == ()
    assert list(program.lookup.files_naming("Lno/Such;")) == []
