"""The string table of a DEX file: decoded on demand, found by bisection, searched as bytes."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from analyzer.dex.arrays import distinct
from analyzer.dex.errors import DamagedItem
from analyzer.dex.leb128 import read_uleb128
from analyzer.dex.mutf8 import decode_mutf8, encode_mutf8, order_key, utf16_length
from analyzer.dex.problems import ProblemLog
from analyzer.dex.symbols import UNREADABLE

_MAX_SUSPECTS = 1_000
"""Neighbours that look out of order are compared exactly, up to this many."""
_COMPARED_BYTES = 4096
"""Neighbours that begin with this many equal bytes are compared exactly, too."""
_FEW_PAIRS = 32
"""Neighbours that are compared exactly faster than eight bytes of all of them are."""
_COMPARED_WORDS = 32
"""How many words of a string are compared on average; names and texts share two to four with their neighbour."""
_CACHED_CHARACTERS = 1 << 24
_CACHED_FINDS = 1 << 15
_CACHED_NAME = 1_024


class StringTable:
    """The strings of one DEX file, in the order of their indices."""

    def __init__(self, data: bytes, offsets: npt.NDArray[np.uint32], string_bytes: int, log: ProblemLog) -> None:
        """Read strings at `offsets` in `data`, each up to `string_bytes` long."""
        self._data = data
        self._offsets = offsets
        # Reading single numbers through a memory view is several times faster than through numpy.
        self._places = offsets.astype(np.uint32).data
        self._string_bytes = string_bytes
        self._firsts: memoryview[int] | None = None
        """The first eight bytes of each string as a number, where these ascend."""
        self._log = log
        self._decoded: dict[int, str] = {}
        self._found: dict[str, int | None] = {}
        self._decoded_left = self._cache_size = _CACHED_CHARACTERS + len(data)
        log.note("string", "a string lies outside the file", int(np.count_nonzero(offsets >= len(data))))

    def __len__(self) -> int:
        return len(self._offsets)

    def __getitem__(self, index: int) -> str:
        """Return a string; one that cannot be read, or does not exist, is `UNREADABLE`.

        Java strings may hold lone surrogates, which no UTF encoding of Python accepts.
        """
        text = self._decoded.get(index)
        if text is None:
            text = self._decode(index)
            # Strings may overlap: all of them can be far longer than the file.
            self._decoded_left -= len(text)
            if self._decoded_left < 0:
                self._decoded.clear()
                self._decoded_left = self._cache_size
            self._decoded[index] = text
        return text

    def raw(self, index: int) -> bytes:
        """Return a string as it is stored, in modified UTF-8; empty when it cannot be read."""
        try:
            return self._raw(index)[0]
        except DamagedItem:
            return b""

    def short_ascii_of(self, indices: Iterable[int]) -> list[str]:
        """Return strings below 128 bytes in ASCII that are as long as they say, as nearly all are; empty for others."""
        data, places, most = self._data, self._places, min(0x80, self._string_bytes)
        size, strings, found = len(data), len(places), list[str]()
        for index in indices:
            text = ""
            if 0 <= index < strings and (place := places[index]) < size and (length := data[place]) < most:
                start = place + 1
                # The first zero byte is where the length says that the string ends.
                if data.find(b"\0", start, start + length + 1) == start + length:
                    raw = data[start : start + length]
                    if raw.isascii():
                        text = raw.decode("ascii")
            found.append(text)
        return found

    def find(self, text: str) -> int | None:
        """Return the index of a string, or None when the file does not hold it."""
        index = self._found.get(text, -1)
        if index == -1:
            wanted = encode_mutf8(text)
            index = self._bisect(wanted) if self.is_sorted else self._find_anywhere(wanted)
            if len(self._found) >= _CACHED_FINDS:
                self._found.clear()
            if len(text) <= _CACHED_NAME:
                self._found[text] = index
        return index

    def search(self, pattern: re.Pattern[bytes], containing: Sequence[bytes] = ()) -> list[int]:
        """Return the indices of all strings in which `pattern` occurs, ascending.

        The pattern sees modified UTF-8. It may be run over all strings at once, so it must not look at what is
        before or behind its match: no anchors, no look-around.

        Args:
            pattern: What to search for.
            containing: Texts of which every match holds at least one. They are found many times faster than a
                pattern that begins with a class of characters.
        """
        if not len(self):
            return []
        starts, places = self._ordered_starts, set[int]()
        if containing:
            for text in containing:
                places.update(self._places_with(text, starts))
            places = {place for place in places if pattern.search(self.raw(int(self._by_place[place])))}
        else:

            def find(at: int, end: int) -> int:
                match = pattern.search(self._data, at, end)
                return -1 if match is None else match.start()

            places.update(self._places_of(find, pattern.search, starts))
        return sorted(index for place in places for index in self._at_place(int(starts[place])))

    def containing(self, text: bytes) -> list[int]:
        """Return the indices of all strings in which `text`, modified UTF-8, occurs, ascending."""
        if not len(self):
            return []
        starts = self._ordered_starts
        places = self._places_with(text, starts)
        return sorted(index for place in places for index in self._at_place(int(starts[place])))

    def starting(self, text: bytes) -> list[int]:
        """Return the indices of all strings that start with `text`, modified UTF-8, ascending."""
        if not self.is_sorted:
            return [index for index in self.containing(text) if self.raw(index).startswith(text)]
        low, high = 0, len(self)
        if self._firsts is not None:
            low = bisect_left(self._firsts, int.from_bytes(text[:8].ljust(8, b"\0"), "big"))
            high = bisect_right(self._firsts, int.from_bytes(text[:8].ljust(8, b"\xff"), "big"), low)
        first = last = self._place_for(text, low, high)
        while last < len(self) and self.raw(last).startswith(text):
            last += 1
        return list(range(first, last))

    def _places_with(self, text: bytes, starts: npt.NDArray[np.int64]) -> Iterator[int]:
        """Yield the places, by order in the file, of strings in which `text` occurs."""
        return self._places_of(lambda at, end: self._data.find(text, at, end), lambda raw: text in raw, starts)

    def _places_of(
        self, find: Callable[[int, int], int], holds: Callable[[bytes], object], starts: npt.NDArray[np.int64]
    ) -> Iterator[int]:
        """Yield the places, by order in the file, of strings that hold what `find` finds in the file.

        Args:
            find: Returns where between two places of the file it occurs first, -1 for nowhere.
            holds: Says whether it occurs in a string.
            starts: Of the contents of the strings, ascending.
        """
        at, end = int(starts[0]), int(starts[-1]) + len(self.raw(int(self._by_place[-1])))
        while at < end and (match := find(at, end)) >= 0:
            nearest = int(starts.searchsorted(match, "right")) - 1
            raw = self.raw(int(self._by_place[nearest]))
            if holds(raw):
                yield nearest
            at = max(int(starts[nearest]) + len(raw), match) + 1

    def with_run(self, characters: bytes, length: int, behind: bytes = b"") -> list[int]:
        """Return the indices, ascending, of all strings with `length` or more of `characters` in a row.

        Looks at every few bytes first, so that it costs little whatever the characters are.

        Args:
            characters: The characters of the run, all ASCII.
            length: Least length of the run, in bytes.
            behind: One character outside of `characters` that must follow the run; empty for any.
        """
        if not len(self):
            return []
        starts = self._ordered_starts
        begin, end = int(starts[0]), int(starts[-1]) + len(self.raw(int(self._by_place[-1])))
        wanted = np.zeros(256, np.bool_)
        wanted[list(characters)] = True
        octets = np.frombuffer(self._data, np.uint8)[begin:end]
        if behind:
            ends = np.flatnonzero(octets == behind[0])
            ends = ends[ends >= length]
            for distance in range(1, length + 1):
                ends = ends[wanted[octets[ends - distance]]]
            hits = ends - length
        else:
            # A run is longer than two steps, so that it holds two bytes that stand a step apart, and all between.
            step = max(length // 2, 1)
            seen = wanted[octets[::step]]
            hits = np.flatnonzero(seen[:-1] & seen[1:]) * step if length >= 2 else np.flatnonzero(wanted[octets])
            for distance in range(1, step):
                hits = hits[wanted[octets[hits + distance]]]
        nearest = distinct(starts.searchsorted(begin + hits, "right") - 1).tolist()
        pattern = re.compile(b"[%b]{%d}%b" % (re.escape(characters), length, re.escape(behind)))
        found = (place for place in nearest if pattern.search(self.raw(int(self._by_place[place]))))
        return sorted({index for place in found for index in self._at_place(int(starts[place]))})

    def remember(self, text: str, index: int | None) -> None:
        """Let `find` know where a string is, or that it is not there."""
        if len(text) <= _CACHED_NAME and len(self._found) < _CACHED_FINDS:
            self._found[text] = index

    def _decode(self, index: int) -> str:
        (plain,) = self.short_ascii_of((index,))
        if plain:
            return plain
        try:
            raw, declared_length = self._raw(index)
        except DamagedItem as damage:
            # Strings outside the file were counted when the table was opened.
            if index < len(self) and int(self._offsets[index]) < len(self._data):
                self._log.note("string", str(damage))
            return UNREADABLE
        if len(raw) == declared_length and raw.isascii():
            return raw.decode("ascii")
        text, well_formed = decode_mutf8(raw)
        if not well_formed:
            self._log.note("string", "a string is not modified UTF-8")
        elif utf16_length(text) != declared_length:
            self._log.note("string", "a string has another length than declared")
        return text

    def _raw(self, index: int) -> tuple[bytes, int]:
        if not 0 <= index < len(self._offsets):
            raise DamagedItem("a string does not exist")
        place = self._places[index]
        if place < len(self._data) and (declared_length := self._data[place]) < 0x80:
            start = place + 1
        else:
            declared_length, start = read_uleb128(self._data, place)
        end = self._data.find(b"\0", start, start + self._string_bytes)
        if end < 0:
            self._log.note("limit", "a string is longer than is read, or has no end")
            end = min(start + self._string_bytes, len(self._data))
        return self._data[start:end], declared_length

    @cached_property
    def _starts(self) -> npt.NDArray[np.int64]:
        """Where the content of each string starts, behind its length."""
        octets = np.frombuffer(self._data, np.uint8)
        last = len(octets) - 1
        starts = np.minimum(self._offsets.astype(np.int64), last)
        longer = np.arange(len(starts))
        for _ in range(5):
            starts[longer] += 1
            longer = longer[octets[np.minimum(starts[longer] - 1, last)] >= 0x80]
            if not len(longer):
                break
        return np.minimum(starts, last)

    @cached_property
    def _by_place(self) -> npt.NDArray[np.int64]:
        """String indices by ascending place in the file."""
        return np.argsort(self._starts, kind="stable")

    @cached_property
    def _ordered_starts(self) -> npt.NDArray[np.int64]:
        """Where contents start, ascending."""
        return self._starts[self._by_place]

    def _at_place(self, start: int) -> list[int]:
        starts = self._ordered_starts
        indices: list[int] = self._by_place[starts.searchsorted(start) : starts.searchsorted(start, "right")].tolist()
        return indices

    def _bisect(self, wanted: bytes) -> int | None:
        low, high = 0, len(self._offsets)
        if self._firsts is not None:
            first = int.from_bytes(wanted[:8].ljust(8, b"\0"), "big")
            low = bisect_left(self._firsts, first)
            # Most names differ from all others in their first eight bytes.
            if low == high or self._firsts[low] != first:
                return None
            if self.raw(low) == wanted:
                return low
            high = bisect_right(self._firsts, first, low)
        low = self._place_for(wanted, low, high)
        return low if low < len(self._offsets) and self.raw(low) == wanted else None

    def _place_for(self, wanted: bytes, low: int = 0, high: int | None = None) -> int:
        """Return the index of the first string between two that does not sort before `wanted`."""
        high = len(self._offsets) if high is None else high
        data, places, key = self._data, self._places, order_key(wanted)
        most = min(0x80, self._string_bytes) + 1
        while low < high:
            middle = (low + high) // 2
            place = places[middle]
            # Written out for the plain case: this is asked thousands of times, each time with a dozen steps.
            if place < len(data) and data[place] < 0x80 and (end := data.find(b"\0", place, place + most)) > place:
                raw = data[place + 1 : end]
            else:
                raw = self.raw(middle)
            if order_key(raw) < key:
                low = middle + 1
            else:
                high = middle
        return low

    def _find_anywhere(self, wanted: bytes) -> int | None:
        """Compare all strings with `wanted`, eight bytes at a time; for files whose strings are not sorted."""
        words = self._words()
        padded = wanted + bytes(8)
        candidates = np.arange(len(self._starts))
        for depth in range(0, len(wanted) + 1, 8):
            places = np.minimum(self._starts[candidates] + depth, len(words) - 1)
            key = int.from_bytes(padded[depth : depth + 8], "big")
            candidates = candidates[_until_nul(words[places].astype(np.uint64)) == np.uint64(key)]
        return int(candidates[0]) if len(candidates) else None

    @cached_property
    def is_sorted(self) -> bool:
        """Whether bisection finds every string; looks at all neighbours, eight bytes at a time."""
        words = self._words()
        left = self._starts[:-1]
        right = self._starts[1:]
        firsts = _until_nul(words[np.minimum(self._starts, len(words) - 1)].astype(np.uint64))
        self._firsts = firsts.data if bool(np.all(firsts[:-1] <= firsts[1:])) else None
        pairs = np.flatnonzero(firsts[:-1] >= firsts[1:])
        ones, others = firsts[pairs], firsts[pairs + 1]
        suspects: list[int] = []
        compared = 0
        for depth in range(8, _COMPARED_BYTES, 8):
            ended = (ones & np.uint64(0xFF)) == 0
            suspects += pairs[(ones > others) | ((ones == others) & ended)].tolist()
            pairs = pairs[(ones == others) & ~ended]
            compared += len(pairs)
            if len(pairs) <= _FEW_PAIRS or compared > _COMPARED_WORDS * len(left):
                break
            ones = _until_nul(words[np.minimum(left[pairs] + depth, len(words) - 1)].astype(np.uint64))
            others = _until_nul(words[np.minimum(right[pairs] + depth, len(words) - 1)].astype(np.uint64))
        suspects += pairs.tolist()
        if len(suspects) > _MAX_SUSPECTS or any(
            order_key(self.raw(pair)) >= order_key(self.raw(pair + 1)) for pair in suspects
        ):
            self._log.note("string", "the strings are not sorted")
            return False
        return True

    def _words(self) -> npt.NDArray[np.uint64]:
        """Return the eight bytes at every place of the file as one number each; a view, not a table."""
        data = self._data
        end = data.find(b"\0", int(self._starts.max())) if len(self) else -1
        if end < 0 or end + 8 > len(data):
            # The last string may end, or be cut off, less than eight bytes before the end of the file.
            data += bytes(8)
        return np.ndarray((len(data) - 7,), ">u8", data, strides=(1,))


def _until_nul(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Clear everything behind the first zero byte of each word, so that words compare as text."""
    low = np.uint64(0x0101010101010101)
    high = np.uint64(0x8080808080808080)
    ending = np.flatnonzero((words - low) & ~words & high)
    for shift in range(56, 0, -8):
        if not len(ending):
            break
        at_nul = (words[ending] >> np.uint64(shift)) & np.uint64(0xFF) == 0
        cut = ending[at_nul]
        words[cut] &= ~np.uint64((1 << (shift + 8)) - 1)
        ending = ending[~at_nul]
    return words
