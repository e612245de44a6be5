"""Asks many hosts at once, within one budget of time."""

import datetime as dt
import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack

import msgspec

from analyzer.live.addresses import Network
from analyzer.live.errors import ProbeError
from analyzer.live.names import Host
from analyzer.live.prober import CONNECT_SECONDS, TOTAL_SECONDS, Sighting, fetch
from analyzer.live.proxy import Proxy
from analyzer.live.resolve import RESOLVE_SECONDS, Resolver, choose, look_up, resolve, system_resolver

DEFAULT_THREADS = 16
MAX_THREADS = 64
MAX_ADDRESSES = 8
"""Most addresses of one host that are asked for drift between them."""


class Place(msgspec.Struct, frozen=True, order=True):
    """A host and port to ask."""

    host: Host
    port: int


class ProbeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How to ask."""

    threads: int = DEFAULT_THREADS
    total_seconds: float = TOTAL_SECONDS
    connect_seconds: float = CONNECT_SECONDS
    resolve_seconds: float = RESOLVE_SECONDS
    budget_seconds: float = 120.0
    """For all hosts together."""
    private: tuple[Network, ...] = ()
    overrides: Mapping[tuple[str, int], Sequence[str]] = {}
    proxy: Proxy | None = None
    all_addresses: bool = False
    resolver: Resolver = system_resolver


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came of asking one host."""

    sightings: tuple[Sighting, ...] = ()
    """One; with `ProbeSettings.all_addresses` one for each address that answered."""
    error: ProbeError | None = None
    """Why there is no sighting."""
    at: dt.datetime


def ask_all(
    places: Iterable[Place], settings: ProbeSettings, on_answer: Callable[[Place], None] = lambda _: None
) -> dict[Place, Answer]:
    """Ask every place once, `settings.threads` at a time and one at a time per address.

    What is not answered when the budget is spent has the error ``budget``; its thread is left behind and dies with
    the process.
    """
    wanted = list(dict.fromkeys(places))
    waiting: queue.SimpleQueue[Place] = queue.SimpleQueue()
    for place in wanted:
        waiting.put(place)
    done: queue.SimpleQueue[tuple[Place, Answer]] = queue.SimpleQueue()
    end = time.monotonic() + settings.budget_seconds
    worker = _Worker(settings, end)

    def work() -> None:
        while time.monotonic() < end:
            try:
                place = waiting.get_nowait()
            except queue.Empty:
                return
            done.put((place, worker.ask(place)))

    for number in range(min(max(1, settings.threads), MAX_THREADS, len(wanted))):
        # Plain daemon threads: an executor would join them at exit, and one stuck resolver would hold the process.
        threading.Thread(target=work, daemon=True, name=f"probe-{number}").start()
    answers: dict[Place, Answer] = {}
    while len(answers) < len(wanted):
        try:
            place, answer = done.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            break
        answers[place] = answer
        on_answer(place)
    late = ProbeError("budget", f"the budget of {settings.budget_seconds:g} s for all hosts was spent")
    return {place: answers.get(place) or Answer(error=late, at=_now()) for place in wanted}


class _Worker:
    """What the threads share: one lock per address."""

    def __init__(self, settings: ProbeSettings, end: float) -> None:
        self._settings = settings
        self._end = end
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()
        self._tunnel: tuple[str, ...] | None = None

    def ask(self, place: Place) -> Answer:
        settings = self._settings
        proxy = settings.proxy if settings.proxy is not None and settings.proxy.serves(place.host) else None
        try:
            if proxy is not None:
                return self._ask_through(proxy, place)
            addresses = resolve(
                place.host,
                place.port,
                private=settings.private,
                overrides=settings.overrides,
                resolver=settings.resolver,
                seconds=settings.resolve_seconds,
            )
            if not settings.all_addresses:
                return self._ask_group(place, choose(addresses, most=2))
            return self._ask_each(place, choose(addresses, most=MAX_ADDRESSES))
        except ProbeError as error:
            return Answer(error=error, at=_now())

    def _ask_group(self, place: Place, addresses: Sequence[str]) -> Answer:
        with self._alone_at(addresses):
            at = _now()
            sighting = fetch(
                addresses,
                place.host,
                place.port,
                total=self._settings.total_seconds,
                connect=self._settings.connect_seconds,
            )
        return Answer(sightings=(sighting,), at=at)

    def _ask_each(self, place: Place, addresses: Sequence[str]) -> Answer:
        sightings: list[Sighting] = []
        problem: ProbeError | None = None
        at = _now()
        for address in addresses:
            try:
                sightings.extend(self._ask_group(place, (address,)).sightings)
            except ProbeError as error:
                problem = problem or error
        return Answer(sightings=tuple(sightings), error=None if sightings else problem, at=at)

    def _ask_through(self, proxy: Proxy, place: Place) -> Answer:
        at = _now()
        sighting = fetch(
            (),
            place.host,
            place.port,
            total=self._settings.total_seconds,
            connect=self._settings.connect_seconds,
            proxy=proxy,
            tunnel_addresses=self._proxy_addresses(proxy),
        )
        return Answer(sightings=(sighting,), at=at)

    def _proxy_addresses(self, proxy: Proxy) -> tuple[str, ...]:
        with self._guard:
            if self._tunnel is None:
                try:
                    found = look_up(proxy.host, proxy.port, self._settings.resolver, self._settings.resolve_seconds)
                except ProbeError:
                    raise ProbeError("proxy-bad", "the proxy's name could not be resolved") from None
                self._tunnel = tuple(dict.fromkeys(found))[:2]
            return self._tunnel

    def _alone_at(self, addresses: Sequence[str]) -> ExitStack:
        """Hold the addresses, in one order for all threads, so that a server sees one connection at a time.

        Raises:
            ProbeError: They did not become free within the budget.
        """
        with self._guard:
            locks = [self._locks.setdefault(address, threading.Lock()) for address in sorted(set(addresses))]
        with ExitStack() as stack:
            for lock in locks:
                if not lock.acquire(timeout=max(0.0, self._end - time.monotonic())):
                    raise ProbeError("budget", "the address was busy until the budget was spent")
                stack.callback(lock.release)
            return stack.pop_all()


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(microsecond=0)
