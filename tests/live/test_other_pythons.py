"""The prober on every supported Python that is installed: how a chain is read differs between them."""

import json
import os
import shutil
import ssl
import subprocess
import sys
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import idna
import pytest

import analyzer
from tests.live import servers
from tests.live.pki import authority
from tests.live.servers import serving

_ASK = """
import json, sys, time
from analyzer.live.errors import ProbeError
from analyzer.live.names import Host
from analyzer.live.prober import fetch
for name, port in json.load(sys.stdin).items():
    started = time.monotonic()
    try:
        seen = fetch(["127.0.0.1"], Host("api.shop.test"), port, total=1.0)
        outcome = [len(seen.certificates), seen.alert is not None, seen.certificates[0].hex()]
    except ProbeError as error:
        outcome = error.kind
    print(json.dumps([name, outcome, time.monotonic() - started]))
"""


@cache
def _interpreter(version: str) -> tuple[str, str | None] | None:
    """Return a command and the PYENV_VERSION with which it starts; None when there is none."""
    wanted = f"python{version}"
    if shutil.which(wanted) is None:
        return None
    choices: list[str | None] = [None]
    if shutil.which("pyenv"):
        listed = subprocess.run(["pyenv", "versions", "--bare"], capture_output=True, text=True, timeout=30).stdout
        choices += [line.strip() for line in listed.splitlines() if line.strip().startswith(version)]
    for choice in choices:
        environment = {**os.environ, **({"PYENV_VERSION": choice} if choice else {})}
        if subprocess.run([wanted, "-c", ""], env=environment, capture_output=True, timeout=30).returncode == 0:
            return wanted, choice
    return None


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_every_python_gives_the_same_answers(version: str, tmp_path: Path) -> None:
    found = _interpreter(version)
    if found is None:
        pytest.skip(f"Python {version} is not installed")
    root = authority("Root")
    intermediate = authority("Intermediate", root)
    leaf = intermediate.issue("leaf", hosts=["api.shop.test"])
    good = leaf.write(tmp_path, "good")
    handlers = {
        "good": servers.tls(good),
        "TLS 1.0": servers.tls(good, maximum=ssl.TLSVersion.TLSv1),
        "client certificate, TLS 1.2": servers.tls(good, wants_client=True, maximum=ssl.TLSVersion.TLSv1_2),
        "client certificate, TLS 1.3": servers.tls(good, wants_client=True),
        "flood afterwards": servers.tls(good, afterwards=b"x" * 16_000),
        "silent": servers.silent,
        "drip": servers.dripping,
        "closes": servers.closing,
        "HTTP": servers.saying(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        "HelloRequest flood": servers.endless(servers.HELLO_REQUEST),
    }
    # Nothing but the standard library and the pure-Python idna may be needed for this part.
    packages = tmp_path / "packages"
    packages.mkdir()
    (packages / "idna").symlink_to(Path(idna.__file__).parent)
    (packages / "analyzer").symlink_to(Path(analyzer.__file__).parent)
    command, pyenv_version = found
    environment = {**os.environ, "PYTHONPATH": str(packages), "PYTHONWARNINGS": "error", "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("VIRTUAL_ENV", None)
    if pyenv_version:
        environment["PYENV_VERSION"] = pyenv_version
    with ExitStack() as stack:
        ports = {name: stack.enter_context(serving(handler)).port for name, handler in handlers.items()}
        run = subprocess.run(
            [command, "-c", _ASK], input=json.dumps(ports), capture_output=True, text=True, timeout=60, env=environment
        )
    assert run.returncode == 0, run.stderr
    outcomes = {name: (outcome, seconds) for name, outcome, seconds in map(json.loads, run.stdout.splitlines())}
    chain = leaf.der.hex()
    assert {name: outcome for name, (outcome, _) in outcomes.items()} == {
        "good": [2, False, chain],
        "TLS 1.0": [2, False, chain],
        "client certificate, TLS 1.2": [2, True, chain],
        "client certificate, TLS 1.3": [2, False, chain],
        "flood afterwards": [2, False, chain],
        "silent": "timeout",
        "drip": "timeout",
        "closes": "closed",
        "HTTP": "tls",
        "HelloRequest flood": "too-much",
    }
    assert all(seconds <= 1.5 for _, seconds in outcomes.values())


def test_this_pythons_chain_function_exists() -> None:
    session = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    session.check_hostname = False
    bio = session.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO())
    inner = getattr(bio, "_sslobj", None)
    assert hasattr(bio, "get_unverified_chain") or hasattr(inner, "get_unverified_chain"), sys.version
