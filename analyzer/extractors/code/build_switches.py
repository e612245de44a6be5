"""Switches whose value this build fixes: static booleans such as those of ``BuildConfig``."""

from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import FieldValue, Number
from analyzer.dex import FieldRef, Program
from analyzer.extractors.code.context import CodeContext

_INITIALISERS = frozenset({"<init>", "<clinit>"})
_DEBUG = "DEBUG"


class BuildSwitches:
    """Answers for one app.

    ``BuildConfig.DEBUG`` of a debuggable build stays open: Android's build sets it for such builds alone, and a release
    of the same sources has another value.
    """

    def __init__(self, code: CodeContext, resolver: Resolver) -> None:
        """Know nothing yet."""
        self._debuggable = code.app.debuggable
        self._program = code.program
        self._resolver = resolver
        self._known: dict[FieldRef, Number | None] = {}

    def constant(self, ref: FieldRef) -> Number | None:
        """Return what a static boolean always is; None for other fields, and where that is not known."""
        if ref.type != "Z":
            return None
        if ref not in self._known:
            self._known[ref] = self._constant(ref)
        return self._known[ref]

    def _constant(self, ref: FieldRef) -> Number | None:
        if self._program.resolve_field(ref) is None:
            return None
        found = self._resolver.resolve(FieldValue(ref, None))
        numbers = [one for one in found.values if isinstance(one, Number)]
        if found.state != "constant" or len(numbers) != 1 or len(found.values) != 1:
            return None
        if numbers[0].value and (may_hold_default(self._program, ref) or (self._debuggable and ref.name == _DEBUG)):
            return None
        return numbers[0]


def may_hold_default(program: Program, ref: FieldRef) -> bool:
    """Say whether a field is zero, false or null until code outside of constructors and initialisers writes it."""
    definition = program.resolve_field(ref)
    if definition is None:
        return False
    writers = program.users.writers_of((ref, definition.ref))
    return bool(writers) and not any(site.method.ref.name in _INITIALISERS for site in writers)
