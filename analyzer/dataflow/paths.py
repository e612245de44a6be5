"""All ways through a method, helpers included: which conditions and calls lead to a return or a throw.

`PathFinder.paths` explores a method symbolically, one path at a time: loops run not at all or once, helpers of the app
are entered to a bounded depth, exceptions go to their handlers. See `analyzer.dataflow.path_model` for the answer.

Ways that nothing decides are left out: of the calls that may fail, only those that `interesting` names are each
followed into the handlers around them; of the others, the first one in each protected range stands for all.
"""

from collections.abc import Callable, Collection, Mapping
from functools import partial

import msgspec

from analyzer.dataflow.branches import Facts
from analyzer.dataflow.calls import kind_of
from analyzer.dataflow.dispatch import Dispatch, ReceiverTypes
from analyzer.dataflow.empty import never_has_next
from analyzer.dataflow.exceptions import THROWABLE, catches
from analyzer.dataflow.instances import is_instance
from analyzer.dataflow.path_flow import BLOCK_ENDS, Flow
from analyzer.dataflow.path_model import Caught, Frame, Interesting, Paths, Step
from analyzer.dataflow.tasks import EXECUTION, awaited_task
from analyzer.dataflow.terms import FIELD_WRITES, Assumed, Inputs, Memory, Registers, small
from analyzer.dataflow.threads import Activation, Body, Thread
from analyzer.dataflow.values import CallKind, Created, Number, Parameter, Result, Text, Unknown, Value
from analyzer.dex import DexMethod, FieldRef, Instruction, MethodRef, Program

_CALLS = frozenset({*range(0x6E, 0x73), *range(0x74, 0x79)})
_MOVE_EXCEPTION = 0x0D
_CATCHES_ALL = frozenset({None, THROWABLE, "Ljava/lang/Exception;"})
_RAISED = ("Ljava/security/cert/CertificateException;", "Ljava/lang/RuntimeException;")
"""What a call that decides something may raise."""
_BOXES = frozenset(f"Ljava/lang/{name};" for name in ("Boolean", "Integer", "Long", "Short", "Byte", "Character"))
_ASKS = frozenset(
    {
        "contains", "containsKey", "containsValue", "containsAll", "equals", "equalsIgnoreCase", "indexOf", "get",
        "lastIndexOf", "compareTo", "isEqual", "matches", "startsWith", "endsWith", "getOrDefault", "areEqual",
    }
)  # fmt: skip
"""Methods that only look at their arguments: nothing of them goes into the receiver."""
_TEXT_EQUALITIES = frozenset(
    {
        ("Ljava/lang/String;", "equals"), ("Ljava/lang/String;", "equalsIgnoreCase"),
        ("Ljava/util/Objects;", "equals"), ("Lkotlin/jvm/internal/Intrinsics;", "areEqual"),
    }
)  # fmt: skip
_UNBOXING = frozenset({"booleanValue", "intValue", "longValue", "shortValue", "byteValue", "charValue"})


class PathLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How much one exploration may cost."""

    paths: int = 400
    """Most paths that are kept."""
    steps: int = 40_000
    """Most instructions that are run, over all paths."""
    depth: int = 6
    """Most helpers that are entered inside each other."""


class PathFinder:
    """Explores methods of one program."""

    def __init__(
        self,
        program: Program,
        interesting: Interesting,
        limits: PathLimits | None = None,
        receiver_types: ReceiverTypes | None = None,
        raised: tuple[str, ...] = _RAISED,
        constants: Callable[[FieldRef], Value | None] | None = None,
    ) -> None:
        """Explore within `limits`; `interesting` names the calls that decide something, on the platform or the app.

        Calls that `interesting` names are not entered, unless their receiver is the explored object itself.
        `receiver_types` may say of which classes an object is, where terms do not. `raised` names what interesting
        calls may raise, as descriptors. `constants` may say what a static field always holds.
        """
        self.program = program
        self.interesting = interesting
        self.limits = limits or PathLimits()
        self.raised = raised
        self.constants = constants
        self.dispatch = Dispatch(program, interesting, receiver_types)
        self._bodies: dict[DexMethod, Body | None] = {}

    def paths(
        self,
        method: DexMethod,
        this_type: str | None = None,
        parameters: Mapping[int, Value] | None = None,
        fields: Mapping[FieldRef, Value] | None = None,
        given: Collection[int] = (),
    ) -> Paths | None:
        """Return the paths of a method; None when it has no code.

        Args:
            method: What to explore.
            this_type: Class of the object, when it is below the one that defines the method.
            parameters: Constants that parameters (by index, ``this`` counted) are taken to hold.
            fields: Constants that fields are taken to hold, whatever the object: the discriminator of a class that
                a shrinker merged.
            given: Parameters (by index, ``this`` counted) that whoever calls the method never leaves null.
        """
        body = self.body(method)
        if body is None:
            return None
        assumed = dict(fields or {})
        return _Exploration(self, body, this_type or method.ref.owner, parameters or {}, assumed).run(given)

    def body(self, method: DexMethod) -> Body | None:
        """Return the prepared code of a method; None when it has none."""
        if method not in self._bodies:
            code = method.code()
            usable = code is not None and bool(code.instructions)
            body = Body(method, code) if code is not None and usable else None
            self._bodies[method] = body if body is not None and body.cfg.entry in body.cfg.blocks else None
        return self._bodies[method]


class _Exploration(Flow):
    """One question."""

    def __init__(
        self,
        owner: PathFinder,
        body: Body,
        this_type: str,
        parameters: Mapping[int, Value],
        fields: dict[FieldRef, Value],
    ) -> None:
        self._owner = owner
        super().__init__(owner.program)
        self._this_type = this_type
        self._assumed = Assumed(fields, owner.constants, partial(is_instance, owner.program))
        self._root = body
        self._inputs = Inputs()
        self._incomplete: str | None = body.cfg.damage
        self._steps = 0
        ref = body.method.ref
        count = len(ref.parameters) + (not body.method.is_static)
        self._arguments = tuple(parameters.get(index, Parameter(ref, index)) for index in range(count))

    def run(self, given: Collection[int] = ()) -> Paths:
        registers = Registers(self._root.method, self._root.code, self._arguments)
        first = Activation(self._root, registers, Frame(self._root.method), in_loop=False)
        facts = Facts()
        if not self._root.method.is_static and self._arguments:
            facts.not_null(self._arguments[0])
        for index in given:
            facts.not_null(self._arguments[index])
        thread = Thread([first], Memory({}, {}), facts)
        waiting: list[Thread] = []
        if self._enter_block(thread, first.block.start):
            waiting.append(thread)
        while waiting:
            if len(self._paths) >= self._owner.limits.paths:
                self._incomplete = self._incomplete or "the method has too many paths"
                break
            if self._steps > self._owner.limits.steps:
                self._incomplete = self._incomplete or "the method takes too many steps to follow"
                break
            waiting.extend(reversed(self._advance(waiting.pop())))
        inputs = {target: tuple(values) for target, values in self._inputs.known.items()}
        return Paths(self._root.method, tuple(self._paths), inputs, self._incomplete)

    def _advance(self, thread: Thread) -> list[Thread]:
        """Run a thread to its next fork or end; return the threads that go on."""
        while True:
            top = thread.stack[-1]
            instructions = top.block.instructions
            while top.at < len(instructions):
                one = instructions[top.at]
                self._steps += 1
                if one.opcode in _CALLS:
                    top.at += 1
                    following = self._call(thread, top, one)
                    if following is not None:
                        return following
                    if thread.stack[-1] is not top:
                        break
                    continue
                if one.opcode in BLOCK_ENDS:
                    return self._end_of_block(thread, top, one)
                if one.opcode == _MOVE_EXCEPTION:
                    top.registers.values[one.registers[0]] = top.raised or Unknown("a caught exception")
                else:
                    if one.opcode in FIELD_WRITES:
                        self._note_write(thread, top, one)
                    top.registers.step(one, thread.memory, self._inputs, self._assumed)
                top.at += 1
            else:
                following_block = top.block.successors
                if not following_block or not self._enter_block(thread, following_block[0]):
                    return []

    def _note_write(self, thread: Thread, top: Activation, one: Instruction) -> None:
        values = tuple(top.registers.values[register] for register in one.registers)
        ref = top.body.method.file.field(one.index or 0)
        thread.order.append(Step(ref, "write", values, None, top.frame, one.offset, self._in_loop(top)))

    def _in_loop(self, top: Activation) -> bool:
        return top.in_loop or top.body.loops.around(top.block.start)

    def _call(self, thread: Thread, top: Activation, one: Instruction) -> list[Thread] | None:
        """Run a call; None when the same thread simply goes on."""
        ref = top.body.method.file.method(one.index or 0)
        kind = kind_of(one.opcode)
        arguments = _arguments(top.registers.values, one.registers, ref, kind)
        own = bool(arguments) and kind != "static" and arguments[0] == self._this
        if one.offset in top.executed:
            thread.facts.forget(top.body.method.ref, one.offset)
        top.executed.add(one.offset)
        simple = Number(0) if never_has_next(self._program, ref, arguments) else _unboxed(ref, arguments)
        if simple is not None:
            top.registers.pending = simple
            return None
        task = awaited_task(self._program, ref, arguments)
        body = None if task is None else self._owner.body(task[0])
        if task is not None and body is not None and not self._recursive(thread, [body]):
            return self._enter(thread, top, one, (task[1],), [body], EXECUTION)
        interesting = self._owner.interesting(ref)
        targets: tuple[DexMethod, ...] | None = ()
        if not interesting or own or kind == "super":
            targets = self._owner.dispatch.targets(ref, kind, arguments, self._this_type)
        if targets and len(targets) == 1 and self._owner.dispatch.is_null_check(targets[0]):
            thread.facts.not_null(arguments[0])
            return None
        # What decides is looked into even where it does nothing: an inherited body that is empty.
        enter = self._owner.body if interesting else self._to_enter
        bodies = [body for body in map(enter, targets or ()) if body is not None]
        if targets and len(bodies) == len(targets) and not self._recursive(thread, bodies):
            if len(thread.stack) < self._owner.limits.depth:
                return self._enter(thread, top, one, arguments, bodies)
            targets = None
        known = targets is not None and not any(target.is_native for target in targets)
        return self._opaque(thread, top, one, ref, kind, arguments, interesting, known)

    @property
    def _this(self) -> Value | None:
        return None if self._root.method.is_static or not self._arguments else self._arguments[0]

    def _to_enter(self, target: DexMethod) -> Body | None:
        return self._owner.body(target) if self._owner.dispatch.worth_entering(target) else None

    def _recursive(self, thread: Thread, bodies: list[Body]) -> bool:
        entered = {activation.body for activation in thread.stack}
        return any(body in entered for body in bodies)

    def _enter(
        self,
        thread: Thread,
        top: Activation,
        one: Instruction,
        arguments: tuple[Value, ...],
        bodies: list[Body],
        raises: str | None = None,
    ) -> list[Thread] | None:
        going = []
        in_loop = self._in_loop(top)
        for number, body in enumerate(bodies):
            fork = thread if number == len(bodies) - 1 else thread.copy()
            self._incomplete = self._incomplete or body.cfg.damage
            frame = Frame(body.method, fork.stack[-1].frame, one.offset)
            registers = Registers(body.method, body.code, arguments)
            fork.stack.append(Activation(body, registers, frame, in_loop, raises))
            if self._enter_block(fork, body.cfg.entry):
                going.append(fork)
        return going

    def _opaque(
        self,
        thread: Thread,
        top: Activation,
        one: Instruction,
        ref: MethodRef,
        kind: CallKind,
        arguments: tuple[Value, ...],
        interesting: bool,
        known: bool,
    ) -> list[Thread] | None:
        """Run a call that is not entered: it returns, and where it matters it also throws."""
        result: Value | None = None
        if ref.return_type != "V":
            result = small(Result(ref, kind, arguments, top.body.method.ref, one.offset, ((),)))
        step = Step(ref, kind, arguments, result, top.frame, one.offset, self._in_loop(top), None, known)
        failing = self._failing(thread, one, step, interesting)
        self._note_inputs(ref, kind, arguments)
        thread.order.append(step)
        top.registers.pending = Unknown("no result") if result is None else result
        if not failing:
            return None
        return [thread, *failing]

    def _failing(self, thread: Thread, one: Instruction, step: Step, interesting: bool) -> list[Thread]:
        """Return the threads in which a call raises something that is caught."""
        going: list[Thread] = []
        at = one.offset
        raised = self._owner.raised
        for depth in range(len(thread.stack) - 1, -1, -1):
            activation = thread.stack[depth]
            for handler_type, target in self._handlers(activation, at):
                if interesting and not self._may_catch(handler_type, raised):
                    continue
                if interesting or target not in activation.noise:
                    fork = thread.copy()
                    kind = handler_type or THROWABLE
                    fork.order.append(msgspec.structs.replace(step, threw=kind, result=None))
                    if not interesting:
                        activation.noise |= {target}
                        fork.stack[depth].noise |= {target}
                    if self._handle(fork, depth, target, Caught(kind, step.frame.method.ref, one.offset)):
                        going.append(fork)
                if handler_type in _CATCHES_ALL:
                    return going
            at = activation.frame.offset or 0
            raised = raised if activation.raises is None else (activation.raises,)
        return going

    def _may_catch(self, handler: str | None, raised: tuple[str, ...]) -> bool:
        """Say whether a handler may get what an interesting call raises."""
        return any(catches(self._program, handler, one) is not False for one in raised)

    def _note_inputs(self, ref: MethodRef, kind: CallKind, arguments: tuple[Value, ...]) -> None:
        if not arguments or ref.name in _ASKS:
            return
        this = self._this
        if kind != "static" and arguments[0] != this and len(arguments) > 1:
            self._inputs.add(arguments[0], *(one for one in arguments[1:] if one != this))
        for place, argument in enumerate(arguments):
            # What is created here may be filled by the call: ``System.arraycopy``, ``stream.read(buffer)``.
            if isinstance(argument, Created) and (place or kind == "static"):
                self._inputs.add(argument, *(one for one in arguments if one not in (argument, this)))


def _arguments(values: list[Value], numbers: tuple[int, ...], ref: MethodRef, kind: CallKind) -> tuple[Value, ...]:
    """Return one value per argument: long and double take two registers."""
    found: list[Value] = []
    registers = iter(numbers)
    for type_name in ref.parameters if kind == "static" else (ref.owner, *ref.parameters):
        register = next(registers, None)
        found.append(Unknown("an argument that is missing") if register is None else values[register])
        if type_name in ("J", "D"):
            next(registers, None)
    return tuple(found)


def _unboxed(ref: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    """Return what a call hands through, or certainly answers: boxes, checks for null, ``"…".equals(null)``."""
    boxes = ref.name in _UNBOXING or (ref.name == "valueOf" and ref.parameters[:1] != ("Ljava/lang/String;",))
    if ref.owner in _BOXES and boxes and len(arguments) == 1:
        return arguments[0]
    if ref.owner == "Ljava/util/Objects;" and ref.name == "requireNonNull" and arguments:
        return arguments[0]
    if (ref.owner, ref.name) in _TEXT_EQUALITIES and len(arguments) == 2:
        # No text equals null, nor a number in a box.
        text, other = arguments if isinstance(arguments[1], Number) else reversed(arguments)
        if isinstance(other, Number) and (isinstance(text, Text) or ref.owner == "Ljava/lang/String;"):
            return Number(0)
    return None
