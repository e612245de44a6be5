"""Whether somebody asks for what a call returns."""

from analyzer.dataflow.register_reads import reads_of
from analyzer.dex import DexMethod, Instruction, MethodRef, Site

_MOVE_RESULT = 0x0A
_CALLS = frozenset({*range(0x6E, 0x73), *range(0x74, 0x79)})
_TEXTS = frozenset(
    {"Ljava/lang/StringBuilder;", "Ljava/lang/StringBuffer;", "Ljava/lang/String;", "Ljava/io/PrintStream;"}
)
"""Classes whose methods make a text of a truth value, or print it."""


def takes_result(site: Site) -> bool:
    """Say whether the truth value that a call returns is taken by the instruction behind it, and put to use later.

    To be told, as part of a text, is no use.
    """
    code = site.method.code()
    if code is None:
        return True
    following = next((one for one in code.instructions if one.offset > site.offset), None)
    if following is None or following.opcode != _MOVE_RESULT:
        return False
    reads = reads_of(code, following)
    return reads is None or not all(_only_tells(site.method, one) for one in reads)


def _only_tells(method: DexMethod, instruction: Instruction) -> bool:
    if instruction.opcode not in _CALLS or instruction.index is None:
        return False
    ref = method.file.resolve("method", instruction.index)
    return isinstance(ref, MethodRef) and ref.owner in _TEXTS and ref.parameters == ("Z",)
