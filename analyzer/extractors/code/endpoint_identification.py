"""What asks for a comparison of the server's name: ``SSLParameters``, helpers around its setter, and Java-WebSocket."""

from collections.abc import Iterator
from typing import NamedTuple

from analyzer.dataflow.path_model import Condition, Path, Step
from analyzer.dataflow.paths import PathFinder
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import Event, FieldValue, Number, Parameter, Text, Value
from analyzer.dex import DexMethod, FieldRef, MethodRef
from analyzer.extractors.code.callback_wiring import CallbackWiring
from analyzer.extractors.code.context import CodeContext
from analyzer.model.pins import Activation

PARAMETERS = "Ljavax/net/ssl/SSLParameters;"
SETTING = "setEndpointIdentificationAlgorithm"
_WEB_SOCKET = "Lorg/java_websocket/client/WebSocketClient;"
_HOOK, _HOOK_DESCRIPTOR = "onSetSSLParameters", f"({PARAMETERS})V"
_SDK_INT = FieldRef("Landroid/os/Build$VERSION;", "SDK_INT", "I")
_AVAILABLE_FROM = 24
"""API level from which on the platform has the setter."""
_SHORT = 12
"""Most instructions of a helper that is taken for the setter itself."""
_STATES: tuple[Activation, ...] = ("active", "unknown", "created", "defined_only")
BELOW_24 = "only on devices below API level 24, which have no endpoint identification"
CONDITIONAL = "only on some ways through the method"


class EndpointSettings:
    """Tells what calls set.

    R8 and D8 move calls of methods that are newer than the app's oldest device into short static helpers, which get
    the parameters as their first argument: calls of these stand for calls of the setter.
    """

    def __init__(self, resolver: Resolver) -> None:
        """Know nothing yet."""
        self._resolver = resolver
        self._known: dict[DexMethod, Value | None] = {}

    def given(self, event: Event) -> Value | None:
        """Return the algorithm that a call sets on the parameters it concerns; None for other calls."""
        if not isinstance(event.ref, MethodRef):
            return None
        if event.ref.name == SETTING:
            return event.arguments[0] if event.arguments else None
        method = self._resolver.program.resolve_method(event.ref) if event.position == 1 else None
        return None if method is None else self.through(method, (Number(0), *event.arguments))

    def through(self, method: DexMethod, arguments: tuple[Value, ...]) -> Value | None:
        """Return the algorithm that a call of a helper sets; None when the method is no such helper."""
        given = self.of_helper(method)
        if isinstance(given, Parameter):
            return arguments[given.index] if given.index < len(arguments) else None
        return given

    def of_helper(self, method: DexMethod) -> Value | None:
        """Return what a short static method sets on its first argument: a constant or one of its parameters."""
        if method not in self._known:
            self._known[method] = self._of_helper(method)
        return self._known[method]

    def _of_helper(self, method: DexMethod) -> Value | None:
        code = method.code()
        if not method.is_static or method.ref.parameters[:1] != (PARAMETERS,):
            return None
        if code is None or len(code.instructions) > _SHORT:
            return None
        values = self._resolver.evaluator.evaluate(method)
        for call in values.calls.values() if values is not None else ():
            if call.ref.name == SETTING and call.arguments[:1] == (Parameter(method.ref, 0),) and call.arguments[1:]:
                return call.arguments[1]
        return None


def is_nothing(value: Value) -> bool:
    """Say whether an algorithm is none: null or an empty text."""
    return value in (Number(0), Text(""))


class CarelessClient(NamedTuple):
    """A client of Java-WebSocket that does not ask for the check which its superclass asks for."""

    method: DexMethod
    variant: int | None
    """Discriminator value, in a class that a shrinker merged."""
    activation: Activation
    when: str | None
    """On which ways, when there are others that ask for it."""


def careless_clients(code: CodeContext, wiring: CallbackWiring) -> Iterator[CarelessClient]:
    """Yield the clients that replace ``onSetSSLParameters``, which asks for the check, without asking for it."""
    program = code.program
    resolver = code.resolver or Resolver(program)
    settings = EndpointSettings(resolver)

    def decides(ref: MethodRef) -> bool:
        return ref.name in (_HOOK, SETTING)

    finder = PathFinder(program, decides)
    for method in program.methods_named(_HOOK, _HOOK_DESCRIPTOR):
        owner = method.ref.owner
        if _WEB_SOCKET not in program.hierarchy.supertypes_of(owner):
            continue
        for field, case in wiring.cases_of(method, owner):
            fields: dict[FieldRef, Value] = {} if field is None or case is None else {field: Number(case)}
            paths = finder.paths(method, owner, None, fields)
            if paths is None or paths.incomplete is not None:
                continue
            silent = [path for path in paths.returning if not any(_asks(settings, resolver, one) for one in path.steps)]
            if not silent:
                continue
            when = None
            if len(silent) < len(paths.returning):
                when = BELOW_24 if all(map(_is_old_device, silent)) else CONDITIONAL
            yield CarelessClient(method, case, _activation(code, wiring, owner, field, case), when)


def _asks(settings: EndpointSettings, resolver: Resolver, step: Step) -> bool:
    ref = step.called
    if ref is None:
        return False
    if ref.name == _HOOK:
        return step.kind == "super"
    if ref.name == SETTING:
        return len(step.arguments) > 1 and not is_nothing(step.arguments[1])
    method = resolver.program.resolve_method(ref) if ref.parameters[:1] == (PARAMETERS,) else None
    given = None if method is None else settings.through(method, step.arguments)
    return given is not None and not is_nothing(given)


def _is_old_device(path: Path) -> bool:
    return any(_limits_level(one) for one in path.conditions)


def _limits_level(condition: Condition) -> bool:
    """Say whether a condition holds only where the platform has no endpoint identification."""
    left, right = condition.left, condition.right
    if not isinstance(left, FieldValue) or left.ref != _SDK_INT or not isinstance(right, Number):
        return False
    highest = {"lt": right.value - 1, "le": right.value, "eq": right.value}.get(condition.operator)
    return highest is not None and highest < _AVAILABLE_FROM


def _activation(
    code: CodeContext, wiring: CallbackWiring, owner: str, field: FieldRef | None, case: int | None
) -> Activation:
    found = []
    for site in wiring.creations_of(owner, *code.program.hierarchy.subtypes_of(owner)):
        variants = None if field is None else wiring.variants_at(site, field)
        if variants is None or case in variants:
            found.append(wiring.runs.of(site.method))
    return next((state for state in _STATES if state in found), "defined_only")
