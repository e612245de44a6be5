"""Encryption by password, as key stores and private keys use it, with a budget for the work it takes.

Files choose how often a password is hashed. The library would do what a file says, for hours if need be; here the
number is looked at first.
"""

import hashlib
import hmac

import msgspec

from analyzer.x509.asn1 import INTEGER, OCTET_STRING, SEQUENCE, DerError, Node, expect, oid_text, read_children
from analyzer.x509.rc2 import decrypt_cbc

MAX_ITERATIONS = 2_000_000
"""Most rounds of one derivation; Java and OpenSSL use up to 600,000."""
_PBES2 = "1.2.840.113549.1.5.13"
_PBKDF2 = "1.2.840.113549.1.5.12"
_PBE_CIPHERS = {
    "1.2.840.113549.1.12.1.3": ("3DES", 24, 8),
    "1.2.840.113549.1.12.1.4": ("3DES", 16, 8),
    "1.2.840.113549.1.12.1.5": ("RC2", 16, 8),
    "1.2.840.113549.1.12.1.6": ("RC2", 5, 8),
}
_PBES2_CIPHERS = {
    "2.16.840.1.101.3.4.1.2": ("AES", 16),
    "2.16.840.1.101.3.4.1.22": ("AES", 24),
    "2.16.840.1.101.3.4.1.42": ("AES", 32),
    "1.2.840.113549.3.7": ("3DES", 24),
}
_DIGESTS = {
    "1.2.840.113549.2.7": "sha1", "1.2.840.113549.2.8": "sha224", "1.2.840.113549.2.9": "sha256",
    "1.2.840.113549.2.10": "sha384", "1.2.840.113549.2.11": "sha512",
    "1.3.14.3.2.26": "sha1", "2.16.840.1.101.3.4.2.4": "sha224", "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384", "2.16.840.1.101.3.4.2.3": "sha512",
}  # fmt: skip


class PasswordError(ValueError):
    """The password is not the right one."""


class SchemeError(ValueError):
    """The data is encrypted in a way that is not undone here, or with more work than is done."""


class Work:
    """How many rounds of hashing may still be done, over all stores and passwords of a run."""

    def __init__(self, rounds: int = 20_000_000) -> None:
        """Allow `rounds` rounds; a million take about a second."""
        self.left = rounds
        self.spent = False

    def take(self, rounds: int) -> None:
        """Count `rounds`.

        Raises:
            SchemeError: That is more than one derivation may take, or more than is left.
        """
        if not 0 < rounds <= MAX_ITERATIONS:
            raise SchemeError(f"{rounds} rounds of hashing are more than are done for one password")
        if rounds > self.left:
            self.spent = True
            raise SchemeError("too many passwords and rounds of hashing have been tried already")
        self.left -= rounds


class Password(msgspec.Struct, frozen=True, kw_only=True):
    """A password to try."""

    text: str | None
    """None stands for no password at all, which PKCS#12 tells from an empty one."""
    source: str
    """Where it is from, for reports, such as ``a constant of com.example.Net``."""


def digest_name(oid: str) -> str:
    """Return hashlib's name of a digest or HMAC.

    Raises:
        SchemeError: It is not known.
    """
    name = _DIGESTS.get(oid)
    if name is None:
        raise SchemeError(f"the digest {oid} is not supported")
    return name


def pkcs12_derive(digest: str, password: str | None, salt: bytes, rounds: int, purpose: int, size: int) -> bytes:
    """Derive key material as RFC 7292 appendix B.2 does; `purpose` is 1 for keys, 2 for vectors, 3 for MACs."""
    block = hashlib.new(digest, usedforsecurity=False).block_size
    encoded = b"" if password is None else password.encode("utf-16-be", "surrogatepass") + b"\0\0"

    def stretched(data: bytes) -> bytes:
        length = block * -(-len(data) // block)
        return (data * (length // len(data) + 1))[:length] if data else b""

    mixed = stretched(salt) + stretched(encoded)
    result = b""
    while len(result) < size:
        part = bytes([purpose]) * block + mixed
        for _ in range(rounds):
            part = hashlib.new(digest, part, usedforsecurity=False).digest()
        result += part
        added = int.from_bytes((part * (block // len(part) + 1))[:block], "big") + 1
        mixed = b"".join(
            ((int.from_bytes(mixed[at : at + block], "big") + added) % (1 << 8 * block)).to_bytes(block, "big")
            for at in range(0, len(mixed), block)
        )
    return result[:size]


def mac_matches(
    digest: str, password: str | None, salt: bytes, rounds: int, data: bytes, expected: bytes, work: Work
) -> bool:
    """Tell whether the MAC of a PKCS#12 store is that of this password."""
    work.take(rounds)
    size = hashlib.new(digest, usedforsecurity=False).digest_size
    key = pkcs12_derive(digest, password, salt, rounds, 3, size)
    return hmac.compare_digest(hmac.new(key, data, digest).digest(), expected)


def decrypt(algorithm: Node, data: bytes, password: str | None, work: Work) -> bytes:
    """Undo an encryption whose AlgorithmIdentifier is given.

    Raises:
        SchemeError: The scheme is not supported, or takes too much work.
        PasswordError: The password is wrong, or the data damaged: the two cannot be told apart.
    """
    try:
        oid_node, parameters = read_children(expect(algorithm, SEQUENCE), most=2)
        oid = oid_text(oid_node)
        if oid == _PBES2:
            name, key, vector = _pbes2(parameters, password, work)
        elif oid in _PBE_CIPHERS:
            name, size, vector_size = _PBE_CIPHERS[oid]
            salt, rounds = _salt_and_rounds(parameters)
            work.take(2 * rounds)
            key = pkcs12_derive("sha1", password, salt, rounds, 1, size)
            vector = pkcs12_derive("sha1", password, salt, rounds, 2, vector_size)
        else:
            raise SchemeError(f"the encryption {oid} is not supported")
    except (DerError, IndexError) as error:
        raise SchemeError(f"the parameters of the encryption are malformed: {error}") from error
    except ValueError as error:
        if isinstance(error, SchemeError):
            raise
        raise SchemeError("the parameters of the encryption are malformed") from error
    return _deciphered(name, key, vector, data)


def _pbes2(parameters: Node, password: str | None, work: Work) -> tuple[str, bytes, bytes]:
    derivation, scheme = read_children(expect(parameters, SEQUENCE), most=2)
    function, settings = read_children(expect(derivation, SEQUENCE), most=2)
    cipher, vector = read_children(expect(scheme, SEQUENCE), most=2)
    if oid_text(function) != _PBKDF2:
        raise SchemeError(f"the key derivation {oid_text(function)} is not supported")
    known = _PBES2_CIPHERS.get(oid_text(cipher))
    if known is None:
        raise SchemeError(f"the cipher {oid_text(cipher)} is not supported")
    fields = read_children(expect(settings, SEQUENCE), most=4)
    salt, rounds = expect(fields[0], OCTET_STRING).content, _number(fields[1])
    digest = "sha1"
    for field in fields[2:]:
        if field.tag == SEQUENCE:
            digest = digest_name(oid_text(read_children(field, most=1)[0]))
    work.take(max(1, rounds // 4))  # done in C
    key = hashlib.pbkdf2_hmac(digest, (password or "").encode("utf-8", "replace"), salt, rounds, known[1])
    return known[0], key, expect(vector, OCTET_STRING).content


def _salt_and_rounds(parameters: Node) -> tuple[bytes, int]:
    salt, rounds = read_children(expect(parameters, SEQUENCE), most=2)
    return expect(salt, OCTET_STRING).content, _number(rounds)


def _number(node: Node) -> int:
    value = int.from_bytes(expect(node, INTEGER).content[:8], "big", signed=True)
    if not 0 < value <= MAX_ITERATIONS:
        raise SchemeError(f"{value} rounds of hashing are more than are done for one password")
    return value


def _deciphered(name: str, key: bytes, vector: bytes, data: bytes) -> bytes:
    # Imported late: loading the library takes a while, and few apps hold anything encrypted.
    from analyzer.x509.ciphers import UnsupportedCipherError, decrypt_blocks, unpadded

    try:
        if name == "RC2":
            return unpadded(decrypt_cbc(key, vector, data), 64)
        return decrypt_blocks(name, key, vector, data)
    except UnsupportedCipherError as error:
        raise SchemeError(f"the cipher {name} is not supported by this installation") from error
    except ValueError as error:
        raise PasswordError("the password is wrong, or the data is damaged") from error
