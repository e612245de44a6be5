"""Rule files are read without YAML's surprises."""

import pytest

from analyzer.conditions.yaml_reader import read_yaml
from analyzer.errors import RuleError


def test_plain_scalars_are_texts_numbers_truth_values_or_null() -> None:
    text = "a: no\nb: 2026-01-15\nc: 12\nd: 1.5\ne: true\nf: null\ng: ~\nh: '12'\ni: 012\nj: on\nk: 1:30\nl: |\n  x\n"
    assert read_yaml(text, "x") == {
        "a": "no", "b": "2026-01-15", "c": 12, "d": 1.5, "e": True, "f": None, "g": None, "h": "12", "i": "012",
        "j": "on", "k": "1:30", "l": "x\n",
    }  # fmt: skip


def test_collections_nest() -> None:
    assert read_yaml("a:\n- {b: [1, [2]], c: {}}\n- []\n", "x") == {"a": [{"b": [1, [2]], "c": {}}, []]}


def test_an_empty_file_is_null() -> None:
    assert read_yaml("# nothing\n", "x") is None


def test_deep_nesting_does_not_recurse() -> None:
    data = read_yaml("[" * 5000 + "]" * 5000, "x")
    depth = 0
    while data:
        data, depth = data[0], depth + 1
    assert depth == 4999


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "x, line 3: the key a is given twice"),
        ("a: &name 1\n", "x, line 1: anchors and tags are not supported"),
        ("a: !!python/object:os.system {}\n", "x, line 1: anchors and tags are not supported"),
        ("a: 1\nb: *a\n", "x, line 2"),
        ("a: 1\n---\nb: 2\n", "x, line 3: a second document is not supported"),
        ("? [a]\n: 1\n", "x, line 1: a key must be a word"),
        ("a: [1\n", "x, line 2: not readable as YAML"),
        ("a: '\x07'\n", "x"),
    ],
)
def test_what_is_left_out_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(RuleError) as caught:
        read_yaml(text, "x")
    assert str(caught.value).startswith(message)
