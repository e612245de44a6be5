"""Finds OkHttp's pinning classes in an app: by name, under a package put in front, or renamed, by what survives."""

import re
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from analyzer.dataflow.evaluate import Evaluator, MethodValues
from analyzer.dataflow.values import Element, Parameter, Text, Value, alternatives
from analyzer.dex import DexClass, DexMethod, FieldRef, MethodRef, Program, Site
from analyzer.extractors.code.okhttp_fingerprints import OkHttpAnchors, OkHttpFingerprints, OkHttpNames

FoundBy = Literal["name", "relocated", "structure"]
OkHttpMechanism = Literal["okhttp3", "okhttp2"]

_STRING = "Ljava/lang/String;"
_STRINGS = "[Ljava/lang/String;"
_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")
_HOST = re.compile(r"(?:\*{1,2}\.)?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+\.?")
_FEWEST_CLIENT_FIELDS = 3
_MAX_COPIES = 16


class PinSink(msgspec.Struct, frozen=True):
    """A method that is handed pins."""

    method: DexMethod
    pattern: int | Value | None
    """Index of the argument that is the host pattern (the receiver counts); the pattern itself when it became a
    constant of the method; None when neither was found."""
    pins: int | Value
    """Index of the argument that is one pin text, or an array of them; or the value, where it became a constant."""


class OkHttpCopy(msgspec.Struct, frozen=True, kw_only=True):
    """One copy of the library in the app."""

    mechanism: Literal["okhttp3", "okhttp2"]
    found_by: FoundBy
    pinner: str
    """Descriptor of the pinner's class."""
    classes: frozenset[str]
    """Descriptors of the library's classes that handle pins: what they do is no use by the app."""
    sinks: tuple[PinSink, ...]
    """Methods of the library that take pins."""
    setters: tuple[MethodRef, ...]
    """Methods of what makes clients that take the pinner as their only argument, by all names they are called."""
    chain_setters: tuple[MethodRef, ...]
    """Methods by which interceptors give the rest of a call another pinner (5.x)."""
    client_fields: tuple[FieldRef, ...]
    """Fields of what makes clients that hold the pinner, for setters that were inlined."""
    defaults: tuple[FieldRef, ...]
    """Static fields that hold the pinner without pins."""
    version: str | None
    version_site: Site | None
    pinner_site: Site | None
    """Where the class was recognised when its name does not say it."""


def bind_okhttp(program: Program, evaluator: Evaluator, fingerprints: OkHttpFingerprints) -> tuple[OkHttpCopy, ...]:
    """Find every copy of OkHttp that can pin."""
    binder = _Binder(program, evaluator, fingerprints)
    return tuple(binder.copies())[:_MAX_COPIES]


class _Binder:
    def __init__(self, program: Program, evaluator: Evaluator, fingerprints: OkHttpFingerprints) -> None:
        self._program = program
        self._evaluator = evaluator
        self._fingerprints = fingerprints
        self._anchors: OkHttpAnchors = fingerprints.okhttp_anchors
        self._parsers = self._pin_readers()
        self._versions = self._version_sites()

    def copies(self) -> Iterator[OkHttpCopy]:
        named: set[str] = set()
        for names in self._fingerprints.okhttp:
            for pinner in self._classes_named(names):
                named.add(pinner.descriptor)
                yield self._named_copy(names, pinner)
        for site in self._failure_sites():
            owner = site.method.owner
            if owner.descriptor not in named:
                named.add(owner.descriptor)
                yield self._renamed_copy(owner, site)

    # ---- by name

    def _classes_named(self, names: OkHttpNames) -> Iterator[DexClass]:
        suffix = names.descriptor_suffix(names.classes.pinner)
        for descriptor in sorted((f"L{suffix}", *self._program.copies_of(f"L{suffix}"))):
            found = self._program.find_class(descriptor)
            if found is not None:
                yield found

    def _named_copy(self, names: OkHttpNames, pinner: DexClass) -> OkHttpCopy:
        prefix = pinner.descriptor.removesuffix(f"{names.classes.pinner};")
        builder = f"{prefix}{names.classes.builder};"
        client_builder = f"{prefix}{names.classes.client_builder};"
        inside = set(self._family(prefix, names))
        sinks = {sink.method: sink for sink in self._parsers if sink.method.owner.descriptor in inside}
        for method in self._methods_of(builder):
            if method.ref.name == names.add and method.ref.parameters == (_STRING, _STRINGS):
                sinks[method] = PinSink(method, 1, 2)
        setters = [
            method
            for method in self._methods_of(client_builder)
            if method.ref.name == names.setter and method.ref.parameters == (pinner.descriptor,)
        ]
        chain = f"{prefix}{names.classes.chain};"
        of_chain = [
            method
            for name in (chain, *self._program.hierarchy.subtypes_of(chain))
            for method in self._methods_of(name)
            if method.ref.name == names.chain_setter and method.ref.parameters == (pinner.descriptor,)
        ]
        version = self._version_near(prefix, names)
        found_by: FoundBy = "name" if prefix == f"L{names.package}" else "relocated"
        return self._copy(names.mechanism, found_by, pinner, inside, sinks.values(), (setters, of_chain), version, None)

    def _family(self, prefix: str, names: OkHttpNames) -> Iterator[str]:
        for name in (names.classes.pinner, names.classes.builder, f"{names.classes.pinner}$Pin"):
            yield f"{prefix}{name};"
        yield f"{prefix}{names.classes.pinner}$Companion;"

    def _methods_of(self, descriptor: str) -> tuple[DexMethod, ...]:
        found = self._program.find_class(descriptor)
        return () if found is None else found.methods

    # ---- by what survives renaming

    def _renamed_copy(self, pinner: DexClass, site: Site) -> OkHttpCopy:
        named = tuple(self._classes_named(self._fingerprints.okhttp[0]))
        package = pinner.descriptor.rpartition("/")[0]
        # Several renamed copies are told apart by their packages; a single one may be spread over several.
        alone = len({found.method.owner for found in self._failure_sites()}) == 1 + len(named)
        sinks = [sink for sink in self._parsers if alone or sink.method.owner.descriptor.rpartition("/")[0] == package]
        inside = {pinner.descriptor, *(sink.method.owner.descriptor for sink in sinks)}
        taking = [method for method in self._methods_taking(pinner.descriptor) if self._makes_clients(method.owner)]
        setters = [method for method in taking if method.ref.return_type in ("V", method.ref.owner)]
        of_chain = [method for method in taking if method not in setters and self._returns_its_kind(method)]
        versions = {text for text, _ in self._versions}
        version = self._versions[0] if len(versions) == 1 and not named else None
        mechanism: OkHttpMechanism = "okhttp2" if version is not None and version[0].startswith("2.") else "okhttp3"
        return self._copy(mechanism, "structure", pinner, inside, sinks, (setters, of_chain), version, site)

    def _methods_taking(self, descriptor: str) -> Iterator[DexMethod]:
        wanted = f"({descriptor})"
        for ref in self._program.method_refs():
            if ref.descriptor.startswith(wanted) and ref.owner != descriptor:
                method = self._program.resolve_method(ref)
                if method is not None and not method.is_static:
                    yield method

    def _returns_its_kind(self, method: DexMethod) -> bool:
        """Say whether a method returns another object of its own kind, as those of a chain do."""
        return method.ref.return_type in self._program.hierarchy.supertypes_of(method.ref.owner)

    def _makes_clients(self, owner: DexClass) -> bool:
        # A shrinker may have narrowed the type of a field to the one class whose objects it holds.
        types = {field.ref.type for field in owner.fields}
        found = types.union(*(self._program.hierarchy.supertypes_of(name) for name in types))
        return len(found.intersection(self._anchors.client_fields)) >= _FEWEST_CLIENT_FIELDS

    # ---- what reads the text of a pin

    def _pin_readers(self) -> tuple[PinSink, ...]:
        found: dict[DexMethod, PinSink] = {}
        for site in self._beginning_with(self._anchors.refusal):
            if site.method in found:
                continue
            values = self._evaluator.evaluate(site.method)
            sink = None if values is None else self._sink_of(values)
            if sink is not None:
                found[site.method] = sink
        return tuple(found.values())

    def _sink_of(self, values: MethodValues) -> PinSink | None:
        """Find the argument whose beginning is compared with ``sha256/``; another text is the pattern."""
        pins = self._compared_with_prefixes(values)
        if pins is None:
            return None
        method = values.method
        types = method.ref.parameters if method.is_static else (method.ref.owner, *method.ref.parameters)
        texts = [index for index, name in enumerate(types) if name == _STRING and index != pins]
        if len(texts) == 1:
            return PinSink(method, texts[0], pins)
        return PinSink(method, _constant_host(values), pins)

    def _compared_with_prefixes(self, values: MethodValues) -> int | Value | None:
        for call in values.calls.values():
            if not any(isinstance(one, Text) and one.value in self._anchors.prefixes for one in call.arguments):
                continue
            for argument in call.arguments:
                for one in alternatives(argument):
                    subject = one.array if isinstance(one, Element) else one
                    if isinstance(subject, Parameter):
                        return subject.index
                    if isinstance(subject, Text) and subject.value not in self._anchors.prefixes:
                        return subject
        return None

    # ---- texts

    def _beginning_with(self, texts: Iterable[str]) -> tuple[Site, ...]:
        """Return where texts are loaded that begin so: shrinkers join a text with those behind it."""
        return self._program.users.loads_of(self._program.strings_starting(*texts))

    def _failure_sites(self) -> tuple[Site, ...]:
        """Return where the text of a failure is loaded by a method that also lists the pins of the host."""
        failures = self._beginning_with(self._anchors.failure)
        if not failures:
            return ()
        beside = self._program.users.loads_of(self._program.strings_containing(self._anchors.beside))
        listing = {site.method for site in beside}
        return tuple(site for site in failures if site.method in listing)

    def _version_sites(self) -> tuple[tuple[str, Site], ...]:
        prefix = self._fingerprints.okhttp[0].version
        named = self._program.strings_starting(prefix)
        strings = [text for text in named if _VERSION.match(text.removeprefix(prefix))]
        return tuple((str(site.target).removeprefix(prefix), site) for site in self._program.users.loads_of(strings))

    def _version_near(self, prefix: str, names: OkHttpNames) -> tuple[str, Site] | None:
        """Return the version that classes of this copy name; with one version in the app, that one."""
        suited = [
            (text, site)
            for text, site in self._versions
            if text.partition(".")[0].isdecimal() and (int(text.partition(".")[0]) >= 3) == (names.first_major >= 3)
        ]
        near = [entry for entry in suited if entry[1].method.ref.owner.startswith(prefix)]
        chosen = near or suited
        return chosen[0] if len({text for text, _ in chosen}) == 1 else None

    def _copy(
        self,
        mechanism: OkHttpMechanism,
        found_by: FoundBy,
        pinner: DexClass,
        inside: Iterable[str],
        sinks: Iterable[PinSink],
        setters: tuple[Iterable[DexMethod], Iterable[DexMethod]],
        version: tuple[str, Site] | None,
        pinner_site: Site | None,
    ) -> OkHttpCopy:
        program = self._program
        fields = program.field_refs(None, None, pinner.descriptor)
        holders = {ref.owner: program.find_class(ref.owner) for ref in fields}
        return OkHttpCopy(
            mechanism=mechanism,
            found_by=found_by,
            pinner=pinner.descriptor,
            classes=frozenset(inside),
            sinks=tuple(sinks),
            setters=self._all_names(setters[0]),
            chain_setters=self._all_names(setters[1]),
            client_fields=tuple(
                ref
                for ref in fields
                if ref.owner != pinner.descriptor
                and (holder := holders[ref.owner]) is not None
                and self._makes_clients(holder)
            ),
            defaults=tuple(ref for ref in fields if ref.owner == pinner.descriptor and _is_static(program, ref)),
            version=None if version is None else version[0],
            version_site=None if version is None else version[1],
            pinner_site=pinner_site,
        )

    def _all_names(self, methods: Iterable[DexMethod]) -> tuple[MethodRef, ...]:
        return tuple(dict.fromkeys(ref for method in methods for ref in self._program.refs_reaching(method)))


def _is_static(program: Program, ref: FieldRef) -> bool:
    field = program.resolve_field(ref)
    return field is not None and field.is_static


def _constant_host(values: MethodValues) -> Value | None:
    """Find the one host pattern among the constants of a method whose argument for it was removed."""
    found: dict[Value, None] = {}
    given = [argument for call in values.calls.values() for argument in call.arguments]
    for value in (*given, *(store.value for store in values.stores.values())):
        if isinstance(value, Text) and _HOST.fullmatch(value.value):
            found[value] = None
    return next(iter(found)) if len(found) == 1 else None
