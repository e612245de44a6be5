"""Distinguished names: as people read them, and in the form in which Android compares them."""

import unicodedata

import msgspec

from analyzer.x509.asn1 import (
    MAX_TEXT_CHARACTERS,
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

_SHORT = {
    "2.5.4.3": "CN", "2.5.4.4": "SN", "2.5.4.5": "serialNumber", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST",
    "2.5.4.9": "street", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.12": "title", "2.5.4.42": "GN",
    "2.5.4.97": "organizationIdentifier", "0.9.2342.19200300.100.1.1": "UID", "0.9.2342.19200300.100.1.25": "DC",
    "1.2.840.113549.1.9.1": "emailAddress",
}  # fmt: skip
_MOST_ATTRIBUTES = 200
_MOST_SHOWN = 12
_FOLDED_CODECS = {0x0C: "utf-8", 0x13: "ascii", 0x14: "latin-1"}
_SPECIAL = frozenset(',+"\\<>;=')


class Name(msgspec.Struct, frozen=True, kw_only=True):
    """A subject or issuer."""

    text: str
    """The attributes in the order of RFC 4514, the most specific first; at most a dozen, and of bounded length."""
    common_name: str | None = None
    """The last (most specific) one."""
    organisation: str | None = None
    canonical: bytes
    """Equal for names that ``X500Principal.equals`` holds for equal: letters of either case, white space folded."""


def read_name(encoded: bytes) -> Name:
    """Read a DER ``Name``.

    Raises:
        DerError: It is none.
    """
    shown: list[str] = []
    common_name = organisation = None
    canonical: list[bytes] = []
    for group in read_children(expect(read_node(encoded), SEQUENCE), most=_MOST_ATTRIBUTES):
        attributes = read_children(expect(group, SET), most=_MOST_ATTRIBUTES)
        parts: list[bytes] = []
        for attribute in attributes:
            kind, value = _attribute(attribute)
            text = text_of(value)
            short = _SHORT.get(kind, kind)
            parts.append(f"{kind}=".encode() + _folded(value))
            if text is None:
                text = "#" + value.encoded[:32].hex()
            elif short == "CN":
                common_name = text
            elif short == "O":
                organisation = text
            shown.append(f"{short}={_escaped(text)}")
        canonical.append(b"+".join(sorted(parts)))
    return Name(
        text=", ".join(list(reversed(shown))[:_MOST_SHOWN])[: 2 * MAX_TEXT_CHARACTERS],
        common_name=common_name,
        organisation=organisation,
        canonical=b"\0".join(canonical),
    )


def _attribute(node: Node) -> tuple[str, Node]:
    parts = read_children(expect(node, SEQUENCE), most=3)
    if len(parts) != 2:
        raise DerError("an attribute of a name is malformed")
    return oid_text(parts[0]), parts[1]


def _folded(value: Node) -> bytes:
    """Fold a value as the JDK's ``AVA.toRFC2253CanonicalString`` does; other types compare by their encoding."""
    codec = _FOLDED_CODECS.get(value.tag)
    if codec is None:
        return value.encoded
    text = unicodedata.normalize("NFKD", value.content.decode(codec, "replace")).upper().lower()
    return " ".join(text.split()).encode("utf-8", "replace")


def _escaped(text: str) -> str:
    return "".join("\\" + character if character in _SPECIAL else character for character in text)
