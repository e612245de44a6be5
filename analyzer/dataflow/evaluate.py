"""Abstract interpretation of one method: the values of arguments, results and stores."""

import heapq
from collections.abc import Mapping
from functools import cached_property

import msgspec

from analyzer.dataflow.arithmetic import compare
from analyzer.dataflow.calls import MethodCalls
from analyzer.dataflow.cfg import Block, Cfg, can_throw
from analyzer.dataflow.limits import FlowLimits
from analyzer.dataflow.machine import Machine
from analyzer.dataflow.snapshot import Snapshots
from analyzer.dataflow.state import Def, Heap, State
from analyzer.dataflow.values import CallKind, ClassName, Number, Parameter, Text, Value
from analyzer.dex import CodeItem, DexMethod, FieldRef, Instruction, MethodRef, Program, SwitchPayload

_RETURNS = frozenset({0x0F, 0x10, 0x11})
_RETURN_VOID = 0x0E
_IFS = frozenset(range(0x32, 0x3E))
_FIRST_IF_ZERO = 0x38
_SWITCHES = frozenset({0x2B, 0x2C})
_CALLS = frozenset({*range(0x6E, 0x73), *range(0x74, 0x79)})
_FIELD_WRITES = frozenset({*range(0x59, 0x60), *range(0x67, 0x6E)})
_ELEMENT_WRITES = frozenset(range(0x4B, 0x52))
_KEPT_OBJECTS = 200
"""With more objects than this, the arguments of a call are put down at once."""


class Call:
    """One call in a method."""

    def __init__(self, offset: int, ref: MethodRef, kind: CallKind, operands: list[Value], at: "_Point") -> None:
        """Describe the call at `offset`."""
        self.offset = offset
        """Code units from the start of the method's code."""
        self.ref = ref
        self.kind = kind
        self._operands = operands
        self._at = at

    @cached_property
    def arguments(self) -> tuple[Value, ...]:
        """The arguments, receiver first, as they are when the call is made."""
        return tuple(self._at.value(operand) for operand in self._operands)


class Store:
    """One write into a field."""

    def __init__(self, offset: int, ref: FieldRef, operands: list[Value | None], at: "_Point") -> None:
        """Describe the write at `offset`."""
        self.offset = offset
        self.ref = ref
        self._operands = operands
        self._at = at

    @cached_property
    def value(self) -> Value:
        """What is written; objects as they are when the method ends."""
        return self._at.value(self._operands[0])

    @cached_property
    def base(self) -> Value | None:
        """The object; None for a static field."""
        return self._at.value(self._operands[1]) if len(self._operands) > 1 else None


class ElementStore:
    """One write into an array."""

    def __init__(self, offset: int, operands: list[Value | None], at: "_Point") -> None:
        """Describe the write at `offset`."""
        self.offset = offset
        self._operands = operands
        self._at = at

    @cached_property
    def array(self) -> Value:
        """The array, as it is when the method ends."""
        return self._at.value(self._operands[1])

    @cached_property
    def value(self) -> Value:
        """What is written."""
        return self._at.value(self._operands[0])


class _Point(msgspec.Struct, frozen=True):
    """A place in the code where values can be asked for."""

    snapshots: Snapshots
    heap: Heap

    def value(self, raw: Value | None) -> Value:
        return self.snapshots.of(raw, self.heap)


class MethodValues:
    """What is known of the values in one method; values are made when they are asked for."""

    def __init__(
        self,
        method: DexMethod,
        calls: dict[int, Call],
        stores: dict[int, Store],
        element_stores: dict[int, ElementStore],
        returned: list[tuple[Value | None, "_Point"]],
        return_offsets: tuple[int, ...],
        ending: "_Point",
        incomplete: str | None,
    ) -> None:
        """Keep what `_Evaluation` found."""
        self.method = method
        self.calls = calls
        """By offset; calls that never run are not there, and neither are those through handles and call sites."""
        self.stores = stores
        """By offset."""
        self.element_stores = element_stores
        """By offset."""
        self.return_offsets = return_offsets
        """The return instructions that can run, ``return-void`` included."""
        self._returned = returned
        self._ending = ending
        self._incomplete = incomplete

    @cached_property
    def returns(self) -> tuple[Value, ...]:
        """What the method may return, one for each ``return``; empty for ``void``, and when it only throws."""
        return tuple(at.value(raw) for raw, at in self._returned)

    @property
    def creations(self) -> tuple[int, ...]:
        """Offsets of what was created or returned by calls and changed afterwards."""
        return tuple(sorted(self._ending.heap))

    def object_at(self, offset: int) -> Value:
        """Return what the instruction at `offset` created or returned, as it is when the method ends."""
        return self._ending.value(Def(offset))

    @property
    def incomplete(self) -> str | None:
        """Why something may be missing: the method's code is damaged, or too much to evaluate."""
        if self._incomplete is None and self._ending.snapshots.nodes_left <= 0:
            return "the method has too many values to record"
        return self._incomplete


class Evaluator:
    """Evaluates methods of one program, each once."""

    def __init__(self, program: Program, limits: FlowLimits | None = None) -> None:
        """Evaluate methods of `program` within `limits`."""
        self.program = program
        self.limits = limits or FlowLimits()
        self._calls = MethodCalls(program)
        self._known: dict[object, MethodValues | None] = {}

    def evaluate(
        self,
        method: DexMethod,
        parameters: Mapping[int, Value] | None = None,
        fields: Mapping[FieldRef, Value] | None = None,
    ) -> MethodValues | None:
        """Return the values in `method`; None when it has no code.

        Branches are decided by what is constant. `parameters` (by index, ``this`` counted) and `fields` are taken to
        hold the constants that are given there: so one case of a class that a shrinker merged can be judged.
        """
        key = (method, frozenset((parameters or {}).items()), frozenset((fields or {}).items()))
        if key not in self._known:
            if len(self._known) >= self.limits.cached_methods:
                self._known.clear()
            code = method.code()
            found = None if code is None else _Evaluation(self, method, code, parameters or {}, fields or {}).run()
            self._known[key] = found
        return self._known[key]

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
    ) -> None:
        self._method = method
        self._code = code
        self._limits = owner.limits
        self._cfg = Cfg(code)
        self._machine = Machine(owner.calls, method, code, dict(fields))
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
            if 0 <= at < len(registers):
                registers[at] = self._parameters.get(index, Parameter(ref, index))
            at += 2 if type_name in ("J", "D") else 1
        return State(registers, {})

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
            if self._enter(target, state):
                changed[target] = None
        return list(changed)

    def _enter(self, target: int, state: State) -> bool:
        known = self._entries.get(target)
        if known is None:
            self._entries[target] = state.copy()
            return True
        return known.join(state)

    def _feasible(self, block: Block, state: State) -> tuple[int, ...]:
        """Return what may run after a block: a branch on constants goes one way."""
        last = block.instructions[-1]
        if last.opcode in _SWITCHES:
            value = state.registers[last.registers[0]]
            payload = self._code.payload(last)
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
        returned: list[tuple[Value | None, _Point]] = []
        return_offsets: list[int] = []
        ending = _Point(snapshots, {})
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
                if opcode in _CALLS:
                    point = _Point(snapshots, state.heap.copy())
                    self._machine.step(state, instruction)
                    calls[offset] = self._call(offset, point)
                    continue
                if opcode in _RETURNS:
                    returned.append((operands[0], _Point(snapshots, state.heap.copy())))
                if opcode in _RETURNS or opcode == _RETURN_VOID:
                    return_offsets.append(offset)
                    _add(ending.heap, state.heap)
                self._machine.step(state, instruction)
        if not return_offsets:
            for state in self._entries.values():
                _add(ending.heap, state.heap)
        return MethodValues(
            self._method, calls, stores, elements, returned, tuple(return_offsets), ending, self._incomplete
        )

    def _call(self, offset: int, point: _Point) -> Call:
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
