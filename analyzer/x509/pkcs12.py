"""PKCS#12 stores (RFC 7292): outer structure without a password, contents with one, and bounds on all of it.

The library's own reader does as many rounds of hashing as the file demands, and says nothing about a store that no
password opens; this one tells that a private key is inside all the same.
"""

from collections.abc import Iterator

from analyzer.x509.asn1 import (
    CONTEXT_0,
    INTEGER,
    OCTET_STRING,
    SEQUENCE,
    SET,
    DerError,
    Node,
    expect,
    oid_text,
    read_children,
    read_node,
    text_of,
)
from analyzer.x509.ber import to_definite
from analyzer.x509.certificate import Certificate, read_certificate
from analyzer.x509.errors import UnreadableError
from analyzer.x509.key_stores import MAX_ENTRIES, KeyStore, StoreEntry
from analyzer.x509.pbe import Password, PasswordError, SchemeError, Work, decrypt, digest_name, mac_matches
from analyzer.x509.private_keys import PrivateKey, read_private_key

_DATA = "1.2.840.113549.1.7.1"
_ENCRYPTED_DATA = "1.2.840.113549.1.7.6"
_BAGS = "1.2.840.113549.1.12.10.1."
_KEY_BAG, _SHROUDED_BAG, _CERTIFICATE_BAG, _SECRET_BAG, _NESTED_BAG = (
    _BAGS + str(number) for number in (1, 2, 3, 5, 6)
)
_X509 = "1.2.840.113549.1.9.22.1"
_FRIENDLY_NAME = "1.2.840.113549.1.9.20"
_LOCAL_KEY = "1.2.840.113549.1.9.21"
_MAX_PARTS = 64
_MAX_PIECES = 20_000
_MAX_NESTING = 4
_OPEN = (Password(text="", source="the empty password"), Password(text=None, source="no password"))


def looks_like_pkcs12(data: bytes) -> bool:
    """Tell whether bytes begin as a DER encoded store does."""
    try:
        fields = read_children(expect(read_node(data[: 1 << 24]), SEQUENCE), most=2)
        return (
            len(fields) == 2
            and fields[0].tag == INTEGER
            and fields[0].content == b"\3"
            and oid_text(read_children(expect(fields[1], SEQUENCE), most=1)[0]) in (_DATA, "1.2.840.113549.1.7.2")
        )
    except (DerError, IndexError):
        return False


def read_pkcs12(data: bytes, passwords: tuple[Password, ...], work: Work) -> KeyStore:
    """Read a store, trying the empty password and then `passwords`.

    Raises:
        UnreadableError: The bytes are none.
    """
    try:
        safe, mac = _outline(data)
        parts = _parts(safe)
    except (DerError, IndexError, ValueError) as error:
        raise UnreadableError(f"no PKCS#12 store: {error}") from error
    tried = tuple(dict.fromkeys((*_OPEN, *passwords)))
    problem = None
    fitting: tuple[Password, ...] = tried
    if mac is not None:
        try:
            found = _fitting(mac, safe, tried, work)
            fitting = () if found is None else (found,)
        except (SchemeError, DerError, IndexError, ValueError) as error:
            problem = f"its integrity check was not computed: {error}"
    contents = _Contents(fitting, work)
    for encrypted, part in parts:
        contents.add(part, encrypted=encrypted)
    if problem is None and contents.problem is None and not fitting:
        contents.problem = "no password that was tried opens it"
    opened = bool(fitting) and problem is None and not contents.locked
    used = contents.used or (fitting[0].source if mac is not None and fitting and problem is None else None)
    return KeyStore(
        form="PKCS#12",
        entries=contents.entries(),
        opened=opened,
        password=used if opened else None,
        problem=problem or contents.problem,
    )


def _outline(data: bytes) -> tuple[bytes, Node | None]:
    whole = expect(_read(data), SEQUENCE)
    fields = read_children(whole, most=3)
    kind, content = read_children(expect(fields[1], SEQUENCE), most=2)
    if oid_text(kind) != _DATA:
        raise UnreadableError("a store that is signed instead of protected by a password")
    safe = expect(read_node(expect(content, CONTEXT_0).content), OCTET_STRING).content
    return safe, fields[2] if len(fields) > 2 else None


def _read(data: bytes) -> Node:
    """Read a value that may be BER; the integrity check is over the bytes before that."""
    return read_node(to_definite(data) or data)


def _octets(node: Node) -> bytes:
    """Return the content of an octet string with a tag of its own, which BER may give in pieces."""
    if not node.tag & 0x20:
        return node.content
    pieces = read_children(node, most=_MAX_PIECES)
    return b"".join(expect(piece, OCTET_STRING).content for piece in pieces)


def _parts(safe: bytes) -> list[tuple[bool, Node]]:
    """Return the parts of the authenticated safe: plain ones and encrypted ones."""
    parts: list[tuple[bool, Node]] = []
    for info in read_children(expect(_read(safe), SEQUENCE), most=_MAX_PARTS):
        kind, content = read_children(expect(info, SEQUENCE), most=2)
        inner = read_node(expect(content, CONTEXT_0).content)
        name = oid_text(kind)
        if name == _DATA:
            parts.append((False, _read(expect(inner, OCTET_STRING).content)))
        elif name == _ENCRYPTED_DATA:
            parts.append((True, read_children(expect(inner, SEQUENCE), most=2)[1]))
        else:
            raise UnreadableError(f"a part of kind {name}")
    return parts


def _fitting(mac: Node, safe: bytes, passwords: tuple[Password, ...], work: Work) -> Password | None:
    fields = read_children(expect(mac, SEQUENCE), most=3)
    algorithm, digest = read_children(expect(fields[0], SEQUENCE), most=2)
    name = digest_name(oid_text(read_children(expect(algorithm, SEQUENCE), most=1)[0]))
    salt = expect(fields[1], OCTET_STRING).content
    rounds = int.from_bytes(expect(fields[2], INTEGER).content[:8], "big") if len(fields) > 2 else 1
    for password in passwords:
        if mac_matches(name, password.text, salt, rounds, safe, expect(digest, OCTET_STRING).content, work):
            return password
    return None


class _Contents:
    """Collects the bags of a store."""

    def __init__(self, passwords: tuple[Password, ...], work: Work) -> None:
        self._passwords = passwords
        self._work = work
        self._certificates: list[tuple[str | None, bytes | None, Certificate]] = []
        self._keys: list[tuple[str | None, bytes | None, PrivateKey]] = []
        self._others: list[StoreEntry] = []
        self._unreadable = 0
        self.locked = False
        self.problem: str | None = None
        self.used: str | None = None

    def add(self, part: Node, *, encrypted: bool) -> None:
        """Add a part of the store; what is wrong with it becomes the store's problem."""
        try:
            if encrypted:
                part = self._decrypted(part)
            for bag in _bags(part):
                self._add_bag(bag)
        except SchemeError as error:
            self.locked = True
            self.problem = str(error)
        except PasswordError:
            self.locked = True
            self.problem = "no password that was tried opens it"
        except (DerError, IndexError, ValueError) as error:
            self.problem = f"a part of it is damaged: {error}"

    def _decrypted(self, part: Node) -> Node:
        fields = read_children(expect(part, SEQUENCE), most=3)
        algorithm, data = fields[1], _octets(fields[2])
        for password in self._passwords:
            try:
                plain = _read(decrypt(algorithm, data, password.text, self._work))
            except (PasswordError, DerError):
                continue
            self.used = password.source
            return plain
        raise PasswordError

    def _add_bag(self, bag: Node) -> None:
        if len(self._certificates) + len(self._keys) + len(self._others) >= MAX_ENTRIES:
            self.problem = f"only {MAX_ENTRIES} entries are read"
            return
        fields = read_children(expect(bag, SEQUENCE), most=3)
        kind, value = oid_text(fields[0]), expect(fields[1], CONTEXT_0).content
        alias, link = _attributes(fields[2]) if len(fields) > 2 else (None, None)
        if kind == _CERTIFICATE_BAG:
            form, content = read_children(expect(read_node(value), SEQUENCE), most=2)
            der = expect(read_node(expect(content, CONTEXT_0).content), OCTET_STRING).content
            try:
                if oid_text(form) != _X509:
                    raise UnreadableError("another kind of certificate")
                self._certificates.append((alias, link, read_certificate(der)))
            except UnreadableError:
                self._unreadable += 1
        elif kind in (_KEY_BAG, _SHROUDED_BAG):
            key = read_private_key(value, self._passwords, self._work)
            if key.encrypted and key.public is None:
                self.locked = self.locked or bool(self._passwords)
                self.problem = self.problem or key.problem
            elif key.password is not None:
                self.used = key.password
            self._keys.append((alias, link, key))
        elif kind == _SECRET_BAG:
            self._others.append(StoreEntry(kind="secret-key", alias=alias))

    def entries(self) -> tuple[StoreEntry, ...]:
        """Put certificates with the keys whose local key id they bear."""
        entries: list[StoreEntry] = []
        left = list(self._certificates)
        for alias, link, key in self._keys:
            own = [item for item in left if _belongs(item, link, key)]
            left = [item for item in left if item not in own]
            chain = _chain(own, left)
            left = [item for item in left if item[2] not in chain]
            entries.append(StoreEntry(kind="private-key", alias=alias, certificates=chain, key=key))
        entries += (
            StoreEntry(kind="certificate", alias=alias, certificates=(certificate,)) for alias, _, certificate in left
        )
        if self._unreadable:
            entries.append(StoreEntry(kind="certificate", alias=None, unreadable=self._unreadable))
        return (*entries, *self._others)


def _belongs(item: tuple[str | None, bytes | None, Certificate], link: bytes | None, key: PrivateKey) -> bool:
    _, own_link, certificate = item
    if key.public is not None:
        return certificate.key.spki == key.public.spki
    return link is not None and own_link == link


def _chain(
    own: list[tuple[str | None, bytes | None, Certificate]], others: list[tuple[str | None, bytes | None, Certificate]]
) -> tuple[Certificate, ...]:
    chain = [certificate for _, _, certificate in own[:1]]
    waiting = [certificate for _, _, certificate in others]
    while chain and not chain[-1].self_issued and len(chain) < _MAX_PARTS:
        issuer = next((one for one in waiting if one.subject.canonical == chain[-1].issuer.canonical), None)
        if issuer is None or issuer in chain:
            break
        chain.append(issuer)
    return tuple(chain)


def _bags(part: Node, depth: int = 0) -> Iterator[Node]:
    """Yield the bags of a safe, those of safes inside it too, a few levels deep."""
    for bag in read_children(expect(part, SEQUENCE), most=MAX_ENTRIES):
        fields = read_children(expect(bag, SEQUENCE), most=3)
        if oid_text(fields[0]) != _NESTED_BAG:
            yield bag
        elif depth < _MAX_NESTING:
            yield from _bags(read_node(expect(fields[1], CONTEXT_0).content), depth + 1)


def _attributes(node: Node) -> tuple[str | None, bytes | None]:
    alias = link = None
    for attribute in read_children(expect(node, SET), most=16):
        kind, values = read_children(expect(attribute, SEQUENCE), most=2)
        value = read_children(expect(values, SET), most=1)
        if not value:
            continue
        if oid_text(kind) == _FRIENDLY_NAME:
            alias = text_of(value[0])
        elif oid_text(kind) == _LOCAL_KEY:
            link = value[0].content
    return alias, link
