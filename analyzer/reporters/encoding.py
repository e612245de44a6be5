"""One way to write JSON for every machine format: UTF-8, indented, equal input gives equal bytes."""

import json
import re
from typing import Any

import msgspec

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def encode_json(document: dict[str, Any]) -> bytes:
    """Write a document of plain values as indented UTF-8 with a final newline, keys in the order given.

    Half a surrogate pair, which a DEX string may hold but UTF-8 cannot, is written as ``⟨U+D800⟩``.
    """
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # json.dumps indents in pure Python, msgspec does it at the speed of the encoder.
    return msgspec.json.format(_LONE_SURROGATE.sub(_spell, text).encode(), indent=2) + b"\n"


def _spell(surrogate: re.Match[str]) -> str:
    return f"⟨U+{ord(surrogate.group()):04X}⟩"
