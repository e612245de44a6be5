"""Which method of the app a call on a path runs, and which of these are worth entering."""

from collections.abc import Callable, Sequence

from analyzer.dataflow.cfg import Cfg
from analyzer.dataflow.path_model import Interesting
from analyzer.dataflow.values import CallKind, ClassName, Created, Parameter, Value
from analyzer.dex import CodeItem, DexMethod, MethodRef, Program

MAX_TARGETS = 3
"""Most candidates of one call that are entered."""
_MAX_SUBTYPES = 64
_SCAN_DEPTH = 4
_MAX_SCANNED = 400
"""Most instructions of a helper that is entered only because it returns a boolean."""
_MAX_SCANNED_TARGETS = 16
"""Most implementations of an abstract method that are looked into."""
_THROW = 0x27
_CALLS = frozenset({*range(0x6E, 0x73), *range(0x74, 0x79)})
_IF_EQZ, _IF_NEZ = 0x38, 0x39
_RETURN_VOID = 0x0E
_SHORT = 40
_LIBRARY_CODE = ("Lkotlin/", "Lkotlinx/")
_KOTLIN_RESULT = ("Lkotlin/Result;", "Lkotlin/ResultKt;", "Lkotlin/Result$Failure;")
"""What ``runCatching`` keeps a failure in, and throws it from again."""
_INSTANCE_OF, _NEW_INSTANCE, _AGET_OBJECT = 0x20, 0x22, 0x46
_TINY = 12
_THROWABLE = "Ljava/lang/Throwable;"
_CHECKS = frozenset({"check", "checkParameterIsNotNull", "checkExpressionValueIsNotNull", "throwUninitialized"})

ReceiverTypes = Callable[[Value], Sequence[str] | None]
"""Says of which classes an object may be; None when that is not known."""


class Dispatch:
    """Looks up callees in one program."""

    def __init__(self, program: Program, interesting: Interesting, receiver_types: ReceiverTypes | None = None) -> None:
        """Prefer exact receivers, from the term itself or from `receiver_types`."""
        self._program = program
        self._interesting = interesting
        self._receiver_types = receiver_types
        self._worth: dict[DexMethod, bool] = {}
        self._null_checks: dict[DexMethod, bool] = {}
        self._made: dict[str, bool] = {}

    def targets(
        self, ref: MethodRef, kind: CallKind, arguments: tuple[Value, ...], this_type: str
    ) -> tuple[DexMethod, ...] | None:
        """Return the methods of the app that a call may run; empty for the platform's, None when it cannot be told.

        `this_type` is the class of the object whose method is explored.
        """
        program = self._program
        method = program.resolve_method(ref)
        if kind in ("static", "direct", "super") or (method is not None and method.is_direct):
            return () if method is None else (method,)
        exact = self._exact(ref, arguments[0] if arguments else None, this_type)
        if exact is not None:
            return (exact,)
        if method is None and program.find_class(ref.owner) is None:
            # An interface or class of the platform: many classes implement it, and which one is meant is not known.
            return ()
        found = program.implementations_of(ref)
        if len(found) > 1 and self._receiver_types is not None and arguments:
            types = self._receiver_types(arguments[0])
            if types:
                named = [program.resolve_method(MethodRef(one, ref.name, ref.descriptor)) for one in types]
                found = tuple(dict.fromkeys(one for one in named if one is not None and not one.is_abstract)) or found
        found = tuple(one for one in found if self._is_made(one))
        if len(found) > MAX_TARGETS:
            return None
        return found if found or method is None else None

    def _is_made(self, method: DexMethod) -> bool:
        """Say whether some object that a method may run on is ever made, or kept in a field that is read elsewhere."""
        owner = method.ref.owner
        known = self._made.get(owner)
        if known is None:
            names = (owner, *self._program.hierarchy.subtypes_of(owner))[:_MAX_SUBTYPES]
            known = self._made[owner] = any(self._is_created(name) for name in names)
        return known

    def _is_created(self, name: str) -> bool:
        users = self._program.users
        for site in users.creations_of((name,)):
            maker = site.method.ref
            if maker.owner != name or maker.name not in ("<clinit>", "<init>"):
                return True
        # An instance that its own class keeps counts when somebody asks for it.
        constants = [ref for ref in self._program.field_refs(name) if ref.type == name]
        return any(site.method.ref.owner != name for site in users.readers_of(constants)) if constants else False

    def _exact(self, ref: MethodRef, receiver: Value | None, this_type: str) -> DexMethod | None:
        known = None
        if isinstance(receiver, Created):
            known = receiver.type
        elif isinstance(receiver, Parameter) and receiver.index == 0:
            owner = self._program.resolve_method(receiver.method)
            if owner is not None and not owner.is_static:
                known = this_type
        if known is None:
            return None
        method = self._program.resolve_method(MethodRef(known, ref.name, ref.descriptor))
        return None if method is None or method.is_abstract else method

    def worth_entering(self, method: DexMethod) -> bool:
        """Say whether a helper may decide something: it returns a boolean, throws, or makes an interesting call.

        So may what wraps its only argument into an object, or looks whether it is wrapped: failures are kept that
        way, in what a constructor fills.
        """
        known = self._worth.get(method)
        if known is None:
            known = self._worth[method] = self._judge(method)
        return known

    def _judge(self, method: DexMethod) -> bool:
        code = method.code()
        if code is None:
            return False
        if method.ref.owner.startswith(_LIBRARY_CODE):
            return method.ref.owner in _KOTLIN_RESULT and (method.is_static or method.ref.name == "<init>")
        if _wraps(method, code):
            return True
        if method.ref.return_type == "Z" and len(code.instructions) <= _MAX_SCANNED:
            return True
        seen = {method}
        generation = [method]
        for depth in range(_SCAN_DEPTH):
            following: list[DexMethod] = []
            for one in generation:
                body = one.code()
                for instruction in body.instructions if body is not None else ():
                    if instruction.opcode == _THROW and depth < 2 and not one.ref.owner.startswith(_LIBRARY_CODE):
                        return True
                    if instruction.opcode not in _CALLS:
                        continue
                    ref = one.file.method(instruction.index or 0)
                    if self._interesting(ref):
                        return True
                    for callee in self._may_run(ref, one):
                        if callee not in seen and not self.is_null_check(callee):
                            seen.add(callee)
                            following.append(callee)
            generation = following[:64]
        return False

    def _may_run(self, ref: MethodRef, caller: DexMethod) -> tuple[DexMethod, ...]:
        """Return the method that a call names; of an abstract one of the caller's own class those that implement it."""
        method = self._program.resolve_method(ref)
        if method is None:
            return ()
        if not method.is_abstract or method.owner != caller.owner:
            return (method,)
        return self._program.implementations_of(ref)[:_MAX_SCANNED_TARGETS]

    def is_null_check(self, method: DexMethod) -> bool:
        """Say whether a static helper does nothing but throw when its first argument is null.

        So are Kotlin's parameter checks (``Intrinsics.checkNotNullParameter``), under whatever name a shrinker gave
        them: recognised by their bodies.
        """
        known = self._null_checks.get(method)
        if known is None:
            known = self._null_checks[method] = self._checks_null(method)
        return known

    def _checks_null(self, method: DexMethod) -> bool:
        ref = method.ref
        if not method.is_static or ref.return_type != "V" or not 1 <= len(ref.parameters) <= 2:
            return False
        if ref.parameters[0][0] not in "L[" or ref.parameters[1:] not in ((), ("Ljava/lang/String;",)):
            return False
        if ref.owner == "Lkotlin/jvm/internal/Intrinsics;":
            return ref.name.startswith(tuple(_CHECKS))
        code = method.code()
        if code is None or len(code.instructions) > _MAX_SCANNED or code.try_blocks:
            return False
        cfg = Cfg(code)
        argument = code.registers_size - code.ins_size
        entry = cfg.blocks.get(cfg.entry)
        if entry is None or len(entry.instructions) != 1:
            return False
        test = entry.instructions[0]
        if test.opcode not in (_IF_EQZ, _IF_NEZ) or test.registers != (argument,) or len(entry.successors) != 2:
            return False
        taken, following = entry.successors
        null, present = (taken, following) if test.opcode == _IF_EQZ else (following, taken)
        if [one.opcode for one in cfg.blocks[present].instructions] != [_RETURN_VOID]:
            return False
        return self._only_throws(cfg, null, method)

    def _only_throws(self, cfg: Cfg, start: int, method: DexMethod) -> bool:
        """Say whether all ways from a block end in a throw, or in a call of a helper that only throws."""
        seen: set[int] = set()
        waiting = [start]
        thrown = False
        while waiting:
            block = cfg.blocks[waiting.pop()]
            if block.start in seen:
                continue
            seen.add(block.start)
            last = block.instructions[-1]
            if last.opcode == _THROW:
                thrown = True
            elif last.opcode == _RETURN_VOID:
                calls = [one for one in block.instructions if one.opcode in _CALLS]
                callees = [self._program.resolve_method(method.file.method(one.index or 0)) for one in calls]
                if not callees or callees[-1] is None or not _always_throws(callees[-1]):
                    return False
                thrown = True
            elif not block.successors:
                return False
            waiting.extend(block.successors)
        return thrown


def _wraps(method: DexMethod, code: CodeItem) -> bool:
    """Say whether a short helper turns its only argument into another object or back, or its constructor keeps it.

    So does one that hands out an element of an array, as Kotlin's ``firstOrNull`` under another name.
    """
    ref = method.ref
    if ref.name == "<init>" and ref.parameters == (_THROWABLE,):
        return len(code.instructions) <= _TINY
    if not method.is_static or len(ref.parameters) != 1 or ref.return_type[0] != "L":
        return False
    opcodes = [one.opcode for one in code.instructions]
    if ref.parameters[0][0] == "[":
        return len(opcodes) <= _SHORT and opcodes.count(_AGET_OBJECT) == 1
    if ref.parameters[0][0] != "L":
        return False
    return len(opcodes) <= _TINY and (_INSTANCE_OF in opcodes or _NEW_INSTANCE in opcodes)


def _always_throws(method: DexMethod) -> bool:
    """Say whether a method has no return at all."""
    code = method.code()
    if code is None or len(code.instructions) > _MAX_SCANNED:
        return False
    opcodes = {one.opcode for one in code.instructions}
    return _THROW in opcodes and not opcodes & {0x0E, 0x0F, 0x10, 0x11}


def class_name(value: Value) -> str | None:
    """Return the class that a ``Class`` constant names."""
    return value.descriptor if isinstance(value, ClassName) else None
