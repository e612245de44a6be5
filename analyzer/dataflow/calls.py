"""What calls do to the objects they get, as far as the evaluation of one method has to know."""

from analyzer.dataflow.values import CallKind
from analyzer.dex import DexMethod, MethodRef, Program

_KINDS: tuple[CallKind, ...] = ("virtual", "super", "direct", "static", "interface")
_IMMUTABLE = frozenset(
    f"Ljava/lang/{name};" for name in ("String", "Integer", "Long", "Boolean", "Class", "Character", "Enum")
)
_CHANGES_ARGUMENT: dict[tuple[str, str], int] = {
    ("Ljava/lang/System;", "arraycopy"): 2,
    ("Ljava/util/Collections;", "addAll"): 0,
    ("Ljava/util/Arrays;", "fill"): 0,
    ("Ljava/util/Arrays;", "sort"): 0,
    ("Ljava/util/Collections;", "reverse"): 0,
    ("Ljava/util/Collections;", "sort"): 0,
    ("Ljava/util/Collections;", "shuffle"): 0,
}
"""Static methods of the platform that change an argument, and which."""
_FLUENT_OWNERS = frozenset({"Ljava/lang/StringBuilder;", "Ljava/lang/StringBuffer;"})
_NOT_FLUENT = frozenset({"newBuilder", "clone", "copy", "buildUpon", "toBuilder"})
_MAX_SCANNED = 2_000
_RETURN_OBJECT = 0x11
_STORES = frozenset({*range(0x0E, 0x12), 0x00, 0x1D, 0x1E, *range(0x27, 0x2D), *range(0x32, 0x3E), 0x26})
_WRITES_NOTHING = _STORES | {*range(0x4B, 0x52), *range(0x59, 0x60), *range(0x67, 0x6E), *range(0x6E, 0x79)}
_WRITES_NOTHING |= {0x1F, 0x24, 0x25, 0xFA, 0xFB, 0xFC, 0xFD}


def kind_of(opcode: int) -> CallKind:
    """Return how an ``invoke-*`` instruction calls."""
    return _KINDS[opcode - (0x6E if opcode < 0x74 else 0x74)]


class MethodCalls:
    """Says which calls change an argument, so that they belong to its history."""

    def __init__(self, program: Program) -> None:
        """Judge calls in the code of `program`."""
        self._program = program
        self.hierarchy = program.hierarchy
        self._known: dict[tuple[MethodRef, CallKind, int], bool] = {}
        self._fluent: dict[tuple[MethodRef, CallKind], bool] = {}

    def takes_note(self, ref: MethodRef, kind: CallKind, position: int) -> bool:
        """Say whether a call may change its argument at `position`, the receiver included in the count."""
        key = (ref, kind, position)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._judge(ref, kind, position)
        return known

    def surely_changes(self, ref: MethodRef, kind: CallKind, position: int) -> bool:
        """Say whether a call is to a static method of the platform that changes its argument at `position`."""
        return kind == "static" and _CHANGES_ARGUMENT.get((ref.owner, ref.name)) == position

    def returns_receiver(self, ref: MethodRef, kind: CallKind) -> bool:
        """Say whether a call returns its receiver, as the methods of fluent builders do."""
        known = self._fluent.get((ref, kind))
        if known is None:
            known = self._fluent[ref, kind] = _returns_receiver(self._program, ref, kind)
        return known

    def _judge(self, ref: MethodRef, kind: CallKind, position: int) -> bool:
        if kind != "static" and position == 0:
            return ref.owner not in _IMMUTABLE or ref.name == "<init>"
        types = ref.parameters if kind == "static" else (ref.owner, *ref.parameters)
        if position >= len(types) or types[position][0] not in "L[" or types[position] in _IMMUTABLE:
            return False
        if self.surely_changes(ref, kind, position):
            return True
        return self._program.resolve_method(ref) is not None


def _returns_receiver(program: Program, ref: MethodRef, kind: CallKind) -> bool:
    if kind == "static" or ref.return_type[0] != "L":
        return False
    method = program.resolve_method(ref)
    if method is not None:
        return not method.is_abstract and _returns_this(method)
    if ref.owner in _FLUENT_OWNERS:
        return ref.return_type in _FLUENT_OWNERS or ref.return_type == "Ljava/lang/AbstractStringBuilder;"
    if ref.name in _NOT_FLUENT:
        return False
    return ref.return_type == ref.owner and ref.owner.removesuffix(";").endswith("Builder")


def _returns_this(method: DexMethod) -> bool:
    """Say whether all returns give the register of ``this``, which nothing else is written to."""
    code = method.code()
    if code is None or method.is_static or len(code.instructions) > _MAX_SCANNED:
        return False
    this = code.registers_size - code.ins_size
    returned = False
    for instruction in code.instructions:
        registers = instruction.registers
        if instruction.opcode == _RETURN_OBJECT:
            if registers != (this,):
                return False
            returned = True
        elif instruction.opcode not in _WRITES_NOTHING and instruction.opcode < 0x100 and registers[:1] == (this,):
            return False
    return returned
