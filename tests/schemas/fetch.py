"""Fetch the official schemas into ``.tools/schemas/``: ``python -m tests.schemas.fetch`` (needs npm and pip).

Nothing is fetched that is already there, and nothing is kept whose SHA-256 is not the pinned one.
"""

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Literal, NamedTuple

from tests.schemas import JUNIT_SCHEMA, JUNIT_SCHEMA_SHA256, SARIF_SCHEMA, SARIF_SCHEMA_SHA256, SCHEMAS


class Source(NamedTuple):
    """A file in a package of a registry."""

    registry: Literal["npm", "pypi"]
    package: str
    package_sha256: str
    member: str
    sha256: str
    path: Path


SOURCES = (
    Source(
        registry="npm",
        package="@microsoft/jest-sarif@1.0.0-beta.0",
        package_sha256="748e2c3d1a842e7bb258416685c7ea3a0da40005b72267b2052c2856d48ad102",
        member="package/lib/schemas/sarif-2.1.0-rtm.5.json",
        sha256=SARIF_SCHEMA_SHA256,
        path=SARIF_SCHEMA,
    ),
    Source(
        registry="pypi",
        package="pytest==9.2.0",
        package_sha256="97c4f3b1f3c7414aa36465e09b8220f1d03627993bd51b1282e193753c80557b",
        member="pytest-9.2.0/testing/example_scripts/junit-10.xsd",
        sha256=JUNIT_SCHEMA_SHA256,
        path=JUNIT_SCHEMA,
    ),
)


def fetch(source: Source) -> str:
    """Put one schema in its place and say what was done. Raises SystemExit when that is not possible."""
    if source.path.is_file() and digest(source.path.read_bytes()) == source.sha256:
        return f"{source.path.name}: present"
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(_command(source, folder), capture_output=True, text=True, check=False)
        packages = [*Path(folder).glob("*.tgz"), *Path(folder).glob("*.tar.gz")]
        if done.returncode or len(packages) != 1:
            raise SystemExit(f"{source.package}: fetching failed: {done.stderr.strip() or done.stdout.strip()}")
        if digest(packages[0].read_bytes()) != source.package_sha256:
            raise SystemExit(f"{source.package}: the package's SHA-256 is not the pinned one")
        with tarfile.open(packages[0]) as archive:
            member = archive.extractfile(source.member)
            data = member.read() if member is not None else b""
    if digest(data) != source.sha256:
        raise SystemExit(f"{source.member}: the SHA-256 is not the pinned one")
    SCHEMAS.mkdir(parents=True, exist_ok=True)
    source.path.write_bytes(data)
    return f"{source.path.name}: fetched"


def _command(source: Source, folder: str) -> list[str]:
    if source.registry == "pypi":
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        return [*pip, "--no-binary", ":all:", "--dest", folder, source.package]
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit(f"{source.path.name}: npm is needed to fetch it (Debian: apt-get install npm)")
    return [npm, "pack", source.package, "--pack-destination", folder, "--silent"]


def digest(data: bytes) -> str:
    """Return the SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def main() -> int:
    """Fetch everything."""
    for source in SOURCES:
        print(fetch(source))
    return 0


if __name__ == "__main__":
    sys.exit(main())
