"""What Kotlin's lazy values hold."""

from typing import TYPE_CHECKING

from analyzer.dataflow.question import Frame, Instance, Question
from analyzer.dataflow.values import Result, Unknown, Value, alternatives

if TYPE_CHECKING:
    from analyzer.dataflow.resolve import Resolver


def lazy_content(resolver: "Resolver", result: Result, frame: Frame | None, question: Question, depth: int) -> Value:
    """Follow ``by lazy { … }`` into its block; `result` is what the lazy value was asked for."""
    found: list[Value] = []
    for lazy in alternatives(resolver.reduce(result.arguments[0], frame, question, depth + 1)):
        block = resolver.kotlin.block_argument(lazy.value) if isinstance(lazy, Instance) else None
        if block is None or not isinstance(lazy, Instance):
            found.append(Unknown("a lazy value whose block is not known"))
            continue
        for one in alternatives(resolver.reduce(block, lazy.frame, question, depth + 1)):
            name = one.type if isinstance(one, Instance) else None
            invoke = None if name is None else resolver.kotlin.block_of(name)
            if invoke:
                found.append(resolver.returned(invoke, (one,), None, question, depth + 1))
            else:
                found.append(Unknown("a lazy value whose block is not known"))
    return resolver.join(found)
