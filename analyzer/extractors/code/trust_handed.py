"""Checks that are handed to the platform to run: to executors, threads, or with other privileges."""

from analyzer.dataflow.path_model import Step
from analyzer.dataflow.values import Created
from analyzer.dex import DexMethod, Program
from analyzer.extractors.code.trust_checks import is_check
from analyzer.extractors.code.trust_features import CALLS

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
