"""Checks that are not simply made once: handed to the platform to run, tried again, or made in turns of a loop."""

from analyzer.dataflow.path_model import Path, Paths, Step
from analyzer.dataflow.values import Computed, Created, FieldValue, Result, Value
from analyzer.dex import DexMethod, Program
from analyzer.extractors.code.trust_checks import is_check
from analyzer.extractors.code.trust_features import CALLS

_NEXT = frozenset({"next", "nextElement"})
_MAX_METHODS = 24
"""Most methods of one task that are looked into."""


def hands_over_check(program: Program, step: Step) -> bool:
    """Say whether a call gives the platform an object of the app whose code validates a certificate chain.

    When that runs, and what becomes of its refusal, the calls that follow say: it is not told here.
    """
    if step.called is None or program.resolve_method(step.called) is not None:
        return False
    given = [one.type for one in step.arguments[step.kind != "static" :] if isinstance(one, Created)]
    return any(_checks(program, name) for name in given)


def is_repeated(path: Path, failed: Step) -> bool:
    """Say whether a check that failed is made again later on a path, and does not fail then: one anchor of several."""
    after = path.steps[path.steps.index(failed) + 1 :]
    return any(step.called == failed.called and step.threw is None for step in after)


def from_a_loop(paths: Paths, value: Value) -> bool:
    """Say whether a value says which kind of object a loop has come to: other turns of it, which run as well, differ.

    A field tells that, as the lambdas have it that a shrinker merged, and so does a test of the class.
    """
    tells = isinstance(value, FieldValue) or (isinstance(value, Computed) and value.operation == "instance-of")
    return tells and any(isinstance(one, Result) and one.ref.name in _NEXT for one in paths.ingredients(value))


def _checks(program: Program, name: str) -> bool:
    definition = program.find_class(name)
    waiting: list[DexMethod] = [] if definition is None else [one for one in definition.methods if not one.is_static]
    seen = set(waiting)
    while waiting and len(seen) <= _MAX_METHODS:
        one = waiting.pop()
        code = one.code()
        for instruction in code.instructions if code is not None else ():
            if instruction.opcode not in CALLS:
                continue
            ref = one.file.method(instruction.index or 0)
            if is_check(program, ref):
                return True
            callee = program.resolve_method(ref)
            # The body of a lambda stands in the class that makes it.
            if callee is not None and callee not in seen:
                seen.add(callee)
                waiting.append(callee)
    return False
