"""Expressions are compiled, evaluated over records, and fail in words."""

import datetime as dt

import pytest

from analyzer.conditions.environment import MAX_COPIED_ITEMS, Bindings, ConditionError, Environment, Value, plain
from analyzer.conditions.functions import describe_function
from analyzer.model import PinFact
from tests import factories


class Counter:
    """A context for functions."""

    calls = 0


def same_host(left: str, right: str | None) -> bool:
    return left == right


def count(context: Counter) -> int:
    context.calls += 1
    return context.calls


def digest_of(pin: PinFact) -> bytes:
    assert isinstance(pin, PinFact)
    return pin.digest or b""


def refuse(text: str) -> str:
    raise ValueError(f"{text} is not acceptable")


def stumble(text: str) -> str:
    return {"known": "value"}[text]


FUNCTIONS = [
    describe_function("same_host", same_host),
    describe_function("count", count, context=Counter),
    describe_function("digest_of", digest_of),
    describe_function("refuse", refuse),
    describe_function("stumble", stumble),
]
ENVIRONMENT = Environment(variables={"fact": PinFact, "hosts": list[str], "as_of": dt.datetime}, functions=FUNCTIONS)


def bound(**changes: object) -> Bindings:
    values = {"fact": factories.pin(), "hosts": ["a.example", "b.example"], "as_of": factories.AS_OF, **changes}
    return ENVIRONMENT.bind({name: Value(value) for name, value in values.items()}, Counter())


def evaluate(source: str, **changes: object) -> object:
    return ENVIRONMENT.compile(source).evaluate(bound(**changes))


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("fact.host == 'api.example.com' && fact.problem == null", True),
        ("fact.digest == b'\\007\\010' || size(fact.digest) == 32", True),
        ("hosts.exists(h, h.startsWith('b.'))", True),
        ("hosts.filter(h, h != 'a.example')", ["b.example"]),
        ("as_of < timestamp('2026-01-16T00:00:00Z')", True),
        ("fact.host.matches('^api[.]')", True),
        ("size(fact.evidence)", 1),
        ("same_host(fact.host, fact.expires_on)", False),
        ("same_host(fact.host, fact.host)", True),
        ("count() + count()", 3),
        ("digest_of(fact) == fact.digest", True),
        ("digest_of(fact)", factories.DIGEST),
    ],
)
def test_an_expression_has_the_value_that_the_records_give_it(source: str, value: object) -> None:
    assert evaluate(source) == value


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("fact.host ==", "Syntax error"),
        ("fct.host == 'x'", "undeclared reference to 'fct"),
        ("nosuch(fact.host)", "undeclared reference to 'nosuch'"),
        ("same_host(1, fact.host)", "no matching overload"),
        ("!" * 3 + "(" * 60 + "true" + ")" * 60, "recursion"),
        ("true && " * 20_000 + "true", "size"),
    ],
)
def test_a_malformed_expression_is_refused_in_one_line(source: str, part: str) -> None:
    with pytest.raises(ConditionError) as caught:
        ENVIRONMENT.compile(source)
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("fact.problem.startsWith('x')", "No matching overloads"),
        ("hosts[5] == 'x'", "ndex"),
        ("timestamp(fact.value) < as_of", "imestamp"),
        ("refuse(fact.host) == 'x'", "api.example.com is not acceptable"),
        ("stumble(fact.host) == 'x'", "api.example.com"),
        ("1 / (size(hosts) - 2) == 1", "zero"),
    ],
)
def test_an_evaluation_error_is_a_condition_error(source: str, part: str) -> None:
    with pytest.raises(ConditionError, match=part):
        evaluate(source)


def test_a_condition_must_be_true_or_false() -> None:
    with pytest.raises(ConditionError, match="not a truth value"):
        ENVIRONMENT.compile("fact.host").holds(bound())


@pytest.mark.parametrize("text", ["lone \ud800 surrogate", "a\x00b", "{fact.host}", "'\"\\", "\u202e", "x" * 100_000])
def test_text_of_the_app_is_only_ever_a_value(text: str) -> None:
    value = evaluate("fact.value", fact=factories.pin(value=text))
    assert value == text.replace("\ud800", "\ufffd").replace("\x00", "\ufffd")
    assert evaluate("fact.value == fact.host", fact=factories.pin(value=text)) is False


def test_bytes_keep_their_zeros() -> None:
    fact = factories.pin(digest=bytes(32))
    assert evaluate("fact.digest", fact=fact) == bytes(32)
    assert evaluate("digest_of(fact)", fact=fact) == bytes(32)


def test_a_number_beyond_64_bits_is_an_error_and_no_crash() -> None:
    with pytest.raises(ConditionError, match="out of range"):
        plain({"number": 2**70})


def test_comprehensions_over_long_lists_are_bounded() -> None:
    many = [f"h{number}.example" for number in range(MAX_COPIED_ITEMS + 1)]
    assert evaluate("hosts.exists(h, h == 'h7.example')", hosts=many) is True
    with pytest.raises(ConditionError, match=f"longer than {MAX_COPIED_ITEMS}"):
        evaluate("hosts.map(h, h + '.')", hosts=many)
    with pytest.raises(ConditionError, match="budget"):
        evaluate("hosts.all(h, hosts.all(g, g != h + '.'))", hosts=many)


def test_sets_are_lists_in_a_stable_order() -> None:
    assert plain(frozenset({"c", "a", "b"})) == ["a", "b", "c"]


def untyped(value):  # type: ignore[no-untyped-def]
    return value


def keyword_only(*, value: str) -> str:
    return value


def with_default(value: str = "x") -> str:
    return value


def unsupported(value: set[complex]) -> bool:
    return bool(value)


@pytest.mark.parametrize("function", [untyped, keyword_only, with_default, unsupported])
def test_a_function_without_plain_types_is_refused(function: object) -> None:
    assert callable(function)
    with pytest.raises(TypeError):
        describe_function("name", function)
