"""String pools of compiled resources, read as ``ResStringPool`` (AOSP, ``ResourceTypes.cpp``) reads them."""

import re
import struct
from collections.abc import Iterator, Sequence

_HEADER_BYTES = 28
_UTF8_FLAG = 1 << 8
_UINT32 = struct.Struct("<I")
_UINT16 = struct.Struct("<H")
_POOL_HEADER = struct.Struct("<HHIIIIII")


class PoolError(ValueError):
    """The pool breaks a rule that the platform checks before it hands out the first string."""


class StringPool:
    """A string pool whose strings are decoded when they are asked for.

    A string that the platform cannot read (an offset outside of the pool, no terminator) is None, while the
    rest of the pool stays readable.
    """

    _count: int

    def __init__(self, data: bytes | memoryview, offset: int, end: int, *, max_strings: int) -> None:
        """Check the pool that starts at `offset` and must not extend beyond `end`.

        Raises:
            PoolError: The platform would refuse the pool, or it holds more than `max_strings` strings.
        """
        if offset < 0 or end > len(data) or end - offset < _HEADER_BYTES:
            raise PoolError("string pool is cut off")
        _, header_size, size, count, styles, flags, strings_start, styles_start = _POOL_HEADER.unpack_from(data, offset)
        if header_size < _HEADER_BYTES or header_size > size or (header_size | size) & 3 or size > end - offset:
            raise PoolError("string pool has impossible sizes")
        if count > max_strings:
            raise PoolError(f"string pool announces {count} strings, the limit is {max_strings}")
        self._data = data
        self._count = count
        self._utf8 = bool(flags & _UTF8_FLAG)
        self._index = offset + header_size
        self._strings = offset + strings_start
        self._bytes = 0
        self._cache: dict[int, str | None] = {}
        if count:
            self._bytes = _string_bytes(size, header_size, count, styles, strings_start, styles_start)
            self._check_terminated()

    def _check_terminated(self) -> None:
        width = 1 if self._utf8 else 2
        units = self._bytes // width
        if units == 0:
            raise PoolError("string pool has strings but no space for them")
        last = self._strings + (units - 1) * width
        if any(self._data[last : last + width]):
            raise PoolError("last string of the pool is not terminated")
        self._bytes = units * width

    def __len__(self) -> int:
        """Return how many strings the pool announces."""
        return self._count

    @property
    def is_utf8(self) -> bool:
        """True when strings are stored as UTF-8."""
        return self._utf8

    def get(self, index: int) -> str | None:
        """Return a string, or None where the platform sees none."""
        if not 0 <= index < self._count:
            return None
        if index not in self._cache:
            self._cache[index] = self._read(index)
        return self._cache[index]

    def containing(self, fragments: Sequence[str]) -> Iterator[tuple[int, str]]:
        """Yield index and text of the strings in which one of `fragments` occurs, letter case aside for ASCII.

        A pool in whose bytes none occurs is not decoded.
        """
        encoding = "utf-8" if self._utf8 else "utf-16-le"
        pattern = b"|".join(re.escape(fragment.encode(encoding)) for fragment in fragments)
        area = self._data[self._strings : self._strings + self._bytes]
        if re.search(pattern, area, re.IGNORECASE) is None:
            return
        lowered = [fragment.lower() for fragment in fragments]
        for index in range(self._count):
            text = self._cache[index] if index in self._cache else self._read(index)
            if text is not None and any(fragment in text.lower() for fragment in lowered):
                yield index, text

    def _read(self, index: int) -> str | None:
        (offset,) = _UINT32.unpack_from(self._data, self._index + 4 * index)
        if self._utf8:
            raw = self._utf8_bytes(offset)
            return None if raw is None else _decode_utf8(raw)
        raw = self._utf16_bytes(offset & ~1)
        return None if raw is None else raw.decode("utf-16-le", "replace")

    def _utf8_bytes(self, offset: int) -> bytes | None:
        if offset >= self._bytes - 1:
            return None
        position, end = self._strings + offset, self._strings + self._bytes
        _, position = self._length8(position)
        announced, position = self._length8(position)
        length = announced
        # Builders keep only 15 bits of the length of long strings: the terminator tells the rest.
        for high in range(1, (self._bytes >> 15) + 2):
            if position + length >= end:
                return None
            if self._data[position + length] == 0:
                return bytes(self._data[position : position + length])
            length = (high << 15) | announced
        return None

    def _length8(self, position: int) -> tuple[int, int]:
        first = self._byte(position)
        if first & 0x80:
            return (first & 0x7F) << 8 | self._byte(position + 1), position + 2
        return first, position + 1

    def _byte(self, position: int) -> int:
        return self._data[position] if position < self._strings + self._bytes else 0

    def _utf16_bytes(self, offset: int) -> bytes | None:
        if offset >= self._bytes - 2:
            return None
        position, end = self._strings + offset, self._strings + self._bytes
        length: int = _UINT16.unpack_from(self._data, position)[0]
        position += 2
        if length & 0x8000:
            if position + 2 > end:
                return None
            length = (length & 0x7FFF) << 16 | _UINT16.unpack_from(self._data, position)[0]
            position += 2
        stop = position + 2 * length
        if stop + 2 > end or self._data[stop] or self._data[stop + 1]:
            return None
        return bytes(self._data[position:stop])


def _string_bytes(size: int, header_size: int, count: int, styles: int, strings_start: int, styles_start: int) -> int:
    """Return how many bytes hold string data, after the platform's checks of the offsets."""
    if header_size + 4 * count > size:
        raise PoolError(f"string pool announces {count} strings, more than fit")
    if strings_start >= size - 2:
        raise PoolError("string data starts after the end of the pool")
    if styles == 0:
        return size - strings_start
    if styles_start >= size - 2 or styles_start <= strings_start or header_size + 4 * (count + styles) > size:
        raise PoolError("style data lies outside of the pool")
    return styles_start - strings_start


def _decode_utf8(raw: bytes) -> str:
    """Decode UTF-8, and its modified form in which supplementary characters are two three-byte surrogates."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        text = raw.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return raw.decode("utf-8", "replace")
    # Pairs become one character, and a surrogate without its other half cannot be written out again.
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
