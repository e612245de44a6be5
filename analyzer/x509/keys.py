"""Public keys: what they are, and what a pin of them is computed over."""

import base64
import hashlib
import threading
import warnings
from collections.abc import Callable
from typing import Literal, TypeVar

import msgspec

from analyzer.x509.asn1 import BIT_STRING, INTEGER, SEQUENCE, DerError, expect, oid_text, read_children, read_node
from analyzer.x509.errors import UnreadableError

MAX_KEY_BITS = 16_384
"""Keys beyond this size are never computed with: a check with them takes seconds, and no one uses them."""
KeyKind = Literal["RSA", "RSA-PSS", "EC", "Ed25519", "Ed448", "DSA", "X25519", "X448", "unknown"]
_KINDS: dict[str, KeyKind] = {
    "1.2.840.113549.1.1.1": "RSA",
    "1.2.840.113549.1.1.10": "RSA-PSS",
    "1.2.840.10045.2.1": "EC",
    "1.3.101.112": "Ed25519",
    "1.3.101.113": "Ed448",
    "1.2.840.10040.4.1": "DSA",
    "1.3.101.110": "X25519",
    "1.3.101.111": "X448",
}
_T = TypeVar("_T")
_WARNINGS = threading.Lock()


class PublicKey(msgspec.Struct, frozen=True, kw_only=True):
    """A SubjectPublicKeyInfo."""

    spki: bytes
    """The bytes as they stand where the key was found, never encoded anew."""
    kind: KeyKind
    algorithm: str
    """Object identifier of the key's algorithm."""
    bits: int | None = None
    """Size of the modulus or of the curve's field; None when it is not known."""
    curve: str | None = None
    exponent: int | None = None
    """The public exponent of an RSA key."""
    problem: str | None = None
    """Why the key itself could not be loaded; pins of it are right all the same."""
    reencoded: bytes | None = None
    """The key as a library writes it again, where that differs from `spki`: an unusual encoding, for which
    implementations that encode the key anew compute another pin."""

    @property
    def sha256(self) -> bytes:
        """Digest that a ``sha256/`` pin holds."""
        return hashlib.sha256(self.spki).digest()

    @property
    def sha1(self) -> bytes:
        """Digest that a ``sha1/`` pin holds."""
        return hashlib.sha1(self.spki, usedforsecurity=False).digest()

    @property
    def pin(self) -> str:
        """The pin as OkHttp writes it."""
        return "sha256/" + base64.b64encode(self.sha256).decode("ascii")

    @property
    def reencoded_pin(self) -> str | None:
        """The pin over `reencoded`; None where the encoding is the usual one."""
        if self.reencoded is None:
            return None
        return "sha256/" + base64.b64encode(hashlib.sha256(self.reencoded).digest()).decode("ascii")

    @property
    def text(self) -> str:
        """A few words: ``RSA 2048``, ``EC secp256r1``."""
        detail = self.curve or (
            str(self.bits) if self.bits is not None and self.kind in ("RSA", "DSA", "RSA-PSS", "EC") else ""
        )
        name = f"algorithm {self.algorithm}" if self.kind == "unknown" else self.kind
        return f"{name} {detail}".rstrip()


def read_public_key(spki: bytes) -> PublicKey:
    """Read a DER SubjectPublicKeyInfo.

    Raises:
        UnreadableError: The bytes are none. A key of an unknown kind is one.
    """
    try:
        node = expect(read_node(spki), SEQUENCE)
        if len(node.encoded) != len(spki):
            raise UnreadableError("bytes follow the key")
        algorithm, bits = read_children(node, most=3)
        kind_oid = oid_text(read_children(expect(algorithm, SEQUENCE), most=1)[0])
        expect(bits, BIT_STRING)
    except (DerError, ValueError, IndexError) as error:
        raise UnreadableError(f"no SubjectPublicKeyInfo: {error}") from error
    kind = _KINDS.get(kind_oid, "unknown")
    size, exponent = _rsa_numbers(bits.content) if kind in ("RSA", "RSA-PSS") else (None, None)
    key = PublicKey(spki=spki, kind=kind, algorithm=kind_oid, bits=size, exponent=exponent)
    if size is not None and size > MAX_KEY_BITS:
        return msgspec.structs.replace(key, problem=f"a key of {size} bits is larger than {MAX_KEY_BITS}")
    # Imported late: loading the library takes a while, and most apps hold no key.
    from analyzer.x509.loading import described, load_public_key, reencoded

    try:
        loaded = load_public_key(spki)
    except UnreadableError as error:
        return msgspec.structs.replace(key, problem=str(error))
    return msgspec.structs.replace(key, **described(loaded, size), reencoded=reencoded(loaded, spki, kind))


def quietly(action: Callable[[], _T]) -> _T:
    """Run `action` of the library without its warnings about old algorithms: certificates of apps have them all."""
    with _WARNINGS, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return action()


def _rsa_numbers(bit_string: bytes) -> tuple[int | None, int | None]:
    """Return modulus size and exponent without loading the key, which costs time for a large one."""
    try:
        modulus, exponent = read_children(expect(read_node(bit_string, 1), SEQUENCE), most=2)
        expect(modulus, INTEGER)
        expect(exponent, INTEGER)
    except (DerError, ValueError):
        return None, None
    size = (
        int.from_bytes(modulus.content, "big").bit_length()
        if len(modulus.content) <= 1 << 16
        else 8 * len(modulus.content)
    )
    small = exponent.content if len(exponent.content) <= 8 else b""
    return size, int.from_bytes(small, "big") if small else None
