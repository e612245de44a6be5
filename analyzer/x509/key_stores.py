"""Key stores: what all of their formats have in common."""

from typing import Literal

import msgspec

from analyzer.x509.certificate import Certificate, read_certificate
from analyzer.x509.errors import UnreadableError
from analyzer.x509.private_keys import PrivateKey

MAX_ENTRIES = 1_000
"""Most entries of one store that are read."""
StoreForm = Literal["PKCS#12", "JKS", "JCEKS", "BKS", "UBER", "BCFKS"]
EntryKind = Literal["certificate", "private-key", "secret-key", "public-key", "sealed-key"]


class StoreEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a store."""

    kind: EntryKind
    """``sealed-key``: encrypted together with its kind (BKS)."""
    alias: str | None
    certificates: tuple[Certificate, ...] = ()
    """The certificate, or the chain of a key, its own first."""
    key: PrivateKey | None = None
    unreadable: int = 0
    """How many certificates of the entry could not be read."""


class KeyStore(msgspec.Struct, frozen=True, kw_only=True):
    """A key store."""

    form: StoreForm
    entries: tuple[StoreEntry, ...]
    """What could be read, with or without a password."""
    opened: bool
    """A password fits the store's integrity check, or it has none."""
    password: str | None = None
    """Source of the password that fits; None when none did or none was needed."""
    problem: str | None = None
    """Why entries may be missing."""

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """Return the certificates of all entries."""
        return tuple(certificate for entry in self.entries for certificate in entry.certificates)

    @property
    def has_private_key(self) -> bool:
        """Tell whether some entry holds a private key."""
        return any(
            entry.kind == "private-key" or (entry.kind == "sealed-key" and entry.certificates) for entry in self.entries
        )


def read_all(encoded: list[bytes]) -> tuple[tuple[Certificate, ...], int]:
    """Read certificates; with the number of those that cannot be read."""
    found: list[Certificate] = []
    for der in encoded:
        try:
            found.append(read_certificate(der))
        except UnreadableError:
            continue
    return tuple(found), len(encoded) - len(found)
