"""Block ciphers and their padding, by the library."""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.padding import PKCS7

from analyzer.x509.keys import quietly


class UnsupportedCipherError(Exception):
    """This installation of the library does not have the cipher."""


def decrypt_blocks(name: str, key: bytes, vector: bytes, data: bytes) -> bytes:
    """Decrypt with ``AES`` or ``3DES`` in CBC mode, and take the padding off.

    Raises:
        ValueError: The key is wrong, or the data is damaged.
        UnsupportedCipherError: The library does not have the cipher.
    """

    def run() -> bytes:
        if name == "AES":
            cipher = Cipher(AES(key), modes.CBC(vector))
        else:
            cipher = Cipher(TripleDES(key if len(key) == 24 else key + key[:8]), modes.CBC(vector))
        decryptor = cipher.decryptor()
        plain = decryptor.update(data) + decryptor.finalize()
        return unpadded(plain, 128 if name == "AES" else 64)

    try:
        return quietly(run)
    except UnsupportedAlgorithm as error:
        raise UnsupportedCipherError(name) from error


def unpadded(plain: bytes, block_bits: int) -> bytes:
    """Take the padding of PKCS#7 off.

    Raises:
        ValueError: There is none: the key was wrong, or the data is damaged.
    """
    unpadder = PKCS7(block_bits).unpadder()
    return unpadder.update(plain) + unpadder.finalize()
