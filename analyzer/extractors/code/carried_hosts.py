"""The hosts of connections that are given a socket factory or trust manager of the app."""

from collections.abc import Iterator

from analyzer.dataflow.evaluate import Call, MethodValues
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import Created, Result, Value, walk
from analyzer.extractors.code.callback_wiring import Installation, Installed
from analyzer.extractors.code.context import CodeContext
from analyzer.extractors.code.host_arguments import read_argument
from analyzer.extractors.sdk_catalogue import HostCall

_MAX_LOOKED_AT = 60
_MAX_HOSTS = 8


class CarriedHosts:
    """Answers for one app."""

    def __init__(self, code: CodeContext) -> None:
        """Know the calls that name hosts from the catalogue of `code`."""
        self._code = code
        self._resolver = code.resolver or Resolver(code.program)
        self._calls: dict[tuple[str, str], list[HostCall]] = {}
        for call in code.catalogue.host_calls:
            for method in call.parsed():
                self._calls.setdefault((method.owner, method.name), []).append(call)

    def of(self, installation: Installation) -> tuple[str, ...]:
        """Return the hosts of all connections that are given an object; empty where there may be others.

        Only clients count that connect to one host: channels, single connections, sockets.
        """
        found: dict[str, None] = {}
        places = [one for one in installation.places if one.activation == installation.activation]
        if installation.reasons or not places:
            return ()
        for place in places:
            hosts = self._at(place) if place.one_host else ()
            if not hosts or len(found) > _MAX_HOSTS:
                return ()
            found.update(dict.fromkeys(hosts))
        return tuple(found)

    def _at(self, place: Installed) -> tuple[str, ...]:
        values = self._resolver.evaluator.evaluate(place.method)
        call = values.calls.get(place.offset) if values is not None else None
        if values is None or call is None:
            return ()
        hosts: dict[str, None] = {}
        for asked, argument in (pair for one in self._around(values, call) for pair in self._naming(one)):
            told = read_argument(self._resolver.resolve(argument), asked)
            if told.is_open:
                return ()
            hosts.update(dict.fromkeys(peer.name for peer in told.peers))
        return tuple(hosts)

    def _around(self, values: MethodValues, call: Call) -> Iterator[Call]:
        """Yield the calls in one method that what `call` is made on takes part in, before and after.

        What such a call of a library returns, and what it is made on, is looked at as well: builders, what they make.
        """
        yield call
        waiting: list[Value] = list(call.arguments[:1])
        seen: set[int] = set()
        while waiting and len(seen) < _MAX_LOOKED_AT:
            for part in walk(waiting.pop(0)):
                if not isinstance(part, Created | Result) or part.method != values.method.ref or part.offset in seen:
                    continue
                seen.add(part.offset)
                for one in values.calls.values():
                    positions = [index for index, given in enumerate(one.arguments) if _is_at(given, part.offset)]
                    if one.offset != part.offset and not positions:
                        continue
                    # A helper of the app may do anything with it; a class of the app below a library's is the library.
                    if positions != [0] and self._code.program.find_class(one.ref.owner) is not None:
                        continue
                    yield one
                    waiting.extend(one.arguments[:1])
                    if one.ref.return_type[0] == "L":
                        waiting.append(values.object_at(one.offset))

    def _naming(self, called: Call) -> Iterator[tuple[HostCall, Value]]:
        """Yield what a call is given that names a host, with how it is written."""
        for owner in (called.ref.owner, *self._code.program.hierarchy.supertypes_of(called.ref.owner)):
            for call in self._calls.get((owner, called.ref.name), ()):
                index = call.argument + (0 if called.kind == "static" else 1)
                if 0 <= index < len(called.arguments):
                    yield call, called.arguments[index]


def _is_at(value: Value, offset: int) -> bool:
    return isinstance(value, Created | Result) and value.offset == offset
