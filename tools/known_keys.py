"""Write the table of certification authorities' keys from collections of certificates; needs no network.

    python -m tools.known_keys 'certifi 2020.12.5=certifi-2020.12.5-py2.py3-none-any.whl' --chained 'Chromium 150=net'

A SOURCE is ``LABEL=PATH``: a file, a folder (with those below it), or a wheel or ZIP archive, of certificates in DER,
or in PEM, also where that stands in the source code of programs.

    SOURCE      a published trust store: every authority in it is taken.
    --chained   certificates of all kinds, such as those that programs test themselves with: an authority is taken when
                another one that is known signed it. So every name in the table is one that a trust store vouches for.
    --staging   authorities of test environments, which issue to anyone: what these sign is one of them, too.

The table, ``rules/catalogue/known_keys.tsv``, keeps the rows that it has: a key that no source holds any more is still
known. Every row is computed from a certificate that was read, and only facts are kept. Roots of the installed certifi
are left out, because they are read from there at run time; what is in the table and in certifi counts as certifi says.
"""

import argparse
import base64
import binascii
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from analyzer.x509.certificate import Certificate, read_certificate
from analyzer.x509.errors import UnreadableError
from analyzer.x509.signatures import signed_by
from analyzer.x509.store_files import certifi_store

TABLE = Path(__file__).resolve().parent.parent / "rules" / "catalogue" / "known_keys.tsv"
_COLUMNS = (
    "pin", "sha1", "certificate", "kind", "valid_from", "valid_until", "name", "organisation", "issuer", "source",
)  # fmt: skip
_ORDER = ("root", "intermediate", "staging")
_PEM = re.compile(rb"-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----(.{60,200000}?)-----END", re.DOTALL)
_AROUND = re.compile(rb"\\[nrt]|[^A-Za-z0-9+/=]")
"""What stands between the lines of base64 in source code: escapes, quotes, white space. A plus sign between quotes is
told from one of base64 by `_JOINED`."""
_JOINED = re.compile(rb"[\"']\s*\+\s*[\"']")
_HEAD = """\
# Keys of certification authorities that the installed certifi does not hold. In each row: the sha256 and sha1 pins of
# the key; of the newest certificate known for it the SHA-256, whether it is a root, an intermediate, or one of a test
# environment (staging), the days of its validity (UTC), common name, organisation, and common name of the issuer; and
# the collection that it was first met in. Facts only. Made by tools/known_keys.py; do not edit, put single keys into
# known_pins.yaml.
"""


class Row(NamedTuple):
    """One key."""

    pin: str
    sha1: str
    certificate: str
    kind: str
    valid_from: str
    valid_until: str
    name: str
    organisation: str
    issuer: str
    source: str


class _Table:
    """The rows, and the certificates that vouch for others."""

    def __init__(self) -> None:
        self.rows = {row.pin: row for row in _known()}
        self._current = {_text(root.key.sha256) for root in certifi_store().anchors}
        self._authorities: dict[bytes, list[Certificate]] = {}
        for root in certifi_store().anchors:
            self._vouch(root)

    def _vouch(self, certificate: Certificate) -> None:
        self._authorities.setdefault(certificate.subject.canonical, []).append(certificate)

    def take(self, certificate: Certificate, source: str, kind: str | None = None) -> None:
        """Add the key of an authority; of several certificates for a key the newest counts."""
        self._vouch(certificate)
        row = _row(certificate, source, kind)
        if row.pin in self._current:
            return
        known = self.rows.get(row.pin)
        if known is None:
            self.rows[row.pin] = row
        elif (row.valid_until, row.certificate) > (known.valid_until, known.certificate):
            # What the key was first known as stays: a root does not become less by being cross-signed.
            kept = min(row.kind, known.kind, key=_ORDER.index) if kind is None else kind
            self.rows[row.pin] = row._replace(kind=kept, source=known.source)

    def take_chained(self, certificates: list[Certificate], source: str) -> None:
        """Add those that are signed by an authority that is known, and what these have signed."""
        waiting = list(dict.fromkeys(certificates))
        while True:
            vouched = [one for one in waiting if self._is_vouched(one)]
            if not vouched:
                return
            for one in vouched:
                self.take(one, source)
            waiting = [one for one in waiting if one not in set(vouched)]

    def _is_vouched(self, certificate: Certificate) -> bool:
        issuers = self._authorities.get(certificate.issuer.canonical, ())
        return not certificate.self_issued and any(signed_by(certificate, issuer.key) for issuer in issuers)


def main(arguments: list[str]) -> int:
    """Read the sources and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", nargs="*", metavar="SOURCE")
    parser.add_argument("--chained", action="append", default=[], metavar="SOURCE")
    parser.add_argument("--staging", action="append", default=[], metavar="SOURCE")
    options = parser.parse_args(arguments)
    table = _Table()
    before = len(table.rows)
    for source in options.sources:
        label, path = _labelled(source)
        for certificate in _authorities(path):
            table.take(certificate, label)
    for source in options.staging:
        label, path = _labelled(source)
        for certificate in _authorities(path):
            table.take(certificate, label, "staging")
    for source in options.chained:
        label, path = _labelled(source)
        table.take_chained(list(_authorities(path)), label)
    lines = ["\t".join(row) for row in sorted(table.rows.values(), key=_sort_key)]
    TABLE.write_text(_HEAD + "\t".join(_COLUMNS) + "\n" + "\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    print(f"{TABLE.name}: {len(table.rows)} keys, {len(table.rows) - before} of them new")
    return 0


def _labelled(source: str) -> tuple[str, Path]:
    label, separator, path = source.rpartition("=")
    if not separator:
        raise SystemExit(f"{source}: a source is LABEL=PATH")
    return label, Path(path)


def _sort_key(row: Row) -> tuple[int, str, str, str]:
    return _ORDER.index(row.kind), row.name, row.organisation, row.pin


def _known() -> Iterator[Row]:
    if not TABLE.is_file():
        return
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#") and not line.startswith(_COLUMNS[0] + "\t"):
            yield Row(*line.split("\t"))


def _authorities(path: Path) -> Iterator[Certificate]:
    for content in _contents(path):
        for der in [_decoded(match[1]) for match in _PEM.finditer(content)] or [content]:
            try:
                certificate = read_certificate(der)
            except UnreadableError:
                continue
            # Before version 3 no certificate says whether it is an authority's.
            if certificate.is_ca or (certificate.is_ca is None and certificate.version < 3):
                yield certificate


def _contents(path: Path) -> Iterator[bytes]:
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            if file.is_file() and not file.is_symlink():
                yield file.read_bytes()
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                yield archive.read(name)
    else:
        yield path.read_bytes()


def _decoded(text: bytes) -> bytes:
    try:
        return base64.b64decode(_AROUND.sub(b"", _JOINED.sub(b"", text)))
    except binascii.Error:
        return b""


def _row(certificate: Certificate, source: str, kind: str | None) -> Row:
    subject, issuer = certificate.subject, certificate.issuer
    fields = (
        subject.common_name or subject.organisation or subject.text,
        subject.organisation or "",
        issuer.common_name or issuer.organisation or issuer.text,
        source,
    )
    return Row(
        _text(certificate.key.sha256),
        _text(certificate.key.sha1),
        _text(certificate.sha256),
        kind or ("root" if certificate.self_issued else "intermediate"),
        certificate.not_before.date().isoformat(),
        certificate.not_after.date().isoformat(),
        *(" ".join(field.split()) for field in fields),
    )


def _text(digest: bytes) -> str:
    return base64.b64encode(digest).decode("ascii")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
