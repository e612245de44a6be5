"""How a path goes from block to block: branches, loops, returns, and exceptions that look for their handlers."""

from analyzer.dataflow.branches import cases, outcomes
from analyzer.dataflow.exceptions import THROWABLE, catches
from analyzer.dataflow.path_model import Caught, Condition, Ending, Frame, Path, Step
from analyzer.dataflow.terms import CHANGES
from analyzer.dataflow.threads import Activation, Thread
from analyzer.dataflow.values import Created, FieldValue, Parameter, Result, Unknown, Value
from analyzer.dex import Instruction, Program

_RETURNS = frozenset({0x0E, 0x0F, 0x10, 0x11})
_RETURN_VOID, _THROW = 0x0E, 0x27
_SWITCHES = frozenset({0x2B, 0x2C})
_IFS = frozenset(range(0x32, 0x3E))
BLOCK_ENDS = frozenset({*_RETURNS, _THROW, *_SWITCHES, *_IFS, 0x28, 0x29, 0x2A})
"""Instructions after which another block runs, or none."""


class Flow:
    """Moves threads, and collects the paths that end."""

    def __init__(self, program: Program) -> None:
        """Know no path."""
        self._program = program
        self._paths: dict[Path, None] = {}

    def _enter_block(self, thread: Thread, start: int) -> bool:
        """Go on with a block of the innermost method; False when that adds nothing to other paths."""
        top = thread.stack[-1]
        if start not in top.body.cfg.blocks:
            # Damaged code leads there; `damage` of the flow says so.
            return False
        bodies = top.body.loops.bodies
        ref = top.body.method.ref
        previous = top.block.start
        for header, body in bodies.items():
            if previous in body and start not in body and top.visits.get(header) == 1 and previous == header:
                thread.skipped[ref, header] = None
        if start in bodies:
            inside = previous in bodies[start] and top.visits.get(start, 0) > 0
            visits = top.visits.get(start, 0) + 1 if inside else 1
            if visits > 2:
                if not top.body.loops.has_exit(start):
                    self._finish(thread, "runs-forever", None, None, start)
                return False
            top.visits[start] = visits
            if visits == 2:
                thread.ran[ref, start] = None
                thread.skipped.pop((ref, start), None)
            for register in top.body.loops.counters[start]:
                top.registers.values[register] = CHANGES
        elif top.visits and self._again(top, start):
            return False
        top.block = top.body.cfg.blocks[start]
        top.at = 0
        return True

    def _again(self, top: Activation, start: int) -> bool:
        """Say whether a block would begin a second run of a loop that is left at its beginning."""
        for header, body in top.body.loops.bodies.items():
            if start in body and top.visits.get(header) == 2 and top.block.start == header:
                outside = set(top.body.cfg.blocks[header].successors) - body
                if outside:
                    return True
        return False

    def _end_of_block(self, thread: Thread, top: Activation, one: Instruction) -> list[Thread]:
        opcode, values = one.opcode, top.registers.values
        if opcode in _RETURNS:
            value = None if opcode == _RETURN_VOID else values[one.registers[0]]
            return self._return(thread, value, one.offset)
        if opcode == _THROW:
            return self._throw(thread, values[one.registers[0]], one.offset)
        if opcode in _SWITCHES:
            choices = cases(top.body.code, one, values[one.registers[0]], top.frame)
        elif opcode in _IFS and len(top.block.successors) == 2:
            choices = outcomes(one, [values[register] for register in one.registers], top.block.successors, top.frame)
        else:
            choices = [(top.block.successors[0], ())] if top.block.successors else []
        going: list[Thread] = []
        possible = [
            (target, conditions)
            for target, conditions in choices
            if all(thread.facts.allows(condition) for condition in conditions)
        ]
        for number, (target, conditions) in enumerate(possible):
            fork = thread if number == len(possible) - 1 else thread.copy()
            for condition in conditions:
                if not fork.facts.known(condition):
                    fork.order.append(condition)
                fork.facts.add(condition)
            if self._enter_block(fork, target):
                going.append(fork)
        return going

    # Ways out.

    def _return(self, thread: Thread, value: Value | None, offset: int) -> list[Thread]:
        if len(thread.stack) == 1:
            self._finish(thread, "returns", value, None, offset)
            return []
        thread.stack.pop()
        thread.stack[-1].registers.pending = Unknown("no result") if value is None else value
        return [thread]

    def _throw(self, thread: Thread, value: Value, offset: int) -> list[Thread]:
        """Unwind to the handlers of a thrown value."""
        exception = self._class_of(value)
        frame = thread.stack[-1].frame
        going: list[Thread] = []
        at = offset
        for depth in range(len(thread.stack) - 1, -1, -1):
            for handler_type, target in self._handlers(thread.stack[depth], at):
                caught = catches(self._program, handler_type, exception)
                if caught is False:
                    continue
                fork = thread.copy()
                if not isinstance(value, Caught):
                    fork.recovered[exception] = None
                if self._handle(fork, depth, target, value):
                    going.append(fork)
                if caught:
                    return going
            at = thread.stack[depth].frame.offset or 0
            wrapped = thread.stack[depth].raises
            if wrapped is not None:
                exception, value = wrapped, Caught(wrapped, thread.stack[depth].body.method.ref, offset)
        self._finish(thread, "throws", value, exception, offset, frame)
        return going

    def _handle(self, thread: Thread, depth: int, target: int, value: Value) -> bool:
        del thread.stack[depth + 1 :]
        top = thread.stack[-1]
        top.raised = value
        return self._enter_block(thread, target)

    def _handlers(self, activation: Activation, offset: int) -> list[tuple[str | None, int]]:
        """Return type (None: everything) and start of the handlers around an instruction, in order."""
        file = activation.body.method.file
        for block in activation.body.code.try_blocks:
            if block.start <= offset < block.end:
                return [
                    (None if one.type_index is None else file.type(one.type_index), one.target)
                    for one in block.handlers
                    if one.target in activation.body.cfg.blocks
                ]
        return []

    def _class_of(self, value: Value) -> str:
        match value:
            case Created(type=name) | Caught(type=name):
                return name
            case Result(ref=ref):
                return ref.return_type
            case Parameter(method=method, index=index):
                types = (*((method.owner,) if index == 0 else ()), *method.parameters)
                return types[index] if index < len(types) else THROWABLE
            case FieldValue(ref=field):
                return field.type
        return THROWABLE

    def _finish(
        self,
        thread: Thread,
        ending: Ending,
        value: Value | None,
        exception: str | None,
        offset: int,
        frame: Frame | None = None,
    ) -> None:
        order = tuple(thread.order)
        self._paths[
            Path(
                conditions=tuple(one for one in order if isinstance(one, Condition)),
                steps=tuple(one for one in order if isinstance(one, Step)),
                ending=ending,
                value=value,
                exception=exception,
                frame=frame or thread.stack[-1].frame,
                offset=offset,
                skipped_loops=tuple(thread.skipped),
                ran_loops=tuple(thread.ran),
                recovered=tuple(thread.recovered),
                order=order,
            )
        ] = None
