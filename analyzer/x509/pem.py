"""PEM blocks in any bytes: files that people edited, texts in code, JSON with escaped line ends."""

import base64
import binascii
import re
from collections.abc import Iterator

import msgspec

_BEGIN = re.compile(rb"-----BEGIN ([A-Z0-9][A-Z0-9 .#]{0,60})-----")
_END = re.compile(rb"-----END [A-Z0-9][A-Z0-9 .#]{0,60}-----")
_LINE_ENDS = re.compile(rb"\\[nrt]|&#1[03];|\s+")
_HEADER = re.compile(rb"\s*([A-Za-z0-9-]{1,40}):[ \t]*([^\r\n]{0,200})(?:\r?\n|\\n)")
MAX_BLOCK_BYTES = 8 << 20
"""Longest text between the marks of one block."""


class PemBlock(msgspec.Struct, frozen=True, kw_only=True):
    """What stands between ``BEGIN`` and ``END``."""

    label: str
    """Such as ``CERTIFICATE``."""
    data: bytes | None
    """The decoded bytes; None when they are not base64."""
    offset: int
    """Where the block begins."""
    headers: dict[str, str]
    """Of RFC 1421, such as ``DEK-Info`` of an encrypted key."""
    problem: str | None = None
    """Why there is no data."""


def pem_blocks(text: bytes, *, most: int) -> Iterator[PemBlock]:
    """Yield the blocks in `text`, at most `most`, in time linear in its length.

    Text around blocks, lines of any length, missing final line ends and escaped line ends are all fine. A block whose
    end mark is missing ends before the next one begins, and has no data.
    """
    position = count = 0
    while count < most and (begin := _BEGIN.search(text, position)) is not None:
        count += 1
        start = begin.end()
        end = _END.search(text, start, start + MAX_BLOCK_BYTES)
        following = _BEGIN.search(text, start, end.start() if end is not None else start + MAX_BLOCK_BYTES)
        label = begin[1].decode("ascii")
        if end is None or following is not None:
            yield PemBlock(label=label, data=None, offset=begin.start(), headers={}, problem="its end mark is missing")
            if following is None:
                return
            position = following.start()
            continue
        headers, body = _split(text[start : end.start()])
        data = _decoded(body)
        problem = None if data is not None else "what stands between its marks is not base64"
        yield PemBlock(label=label, data=data, offset=begin.start(), headers=headers, problem=problem)
        position = end.end()


def _split(body: bytes) -> tuple[dict[str, str], bytes]:
    headers: dict[str, str] = {}
    position = 0
    while len(headers) < 8 and (match := _HEADER.match(body, position)) is not None:
        headers[match[1].decode("ascii")] = match[2].decode("latin-1").strip()
        position = match.end()
    return headers, body[position:]


def _decoded(body: bytes) -> bytes | None:
    packed = _LINE_ENDS.sub(b"", body).rstrip(b"=")
    if not packed or len(packed) % 4 == 1:
        return None
    try:
        return base64.b64decode(packed + b"=" * (-len(packed) % 4), validate=True)
    except binascii.Error:
        return None
