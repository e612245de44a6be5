"""What catalogued calls are given, as texts that rules compare with."""

from collections.abc import Iterable, Iterator, Mapping

from analyzer.dataflow.enums import constant_name, is_enum
from analyzer.dataflow.question import Frame, Instance, Resolution
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import (
    ClassName,
    Created,
    FieldValue,
    Items,
    Number,
    Result,
    Text,
    Value,
    alternatives,
    walk,
)
from analyzer.dex import FieldRef, MethodRef, Site, dotted
from analyzer.extractors.sdk_catalogue import Api
from analyzer.model.location import MAX_SNIPPET_CHARACTERS

Arguments = tuple[str | None, ...]
_INVOKE_STATIC = frozenset({0x71, 0x77})
_ADDRESS = "Ljava/net/InetSocketAddress;"
_STRING = "Ljava/lang/String;"
_MAX_SETS = 16
"""Most combinations of arguments of one call."""
_MAX_ELEMENTS = 64
_COLLECTIONS = ("Ljava/util/", "Lkotlin/collections/")


def arguments_of(resolver: Resolver, site: Site, api: Api) -> tuple[Arguments, ...]:
    """Return what the catalogued arguments of a call are, once for each way that decides them; () if it never runs."""
    ref = site.target
    if not isinstance(ref, MethodRef) or site.via != "instruction":
        return ((),)
    values = resolver.evaluator.evaluate(site.method)
    raw = None if values is None else values.calls.get(site.offset)
    if raw is None:
        return ()
    first = 0 if site.instruction.opcode in _INVOKE_STATIC else 1
    reader = _Reader(resolver)
    makers = tuple(reader.maker(raw.arguments[:1], api.made_by)) if first and api.made_by else ()
    found: dict[Arguments, None] = {}
    for call in resolver.bound_calls(site):
        shown = [
            reader.shown(raw.arguments[place + first], call.arguments[place + first], ref.parameters[place])
            for place in api.arguments
            if place + first < len(call.arguments)
        ]
        for each in _by_name(shown) if api.starting is not None else [shown]:
            given = [*makers, *(one for part in each for one in part)]
            found[tuple(given[:_MAX_ELEMENTS])] = None
    return tuple(found)[:_MAX_SETS]


def _by_name(shown: list[list[str | None]]) -> list[list[list[str | None]]]:
    """Tell names apart that one call in a loop is given; which value is whose is known when there is one."""
    names, *others = shown or [[]]
    if len(names) <= 1:
        return [shown]
    values: list[list[str | None]] = [part if len(part) == 1 else [None] for part in others]
    return [[[name], *values] for name in names]


def shown_argument(
    resolver: Resolver, raw: Value, resolution: Resolution, type_name: str, names: Mapping[FieldRef, str]
) -> Arguments:
    """Return one argument as texts; constants that `names` knows by the names that it gives them."""
    return tuple(_Reader(resolver, names).shown(raw, resolution, type_name)[:_MAX_ELEMENTS])


class _Reader:
    def __init__(self, resolver: Resolver, names: Mapping[FieldRef, str] | None = None) -> None:
        self._resolver = resolver
        self._names = names or {}

    def maker(self, receivers: Iterable[Value], names: tuple[str, ...]) -> Iterator[str | None]:
        """Yield the first argument of the call that made an object, where it is one of `names`."""
        for receiver in receivers:
            for part in walk(receiver):
                if isinstance(part, Result) and part.ref.name in names and part.arguments:
                    first = 0 if part.kind == "static" else 1
                    if first < len(part.arguments):
                        yield from self._resolved(self._resolver.resolve(part.arguments[first]), "")
                        return
        yield None

    def shown(self, raw: Value, resolution: Resolution, type_name: str) -> list[str | None]:
        """Return an argument as texts: the elements of arrays and collections, names of constants, numbers."""
        names = [self._constant(part) for part in _elements(raw)]
        if any(names) and not resolution.texts:
            return list(dict.fromkeys(names))
        return self._resolved(resolution, type_name)

    def _resolved(self, resolution: Resolution, type_name: str) -> list[str | None]:
        found: dict[str | None, None] = {}
        for value in resolution.values:
            parts = value.elements if isinstance(value, Items) else (value,)
            for part in parts:
                for one in alternatives(part):
                    found[self._text(one, type_name)] = None
        if resolution.state != "constant":
            found[None] = None
        return list(found)

    def _text(self, value: Value, type_name: str) -> str | None:
        match value:
            case Text(value=text):
                return text[:MAX_SNIPPET_CHARACTERS]
            case Number(value=number):
                if type_name == "Z":
                    return "true" if number else "false"
                return "null" if type_name[:1] in ("L", "[") and number == 0 else str(number)
            case ClassName(descriptor=name):
                return dotted(name)
            case Instance(value=Created(type=name) as created, frame=frame) if name == _ADDRESS:
                return self._host(created, frame)
            case Instance(value=FieldValue(ref=ref, base=None)):
                return ref.name
            case Instance(value=Created(type=name)) as constant if is_enum(self._resolver, name):
                return self._enum_name(constant)
        return None

    def _host(self, address: Created, frame: Frame | None) -> str | None:
        """Return the host of an address that is made of one."""
        for event in address.events:
            if isinstance(event.ref, MethodRef) and event.ref.name == "<init>" and event.ref.parameters[0] == _STRING:
                texts = self._resolver.resolve(event.arguments[0], frame).texts
                return texts[0] if len(texts) == 1 else None
        return None

    def _constant(self, part: Value) -> str | None:
        """Return the name of a static field that holds an object of its own class, as enums and the like do."""
        if not isinstance(part, FieldValue) or part.base is not None or part.ref.type != part.ref.owner:
            return None
        if part.ref in self._names:
            return self._names[part.ref]
        if is_enum(self._resolver, part.ref.owner):
            # A shrinker renames the field, but not the name that the constant itself has.
            for value in self._resolver.resolve(part).values:
                if isinstance(value, Instance) and isinstance(value.value, Created):
                    return self._enum_name(value) or part.ref.name
        return part.ref.name

    def _enum_name(self, constant: Instance) -> str | None:
        """Return the name of a constant, whatever a shrinker made of its field."""
        name = constant_name(self._resolver, constant)
        if name is not None:
            return name.value if isinstance(name, Text) else None
        for event in constant.value.events if isinstance(constant.value, Created) else ():
            if isinstance(event.ref, MethodRef) and event.ref.name == "<init>":
                return next((one.value for one in event.arguments if isinstance(one, Text)), None)
        return None


def _elements(value: Value) -> Iterator[Value]:
    """Yield what an array or collection is made of, as the method knows it; anything else is its own element."""
    waiting = [value]
    while waiting:
        for part in alternatives(waiting.pop()):
            match part:
                case Items(elements=elements):
                    waiting.extend(reversed(elements))
                case Created(type=name) if name.startswith(("[", *_COLLECTIONS)):
                    given = [one for event in part.events for one in event.arguments]
                    waiting.extend(one for one in reversed(given) if not isinstance(one, Number))
                case Result(ref=ref, arguments=arguments) if ref.owner.startswith(_COLLECTIONS):
                    waiting.extend(reversed(arguments))
                case _:
                    yield part
