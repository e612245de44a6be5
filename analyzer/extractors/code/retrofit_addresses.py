"""Tells which addresses are parsed for Retrofit, under whatever names: by the text with which it refuses one."""

from collections.abc import Iterator

from analyzer.dataflow.evaluate import Call, MethodValues
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import Created, Result, Text, Value, walk
from analyzer.dex import Site
from analyzer.extractors.code.context import CodeContext

REFUSAL = "baseUrl must end in /: "
"""``Retrofit.Builder.baseUrl(HttpUrl)`` (2.0 to 2.11, 3.0) throws it, with the address behind."""


class RetrofitAddresses:
    """Answers for one program."""

    def __init__(self, code: CodeContext, resolver: Resolver) -> None:
        """Look for the text in the program of `code`."""
        self._program = code.program
        self._evaluator = resolver.evaluator
        self._texts = frozenset(code.program.strings_starting(REFUSAL))
        loads = code.program.users.loads_of(sorted(self._texts)) if self._texts else ()
        self._refusing = frozenset(site.method for site in loads)

    def takes(self, site: Site) -> bool:
        """Say whether what a call at `site` makes of a text is an address that Retrofit is given.

        It is when it is handed to the method that refuses some, or, where that was inlined, put behind its text.
        """
        values = self._evaluator.evaluate(site.method) if self._refusing else None
        if values is None:
            return False
        return any(self._gets_address(call, site, values) for call in values.calls.values())

    def _gets_address(self, call: Call, site: Site, values: MethodValues) -> bool:
        given = call.arguments if call.kind == "static" else call.arguments[1:]
        if not any(_is_made_at(value, site, values) for value in given):
            return False
        method = self._program.resolve_method(call.ref)
        if method is not None:
            return method in self._refusing and method != site.method
        return site.method in self._refusing and any(
            text.value in self._texts for value in call.arguments for text in _texts(value)
        )


def _is_made_at(value: Value, site: Site, values: MethodValues) -> bool:
    return isinstance(value, Result) and (value.method, value.offset) == (values.method.ref, site.offset)


def _texts(value: Value) -> Iterator[Text]:
    """Yield the texts in a value, and those that an object was given by then."""
    for part in walk(value):
        if isinstance(part, Text):
            yield part
        for event in part.events if isinstance(part, Created) else ():
            yield from (one for one in event.arguments if isinstance(one, Text))
