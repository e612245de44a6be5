"""A NUL byte in a digest or in an app's text does not cut it off on the way into a condition."""

from analyzer.conditions.environment import Environment, Value
from analyzer.conditions.functions import describe_function
from analyzer.model import PolicyPin

DIGEST = b"ab\0cd" + bytes(27)


def _digest_of(fact: PolicyPin) -> bytes:
    return fact.digest


ENVIRONMENT = Environment(variables={"fact": PolicyPin}, functions=[describe_function("digest_of", _digest_of)])


def _evaluate(source: str, *, value: str = "pin") -> object:
    pin = PolicyPin(digest=DIGEST, value=value, path="pin-set/pin")
    return ENVIRONMENT.compile(source).evaluate(ENVIRONMENT.bind({"fact": Value(pin)}))


def test_a_condition_sees_all_bytes_of_a_digest() -> None:
    assert _evaluate("fact.digest") == DIGEST
    assert _evaluate("size(fact.digest)") == 32


def test_a_judgement_receives_and_returns_all_bytes_of_a_digest() -> None:
    assert _evaluate("digest_of(fact)") == DIGEST
    assert _evaluate("digest_of(fact) == fact.digest") is True


def test_a_nul_character_is_replaced_and_the_text_behind_it_kept() -> None:
    assert _evaluate("fact.value", value="left\0right") == "left\ufffdright"
