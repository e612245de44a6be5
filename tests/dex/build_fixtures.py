"""Assembles the DEX fixtures from their sources; run by hand, tests use the committed results.

    python -m tests.dex.build_fixtures

Needs the ``smali`` command (Debian: libsmali-java). Without changes to the sources it writes the same bytes again.
"""

import subprocess

from tests.dex.oracle import FIXTURES

_SOURCES = {"opcodes.dex": "opcodes", "users-base.dex": "users/base", "users-split.dex": "users/split"}
_API_LEVEL = "28"
"""The first level with ``const-method-handle`` and ``const-method-type``."""


def main() -> None:
    """Assemble each folder of sources into one DEX file."""
    for name, folder in _SOURCES.items():
        command = ["smali", "assemble", "-a", _API_LEVEL, "-o", str(FIXTURES / name), str(FIXTURES / folder)]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
