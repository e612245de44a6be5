"""The names that a shrinker's ``mapping.txt`` tells: what classes and members are called in the source."""

import re
from pathlib import Path

from analyzer.dex import FieldRef, MethodRef, descriptor_of, dotted

_CLASS = re.compile(r"(\S+) -> (\S+):")
_MEMBER = re.compile(r"(?:\d+:\d+:)?\S+ ([^\s(]+)(\()?.* -> (\S+)")


class ShrunkNames:
    """One mapping."""

    def __init__(self, file: Path) -> None:
        """Read `file`; inlined methods are listed under the name of what they were inlined into."""
        self._classes: dict[str, str] = {}
        self._members: dict[tuple[str, str, bool], set[str]] = {}
        current = ""
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.lstrip().startswith("#"):
                continue
            if not line.startswith(" "):
                match = _CLASS.fullmatch(line)
                assert match is not None, line
                current = match[2]
                self._classes[current] = match[1]
            elif (member := _MEMBER.fullmatch(line.strip())) is not None:
                key = (current, member[3], member[2] is not None)
                self._members.setdefault(key, set()).add(member[1].rpartition(".")[2])

    def class_of(self, descriptor: str) -> str:
        """Return the name of a class in the source; its own where the mapping does not know it."""
        name = dotted(descriptor)
        return self._classes.get(name, name)

    def knows(self, descriptor: str) -> bool:
        """Say whether the mapping has a class."""
        return dotted(descriptor) in self._classes

    def members_of(self, ref: MethodRef | FieldRef) -> set[str]:
        """Return the names that a member may have in the source."""
        is_method = isinstance(ref, MethodRef)
        return self._members.get((dotted(ref.owner), ref.name, is_method), set()) or {ref.name}

    def descriptor_of(self, name: str) -> str | None:
        """Return what a class of the source is called in the package, as a descriptor; None when it is not there."""
        return next((descriptor_of(short) for short, original in self._classes.items() if original == name), None)
