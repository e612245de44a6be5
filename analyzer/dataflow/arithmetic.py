"""Integer arithmetic as the Dalvik virtual machine does it, on constants."""

from collections.abc import Callable

_NAMES = ("add", "sub", "mul", "div", "rem", "and", "or", "xor", "shl", "shr", "ushr")
_FIRST_INT, _FIRST_LONG, _FIRST_FLOAT = 0x90, 0x9B, 0xA6
_FIRST_INT_2ADDR, _FIRST_LONG_2ADDR, _FIRST_FLOAT_2ADDR = 0xB0, 0xBB, 0xC6
_LIT16 = ("add", "rsub", "mul", "div", "rem", "and", "or", "xor")
_LIT8 = (*_LIT16, "shl", "shr", "ushr")
_CONVERSIONS: dict[int, tuple[int, bool]] = {
    0x81: (64, True), 0x84: (32, True), 0x8D: (8, True), 0x8E: (16, False), 0x8F: (16, True),
}  # fmt: skip
"""Width in bits, and whether the result is signed."""


def wrap(value: int, bits: int, signed: bool = True) -> int:
    """Keep the low `bits` of a number."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if signed and value >> (bits - 1) else value


def operation(opcode: int) -> tuple[str, int] | None:
    """Return what a binary instruction computes, and its width in bits; None for floating-point arithmetic."""
    if 0xD0 <= opcode <= 0xD7:
        return _LIT16[opcode - 0xD0], 32
    if 0xD8 <= opcode <= 0xE2:
        return _LIT8[opcode - 0xD8], 32
    for first, bits in (
        (_FIRST_INT, 32), (_FIRST_LONG, 64), (_FIRST_INT_2ADDR, 32), (_FIRST_LONG_2ADDR, 64),
    ):  # fmt: skip
        if first <= opcode < first + len(_NAMES):
            return _NAMES[opcode - first], bits
    return None


def compute(name: str, bits: int, left: int, right: int) -> int | None:
    """Return the result of an instruction; None for a division by zero, which throws."""
    compute_one = _OPERATIONS[name]
    if name in ("div", "rem") and right == 0:
        return None
    if name in ("shl", "shr", "ushr"):
        right &= bits - 1
        left = wrap(left, bits, name != "ushr")
    return wrap(compute_one(left, right), bits)


def convert(opcode: int, value: int) -> int | None:
    """Return the result of a unary instruction; None for floating-point ones."""
    if opcode in _CONVERSIONS:
        return wrap(value, *_CONVERSIONS[opcode])
    match opcode:
        case 0x7B:
            return wrap(-value, 32)
        case 0x7C:
            return wrap(~value, 32)
        case 0x7D:
            return wrap(-value, 64)
        case 0x7E:
            return wrap(~value, 64)
    return None


def compare(opcode: int, left: int, right: int) -> bool:
    """Say whether the branch of an ``if-*`` is taken; ``if-*z`` compares with 0."""
    kind = (opcode - 0x32) % 6
    return (left == right, left != right, left < right, left >= right, left > right, left <= right)[kind]


def _divide(left: int, right: int) -> int:
    quotient = abs(left) // abs(right)
    return -quotient if (left < 0) != (right < 0) else quotient


_OPERATIONS: dict[str, Callable[[int, int], int]] = {
    "add": lambda left, right: left + right,
    "sub": lambda left, right: left - right,
    "rsub": lambda left, right: right - left,
    "mul": lambda left, right: left * right,
    "div": _divide,
    "rem": lambda left, right: left - right * _divide(left, right),
    "and": lambda left, right: left & right,
    "or": lambda left, right: left | right,
    "xor": lambda left, right: left ^ right,
    "shl": lambda left, right: left << right,
    "shr": lambda left, right: left >> right,
    "ushr": lambda left, right: left >> right,
}
