"""The forms in which pins are written, and the texts that share those forms without being pins."""

import base64
import hashlib
import re
from collections.abc import Iterator

import msgspec

from analyzer.extractors.code.host_names import hosts_in, plain_host
from analyzer.model.pins import HashedObject

MAX_TEXT = 4_096
"""Longer texts are data with other texts in them."""
# A prefix that stands by itself: behind a slash it is part of an address, as of a container image. ``SHA256:`` with
# an unpadded digest is how OpenSSH writes the fingerprints of its own keys.
_PREFIXED = re.compile(
    r"(?<![\w/.-])(?:(?:sha256//?|pin-sha256\s*=\s*[\"']?)(?P<sha256>[A-Za-z0-9+/_-]{43}=?)"
    r"|SHA-?256[:=]\s*(?P<padded256>[A-Za-z0-9+/_-]{43}=)"
    r"|(?:sha1/|pin-sha1\s*=\s*[\"']?)(?P<sha1>[A-Za-z0-9+/_-]{27}=?)"
    r"|SHA-?1[:=]\s*(?P<padded1>[A-Za-z0-9+/_-]{27}=))(?![\w+/=])"
)
_BASE64 = re.compile(r"[A-Za-z0-9+/]{43}=")
_HEX = re.compile(r"[0-9a-f]{40}|[0-9A-F]{40}|[0-9a-f]{64}|[0-9A-F]{64}")
_FINGERPRINT = re.compile(r"(?:[0-9A-Fa-f]{2}[: ]){19}(?:(?:[0-9A-Fa-f]{2}[: ]){12})?[0-9A-Fa-f]{2}")
_MIXED = (re.compile(r"[A-Z]"), re.compile(r"[a-z]"), re.compile(r"[0-9]"))
_FILE_ENDINGS = frozenset(
    {"apk", "bin", "css", "dat", "db", "dex", "gz", "html", "jar", "jpg", "js", "json", "mp4", "pem", "png",
     "properties", "so", "svg", "txt", "webp", "xml", "zip"}
)  # fmt: skip
# What specifications and self-tests of hash functions are tried on.
_TRIED = (
    b"", b"a", b"abc", b"test", b"hello", b"hello world", b"Hello World", b"password", b"message digest", b"\n",
    b"abcdefghijklmnopqrstuvwxyz", b"The quick brown fox jumps over the lazy dog",
    b"The quick brown fox jumps over the lazy dog.", b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
    b"a" * 1_000_000,
)  # fmt: skip


class Literal(msgspec.Struct, frozen=True):
    """A part of a text that has the form of a pin."""

    value: str
    """With its prefix, if it has one."""
    prefixed: bool
    hashed_object: HashedObject = "spki"

    @property
    def digest(self) -> bytes | None:
        """The digest of a literal without a prefix; None for one with a prefix."""
        if self.prefixed:
            return None
        if _BASE64.fullmatch(self.value):
            return base64.b64decode(self.value)
        return bytes.fromhex(re.sub("[: ]", "", self.value))


def literals_in(text: str) -> Iterator[Literal]:
    """Yield the parts of a text in the form of a pin: with a prefix anywhere, without one only as the whole text."""
    yield from prefixed_in(text)
    bare = bare_literal(text)
    if bare is not None:
        yield bare


def prefixed_in(text: str) -> Iterator[Literal]:
    """Yield the parts of a text that name their digest: ``sha256/…``, ``pin-sha256="…"``, ``SHA-256: …``."""
    for match in _PREFIXED.finditer(text):
        body = match["sha256"] or match["sha1"] or match["padded256"] or match["padded1"]
        if _is_mixed(body) or len(set(body)) <= 2:
            yield Literal(match[0].strip(), True)


def bare_literal(text: str) -> Literal | None:
    """Return a text that is nothing but a digest, unless it is one that tests of hash functions use."""
    bare = text.strip()
    literal = None
    if (_BASE64.fullmatch(bare) and _is_mixed(bare)) or _HEX.fullmatch(bare):
        literal = Literal(bare, False)
    elif _FINGERPRINT.fullmatch(bare):
        literal = Literal(bare, False, "certificate")
    return None if literal is None or literal.digest in _test_vectors() else literal


def host_in(text: str) -> str | None:
    """Return the host that a text is, or that its URL names; None when it has none."""
    if len(text) > MAX_TEXT:
        return None
    if "://" in text:
        return next((named.name for named in hosts_in(text, of_library=False) if named.name), None)
    host = plain_host(text.removeprefix("**.").removeprefix("*."))
    return host if host is not None and host.rpartition(".")[2] not in _FILE_ENDINGS else None


def _is_mixed(text: str) -> bool:
    """Tell digests from words and identifiers: 43 random symbols without a digit are one in a thousand."""
    return all(pattern.search(text) for pattern in _MIXED)


_VECTORS: set[bytes] = set()


def _test_vectors() -> set[bytes]:
    if not _VECTORS:
        for text in _TRIED:
            _VECTORS.update((hashlib.sha256(text).digest(), hashlib.sha1(text, usedforsecurity=False).digest()))
    return _VECTORS
