"""Objects that keep an ``SslErrorHandler``: what their methods do with it, and whether a person decides."""

from collections.abc import Iterable, Iterator

from analyzer.dataflow.path_model import Step
from analyzer.dataflow.paths import PathFinder
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import FieldValue, Number, Parameter, Value, alternatives
from analyzer.dex import DexMethod, FieldRef, MethodRef, Program
from analyzer.extractors.code.merged_classes import discriminator_of
from analyzer.extractors.code.webview_paths import Outcome, answer_of, used_as

_MAX_READERS = 64
_MAX_FOLLOWED = 6
_MAX_SCANNED = 200
"""Most methods that are looked through for a dialog."""
_BY_ITSELF = frozenset({"run", "call", "handleMessage", "accept", "doInBackground", "onPostExecute", "onReceiveValue"})
"""Methods that run without anyone touching the screen."""
_FUNCTIONS = "Lkotlin/jvm/functions/Function"
_ASKS = ("Dialog", "Snackbar", "PopupWindow", "BottomSheet")
_OUTCOMES: tuple[Outcome, ...] = ("proceed", "dialog", "unknown", "cancel", "neither")


class Listeners:
    """Follows handlers in one program."""

    def __init__(self, program: Program, resolver: Resolver, finder: PathFinder) -> None:
        """Explore with `finder`, whose `decides` is that of the handlers."""
        self._program = program
        self._resolver = resolver
        self._finder = finder
        self._kept: dict[tuple[FieldRef, int | None], Outcome] = {}
        self._used: dict[tuple[FieldRef, int | None], tuple[DexMethod, int]] = {}
        self._followed: dict[Step, tuple[FieldRef, int | None]] = {}

    def handed(self, step: Step, place: int) -> Outcome | None:
        """Say what becomes of the handler that a step hands on; None when it is not kept."""
        if isinstance(step.ref, FieldRef):
            return self._field_outcome(step, step.ref) if place == 0 else None
        method = self._program.resolve_method(step.ref)
        if method is None:
            # Converting it to text and the like; but what the platform is given, a Message say, may come back.
            return None if step.ref.return_type != "V" or _is_harmless(step.ref) else "unknown"
        if method.is_abstract or not step.known:
            return "unknown"
        found = [self._field_outcome(step, field) for field in self._fields_of(method, place)]
        return min(found, key=_OUTCOMES.index, default=None)

    def _field_outcome(self, step: Step, field: FieldRef) -> Outcome:
        case = self._case(step, field.owner)
        outcome = self.kept_in(field, case)
        if (field, case) in self._used:
            self._followed.setdefault(step, (field, case))
        return outcome

    def place_of(self, step: Step) -> tuple[DexMethod, int] | None:
        """Return where the handler that a step hands on is used in the end; None when nothing uses it."""
        key = self._followed.get(step)
        return None if key is None else self._used.get(key)

    def _case(self, step: Step, owner: str) -> int | None:
        """Return the discriminator of a merged class that a constructor call gives."""
        definition = self._program.find_class(owner)
        called = step.called
        if definition is None or called is None or called.name != "<init>":
            return None
        for method in definition.methods:
            found = discriminator_of(self._program, self._resolver.evaluator, method)
            constructor = self._program.resolve_method(called) if found is not None else None
            if found is None or constructor is None:
                continue
            values = self._resolver.evaluator.evaluate(constructor)
            for store in values.stores.values() if values is not None else ():
                if store.ref != found.field:
                    continue
                value: Value = store.value
                if isinstance(value, Parameter) and value.index < len(step.arguments):
                    value = step.arguments[value.index]
                return value.value if isinstance(value, Number) else None
        return None

    def _fields_of(self, method: DexMethod, place: int, depth: int = 0) -> Iterator[FieldRef]:
        """Yield the fields that a method or constructor keeps an argument in."""
        values = self._resolver.evaluator.evaluate(method)
        if values is None or depth > _MAX_FOLLOWED:
            return
        for store in values.stores.values():
            if any(isinstance(one, Parameter) and one.index == place for one in alternatives(store.value)):
                yield store.ref
        for call in values.calls.values():
            target = self._program.resolve_method(call.ref)
            if target is None:
                continue
            for position, argument in enumerate(call.arguments):
                if any(isinstance(one, Parameter) and one.index == place for one in alternatives(argument)):
                    yield from self._fields_of(target, position, depth + 1)

    def kept_in(self, field: FieldRef, case: int | None = None) -> Outcome:
        """Say what the methods that read a field do with the handler in it."""
        key = (field, case)
        if key not in self._kept:
            self._kept[key] = "neither"
            found = [one for method in self._readers(field) for one in self._in_method(method, field, case)]
            outcome, method, offset = min(found, key=lambda one: _OUTCOMES.index(one[0]), default=("neither", None, 0))
            self._kept[key] = outcome
            if method is not None:
                self._used[key] = method, offset
        return self._kept[key]

    def _readers(self, field: FieldRef) -> Iterable[DexMethod]:
        sites = self._program.users.readers_of((field,))
        return tuple(dict.fromkeys(site.method for site in sites))[:_MAX_READERS]

    def _in_method(
        self, method: DexMethod, field: FieldRef, case: int | None
    ) -> Iterator[tuple[Outcome, DexMethod | None, int]]:
        """Yield what one method does with the handler in a field, and where."""
        found = discriminator_of(self._program, self._resolver.evaluator, method) if case is not None else None
        fields: dict[FieldRef, Value] = {found.field: Number(case)} if found is not None and case is not None else {}
        paths = self._finder.paths(method, fields=fields)
        for path in paths.returning if paths is not None else ():
            for step in path.steps:
                kept = [one for one in step.arguments if isinstance(one, FieldValue) and one.ref == field]
                if not kept or step.threw is not None:
                    continue
                outcome = used_as(step, kept[0]) if step.arguments[0] == kept[0] else self._on(step, kept[0])
                if outcome == "proceed" and self._asks(method):
                    outcome = "dialog"
                if outcome is not None:
                    yield outcome, step.frame.method, step.offset

    def _on(self, step: Step, handler: Value) -> Outcome | None:
        """Follow a handler that a reader of its field hands on to another object of the app."""
        place = step.arguments.index(handler)
        return self.handed(step, place) if not isinstance(step.ref, FieldRef) else None

    def _asks(self, method: DexMethod) -> bool:
        """Say whether a method runs because of what a person did."""
        ref = method.ref
        if ref.name in _BY_ITSELF and not ref.name.startswith("onClick"):
            return False
        supertypes = self._program.hierarchy.supertypes_of(ref.owner)
        if any(name.startswith(_FUNCTIONS) for name in supertypes):
            return self._shows_a_dialog(ref.owner)
        return True

    def _shows_a_dialog(self, descriptor: str) -> bool:
        """Say whether what creates a function, or is called there, has to do with a dialog."""
        waiting = [site.method for site in self._program.users.creations_of((descriptor,))]
        seen = dict.fromkeys(waiting)
        while waiting and len(seen) <= _MAX_SCANNED:
            method = waiting.pop()
            code = method.code()
            for instruction in code.instructions if code is not None else ():
                if instruction.index_kind != "method":
                    continue
                ref = method.file.method(instruction.index or 0)
                if any(word in ref.owner for word in _ASKS):
                    return True
                target = self._program.resolve_method(ref)
                if target is not None and target not in seen and target.ref.owner.startswith(_package(descriptor)):
                    seen[target] = None
                    waiting.append(target)
        return False


def _package(descriptor: str) -> str:
    return descriptor.rpartition("/")[0]


def _is_harmless(ref: MethodRef) -> bool:
    """Say whether a call of the platform does not keep what it is given: logging, and the handler's own methods."""
    return ref.owner == "Landroid/util/Log;" or answer_of(ref) or ref.owner == "Ljava/lang/Object;"
