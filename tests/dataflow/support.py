"""Loads the fixtures and finds methods and calls in them by short names."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import Items, OneOf, Text, Value
from analyzer.dex import DexMethod, Program, Site
from analyzer.dex.classes import ACC_BRIDGE

FIXTURES = Path(__file__).parent / "fixtures"


class Table:
    """The resources of an app, by id."""

    def __init__(
        self,
        strings: Mapping[int, tuple[str, ...]] | None = None,
        arrays: Mapping[int, tuple[tuple[str, ...], ...]] | None = None,
    ) -> None:
        self._strings = strings or {}
        self._arrays = arrays or {}

    def string(self, resource_id: int) -> tuple[str, ...]:
        return self._strings.get(resource_id, ())

    def string_array(self, resource_id: int) -> tuple[tuple[str, ...], ...]:
        return self._arrays.get(resource_id, ())

    def raw_entry(self, resource_id: int) -> str | None:
        return None


RESOURCES = Table({0x7F010001: ("resource.example.com",)}, {0x7F020001: (("sha256/resource", "sha256/backup"),)})


@cache
def program(name: str) -> Program:
    """Return the program of a fixture: ``java``, ``shrunk``, ``kotlin``, ``kotlin-shrunk`` or ``smali``."""
    return Program.build([(f"{name}.dex", (FIXTURES / f"{name}.dex").read_bytes())])


@cache
def resolver(name: str) -> Resolver:
    """Return a resolver of a fixture."""
    return Resolver(program(name), RESOURCES)


def method(name: str, place: str) -> DexMethod:
    """Return the method ``app.Class.method`` of a fixture."""
    owner, _, called = place.rpartition(".")
    found = program(name).find_class(f"L{owner.replace('.', '/')};")
    assert found is not None, owner
    # The bridges that compilers add have the same name, and come with it.
    defined = [one for one in found.methods if one.ref.name == called and not one.access_flags & ACC_BRIDGE]
    assert defined, place
    return defined[0]


def sites(name: str, place: str, called: str) -> list[Site]:
    """Return the calls of methods named `called` in the method ``app.Class.method``, in order."""
    where = method(name, place)
    refs = program(name).method_refs(None, called, None)
    return [site for site in program(name).users.callers_of(refs) if site.method == where]


def returned(name: str, place: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Return state, texts and reasons of what a method without a caller returns."""
    resolving = resolver(name)
    values = resolving.evaluator.evaluate(method(name, place))
    assert values is not None
    found = resolving.resolve_texts(OneOf(values.returns) if len(values.returns) > 1 else values.returns[0])
    return found.state, found.texts, found.reasons


def pins(name: str, place: str) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return host and pins of each ``add(host, pins)`` in a method, for each way to call it."""
    found = []
    for site in sites(name, place, "add"):
        for call in resolver(name).bound_calls(site):
            host, digests = call.arguments[-2:]
            found.append((host.texts, digests.texts))
    return found


def texts(value: Value) -> tuple[str, ...]:
    """Return the texts in a reduced array."""
    assert isinstance(value, Items)
    return tuple(element.value for element in value.elements if isinstance(element, Text))
