"""Modified UTF-8: the encoding of strings in DEX files (JVM specification §4.4.7).

U+0000 is written in two bytes, characters above U+FFFF as two surrogates of three bytes each.
"""

_NUL = b"\xc0\x80"


def decode_mutf8(raw: bytes) -> tuple[str, bool]:
    """Decode `raw` (without the final NUL); return the text and whether it was well-formed.

    Pairs of surrogates become one character, lone surrogates stay what they are: Java strings may hold them.
    What is not modified UTF-8 becomes U+FFFD.
    """
    if raw.isascii():
        return raw.decode("ascii"), b"\0" not in raw
    # Bytes from F0 start four-byte sequences, which UTF-8 has and modified UTF-8 has not.
    well_formed = b"\0" not in raw and max(raw) < 0xF0
    plain = raw.replace(_NUL, b"\0")
    if well_formed:
        try:
            text = plain.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            pass
        else:
            return _pair_surrogates(text), True
    return plain.decode("utf-8", "replace"), False


def encode_mutf8(text: str) -> bytes:
    """Encode `text`, lone surrogates included."""
    if text.isascii() and "\0" not in text:
        return text.encode("ascii")
    units = text.encode("utf-16-be", "surrogatepass")
    return b"".join(
        _NUL if unit == 0 else chr(unit).encode("utf-8", "surrogatepass")
        for unit in (units[at] << 8 | units[at + 1] for at in range(0, len(units), 2))
    )


def order_key(raw: bytes) -> bytes:
    """Return a key that sorts encoded strings as DEX files do: by UTF-16 code unit.

    The bytes themselves sort that way but for U+0000, whose two bytes would sort behind ASCII.
    """
    return raw.replace(_NUL, b"\0")


def utf16_length(text: str) -> int:
    """Return the number of UTF-16 code units of `text`."""
    return len(text) if text.isascii() else len(text) + sum(character > "\uffff" for character in text)


def _pair_surrogates(text: str) -> str:
    if not any("\ud800" <= character <= "\udfff" for character in text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
