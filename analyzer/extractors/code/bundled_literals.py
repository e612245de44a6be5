"""Texts that look like pins outside code: in resources, in bundled text files, in the manifest's meta-data."""

import hashlib
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from analyzer.errors import TargetError
from analyzer.extractors.code.context import CodeContext
from analyzer.extractors.code.literal_forms import MAX_TEXT, Literal, bare_literal, host_in, prefixed_in
from analyzer.extractors.code.owners import UNKNOWN
from analyzer.model import AnalysisGap, Location
from analyzer.model.location import MAX_SNIPPET_CHARACTERS

Found = tuple[Literal, str | None, str, Location]
"""A literal, the host beside it, the owner and the place."""

_TEXT_FILE = re.compile(
    r"(?:^|!)(?:assets/|res/raw|[^/!]+$).*\.(json|properties|txt|js|bundle|xml|html?|ya?ml|toml|ini|conf|cfg|plist|csv)$",
    re.IGNORECASE,
)
# Documents about software, lists of packages and tests: what they quote is no pin of the app.
_DOCUMENT = re.compile(
    r"(?:licen[cs]e|notice|readme|changelog|copying|third.?party|package(?:-lock)?\.json|yarn|\btests?/|fixtures?/)",
    re.IGNORECASE,
)
_CANDIDATE = re.compile(rb"sha-?(?:1|256)|pin|spki|thumbprint|fingerprint", re.IGNORECASE)
_MARKS = ("sha256", "sha-256", "sha1/", "sha-1", "sha1=", "sha1:", "pin-sha1")
_LINE_COMMENT = {
    "properties": ("#", "!"), "yaml": ("#",), "yml": ("#",), "toml": ("#",), "ini": ("#", ";"), "conf": ("#",),
    "cfg": ("#", ";"), "csv": ("#",), "js": ("//", "*", "/*"), "bundle": ("//", "*", "/*"),
}  # fmt: skip
_MARKUP_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_MARKUP = frozenset({"xml", "html", "htm", "plist"})
_PIN_KEY = re.compile(r"pin(?:s|ned|ning)?(?![a-z])|spki|thumb_?print|finger_?print|public_?key_?(?:hash|pin)", re.I)
_HOST_KEY = re.compile(r"(?:host|domain|server|url|endpoint|pattern)", re.IGNORECASE)
_PAIR = re.compile(r"^\s*([^=:\s]+)\s*[=:]\s*(.*?)\s*$")
_NEARBY_LINES = 3
_MAX_FILE_BYTES = 4 * 1024 * 1024
_MAX_TOTAL_BYTES = 48 * 1024 * 1024
_MAX_FILES = 4_000
_MAX_NODES = 200_000
_HASHED_BYTES = 128 * 1024 * 1024
_CERTIFICATE_FILE = re.compile(r"\.(?:cer|crt|der|pem|p7b|pub|key)$", re.IGNORECASE)


class BundledFiles:
    """Tells digests of files that the app carries; they are read only when somebody asks."""

    def __init__(self, code: CodeContext) -> None:
        """Look at the entries of an app."""
        self._code = code
        self._digests: frozenset[bytes] | None = None
        self.gaps: tuple[AnalysisGap, ...] = ()

    def holds(self, digest: bytes) -> bool:
        """Tell whether a digest is the SHA-256 or SHA-1 of an entry. Certificates do not count: they are pinned so."""
        if self._digests is None:
            self._digests = frozenset(self._read())
        return digest in self._digests

    def _read(self) -> Iterator[bytes]:
        left = _HASHED_BYTES
        for entry in self._code.entries[:_MAX_FILES] if self._code.read is not None else ():
            if _CERTIFICATE_FILE.search(entry):
                continue
            data = _content(self._code, entry)
            left -= len(data)
            if left < 0:
                return
            yield hashlib.sha256(data).digest()
            yield hashlib.sha1(data, usedforsecurity=False).digest()


def bundled_literals(code: CodeContext, gaps: list[AnalysisGap]) -> Iterator[Found]:
    """Yield the literals of resources, text files and meta-data.

    A prefix such as ``sha256/`` is enough in all of them, outside comments. A bare digest counts only in a text file,
    under a key that speaks of pins, with a host in the same object or on a line nearby: lists of downloads and of
    packages hold digests beside addresses, too.
    """
    for item in code.app.meta_data:
        for literal in prefixed_in((item.value or "")[:MAX_TEXT]):
            yield literal, None, UNKNOWN, _manifest(code, item.name, literal)
    for found in code.resource_texts(_MARKS) if code.resource_texts is not None else ():
        for literal in prefixed_in(found.text[:MAX_TEXT]):
            snippet = f"{found.name} = {literal.value}" if found.name else literal.value
            place = Location(kind="resource", entry=found.entry, snippet=snippet[:MAX_SNIPPET_CHARACTERS])
            yield literal, None, UNKNOWN, place
    yield from _in_files(code, gaps)


def _manifest(code: CodeContext, name: str, literal: Literal) -> Location:
    application = code.app.application_location
    entry = application.entry if application is not None else "AndroidManifest.xml"
    return Location(
        kind="manifest", entry=entry, snippet=f"meta-data {name} = {literal.value}"[:MAX_SNIPPET_CHARACTERS]
    )


def _in_files(code: CodeContext, gaps: list[AnalysisGap]) -> Iterator[Found]:
    if code.read is None:
        return
    files = left_out = 0
    left = _MAX_TOTAL_BYTES
    for entry in code.entries:
        match = _TEXT_FILE.search(entry)
        if match is None or _DOCUMENT.search(entry):
            continue
        files += 1
        data = _content(code, entry) if files <= _MAX_FILES and left > 0 else None
        left -= len(data or b"")
        if data is None or len(data) > _MAX_FILE_BYTES:
            left_out += 1
        elif _CANDIDATE.search(data):
            yield from _in_file(entry, match[1].lower(), data)
    if left_out:
        gaps.append(
            AnalysisGap(
                stage="code",
                reason="limit",
                subject=f"{left_out} text file{'s' if left_out > 1 else ''}",
                detail="Bundled text files beyond the bounds were not searched for pins.",
                hides=("pin",),
            )
        )


def _content(code: CodeContext, entry: str) -> bytes:
    try:
        return code.read(entry) if code.read is not None else b""
    except TargetError:
        # What cannot be read was said when the container was opened, or holds no text that a device could read.
        return b""


def _in_file(entry: str, ending: str, data: bytes) -> Iterator[Found]:
    text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8", "replace")
    if ending == "json":
        try:
            document = msgspec.json.decode(text)
        except (msgspec.MsgspecError, RecursionError):
            document = None
        if document is not None:
            for literal, host in _in_json(document):
                yield literal, host, UNKNOWN, _place(entry, text, literal)
            return
    if ending in _MARKUP:
        text = _MARKUP_COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), text)
    marks = _LINE_COMMENT.get(ending, ())
    lines = ["" if marks and line.lstrip().startswith(marks) else line for line in text.splitlines()]
    for number, line in enumerate(lines):
        for literal in prefixed_in(line):
            yield literal, None, UNKNOWN, _place(entry, text, literal, number)
        pair = _PAIR.match(line) if len(line) <= MAX_TEXT else None
        bare = bare_literal(pair[2].strip("\"'")) if pair is not None and _PIN_KEY.search(pair[1]) else None
        host = _host_nearby(lines, number) if bare is not None else None
        if bare is not None and host is not None:
            yield bare, host, UNKNOWN, _place(entry, text, bare, number)


def _host_nearby(lines: list[str], number: int) -> str | None:
    near = sorted(range(max(0, number - _NEARBY_LINES), min(len(lines), number + _NEARBY_LINES + 1)),
                  key=lambda other: (abs(other - number), other > number))  # fmt: skip
    for other in near:
        pair = _PAIR.match(lines[other]) if len(lines[other]) <= MAX_TEXT else None
        if pair is not None and other != number:
            host = host_in(pair[2].strip("\"'"))
            if host is not None:
                return host
    return None


def _in_json(document: Any) -> Iterator[tuple[Literal, str | None]]:
    """Yield literals with the host of their object, or of the nearest one around it that has any."""
    waiting: list[tuple[Any, str, str | None]] = [(document, "", None)]
    for _ in range(_MAX_NODES):
        if not waiting:
            return
        node, key, host = waiting.pop()
        if isinstance(node, dict):
            own = next(
                (found for name, value in node.items()
                 if isinstance(value, str) and _HOST_KEY.search(name) and (found := host_in(value)) is not None),
                host,
            )  # fmt: skip
            waiting.extend((value, name, host_in(name) or own) for name, value in reversed(node.items()))
        elif isinstance(node, list):
            waiting.extend((value, key, host) for value in reversed(node))
        elif isinstance(node, str):
            for literal in prefixed_in(node[:MAX_TEXT]):
                yield literal, host
            bare = bare_literal(node) if host is not None and _PIN_KEY.search(key) else None
            if bare is not None:
                yield bare, host


def _place(entry: str, text: str, literal: Literal, number: int | None = None) -> Location:
    if number is None:
        at = text.find(literal.value)
        number = text.count("\n", 0, at) if at >= 0 else None
    return Location(
        kind="entry",
        entry=entry,
        line=number + 1 if number is not None else None,
        snippet=literal.value[:MAX_SNIPPET_CHARACTERS],
    )
