"""Callers of a method as its parameters see them, through the bridges that fill in Kotlin's default arguments."""

from typing import TYPE_CHECKING, NamedTuple

from analyzer.dataflow.evaluate import Call
from analyzer.dataflow.question import Frame, Question
from analyzer.dataflow.values import Number, Value
from analyzer.dex import DexMethod, MethodRef

if TYPE_CHECKING:
    from analyzer.dataflow.origins import Origins
    from analyzer.dataflow.resolve import Resolver

_ACC_SYNTHETIC = 0x1000


class BoundCaller(NamedTuple):
    """A call of a method, and in which call of the calling method its arguments are to be understood."""

    call: Call
    caller: MethodRef
    """The method that decides about the arguments: the one above, where a bridge fills in defaults."""
    frame: Frame | None


def bound_callers(
    resolver: "Resolver", origins: "Origins", method: DexMethod, question: Question
) -> tuple[tuple[BoundCaller, ...], Value | None]:
    """Return the calls that may run `method`, and why there may be more.

    Which defaults a bridge fills in depends on the mask that its own caller passes: null and zero stand for what was
    left out, and are no arguments. A bridge that nobody calls fills in nothing; compilers make one for every function
    with defaults.
    """
    callers, why = origins.callers(method, question)
    found: list[BoundCaller] = []
    unused: list[BoundCaller] = []
    for values, call in callers:
        bridge = values.method
        plain = BoundCaller(call, bridge.ref, None)
        if not _fills_defaults(bridge):
            found.append(plain)
            continue
        outer, more = origins.callers(bridge, question)
        why = why if more is None else more
        bound = []
        for above, outer_call in outer:
            masks = {at: one for at, one in enumerate(outer_call.arguments) if isinstance(one, Number)}
            evaluated = resolver.evaluate(bridge, question, masks)
            inner = None if evaluated is None else evaluated.calls.get(call.offset)
            if inner is not None:
                frame = Frame(bridge.ref, outer_call.arguments, None)
                bound.append(BoundCaller(inner, above.method.ref, frame))
        if bound:
            found += bound
        elif outer or more is not None or not bridge.ref.name.endswith("$default"):
            found.append(plain)
        else:
            unused.append(plain)
    return tuple(found or unused), why


def _fills_defaults(method: DexMethod) -> bool:
    synthetic = bool(method.access_flags & _ACC_SYNTHETIC) or method.ref.name.endswith("$default")
    return synthetic and method.is_static and "I" in method.ref.parameters
