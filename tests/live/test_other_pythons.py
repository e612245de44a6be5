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
from tests.live.servers import serving
from tests.live.test_names_and_addresses import HOSTS, NO_HOSTS, NOT_PUBLIC, PUBLIC
from tests.live.zoo import NAMES, rows

FOLDER = Path(__file__).parents[2]
VERSIONS = ("3.11", "3.12", "3.13")
DEADLINE = 1.5
_NESTED = "PINSCOPE_TESTS_OF_ANOTHER_PYTHON"
TESTS = (
    "tests/live", "tests/x509", "tests/cli/test_live_verdicts.py", "tests/cli/test_scan_live.py",
    "tests/cli/test_recheck.py", "tests/cli/test_pins_of_keys.py", "tests/reporters/test_hostile_chains.py",
)  # fmt: skip
"""All that is about chains: servers, paths, key stores, recordings, findings, and what hostile names do to reports."""
_ASK = """
import ipaddress, json, socket, sys, time
connect = socket.socket.connect
def guarded(self, address):
    assert ipaddress.ip_address(address[0]).is_loopback, address
    return connect(self, address)
socket.socket.connect = guarded
from analyzer.live.errors import ProbeError
from analyzer.live.names import Host
from analyzer.live.prober import fetch
for name, address, host, port in json.load(sys.stdin):
    started = time.monotonic()
    try:
        seen = fetch([address], Host(host), port, total=1.5)
        outcome = [[der.hex() for der in seen.certificates], seen.alert is not None, seen.secure_renegotiation]
    except ProbeError as error:
        outcome = error.kind
    print(json.dumps([name, outcome, time.monotonic() - started]))
"""
_JUDGE = """
import json, sys
from analyzer.live.addresses import may_connect
from analyzer.live.errors import ProbeError
from analyzer.live.names import Host, HostNameError, read_host
from analyzer.live.resolve import resolve
given = json.load(sys.stdin)
def host(text):
    try:
        return read_host(text).name
    except HostNameError:
        return None
answers = iter((["93.184.216.34"], ["127.0.0.1"]))
rebinding = lambda name, port: next(answers)
mixed = lambda name, port: ["93.184.216.34", "127.0.0.1"]
def kind(resolver):
    try:
        return list(resolve(Host("a.com"), 443, resolver=resolver))
    except ProbeError as error:
        return error.kind
print(json.dumps({
    "addresses": [may_connect(text) for text in given["addresses"]],
    "names": [host(text) for text in given["names"]],
    "rebinding": kind(rebinding),
    "mixed": kind(mixed),
}))
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


def _run(version: str, script: str, folder: Path, given: object) -> str:
    """Run a part of the package that needs nothing but the standard library and the pure-Python idna."""
    found = _interpreter(version)
    if found is None:
        pytest.skip(f"Python {version} is not installed")
    packages = folder / "packages"
    packages.mkdir()
    (packages / "idna").symlink_to(Path(idna.__file__).parent)
    (packages / "analyzer").symlink_to(Path(analyzer.__file__).parent)
    command, pyenv_version = found
    environment = {**os.environ, "PYTHONPATH": str(packages), "PYTHONWARNINGS": "error", "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("VIRTUAL_ENV", None)
    if pyenv_version:
        environment["PYENV_VERSION"] = pyenv_version
    run = subprocess.run(
        [command, "-c", script], input=json.dumps(given), capture_output=True, text=True, timeout=120, env=environment
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.mark.parametrize("version", VERSIONS)
def test_the_zoo_is_answered_alike_on_every_python(version: str, tmp_path: Path) -> None:
    zoo = rows(tmp_path)
    with ExitStack() as stack:
        places = [
            (row.name, row.address, row.host, stack.enter_context(serving(row.handler, row.address)).port)
            for row in zoo
        ]
        answers = _run(version, _ASK, tmp_path, places)
    outcomes = {name: (outcome, seconds) for name, outcome, seconds in map(json.loads, answers.splitlines())}
    assert list(outcomes) == list(NAMES)
    for row in zoo:
        outcome, seconds = outcomes[row.name]
        assert seconds <= DEADLINE + 0.5, row.name
        if row.kinds:
            assert outcome in row.kinds, row.name
        else:
            certificates, partial, renegotiation = outcome
            assert (certificates, partial) == ([der.hex() for der in row.certificates], row.partial), row.name
            assert row.renegotiation is None or renegotiation is row.renegotiation, row.name


@pytest.mark.parametrize("version", VERSIONS)
def test_names_and_addresses_are_judged_alike_on_every_python(version: str, tmp_path: Path) -> None:
    given = {"addresses": [*PUBLIC, *NOT_PUBLIC], "names": [*(text for text, _ in HOSTS), *NO_HOSTS]}
    answers = json.loads(_run(version, _JUDGE, tmp_path, given))
    assert answers["addresses"] == [True] * len(PUBLIC) + [False] * len(NOT_PUBLIC)
    assert answers["names"] == [name for _, name in HOSTS] + [None] * len(NO_HOSTS)
    assert (answers["rebinding"], answers["mixed"]) == (["93.184.216.34"], "blocked-address")


@pytest.mark.parametrize("version", VERSIONS)
def test_all_tests_of_chains_pass_on_every_python(version: str, tmp_path: Path) -> None:
    if f"{sys.version_info.major}.{sys.version_info.minor}" == version:
        pytest.skip("this run is on that Python")
    if os.environ.get(_NESTED):
        pytest.skip("another Python runs this one")
    python = FOLDER / f".venv-{version}" / "bin" / "python"
    if not python.exists():
        pytest.skip(f"there is no environment for Python {version}; `make pythons` makes one if it is installed")
    environment = {**os.environ, _NESTED: "1", "PYTHONDONTWRITEBYTECODE": "1"}
    for name in ("PYTHONPATH", "VIRTUAL_ENV", "PYTEST_XDIST_WORKER", "PYTEST_CURRENT_TEST"):
        environment.pop(name, None)
    run = subprocess.run(
        [python, "-m", "pytest", *TESTS, "-q", "-n", "4", "-p", "no:cacheprovider", f"--basetemp={tmp_path / 'run'}"],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        timeout=1_200,
        env=environment,
    )
    assert run.returncode == 0, run.stdout[-8_000:] + run.stderr[-2_000:]


def test_this_pythons_chain_function_exists() -> None:
    session = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    session.check_hostname = False
    bio = session.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO())
    inner = getattr(bio, "_sslobj", None)
    assert hasattr(bio, "get_unverified_chain") or hasattr(inner, "get_unverified_chain"), sys.version
