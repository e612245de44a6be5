"""Chains kept in files: what a server sent, as an ordinary PEM bundle that `openssl` reads and writes as well.

``host_port.pem`` holds comment lines and the certificates in the order in which they were sent, and nothing that the
server did not send. Header lines are optional: the output of ``openssl s_client -showcerts`` is a recording, too.
"""

import base64
import binascii
import contextlib
import datetime as dt
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from analyzer.live.names import Host, HostNameError, read_host

MAX_FILE_BYTES = 1024 * 1024
MAX_FILES = 10_000
MAX_CERTIFICATES = 64
MAX_CERTIFICATE_BYTES = 100 * 1024
_MARK = "# pinned-chain 1"
_HEADER = re.compile(r"# ([a-z][a-z0-9-]{0,30}): ([\x20-\x7e]{1,300})")
_PEM = re.compile(rb"-----BEGIN ((?:X509 )?CERTIFICATE)-----(.*?)-----END \1-----", re.DOTALL)
_FILE = re.compile(r"_?(?P<host>[a-z0-9._-]{1,253}?)(?:_(?P<port>[0-9]{1,5}))?\.(?:pem|crt|txt)", re.IGNORECASE)
# Windows opens a device for these names, whatever follows the first dot.
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{kind}{n}" for kind in ("com", "lpt") for n in range(10))})
_OWN_HEADERS = ("host", "port", "sni", "recorded", "tls", "partial", "address")


class RecordingError(ValueError):
    """A file is no recording; the message is a clause."""


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says a server sent."""

    host: str
    port: int
    certificates: tuple[bytes, ...]
    """DER, in the order in which they were sent."""
    sni: str | None = None
    recorded_at: dt.datetime | None = None
    """When, if the file says so; aware."""
    tls_version: str | None = None
    partial: str | None = None
    """Why the handshake did not end well, if it did not."""
    address: str | None = None
    dropped: int = 0
    extra: tuple[tuple[str, str], ...] = ()
    """Header lines that this version does not know."""


def file_name(host: Host, port: int) -> str:
    """Return the name of a host's file: made of the checked host alone, whatever the app called it."""
    stem = host.name.replace(":", "-")
    prefix = "_" if stem.split(".")[0] in _DEVICES else ""
    return f"{prefix}{stem}_{port}.pem"


def write_recording(recording: Recording, pin: Callable[[bytes], bytes | None]) -> str:
    """Return a recording as text; equal recordings give equal texts.

    Args:
        recording: What to write.
        pin: Returns the SHA-256 of a certificate's SubjectPublicKeyInfo, for the comments.
    """
    lines = [_MARK, f"# host: {recording.host}", f"# port: {recording.port}"]
    if recording.sni is not None:
        lines.append(f"# sni: {recording.sni}")
    if recording.recorded_at is not None:
        lines.append(f"# recorded: {recording.recorded_at.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}")
    if recording.tls_version is not None:
        lines.append(f"# tls: {recording.tls_version}")
    if recording.partial is not None:
        lines.append(f"# partial: {recording.partial}")
    if recording.address is not None:
        lines.append(f"# address: {recording.address}")
    lines.extend(f"# {name}: {value}" for name, value in recording.extra)
    for number, der in enumerate(recording.certificates):
        digest = pin(der)
        comment = base64.b64encode(digest).decode("ascii") if digest is not None else "(no key could be read)"
        lines += ["", f"# [{number}] spki-sha256: {comment}", "-----BEGIN CERTIFICATE-----"]
        text = base64.b64encode(der).decode("ascii")
        lines += [text[at : at + 64] for at in range(0, len(text), 64)]
        lines.append("-----END CERTIFICATE-----")
    return "\n".join(lines) + "\n"


def read_recording(data: bytes, name: str) -> Recording:
    """Read a recording; comments on keys are not believed.

    Args:
        data: The file.
        name: Its name, which stands in for a header without host or port.

    Raises:
        RecordingError: It holds no certificate, is too large, or does not say whose it is.
    """
    if len(data) > MAX_FILE_BYTES:
        raise RecordingError(f"it is larger than {MAX_FILE_BYTES} bytes")
    blocks = list(_PEM.finditer(data))
    if not blocks:
        raise RecordingError("it holds no certificate")
    headers = _headers(data[: blocks[0].start()])
    named = _FILE.fullmatch(name)
    text_host = headers.get("host") or (named["host"] if named else None)
    if text_host is None:
        raise RecordingError("neither its first lines nor its name say which host it is of")
    host = _read_name(text_host)
    ders = tuple(_decode(block[2]) for block in blocks[:MAX_CERTIFICATES])
    kept = tuple(der for der in ders if len(der) <= MAX_CERTIFICATE_BYTES)
    if not kept:
        raise RecordingError("its certificates are too large")
    return Recording(
        host=host.name,
        port=_port(headers.get("port") or (named["port"] if named else None)),
        certificates=kept,
        sni=headers.get("sni"),
        recorded_at=_instant(headers.get("recorded")),
        tls_version=headers.get("tls"),
        partial=headers.get("partial"),
        address=headers.get("address"),
        dropped=len(blocks) - len(kept),
        extra=tuple((key, value) for key, value in headers.items() if key not in _OWN_HEADERS),
    )


def _headers(head: bytes) -> dict[str, str]:
    """Return the header lines before the first certificate, unless another tool wrote the file."""
    lines = head.decode("ascii", "replace").splitlines()
    if not any(line.startswith("# pinned-chain ") for line in lines[:5]):
        return {}
    headers: dict[str, str] = {}
    for line in lines:
        found = _HEADER.fullmatch(line.rstrip())
        if found is not None:
            headers.setdefault(found[1], found[2])
    return headers


def _read_name(text: str) -> Host:
    with contextlib.suppress(HostNameError):
        return read_host(text)
    with contextlib.suppress(HostNameError):
        # File names of IPv6 addresses have hyphens for colons.
        return read_host(text.replace("-", ":"))
    raise RecordingError("its host is no host name")


def _port(text: str | None) -> int:
    if text is None:
        return 443
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:6]) <= 65_535:
        raise RecordingError("its port is no port")
    return int(text)


def _instant(text: str | None) -> dt.datetime | None:
    if text is None:
        return None
    try:
        instant = dt.datetime.fromisoformat(text)
    except ValueError:
        raise RecordingError("its time of recording cannot be read") from None
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=dt.UTC)


def _decode(text: bytes) -> bytes:
    try:
        der = base64.b64decode(b"".join(text.split()), validate=True)
    except binascii.Error:
        raise RecordingError("a certificate in it is damaged") from None
    if not der.startswith(b"0"):
        raise RecordingError("a certificate in it is damaged")
    return der


class RecordedChains:
    """The recordings of a folder."""

    def __init__(self, recordings: Iterable[Recording], problems: Sequence[tuple[str, str]] = ()) -> None:
        self._by_place: dict[tuple[str, int], Recording] = {}
        for recording in recordings:
            self._by_place.setdefault((recording.host, recording.port), recording)
        self.problems = tuple(problems)
        """File names that could not be read, each with a clause that says why."""

    def find(self, host: Host, port: int) -> Recording | None:
        """Return what was recorded of a host and port."""
        return self._by_place.get((host.name, port))

    def __iter__(self) -> Iterator[Recording]:
        return iter(self._by_place.values())


def read_folder(folder: Path) -> RecordedChains:
    """Read every recording of a folder, in the order of their names. A damaged one is a problem, not an error.

    Raises:
        OSError: The folder cannot be read.
    """
    recordings: list[Recording] = []
    problems: list[tuple[str, str]] = []
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_file() and _FILE.fullmatch(entry.name))
    for name in names[:MAX_FILES]:
        try:
            with (folder / name).open("rb") as stream:
                recordings.append(read_recording(stream.read(MAX_FILE_BYTES + 1), name))
        except RecordingError as error:
            problems.append((name, str(error)))
        except OSError:
            problems.append((name, "it cannot be read"))
    if len(names) > MAX_FILES:
        problems.append((names[MAX_FILES], f"only the first {MAX_FILES} files were read"))
    return RecordedChains(recordings, problems)


def save_recording(folder: Path, recording: Recording, pin: Callable[[bytes], bytes | None]) -> Path:
    """Write a recording into a folder; a file that holds the same chain already is left as it is.

    The file is written beside its place and renamed, so that a reader never sees half of it.

    Raises:
        OSError: The folder cannot be written to.
    """
    path = folder / file_name(read_host(recording.host), recording.port)
    if path.exists() and not path.is_symlink():
        with contextlib.suppress(RecordingError, OSError):
            with path.open("rb") as stream:
                earlier = read_recording(stream.read(MAX_FILE_BYTES + 1), path.name)
            if earlier.certificates == recording.certificates and earlier.partial == recording.partial:
                return path
    folder.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".recording-", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="ascii", newline="\n") as stream:
            stream.write(write_recording(recording, pin))
        Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)
    return path
