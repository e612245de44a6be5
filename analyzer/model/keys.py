"""Keys that pins can be made of: from hosts, files, key stores and apps."""

from typing import Literal

from analyzer.model.base import Record
from analyzer.model.pins import PinIdentity


class KeyRow(Record, frozen=True, kw_only=True):
    """One certificate or key, with everything that a pin of it may be written as."""

    target: str
    """What it comes from: a host with its port, a file, or an app and the entry in it."""
    host: str | None = None
    """The host, for a host's chain."""
    number: int
    """Position in the target, from 0."""
    kind: Literal["certificate", "public-key", "private-key", "request"]
    subject: str = ""
    issuer: str = ""
    role: Literal["leaf", "intermediate", "root", "key"] = "key"
    origin: Literal["sent", "store", "file"] = "file"
    """``store``: the server does not send it, a trust store has it."""
    in_path: bool | None = None
    """Whether it stands in the path that Android would build; None where no path was built."""
    anchor: bool = False
    """It is the end of that path."""
    not_before: str | None = None
    """RFC 3339 instant."""
    not_after: str | None = None
    """RFC 3339 instant."""
    key: str = ""
    """Kind and size in words."""
    spki_sha256: bytes
    spki_sha1: bytes | None = None
    certificate_sha256: bytes | None = None
    names: tuple[str, ...] = ()
    """Host names that the certificate covers, at most 20."""
    identity: PinIdentity | None = None
    reencoded_sha256: bytes | None = None
    """Pin of the key as other tools write it, where the encoding is unusual."""
    note: str | None = None
    uses: str | None = None
    """What uses it, in words, for what an app carries."""
