"""Abstract interpretation of one method: the values of arguments, results and stores."""

import heapq
from collections.abc import Iterator, Mapping

from analyzer.dataflow.arithmetic import compare
from analyzer.dataflow.calls import MethodCalls
from analyzer.dataflow.cfg import Block, Cfg, can_throw
from analyzer.dataflow.control import Branch, Control, Merge, cases, comparison
from analyzer.dataflow.folding import MAX_NESTED, fold_text, may_fold
from analyzer.dataflow.limits import FlowLimits
from analyzer.dataflow.loops import Loops
from analyzer.dataflow.machine import Machine
from analyzer.dataflow.method_values import Call, ElementStore, FilledArray, MethodValues, Point, Store
from analyzer.dataflow.side_work import SideWork
from analyzer.dataflow.snapshot import Snapshots
from analyzer.dataflow.state import Def, Differences, Heap, State
from analyzer.dataflow.values import CallKind, ClassName, Length, Number, OfClass, OneOf, Parameter, Text, Value
from analyzer.dex import CodeItem, DexMethod, FieldRef, Instruction, MethodRef, Program, SwitchPayload

__all__ = ["Call", "Evaluator", "MethodValues"]

_RETURNS = frozenset({0x0F, 0x10, 0x11})
_RETURN_VOID = 0x0E
_IFS = frozenset(range(0x32, 0x3E))
_FIRST_IF_ZERO = 0x38
_SWITCHES = frozenset({0x2B, 0x2C})
_CALLS = frozenset({*range(0x6E, 0x73), *range(0x74, 0x79)})
_FIELD_WRITES = frozenset({*range(0x59, 0x60), *range(0x67, 0x6E)})
_FILLED_ARRAYS = frozenset({0x24, 0x25})
_ELEMENT_WRITES = frozenset(range(0x4B, 0x52))
_KEPT_OBJECTS = 200
"""With more objects than this, the arguments of a call are put down at once."""


class Evaluator:
    """Evaluates methods of one program, each once."""

    def __init__(self, program: Program, limits: FlowLimits | None = None) -> None:
        """Evaluate methods of `program` within `limits`."""
        self.program = program
        self.limits = limits or FlowLimits()
        # Of all who share the methods, so that it holds for a whole app.
        self.side_work = SideWork()
        self._calls = MethodCalls(program)
        self._known: dict[object, MethodValues | None] = {}
        self._folding = 0

    def evaluate(
        self,
        method: DexMethod,
        parameters: Mapping[int, Value] | None = None,
        fields: Mapping[FieldRef, Value] | None = None,
        ways: Mapping[int, int] | None = None,
    ) -> MethodValues | None:
        """Return the values in `method`; None when it has no code.

        Branches are decided by what is constant. `ways` says for places where branches meet which one is taken, see
        `dataflow.ways`. `parameters` (by index, ``this`` counted) and `fields` are taken to hold the constants that are
        given there: so one case of a class that a shrinker merged can be judged. A `Length` of a number stands for an
        array with so many elements, an `OfClass` for any object of a class.
        """
        given = (parameters or {}, fields or {}, ways or {})
        key = (method, *(frozenset(one.items()) for one in given))
        if key not in self._known:
            if len(self._known) >= self.limits.cached_methods:
                self._known.clear()
            code = method.code()
            found = None if code is None else _Evaluation(self, method, code, *given).run()
            self._known[key] = found
        return self._known[key]

    def fold(self, ref: MethodRef, kind: CallKind, operands: list[Value]) -> Value | None:
        """Return what a call returns whose arguments are all constant; None when it is not constant, or too much."""
        known = fold_text(ref, kind == "static", operands)
        if known is not None or kind != "static" or self._folding >= MAX_NESTED:
            return known
        method = self.program.resolve_method(ref)
        if method is None or not may_fold(method, operands):
            return None
        self._folding += 1
        try:
            values = self.evaluate(method, dict(enumerate(operands)))
        finally:
            self._folding -= 1
        returns = () if values is None or values.incomplete is not None else values.returns
        found = set(returns)
        one = found.pop() if len(found) == 1 else None
        return one if isinstance(one, Text | Number) else None

    @property
    def calls(self) -> MethodCalls:
        """What calls do to their arguments."""
        return self._calls


class _Evaluation:
    """One method."""

    def __init__(
        self,
        owner: Evaluator,
        method: DexMethod,
        code: CodeItem,
        parameters: Mapping[int, Value],
        fields: Mapping[FieldRef, Value],
        ways: Mapping[int, int],
    ) -> None:
        self._ways = ways
        self._compared: dict[int, set[int]] = {}
        self._branches: list[Branch] = []
        self._met: dict[int, dict[int, None]] = {}
        self._differences: dict[int, Differences] = {}
        self._method = method
        self._code = code
        self._limits = owner.limits
        self._cfg = Cfg(code)
        self._owner = owner
        self._looping: frozenset[int] | None = None
        """Where the blocks of loops begin."""
        self._machine = Machine(owner.calls, method, code, dict(fields), self._fold)
        self._parameters = parameters
        self._entries: dict[int, State] = {}
        self._incomplete = self._cfg.damage

    def run(self) -> MethodValues:
        self._fixpoint()
        return self._record()

    def _first_state(self) -> State:
        registers: list[Value | None] = [None] * self._code.registers_size
        at = self._code.registers_size - self._code.ins_size
        ref = self._method.ref
        types = ref.parameters if self._method.is_static else (ref.owner, *ref.parameters)
        for index, type_name in enumerate(types):
            given = self._parameters.get(index)
            if isinstance(given, Length) and isinstance(given.array, Number):
                self._machine.lengths[index] = given.array
                given = None
            elif isinstance(given, OfClass):
                self._machine.classes[index] = given.type
                given = None
            if 0 <= at < len(registers):
                registers[at] = Parameter(ref, index) if given is None else given
            at += 2 if type_name in ("J", "D") else 1
        return State(registers, {})

    def _fold(self, offset: int, ref: MethodRef, kind: CallKind, operands: list[Value]) -> Value | None:
        """Return what a call on constants returns; not in loops, where the first round would stand for all."""
        if self._looping is None:
            self._looping = frozenset().union(*Loops(self._cfg).bodies.values())
        if any(start <= offset <= self._cfg.blocks[start].instructions[-1].offset for start in self._looping):
            return None
        return self._owner.fold(ref, kind, operands)

    def _fixpoint(self) -> None:
        rank = {start: place for place, start in enumerate(self._cfg.order)}
        if not rank:
            return
        self._entries[self._cfg.entry] = self._first_state()
        waiting = [rank[self._cfg.entry]]
        queued = set(waiting)
        steps = 0
        while waiting:
            place = heapq.heappop(waiting)
            queued.discard(place)
            block = self._cfg.blocks[self._cfg.order[place]]
            steps += len(block.instructions)
            if steps > self._limits.method_steps:
                self._incomplete = "the method takes too many steps to evaluate"
                return
            for target in self._flow(block):
                if rank[target] not in queued:
                    queued.add(rank[target])
                    heapq.heappush(waiting, rank[target])

    def _flow(self, block: Block) -> list[int]:
        """Run a block, and return the blocks whose entry that changed."""
        state = self._entries[block.start].copy()
        changed = dict.fromkeys(handler for handler in block.handlers if self._enter(handler, state))
        last = block.instructions[-1]
        for instruction in block.instructions:
            self._machine.step(state, instruction)
            # What an instruction changed counts only when it did not throw, but another after it may.
            if block.handlers and instruction is not last and can_throw(instruction):
                changed.update(dict.fromkeys(handler for handler in block.handlers if self._enter(handler, state)))
        for target in self._feasible(block, state):
            if self._ways.get(target, block.start) != block.start:
                continue
            self._met.setdefault(target, {})[block.start] = None
            if self._enter(target, state, is_merge=True):
                changed[target] = None
        return list(changed)

    def _enter(self, target: int, state: State, *, is_merge: bool = False) -> bool:
        known = self._entries.get(target)
        if known is None:
            self._entries[target] = state.copy()
            return True
        return known.join(state, self._differences.setdefault(target, Differences()) if is_merge else None)

    def _feasible(self, block: Block, state: State) -> tuple[int, ...]:
        """Return what may run after a block: a branch on constants goes one way."""
        last = block.instructions[-1]
        if last.opcode in _SWITCHES:
            value = state.registers[last.registers[0]]
            payload = self._code.payload(last)
            if isinstance(value, Parameter) and isinstance(payload, SwitchPayload):
                self._compared.setdefault(value.index, set()).update(payload.keys)
            if isinstance(value, Number) and isinstance(payload, SwitchPayload):
                targets = dict(zip(payload.keys, payload.targets, strict=True))
                chosen = targets.get(value.value)
                target = last.offset + (last.units if chosen is None else chosen)
                return (target,) if target in block.successors else ()
        if last.opcode in _IFS and len(block.successors) == 2:
            taken = self._decide(last, state)
            if taken is not None:
                return block.successors[:1] if taken else block.successors[1:]
        return block.successors

    def _decide(self, branch: Instruction, state: State) -> bool | None:
        values = [state.registers[register] for register in branch.registers]
        if branch.opcode >= _FIRST_IF_ZERO:
            if branch.opcode < _FIRST_IF_ZERO + 2 and self._is_object(values[0]):
                return branch.opcode == _FIRST_IF_ZERO + 1
            values.append(Number(0))
        left, right = values
        if isinstance(left, Number) and isinstance(right, Number):
            return compare(branch.opcode, left.value, right.value)
        for one, other in ((left, right), (right, left)):
            if isinstance(one, Parameter) and isinstance(other, Number):
                self._compared.setdefault(one.index, set()).add(other.value)
        return None

    def _is_object(self, value: Value | None) -> bool:
        """Say whether a value is certainly not null."""
        if isinstance(value, Def):
            definition = self._machine.definitions.get(value.offset)
            return definition is not None and definition.operation in ("new", "array", "filled")
        return isinstance(value, Text | ClassName)

    def _record(self) -> MethodValues:
        """Run each block once more from its final entry, and write down what is of interest."""
        snapshots = Snapshots(self._method.ref, self._machine.definitions, self._limits)
        calls: dict[int, Call] = {}
        stores: dict[int, Store] = {}
        elements: dict[int, ElementStore] = {}
        filled: dict[int, FilledArray] = {}
        returned: list[tuple[Value | None, Point]] = []
        return_offsets: list[int] = []
        ending = Point(snapshots, {})
        for start in self._cfg.order:
            if start not in self._entries:
                continue
            state = self._entries[start].copy()
            for instruction in self._cfg.blocks[start].instructions:
                opcode, offset = instruction.opcode, instruction.offset
                operands = [state.registers[number] for number in instruction.registers]
                if opcode in _FIELD_WRITES:
                    ref = self._method.file.field(instruction.index or 0)
                    stores[offset] = Store(offset, ref, operands, ending)
                elif opcode in _ELEMENT_WRITES:
                    elements[offset] = ElementStore(offset, operands, ending)
                elif opcode in _FILLED_ARRAYS:
                    filled[offset] = FilledArray(operands, ending)
                if opcode in _CALLS:
                    point = Point(snapshots, state.heap.copy())
                    self._machine.step(state, instruction)
                    calls[offset] = self._call(offset, point)
                    continue
                if opcode in _RETURNS:
                    returned.append((operands[0], Point(snapshots, state.heap.copy())))
                if opcode in _IFS or opcode in _SWITCHES:
                    self._branches += self._branch(self._cfg.blocks[start], operands, ending)
                if opcode in _RETURNS or opcode == _RETURN_VOID:
                    return_offsets.append(offset)
                    _add(ending.heap, state.heap)
                self._machine.step(state, instruction)
        if not return_offsets:
            for state in self._entries.values():
                _add(ending.heap, state.heap)
        return MethodValues(
            self._method, calls, stores, elements, filled, returned, tuple(return_offsets), ending, self._incomplete,
            self._control(ending.heap),
        )  # fmt: skip

    def _control(self, objects: Heap) -> Control:
        return Control(
            tuple(self._merges()),
            {index: tuple(sorted(numbers)) for index, numbers in self._compared.items()},
            tuple(self._branches),
            {target: tuple(origins) for target, origins in self._met.items()},
            frozenset(self._machine.tested),
            self._machine.definitions,
            objects,
        )

    def _branch(self, block: Block, operands: list[Value | None], at: Point) -> Iterator[Branch]:
        """Yield what the end of a block asks for, unless there is only one way to go on."""
        last = block.instructions[-1]
        if len(block.successors) < 2:
            return
        if last.opcode in _IFS:
            operation, outcomes, operands = comparison(last.opcode, operands, block.successors)
        elif last.opcode in _SWITCHES and isinstance(payload := self._code.payload(last), SwitchPayload):
            operation, outcomes = "switch", cases(last, payload, block.successors)
        else:
            return
        yield Branch(block.start, operation, outcomes, lambda: tuple(at.value(operand) for operand in operands))

    def _merges(self) -> Iterator[Merge]:
        rank = {start: place for place, start in enumerate(self._cfg.order)}
        for start in self._cfg.order:
            origins = self._met.get(start, {})
            forward = all(rank[origin] < rank[start] for origin in origins)
            registers = self._entries[start].registers if start in self._entries else []
            if len(origins) > 1 and forward and any(isinstance(one, OneOf) for one in registers):
                yield Merge(start, tuple(origins), self._differences.get(start, Differences()))

    def _call(self, offset: int, point: Point) -> Call:
        definition = self._machine.definitions[offset]
        assert isinstance(definition.ref, MethodRef)
        call = Call(offset, definition.ref, definition.kind, definition.operands, point)
        if len(point.heap) > _KEPT_OBJECTS:
            # Keeping so many objects for each call would take more memory than its values do.
            _ = call.arguments
            point.heap.clear()
        return call


def _add(known: Heap, heap: Heap) -> None:
    """Take the objects of `heap` into `known`."""
    for site, cell in heap.items():
        known[site] = known[site].joined(cell) if site in known else cell
