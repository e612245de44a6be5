"""Pin texts: what a mechanism makes of them, what is wrong with them, and whose key they are known to be.

Pure functions on texts; nothing here knows where a text was found.
"""

import base64
import itertools
import re
from collections.abc import Callable, Mapping

import msgspec

from analyzer.extractors.catalogue import Catalogue, KnownPin
from analyzer.extractors.known_roots import known_root, known_root_certificate
from analyzer.extractors.network_policy import android_base64
from analyzer.model.pins import Algorithm, Mechanism, PinIdentity, PinProblem

_ALGORITHM_BY_BYTES: Mapping[int, Algorithm] = {32: "sha256", 20: "sha1", 16: "md5"}
_DIGEST_BYTES: Mapping[str, int] = {"sha256": 32, "sha1": 20, "md5": 16}
# Below these a digest does not look like one: of 32 random bytes fewer than 12 distinct ones practically never occur.
_LEAST_DISTINCT: Mapping[int, int] = {32: 12, 20: 8, 16: 7}
_FOREIGN_PREFIX = re.compile(r"\s*[\"']?(?:pin-)?sha-?(?:1|256|512)\s*(?://|[/=:])", re.IGNORECASE)
_ANY_PREFIX = re.compile(r"(?:pin-)?(sha-?1|sha-?256|md5)\s*(?://|[/=:])\s*", re.IGNORECASE)
_STANDARD = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
_HEX = frozenset("0123456789abcdefABCDEF")
# Words of six letters and more: a given one turns up in a real digest's base64 about once in ten million pins.
_PLACEHOLDER_WORDS = (
    "placeholder", "replace", "changeme", "yourpin", "yourkey", "yourhash", "yourcert", "example", "sample",
    "backup", "insert", "fakepin", "dummypin", "testpin", "realpin", "primary", "certificate", "fingerprint",
)  # fmt: skip
_LONGEST_RUN = 8


class PinValue(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be said about one pin text."""

    digest: bytes | None
    """The digest that connections are compared with; None when the mechanism cannot use the text."""
    algorithm: Algorithm | None
    """As the text says or the length shows; None when neither does."""
    problem: PinProblem | None = None
    """The gravest thing wrong with it."""
    problem_detail: str | None = None
    """The problem in words, one sentence without a full stop."""
    identity: PinIdentity | None = None
    """The publicly known key it stands for."""


class _Decoded(msgspec.Struct, frozen=True, kw_only=True):
    """A text as one mechanism reads it."""

    digest: bytes | None = None
    algorithm: Algorithm | None = None
    problem: PinProblem | None = None
    detail: str | None = None
    base64_text: str | None = None
    """The part of the text that was read as base64; None when another encoding was read."""


def describe_pin(
    text: str,
    *,
    mechanism: Mechanism,
    digest: bytes | None,
    catalogue: Catalogue,
    host: str | None = None,
) -> PinValue:
    """Describe a pin text as `mechanism` reads it.

    Args:
        text: The pin as written in the app.
        mechanism: Decides the encodings that are accepted.
        digest: The digest when the caller knows it, such as from a byte array or from the policy parser; else the
            text is decoded here.
        catalogue: Publicly known pins.
        host: The host pattern the pin is for; an example's key is no example on its own host.
    """
    decoded = _DECODERS.get(mechanism, _decode_any)(text)
    if digest is not None:
        expected = _ALGORITHM_BY_BYTES.get(len(digest))
        matches = decoded.digest == digest
        decoded = _Decoded(
            digest=digest,
            algorithm=expected,
            problem=None if expected else "length",
            detail=None if expected else f"it has {len(digest)} bytes, which no supported digest has",
            base64_text=decoded.base64_text if matches else None,
        )
    if decoded.problem is not None or decoded.digest is None or decoded.algorithm is None:
        return PinValue(
            digest=None,
            algorithm=decoded.algorithm,
            problem=decoded.problem or "encoding",
            problem_detail=decoded.detail,
        )
    known = catalogue.pins.get((decoded.algorithm, decoded.digest))
    at_home = known is not None and host is not None and _is_at_home(known, host)
    problem, detail = _judge(decoded.digest, decoded.base64_text, known, at_home=at_home)
    return PinValue(
        digest=decoded.digest,
        algorithm=decoded.algorithm,
        problem=problem,
        problem_detail=detail,
        identity=_identity(known, at_home=at_home)
        if known is not None
        else known_root(decoded.algorithm, decoded.digest),
    )


def identify_key(digest: bytes, catalogue: Catalogue) -> PinIdentity | None:
    """Name a key by the SHA-256 of its SubjectPublicKeyInfo, where it is publicly known to be that of a certificate."""
    known = catalogue.pins.get(("sha256", digest))
    if known is not None and known.kind not in ("example", "empty-input"):
        return _identity(known, at_home=False)
    return known_root("sha256", digest)


def identify_certificate(digest: bytes, catalogue: Catalogue) -> PinIdentity | None:
    """Name an authority by the SHA-256 of its whole certificate."""
    known = catalogue.certificates_of.get(digest)
    return _identity(known, at_home=False) if known is not None else known_root_certificate(digest)


def canonical(algorithm: Algorithm, digest: bytes) -> str:
    """Write a digest the way OkHttp does: ``sha256/`` and padded base64 in the standard alphabet."""
    return f"{algorithm}/{base64.b64encode(digest).decode('ascii')}"


def _judge(
    digest: bytes, base64_text: str | None, known: KnownPin | None, *, at_home: bool
) -> tuple[PinProblem | None, str | None]:
    if known is not None and known.kind == "empty-input":
        return "empty-input", f"it is the {known.name}"
    if known is not None and known.kind == "example" and not at_home:
        return "example", f"it is published as an example: {known.name}"
    degenerate = _degenerate_bytes(digest) or (_degenerate_text(base64_text) if base64_text else None)
    if degenerate is not None:
        return "placeholder", degenerate
    odd = _odd_spelling(base64_text, digest) if base64_text is not None else None
    return ("spelling", odd) if odd is not None else (None, None)


def _is_at_home(known: KnownPin, host: str) -> bool:
    name = host.lower().removeprefix("**.").removeprefix("*.").removesuffix(".")
    return any(name == home or name.endswith("." + home) for home in known.hosts)


def _identity(known: KnownPin, *, at_home: bool) -> PinIdentity:
    return PinIdentity(
        name=known.name,
        kind="degenerate" if known.kind == "empty-input" else known.kind,
        real=known.real or at_home,
        detail=known.detail,
        status=known.status,
        valid_until=known.valid_until.isoformat() if known.valid_until else None,
    )


# ---- what no key's digest looks like


def _degenerate_bytes(digest: bytes) -> str | None:
    count = len(digest)
    steps = {(following - byte) % 256 for byte, following in itertools.pairwise(digest)}
    if steps == {0}:
        return f"all of its {count} bytes are 0x{digest[0]:02x}"
    if len(steps) == 1:
        return "its bytes are a sequence of equal steps"
    if all(0x20 <= byte < 0x7F for byte in digest):
        return "its bytes are readable text"
    if digest[: count // 2] == digest[count // 2 :]:
        return "its second half repeats the first"
    distinct = len(set(digest))
    if distinct < _LEAST_DISTINCT.get(count, 0):
        return f"only {distinct} of its {count} bytes are distinct"
    return None


def _degenerate_text(text: str) -> str | None:
    letters = "".join(character for character in text.lower() if "a" <= character <= "z")
    for word in _PLACEHOLDER_WORDS:
        if word in letters:
            return f"its text contains the word {word!r}"
    run = 1
    for character, following in itertools.pairwise(text):
        run = run + 1 if ord(following) - ord(character) == 1 else 1
        if run >= _LONGEST_RUN:
            return "its text counts through the alphabet"
    return None


def _odd_spelling(text: str, digest: bytes) -> str | None:
    expected = base64.b64encode(digest).decode("ascii")
    if text == expected:
        return None
    skipped = {character for character in text if character not in _STANDARD and character != "="}
    if skipped & {"-", "_"} and text.translate(_URL_SAFE).rstrip("=") == expected.rstrip("="):
        return "it is written in the URL-safe alphabet"
    if skipped:
        return "it contains characters outside the base64 alphabet, which are skipped"
    if text == expected.rstrip("="):
        return "its padding is missing"
    if not text.endswith("="):
        return "its padding is missing and its last character sets bits that are ignored"
    return "its last character sets bits that are ignored"


# ---- decoding, by mechanism

_URL_SAFE = str.maketrans("-_", "+/")


def _decode_policy_text(text: str) -> _Decoded:
    """Read a ``<pin>`` text as Android does: bare base64 of 32 bytes, other characters skipped."""
    text = text.strip()
    data = android_base64.decode(text)
    if data is not None and len(data) == _DIGEST_BYTES["sha256"]:
        return _Decoded(digest=data, algorithm="sha256", base64_text=text)
    if _FOREIGN_PREFIX.match(text):
        return _Decoded(
            algorithm="sha256", problem="prefix", detail="it starts with a prefix, which is decoded like the rest"
        )
    if data is None:
        return _Decoded(algorithm="sha256", problem="encoding", detail="it is not base64 that Android decodes")
    return _Decoded(algorithm="sha256", problem="length", detail=_length_detail(text, data, "sha256"))


def _decode_okhttp(text: str) -> _Decoded:
    """Read a pin as ``CertificatePinner`` does: a lower-case prefix, then base64 as Okio decodes it."""
    prefix, slash, body = text.partition("/")
    if not slash or prefix not in ("sha256", "sha1"):
        return _Decoded(
            problem="prefix", detail="it does not start with 'sha256/' or 'sha1/', which CertificatePinner requires"
        )
    algorithm: Algorithm = "sha256" if prefix == "sha256" else "sha1"
    data = _decode_okio(body)
    if data is None:
        return _Decoded(algorithm=algorithm, problem="encoding", detail="what follows the prefix is not base64")
    if len(data) != _DIGEST_BYTES[algorithm]:
        return _Decoded(algorithm=algorithm, problem="length", detail=_length_detail(body, data, algorithm))
    return _Decoded(digest=data, algorithm=algorithm, base64_text=body)


def _decode_curl(text: str) -> _Decoded:
    """Read one entry of libcurl's ``CURLOPT_PINNEDPUBLICKEY``: ``sha256//`` and base64 of 32 bytes."""
    if not text.startswith("sha256//"):
        return _Decoded(problem="prefix", detail="it does not start with 'sha256//', which libcurl requires")
    body = text.removeprefix("sha256//")
    data = _decode_okio(body)
    if data is None:
        return _Decoded(algorithm="sha256", problem="encoding", detail="what follows the prefix is not base64")
    if len(data) != _DIGEST_BYTES["sha256"]:
        return _Decoded(algorithm="sha256", problem="length", detail=_length_detail(body, data, "sha256"))
    return _Decoded(digest=data, algorithm="sha256", base64_text=body)


def _decode_plain_hex(text: str) -> _Decoded:
    """Read a pin of AndroidPinning and its forks: 40 hexadecimal digits without separators, SHA-1."""
    if not text or not set(text) <= _HEX:
        return _Decoded(algorithm="sha1", problem="encoding", detail="it is not made of hexadecimal digits alone")
    if len(text) != 2 * _DIGEST_BYTES["sha1"]:
        return _Decoded(
            algorithm="sha1",
            problem="length",
            detail=f"it has {len(text)} hexadecimal digits, a SHA-1 digest has {2 * _DIGEST_BYTES['sha1']}",
        )
    return _Decoded(digest=bytes.fromhex(text), algorithm="sha1")


def _decode_any(text: str) -> _Decoded:
    """Read a pin where the mechanism is not known to be strict: hexadecimal or base64, with or without a prefix."""
    body = text.strip().strip("\"'").rstrip(";").strip("\"'")
    stated: Algorithm | None = None
    if prefix := _ANY_PREFIX.match(body):
        name = prefix.group(1).lower().replace("-", "")
        stated = "sha256" if name == "sha256" else "sha1" if name == "sha1" else "md5"
        body = body[prefix.end() :].strip().strip("\"'")
    digits = body.replace(":", "").replace(" ", "")
    if set(digits) <= _HEX and len(digits) in {2 * count for count in _ALGORITHM_BY_BYTES}:
        data: bytes | None = bytes.fromhex(digits)
        base64_text = None
    else:
        data = _decode_okio(body)
        base64_text = body
    if data is None:
        return _Decoded(algorithm=stated, problem="encoding", detail="it is neither hexadecimal nor base64")
    found = _ALGORITHM_BY_BYTES.get(len(data))
    if found is None or (stated is not None and found != stated):
        return _Decoded(algorithm=stated, problem="length", detail=_length_detail(body, data, stated))
    return _Decoded(digest=data, algorithm=found, base64_text=base64_text)


def _decode_okio(text: str) -> bytes | None:
    """Decode as Okio's ``ByteString.decodeBase64`` does: both alphabets, white space and padding optional."""
    end = len(text.rstrip("= \t\r\n"))
    symbols = [character for character in text[:end].translate(_URL_SAFE) if character not in " \t\r\n"]
    if not set(symbols) <= _STANDARD or len(symbols) % 4 == 1:
        return None
    return base64.b64decode("".join(symbols) + "=" * (-len(symbols) % 4))


def _length_detail(text: str, data: bytes, algorithm: Algorithm | None) -> str:
    if algorithm is None:
        return f"it decodes to {len(data)} bytes, which no supported digest has"
    wanted = _DIGEST_BYTES[algorithm]
    detail = f"it decodes to {len(data)} bytes instead of the {wanted} of a {_DISPLAY_NAME[algorithm]} digest"
    digits = text.replace(":", "")
    if set(digits) <= _HEX and len(digits) == 2 * wanted:
        return detail + "; it is hexadecimal where base64 is expected"
    return detail


_DISPLAY_NAME: Mapping[Algorithm, str] = {"sha256": "SHA-256", "sha1": "SHA-1", "md5": "MD5"}
_DECODERS: Mapping[Mechanism, Callable[[str], _Decoded]] = {
    "nsc": _decode_policy_text,
    "trustkit": _decode_policy_text,
    "okhttp3": _decode_okhttp,
    "okhttp2": _decode_okhttp,
    "androidpinning": _decode_plain_hex,
    "fabric": _decode_plain_hex,
    "native": _decode_curl,
}
