"""What calls on constant texts return, and which objects are of which class."""

import pytest

from analyzer.dataflow.folding import fold_text
from analyzer.dataflow.kinds import is_kind_of
from analyzer.dataflow.values import Number, Parameter, Text, Value
from analyzer.dex import MethodRef

_STRING = "Ljava/lang/String;"
_HOST = Text("www.example.com")


def _ask(name: str, *operands: Value, owner: str = _STRING) -> Value | None:
    return fold_text(MethodRef(owner, name, "()Z"), False, operands)


@pytest.mark.parametrize(
    ("name", "operands", "expected"),
    [
        ("equals", (Text("www.example.com"),), Number(1)),
        ("startsWith", (Text("www."),), Number(1)),
        ("startsWith", (Text("api."),), Number(0)),
        ("length", (), Number(15)),
        ("indexOf", (Number(ord(".")),), Number(3)),
        ("indexOf", (Text("org"),), Number(-1)),
        ("substring", (Number(4),), Text("example.com")),
        ("substring", (Number(4), Number(11)), Text("example")),
        ("substring", (Number(99),), None),
        ("equals", (Parameter(MethodRef("La;", "a", "()V"), 0),), None),
        ("getBytes", (), None),
    ],
)
def test_questions_about_constant_texts_are_answered(
    name: str, operands: tuple[Value, ...], expected: Value | None
) -> None:
    assert _ask(name, _HOST, *operands) == expected


def test_hash_codes_are_those_of_java() -> None:
    # "FB" and "Ea" are the well-known pair with the same hash code.
    assert _ask("hashCode", Text("FB")) == _ask("hashCode", Text("Ea")) == Number(2236)
    assert _ask("hashCode", Text("polygenelubricants")) == Number(-(1 << 31))


def test_texts_outside_of_ascii_are_left_alone() -> None:
    assert _ask("length", Text("𝄞")) is None


@pytest.mark.parametrize(
    ("name", "wanted", "expected"),
    [
        ("[Ljava/lang/String;", "[Ljava/lang/Object;", True),
        ("[Ljava/lang/String;", "Ljava/util/Collection;", False),
        ("Ljava/util/ArrayList;", "Ljava/lang/Iterable;", True),
        ("Ljava/util/ArrayList;", "[Ljava/lang/Object;", False),
        ("Ljava/util/ArrayList;", "Ljava/util/RandomAccess;", None),
        ("Ljava/util/HashMap;", "Ljava/util/Collection;", False),
        ("Ljava/lang/String;", "Ljava/lang/CharSequence;", True),
        ("Ljava/lang/String;", "Ljava/util/List;", False),
    ],
)
def test_what_is_known_of_the_platform_decides_what_an_object_is(name: str, wanted: str, expected: bool | None) -> None:
    assert is_kind_of(None, name, wanted) is expected
