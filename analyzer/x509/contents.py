"""What certificates, keys and key stores some bytes hold, told by content alone."""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Literal

import msgspec

from analyzer.x509.asn1 import INTEGER, SEQUENCE, DerError, expect, node_bytes, oid_text, read_children, read_node
from analyzer.x509.ber import to_definite
from analyzer.x509.certificate import MAX_CERTIFICATE_BYTES, Certificate, read_certificate
from analyzer.x509.errors import UnreadableError
from analyzer.x509.java_stores import looks_like_java_store, read_java_store
from analyzer.x509.key_stores import KeyStore
from analyzer.x509.keys import PublicKey, read_public_key
from analyzer.x509.names import Name, read_name
from analyzer.x509.pbe import Password, Work
from analyzer.x509.pem import PemBlock, pem_blocks
from analyzer.x509.pkcs12 import looks_like_pkcs12, read_pkcs12
from analyzer.x509.private_keys import PEM_LABELS, PrivateKey, read_pem_key, read_private_key
from analyzer.x509.store_files import CERTIFICATE_LABELS

MAX_INPUT_BYTES = 8 << 20
"""Larger inputs are not read at all."""
MAX_ITEMS = 1_000
_PEM_MARK = b"-----BEGIN "
_SIGNED_DATA = "1.2.840.113549.1.7.2"
_PKCS7_NAME = bytes.fromhex("06092a864886f70d0107")
"""How the kinds of PKCS#7 content begin, which PKCS#12 uses as well."""
_RSA_ALGORITHM = bytes.fromhex("300d06092a864886f70d0101010500")
_BASE64_TEXT = re.compile(rb"\s*(M[A-Za-z0-9+/_-][A-Za-z0-9+/_=\s-]{60,})\s*")
_HEX_TEXT = re.compile(rb"\s*(30(?:[\s:]?[0-9A-Fa-f]{2}){40,})\s*")
# A sequence of a sequence, both with lengths of two octets, as every certificate of 260 bytes and more begins; the
# inner one begins with a version (context 0) or a serial number.
_EMBEDDED = re.compile(rb"\x30\x82(?P<outer>..)\x30\x82..(?:\xa0\x03\x02\x01[\x00-\x02])?\x02[\x01-\x15]", re.DOTALL)

ItemKind = Literal["certificate", "public-key", "private-key", "request", "keystore", "unreadable"]
Form = Literal["PEM", "DER", "base64", "hex", "PKCS#7", "key store"]


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was found. The field for its kind is set, the others are None."""

    kind: ItemKind
    form: Form
    offset: int = 0
    """Where it begins in the input, or in what the input decodes to."""
    certificate: Certificate | None = None
    public_key: PublicKey | None = None
    private_key: PrivateKey | None = None
    request: "SigningRequest | None" = None
    store: KeyStore | None = None
    problem: str | None = None
    """For ``unreadable``: what it looks like and why it is not."""


class SigningRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A PKCS#10 certificate signing request."""

    subject: Name
    key: PublicKey


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was found in one input."""

    items: tuple[Item, ...]
    truncated: bool = False
    """True when there is more than is listed."""


def read_contents(
    data: bytes, passwords: tuple[Password, ...] = (), work: Work | None = None, *, embedded: bool = False
) -> Contents:
    """Find what `data` holds: DER of any kind, key stores, PEM blocks among other text, base64 and hex of DER.

    Args:
        data: A file, or a text of code in UTF-8.
        passwords: Tried on stores and keys that are encrypted, in this order.
        work: What may still be spent on passwords; a budget of its own when None.
        embedded: Look for certificates in DER at any place of the data, too.
    """
    if len(data) > MAX_INPUT_BYTES:
        return Contents(items=(), truncated=True)
    reader = _Reader(passwords, work or Work())
    items: list[Item] = []
    for item in reader.read(data, embedded=embedded):
        if len(items) >= MAX_ITEMS:
            return Contents(items=tuple(items), truncated=True)
        items.append(item)
    return Contents(items=tuple(items))


class _Reader:
    def __init__(self, passwords: tuple[Password, ...], work: Work) -> None:
        self._passwords = passwords
        self._work = work

    def read(self, data: bytes, *, embedded: bool) -> Iterator[Item]:
        if looks_like_java_store(data):
            try:
                store = read_java_store(data, self._passwords, self._work)
            except UnreadableError as error:
                if data[:4] in (b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce"):
                    yield Item(kind="unreadable", form="key store", problem=str(error))
                    return
            else:
                yield Item(kind="keystore", form="key store", store=store)
                return
        if data[:1] == b"\x30":
            found = list(self._sequence(data))
            if found:
                yield from found
                return
        if _PEM_MARK in data:
            for block in pem_blocks(data, most=MAX_ITEMS + 1):
                yield from self._block(block)
            return
        decoded = _decoded_text(data)
        if decoded is not None:
            form, der = decoded
            for item in self._sequence(der):
                yield msgspec.structs.replace(item, form=form if item.form == "DER" else item.form)
            return
        if embedded:
            yield from _embedded(data)

    def _sequence(self, data: bytes) -> Iterator[Item]:
        """Yield what stands in DER one after the other; nothing when the first is not of a known kind."""
        if data[:2] == b"\x30\x80":
            whole = to_definite(data)
            found = self._one(whole, 0) if whole is not None else None
            if found is not None:
                yield from found
            elif _PKCS7_NAME in data[:32]:
                why = "a PKCS#7 or PKCS#12 file with indefinite lengths that is cut off or malformed"
                yield Item(kind="unreadable", form="key store", problem=why)
            return
        position = 0
        while position < len(data) and data[position] == 0x30:
            try:
                node = read_node(data, position)
            except DerError:
                return
            item = self._one(node.encoded, position)
            if item is None:
                return
            yield from item
            position += len(node.encoded)

    def _one(self, der: bytes, offset: int) -> list[Item] | None:
        found = self._known(der, offset)
        if found is None and _PKCS7_NAME in der[:64]:
            # Only what is inside may be BER.
            plain = to_definite(der)
            found = self._known(plain, offset) if plain is not None and plain != der else None
        return found

    def _known(self, der: bytes, offset: int) -> list[Item] | None:
        if len(der) <= MAX_CERTIFICATE_BYTES:
            try:
                return [Item(kind="certificate", form="DER", offset=offset, certificate=read_certificate(der))]
            except UnreadableError:
                pass
            for read in (self._private, _public, _request):
                found = read(der)
                if found is not None:
                    return [msgspec.structs.replace(found, offset=offset)]
        bundle = _pkcs7(der)
        if bundle is not None:
            return [Item(kind="certificate", form="PKCS#7", offset=offset, certificate=one) for one in bundle]
        if _looks_like_bcfks(der):
            store = KeyStore(form="BCFKS", entries=(), opened=False, problem="it is encrypted as a whole")
            return [Item(kind="keystore", form="key store", offset=offset, store=store)]
        if looks_like_pkcs12(der):
            try:
                store = read_pkcs12(der, self._passwords, self._work)
            except UnreadableError as error:
                return [Item(kind="unreadable", form="key store", offset=offset, problem=str(error))]
            return [Item(kind="keystore", form="key store", offset=offset, store=store)]
        return None

    def _private(self, der: bytes) -> Item | None:
        try:
            key = read_private_key(der, self._passwords, self._work)
        except UnreadableError:
            return None
        # Small sequences of numbers look like keys, too: what is not encrypted has to load.
        if not key.encrypted and key.public is None:
            return None
        return Item(kind="private-key", form="DER", private_key=key)

    def _block(self, block: PemBlock) -> Iterator[Item]:
        label = block.label
        try:
            if label in PEM_LABELS:
                key = read_pem_key(block, self._passwords, self._work)
                yield Item(kind="private-key", form="PEM", offset=block.offset, private_key=key)
                return
            if label not in _KNOWN_LABELS:
                return
            if block.data is None:
                raise UnreadableError(block.problem or "no data")
            yield from self._decoded_block(label, block.data, block.offset)
        except UnreadableError as error:
            problem = f"a PEM block {label!r}: {error}"
            yield Item(kind="unreadable", form="PEM", offset=block.offset, problem=problem)

    def _decoded_block(self, label: str, data: bytes, offset: int) -> Iterator[Item]:
        if label in CERTIFICATE_LABELS:
            if label == "TRUSTED CERTIFICATE":
                # OpenSSL appends its own trust settings.
                data = _first(data)
            yield Item(kind="certificate", form="PEM", offset=offset, certificate=read_certificate(data))
        elif label in ("PKCS7", "CMS"):
            bundle = _pkcs7(data) or _pkcs7(to_definite(data) or b"")
            if bundle is None:
                raise UnreadableError("no PKCS#7 bundle of certificates")
            for certificate in bundle:
                yield Item(kind="certificate", form="PKCS#7", offset=offset, certificate=certificate)
        elif label in ("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"):
            request = _request(data)
            if request is None:
                raise UnreadableError("no signing request")
            yield msgspec.structs.replace(request, form="PEM", offset=offset)
        else:
            spki = data if label == "PUBLIC KEY" else _from_pkcs1(data)
            yield Item(kind="public-key", form="PEM", offset=offset, public_key=read_public_key(spki))


_KNOWN_LABELS = CERTIFICATE_LABELS | {
    "PKCS7", "CMS", "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST", "PUBLIC KEY", "RSA PUBLIC KEY",
}  # fmt: skip


def _first(data: bytes) -> bytes:
    try:
        return read_node(data).encoded
    except DerError as error:
        raise UnreadableError(str(error)) from error


def _public(der: bytes) -> Item | None:
    try:
        key = read_public_key(der)
    except UnreadableError:
        try:
            key = read_public_key(_from_pkcs1(der))
        except UnreadableError:
            return None
        if key.problem is not None or (key.bits or 0) < 512:
            return None
    # Two numbers under an object identifier are many things: a kind of key that is not known has to be in PEM.
    return Item(kind="public-key", form="DER", public_key=key) if key.kind != "unknown" else None


def _from_pkcs1(der: bytes) -> bytes:
    """Wrap an RSAPublicKey (PKCS#1) into a SubjectPublicKeyInfo."""
    try:
        whole = expect(read_node(der), SEQUENCE)
        numbers = read_children(whole, most=3)
    except DerError as error:
        raise UnreadableError(f"no RSA key: {error}") from error
    if len(whole.encoded) != len(der) or [number.tag for number in numbers] != [INTEGER, INTEGER]:
        raise UnreadableError("no RSA key")
    return node_bytes(SEQUENCE, _RSA_ALGORITHM + node_bytes(0x03, b"\0" + der))


def _request(der: bytes) -> Item | None:
    from analyzer.x509.loading import check_request

    try:
        check_request(der)
        info = read_children(read_children(expect(read_node(der), SEQUENCE), most=1)[0], most=3)
        subject, key = read_name(info[1].encoded), read_public_key(info[2].encoded)
    except (ValueError, IndexError):
        return None
    return Item(kind="request", form="DER", request=SigningRequest(subject=subject, key=key))


def _pkcs7(der: bytes) -> list[Certificate] | None:
    """Return the certificates of signed data (RFC 2315); None when the bytes are none, or hold none."""
    from analyzer.x509.loading import bundled_certificates

    try:
        kind = read_children(expect(read_node(der), SEQUENCE), most=1)[0]
        if oid_text(kind) != _SIGNED_DATA:
            return None
        bundled = bundled_certificates(der, MAX_ITEMS + 1)
    except (DerError, ValueError, IndexError):
        return None
    found: list[Certificate] = []
    for certificate in bundled:
        try:
            found.append(read_certificate(certificate))
        except UnreadableError:
            continue
    return found or None


def _looks_like_bcfks(der: bytes) -> bool:
    """Tell a Bouncy Castle FKS store: encrypted data (PBES2), and a check of its integrity."""
    try:
        parts = read_children(expect(read_node(der), SEQUENCE), most=3)
        encrypted = read_children(expect(parts[0], SEQUENCE), most=3)
        scheme = oid_text(read_children(expect(encrypted[0], SEQUENCE), most=1)[0])
    except (DerError, IndexError):
        return False
    return len(parts) == 2 and parts[1].tag == SEQUENCE and scheme == "1.2.840.113549.1.5.13"


def _decoded_text(data: bytes) -> tuple[Form, bytes] | None:
    """Decode a text that is base64 or hexadecimal of DER as a whole."""
    match = _BASE64_TEXT.fullmatch(data)
    if match is not None:
        packed = b"".join(match[1].split()).translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
        try:
            decoded = base64.b64decode(packed + b"=" * (-len(packed) % 4), validate=True)
        except binascii.Error:
            return None
        return ("base64", decoded) if decoded[:1] == b"\x30" else None
    match = _HEX_TEXT.fullmatch(data)
    if match is not None:
        try:
            return "hex", bytes.fromhex(b"".join(match[1].split()).replace(b":", b"").decode("ascii"))
        except ValueError:
            return None
    return None


def _embedded(data: bytes) -> Iterator[Item]:
    position = 0
    while (match := _EMBEDDED.search(data, position)) is not None:
        end = match.start() + 4 + int.from_bytes(match["outer"], "big")
        position = match.start() + 2
        try:
            certificate = read_certificate(data[match.start() : end])
        except UnreadableError:
            continue
        yield Item(kind="certificate", form="DER", offset=match.start(), certificate=certificate)
        position = end
