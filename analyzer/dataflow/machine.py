"""What each instruction does to the state of a method."""

from collections.abc import Callable, Iterable

from analyzer.dataflow.arithmetic import compute, convert, operation, wrap
from analyzer.dataflow.calls import MethodCalls, kind_of
from analyzer.dataflow.collection_models import LISTS, MAPS
from analyzer.dataflow.kinds import is_kind_of
from analyzer.dataflow.state import OVERWRITTEN, Cell, Def, Definition, State, join_atoms
from analyzer.dataflow.values import CallKind, ClassName, Number, Parameter, Text, Unknown, Value, alternatives
from analyzer.dex import ArrayPayload, CodeItem, DexFile, DexMethod, FieldRef, Instruction, MethodRef

_MOVES = frozenset(range(0x01, 0x0A))
_MOVE_RESULTS = frozenset({0x0A, 0x0B, 0x0C})
_NUMBERS = frozenset(range(0x12, 0x1A))
_STRINGS = frozenset({0x1A, 0x1B})
_AGETS, _APUTS = frozenset(range(0x44, 0x4B)), frozenset(range(0x4B, 0x52))
_IGETS, _IPUTS = frozenset(range(0x52, 0x59)), frozenset(range(0x59, 0x60))
_SGETS, _SPUTS = frozenset(range(0x60, 0x67)), frozenset(range(0x67, 0x6E))
_CALLS = frozenset({*range(0x6E, 0x73), *range(0x74, 0x79)})
_WIDE_RESULTS = frozenset(
    {0x04, 0x05, 0x06, 0x0B, *range(0x16, 0x1A), 0x45, 0x53, 0x61, 0x7D, 0x7E, 0x80, 0x81, 0x83, 0x86, 0x88, 0x89, 0x8B}
    | set(range(0x9B, 0xA6)) | set(range(0xAB, 0xB0)) | set(range(0xBB, 0xC6)) | set(range(0xCB, 0xD0))
)  # fmt: skip
_NO_DESTINATION = frozenset({0x00, *range(0x0E, 0x12), 0x1D, 0x1E, *range(0x27, 0x2D), *range(0x32, 0x3E)})


Fold = Callable[[int, MethodRef, CallKind, list[Value]], Value | None]
"""Returns what the call at an offset returns for constants; None when it is not constant."""


class Machine:
    """Interprets the instructions of one method, and remembers what each one made."""

    def __init__(
        self, calls: MethodCalls, method: DexMethod, code: CodeItem, assumed: dict[FieldRef, Value], fold: Fold
    ) -> None:
        """Prepare for `method`; fields in `assumed` hold what is said there, and `fold` answers calls on constants."""
        self._fold = fold
        self._file: DexFile = method.file
        self._code = code
        self._assumed = assumed
        self.calls = calls
        self.definitions: dict[int, Definition] = {}
        self.lengths: dict[int, Number] = {}
        """How many elements arrays have that are parameters, by the parameter's index, where that is known."""
        self.classes: dict[int, str] = {}
        """Of which class parameters are, by the parameter's index, where that is known."""
        self.tested: set[int] = set()
        """The parameters that ``instance-of`` asks about."""

    def step(self, state: State, instruction: Instruction) -> None:
        """Change `state` as `instruction` does; branches change nothing."""
        opcode = instruction.opcode
        registers = instruction.registers
        if opcode in _CALLS:
            self._call(state, instruction)
        elif opcode in _MOVES:
            self._set(state, instruction, state.registers[registers[1]])
        elif opcode in _MOVE_RESULTS:
            self._set(state, instruction, state.pending)
        elif opcode in _NUMBERS:
            self._set(state, instruction, Number(instruction.literal or 0))
        elif opcode in _STRINGS:
            self._set(state, instruction, Text(str(self._file.resolve("string", instruction.index or 0))))
        elif opcode in _NO_DESTINATION:
            return
        elif opcode in _APUTS:
            index, value = state.registers[registers[2]], state.registers[registers[0]]
            self._define(instruction, "aput", [index, value])
            self._happened(state, state.registers[registers[1]], instruction.offset)
        elif opcode in _IPUTS or opcode in _SPUTS:
            self._write_field(state, instruction)
        elif opcode in _IGETS or opcode in _SGETS:
            self._set(state, instruction, self._read_field(state, instruction))
        elif opcode in _AGETS:
            self._set(state, instruction, self._read_element(state, instruction))
        else:
            self._other(state, instruction)

    def _other(self, state: State, instruction: Instruction) -> None:
        opcode, registers, offset = instruction.opcode, instruction.registers, instruction.offset
        match opcode:
            case 0x1C:
                self._set(state, instruction, ClassName(self._type(instruction)))
            case 0x1F:
                return
            case 0x20:
                self._set(state, instruction, self._is_instance(state, instruction))
            case 0x21:
                self._set(state, instruction, self._length(state, instruction))
            case 0x22:
                self._define(instruction, "new", [], type=self._type(instruction))
                state.heap[offset] = Cell()
                self._set(state, instruction, Def(offset))
            case 0x23:
                self._define(instruction, "array", [state.registers[registers[1]]], type=self._type(instruction))
                state.heap[offset] = Cell()
                self._set(state, instruction, Def(offset))
            case 0x24 | 0x25:
                elements = [state.registers[register] for register in registers]
                self._define(instruction, "filled", elements, type=self._type(instruction))
                state.heap[offset] = Cell()
                state.pending = Def(offset)
            case 0x26:
                payload = self._code.payload(instruction)
                self._define(instruction, "fill", [], text=payload if isinstance(payload, ArrayPayload) else None)
                self._happened(state, state.registers[registers[0]], offset)
            case 0xFC | 0xFD:
                self._custom_call(state, instruction)
            case 0xFA | 0xFB:
                state.pending = Unknown("the result of a method handle")
            case _ if 0x7B <= opcode <= 0xE2:
                self._set(state, instruction, self._arithmetic(state, instruction))
            case _:
                if registers:
                    reason = "a caught exception" if opcode == 0x0D else "the result of a comparison or method handle"
                    self._set(state, instruction, Unknown(reason))

    def _set(self, state: State, instruction: Instruction, value: Value | None) -> None:
        register = instruction.registers[0]
        state.registers[register] = OVERWRITTEN if value is None else value
        if instruction.opcode in _WIDE_RESULTS and register + 1 < len(state.registers):
            state.registers[register + 1] = None

    def _define(
        self, instruction: Instruction, name: str, operands: list[Value | None], type: str = "", text: object = None
    ) -> Definition:
        """Remember an instruction; operands of several runs are joined."""
        given = [OVERWRITTEN if operand is None else operand for operand in operands]
        known = self.definitions.get(instruction.offset)
        if known is None or known.operation != name or len(known.operands) != len(given):
            known = self.definitions[instruction.offset] = Definition(name, given, type=type, text=text)
        else:
            known.operands = [join_atoms(old, new) for old, new in zip(known.operands, given, strict=True)]
        return known

    def _happened(self, state: State, target: Value | None, offset: int) -> None:
        """Add an instruction to the history of the objects `target` may be."""
        if target is None:
            return
        for one in alternatives(target):
            if isinstance(one, Def):
                cell = state.heap.get(one.offset)
                state.heap[one.offset] = (cell or Cell()).after(offset)

    def _made_here(self, value: Value | None) -> bool:
        """Say whether a value may be an object that this method created itself."""
        return value is not None and any(
            isinstance(one, Def) and self.definitions[one.offset].operation in ("new", "array", "filled")
            for one in alternatives(value)
        )

    def _type(self, instruction: Instruction) -> str:
        return self._file.type(instruction.index or 0)

    def _field(self, instruction: Instruction) -> FieldRef:
        return self._file.field(instruction.index or 0)

    def _write_field(self, state: State, instruction: Instruction) -> None:
        ref = self._field(instruction)
        operands = [state.registers[register] for register in instruction.registers]
        definition = self._define(instruction, "put", operands)
        definition.ref = ref
        if len(operands) == 2:
            self._happened(state, operands[1], instruction.offset)

    def _read_field(self, state: State, instruction: Instruction) -> Value:
        ref = self._field(instruction)
        if ref in self._assumed:
            return self._assumed[ref]
        base = [state.registers[register] for register in instruction.registers[1:]]
        written = self._last_written(state, base[0], ref) if base else None
        if written is not None:
            return written
        definition = self._define(instruction, "get", base)
        definition.ref = ref
        return Def(instruction.offset)

    def _last_written(self, state: State, base: Value | None, ref: FieldRef) -> Value | None:
        """Return what was written last into a field of an object made here; None when that cannot be told."""
        if not isinstance(base, Def) or base.offset not in state.heap:
            return None
        found: Value | None = None
        for history in state.heap[base.offset].histories:
            called = False
            for offset in reversed(history):
                definition = self.definitions.get(offset)
                called = called or (definition is not None and definition.operation == "call")
                if definition is not None and definition.operation == "put" and definition.ref == ref:
                    value = definition.operands[0]
                    if called and self._is_collection(value):
                        # The calls that got the object may have put something into it.
                        return None
                    found = value if found is None else join_atoms(found, value)
                    break
            else:
                return None
        return found

    def _is_collection(self, value: Value) -> bool:
        """Say whether a value may be a collection that was made here."""
        made = (self.definitions.get(one.offset) for one in alternatives(value) if isinstance(one, Def))
        return any(one is not None and one.operation == "new" and one.type in LISTS | MAPS for one in made)

    def _read_element(self, state: State, instruction: Instruction) -> Value:
        array, index = (state.registers[register] for register in instruction.registers[1:])
        if isinstance(array, Def) and isinstance(index, Number):
            known = self._known_element(state, array.offset, index.value)
            if known is not None:
                return known
        definition = self._define(instruction, "aget", [array, index])
        self._remember_cells(definition, state, (array,))
        return Def(instruction.offset)

    def _known_element(self, state: State, site: int, index: int) -> Value | None:
        cell, definition = state.heap.get(site), self.definitions.get(site)
        if cell is None or definition is None or len(cell.histories) != 1 or cell.repeated or cell.merged:
            return None
        for offset in reversed(cell.histories[0]):
            write = self.definitions[offset]
            if write.operation != "aput" or not isinstance(write.operands[0], Number):
                return None
            if write.operands[0].value == index:
                return write.operands[1]
        if definition.operation == "filled" and 0 <= index < len(definition.operands):
            return definition.operands[index]
        return None

    def _is_instance(self, state: State, instruction: Instruction) -> Value:
        """Return whether an object is of a class, where that is known."""
        value, wanted = state.registers[instruction.registers[1]], self._type(instruction)
        known: bool | None = None
        match value:
            case Parameter(index=index):
                self.tested.add(index)
                if index in self.lengths:
                    known = is_kind_of(None, "[Ljava/lang/Object;", wanted)
                elif index in self.classes:
                    known = is_kind_of(self.calls.hierarchy, self.classes[index], wanted)
            case Def(offset=offset) if (made := self.definitions.get(offset)) is not None:
                if made.operation in ("new", "array", "filled"):
                    known = is_kind_of(self.calls.hierarchy, made.type, wanted)
            case Text():
                known = is_kind_of(self.calls.hierarchy, "Ljava/lang/String;", wanted)
            case Number(value=0):
                known = False
        return Unknown("whether an object is of a class") if known is None else Number(int(known))

    def _length(self, state: State, instruction: Instruction) -> Value:
        array = state.registers[instruction.registers[1]]
        if isinstance(array, Parameter) and array.index in self.lengths:
            return self.lengths[array.index]
        if isinstance(array, Def) and (made := self.definitions.get(array.offset)) is not None:
            if made.operation == "filled":
                return Number(len(made.operands))
            if made.operation == "array" and isinstance(made.operands[0], Number):
                return made.operands[0]
        self._define(instruction, "length", [array])
        return Def(instruction.offset)

    def _arithmetic(self, state: State, instruction: Instruction) -> Value:
        opcode, registers = instruction.opcode, instruction.registers
        sources = registers if 0xB0 <= opcode <= 0xCF else registers[1:]
        operands = [state.registers[register] for register in sources]
        if instruction.literal is not None:
            operands.append(Number(instruction.literal))
        named = operation(opcode)
        definition = self._define(instruction, named[0] if named else "computed", operands)
        # Operands of all runs: a counter that changes in a loop must not be counted to its end.
        numbers = [one.value for one in definition.operands if isinstance(one, Number)]
        if len(numbers) == len(definition.operands):
            result = None
            if len(numbers) == 1:
                result = convert(opcode, numbers[0])
            elif named is not None and len(numbers) == 2:
                result = compute(named[0], named[1], numbers[0], numbers[1])
            if result is not None:
                return Number(wrap(result, 64))
        return Def(instruction.offset)

    def _arguments(self, state: State, instruction: Instruction, ref: MethodRef, receiver: bool) -> list[Value | None]:
        """Return one value per argument: long and double take two registers."""
        found: list[Value | None] = []
        registers = iter(instruction.registers)
        for type_name in (ref.owner, *ref.parameters) if receiver else ref.parameters:
            register = next(registers, None)
            found.append(None if register is None else state.registers[register])
            if type_name in ("J", "D"):
                next(registers, None)
        return found

    def _call(self, state: State, instruction: Instruction) -> None:
        ref = self._file.method(instruction.index or 0)
        kind = kind_of(instruction.opcode)
        arguments = self._arguments(state, instruction, ref, kind != "static")
        definition = self._define(instruction, "call", arguments)
        definition.ref, definition.kind = ref, kind
        self._remember_cells(definition, state, arguments)
        for position, argument in enumerate(arguments):
            noted = self.calls.takes_note(ref, kind, position)
            if noted and (position == 0 or self._made_here(argument) or self.calls.surely_changes(ref, kind, position)):
                self._happened(state, argument, instruction.offset)
        if ref.return_type == "V":
            state.pending = None
        elif arguments and arguments[0] is not None and self.calls.returns_receiver(ref, kind):
            state.pending = arguments[0]
        else:
            state.heap.pop(instruction.offset, None)
            folded = None
            # Operands of all runs, as for arithmetic.
            if definition.operands and all(isinstance(one, Text | Number) for one in definition.operands):
                folded = self._fold(instruction.offset, ref, kind, definition.operands)
            state.pending = Def(instruction.offset) if folded is None else folded

    def _remember_cells(self, definition: Definition, state: State, operands: Iterable[Value | None]) -> None:
        cells = {
            one.offset: state.heap[one.offset]
            for operand in operands
            if operand is not None
            for one in alternatives(operand)
            if isinstance(one, Def) and one.offset in state.heap
        }
        for site, cell in cells.items():
            known = definition.cells.get(site)
            cells[site] = cell if known is None else known.joined(cell)
        definition.cells = {**definition.cells, **cells}

    def _custom_call(self, state: State, instruction: Instruction) -> None:
        values = self._file.call_sites[instruction.index or 0]
        name = values[1].value if len(values) > 1 else None
        descriptor = str(values[2].value) if len(values) > 2 else "()V"
        ref = MethodRef("", str(name), descriptor)
        arguments = self._arguments(state, instruction, ref, receiver=False)
        definition = self._define(instruction, "custom", arguments)
        definition.ref, definition.kind = ref, "custom"
        definition.text = tuple(value.value for value in values[3:])
        state.pending = Def(instruction.offset)
