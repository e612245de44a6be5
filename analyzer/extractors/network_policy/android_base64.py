"""Base64 as ``android.util.Base64.decode(text, DEFAULT)`` reads it.

Android's decoder skips every byte outside the standard alphabet, also ``-`` and ``_``, which no other decoder
at hand does; pins must be judged by what the device makes of them.
"""

_SYMBOLS = {
    symbol: value for value, symbol in enumerate(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
}
_PADDING = ord("=")


def decode(text: str) -> bytes | None:
    """Return the decoded bytes, or None where Android throws "bad base-64".

    Missing padding is accepted; surplus padding, padding inside and symbols after padding are not.
    """
    symbols: list[int] = []
    padding = 0
    for byte in text.encode("utf-8", "surrogatepass"):
        if byte == _PADDING:
            padding += 1
            # One or two padding characters may follow two or three symbols of the last group.
            if padding > (4 - len(symbols) % 4) % 4 or len(symbols) % 4 < 2:
                return None
        elif byte in _SYMBOLS:
            if padding:
                return None
            symbols.append(_SYMBOLS[byte])
    left_over = len(symbols) % 4
    if left_over == 1 or (left_over == 2 and padding == 1):
        return None
    decoded = bytearray()
    for start in range(0, len(symbols) - left_over, 4):
        first, second, third, fourth = symbols[start : start + 4]
        word = first << 18 | second << 12 | third << 6 | fourth
        decoded += word.to_bytes(3)
    if left_over == 2:
        decoded.append((symbols[-2] << 2 | symbols[-1] >> 4) & 0xFF)
    elif left_over == 3:
        decoded += ((symbols[-3] << 10 | symbols[-2] << 4 | symbols[-1] >> 2) & 0xFFFF).to_bytes(2)
    return bytes(decoded)
