"""What reports show of bundled certificates and keys."""

import datetime as dt
from typing import Any

from analyzer.model import CertificateFact, CertificateUse
from analyzer.reporters.view_certificates import MAX_ROWS, certificate_rows
from analyzer.reporters.view_model import CertificateRow
from tests import factories

AS_OF = dt.datetime(2026, 1, 15, 12, tzinfo=dt.UTC)
USE = CertificateUse(kind="policy-anchor", hosts=("api.example.com",), sole=True, activation="active")


def rows(*facts: CertificateFact) -> tuple[CertificateRow, ...]:
    return certificate_rows(factories.facts(certificates=facts), AS_OF)[0]


def fact(**changes: Any) -> CertificateFact:
    return CertificateFact(**{"kind": "certificate", "entry": "res/raw/ca.pem", **changes})


def test_an_anchor_is_shown_with_its_validity_and_hosts() -> None:
    [row] = rows(
        fact(
            role="root", subject="CN=Shop CA", not_before="2020-01-01T00:00:00Z", not_after="2026-02-01T00:00:00Z",
            key_kind="EC", key_bits=256, form="PEM", owner="first-party", uses=(USE,),
        )
    )  # fmt: skip
    assert (row.kind, row.name, row.place) == ("root authority", "CN=Shop CA", "res/raw/ca.pem")
    assert (row.starts_on, row.ends_on, row.state) == ("2020-01-01", "2026-02-01", "warn")
    assert row.use == "only trust anchor for api.example.com"
    assert row.detail.startswith("EC 256; PEM")


def test_keys_and_what_is_used_come_first_and_copied_stores_are_one_row() -> None:
    found = rows(
        fact(subject="CN=unused", not_after="2020-01-01T00:00:00Z"),
        *(fact(entry="assets/cacert.pem", group="g", group_size=25, subject=f"CN=Root {n}") for n in range(25)),
        fact(subject="CN=used", uses=(USE,)),
        fact(kind="private-key", entry="assets/a.key"),
    )
    assert [row.name for row in found] == ["assets/a.key", "CN=used", "CN=unused", "25 certificates"]
    assert [row.state for row in found] == ["bad", "neutral", "bad", "neutral"]


def test_an_unusual_encoding_of_a_key_is_said() -> None:
    [row] = rows(fact(subject="CN=odd", reencoded_spki_sha256=b"x"))
    assert "unusual key encoding" in row.detail


def test_hostile_names_are_made_visible() -> None:
    [row] = rows(fact(subject="CN=\x1b[31mred\u202e"))
    assert "\x1b" not in row.name and "\u202e" not in row.name


def test_rows_are_bounded() -> None:
    found, more = certificate_rows(
        factories.facts(certificates=tuple(fact(subject=f"CN={n}") for n in range(MAX_ROWS + 7))), AS_OF
    )
    assert (len(found), more) == (MAX_ROWS, 7)
