"""Code that stands in one function of the source, and in several methods of the app: lambdas and their bodies."""

from analyzer.dex import DexMethod, FieldRef, MethodRef, Program

_NEW, _STATIC_OBJECT = 0x22, 0x62
_STATIC_CALLS = frozenset({0x70, 0x71, 0x76, 0x77})
_LAMBDA_METHODS = 3
"""Most methods of a lambda's class beside its constructors: what runs it, a bridge, and the body."""
_NESTED = 3
"""Most steps from the class of a lambda to its body: the accessor that D8 adds, and the body itself."""
_MAX_METHODS = 40


def with_lambdas(program: Program, method: DexMethod) -> tuple[DexMethod, ...]:
    """Return a method with the bodies of the lambdas that it makes, and of those that these make.

    A lambda is an object of a class that implements something and has hardly any other methods. Its body may stand in
    a static or private method of the class around it, which the lambda calls (javac, Kotlin from 2.0, D8).
    """
    found: dict[DexMethod, int] = {method: 0}
    waiting = [method]
    while waiting and len(found) < _MAX_METHODS:
        current = waiting.pop(0)
        step = found[current]
        for part in _next(program, current, inside=step > 0):
            if part not in found and step < _NESTED:
                found[part] = step + 1
                waiting.append(part)
    return tuple(found)


def _next(program: Program, method: DexMethod, *, inside: bool) -> list[DexMethod]:
    code = method.code()
    found: list[DexMethod] = []
    for one in code.instructions if code is not None else ():
        if one.index is None:
            continue
        if one.opcode == _NEW:
            found += _methods(program, str(method.file.resolve("type", one.index)))
        elif one.opcode == _STATIC_OBJECT:
            field = method.file.resolve("field", one.index)
            if isinstance(field, FieldRef) and field.type == field.owner:
                found += _methods(program, field.owner)
        elif inside and one.opcode in _STATIC_CALLS:
            ref = method.file.resolve("method", one.index)
            called = program.resolve_method(ref) if isinstance(ref, MethodRef) else None
            if called is not None and called.is_direct and "lambda$" in called.ref.name:
                found.append(called)
    return found


def _methods(program: Program, name: str) -> list[DexMethod]:
    definition = program.find_class(name)
    if definition is None or not definition.interfaces:
        return []
    methods = [one for one in definition.methods if one.ref.name not in ("<init>", "<clinit>")]
    return methods if len(methods) <= _LAMBDA_METHODS else []
