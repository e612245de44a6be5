"""Whether a method can run: backwards over its callers, to the components of the manifest."""

from collections import deque
from collections.abc import Collection, Iterable
from typing import Literal

import msgspec

from analyzer.dataflow.lazy_blocks import LazyBlocks
from analyzer.dataflow.question import Step, name_of
from analyzer.dex import DexClass, DexMethod, MethodRef, Program, Site, descriptor_of, dotted

ReachState = Literal["reachable", "not-reachable", "unknown"]

_OBJECT = "Ljava/lang/Object;"
_LIFECYCLE = frozenset(
    {"<init>", "<clinit>", "attachBaseContext", "query", "insert", "update", "delete", "getType", "call", "openFile"}
)
"""Methods of components that the platform calls, beside those that begin with ``on``."""
_HANDED_ON = {
    "run": "Ljava/lang/Runnable;",
    "call": "Ljava/util/concurrent/Callable;",
    "handleMessage": "Landroid/os/Handler$Callback;",
}
"""Methods of interfaces with which components hand themselves to threads and handlers, as in ``new Thread(this)``.

For other classes the creation of the object leads on; components are created by the platform."""
_MAX_METHODS = 5_000
_CACHED_STEPS = 1 << 16
"""Most steps that are kept, so that methods with the same callers are followed once."""


class Reach(msgspec.Struct, frozen=True):
    """Whether something can run."""

    state: ReachState
    trail: tuple[Step, ...] = ()
    """The way from a component to the method, when there is one."""
    reasons: tuple[str, ...] = ()
    """Why it is not known."""


def is_handed_on(program: Program, ref: MethodRef) -> bool:
    """Tell whether a method of a component is what a thread or handler calls that the component hands itself to."""
    interface = _HANDED_ON.get(ref.name)
    return interface is not None and interface in program.hierarchy.supertypes_of(ref.owner)


class Reachability:
    """Answers for one app; what is reachable from where is found on demand."""

    def __init__(
        self,
        program: Program,
        entry_points: Iterable[str],
        max_methods: int = _MAX_METHODS,
        lazies: LazyBlocks | None = None,
    ) -> None:
        """Start at the classes `entry_points` (dotted names): the application and its components.

        With `lazies`, what a lazy value makes runs where the value is asked for.
        """
        self._program = program
        self._lazies = lazies
        self._max_methods = max_methods
        self._known: dict[DexMethod, tuple[list[tuple[DexMethod, Step]], bool]] = {}
        self._steps_left = _CACHED_STEPS
        self._entries: set[str] = set()
        for name in entry_points:
            descriptor = descriptor_of(name)
            self._entries.add(descriptor)
            # What a component inherits runs in it.
            self._entries.update(program.hierarchy.supertypes_of(descriptor))
        self._entries.discard(_OBJECT)

    def of(self, method: DexMethod) -> Reach:
        """Say whether `method` can run."""
        came_from: dict[DexMethod, tuple[DexMethod, Step] | None] = {method: None}
        waiting = deque([method])
        perhaps_named: dict[DexClass, None] = {}
        too_many = False
        while waiting:
            current = waiting.popleft()
            if self._is_entry(current):
                return Reach("reachable", _trail(current, came_from))
            if len(came_from) > self._max_methods:
                too_many = True
                break
            steps, may_be_named = self._leading_to(current)
            if may_be_named:
                perhaps_named[current.owner] = None
            for caller, step in steps:
                if caller not in came_from:
                    came_from[caller] = (current, step)
                    waiting.append(caller)
        reasons = [*self._named(perhaps_named), *(["too many callers to follow"] if too_many else [])]
        return Reach("unknown", (), tuple(reasons)) if reasons else Reach("not-reachable")

    def _is_entry(self, method: DexMethod) -> bool:
        ref = method.ref
        if ref.owner not in self._entries:
            return False
        if ref.name in _LIFECYCLE or ref.name.startswith("on"):
            return True
        return is_handed_on(self._program, ref)

    def _leading_to(self, method: DexMethod) -> tuple[list[tuple[DexMethod, Step]], bool]:
        """Return what calls a method, or creates the object that the platform calls it on.

        The second part says whether it matters that the class of the method may be created by reflection.
        """
        known = self._known.get(method)
        if known is None:
            steps = self._steps_to(method)
            self._steps_left -= len(steps) + 1
            if self._steps_left < 0:
                self._known.clear()
                self._steps_left = _CACHED_STEPS
            known = self._known[method] = steps, not steps or not method.is_direct
        return known

    def _steps_to(self, method: DexMethod) -> list[tuple[DexMethod, Step]]:
        ref = method.ref
        found: list[tuple[DexMethod, Step]] = []
        if ref.name == "<clinit>":
            found += self._uses_of(method.owner)
        else:
            asked = None if self._lazies is None else self._lazies.askers(method)
            if asked is not None:
                return [(one, Step(f"asks for the lazy value of {name_of(ref)}", one.ref)) for one in asked]
            implements = not method.is_direct and self._overrides(method)
            # Through a supertype many others may be called: the creation of the object is the better lead.
            names: tuple[MethodRef, ...] = self._program.refs_reaching(method)
            if implements:
                below = {ref.owner, *self._program.hierarchy.subtypes_of(ref.owner)}
                names = tuple(name for name in names if name.owner in below)
            found += _steps(self._program.users.callers_of(names), f"calls {name_of(ref)}")
            if implements:
                found += self._creations(ref.owner)
        return found if self._lazies is None else self._through_lazies(found, method, self._lazies)

    def _through_lazies(
        self, found: list[tuple[DexMethod, Step]], method: DexMethod, lazies: LazyBlocks
    ) -> list[tuple[DexMethod, Step]]:
        """Replace callers that are blocks of lazy values by what asks for these."""
        kept = lazies.through(dict.fromkeys(caller for caller, _ in found), (method,))
        steps = dict(reversed(found))
        name = name_of(method.ref)
        return [(one, steps.get(one) or Step(f"asks for a lazy value that calls {name}", one.ref)) for one in kept]

    def _overrides(self, method: DexMethod) -> bool:
        """Say whether a method implements or may override one of a supertype."""
        ref = method.ref
        hierarchy = self._program.hierarchy
        for name in hierarchy.supertypes_of(ref.owner):
            definition = hierarchy.find(name)
            if name == _OBJECT:
                continue
            if definition is None or definition.method(ref.name, ref.descriptor) is not None:
                return True
        return False

    def _creations(self, owner: str) -> list[tuple[DexMethod, Step]]:
        types = (owner, *self._program.hierarchy.subtypes_of(owner))
        return _steps(self._program.users.creations_of(types), f"creates {dotted(owner)}")

    def _uses_of(self, owner: DexClass) -> list[tuple[DexMethod, Step]]:
        """Return what makes a class initialise: creations, static calls, static fields."""
        users = self._program.users
        what = f"initialises {owner.name}"
        found = _steps(users.creations_of((owner.descriptor,)), what)
        statics = [method.ref for method in owner.methods if method.is_static and method.ref.name != "<clinit>"]
        found += _steps(users.callers_of(statics), what)
        fields = [field.ref for field in owner.fields if field.is_static]
        found += _steps(users.readers_of(fields), what)
        return [(method, step) for method, step in found if method.ref.owner != owner.descriptor]

    def _named(self, classes: Collection[DexClass]) -> list[str]:
        """Say which of `classes` the app names in a string: they may be created by reflection."""
        texts = {text: owner for owner in classes for text in (owner.name, owner.descriptor)}
        named = {texts[str(site.target)] for site in self._program.users.loads_of(texts)} if texts else set()
        return [
            f"{owner.name} is named in a string and may be used by reflection" for owner in classes if owner in named
        ]


def _steps(sites: Iterable[Site], what: str) -> list[tuple[DexMethod, Step]]:
    return [(site.method, Step(what, site.method.ref, site.offset)) for site in sites]


def _trail(found: DexMethod, came_from: dict[DexMethod, tuple[DexMethod, Step] | None]) -> tuple[Step, ...]:
    steps: list[Step] = [Step("called by the platform", found.ref)]
    current = came_from[found]
    while current is not None:
        method, step = current
        steps.append(step)
        current = came_from[method]
    return tuple(steps)
