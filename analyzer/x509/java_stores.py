"""JKS, JCEKS and BKS: certificates and the names of entries are read without a password, secrets never.

The published reader (pyjks 20.0.0, of 2020) has no types, demands a password, and brings a deserializer of Java
objects and a cipher written in C in 2013; what is needed here is a few lines over a bounded reader.

Sources: ``sun.security.provider.JavaKeyStore``, ``com.sun.crypto.provider.JceKeyStore``, and Bouncy Castle's
``BcKeyStoreSpi``.
"""

import hashlib
import hmac

from analyzer.x509.certificate import Certificate
from analyzer.x509.errors import UnreadableError
from analyzer.x509.key_stores import MAX_ENTRIES, KeyStore, StoreEntry, StoreForm, read_all
from analyzer.x509.pbe import Password, SchemeError, Work, pkcs12_derive
from analyzer.x509.private_keys import PrivateKey

_JKS = b"\xfe\xed\xfe\xed"
_JCEKS = b"\xce\xce\xce\xce"
_DIGEST_BYTES = 20
_MAX_CHAIN = 64
_MAX_SALT = 1_024
_WHITENER = b"Mighty Aphrodite"


class _Reader:
    """Reads Java's ``DataInputStream``, within the bytes there are."""

    def __init__(self, data: bytes, position: int = 0) -> None:
        self._data = data
        self.position = position

    def take(self, count: int) -> bytes:
        end = self.position + count
        if count < 0 or end > len(self._data):
            raise UnreadableError("the store is cut off")
        part = self._data[self.position : end]
        self.position = end
        return part

    def number(self, size: int = 4) -> int:
        return int.from_bytes(self.take(size), "big")

    def text(self) -> str:
        return self.take(self.number(2)).decode("utf-8", "replace")

    def block(self) -> bytes:
        return self.take(self.number())

    @property
    def left(self) -> int:
        return len(self._data) - self.position


def looks_like_java_store(data: bytes) -> bool:
    """Tell whether bytes begin as JKS, JCEKS, BKS or UBER do."""
    if data[:4] in (_JKS, _JCEKS):
        return len(data) >= 12 and int.from_bytes(data[4:8], "big") in (1, 2)
    version, salt = int.from_bytes(data[:4], "big"), int.from_bytes(data[4:8], "big")
    return (
        len(data) >= 40 and version in (0, 1, 2) and 8 <= salt <= 64 and salt + 12 < len(data) and data[:3] == b"\0\0\0"
    )


def read_java_store(data: bytes, passwords: tuple[Password, ...], work: Work) -> KeyStore:
    """Read a JKS, JCEKS or BKS store; UBER stores are only recognised.

    Raises:
        UnreadableError: The bytes are none of them.
    """
    if data[:4] in (_JKS, _JCEKS):
        return _read_jks(data, passwords)
    return _read_bks(data, passwords, work)


# ---- JKS and JCEKS


def _read_jks(data: bytes, passwords: tuple[Password, ...]) -> KeyStore:
    form: StoreForm = "JKS" if data[:4] == _JKS else "JCEKS"
    reader = _Reader(data, 4)
    version, count = reader.number(), reader.number()
    if version not in (1, 2):
        raise UnreadableError(f"version {version} of a {form} store")
    entries: list[StoreEntry] = []
    problem = None
    try:
        for _ in range(min(count, MAX_ENTRIES)):
            tag = reader.number()
            alias = reader.text()
            reader.take(8)
            if tag == 1:
                reader.block()
                length = reader.number()
                if length > _MAX_CHAIN:
                    raise UnreadableError(f"a chain of {length} certificates")
                chain, unreadable = read_all([_certificate(reader, version) for _ in range(length)])
                key = PrivateKey(form=form, public=chain[0].key if chain else None, encrypted=True)
                entries.append(
                    StoreEntry(kind="private-key", alias=alias, certificates=chain, key=key, unreadable=unreadable)
                )
            elif tag == 2:
                found, unreadable = read_all([_certificate(reader, version)])
                entries.append(StoreEntry(kind="certificate", alias=alias, certificates=found, unreadable=unreadable))
            elif tag == 3 and form == "JCEKS":
                # A serialized Java object, whose end only deserializing it would tell.
                entries.append(StoreEntry(kind="secret-key", alias=alias))
                problem = "entries behind a secret key cannot be reached without deserializing it"
                break
            else:
                raise UnreadableError(f"an entry of kind {tag}")
    except UnreadableError as error:
        problem = f"the store is damaged: {error}"
    if problem is None and count > MAX_ENTRIES:
        problem = f"only {MAX_ENTRIES} of {count} entries are read"
    for password in passwords:
        secret = (password.text or "").encode("utf-16-be", "surrogatepass")
        digest = hashlib.sha1(secret + _WHITENER + data[:-_DIGEST_BYTES], usedforsecurity=False).digest()
        if hmac.compare_digest(digest, data[-_DIGEST_BYTES:]):
            return KeyStore(form=form, entries=tuple(entries), opened=True, password=password.source, problem=problem)
    return KeyStore(form=form, entries=tuple(entries), opened=False, problem=problem)


def _certificate(reader: _Reader, version: int) -> bytes:
    if version == 2:
        reader.text()
    return reader.block()


# ---- BKS


def _read_bks(data: bytes, passwords: tuple[Password, ...], work: Work) -> KeyStore:
    reader = _Reader(data)
    version = reader.number()
    size = reader.number()
    if version not in (0, 1, 2) or not 0 < size <= _MAX_SALT:
        raise UnreadableError("no BKS store")
    salt, rounds = reader.take(size), reader.number()
    start = reader.position
    try:
        entries, problem = _bks_entries(reader)
    except UnreadableError as error:
        if version == 1 and reader.position - start < 64 and (len(data) - start) % 8 == 0:
            # Encrypted as a whole with Twofish, with a header like that of BKS.
            return KeyStore(form="UBER", entries=(), opened=False, problem="it is encrypted as a whole")
        raise UnreadableError(f"no BKS store: {error}") from error
    end = reader.position
    for password in passwords:
        try:
            work.take(max(1, rounds))
        except SchemeError as error:
            problem = problem or str(error)
            break
        # Before version 2 the size of the MAC's key was taken for a number of bits.
        key_size = _DIGEST_BYTES if version == 2 else _DIGEST_BYTES // 8
        key = pkcs12_derive("sha1", password.text, salt, rounds, 3, key_size)
        mac = hmac.new(key, data[start:end], "sha1").digest()
        if hmac.compare_digest(mac, data[end : end + _DIGEST_BYTES]):
            return KeyStore(form="BKS", entries=entries, opened=True, password=password.source, problem=problem)
    return KeyStore(form="BKS", entries=entries, opened=False, problem=problem)


def _bks_entries(reader: _Reader) -> tuple[tuple[StoreEntry, ...], str | None]:
    entries: list[StoreEntry] = []
    while (kind := reader.number(1)) != 0:
        if len(entries) >= MAX_ENTRIES:
            return tuple(entries), f"only {MAX_ENTRIES} entries are read"
        alias = reader.text()
        reader.take(8)
        length = reader.number()
        if length > _MAX_CHAIN:
            raise UnreadableError(f"a chain of {length} certificates")
        chain, unreadable = read_all([_certificate(reader, 2) for _ in range(length)])
        if kind == 1:
            found, lost = read_all([_certificate(reader, 2)])
            entry = StoreEntry(kind="certificate", alias=alias, certificates=found, unreadable=lost)
        elif kind == 2:
            entry = _bks_key(reader, alias, chain)
        elif kind == 3:
            reader.block()
            entry = StoreEntry(kind="secret-key", alias=alias)
        elif kind == 4:
            reader.block()
            public = chain[0].key if chain else None
            key = PrivateKey(form="BKS", public=public, encrypted=True) if chain else None
            entry = StoreEntry(kind="sealed-key", alias=alias, certificates=chain, key=key, unreadable=unreadable)
        else:
            raise UnreadableError(f"an entry of kind {kind}")
        entries.append(entry)
    if reader.left < _DIGEST_BYTES:
        raise UnreadableError("the store is cut off")
    return tuple(entries), None


def _bks_key(reader: _Reader, alias: str, chain: tuple[Certificate, ...]) -> StoreEntry:
    kind = reader.number(1)
    reader.text()
    reader.text()
    reader.block()
    if kind == 0:
        public = chain[0].key if chain else None
        return StoreEntry(
            kind="private-key", alias=alias, certificates=chain, key=PrivateKey(form="BKS", public=public)
        )
    return StoreEntry(kind="public-key" if kind == 1 else "secret-key", alias=alias, certificates=chain)
