"""Interceptors that code adds to the lists of an OkHttp client or its builder: in OkHttp 2 there is no other way."""

from collections.abc import Callable

import msgspec

from analyzer.dataflow.values import Created, Result, alternatives
from analyzer.dex import MethodRef
from analyzer.extractors.code.callback_wiring import CallbackWiring, Installation, Installed
from analyzer.extractors.code.context import CodeContext, location_in
from analyzer.model.pins import Activation

_LISTS = {"interceptors": "okhttp-interceptor", "networkInterceptors": "okhttp-network-interceptor"}
_ADDS = frozenset({"add", "addFirst", "addLast"})
_MAX_SITES = 200
_STRONGEST: tuple[Activation, ...] = ("active", "unknown", "created", "defined_only")


class ListedInterceptors(msgspec.Struct, frozen=True):
    """What is added to the lists of one app's clients."""

    places: dict[str, tuple[Installed, ...]]
    """By the descriptor of an interceptor's class."""
    others: bool
    """Whether something is added whose class is not known, or a list goes where it is not followed."""

    def of(self, descriptor: str, installed: Installation) -> Installation:
        """Return whether interceptors of a class are in use, given what is known without the lists."""
        places = self.places.get(descriptor, ())
        if not places:
            return msgspec.structs.replace(installed, activation="unknown") if self.others else installed
        best = min((one.activation for one in places), key=_STRONGEST.index)
        trail = tuple(location_in(one.method, one.offset, "added to the interceptors of a client") for one in places)
        return msgspec.structs.replace(
            installed, activation=best, places=places, trail=(*installed.trail, *trail[:1]), reasons=()
        )


def listed_interceptors(
    code: CodeContext, wiring: CallbackWiring, is_library: Callable[[str], bool]
) -> ListedInterceptors:
    """Find what is added to what ``interceptors()`` and ``networkInterceptors()`` return."""
    program = code.program
    refs = [
        ref
        for name in _LISTS
        for ref in program.method_refs(None, name)
        if is_library(ref.owner) and ref.return_type == "Ljava/util/List;"
    ]
    found: dict[str, list[Installed]] = {}
    others = False
    sites = [one for one in program.users.callers_of(refs) if not is_library(one.method.ref.owner)] if refs else []
    for site in sites[:_MAX_SITES]:
        values = code.resolver.evaluator.evaluate(site.method) if code.resolver is not None else None
        made = values.object_at(site.offset) if values is not None else None
        ref = site.target
        if not isinstance(made, Result) or not isinstance(ref, MethodRef):
            others = True
            continue
        for event in (one for history in made.histories for one in history):
            called = event.ref
            if not isinstance(called, MethodRef):
                continue
            if event.position != 0 or called.name not in _ADDS:
                # What only asks a list, or goes through it, adds nothing.
                others = others or event.position != 0 or called.name in ("addAll", "listIterator", "set")
                continue
            for one in alternatives(event.arguments[-1]) if event.arguments else ():
                if isinstance(one, Created):
                    client, runs = _LISTS[ref.name], wiring.runs.of(site.method)
                    place = Installed(client, "interceptor", False, runs, site.method, event.offset)
                    found.setdefault(one.type, []).append(place)
                else:
                    others = True
    return ListedInterceptors({name: tuple(dict.fromkeys(places)) for name, places in found.items()}, others)
