"""Whether trust managers and factories of pinning libraries reach a client, and for which host."""

from collections.abc import Container, Iterable, Iterator

import msgspec

from analyzer.dex import DexMethod, descriptor_of
from analyzer.extractors.code.callback_wiring import CallbackWiring, Installation
from analyzer.extractors.code.carried_hosts import CarriedHosts
from analyzer.extractors.code.carried_objects import chain_start
from analyzer.extractors.code.context import CodeContext
from analyzer.model import PinFact


def wired_pins(code: CodeContext, wiring: CallbackWiring, pins: Iterable[PinFact]) -> tuple[PinFact, ...]:
    """Return the pins, those of objects that have yet to reach a client with what gets them.

    The catalogue says with ``wired: false`` which calls only make such an object.
    """
    made = {(call.mechanism, call.owner.rpartition("/")[2], call.name) for call in code.catalogue.pin_apis.calls
            if not call.wired}  # fmt: skip
    reader = _Reader(code, wiring, made)
    return tuple(one for pin in pins for one in reader.of(pin))


class _Reader:
    def __init__(self, code: CodeContext, wiring: CallbackWiring, made: Container[tuple[str, str, str]]) -> None:
        self._code = code
        self._wiring = wiring
        self._made = made
        self._hosts = CarriedHosts(code)
        self._known: dict[tuple[DexMethod, int], Installation | None] = {}

    def of(self, pin: PinFact) -> Iterator[PinFact]:
        installed = self._installation(pin) if pin.activation == "unknown" else None
        if installed is None:
            yield pin
            return
        hosts = self._hosts.of(installed) if pin.host is None else ()
        for host in hosts or (pin.host,):
            yield msgspec.structs.replace(
                pin,
                host=host,
                activation=installed.activation,
                clients=installed.clients,
                process_wide=installed.process_wide,
                evidence=tuple(dict.fromkeys((*pin.evidence, *installed.trail))),
            )

    def _installation(self, pin: PinFact) -> Installation | None:
        """Return where the object goes that the call at the pin's place makes; None for other calls."""
        place = pin.evidence[0] if pin.evidence else None
        if place is None or place.class_name is None or place.method is None or place.code_offset is None:
            return None
        definition = self._code.program.find_class(descriptor_of(place.class_name))
        methods = definition.methods if definition is not None else ()
        method = next((one for one in methods if one.ref.name + one.ref.descriptor == place.method), None)
        if method is None or self._code.resolver is None:
            return None
        key = (method, place.code_offset)
        if key not in self._known:
            self._known[key] = self._follow(pin, method, place.code_offset)
        return self._known[key]

    def _follow(self, pin: PinFact, method: DexMethod, offset: int) -> Installation | None:
        assert self._code.resolver is not None, "the caller checked"
        values = self._code.resolver.evaluator.evaluate(method)
        call = values.calls.get(offset) if values is not None else None
        if call is None or not call.arguments:
            return None
        if (pin.mechanism, call.ref.owner.rpartition("/")[2], call.ref.name) not in self._made:
            return None
        start = chain_start(call.arguments[0], method.ref)
        return None if start is None else self._wiring.of_starts("trust_manager", [(method, start.offset)])
