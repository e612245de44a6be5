"""What functions of Kotlin's ``StringsKt`` that cut up texts do to known texts."""

import re

from analyzer.dataflow.collection_models import elements_of
from analyzer.dataflow.text_models import Model
from analyzer.dataflow.values import Items, Number, Text, Unknown, Value
from analyzer.dex import MethodRef

_STRINGS = "Lkotlin/text/StringsKt;"
_LIST = "Ljava/util/List;"
_SPLIT = "(Ljava/lang/CharSequence;[Ljava/lang/String;ZIILjava/lang/Object;)Ljava/util/List;"
_SPLIT_AT_CHARACTERS = "(Ljava/lang/CharSequence;[CZIILjava/lang/Object;)Ljava/util/List;"
_NOT_FOLLOWED = Unknown("a text that is split in a way that is not followed")
_IGNORES_CASE, _LIMIT = 2, 4
"""Bits of the mask that say that Kotlin's default is taken: case counts, and there is no limit."""


def _split(ref: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    """``text.split(",")``, with the defaults for the rest: the parts, empty ones as well."""
    if ref.descriptor not in (_SPLIT, _SPLIT_AT_CHARACTERS) or len(arguments) != 6:
        return None
    text, given, _, _, mask, _ = arguments
    if not isinstance(text, Text):
        return None
    separators = [
        one.value if isinstance(one, Text) else chr(one.value & 0xFFFF) if isinstance(one, Number) else ""
        for one in elements_of(given) or ()
    ]
    defaults = isinstance(mask, Number) and mask.value & _IGNORES_CASE and mask.value & _LIMIT
    complete = not isinstance(given, Items) or given.complete
    if not defaults or not separators or "" in separators or not complete:
        return _NOT_FOLLOWED
    parts = re.split("|".join(map(re.escape, separators)), text.value)
    return Items(_LIST, tuple(map(Text, parts)))


def _lines(_: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    """``text.lines()``: at all three ends of lines."""
    if len(arguments) != 1 or not isinstance(arguments[0], Text):
        return None
    return Items(_LIST, tuple(map(Text, re.split("\r\n|\n|\r", arguments[0].value))))


def _trim_indent(_: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    """``trimIndent``: without the indent that all lines share, and without a blank first and last line."""
    if len(arguments) != 1 or not isinstance(arguments[0], Text):
        return None
    lines = re.split("\r\n|\n|\r", arguments[0].value)
    indent = min((len(one) - len(one.lstrip()) for one in lines if one.strip()), default=0)
    kept = [one[indent:] for at, one in enumerate(lines) if one.strip() or at not in (0, len(lines) - 1)]
    return Text("\n".join(kept))


KOTLIN_TEXTS: dict[tuple[str, str], Model] = {
    (_STRINGS, "split$default"): _split,
    (_STRINGS, "lines"): _lines,
    (_STRINGS, "trimIndent"): _trim_indent,
}
"""By class and name."""
