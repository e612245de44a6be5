"""Many hosts at once: one deadline each, one budget for all, one connection at a time per address."""

import ipaddress
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from analyzer.live.names import Host
from analyzer.live.pool import Place, ProbeSettings, ask_all
from tests.live import servers
from tests.live.pki import authority
from tests.live.servers import serving

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)


def _settings(**changes: object) -> ProbeSettings:
    return ProbeSettings(**{"private": LOOPBACK, "total_seconds": 1.0, **changes})  # type: ignore[arg-type]


def test_silent_hosts_cost_their_deadline_and_no_more(tmp_path: Path) -> None:
    leaf = authority("Root").issue("leaf", hosts=["a.test"])
    good = servers.tls(leaf.write(tmp_path, "leaf"))
    with ExitStack() as stack:
        overrides: dict[tuple[str, int], tuple[str, ...]] = {}
        places = []
        for number in range(40):
            address = f"127.0.1.{number + 1}"
            server = stack.enter_context(serving(servers.silent if number % 10 == 0 else good, address))
            place = Place(Host(f"h{number}.test"), server.port)
            overrides[place.host.name, place.port] = (address,)
            places.append(place)
        told: list[Place] = []
        started = time.monotonic()
        answers = ask_all(places, _settings(overrides=overrides), told.append)
        seconds = time.monotonic() - started
    assert seconds < 1.5
    assert list(answers) == places and sorted(told) == sorted(places)
    failed = [answer.error.kind for answer in answers.values() if answer.error is not None]
    assert failed == ["timeout"] * 4
    assert all(answer.sightings[0].certificates == (leaf.der,) for answer in answers.values() if answer.sightings)


def test_what_the_budget_does_not_reach_is_said() -> None:
    with serving(servers.silent) as server:
        places = [Place(Host(f"h{number}.test"), server.port) for number in range(5)]
        overrides = {(place.host.name, place.port): ("127.0.0.1",) for place in places}
        started = time.monotonic()
        answers = ask_all(places, _settings(overrides=overrides, budget_seconds=0.5, total_seconds=5.0))
    assert time.monotonic() - started < 1
    assert {answer.error.kind for answer in answers.values() if answer.error} == {"budget"}


def test_one_address_is_asked_by_one_thread_at_a_time(tmp_path: Path) -> None:
    leaf = authority("Root").issue("leaf", hosts=["a.test"])
    good = servers.tls(leaf.write(tmp_path, "leaf"))
    open_now = most = 0

    def counting(connection: object) -> None:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        time.sleep(0.03)
        good(connection)  # type: ignore[arg-type]
        open_now -= 1

    with serving(counting) as server:
        places = [Place(Host(f"h{number}.test"), server.port) for number in range(6)]
        overrides = {(place.host.name, place.port): ("127.0.0.1",) for place in places}
        answers = ask_all(places, _settings(overrides=overrides))
    assert all(answer.sightings for answer in answers.values())
    # The server may still be closing one connection while the next one comes in.
    assert most <= 2


def test_without_permission_no_private_address_is_connected_to() -> None:
    with serving(servers.silent) as server:

        def resolver(name: str, port: int) -> Sequence[str]:
            return ["127.0.0.1"]

        place = Place(Host("a.com"), server.port)
        (answer,) = ask_all([place], ProbeSettings(resolver=resolver)).values()
        assert answer.error is not None and answer.error.kind == "blocked-address"
        assert server.connections == 0


def test_all_addresses_are_asked_when_drift_is_looked_for(tmp_path: Path) -> None:
    one, two = (authority("Root").issue("leaf", hosts=["a.com"]) for _ in range(2))
    with ExitStack() as stack:
        first = stack.enter_context(serving(servers.tls(one.write(tmp_path, "one"))))
        stack.enter_context(serving(servers.tls(two.write(tmp_path, "two")), "127.0.0.2", first.port))
        place = Place(Host("a.com"), first.port)
        settings = _settings(resolver=lambda name, port: ["127.0.0.1", "127.0.0.2"], all_addresses=True)
        (answer,) = ask_all([place], settings).values()
    assert [sighting.certificates for sighting in answer.sightings] == [(one.der,), (two.der,)]


@pytest.mark.slow
def test_two_hundred_hosts_of_which_ten_are_silent_take_one_and_a_half_deadlines(tmp_path: Path) -> None:
    leaf = authority("Root").issue("leaf", hosts=["a.test"])
    good = servers.tls(leaf.write(tmp_path, "leaf"))
    deadline = 4.0
    with ExitStack() as stack:
        overrides: dict[tuple[str, int], tuple[str, ...]] = {}
        places = []
        port = 0
        for number in range(200):
            address = f"127.0.7.{number + 1}"
            server = stack.enter_context(serving(servers.silent if number % 20 == 0 else good, address, port))
            port = server.port
            places.append(Place(Host(f"h{number}.test"), port))
            overrides[places[-1].host.name, port] = (address,)
        started = time.monotonic()
        answers = ask_all(places, _settings(overrides=overrides, total_seconds=deadline))
        seconds = time.monotonic() - started
    assert sum(bool(answer.sightings) for answer in answers.values()) == 190
    assert seconds <= 1.5 * deadline
