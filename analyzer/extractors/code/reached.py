"""Whether a place in the code runs: followed from its callers back to the components of the manifest."""

from collections.abc import Collection, Iterable

from analyzer.dataflow.lazy_blocks import LazyBlocks
from analyzer.dataflow.reachability import Reachability, is_handed_on
from analyzer.dataflow.resolve import Resolver
from analyzer.dex import DexMethod, Program, dotted
from analyzer.model.pins import Activation

_MAX_STEPS = 24
"""Longest chain of callers that is followed."""
_MAX_METHODS = 1_000
"""Most methods that are looked at for one place."""
_AT_ONCE = 32
"""How many methods' callers are searched for at once; one search for many costs little more than for one."""
_MAX_STEPS_IN_ALL = 400
"""Each step searches the whole code; this many are a few seconds in a large app."""
_MAX_CALLERS = 200
"""Most methods of which it is asked whether anything may lead to them by reflection."""
_OBJECT = "Ljava/lang/Object;"
_PLATFORM_CALLS = frozenset(
    {"<init>", "<clinit>", "attachBaseContext", "query", "insert", "update", "delete", "getType", "call", "openFile"}
)
"""Methods of components that the platform calls, beside those whose names begin with ``on``."""
_INFLATED = "Landroid/util/AttributeSet;"
"""What constructors take that layouts and preference screens call by the name of the class."""
_CLICK_HANDLER = ("Landroid/view/View;",)
"""A layout may name any method of an activity that takes a view."""


class Activations:
    """Says which methods of one app run. Whole generations of callers are looked up at once."""

    def __init__(self, program: Program, components: Collection[str], lazies: LazyBlocks | None = None) -> None:
        """Follow callers in `program` to `components`, the descriptors of the classes that the manifest names.

        With `lazies`, what a lazy value makes runs where the value is asked for, not where it is put down.
        """
        self._program = program
        self._lazies = lazies
        names = frozenset(components)
        self._entries = names.union(*map(program.hierarchy.supertypes_of, names))
        """The components, and the classes that they extend: what these define runs in the components."""
        self._known: dict[DexMethod, Activation] = {}
        self._steps_left = _MAX_STEPS_IN_ALL

    def of(self, method: DexMethod) -> Activation:
        """Say whether a method runs.

        ``active``: the platform calls it in a component of the manifest, or a method that runs calls it, or creates the
        object on which the platform may call it: what types of the platform declare is not known, so any method of a
        class below one counts. ``defined_only``: nothing in the app leads there; reflection is not
        followed. ``unknown``: the search ended at its limits, at a constructor that layouts call, or in code that is
        loaded at run time.
        """
        known = self._known.get(method)
        if known is None:
            known = self._known[method] = self._search(method)
        return known

    def _search(self, method: DexMethod) -> Activation:
        seen = {method: None}
        generation = [method]
        for _ in range(_MAX_STEPS):
            if any(self._is_entry(one) for one in generation):
                return "active"
            self._steps_left -= 1
            if self._steps_left < 0:
                return "unknown"
            following: dict[DexMethod, None] = {}
            # Some at a time: a method that thousands call ends the search, and those are not all collected for it.
            for start in range(0, len(generation), _AT_ONCE):
                found = self._leading_to(generation[start : start + _AT_ONCE])
                following.update((one, None) for one in found if one not in seen)
                if len(seen) + len(following) > _MAX_METHODS:
                    return "unknown"
            if not following:
                return "unknown" if any(map(_is_found_by_name, seen)) else "defined_only"
            seen.update(following)
            generation = list(following)
        return "unknown"

    def _is_entry(self, method: DexMethod) -> bool:
        ref = method.ref
        if not (
            ref.name in _PLATFORM_CALLS
            or ref.name.startswith("on")
            or ref.parameters == _CLICK_HANDLER
            or is_handed_on(self._program, ref)
        ):
            return False
        return ref.owner in self._entries

    def _leading_to(self, methods: Iterable[DexMethod]) -> tuple[DexMethod, ...]:
        """Return the methods that call one of `methods`, or create an object that the platform calls it on."""
        program = self._program
        called: list[DexMethod] = []
        types: dict[str, None] = {}
        initialised: dict[str, None] = {}
        found: dict[DexMethod, None] = {}
        for method in methods:
            owner = method.ref.owner
            if method.ref.name == "<clinit>":
                initialised[owner] = types[owner] = None
                continue
            asked = None if self._lazies is None else self._lazies.askers(method)
            if asked is not None:
                found.update(dict.fromkeys(asked))
                continue
            called.append(method)
            if not method.is_direct and self._is_callback(method):
                types[owner] = None
                types.update(dict.fromkeys(program.hierarchy.subtypes_of(owner)))
        refs = dict.fromkeys(ref for owner in initialised for ref in program.method_refs(owner))
        fields = [field for owner in initialised for field in program.field_refs(owner)]
        calling = program.methods_calling(called)
        found.update(calling if self._lazies is None else self._lazies.through(calling, called))
        found.update(program.callers.calling(refs) | program.callers.creating(types))
        found.update((site.method, None) for site in program.users.readers_of(fields))
        return tuple(found)

    def _is_callback(self, method: DexMethod) -> bool:
        """Say whether a method implements or replaces one of a supertype, perhaps of the platform's."""
        ref = method.ref
        hierarchy = self._program.hierarchy
        for name in hierarchy.supertypes_of(ref.owner):
            definition = hierarchy.find(name)
            if name != _OBJECT and (definition is None or definition.method(ref.name, ref.descriptor) is not None):
                return True
        return False


class Runs:
    """Says which methods of one app run, where their callers are too many to follow as well."""

    def __init__(self, program: Program, components: Collection[str], resolver: Resolver | None = None) -> None:
        """Follow callers in `program` to `components`, the descriptors of the classes that the manifest names.

        With `resolver`, lazy values are followed to where they are asked for.
        """
        self._known: dict[DexMethod, Activation] = {}
        self._lazies = None if resolver is None else LazyBlocks(resolver)
        self._activations = Activations(program, components, self._lazies)
        names = [dotted(name) for name in components]
        self._reachability = Reachability(program, names, _MAX_CALLERS, self._lazies)

    def at(self, method: DexMethod, offset: int) -> Activation:
        """Say whether a call or a store runs: in a lambda that is several in one, whether the one that has it does."""
        asked = None if self._lazies is None else self._lazies.askers(method, offset)
        if asked is None:
            return self.of(method)
        return max(map(self.of, asked), key=lambda one: _STRENGTH[one], default="defined_only")

    def of(self, method: DexMethod) -> Activation:
        """Say whether a method runs; where its callers are too many, the ways that begin at its object may tell."""
        known = self._known.get(method)
        if known is None:
            known = self._activations.of(method)
            if known != "active":
                state = self._reachability.of(method).state
                known = "active" if state == "reachable" else known if state == "not-reachable" else "unknown"
            self._known[method] = known
        return known


def _is_found_by_name(method: DexMethod) -> bool:
    """Tell what no call leads to: what layouts create, and code that is loaded at run time."""
    if method.file.loaded_at_run_time:
        return True
    return method.ref.name == "<init>" and _INFLATED in method.ref.parameters


_STRENGTH: dict[Activation, int] = {"active": 3, "unknown": 2, "created": 1, "defined_only": 0}


def activation_of(program: Program, components: Collection[str], methods: Iterable[DexMethod]) -> Activation:
    """Say whether one of `methods` runs; for a single question, see `Activations`."""
    activations = Activations(program, components)
    return max(map(activations.of, methods), key=lambda one: _STRENGTH[one], default="defined_only")
