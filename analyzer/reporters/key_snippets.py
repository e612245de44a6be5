"""Pins as configuration that can be pasted, and why a single one is not handed out just like that."""

import base64
import datetime as dt
from collections.abc import Callable, Sequence
from html import escape

import msgspec

from analyzer.model.keys import KeyRow
from analyzer.reporters.text import visible

BACKUP = "ADD A BACKUP PIN"
_LONGEST = dt.timedelta(days=365)


class Snippet(msgspec.Struct, frozen=True, kw_only=True):
    """What a snippet is made of."""

    host: str
    """Already known to be a host name."""
    rows: tuple[KeyRow, ...]
    as_of: dt.datetime
    single: bool
    """A single pin was asked for in so many words."""

    @property
    def expiration(self) -> str:
        """A year ahead, or the last day on which all chosen certificates are valid, if that comes first."""
        ends = [dt.datetime.fromisoformat(row.not_after) for row in self.rows if row.not_after is not None]
        return min([self.as_of + _LONGEST, *ends]).date().isoformat()

    @property
    def incomplete(self) -> bool:
        """Only one key is known, so that the snippet must not work as it stands."""
        return len(self.rows) < 2 and not self.single


def distinct(rows: Sequence[KeyRow]) -> tuple[KeyRow, ...]:
    """Return one row for each key, in order."""
    found: dict[bytes, KeyRow] = {}
    for row in rows:
        found.setdefault(row.spki_sha256, row)
    return tuple(found.values())


def pin(row: KeyRow) -> str:
    """Return the pin of a row in base64."""
    return base64.b64encode(row.spki_sha256).decode("ascii")


def _comment(row: KeyRow) -> str:
    name = row.identity.name if row.identity is not None else row.subject or row.kind.replace("-", " ")
    until = f", until {row.not_after[:10]}" if row.not_after is not None else ""
    # The text goes into comments of three languages: nothing in it may end one.
    safe = "".join(
        character if character.isalnum() or character in " .,=@_+'()" else " " for character in visible(name)
    )
    return f"{row.role if row.role != 'key' else row.kind}: {' '.join(safe.split())[:100]}{until}"


def nsc(snippet: Snippet, *, trustkit: bool = False) -> str:
    """Return a network security configuration; with TrustKit's element where asked for."""
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        "<network-security-config>",
        "    <domain-config>",
        f'        <domain includeSubdomains="true">{escape(snippet.host, quote=False)}</domain>',
        f'        <pin-set expiration="{snippet.expiration}">',
    ]
    for row in snippet.rows:
        lines += [f"            <!-- {_comment(row)} -->", f'            <pin digest="SHA-256">{pin(row)}</pin>']
    if snippet.incomplete:
        # Neither a comment nor well-formed: the build fails here, as it should.
        lines.append(f"            <{BACKUP}>")
    lines.append("        </pin-set>")
    if trustkit:
        lines.append('        <trustkit-config enforcePinning="true" disableDefaultReportUri="true" />')
    return "\n".join([*lines, "    </domain-config>", "</network-security-config>", ""])


def okhttp_kotlin(snippet: Snippet) -> str:
    """Return Kotlin for OkHttp 4 and 5."""
    lines = ["// import okhttp3.CertificatePinner", "val certificatePinner = CertificatePinner.Builder()"]
    lines += [f'    .add("{snippet.host}", "sha256/{pin(row)}") // {_comment(row)}' for row in snippet.rows]
    if snippet.incomplete:
        lines.append(f'    .add("{snippet.host}", {BACKUP})')
    return "\n".join([*lines, "    .build()", ""])


def okhttp_java(snippet: Snippet) -> str:
    """Return Java for OkHttp 3 and newer."""
    lines = [
        "// import okhttp3.CertificatePinner;",
        "CertificatePinner certificatePinner = new CertificatePinner.Builder()",
    ]
    lines += [f'    .add("{snippet.host}", "sha256/{pin(row)}") // {_comment(row)}' for row in snippet.rows]
    if snippet.incomplete:
        lines.append(f'    .add("{snippet.host}", {BACKUP})')
    return "\n".join([*lines, "    .build();", ""])


def curl(snippet: Snippet) -> str:
    """Return the value of curl's ``--pinnedpubkey``."""
    pins = [f"sha256//{pin(row)}" for row in snippet.rows]
    return ";".join([*pins, *([BACKUP] if snippet.incomplete else [])]) + "\n"


def bare(rows: Sequence[KeyRow]) -> str:
    """Return one pin per line in base64."""
    return "".join(f"{pin(row)}\n" for row in rows)


def hexadecimal(rows: Sequence[KeyRow]) -> str:
    """Return one SHA-256 of a key per line in hexadecimal."""
    return "".join(f"{row.spki_sha256.hex()}\n" for row in rows)


SNIPPETS: dict[str, Callable[[Snippet], str]] = {
    "nsc": nsc,
    "trustkit": lambda snippet: nsc(snippet, trustkit=True),
    "okhttp-kotlin": okhttp_kotlin,
    "okhttp-java": okhttp_java,
    "curl": curl,
}
