"""Where one path stands: the methods it has entered, what it wrote, and what its branches decided."""

from analyzer.dataflow.branches import Facts
from analyzer.dataflow.cfg import Block, Cfg
from analyzer.dataflow.loops import Loops, loops_of
from analyzer.dataflow.path_model import Condition, Frame, Step
from analyzer.dataflow.terms import Memory, Registers
from analyzer.dataflow.values import Value
from analyzer.dex import CodeItem, DexMethod, MethodRef


class Body:
    """One method's code, prepared once."""

    def __init__(self, method: DexMethod, code: CodeItem) -> None:
        self.method = method
        self.code = code
        self.cfg: Cfg
        self.loops: Loops
        self.cfg, self.loops = loops_of(code)


class Activation:
    """A method that was entered on one path."""

    def __init__(
        self, body: Body, registers: Registers, frame: Frame, in_loop: bool, raises: str | None = None
    ) -> None:
        self.body = body
        self.registers = registers
        self.frame = frame
        self.in_loop = in_loop
        """Whether the call that entered it is in a loop."""
        self.raises = raises
        """What becomes of any exception that leaves it (a descriptor); None when it stays what it is."""
        self.block: Block = body.cfg.blocks[body.cfg.entry]
        self.at = 0
        self.visits: dict[int, int] = {}
        self.executed: set[int] = set()
        self.noise: frozenset[int] = frozenset()
        """Handlers that an uninteresting call was already followed to."""
        self.raised: Value | None = None

    def copy(self) -> "Activation":
        """Return a copy that can be changed on its own."""
        other = object.__new__(Activation)
        other.__dict__.update(self.__dict__)
        other.registers = self.registers.copy()
        other.visits = self.visits.copy()
        other.executed = self.executed.copy()
        return other


class Thread:
    """One path that is being followed."""

    def __init__(self, stack: list[Activation], memory: Memory, facts: Facts) -> None:
        self.stack = stack
        self.memory = memory
        self.facts = facts
        self.order: list[Condition | Step] = []
        self.skipped: dict[tuple[MethodRef, int], None] = {}
        self.ran: dict[tuple[MethodRef, int], None] = {}
        self.recovered: dict[str, None] = {}

    def copy(self) -> "Thread":
        """Return a copy that can be followed on its own."""
        other = Thread([one.copy() for one in self.stack], self.memory.copy(), self.facts.copy())
        other.order = self.order.copy()
        other.skipped, other.ran = self.skipped.copy(), self.ran.copy()
        other.recovered = self.recovered.copy()
        return other
