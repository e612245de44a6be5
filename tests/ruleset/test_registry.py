"""Judgements are registered under unique names with types that conditions can pass."""

import pytest

from analyzer.ruleset.functions import Context, judgement, registered


def test_the_authors_judgements_are_registered_with_their_types() -> None:
    names = registered()
    assert names, "no judgement is registered"
    for name, function in names.items():
        assert function.name == name
        assert function.call.__doc__, f"{name} says nothing about itself"
        assert len(function.parameter_shapes) == len(function.parameters)


def test_a_judgement_may_ask_for_the_context() -> None:
    taking = [function for function in registered().values() if function.takes_context]
    assert taking
    assert all(annotation is not Context for function in taking for _, annotation in function.parameters)


def test_a_name_is_taken_once() -> None:
    name = next(iter(registered()))

    def other(text: str) -> bool:
        return bool(text)

    with pytest.raises(ValueError, match="registered twice"):
        judgement(name)(other)


@pytest.mark.parametrize("name", ["camelCase", "with-dash", "", "1st"])
def test_a_name_is_in_snake_case(name: str) -> None:
    with pytest.raises(ValueError, match="snake_case"):
        judgement(name)
