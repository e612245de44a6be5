"""Collections that are certainly empty: loops over them never run."""

from analyzer.dataflow.values import FieldValue, Result, Value
from analyzer.dex import MethodRef, Program

_MAKES_EMPTY = frozenset({"emptyList", "emptySet", "emptySequence", "emptyIterator"})
_OWNERS = ("Ljava/util/Collections;", "Lkotlin/collections/", "Lkotlin/sequences/")
_CONST, _RETURN = frozenset({0x12, 0x13}), 0x0F


def never_has_next(program: Program, ref: MethodRef, arguments: tuple[Value, ...]) -> bool:
    """Say whether a call of ``hasNext`` is about a collection without elements: what ``orEmpty()`` makes of null."""
    if ref.name != "hasNext" or not arguments:
        return False
    iterator = arguments[0]
    if not isinstance(iterator, Result) or iterator.ref.name != "iterator" or not iterator.arguments:
        return False
    return _is_empty(program, iterator.arguments[0])


def _is_empty(program: Program, collection: Value) -> bool:
    match collection:
        case Result(ref=ref):
            return ref.name in _MAKES_EMPTY and ref.owner.startswith(_OWNERS)
        case FieldValue(ref=field, base=None):
            # Kotlin's own empty list, under whatever name: it says of itself that it is.
            method = program.resolve_method(MethodRef(field.type, "isEmpty", "()Z"))
            code = None if method is None or method.ref.owner != field.type else method.code()
            steps = () if code is None else code.instructions
            return (
                len(steps) == len((_CONST, _RETURN))
                and steps[0].opcode in _CONST
                and steps[0].literal == 1
                and steps[1].opcode == _RETURN
            )
    return False
