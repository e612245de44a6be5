"""Kotlin's own machinery in an app, by name or by what survives renaming: lazy values and suspended functions."""

from functools import cached_property

from analyzer.dataflow.values import Created, Number, Parameter, Result, Value
from analyzer.dex import DexMethod, MethodRef, Program, Site

_OBJECT = "Ljava/lang/Object;"
_LIBRARY = "Lkotlin/"
_STEPS, _FEW = 4, 16
"""How many callers above each other, and how many of one method, are looked at for one that runs."""
_LAZY = "Lkotlin/Lazy;"
_LAZY_TEXT = "Lazy value not initialized yet."
"""What ``SynchronizedLazyImpl`` and ``UnsafeLazyImpl`` of Kotlin's library say while they hold nothing."""
_CONTINUATION = "Lkotlin/coroutines/jvm/internal/BaseContinuationImpl;"
_CONTINUATION_TEXT = "Continuation at "
"""How ``BaseContinuationImpl.toString`` of Kotlin's library begins."""
_STRING = "Ljava/lang/String;"
_TEXTS = (_STRING, "Ljava/lang/CharSequence;")
_RESUMING = "invokeSuspend"
_ONE_OBJECT = f"({_OBJECT}){_OBJECT}"
_NO_ARGUMENT = f"(){_OBJECT}"


class KotlinRuntime:
    """Answers for one app."""

    def __init__(self, program: Program) -> None:
        """Look at `program` when something is asked."""
        self._program = program
        self._unused: dict[DexMethod, bool] = {}

    @staticmethod
    def is_of_library(method: DexMethod) -> bool:
        """Say whether a method belongs to Kotlin's own library."""
        return method.ref.owner.startswith(_LIBRARY)

    def is_unused(self, method: DexMethod, steps: int = _STEPS) -> bool:
        """Say whether a method of the library never runs.

        Compilers copy inline functions to their callers, so that nobody calls most that run a function they are given.
        """
        if not self.is_of_library(method) or method.ref.name == "<clinit>" or not steps:
            return False
        if method not in self._unused:
            # While it is looked at, a method is taken for one that runs.
            self._unused[method] = False
            sites = self._program.calls_of((method,)) if method.is_direct else self._creations(method.ref.owner)
            self._unused[method] = len(sites) <= _FEW and all(self.is_unused(one.method, steps - 1) for one in sites)
        return self._unused[method]

    def _creations(self, owner: str) -> tuple[Site, ...]:
        return self._program.users.creations_of((owner, *self._program.hierarchy.subtypes_of(owner)))

    @cached_property
    def lazy_classes(self) -> frozenset[str]:
        """The classes of lazy values that are in the app."""
        return frozenset(site.method.ref.owner for site in self._program.users.loads_of((_LAZY_TEXT,)))

    @cached_property
    def _lazy_getters(self) -> frozenset[tuple[str, str]]:
        """Owners and names of the methods that return what a lazy value holds."""
        found = {(_LAZY, "getValue")}
        for name in self.lazy_classes:
            definition = self._program.find_class(name)
            above = self._program.hierarchy.supertypes_of(name)
            for method in () if definition is None else definition.methods:
                if method.ref.descriptor == _NO_ARGUMENT and not method.is_direct:
                    found.update((owner, method.ref.name) for owner in (name, *above) if owner != _OBJECT)
        return frozenset(found)

    def returns_lazy_value(self, ref: MethodRef) -> bool:
        """Say whether a method returns what a lazy value holds."""
        return (ref.owner, ref.name) in self._lazy_getters and not ref.parameters

    def passes_lazily(self, ref: MethodRef) -> bool:
        """Say whether a call makes a lazy value, or returns what one holds: their own code need not be followed."""
        return ref.owner.startswith((_LAZY, "Lkotlin/LazyKt")) or self.returns_lazy_value(ref)

    def makes_lazy_value(self, ref: MethodRef) -> bool:
        """Say whether a call is that of the constructor of a lazy value, whatever its class is called."""
        return ref.owner in self.lazy_classes and ref.name == "<init>"

    def block_argument(self, made: Value) -> Value | None:
        """Return the lambda that makes what a lazy value holds, as its maker got it; None for other values."""
        if isinstance(made, Result) and made.arguments:
            return made.arguments[-1]
        if isinstance(made, Created) and made.type in self.lazy_classes:
            for event in made.events:
                if isinstance(event.ref, MethodRef) and event.ref.name == "<init>" and event.arguments:
                    return event.arguments[0]
        return None

    def block_of(self, class_name: str) -> DexMethod | None:
        """Return the method of a lambda without arguments that runs it; None when it cannot be told."""
        named = self._program.resolve_method(MethodRef(class_name, "invoke", _NO_ARGUMENT))
        if named is not None:
            return named
        definition = self._program.find_class(class_name)
        methods = () if definition is None else definition.methods
        found = [one for one in methods if one.ref.descriptor == _NO_ARGUMENT and not one.is_direct and one.code_offset]
        return found[0] if len(found) == 1 else None

    @cached_property
    def _joining(self) -> frozenset[MethodRef]:
        """The methods behind ``joinToString`` that fill in what was left out, when they have another name."""
        separators = {site.method for site in self._loads(", ")}
        return frozenset(
            site.method.ref
            for site in self._loads("...")
            if site.method in separators
            and site.method.ref.return_type == _STRING
            and site.method.ref.parameters[:1] in (("Ljava/lang/Iterable;",), ("[Ljava/lang/Object;",))
        )

    def joined(self, ref: MethodRef, arguments: tuple[Value, ...]) -> tuple[Value, ...] | None:
        """Return the arguments of ``joinToString$default`` as Kotlin's library has them, for a call of it as renamed.

        A shrinker leaves out the limit and what stands for the rest, which are hardly ever given.
        """
        if ref not in self._joining or "I" not in ref.parameters:
            return None
        texts = [one for one, kind in zip(arguments, ref.parameters, strict=False) if kind in _TEXTS]
        others = [
            one for one, kind in zip(arguments[1:], ref.parameters[1:], strict=False) if kind not in (*_TEXTS, "I")
        ]
        *limit, mask = [one for one, kind in zip(arguments, ref.parameters, strict=False) if kind == "I"]
        texts += [Number(0)] * (3 - len(texts))
        function = others[0] if others else Number(0)
        return (arguments[0], *texts[:3], *(limit or [Number(-1)])[:1], Number(0), function, mask, Number(0))

    def _loads(self, text: str) -> tuple[Site, ...]:
        return self._program.users.loads_of((text,))

    @cached_property
    def _resuming(self) -> tuple[str, str]:
        """Class and name of the abstract method that goes on with a suspended function."""
        for site in self._program.users.loads_of((_CONTINUATION_TEXT,)):
            definition = self._program.find_class(site.method.ref.owner)
            for method in () if definition is None else definition.methods:
                if method.is_abstract and method.ref.descriptor == _ONE_OBJECT:
                    return method.ref.owner, method.ref.name
        return _CONTINUATION, _RESUMING

    def is_resuming(self, ref: MethodRef) -> bool:
        """Say whether a method goes on with a suspended function; its argument is what the last call there returned."""
        owner, name = self._resuming
        if ref.descriptor != _ONE_OBJECT or ref.name not in (name, _RESUMING):
            return False
        above = self._program.hierarchy.supertypes_of(ref.owner)
        return owner in above or (ref.name == _RESUMING and self._program.find_class(owner) is None)

    def remembers(self, class_name: str) -> bool:
        """Say whether objects of a class remember a suspended function: its variables are their fields in between."""
        return self._resuming[0] in self._program.hierarchy.supertypes_of(class_name)

    def is_resumed_value(self, value: Value) -> bool:
        """Say whether a value is what a suspended call resumes with: the result that the call has otherwise."""
        return isinstance(value, Parameter) and value.index == 1 and self.is_resuming(value.method)

    def is_entered_again(self, caller: MethodRef, arguments: tuple[Value, ...], called: MethodRef) -> bool:
        """Say whether a call only goes on with a suspended function: all it passes is the object that remembers."""
        if not arguments or not self.is_resuming(caller) or arguments[-1] != Parameter(caller, 0):
            return False
        given = arguments[len(arguments) - len(called.parameters) : -1]
        types = called.parameters[:-1]
        objects = [one for one, kind in zip(given, types, strict=True) if kind[0] in "L[" and kind != called.owner]
        return all(one == Number(0) for one in objects)
