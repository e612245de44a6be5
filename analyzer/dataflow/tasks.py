"""Tasks for executors: what ``Future.get`` runs, and what it raises when that fails."""

from analyzer.dataflow.values import Created, Result, Value
from analyzer.dex import DexMethod, MethodRef, Program

EXECUTION = "Ljava/util/concurrent/ExecutionException;"
"""What ``Future.get`` raises for whatever the task raised (Java SE 8, ``java.util.concurrent.Future``)."""
_EXECUTOR = ("Ljava/util/concurrent/",)
_SUBMITS = frozenset({"submit"})
_BODIES = (("call", "()Ljava/lang/Object;"), ("run", "()V"))


def awaited_task(program: Program, ref: MethodRef, arguments: tuple[Value, ...]) -> tuple[DexMethod, Value] | None:
    """Return the body and the object of the app's task whose result a call waits for; None when it waits for none."""
    if ref.name != "get" or not ref.owner.startswith(_EXECUTOR) or not arguments:
        return None
    future = arguments[0]
    if not isinstance(future, Result) or future.ref.name not in _SUBMITS or len(future.arguments) < 2:
        return None
    task = future.arguments[1]
    if not future.ref.owner.startswith(_EXECUTOR) or not isinstance(task, Created):
        return None
    for name, descriptor in _BODIES:
        method = program.resolve_method(MethodRef(task.type, name, descriptor))
        if method is not None and not method.is_abstract:
            return method, task
    return None
