"""Rows of keys from what `pinscope pins` is given: chains of hosts, and the contents of files."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

from msgspec.structs import replace

from analyzer.errors import UsageError
from analyzer.live.names import HostNameError, read_host
from analyzer.live.observe import Identify
from analyzer.live.pool import Place
from analyzer.live.settings import read_place
from analyzer.model import CertificateFact, ChainObservation
from analyzer.model.keys import KeyRow
from analyzer.x509.certificate import Certificate
from analyzer.x509.contents import MAX_INPUT_BYTES, Item, read_contents
from analyzer.x509.keys import PublicKey
from analyzer.x509.pbe import Password, Work

_FILE_ENDINGS = frozenset(
    {"pem", "crt", "cer", "der", "p7b", "p7c", "p12", "pfx", "jks", "jceks", "bks", "keystore", "csr", "req", "key",
     "pub", "apk", "apks", "xapk", "apkm", "aab", "txt", "json", "xml", "zip"}
)  # fmt: skip
_KeyKind = Literal["public-key", "private-key", "request"]
_MAX_NAMES = 20
_UNUSUAL = "unusual key encoding: tools that write keys anew compute another pin; test on a device"


def host_target(text: str, port: int) -> Place:
    """Read a target that is no existing file as a host.

    Raises:
        UsageError: It looks like a file that is not there, or is no host.
    """
    bare = text.rpartition("/")[2] if "://" not in text else ""
    ending = bare.rpartition(".")[2].lower() if "." in bare else ""
    if ending in _FILE_ENDINGS or ("/" in text and "://" not in text):
        raise UsageError(f"{text}: no such file or folder")
    try:
        return read_place(text, port)
    except UsageError as error:
        raise UsageError(f"{text}: no such file, and {str(error).partition(' is ')[2] or 'no host either'}") from None


def rows_of_chain(chain: ChainObservation, target: str) -> Iterator[KeyRow]:
    """Yield the certificates of a host's chain: what was sent, then what the path adds."""
    path = next((path for path in chain.paths if path.problem is None), None)
    members = path.certificates if path is not None else ()
    anchor = members[-1] if members else None
    for number, certificate in enumerate(chain.certificates):
        yield KeyRow(
            target=target,
            host=chain.host,
            number=number,
            kind="certificate",
            subject=certificate.subject,
            issuer=certificate.issuer,
            role="leaf" if number == 0 else "root" if certificate.self_issued else "intermediate",
            origin="store" if certificate.sent_at is None else "sent",
            in_path=number in members if path is not None else None,
            anchor=number == anchor,
            not_before=certificate.not_before,
            not_after=certificate.not_after,
            key=certificate.key,
            spki_sha256=certificate.spki_sha256,
            spki_sha1=certificate.spki_sha1,
            certificate_sha256=certificate.certificate_sha256,
            identity=certificate.identity,
            note=_UNUSUAL if certificate.unusual_encoding else None,
        )


def rows_of_file(data: bytes, target: str, passwords: Sequence[str], identify: Identify) -> tuple[KeyRow, ...]:
    """Return the certificates and keys in the content of a file.

    Raises:
        UsageError: There are none, or the file is too large.
    """
    if len(data) > MAX_INPUT_BYTES:
        raise UsageError(f"{target}: larger than {MAX_INPUT_BYTES} bytes")
    tried = (
        Password(text=None, source="no password"),
        Password(text="", source="the empty password"),
        *(Password(text=text, source="--password") for text in passwords),
    )
    contents = read_contents(data, tried, Work())
    rows: list[KeyRow] = []
    problems: list[str] = []
    for item in contents.items:
        rows.extend(_rows_of_item(item, target, len(rows), identify, problems))
    if not rows:
        raise UsageError(f"{target}: {'; '.join(problems) or 'holds no certificate or key that can be read'}")
    return tuple(rows)


def _rows_of_item(item: Item, target: str, start: int, identify: Identify, problems: list[str]) -> Iterator[KeyRow]:
    if item.certificate is not None:
        yield _of_certificate(item.certificate, target, start, identify)
    if item.public_key is not None:
        yield _of_key(item.public_key, target, start, "public-key", identify)
    if item.request is not None:
        row = _of_key(item.request.key, target, start, "request", identify)
        yield replace(row, subject=item.request.subject.text)
    if item.private_key is not None:
        if item.private_key.public is None:
            problems.append(item.private_key.problem or "holds a private key that cannot be opened")
        else:
            row = _of_key(item.private_key.public, target, start, "private-key", identify)
            note = "the file holds the private key: keep it away from the app and from version control"
            yield replace(row, note=note)
    if item.store is not None:
        if item.store.problem:
            problems.append(item.store.problem)
        for number, certificate in enumerate(item.store.certificates):
            yield _of_certificate(certificate, target, start + number, identify)
    if item.problem:
        problems.append(item.problem)


def _of_certificate(certificate: Certificate, target: str, number: int, identify: Identify) -> KeyRow:
    role: Literal["leaf", "intermediate", "root"] = "leaf"
    if certificate.is_ca:
        role = "root" if certificate.self_issued else "intermediate"
    return KeyRow(
        target=target,
        number=number,
        kind="certificate",
        subject=certificate.subject.text,
        issuer=certificate.issuer.text,
        role=role,
        not_before=f"{certificate.not_before:%Y-%m-%dT%H:%M:%SZ}",
        not_after=f"{certificate.not_after:%Y-%m-%dT%H:%M:%SZ}",
        key=certificate.key.text,
        spki_sha256=certificate.key.sha256,
        spki_sha1=certificate.key.sha1,
        certificate_sha256=certificate.sha256,
        names=tuple(certificate.dns_names[:_MAX_NAMES]),
        identity=identify(certificate.key.sha256),
        reencoded_sha256=_reencoded(certificate.key),
        note=_UNUSUAL if certificate.key.reencoded is not None else None,
    )


def _of_key(key: PublicKey, target: str, number: int, kind: _KeyKind, identify: Identify) -> KeyRow:
    return KeyRow(
        target=target,
        number=number,
        kind=kind,
        key=key.text,
        spki_sha256=key.sha256,
        spki_sha1=key.sha1,
        identity=identify(key.sha256),
        reencoded_sha256=_reencoded(key),
        note=_UNUSUAL if key.reencoded is not None else None,
    )


def _reencoded(key: PublicKey) -> bytes | None:
    return hashlib.sha256(key.reencoded).digest() if key.reencoded is not None else None


def rows_of_app(
    facts: Iterable[CertificateFact], target: str, uses_of: Callable[[CertificateFact], str]
) -> Iterator[KeyRow]:
    """Yield the certificates and keys that an app carries; key stores stand for themselves by what is in them."""
    number = 0
    for fact in facts:
        if fact.spki_sha256 is None or fact.kind == "keystore" or fact.kind == "unreadable":
            continue
        yield KeyRow(
            target=f"{target}!{fact.entry}",
            number=number,
            kind=fact.kind,
            subject=fact.subject or "",
            issuer=fact.issuer or "",
            role=fact.role or "key",
            not_before=fact.not_before,
            not_after=fact.not_after,
            key=" ".join(str(part) for part in (fact.key_kind, fact.key_bits) if part is not None),
            spki_sha256=fact.spki_sha256,
            certificate_sha256=fact.certificate_sha256,
            names=fact.dns_names[:_MAX_NAMES],
            identity=fact.identity,
            reencoded_sha256=fact.reencoded_spki_sha256,
            note="the app carries the private key" if fact.kind == "private-key" else None,
            uses=uses_of(fact),
        )
        number += 1


def without_keys(facts: Iterable[CertificateFact]) -> Iterator[tuple[str, str]]:
    """Yield entry and reason of what an app carries and no row can be made of: it is encrypted, or cannot be read."""
    for fact in facts:
        if fact.kind == "unreadable" or (fact.kind == "keystore" and not fact.opened):
            what = "it" if fact.kind == "unreadable" else f"the {fact.form} store"
            yield fact.entry, f"{what} is not read completely: {fact.problem or 'no password that was tried opens it'}"
        elif fact.kind == "private-key" and fact.spki_sha256 is None:
            yield fact.entry, f"the public half of a private key is not known: {fact.problem or 'it is encrypted'}"


def snippet_host(rows: Sequence[KeyRow]) -> str | None:
    """Return the host that a snippet is for: the one that was asked, else one that a leaf covers."""
    for row in rows:
        if row.host is not None:
            return row.host
    for row in rows:
        for name in row.names if row.role == "leaf" else ():
            try:
                return read_host(name).name
            except HostNameError:
                continue
    return None


def is_app(path: Path) -> bool:
    """Tell an app, which is a ZIP file or a folder of them, from other files by its first bytes."""
    if path.is_dir():
        return True
    with path.open("rb") as stream:
        return stream.read(4) == b"PK\x03\x04"
