"""DEX files as tables: the only folder that knows numpy."""

from analyzer.dex.classes import DexClass, DexField, DexMethod
from analyzer.dex.code import CodeItem, Handler, TryBlock
from analyzer.dex.errors import DexError
from analyzer.dex.file import DexFile
from analyzer.dex.hierarchy import Hierarchy
from analyzer.dex.instructions import ArrayPayload, Instruction, SwitchPayload
from analyzer.dex.problems import DexProblem, gaps_of
from analyzer.dex.program import Program
from analyzer.dex.symbols import FieldRef, MethodRef, descriptor_of, dotted
from analyzer.dex.users import Site, Users
from analyzer.dex.values import EncodedValue

__all__ = [
    "ArrayPayload",
    "CodeItem",
    "DexClass",
    "DexError",
    "DexField",
    "DexFile",
    "DexMethod",
    "DexProblem",
    "EncodedValue",
    "FieldRef",
    "Handler",
    "Hierarchy",
    "Instruction",
    "MethodRef",
    "Program",
    "Site",
    "SwitchPayload",
    "TryBlock",
    "Users",
    "descriptor_of",
    "dotted",
    "gaps_of",
]
