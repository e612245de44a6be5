"""Methods that others ask through an object: lambdas, providers, and the blocks of Kotlin's lazy values."""

from analyzer.dataflow.evaluate import Call
from analyzer.dataflow.question import Question
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import Created
from analyzer.dex import DexMethod, Site

FUNCTIONS = "Lkotlin/jvm/functions/Function"
_LIBRARY, _CHECKS = "Lkotlin/", "Lkotlin/jvm/internal/"


class Answering:
    """Tells who asks, in one program."""

    def __init__(self, resolver: Resolver) -> None:
        """Use the evaluated methods of `resolver`."""
        self._resolver = resolver
        self._program = resolver.program

    def is_asked_from_outside(self, method: DexMethod) -> bool:
        """Say whether a method may override one that is not in the app, or one of Kotlin's function types."""
        if method.is_direct:
            return False
        hierarchy = self._program.hierarchy
        return any(
            name != "Ljava/lang/Object;" and (hierarchy.find(name) is None or name.startswith(FUNCTIONS))
            for name in hierarchy.supertypes_of(method.ref.owner)
        )

    def is_lazy(self, caller: DexMethod) -> bool:
        """Say whether a caller is a lazy value, which runs its own block alone."""
        return caller.ref.owner in self._resolver.kotlin.lazy_classes

    def is_library_of_functions(self, caller: DexMethod, call: Call) -> bool:
        """Say whether a call is one of Kotlin's library that runs whatever function it was given."""
        return call.ref.owner.startswith(FUNCTIONS) and caller.ref.owner.startswith(_LIBRARY)

    def is_kept_by_library(self, call: Call, position: int) -> bool:
        """Say whether Kotlin's library is given a function that it may run when it likes."""
        ref = call.ref
        is_known = self._resolver.kotlin.passes_lazily(ref) or ref.owner.startswith((FUNCTIONS, _CHECKS))
        return ref.owner.startswith(_LIBRARY) and not is_known and bool(position or call.kind == "static")

    def creations(self, method: DexMethod, key: object, question: Question) -> list[Site]:
        """Return where objects are made that give, when they are asked by `method`, what stands at `key` in it.

        A class that a shrinker merged of several has another answer for each of them.
        """
        sites = self._program.users.creations_of((method.ref.owner,))
        return [site for site in sites if self._may_give(site, method, key, question)]

    def _may_give(self, site: Site, method: DexMethod, key: object, question: Question) -> bool:
        values = self._resolver.evaluator.evaluate(site.method)
        made = None if values is None else values.object_at(site.offset)
        if not isinstance(key, int) or not isinstance(made, Created):
            return True
        fields = self._resolver.assumptions.fields(method, (made,), None, question, 0)
        inner = self._resolver.evaluate(method, question, None, fields) if fields else None
        return inner is None or key in inner.calls or isinstance(inner.object_at(key), Created)
