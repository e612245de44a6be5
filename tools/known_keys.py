"""Write the table of certification authorities' keys from collections of certificates; needs no network.

    python -m tools.known_keys 'certifi 2020.12.5=certifi-2020.12.5-py2.py3-none-any.whl' …

A SOURCE is ``LABEL=PATH``: a PEM file, a folder of PEM or DER files, or a wheel or ZIP archive with PEM
files in it. The table, ``rules/catalogue/known_keys.tsv``, keeps the rows that it has: a key that no source holds any
more is still known. Only facts are kept, never a certificate. Roots of the installed certifi are left out, because
they are read from there at run time; what is in the table and in certifi counts as certifi says.
"""

import argparse
import base64
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from analyzer.x509.certificate import Certificate, read_certificate
from analyzer.x509.errors import UnreadableError
from analyzer.x509.pem import pem_blocks
from analyzer.x509.store_files import CERTIFICATE_LABELS, certifi_store

TABLE = Path(__file__).resolve().parent.parent / "rules" / "catalogue" / "known_keys.tsv"
_COLUMNS = ("pin", "kind", "valid_until", "name", "organisation", "source")
_MOST = 100_000
_HEAD = """\
# Keys of certification authorities that the installed certifi does not hold: the sha256 pin of the key, root or
# intermediate, the last day of the newest certificate known for it (UTC), common name, organisation, and the
# collection that it was first met in. Facts only. Made by tools/known_keys.py; do not edit, put single keys into
# known_pins.yaml.
"""


class Row(NamedTuple):
    """One key."""

    pin: str
    kind: str
    valid_until: str
    name: str
    organisation: str
    source: str


def main(arguments: list[str]) -> int:
    """Read the sources and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", nargs="+", metavar="SOURCE")
    rows = {row.pin: row for row in _known()}
    before = len(rows)
    current = {root.key.pin.removeprefix("sha256/") for root in certifi_store().anchors}
    for source in parser.parse_args(arguments).sources:
        label, _, path = source.rpartition("=")
        for certificate in _certificates(Path(path)):
            row = _row(certificate, label)
            if row is None or row.pin in current:
                continue
            known = rows.get(row.pin)
            if known is None:
                rows[row.pin] = row
            elif row.valid_until > known.valid_until:
                rows[row.pin] = known._replace(valid_until=row.valid_until)
    lines = ["\t".join(row) for row in sorted(rows.values(), key=lambda row: (row.kind != "root", row[3:5], row.pin))]
    TABLE.write_text(_HEAD + "\t".join(_COLUMNS) + "\n" + "\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    print(f"{TABLE.name}: {len(rows)} keys, {len(rows) - before} of them new")
    return 0


def _known() -> Iterator[Row]:
    if not TABLE.is_file():
        return
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#") and not line.startswith(_COLUMNS[0] + "\t"):
            yield Row(*line.split("\t"))


def _certificates(path: Path) -> Iterator[Certificate]:
    if path.is_dir():
        contents = [file.read_bytes() for file in sorted(path.iterdir()) if file.is_file()]
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            contents = [archive.read(name) for name in sorted(archive.namelist()) if name.endswith((".pem", ".crt"))]
    else:
        contents = [path.read_bytes()]
    for content in contents:
        blocks = [block.data for block in pem_blocks(content, most=_MOST) if block.label in CERTIFICATE_LABELS]
        for der in blocks or [content]:
            try:
                if der is not None:
                    yield read_certificate(der)
            except UnreadableError:
                continue


def _row(certificate: Certificate, source: str) -> Row | None:
    if certificate.is_ca is False or (certificate.is_ca is None and certificate.version == 3):
        return None
    name = certificate.subject.common_name or certificate.subject.organisation or certificate.subject.text
    fields = (name, certificate.subject.organisation or "", source)
    return Row(
        base64.b64encode(certificate.key.sha256).decode("ascii"),
        "root" if certificate.self_issued else "intermediate",
        certificate.not_after.date().isoformat(),
        *(" ".join(field.split()) for field in fields),
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
