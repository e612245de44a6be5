"""Trust stores from certifi, and from files of the user's: PEM bundles, and folders as Android's ``cacerts``."""

import importlib.metadata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import msgspec

from analyzer.errors import UsageError
from analyzer.x509.certificate import Certificate, read_certificate
from analyzer.x509.errors import UnreadableError
from analyzer.x509.pem import pem_blocks
from analyzer.x509.trust_store import TrustStore, trust_store

MAX_FILE_BYTES = 8 << 20
MAX_CERTIFICATES = 1_000
"""Most certificates of one store, and most files of a folder that are read."""
CERTIFICATE_LABELS = frozenset({"CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"})


class LoadedStore(msgspec.Struct, frozen=True, kw_only=True):
    """A trust store, and what was left out of it."""

    store: TrustStore
    skipped: int
    """How many certificates could not be read."""


@lru_cache(maxsize=1)
def certifi_store() -> TrustStore:
    """Return the roots of the installed certifi: Mozilla's, which no device's store equals."""
    import certifi

    name = f"certifi {importlib.metadata.version('certifi')}"
    return trust_store(name, _certificates(Path(certifi.where()).read_bytes()))


def load_trust_store(argument: str) -> LoadedStore:
    """Load ``NAME=PATH`` or ``PATH``: a PEM or DER file, or a folder of them with any names.

    Raises:
        UsageError: There is nothing at the path, it is too large, or it holds no certificate.
    """
    name, separator, text = argument.partition("=")
    path = Path(text if separator else argument)
    if not separator:
        name = path.name
    files = sorted(file for file in path.iterdir() if file.is_file()) if path.is_dir() else [path]
    if len(files) > MAX_CERTIFICATES:
        raise UsageError(f"{path}: holds {len(files)} files; a trust store has at most {MAX_CERTIFICATES}")
    found: list[Certificate] = []
    skipped = 0
    for file in files:
        for certificate in _readable(_content(file)):
            if certificate is None:
                skipped += 1
            else:
                found.append(certificate)
        if len(found) > MAX_CERTIFICATES:
            raise UsageError(f"{path}: holds more than {MAX_CERTIFICATES} certificates")
    if not found:
        raise UsageError(f"{path}: holds no certificate that can be read")
    return LoadedStore(store=trust_store(name, found), skipped=skipped)


def _content(file: Path) -> bytes:
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise UsageError(f"{file}: is larger than {MAX_FILE_BYTES} bytes")
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}") from error


def _certificates(text: bytes) -> Iterator[Certificate]:
    return (certificate for certificate in _readable(text) if certificate is not None)


def _readable(data: bytes) -> Iterator[Certificate | None]:
    """Yield the certificates of a file; None for one that cannot be read."""
    blocks = [block for block in pem_blocks(data, most=MAX_CERTIFICATES + 1) if block.label in CERTIFICATE_LABELS]
    if not blocks:
        blocks_data: list[bytes | None] = [data] if data[:1] == b"\x30" else []
    else:
        blocks_data = [block.data for block in blocks]
    for der in blocks_data:
        try:
            yield read_certificate(der) if der is not None else None
        except UnreadableError:
            yield None
