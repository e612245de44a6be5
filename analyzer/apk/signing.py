"""Tells which certificates signed a package, by all schemes. The signatures themselves are not verified.

The layout of the blocks is that of the APK Signature Schemes v2, v3 and v3.1 (source.android.com) and of signed JAR
files. androguard reads them too, but walks the whole archive for it and does not bound what it reads.
"""

import hashlib
import struct
from collections.abc import Iterator

from analyzer.apk.archive import Archive
from analyzer.apk.der import CONTEXT_0, INTEGER, SEQUENCE, SET, DerError, Node, expect, read_children, read_node
from analyzer.apk.errors import EntryError
from analyzer.model import AnalysisGap, Signer
from analyzer.model.app import SignatureScheme

_MAGIC = b"APK Sig Block 42"
_FOOTER = struct.Struct("<Q16s")
_PAIR = struct.Struct("<QI")
_UINT32 = struct.Struct("<I")
_SCHEMES: dict[int, SignatureScheme] = {0x7109871A: "v2", 0xF05368C0: "v3", 0x1B93AD61: "v3.1"}
_LARGEST_BLOCK_BYTES = 64 * 1024 * 1024
_LARGEST_SIGNATURE_BYTES = 1024 * 1024
_MOST_PAIRS = 256
_MOST_SIGNERS = 10
"""Bound of apksig, ``V2SchemeVerifier.MAX_APK_SIGNERS``."""
_MOST_NODES = 64


class _BlockError(ValueError):
    pass


def read_signers(archive: Archive) -> tuple[tuple[Signer, ...], tuple[AnalysisGap, ...]]:
    """Return the signers of an APK in the order of the schemes, and gaps where a signature cannot be read."""
    signers: list[Signer] = []
    gaps: list[AnalysisGap] = []
    for name in _signature_files(archive):
        try:
            certificate = _jar_signer(archive.read(name))
        except (EntryError, DerError) as error:
            gaps.append(_unreadable(f"{archive.name}!{name}", str(error)))
            continue
        signers.append(Signer(scheme="v1", certificate_sha256=hashlib.sha256(certificate).digest()))
    try:
        for scheme, certificate in _block_signers(archive.data, archive.directory_offset):
            signers.append(Signer(scheme=scheme, certificate_sha256=hashlib.sha256(certificate).digest()))
    except _BlockError as error:
        gaps.append(_unreadable(f"{archive.name}: signing block", str(error)))
    return tuple(dict.fromkeys(signers)), tuple(gaps)


def _unreadable(subject: str, why: str) -> AnalysisGap:
    return AnalysisGap(
        stage="container",
        reason="unreadable",
        subject=subject,
        detail=f"The signature could not be read: {why}. Who signed the package is not known completely.",
    )


def _signature_files(archive: Archive) -> list[str]:
    """Return the signature blocks of a signed JAR: those that stand beside their signature file."""
    upper = {name.upper() for name in archive.names if name.upper().startswith("META-INF/")}
    found = []
    for name in archive.names:
        folder, _, base = name.upper().rpartition("/")
        stem, _, kind = base.rpartition(".")
        if folder == "META-INF" and kind in ("RSA", "DSA", "EC") and f"META-INF/{stem}.SF" in upper:
            found.append(name)
    return found[:_MOST_SIGNERS]


def _jar_signer(data: bytes) -> bytes:
    """Return the certificate of the first signer of a PKCS #7 signature (RFC 2315)."""
    if len(data) > _LARGEST_SIGNATURE_BYTES:
        raise DerError("it is larger than any signature")
    content = read_children(expect(read_node(data), SEQUENCE), most=2)
    if len(content) < 2:
        raise DerError("it holds no signed data")
    signed = expect(read_node(expect(content[1], CONTEXT_0).content), SEQUENCE)
    parts = read_children(signed, most=_MOST_NODES)
    certificates = next((part for part in parts if part.tag == CONTEXT_0), None)
    if certificates is None or parts[-1].tag != SET:
        raise DerError("it holds no certificate or no signer")
    signer = read_children(expect(read_node(parts[-1].content), SEQUENCE), most=2)
    if len(signer) < 2:
        raise DerError("it names no signer")
    wanted = [node.encoded for node in read_children(expect(signer[1], SEQUENCE), most=2)]
    for certificate in read_children(certificates, most=_MOST_NODES):
        if certificate.tag == SEQUENCE and _issuer_and_serial(certificate) == wanted:
            return certificate.encoded
    raise DerError("the signer's certificate is not among those it holds")


def _issuer_and_serial(certificate: Node) -> list[bytes]:
    """Return issuer and serial number of an X.509 certificate (RFC 5280), each with tag and length."""
    fields = read_children(expect(read_node(certificate.content), SEQUENCE), most=4)
    if fields and fields[0].tag == CONTEXT_0:
        fields = fields[1:]
    if len(fields) < 3:
        raise DerError("a certificate is cut off")
    return [fields[2].encoded, expect(fields[0], INTEGER).encoded]


def _block_signers(data: memoryview, directory_offset: int) -> Iterator[tuple[SignatureScheme, bytes]]:
    """Yield scheme and signing certificate from the APK signing block, which ends where the directory starts."""
    if directory_offset < _FOOTER.size + 8 or directory_offset > len(data):
        return
    size, magic = _FOOTER.unpack_from(data, directory_offset - _FOOTER.size)
    if magic != _MAGIC:
        return
    start = directory_offset - size - 8
    if size < _FOOTER.size or start < 0 or struct.unpack_from("<Q", data, start)[0] != size:
        raise _BlockError("its sizes at begin and end differ")
    if size > _LARGEST_BLOCK_BYTES:
        raise _BlockError(f"it announces {size} bytes")
    seen: set[SignatureScheme] = set()
    position, end = start + 8, directory_offset - _FOOTER.size
    for _ in range(_MOST_PAIRS):
        if position >= end:
            return
        if position + _PAIR.size > end:
            raise _BlockError("a pair in it is cut off")
        length, identifier = _PAIR.unpack_from(data, position)
        following = position + 8 + length
        if length < 4 or following > end:
            raise _BlockError("a pair in it reaches beyond its end")
        scheme = _SCHEMES.get(identifier)
        # Of several blocks of one scheme, the platform reads the first.
        if scheme is not None and scheme not in seen:
            seen.add(scheme)
            for certificate in _certificates(data[position + _PAIR.size : following]):
                yield scheme, certificate
        position = following


def _certificates(block: memoryview) -> Iterator[bytes]:
    """Yield the first certificate of each signer; v2 and v3 agree as far as it is read here."""
    signers, _ = _prefixed(block)
    for _ in range(_MOST_SIGNERS):
        if not len(signers):
            return
        signer, signers = _prefixed(signers)
        signed_data, _ = _prefixed(signer)
        _, rest = _prefixed(signed_data)
        certificates, _ = _prefixed(rest)
        first, _ = _prefixed(certificates)
        yield bytes(first)


def _prefixed(data: memoryview) -> tuple[memoryview, memoryview]:
    """Split what a 32-bit length announces from what follows it."""
    if len(data) < _UINT32.size:
        raise _BlockError("a length in it is cut off")
    (length,) = _UINT32.unpack_from(data, 0)
    if length > len(data) - _UINT32.size:
        raise _BlockError("a length in it reaches beyond its end")
    return data[_UINT32.size : _UINT32.size + length], data[_UINT32.size + length :]
