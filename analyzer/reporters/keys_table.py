"""What ``pinscope pins`` prints of certificates and keys: a list, JSON, the openssl way, and advice."""

import base64
import datetime as dt
import shlex
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from analyzer.model.keys import KeyRow
from analyzer.reporters.encoding import encode_json
from analyzer.reporters.text import without_commands
from analyzer.reporters.words import show

_MAX_NAME = 200
_KINDS = {"public-key": "public key", "private-key": "private key (public half)", "request": "certificate request"}
_HASHING = "openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | openssl enc -base64"


def render_keys_text(rows: Sequence[KeyRow], as_of: dt.datetime) -> str:
    """Return the rows as a list, one block for each target."""
    lines: list[str] = []
    target = None
    for row in rows:
        if row.target != target:
            target = row.target
            lines += ([""] if lines else []) + [show(target, _MAX_NAME)]
        lines += [f"  {line}" for line in _block(row, as_of)]
    return "\n".join(without_commands(line.rstrip()) for line in lines) + "\n"


def _block(row: KeyRow, as_of: dt.datetime) -> Iterator[str]:
    where = [row.role if row.kind == "certificate" else _KINDS[row.kind]]
    if row.host is not None:
        where.append({"sent": "sent", "store": "not sent, from the trust store"}.get(row.origin, row.origin))
        if row.in_path is not None:
            where.append("trust anchor" if row.anchor else "in path" if row.in_path else "not in path")
    yield f"[{row.number}] {', '.join(where)}"
    if row.subject:
        yield f"    subject      {show(row.subject, _MAX_NAME)}"
    if row.issuer and row.issuer != row.subject:
        yield f"    issuer       {show(row.issuer, _MAX_NAME)}"
    if row.not_before is not None and row.not_after is not None:
        yield f"    valid        {row.not_before[:10]} to {row.not_after[:10]} ({_distance(row.not_after, as_of)})"
    yield f"    key          {show(row.key, 80)}"
    yield f"    pin-sha256   {base64.b64encode(row.spki_sha256).decode('ascii')}"
    if row.reencoded_sha256 is not None:
        yield f"    or, encoded anew  {base64.b64encode(row.reencoded_sha256).decode('ascii')}"
    if row.certificate_sha256 is not None:
        yield "    certificate SHA-256"
        yield f"      {row.certificate_sha256.hex()}"
    if row.identity is not None:
        until = f", until {row.identity.valid_until[:4]}" if row.identity.valid_until else ""
        status = f", {row.identity.status}" if row.identity.status not in (None, "active") else ""
        yield f"    known as     {show(row.identity.name, _MAX_NAME)} ({row.identity.kind}{until}{status})"
    if row.uses is not None:
        yield f"    use          {show(row.uses, 2 * _MAX_NAME)}"
    if row.note is not None:
        yield f"    note         {row.note}"


def _distance(not_after: str, as_of: dt.datetime) -> str:
    """Say how far off the end is, in days of the calendar as everywhere in reports."""
    end = dt.datetime.fromisoformat(not_after)
    days = (end.date() - as_of.date()).days
    if end >= as_of:
        return f"{days} days left"
    return f"expired {-days} days ago" if days else "expired today"


def render_keys_json(rows: Sequence[KeyRow]) -> bytes:
    """Return the rows as JSON: pins in base64, fingerprints of certificates in hexadecimal."""
    listed: list[dict[str, Any]] = []
    for row in rows:
        record = msgspec.to_builtins(row)
        if row.certificate_sha256 is not None:
            record["certificate_sha256"] = row.certificate_sha256.hex()
        record["pin"] = f"sha256/{base64.b64encode(row.spki_sha256).decode('ascii')}"
        listed.append(record)
    return encode_json({"certificates": listed})


def render_openssl(rows: Sequence[KeyRow]) -> str:
    """Return the commands with which openssl computes the same pins."""
    lines: dict[str, None] = {}
    for row in rows:
        if row.host is not None:
            place = shlex.quote(row.target)
            ask = f"openssl s_client -connect {place} -servername {shlex.quote(row.host)} </dev/null"
            lines[f"{ask} | openssl x509 -noout -pubkey | {_HASHING}"] = None
        else:
            name = shlex.quote(show(row.target, _MAX_NAME))
            first = {
                "certificate": f"openssl x509 -in {name} -noout -pubkey",
                "request": f"openssl req -in {name} -noout -pubkey",
                "private-key": f"openssl pkey -in {name} -pubout",
                "public-key": f"cat {name}",
            }[row.kind]
            lines[f"{first} | {_HASHING}"] = None
    return "".join(f"{line}\n" for line in lines)


def render_advice(rows: Sequence[KeyRow]) -> str:
    """Return what to pin, first that applies: own authority, own keys with a backup, public authorities."""
    certificates = [row for row in rows if row.kind == "certificate"]
    backups = [row for row in rows if row.kind in ("request", "private-key", "public-key")]
    anchors = [row for row in certificates if row.anchor or row.role == "root"]
    public = [row for row in anchors if row.identity is not None and row.identity.real]
    lines = ["What to pin:"]
    if anchors and not public:
        lines += _item(
            "The path ends in an authority that is not publicly known. If it is your own, pin the key of its root or "
            "of the CA that issues, and an offline key whose certificate request exists."
        )
    elif backups:
        lines += _item(
            "The leaf's key, if renewal is set up to reuse it, with the backup key that you gave, and the key of the "
            "authority that issues."
        )
    else:
        lines += _item(
            "Two root keys of the authority in use, and one root of a second authority that certificates can be got "
            "from. Intermediates only beside them: authorities change them without notice."
        )
    lines += _item("Never the leaf's certificate as a whole, never an intermediate alone, never fewer than two pins.")
    lines += _item("Set an expiration, keep a way to update or switch off, and consider whether to pin at all.")
    return "\n".join(lines) + "\n"


def _item(text: str) -> list[str]:
    return textwrap.wrap(text, 78, initial_indent="  - ", subsequent_indent="    ")
