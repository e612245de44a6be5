"""RC2 (RFC 2268): old PKCS#12 stores encrypt certificates with it, and libraries no longer offer it for 40 bits."""

from functools import lru_cache

MAX_BYTES = 1 << 19
"""Longest text that is deciphered; each kilobyte takes about a millisecond."""
_PI = bytes.fromhex(
    "d978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2"
    "179a59f587b34f1361456d8d09817d32bd8f40eb86b77b0bf09521225c6b4e82"
    "54d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626"
    "6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed7"
    "08e8eade8052eef784aa72ac354d6a2a961ad2715a1549744b9fd05e0418a4ec"
    "c2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731"
    "2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a9"
    "0d38341bab33ffb0bb480c5fb9b1cd2ec5f3db47e5a59c770aa62068fe7fc1ad"
)
_MASK = 0xFFFF


def decrypt_cbc(key: bytes, vector: bytes, data: bytes) -> bytes:
    """Decipher whole blocks; the effective key length is that of the key.

    Raises:
        ValueError: The data is too long, or not made of whole blocks.
    """
    if len(data) > MAX_BYTES or len(data) % 8 or len(vector) != 8:
        raise ValueError("not a text that RC2 can have made")
    schedule = _expanded(key)
    previous, plain = vector, bytearray()
    for at in range(0, len(data), 8):
        block = data[at : at + 8]
        plain += bytes(one ^ other for one, other in zip(_decipher(schedule, block), previous, strict=True))
        previous = block
    return bytes(plain)


@lru_cache(maxsize=8)
def _expanded(key: bytes) -> tuple[int, ...]:
    size, bits = len(key), 8 * len(key)
    table = bytearray(key)
    for at in range(size, 128):
        table.append(_PI[(table[at - 1] + table[at - size]) & 0xFF])
    count = (bits + 7) // 8
    table[128 - count] = _PI[table[128 - count] & (0xFF >> (-bits & 7))]
    for at in range(127 - count, -1, -1):
        table[at] = _PI[table[at + 1] ^ table[at + count]]
    return tuple(table[at] | table[at + 1] << 8 for at in range(0, 128, 2))


def _decipher(schedule: tuple[int, ...], block: bytes) -> bytes:
    words = [block[at] | block[at + 1] << 8 for at in range(0, 8, 2)]
    place = 63
    for round_number in range(16):
        for index, turn in ((3, 5), (2, 3), (1, 2), (0, 1)):
            value = (words[index] >> turn | words[index] << (16 - turn)) & _MASK
            above, higher, lower = words[index - 1], words[index - 2], words[index - 3]
            words[index] = (value - schedule[place] - (above & higher) - (~above & _MASK & lower)) & _MASK
            place -= 1
        if round_number in (4, 10):
            for index in (3, 2, 1, 0):
                words[index] = (words[index] - schedule[words[index - 1] & 63]) & _MASK
    return b"".join(word.to_bytes(2, "little") for word in words)
