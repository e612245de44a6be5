"""When what a lazy value makes is made: where the value is asked for, not where it is put down."""

from collections.abc import Callable, Iterable

from analyzer.dataflow.method_values import Call, MethodValues
from analyzer.dataflow.question import Question
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import Created, FieldValue, Result, Value, alternatives
from analyzer.dex import DexMethod, FieldRef, Site

_OBJECT = "Ljava/lang/Object;"
_MAKERS = "Lkotlin/LazyKt"
_MAX_SITES = 64

IsOne = Callable[[Value], bool]


class LazyBlocks:
    """Answers for one program."""

    def __init__(self, resolver: Resolver) -> None:
        """Follow lambdas with `resolver` to the lazy values that they are made for."""
        self._resolver = resolver
        self._program = resolver.program
        self._known: dict[tuple[DexMethod, int | None], tuple[DexMethod, ...] | None] = {}

    def askers(self, method: DexMethod, offset: int | None = None) -> tuple[DexMethod, ...] | None:
        """Return the methods that make a lambda run, where its objects are blocks of lazy values.

        That is, the readers of the fields that hold such values, and what makes objects that are used otherwise. With
        `offset`, only objects count whose numbers lead to this instruction: a shrinker merges lambdas, and says with a
        number which of them an object is. None for methods that are no such lambda.
        """
        ref = method.ref
        if method.is_direct or ref.parameters or ref.return_type != _OBJECT:
            return None
        key = (method, offset)
        if key not in self._known:
            is_block = self._resolver.kotlin.block_of(ref.owner) == method
            self._known[key] = self._find(method, offset) if is_block else None
        return self._known[key]

    def through(self, callers: Iterable[DexMethod], called: Iterable[DexMethod]) -> dict[DexMethod, None]:
        """Return the callers of methods, with what makes them run in place of those that are blocks of lazy values."""
        found: dict[DexMethod, None] = {}
        goals = set(called)
        for caller in callers:
            whole = self.askers(caller)
            body = None if whole is None else self._resolver.evaluator.evaluate(caller)
            places = [] if body is None else [at for at, one in body.calls.items() if self._runs(one, goals)]
            if whole is None or not places:
                found[caller] = None
            for place in places:
                found.update(dict.fromkeys(self.askers(caller, place) or ()))
        return found

    def _runs(self, call: Call, goals: set[DexMethod]) -> bool:
        return self._program.resolve_method(call.ref) in goals

    def _find(self, method: DexMethod, offset: int | None) -> tuple[DexMethod, ...] | None:
        owner = method.ref.owner
        sites = self._program.users.creations_of((owner,))
        # A lambda that holds nothing may be kept in a field of its own class.
        constants = [one.ref for one in method.owner.fields if one.is_static and one.ref.type == owner]
        readers = self._program.users.readers_of(constants) if constants else ()
        if not sites or len(sites) + len(readers) > _MAX_SITES:
            return None
        found: dict[DexMethod, None] = {}
        any_lazy = False
        for site in (*sites, *readers):
            if site.method.ref.owner == owner and site.method.ref.name == "<clinit>":
                continue
            values = self._resolver.evaluator.evaluate(site.method)
            if values is None:
                return None
            made = values.object_at(site.offset) if site in sites else None
            if offset is not None and isinstance(made, Created) and not self._leads_to(method, offset, made):
                any_lazy = True
                continue
            fields = self._lazy_fields(values, _is_made_at(site, constants), owner)
            any_lazy = any_lazy or fields is not None
            found.update(dict.fromkeys((site.method,) if fields is None else self._readers(fields)))
        return tuple(found) if any_lazy else None

    def _leads_to(self, method: DexMethod, offset: int, made: Created) -> bool:
        fields = self._resolver.assumptions.fields(method, (made,), None, Question(self._resolver.limits), 0)
        values = self._resolver.evaluator.evaluate(method, fields=fields) if fields else None
        return values is None or offset in values.calls or offset in values.stores

    def _lazy_fields(self, values: MethodValues, is_block: IsOne, owner: str) -> list[FieldRef] | None:
        """Return the fields that the lazy values are put into; None where blocks or values are used otherwise."""
        made: set[int] = set()
        for call in values.calls.values():
            for position, argument in enumerate(call.arguments):
                if not _may_be(argument, is_block) or (not position and call.ref.owner == owner):
                    continue
                lazy = self._lazy_made(call, position)
                if lazy is None:
                    return None
                made.add(lazy)
        for store in values.stores.values():
            if _may_be(store.value, is_block):
                base = store.base
                if not isinstance(base, Created) or base.type not in self._resolver.kotlin.lazy_classes:
                    return None
                made.add(base.offset)
        held = [one.value for one in values.element_stores.values()]
        method = values.method.ref

        def is_lazy(value: Value) -> bool:
            return isinstance(value, Created | Result) and value.method == method and value.offset in made

        if not made or any(_may_be(one, is_block) or _may_be(one, is_lazy) for one in (*held, *values.returns)):
            return None
        for call in values.calls.values():
            for position, argument in enumerate(call.arguments):
                if _may_be(argument, is_lazy) and (position or call.ref.name != "<init>"):
                    return None
        return [store.ref for store in values.stores.values() if _may_be(store.value, is_lazy)]

    def _lazy_made(self, call: Call, position: int) -> int | None:
        """Return the instruction that makes the lazy value whose block a call gets; None for other calls."""
        classes = self._resolver.kotlin.lazy_classes
        if call.kind == "static":
            if call.ref.owner.startswith(_MAKERS):
                return call.offset
            target = self._program.resolve_method(call.ref)
            body = None if target is None else self._resolver.evaluator.evaluate(target)
            returned = () if body is None else body.returns
            lazy = [isinstance(one, Created) and one.type in classes for all_ in returned for one in alternatives(all_)]
            return call.offset if lazy and all(lazy) else None
        base = call.arguments[0]
        is_constructor = position and call.ref.name == "<init>" and call.ref.owner in classes
        return base.offset if is_constructor and isinstance(base, Created) else None

    def _readers(self, fields: Iterable[FieldRef]) -> list[DexMethod]:
        found: dict[DexMethod, None] = {}
        for ref in fields:
            definition = self._program.resolve_field(ref)
            names = [
                other
                for other in self._program.field_refs(None, ref.name, ref.type)
                if other == ref or self._program.resolve_field(other) == definition
            ]
            found.update(dict.fromkeys(site.method for site in self._program.users.readers_of(names)))
        return list(found)


def _is_made_at(site: Site, constants: list[FieldRef]) -> IsOne:
    def is_one(value: Value) -> bool:
        if isinstance(value, FieldValue):
            return value.ref in constants
        return isinstance(value, Created) and (value.method, value.offset) == (site.method.ref, site.offset)

    return is_one


def _may_be(value: Value, is_one: IsOne) -> bool:
    return any(map(is_one, alternatives(value)))
