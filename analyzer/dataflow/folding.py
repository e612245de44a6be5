"""What calls return when all they get is constant: questions about texts, and small methods that ask them."""

from collections.abc import Callable, Sequence

from analyzer.dataflow.values import Number, Text, Value
from analyzer.dex import DexMethod, MethodRef

_STRING = "Ljava/lang/String;"
_TEXTS = (_STRING, "Ljava/lang/CharSequence;", "Ljava/lang/Object;")
_KOTLIN_TEXTS = "Lkotlin/text/StringsKt"
_LONGEST = 10_000
_MAX_INSTRUCTIONS = 400
"""Longest method that is evaluated for constant arguments."""
MAX_NESTED = 8
"""Most such methods that call each other: Kotlin's text functions fill in defaults and hand on several times."""
_INVOKES = frozenset({*range(0x6E, 0x73), *range(0x74, 0x79)})
_ANSWERS = frozenset({"Z", "I"})

Part = str | int


def _hash(text: str) -> int:
    """``String.hashCode``: over UTF-16 code units, in 32 bits."""
    found = 0
    units = text.encode("utf-16-be", "surrogatepass")
    for at in range(0, len(units), 2):
        found = (31 * found + int.from_bytes(units[at : at + 2], "big")) & 0xFFFFFFFF
    return found - (1 << 32) if found >> 31 else found


def _index(text: str, wanted: Part, start: Part = 0) -> int | None:
    if not isinstance(start, int) or start < 0:
        return None
    return text.find(chr(wanted) if isinstance(wanted, int) and 0 <= wanted < 0xD800 else str(wanted), start)


def _last_index(text: str, wanted: Part) -> int:
    return text.rfind(chr(wanted) if isinstance(wanted, int) and 0 <= wanted < 0xD800 else str(wanted))


def _part(text: str, start: Part, end: Part | None = None) -> str | None:
    stop = len(text) if end is None else end
    if not isinstance(start, int) or not isinstance(stop, int) or not 0 <= start <= stop <= len(text):
        return None
    return text[start:stop]


_QUESTIONS: dict[str, Callable[..., str | int | bool | None]] = {
    "equals": lambda text, other: text == other,
    "contentEquals": lambda text, other: text == other,
    "equalsIgnoreCase": lambda text, other: text.lower() == str(other).lower(),
    "startsWith": lambda text, other: text.startswith(str(other)),
    "endsWith": lambda text, other: text.endswith(str(other)),
    "contains": lambda text, other: str(other) in text,
    "isEmpty": lambda text: not text,
    "length": len,
    "hashCode": _hash,
    "indexOf": _index,
    "lastIndexOf": _last_index,
    "substring": _part,
    "subSequence": _part,
    "charAt": lambda text, at: ord(text[at]) if isinstance(at, int) and 0 <= at < len(text) else None,
    "toString": lambda text: text,
}
"""Methods of ``String`` and ``CharSequence``; a lone surrogate counts as its code unit."""


def fold_text(ref: MethodRef, is_static: bool, operands: Sequence[Value]) -> Value | None:
    """Return what a method of the platform returns for constant texts and numbers; None when that is not modelled."""
    given: list[Part] = []
    for one in operands:
        if not isinstance(one, Text | Number) or (isinstance(one, Text) and len(one.value) > _LONGEST):
            return None
        given.append(one.value)
    if is_static:
        return _fold_static(ref, given)
    question = _QUESTIONS.get(ref.name)
    if ref.owner not in _TEXTS or question is None or not given or not isinstance(given[0], str):
        return None
    if not given[0].isascii() or not 1 <= len(given) <= 3:
        # Outside of ASCII, code units and characters are not the same.
        return None
    try:
        return _value(question(*given))
    except TypeError:
        # An overload that is not modelled.
        return None


def _fold_static(ref: MethodRef, given: list[Part]) -> Value | None:
    if (ref.owner, ref.name) == ("Lkotlin/jvm/internal/Intrinsics;", "areEqual") and len(given) == 2:
        return Number(int(given[0] == given[1]))
    if ref.owner.startswith(_KOTLIN_TEXTS) and ref.name in ("replace", "replace$default") and len(given) >= 4:
        text, old, new, ignoring = given[:4]
        if isinstance(text, str) and isinstance(new, str) and old != "" and not ignoring:
            return Text(text.replace(chr(old) if isinstance(old, int) else old, new))
    return None


def _value(found: str | int | bool | None) -> Value | None:
    if found is None:
        return None
    return Text(found) if isinstance(found, str) else Number(int(found))


def may_fold(method: DexMethod, operands: Sequence[Value]) -> bool:
    """Say whether a static method of the app is worth evaluating for its constant arguments."""
    ref = method.ref
    if not method.is_static or ref.return_type not in (*_ANSWERS, _STRING):
        return False
    if not any(isinstance(one, Text) for one in operands):
        return False
    code = method.code()
    return code is not None and len(code.instructions) <= _MAX_INSTRUCTIONS


def asks_about_texts(method: DexMethod) -> bool:
    """Say whether branches of a method may depend on the text of a parameter."""
    code = method.code()
    if code is None or len(code.instructions) > _MAX_INSTRUCTIONS:
        return False
    for instruction in code.instructions:
        if instruction.opcode not in _INVOKES:
            continue
        ref = method.file.method(instruction.index or 0)
        if ref.return_type in _ANSWERS and (
            (ref.owner in _TEXTS and ref.name in _QUESTIONS) or any(kind in _TEXTS for kind in ref.parameters)
        ):
            return True
    return False
