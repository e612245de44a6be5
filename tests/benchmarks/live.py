"""Measures the live check against servers on loopback: many hosts of which some never answer; part of `make bench`."""

import ipaddress
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from analyzer.live.names import Host
from analyzer.live.pool import Place, ProbeSettings, ask_all
from tests.live import servers
from tests.live.pki import authority
from tests.live.servers import serving

HOSTS, SILENT = 200, 10
DEADLINE = 5.0
TARGET = 1.5
"""Wall time in deadlines."""


def report_live() -> None:
    """Print what asking the hosts costs with the usual number of threads."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        good = servers.tls(authority("Root").issue("leaf", hosts=["a.test"]).write(folder, "leaf"))
        overrides: dict[tuple[str, int], tuple[str, ...]] = {}
        places: list[Place] = []
        port = 0
        for number in range(HOSTS):
            handler = servers.silent if number % (HOSTS // SILENT) == 0 else good
            server = stack.enter_context(serving(handler, f"127.0.7.{number + 1}", port))
            port = server.port
            place = Place(Host(f"h{number}.test"), port)
            overrides[place.host.name, port] = (server.address,)
            places.append(place)
        network = ipaddress.ip_network("127.0.0.0/8")
        settings = ProbeSettings(private=(network,), overrides=overrides, total_seconds=DEADLINE)
        started, before = time.perf_counter(), time.process_time()
        answers = ask_all(places, settings)
        wall, cpu = time.perf_counter() - started, time.process_time() - before
    answered = sum(bool(answer.sightings) for answer in answers.values())
    print(
        f"\nlive: {HOSTS} hosts, {SILENT} silent, {settings.threads} threads, deadline {DEADLINE:g} s: "
        f"{wall:.1f} s wall ({wall / DEADLINE:.2f} deadlines, target {TARGET}), {cpu:.1f} s processor time with the "
        f"servers', {answered} chains"
    )


if __name__ == "__main__":
    report_live()
