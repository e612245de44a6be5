"""The types of one DEX file by name: read in one pass, so that names need not be searched for among the strings."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from analyzer.dex.mutf8 import decode_mutf8, encode_mutf8
from analyzer.dex.strings import StringTable

_MOST = 1 << 16
"""Types that instructions and other tables can name; indices have 16 bits."""
_LONGEST = 1_024
"""Names that are no short ASCII are read up to this many bytes. Strings may overlap, each as long as a file."""


class TypeNames:
    """Names and indices of the types in a DEX file; of several types with one name the first counts."""

    def __init__(self, strings: StringTable, type_strings: npt.NDArray[np.uint32], most_bytes: int) -> None:
        """Read the names of the types whose names are the strings `type_strings`.

        What is no short ASCII is read up to `most_bytes` in all, and looked up in the strings beyond that.
        """
        self._strings = strings
        self._type_strings = type_strings
        self.plain: dict[int, str] = {}
        """The names that are short ASCII, as nearly all are, by index."""
        self.are_complete = len(type_strings) <= _MOST
        """Whether `names` lists all names there are."""
        self._by_name: dict[str, int] = {}
        numbers = type_strings[:_MOST].tolist()
        for index, (string, name) in enumerate(zip(numbers, strings.short_ascii_of(numbers), strict=True)):
            if name:
                self.plain[index] = name
                self._by_name.setdefault(name, index)
                continue
            raw = strings.raw(string)
            most_bytes -= len(raw)
            if len(raw) > _LONGEST or most_bytes < 0:
                self.are_complete = False
            elif raw and encode_mutf8(name := decode_mutf8(raw)[0]) == raw:
                self._by_name.setdefault(name, index)

    def names(self) -> Iterable[tuple[str, int]]:
        """Return the names that were read, each with its first index."""
        return self._by_name.items()

    def find(self, descriptor: str) -> int | None:
        """Return the index of a type, or None when the file does not name it."""
        known = self._by_name.get(descriptor)
        if known is None and not self.are_complete:
            string = self._strings.find(descriptor)
            if string is not None:
                known = next(iter(np.flatnonzero(self._type_strings == string).tolist()), None)
        return known
