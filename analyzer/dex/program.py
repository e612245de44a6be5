"""All DEX files of an app as one program: classes, members, and who uses them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import numpy as np

from analyzer.dex.arrays import distinct
from analyzer.dex.callers import Callers
from analyzer.dex.classes import DexClass, DexField, DexMethod
from analyzer.dex.errors import DexError
from analyzer.dex.file import DexFile
from analyzer.dex.hierarchy import Hierarchy
from analyzer.dex.lookup import Lookup
from analyzer.dex.mutf8 import encode_mutf8
from analyzer.dex.problems import DexProblem, ProblemLog, gaps_of
from analyzer.dex.symbols import FieldRef, MethodRef
from analyzer.dex.users import Site, Users
from analyzer.model import AnalysisGap
from analyzer.options import Limits

_CACHED_SIGNATURES = 4_096
_CACHED_REFS = 16_384
_CACHED_METHODS = 1 << 16
_FEW_SUBTYPES = 16
"""Below more classes than this, methods are first searched by name in all files at once."""
_REMEMBERED = 1 << 12
_FEW_OWNERS = 2
"""Names of this many classes are looked up one by one."""
_FEW_NAMES = 32
"""Answers that are not longer than this are kept."""
_CACHED_NAMES = 1 << 18
"""Most owners that are kept by the signatures of their methods."""


class Program:
    """The code of an app. Names are type descriptors (``Lokhttp3/CertificatePinner;``)."""

    def __init__(self, files: tuple[DexFile, ...], problems: tuple[DexProblem, ...] = ()) -> None:
        """Join `files`, in load order; `problems` are those of files that could not be opened."""
        self.files = files
        self._problems = problems
        self._method_refs: dict[tuple[str | None, str | None, str | None], tuple[MethodRef, ...]] = {}
        self._signatures: dict[tuple[str, str], dict[str, DexMethod]] = {}
        self._named: dict[tuple[str, str], frozenset[str]] = {}
        self._names_left = _CACHED_NAMES
        self._reaching: dict[DexMethod, tuple[MethodRef, ...]] = {}
        self._resolved: dict[MethodRef, DexMethod | None] = {}
        self._resolved_fields: dict[FieldRef, DexField | None] = {}
        self._holding: dict[str, tuple[str, ...]] = {}
        self._searches: dict[tuple[re.Pattern[bytes] | bytes, ...], tuple[str, ...]] = {}

    @classmethod
    def build(
        cls,
        entries: Iterable[tuple[str, bytes]],
        limits: Limits | None = None,
        loaded_at_run_time: Iterable[tuple[str, bytes]] = (),
    ) -> "Program":
        """Read the DEX files in `entries` (name and content), in the order a device loads them.

        Those in `loaded_at_run_time` come behind them: a class loader asks its parent first, so that a class of the
        app's own code hides one of the same name. Files without a usable header are left out and listed in `problems`.
        """
        limits = limits or Limits()
        files: list[DexFile] = []
        problems: list[DexProblem] = []
        for entry, data, later in (
            *((entry, data, False) for entry, data in entries),
            *((entry, data, True) for entry, data in loaded_at_run_time),
        ):
            try:
                parsed = DexFile.parse(data, entry, limits)
                for file in parsed:
                    file.loaded_at_run_time = later
                files += parsed
            except DexError as error:
                log = ProblemLog(entry)
                log.note("header", str(error).removeprefix(f"{entry}: "))
                problems += log.problems
        return cls(tuple(files), tuple(problems))

    @property
    def problems(self) -> tuple[DexProblem, ...]:
        """What was found damaged so far, in all files; using more of the code may find more."""
        return self._problems + tuple(problem for file in self.files for problem in file.problems)

    def gaps(self) -> tuple[AnalysisGap, ...]:
        """Return `problems` as gaps of the analysis; ask when all extractors are done."""
        return gaps_of(self.problems)

    @cached_property
    def hierarchy(self) -> Hierarchy:
        """Which class extends and implements what, across all files."""
        return Hierarchy(self.files)

    @cached_property
    def users(self) -> Users:
        """Who calls, reads, writes, loads and creates what."""
        # Within one file, names need not be compared to know that no class is defined twice.
        single = len(self.files) == 1 and len(distinct(types := self.files[0].tables.class_types)) == len(types)
        return Users(self.files, self.lookup, () if single else self.hierarchy.shadowed)

    @cached_property
    def callers(self) -> Callers:
        """Which methods call and create what; answers are kept."""
        return Callers(self.users)

    @cached_property
    def lookup(self) -> Lookup:
        """Which files name what."""
        return Lookup(self.files)

    @property
    def classes(self) -> Iterable[DexClass]:
        """All classes, without those an earlier definition hides."""
        return self.hierarchy.classes

    def copies_of(self, descriptor: str) -> tuple[str, ...]:
        """Return the types that code of the app names as `descriptor` in another package: ``Lshaded/okhttp3/Call;``."""
        return self.lookup.types_ending(f"/{descriptor[1:]}")

    def find_class(self, descriptor: str) -> DexClass | None:
        """Return a class, or None when the app does not define it."""
        return self.hierarchy.find(descriptor)

    def method_refs(
        self, owner: str | None = None, name: str | None = None, descriptor: str | None = None
    ) -> tuple[MethodRef, ...]:
        """Return the methods that code of the app names, sorted; None matches everything.

        The owner is the one instructions name, which may be a subclass of the one that defines the method.
        """
        key = (owner, name, descriptor)
        known = self._method_refs.get(key)
        if known is None:
            found = {
                file.method(index)
                for file in self.lookup.files_naming(owner)
                for index in file.tables.find_methods(owner, name, descriptor)
            }
            known = tuple(sorted(found))
            if len(self._method_refs) >= _CACHED_REFS:
                self._method_refs.clear()
            self._method_refs[key] = known
        return known

    def field_refs(
        self, owner: str | None = None, name: str | None = None, descriptor: str | None = None
    ) -> tuple[FieldRef, ...]:
        """Return the fields that code of the app names, sorted; None matches everything, `descriptor` is the type."""
        return tuple(
            sorted(
                {
                    file.field(index)
                    for file in self.lookup.files_naming(owner)
                    for index in file.tables.find_fields(owner, name, descriptor)
                }
            )
        )

    def methods_named(self, name: str, descriptor: str | None = None) -> tuple[DexMethod, ...]:
        """Return all methods the app defines with this name (and descriptor), whatever their class."""
        found: list[DexMethod] = []
        for file in self.files:
            rows = self._defined(file, file.tables.find_methods(None, name, descriptor))
            found += (method for method in rows if self._is_effective(method.owner))
        return tuple(found)

    def strings_matching(self, pattern: re.Pattern[bytes], containing: Sequence[bytes] = ()) -> tuple[str, ...]:
        """Return the distinct strings in which `pattern` occurs, sorted; see `StringTable.search` for its limits.

        Name the texts of which every match holds one in `containing` unless the pattern begins with such a text.
        """
        known = self._searches.get((pattern, *containing))
        if known is None:
            places = [
                {file.strings[index]: index for index in reversed(file.strings.search(pattern, containing))}
                for file in self.files
            ]
            known = self._searches[pattern, *containing] = tuple(sorted(set().union(*places)))
            if len(known) <= _REMEMBERED:
                # What is found is looked up in each file next; a file in which it was not found does not hold it.
                for file, found in zip(self.files, places, strict=True):
                    for text in known:
                        file.strings.remember(text, found.get(text))
        return known

    def strings_containing(self, texts: Iterable[str]) -> tuple[str, ...]:
        """Return the distinct strings in which one of `texts` occurs, sorted."""
        found: set[str] = set()
        for text in texts:
            known = self._holding.get(text)
            if known is None:
                wanted = encode_mutf8(text)
                tables = [file.strings for file in self.files]
                known = tuple({table[index] for table in tables for index in table.containing(wanted)})
                if len(known) <= _REMEMBERED:
                    self._holding[text] = known
            found.update(known)
        return tuple(sorted(found))

    def strings_starting(self, *texts: str) -> tuple[str, ...]:
        """Return the distinct strings that start with one of `texts`, sorted; costs next to nothing in valid files."""
        wanted = [encode_mutf8(text) for text in texts]
        tables = [file.strings for file in self.files]
        return tuple(sorted({table[at] for table in tables for start in wanted for at in table.starting(start)}))

    def strings_with_run(self, characters: bytes, length: int, behind: bytes = b"") -> tuple[str, ...]:
        """Return the distinct strings with a run of characters, sorted; see `StringTable.with_run`."""
        tables = [file.strings for file in self.files]
        return tuple(sorted({table[index] for table in tables for index in table.with_run(characters, length, behind)}))

    def resolve_method(self, ref: MethodRef) -> DexMethod | None:
        """Return the definition a call of `ref` starts from: in the class, above it, or an interface's default.

        None means that the app does not define it: it belongs to the platform, or is missing.
        """
        if ref not in self._resolved:
            if len(self._resolved) >= _CACHED_METHODS:
                self._resolved.clear()
            self._resolved[ref] = self._resolve(ref)
        return self._resolved[ref]

    def _resolve(self, ref: MethodRef) -> DexMethod | None:
        hierarchy = self.hierarchy
        if hierarchy.find(ref.owner) is None:
            return None
        found = self._defined_in(ref.owner, ref)
        if found is not None:
            return found
        interfaces: list[str] = []
        for owner in hierarchy.supertypes_of(ref.owner):
            definition = hierarchy.find(owner)
            if definition is None or definition.is_interface:
                interfaces.append(owner)
            elif (found := self._defined_in(owner, ref)) is not None:
                return found
        return next((found for owner in interfaces if (found := self._defined_in(owner, ref)) is not None), None)

    def resolve_field(self, ref: FieldRef) -> DexField | None:
        """Return the definition of a field: in the class or above it; None when the app does not define it."""
        if ref not in self._resolved_fields:
            if len(self._resolved_fields) >= _CACHED_METHODS:
                self._resolved_fields.clear()
            self._resolved_fields[ref] = self._resolve_field(ref)
        return self._resolved_fields[ref]

    def _resolve_field(self, ref: FieldRef) -> DexField | None:
        for owner in (ref.owner, *self.hierarchy.supertypes_of(ref.owner)):
            definition = self.hierarchy.find(owner)
            if definition is None:
                continue
            for index in definition.file.tables.find_fields(owner, ref.name, ref.type):
                rows = np.flatnonzero(definition.file.members.field_index == index)
                if len(rows):
                    return DexField(definition.file, int(rows[0]))
        return None

    def implementations_of(self, ref: MethodRef) -> tuple[DexMethod, ...]:
        """Return every definition that a virtual call of `ref` may run, abstract ones left out.

        Those are the method itself, what overrides it below, and what classes below inherit from elsewhere. `ref`
        may belong to the platform: then these are the app's callbacks.
        """
        below = self.hierarchy.subtypes_of(ref.owner)
        candidates = self._by_signature(ref.name, ref.descriptor) if len(below) > _FEW_SUBTYPES else None
        found: dict[DexMethod, None] = {}
        if candidates is None or candidates:
            for owner in (ref.owner, *below):
                method = self.resolve_method(MethodRef(owner, ref.name, ref.descriptor))
                if method is not None and not method.is_abstract and (not method.is_direct or owner == ref.owner):
                    found[method] = None
        return tuple(found)

    def overrides_of(self, method: DexMethod) -> tuple[DexMethod, ...]:
        """Return the definitions below a method's class that replace it; nothing replaces a direct method."""
        if method.is_direct:
            return ()
        return tuple(other for other in self.implementations_of(method.ref) if other != method)

    def refs_reaching(self, method: DexMethod) -> tuple[MethodRef, ...]:
        """Return the names under which code of the app may call `method`.

        Those are its own, that of classes below that inherit it, and for a virtual method that of supertypes it
        overrides or implements a method of.
        """
        known = self._reaching.get(method)
        if known is None:
            known = self._refs_reaching(method)
            if len(self._reaching) >= _CACHED_REFS:
                self._reaching.clear()
            if len(known) <= _FEW_NAMES:
                self._reaching[method] = known
        return known

    def _refs_reaching(self, method: DexMethod) -> tuple[MethodRef, ...]:
        ref = method.ref
        hierarchy = self.hierarchy
        owners = {ref.owner}
        for owner in hierarchy.subtypes_of(ref.owner):
            if self.resolve_method(MethodRef(owner, ref.name, ref.descriptor)) == method:
                owners.add(owner)
        if not method.is_direct:
            for owner in tuple(owners):
                owners.update(hierarchy.supertypes_of(owner))
        refs = [MethodRef(owner, ref.name, ref.descriptor) for owner in sorted(owners)]
        if len(refs) <= _FEW_OWNERS:
            return tuple(one for one in refs if self.lookup.methods(one))
        named = self._owners_naming(ref.name, ref.descriptor)
        return tuple(one for one in refs if one.owner in named)

    def _owners_naming(self, name: str, descriptor: str) -> frozenset[str]:
        """Return the classes on which code of the app names a method with this name and descriptor."""
        known = self._named.get((name, descriptor))
        if known is None:
            known = frozenset(
                file.type(int(file.tables.method_owners[index]))
                for file in self.files
                for index in file.tables.find_methods(None, name, descriptor)
            )
            self._names_left -= len(known)
            if self._names_left < 0:
                self._named.clear()
                self._names_left = _CACHED_NAMES - len(known)
            self._named[name, descriptor] = known
        return known

    def calls_of(self, methods: Iterable[DexMethod]) -> tuple[Site, ...]:
        """Return the calls that may run one of `methods`, under all names they have.

        A call of ``super`` runs what the superclasses of the calling class define, and none of the other classes that
        replace the same method: ``super.onCreate()`` in one activity does not lead to another.
        """
        names, owners = self._names_of(methods)
        return tuple(
            site
            for site in self.users.callers_of(names)
            if not site.is_super_call or self._may_lead(site.target, site.method, owners)
        )

    def methods_calling(self, methods: Iterable[DexMethod]) -> dict[DexMethod, None]:
        """Return the methods that hold a call of `calls_of`, in no useful order; what is known of a name is kept."""
        names, owners = self._names_of(methods)
        return self.callers.calling(names, lambda target, method: self._may_lead(target, method, owners))

    def _names_of(self, methods: Iterable[DexMethod]) -> tuple[dict[MethodRef, None], dict[tuple[str, str], set[str]]]:
        """Return all names that methods have, and which classes define them by name and descriptor."""
        names: dict[MethodRef, None] = {}
        owners: dict[tuple[str, str], set[str]] = {}
        for method in methods:
            ref = method.ref
            names.update(dict.fromkeys(self.refs_reaching(method)))
            owners.setdefault((ref.name, ref.descriptor), set()).add(ref.owner)
        return names, owners

    def _may_lead(self, target: object, method: DexMethod, owners: Mapping[tuple[str, str], set[str]]) -> bool:
        """Say whether a call of ``super`` in `method` may run what one of some classes defines."""
        assert isinstance(target, MethodRef), "callers call methods"
        meant = owners.get((target.name, target.descriptor), set())
        return target.owner in meant or not meant.isdisjoint(self.hierarchy.supertypes_of(method.ref.owner))

    def _by_signature(self, name: str, descriptor: str) -> dict[str, DexMethod]:
        """Return the definitions of methods with this name and descriptor by class."""
        key = (name, descriptor)
        known = self._signatures.get(key)
        if known is None:
            known = {}
            for method in self.methods_named(name, descriptor):
                known.setdefault(method.ref.owner, method)
            if len(self._signatures) >= _CACHED_SIGNATURES:
                self._signatures.clear()
            self._signatures[key] = known
        return known

    def _defined_in(self, owner: str, ref: MethodRef) -> DexMethod | None:
        """Return the method of the class `owner` itself with the name and descriptor of `ref`."""
        definition = self.hierarchy.find(owner)
        if definition is None:
            return None
        for found in definition.methods_named(ref.name):
            if found.ref.descriptor == ref.descriptor and found.ref.owner == owner:
                return found
        return None

    def _defined(self, file: DexFile, indices: list[int]) -> list[DexMethod]:
        if not indices:
            return []
        rows = np.flatnonzero(np.isin(file.members.method_index, indices)).tolist()
        return [DexMethod(file, row) for row in rows]

    def _is_effective(self, owner: DexClass) -> bool:
        return self.hierarchy.find(owner.descriptor) == owner
