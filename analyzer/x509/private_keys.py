"""Private keys: that they are there, of what kind, and which public key they belong to; the secret is dropped."""

import base64

import msgspec

from analyzer.x509.asn1 import INTEGER, OCTET_STRING, SEQUENCE, DerError, Node, expect, read_children, read_node
from analyzer.x509.errors import UnreadableError
from analyzer.x509.keys import MAX_KEY_BITS, PublicKey, read_public_key
from analyzer.x509.pbe import Password, PasswordError, SchemeError, Work, decrypt
from analyzer.x509.pem import PemBlock

MAX_PRIVATE_KEY_BYTES = 3 * MAX_KEY_BITS
PEM_LABELS = frozenset(
    {"PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY",
     "OPENSSH PRIVATE KEY"}
)  # fmt: skip


class PrivateKey(msgspec.Struct, frozen=True, kw_only=True):
    """A private key, without the secret."""

    form: str
    """``PKCS#8``, ``encrypted PKCS#8``, ``PKCS#1``, ``SEC 1``, ``OpenSSH``, ``encrypted PEM`` …"""
    public: PublicKey | None
    """The other half; None when the key is encrypted or its kind is not known."""
    encrypted: bool = False
    password: str | None = None
    """Source of the password that opened it; None when none did or none was needed."""
    problem: str | None = None


def read_private_key(der: bytes, passwords: tuple[Password, ...], work: Work) -> PrivateKey:
    """Read a private key in DER: PKCS#8 with or without encryption, PKCS#1, or SEC 1.

    Raises:
        UnreadableError: The bytes are none.
    """
    form, encryption = _form(der)
    if encryption is None:
        return PrivateKey(form=form, public=_public_half(der))
    algorithm, data = encryption
    problem = "no password that was tried opens it"
    for password in passwords:
        try:
            plain = decrypt(algorithm, data, password.text, work)
            if _form(plain)[1] is None:
                return PrivateKey(form=form, public=_public_half(plain), encrypted=True, password=password.source)
        except (PasswordError, UnreadableError):
            continue
        except SchemeError as error:
            problem = str(error)
            break
    return PrivateKey(form=form, public=None, encrypted=True, problem=problem)


def read_pem_key(block: PemBlock, passwords: tuple[Password, ...], work: Work) -> PrivateKey:
    """Read a private key from a PEM block with one of `PEM_LABELS`.

    Raises:
        UnreadableError: It holds none, such as a block with a placeholder in it.
    """
    if block.data is None:
        raise UnreadableError(block.problem or "no data")
    if block.label == "OPENSSH PRIVATE KEY":
        if not block.data.startswith(b"openssh-key-v1\0"):
            raise UnreadableError("no OpenSSH key")
        return PrivateKey(form="OpenSSH", public=None, encrypted=b"bcrypt" in block.data[:64])
    if "ENCRYPTED" in block.headers.get("Proc-Type", ""):
        if len(block.data) < 64:
            raise UnreadableError("too short for a key")
        return _legacy(block, passwords)
    return read_private_key(block.data, passwords, work)


def _form(der: bytes) -> tuple[str, tuple[Node, bytes] | None]:
    """Tell the form of a key; with algorithm and data when it is encrypted."""
    if len(der) > MAX_PRIVATE_KEY_BYTES:
        raise UnreadableError("too long for a private key")
    try:
        whole = expect(read_node(der), SEQUENCE)
        if len(whole.encoded) != len(der):
            raise UnreadableError("bytes follow the key")
        fields = read_children(whole, most=10)
        tags = [field.tag for field in fields]
        if tags[:2] == [SEQUENCE, OCTET_STRING] and len(tags) == 2:
            expect(read_children(fields[0], most=1)[0], 0x06)
            return "encrypted PKCS#8", (fields[0], fields[1].content)
        version = fields[0].content if tags and tags[0] == INTEGER else None
        if version in (b"\0", b"\1") and tags[1:3] == [SEQUENCE, OCTET_STRING]:
            expect(read_children(fields[1], most=1)[0], 0x06)
            return "PKCS#8", None
        if version == b"\1" and tags[1:2] == [OCTET_STRING] and 16 <= len(fields[1].content) <= 72:
            return "SEC 1", None
        if version in (b"\0", b"\1") and len(fields) >= 9 and tags[:9] == [INTEGER] * 9:
            return "PKCS#1", None
        if version == b"\0" and tags == [INTEGER] * 6 and len(fields[1].content) >= 64:
            return "DSA", None
    except (DerError, IndexError) as error:
        raise UnreadableError(f"no private key: {error}") from error
    raise UnreadableError("no private key")


def _public_half(der: bytes) -> PublicKey | None:
    """Return the public key; None when it cannot be told."""
    from analyzer.x509.loading import public_half

    try:
        return read_public_key(public_half(der))
    except UnreadableError:
        return None


def _legacy(block: PemBlock, passwords: tuple[Password, ...]) -> PrivateKey:
    """Try the passwords on a key that PEM headers encrypt; its key derivation is a single MD5."""
    from analyzer.x509.loading import public_half_of_pem

    body = "\n".join(f"{name}: {value}" for name, value in block.headers.items())
    encoded = _wrapped(block.data or b"")
    text = f"-----BEGIN {block.label}-----\n{body}\n\n{encoded}\n-----END {block.label}-----\n".encode("latin-1")
    for password in passwords:
        try:
            public = read_public_key(public_half_of_pem(text, (password.text or "").encode("utf-8", "replace")))
        except UnreadableError:
            continue
        return PrivateKey(form="encrypted PEM", public=public, encrypted=True, password=password.source)
    return PrivateKey(form="encrypted PEM", public=None, encrypted=True, problem="no password that was tried opens it")


def _wrapped(data: bytes) -> str:

    text = base64.b64encode(data).decode("ascii")
    return "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
