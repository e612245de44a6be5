"""The instructions of the Dalvik virtual machine: names, formats, and what their indices point into.

Source: "Dalvik bytecode format" and "Dalvik executable instruction formats" of the Android Open Source Project.
"""

from typing import Literal

import msgspec

IndexKind = Literal["string", "type", "field", "method", "call-site", "method-handle", "proto"]
"""The table an instruction's index points into."""

PACKED_SWITCH_PAYLOAD = 0x100
SPARSE_SWITCH_PAYLOAD = 0x200
ARRAY_PAYLOAD = 0x300
PAYLOADS = frozenset({PACKED_SWITCH_PAYLOAD, SPARSE_SWITCH_PAYLOAD, ARRAY_PAYLOAD})
"""What looks like a ``nop`` but holds data; a ``nop`` with any other upper byte is just that, as in ART."""

_TABLE = """
00 10x nop | 01 12x move | 02 22x move/from16 | 03 32x move/16 | 04 12x move-wide
05 22x move-wide/from16 | 06 32x move-wide/16 | 07 12x move-object | 08 22x move-object/from16
09 32x move-object/16 | 0a 11x move-result | 0b 11x move-result-wide | 0c 11x move-result-object
0d 11x move-exception | 0e 10x return-void | 0f 11x return | 10 11x return-wide | 11 11x return-object
12 11n const/4 | 13 21s const/16 | 14 31i const | 15 21h const/high16 | 16 21s const-wide/16
17 31i const-wide/32 | 18 51l const-wide | 19 21h const-wide/high16 | 1a 21c const-string
1b 31c const-string/jumbo | 1c 21c const-class | 1d 11x monitor-enter | 1e 11x monitor-exit
1f 21c check-cast | 20 22c instance-of | 21 12x array-length | 22 21c new-instance | 23 22c new-array
24 35c filled-new-array | 25 3rc filled-new-array/range | 26 31t fill-array-data | 27 11x throw
28 10t goto | 29 20t goto/16 | 2a 30t goto/32 | 2b 31t packed-switch | 2c 31t sparse-switch
2d 23x cmpl-float | 2e 23x cmpg-float | 2f 23x cmpl-double | 30 23x cmpg-double | 31 23x cmp-long
32 22t if-eq | 33 22t if-ne | 34 22t if-lt | 35 22t if-ge | 36 22t if-gt | 37 22t if-le | 38 21t if-eqz
39 21t if-nez | 3a 21t if-ltz | 3b 21t if-gez | 3c 21t if-gtz | 3d 21t if-lez | 44 23x aget
45 23x aget-wide | 46 23x aget-object | 47 23x aget-boolean | 48 23x aget-byte | 49 23x aget-char
4a 23x aget-short | 4b 23x aput | 4c 23x aput-wide | 4d 23x aput-object | 4e 23x aput-boolean
4f 23x aput-byte | 50 23x aput-char | 51 23x aput-short | 52 22c iget | 53 22c iget-wide
54 22c iget-object | 55 22c iget-boolean | 56 22c iget-byte | 57 22c iget-char | 58 22c iget-short
59 22c iput | 5a 22c iput-wide | 5b 22c iput-object | 5c 22c iput-boolean | 5d 22c iput-byte
5e 22c iput-char | 5f 22c iput-short | 60 21c sget | 61 21c sget-wide | 62 21c sget-object
63 21c sget-boolean | 64 21c sget-byte | 65 21c sget-char | 66 21c sget-short | 67 21c sput
68 21c sput-wide | 69 21c sput-object | 6a 21c sput-boolean | 6b 21c sput-byte | 6c 21c sput-char
6d 21c sput-short | 6e 35c invoke-virtual | 6f 35c invoke-super | 70 35c invoke-direct
71 35c invoke-static | 72 35c invoke-interface | 74 3rc invoke-virtual/range | 75 3rc invoke-super/range
76 3rc invoke-direct/range | 77 3rc invoke-static/range | 78 3rc invoke-interface/range | 7b 12x neg-int
7c 12x not-int | 7d 12x neg-long | 7e 12x not-long | 7f 12x neg-float | 80 12x neg-double
81 12x int-to-long | 82 12x int-to-float | 83 12x int-to-double | 84 12x long-to-int
85 12x long-to-float | 86 12x long-to-double | 87 12x float-to-int | 88 12x float-to-long
89 12x float-to-double | 8a 12x double-to-int | 8b 12x double-to-long | 8c 12x double-to-float
8d 12x int-to-byte | 8e 12x int-to-char | 8f 12x int-to-short | 90 23x add-int | 91 23x sub-int
92 23x mul-int | 93 23x div-int | 94 23x rem-int | 95 23x and-int | 96 23x or-int | 97 23x xor-int
98 23x shl-int | 99 23x shr-int | 9a 23x ushr-int | 9b 23x add-long | 9c 23x sub-long | 9d 23x mul-long
9e 23x div-long | 9f 23x rem-long | a0 23x and-long | a1 23x or-long | a2 23x xor-long | a3 23x shl-long
a4 23x shr-long | a5 23x ushr-long | a6 23x add-float | a7 23x sub-float | a8 23x mul-float
a9 23x div-float | aa 23x rem-float | ab 23x add-double | ac 23x sub-double | ad 23x mul-double
ae 23x div-double | af 23x rem-double | b0 12x add-int/2addr | b1 12x sub-int/2addr
b2 12x mul-int/2addr | b3 12x div-int/2addr | b4 12x rem-int/2addr | b5 12x and-int/2addr
b6 12x or-int/2addr | b7 12x xor-int/2addr | b8 12x shl-int/2addr | b9 12x shr-int/2addr
ba 12x ushr-int/2addr | bb 12x add-long/2addr | bc 12x sub-long/2addr | bd 12x mul-long/2addr
be 12x div-long/2addr | bf 12x rem-long/2addr | c0 12x and-long/2addr | c1 12x or-long/2addr
c2 12x xor-long/2addr | c3 12x shl-long/2addr | c4 12x shr-long/2addr | c5 12x ushr-long/2addr
c6 12x add-float/2addr | c7 12x sub-float/2addr | c8 12x mul-float/2addr | c9 12x div-float/2addr
ca 12x rem-float/2addr | cb 12x add-double/2addr | cc 12x sub-double/2addr | cd 12x mul-double/2addr
ce 12x div-double/2addr | cf 12x rem-double/2addr | d0 22s add-int/lit16 | d1 22s rsub-int
d2 22s mul-int/lit16 | d3 22s div-int/lit16 | d4 22s rem-int/lit16 | d5 22s and-int/lit16
d6 22s or-int/lit16 | d7 22s xor-int/lit16 | d8 22b add-int/lit8 | d9 22b rsub-int/lit8
da 22b mul-int/lit8 | db 22b div-int/lit8 | dc 22b rem-int/lit8 | dd 22b and-int/lit8
de 22b or-int/lit8 | df 22b xor-int/lit8 | e0 22b shl-int/lit8 | e1 22b shr-int/lit8
e2 22b ushr-int/lit8 | fa 45cc invoke-polymorphic | fb 4rcc invoke-polymorphic/range
fc 35c invoke-custom | fd 3rc invoke-custom/range | fe 21c const-method-handle
ff 21c const-method-type
"""


class Opcode(msgspec.Struct, frozen=True):
    """One kind of instruction."""

    value: int
    """0x00 to 0xff, or one of the three payloads, whose first code unit is their value."""
    name: str
    format: str
    """Number of code units, most registers, and kind of extra data: ``35c``."""
    units: int
    """Length in 16-bit code units; 0 for payloads, whose length is in the data."""
    index_kind: IndexKind | None


def _index_kind(value: int) -> IndexKind | None:
    if value in (0x1A, 0x1B):
        return "string"
    if value in (0x1C, 0x1F, 0x20, 0x22, 0x23, 0x24, 0x25):
        return "type"
    if 0x52 <= value <= 0x6D:
        return "field"
    if 0x6E <= value <= 0x78 or value in (0xFA, 0xFB):
        return "method"
    if value in (0xFC, 0xFD):
        return "call-site"
    return {0xFE: "method-handle", 0xFF: "proto"}.get(value)  # type: ignore[return-value]


def _read_table() -> dict[int, Opcode]:
    opcodes = {}
    for line in _TABLE.split("\n"):
        for cell in filter(None, line.split(" | ")):
            digits, layout, name = cell.split()
            value = int(digits, 16)
            opcodes[value] = Opcode(value, name, layout, int(layout[0]), _index_kind(value))
    for value, name in (
        (PACKED_SWITCH_PAYLOAD, "packed-switch-payload"),
        (SPARSE_SWITCH_PAYLOAD, "sparse-switch-payload"),
        (ARRAY_PAYLOAD, "fill-array-data-payload"),
    ):
        opcodes[value] = Opcode(value, name, "payload", 0, None)
    return opcodes


OPCODES = _read_table()
"""All instructions by value; values that are missing are unused in DEX files."""

UNITS = bytes(OPCODES[value].units if value in OPCODES else 0 for value in range(256))
"""Length of each instruction in code units; 0 for unused values."""

OPCODE_OF = {opcode.name: value for value, opcode in OPCODES.items()}
"""Values by name."""


def opcodes_using(kind: IndexKind) -> frozenset[int]:
    """Return the instructions whose index points into the table of `kind`."""
    return frozenset(value for value, opcode in OPCODES.items() if opcode.index_kind == kind)


FIELD_READS = frozenset({*range(0x52, 0x59), *range(0x60, 0x67)})
"""``iget`` and ``sget`` of all widths."""
FIELD_WRITES = frozenset({*range(0x59, 0x60), *range(0x67, 0x6E)})
"""``iput`` and ``sput`` of all widths."""
INVOKES = frozenset({*range(0x6E, 0x73), *range(0x74, 0x79), 0xFA, 0xFB, 0xFC, 0xFD})
"""All calls."""
LISTED_ARGUMENTS = frozenset(value for value, opcode in OPCODES.items() if opcode.format in ("35c", "45cc"))
"""Instructions that list up to five registers; the highest four bits of the first unit say how many."""
CREATIONS = frozenset({0x22, 0x23, 0x24, 0x25})
"""``new-instance``, ``new-array`` and ``filled-new-array``."""
