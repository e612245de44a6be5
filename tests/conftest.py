"""For every test: nothing may connect to anything but this machine's loopback, and no example has a time limit."""

import ipaddress
import os
import socket
from typing import Any

import pytest
from hypothesis import settings

# The machine may be busy: how long an example takes says nothing. In CI the examples are the same on every run, so
# that a failure can be seen again.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI", "").lower() in ("1", "true") else "here")

_connect = socket.socket.connect
_connect_ex = socket.socket.connect_ex


def _refuse_elsewhere(connection: socket.socket, address: Any) -> None:
    if connection.family not in (socket.AF_INET, socket.AF_INET6):
        return
    host = str(address[0])
    try:
        allowed = ipaddress.ip_address(host).is_loopback
    except ValueError:
        allowed = host == "localhost"
    if not allowed:
        pytest.fail(f"a test tried to connect to {host!r}, which is not loopback")


@pytest.fixture(autouse=True, scope="session")
def _only_loopback() -> Any:
    def connect(self: socket.socket, address: Any) -> None:
        _refuse_elsewhere(self, address)
        _connect(self, address)

    def connect_ex(self: socket.socket, address: Any) -> int:
        _refuse_elsewhere(self, address)
        return _connect_ex(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        patch.setattr(socket.socket, "connect_ex", connect_ex)
        yield
