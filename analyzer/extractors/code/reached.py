"""Whether a place in the code runs: followed from its callers back to the components of the manifest."""

from collections.abc import Collection, Iterable

from analyzer.dex import DexMethod, MethodRef, Program
from analyzer.model.pins import Activation

_MAX_STEPS = 16
"""Longest chain of callers that is followed."""
_MAX_METHODS = 400
"""Most methods that are looked at for one place."""
_RUNS_BY_ITSELF = frozenset({"<init>", "<clinit>"})


def activation_of(program: Program, components: Collection[str], methods: Iterable[DexMethod]) -> Activation:
    """Say whether one of `methods` runs.

    A method runs when a component of the manifest holds it, or when a method that runs calls it or creates an object
    of a class whose methods the platform may call. ``defined_only`` means that nothing in the app leads there;
    ``unknown`` that the search ended at its limits. Reflection is not followed.

    Args:
        program: The app's code.
        components: Descriptors of the classes that the manifest names.
        methods: Where the place is; several when it occurs more than once.
    """
    seen = dict.fromkeys(methods)
    frontier = list(seen)
    for _ in range(_MAX_STEPS):
        if any(_is_component(program, components, method.owner.descriptor) for method in frontier):
            return "active"
        found = [method for method in _leading_to(program, frontier) if method not in seen]
        if not found:
            return "defined_only"
        seen.update(dict.fromkeys(found))
        if len(seen) > _MAX_METHODS:
            return "unknown"
        frontier = found
    return "unknown"


def _is_component(program: Program, components: Collection[str], descriptor: str) -> bool:
    if descriptor in components:
        return True
    return any(below in components for below in program.hierarchy.subtypes_of(descriptor))


def _leading_to(program: Program, methods: Iterable[DexMethod]) -> tuple[DexMethod, ...]:
    """Return the methods that call one of `methods`, or create an object whose method the platform may call."""
    refs: dict[MethodRef, None] = {}
    types: dict[str, None] = {}
    for method in methods:
        refs.update(dict.fromkeys(program.refs_reaching(method)))
        if not method.is_static or method.ref.name in _RUNS_BY_ITSELF:
            # A callback is called by whoever gets the object; a static initialiser runs when the class is used.
            types[method.owner.descriptor] = None
    sites = (*program.users.callers_of(refs), *program.users.creations_of(types))
    found = dict.fromkeys(site.method for site in sites)
    found.update(dict.fromkeys(_users_of_class(program, methods)))
    return tuple(found)


def _users_of_class(program: Program, methods: Iterable[DexMethod]) -> Iterable[DexMethod]:
    """Yield the methods that call a static method or touch a static field of a class with such an initialiser."""
    owners = {method.owner.descriptor for method in methods if method.ref.name == "<clinit>"}
    for owner in sorted(owners):
        for site in program.users.callers_of(program.method_refs(owner)):
            yield site.method
        fields = program.field_refs(owner)
        for site in (*program.users.readers_of(fields), *program.users.writers_of(fields)):
            if site.method.owner.descriptor != owner:
                yield site.method
