"""Constants of enums and their names, wherever a shrinker left the name on its way to the constructor of ``Enum``."""

from typing import TYPE_CHECKING

from analyzer.dataflow.question import NOT_NAMED, Frame, Instance, Question
from analyzer.dataflow.values import ClassName, Created, Items, Parameter, Result, Text, Unknown, Value, alternatives
from analyzer.dex import MethodRef

if TYPE_CHECKING:
    from analyzer.dataflow.resolve import Resolver

_ENUM = "Ljava/lang/Enum;"
_VALUE_OF = MethodRef(_ENUM, "valueOf", "(Ljava/lang/Class;Ljava/lang/String;)Ljava/lang/Enum;")
_NAME = ("name", "()Ljava/lang/String;")
_DELEGATIONS = 4
"""Most constructors that call each other with ``this(…)`` and ``super(…)``."""


def enum_result(
    resolver: "Resolver", result: Result, frame: Frame | None, question: Question, depth: int
) -> Value | None:
    """Return what ``Enum.valueOf`` or ``Enum.name`` returns; None for other calls, and where no model is needed."""
    ref = result.ref
    if ref == _VALUE_OF and len(result.arguments) == 2:
        owner, name = (resolver.reduce(one, frame, question, depth + 1) for one in result.arguments)
        return _named(resolver, owner, name, question, depth)
    if (ref.name, ref.descriptor) != _NAME or result.kind == "static" or not is_enum(resolver, ref.owner):
        return None
    found = []
    for one in alternatives(resolver.reduce(result.arguments[0], frame, question, depth + 1)):
        text = _name_of(resolver, one, question, depth) if isinstance(one, Instance) else None
        found.append(Unknown("the name of a constant that is not known") if text is None else text)
    return resolver.join(found)


def constant_name(resolver: "Resolver", constant: Instance) -> Value | None:
    """Return the name that a constant of an enum has itself; None where no constructor of it hands on any."""
    return _name_of(resolver, constant, Question(resolver.limits), 0)


def is_enum(resolver: "Resolver", name: str) -> bool:
    """Say whether a class is an enum, or one constant of one that has a body."""
    return name == _ENUM or _ENUM in resolver.program.hierarchy.supertypes_of(name)


def _named(resolver: "Resolver", owner: Value, name: Value, question: Question, depth: int) -> Value:
    """Return the constants of a class that have one of some names."""
    wanted = [one.value for one in alternatives(name) if isinstance(one, Text)]
    definition = resolver.program.find_class(owner.descriptor) if isinstance(owner, ClassName) else None
    if definition is None or len(wanted) < len(alternatives(name)):
        return NOT_NAMED
    initialiser = definition.method("<clinit>", "()V")
    values = None if initialiser is None else resolver.evaluate(initialiser, question)
    constants: dict[str, Value] = {}
    for store in () if values is None else values.stores.values():
        if store.base is None and store.ref.owner == store.ref.type.lstrip("[") == definition.descriptor:
            held = resolver.reduce(store.value, None, question, depth + 1)
            # A shrinker may leave the constants in the array of all of them alone.
            for one in held.elements if isinstance(held, Items) else alternatives(held):
                text = _name_of(resolver, one, question, depth) if isinstance(one, Instance) else None
                if isinstance(text, Text):
                    constants[text.value] = one
    return resolver.join(constants.get(one, NOT_NAMED) for one in wanted)


def _name_of(resolver: "Resolver", constant: Instance, question: Question, depth: int) -> Value | None:
    """Return what the constructor of ``Enum`` gets as the name of a constant; None when that is not known."""
    made = constant.value
    if not isinstance(made, Created):
        return None
    calls = [one for one in made.events if isinstance(one.ref, MethodRef) and one.ref.name == "<init>"]
    if not calls or calls[0].position:
        return None
    called, arguments, frame = calls[0].ref, calls[0].arguments, constant.frame
    for _ in range(_DELEGATIONS):
        assert isinstance(called, MethodRef)
        if called.owner == _ENUM:
            return resolver.reduce(arguments[0], frame, question, depth + 1) if arguments else None
        method = resolver.program.resolve_method(called)
        values = None if method is None else resolver.evaluate(method, question)
        if method is None or values is None:
            return None
        this = Parameter(method.ref, 0)
        following = [one for one in values.calls.values() if one.ref.name == "<init>" and one.arguments[:1] == (this,)]
        if len(following) != 1:
            return None
        frame = Frame(method.ref, (made, *arguments), frame)
        called, arguments = following[0].ref, following[0].arguments[1:]
    return None
