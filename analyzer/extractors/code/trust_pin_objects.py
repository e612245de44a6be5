"""Pins of trust managers, told apart by the objects that hold them and by the hosts that these are for."""

from collections.abc import Iterable, Iterator

import msgspec

from analyzer.dataflow.resolve import Resolver
from analyzer.dex import Site, dotted
from analyzer.extractors.code.callback_wiring import CallbackWiring, Installation
from analyzer.extractors.code.carried_hosts import CarriedHosts
from analyzer.extractors.code.carried_objects import Carried, carried_objects
from analyzer.extractors.code.context import CodeContext
from analyzer.extractors.code.trust_classes import JudgedManager
from analyzer.extractors.code.trust_pins import ObjectSources, pins_of
from analyzer.model import PinFact


class PinsOfObjects:
    """Reads the pins of the trust managers of one app."""

    def __init__(self, code: CodeContext, wiring: CallbackWiring, sources: ObjectSources) -> None:
        """Ask `wiring` where objects go, and `sources` where values are from."""
        self._code = code
        self._wiring = wiring
        self._sources = sources
        self._hosts = CarriedHosts(code)

    def of(self, manager: JudgedManager, sites: Iterable[Site]) -> Iterator[PinFact]:
        """Yield the pins of a manager whose objects are created at `sites`.

        Objects with the same pins are one set. Others are sets of their own, each in use where its objects are.
        """
        together = tuple(pins_of(self._code, self._sources, manager))
        if not together:
            return
        groups = self._groups(manager, sites)
        if len(groups) <= 1:
            yield from self._for_hosts(together, manager.installation)
            return
        named: dict[str, int] = {}
        for objects in groups:
            installation = self._installation(manager, objects)
            one = msgspec.structs.replace(manager, objects=(objects[0].created,), installation=installation)
            maker = objects[0].method.ref
            scope = f"{dotted(manager.descriptor)} of {dotted(maker.owner)}.{maker.name}"
            named[scope] = named.get(scope, 0) + 1
            scope = scope if named[scope] == 1 else f"{scope}#{named[scope]}"
            pins = pins_of(self._code, self._sources, one, of_one_object=True)
            facts = (msgspec.structs.replace(pin, scope=scope) for pin in pins)
            yield from self._for_hosts(facts, installation)

    def _groups(self, manager: JudgedManager, sites: Iterable[Site]) -> list[list[Carried]]:
        resolver = self._code.resolver or Resolver(self._code.program)
        found: dict[tuple[PinFact, ...], list[Carried]] = {}
        objects = carried_objects(resolver, sites)
        for one in objects if len(objects) > 1 else ():
            alone = msgspec.structs.replace(manager, objects=(one.created,))
            pins = tuple(pins_of(self._code, self._sources, alone, of_one_object=True))
            if not pins or any(pin.resolution != "constant" for pin in pins):
                # What is not known of one object may be that of another.
                return []
            found.setdefault(pins, []).append(one)
        return list(found.values())

    def _installation(self, manager: JudgedManager, objects: list[Carried]) -> Installation:
        found = self._wiring.of_starts("trust_manager", [(one.method, one.offset) for one in objects])
        # A helper that puts them to use by itself is what the class's own answer is about.
        return found if found.places or not manager.installation.places else manager.installation

    def _for_hosts(self, pins: Iterable[PinFact], installation: Installation) -> Iterator[PinFact]:
        hosts = self._hosts.of(installation)
        for pin in pins:
            if pin.host is not None or not hosts:
                yield pin
            for host in hosts if pin.host is None else ():
                yield msgspec.structs.replace(pin, host=host)
