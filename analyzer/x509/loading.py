"""Keys, requests and bundles as the library loads them."""

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x448, x25519
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.serialization import pkcs7

from analyzer.x509.errors import UnreadableError
from analyzer.x509.keys import KeyKind, quietly

_REFUSED = (ValueError, TypeError, IndexError, UnsupportedAlgorithm, x509.InvalidVersion)
"""What the library raises for what it cannot load."""


def load_public_key(spki: bytes) -> PublicKeyTypes:
    """Load a key in order to compute with it.

    Raises:
        UnreadableError: The library does not know the kind of key, or finds it malformed.
    """
    try:
        return quietly(lambda: serialization.load_der_public_key(spki))
    except UnsupportedAlgorithm as error:
        raise UnreadableError("the kind of key is not supported") from error
    except (ValueError, TypeError) as error:
        raise UnreadableError("the key is malformed, or its parameters are not supported") from error


def described(key: PublicKeyTypes, size: int | None) -> dict[str, int | str | None]:
    """Return the fields of `PublicKey` that tell its size and curve; `size` where the kind of key has none."""
    if isinstance(key, ec.EllipticCurvePublicKey):
        return {"bits": key.curve.key_size, "curve": key.curve.name}
    if isinstance(key, rsa.RSAPublicKey | dsa.DSAPublicKey):
        return {"bits": key.key_size}
    if isinstance(key, ed25519.Ed25519PublicKey | x25519.X25519PublicKey):
        return {"bits": 256}
    if isinstance(key, ed448.Ed448PublicKey | x448.X448PublicKey):
        return {"bits": 448}
    return {"bits": size}


def reencoded(key: PublicKeyTypes, spki: bytes, kind: KeyKind) -> bytes | None:
    """Return the key as the library writes it; None when that is what it was read from."""
    if kind == "RSA-PSS":
        # The library writes these as plain RSA keys, which are other keys; OpenSSL and Java keep them.
        return None
    try:
        again = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return again if again != spki else None


def public_half(der: bytes) -> bytes:
    """Return the SubjectPublicKeyInfo of a private key; the library checks no primes, which would take long.

    Raises:
        UnreadableError: The library does not load the key.
    """

    def load() -> PrivateKeyTypes:
        return serialization.load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)

    try:
        return _spki_of(quietly(load))
    except _REFUSED as error:
        raise UnreadableError("the key is not supported") from error


def public_half_of_pem(text: bytes, password: bytes) -> bytes:
    """Return the SubjectPublicKeyInfo of a private key in PEM that its headers encrypt.

    Raises:
        UnreadableError: The password does not open it.
    """

    def load() -> PrivateKeyTypes:
        return serialization.load_pem_private_key(text, password, unsafe_skip_rsa_key_validation=True)

    try:
        return _spki_of(quietly(load))
    except _REFUSED as error:
        raise UnreadableError("the password does not open it") from error


def _spki_of(key: PrivateKeyTypes) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def check_request(der: bytes) -> None:
    """Check that bytes are a certificate signing request.

    Raises:
        UnreadableError: They are none.
    """
    try:
        quietly(lambda: x509.load_der_x509_csr(der))
    except _REFUSED as error:
        raise UnreadableError("no signing request") from error


def bundled_certificates(der: bytes, most: int) -> list[bytes]:
    """Return up to `most` certificates of signed data (PKCS#7), in DER.

    Raises:
        UnreadableError: The library does not load it.
    """
    try:
        loaded = quietly(lambda: pkcs7.load_der_pkcs7_certificates(der))
    except _REFUSED as error:
        raise UnreadableError("no signed data") from error
    return [certificate.public_bytes(serialization.Encoding.DER) for certificate in loaded[:most]]
