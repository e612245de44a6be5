"""Judgements about certificates that come with the app."""

import datetime as dt
from typing import Any

import pytest

from analyzer.model import CertificateFact, CertificateUse
from analyzer.ruleset.functions.certificates import (
    bundle_age_days,
    certificate_days_left,
    is_anchor,
    is_only_hashed,
    is_used,
    key_purpose,
    uses_of,
    weaknesses,
)
from analyzer.ruleset.functions.registry import Context
from tests import factories

NOW = dt.datetime(2026, 1, 15, 12, tzinfo=dt.UTC)


def fact(**changes: Any) -> CertificateFact:
    return CertificateFact(**{"kind": "certificate", "entry": "res/raw/ca.pem", **changes})


def context(*certificates: CertificateFact) -> Context:
    return Context(facts=factories.facts(certificates=certificates), options=factories.options(as_of=NOW))


@pytest.mark.parametrize(
    ("not_after", "days"),
    [
        ("2026-01-15T12:00:00Z", 0),
        ("2026-01-15T11:59:59Z", -1),
        ("2026-01-16T11:59:59Z", 0),
        ("2026-01-16T12:00:00Z", 1),
        ("2025-01-15T12:00:00Z", -365),
    ],
)
def test_days_are_whole_and_negative_from_the_first_second_after(not_after: str, days: int) -> None:
    assert certificate_days_left(context(), fact(not_after=not_after)) == days


def test_what_cannot_run_is_no_use() -> None:
    debug = fact(uses=(CertificateUse(kind="debug-anchor", activation="defined_only"),))
    release = fact(uses=(CertificateUse(kind="policy-anchor", activation="active"),))
    assert [is_used(context(), one) for one in (fact(), debug, release)] == [False, False, True]


def test_the_chain_of_a_clients_key_is_no_anchor() -> None:
    use = CertificateUse(kind="key-store", activation="active")
    assert is_anchor(context(), fact(uses=(use,)))
    assert not is_anchor(context(), fact(uses=(use,), chain_position=0))


def test_uses_are_put_into_words() -> None:
    uses = (
        CertificateUse(
            kind="policy-anchor", hosts=("a.example.com", "b.example.com", "c.example.com", "d.example.com")
        ),
        CertificateUse(kind="policy-anchor"),
        CertificateUse(kind="key-store", evidence=(factories.location(class_name="com.example.Net"),)),
    )
    assert uses_of(context(), fact(uses=uses)) == (
        "a trust anchor of the policy for a.example.com, b.example.com, c.example.com and 1 more, and a trust anchor of "
        "the policy for all other hosts, and loaded as a key store in com.example.Net"
    )


@pytest.mark.parametrize(
    ("certificate", "purpose"),
    [
        ({"is_ca": True}, "authority"),
        ({"dns_names": ("api.example.com",)}, "server"),
        ({"extended_key_usage": ("1.3.6.1.5.5.7.3.1",)}, "server"),
        ({"dns_names": ("user",), "extended_key_usage": ("1.3.6.1.5.5.7.3.2",)}, "client"),
        ({}, "client"),
        ({"spki_sha256": b"other"}, ""),
    ],
)
def test_a_key_is_for_what_its_certificate_says(certificate: dict[str, Any], purpose: str) -> None:
    key = fact(kind="private-key", spki_sha256=b"key")
    assert key_purpose(context(key, fact(**{"spki_sha256": b"key", **certificate})), key) == purpose


def test_a_key_that_cannot_be_read_is_told_by_its_entry_in_the_store() -> None:
    key = fact(kind="private-key", group="s", alias="a", encrypted=True)
    chain = fact(group="s", alias="a", chain_position=0, dns_names=("api.example.com",))
    assert key_purpose(context(key, chain), key) == "server"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"key_kind": "RSA", "key_bits": 2047}, ("a key of 2047 bits (RSA)",)),
        ({"key_kind": "RSA", "key_bits": 2048, "key_exponent": 65537}, ()),
        ({"key_kind": "EC", "key_bits": 192}, ("a key of 192 bits (EC)",)),
        ({"key_kind": "Ed25519", "key_bits": 256}, ()),
        ({"signature_digest": "sha1", "self_signed": False}, ("a signature with SHA-1",)),
        ({"signature_digest": "sha1", "self_signed": True}, ()),
        ({"signature_digest": "md5", "self_signed": None}, ()),
    ],
)
def test_weaknesses_are_named(fields: dict[str, Any], words: tuple[str, ...]) -> None:
    assert weaknesses(context(), fact(**fields)) == words


def test_a_bundle_is_as_old_as_its_newest_certificate_and_speaks_once() -> None:
    members = tuple(
        fact(group="g", group_size=20, not_before=f"{year}-01-15T12:00:00Z", serial=str(year)) for year in (2015, 2020)
    )
    given = context(*members)
    assert [bundle_age_days(given, one) for one in members] == [2192, 0]
    assert bundle_age_days(given, fact(group_size=3)) == 0


def test_where_it_is_seen_what_a_certificate_is_for_that_is_said_and_not_that_it_is_read() -> None:
    def use(kind: str) -> CertificateUse:
        place = factories.location(class_name="com.example.Net")
        return CertificateUse(kind=kind, activation="active", evidence=(place,))  # type: ignore[arg-type]

    read = use("key-store")
    trusted = fact(uses=(read, use("trust-manager")))
    identity = fact(uses=(read, use("key-manager")))
    assert uses_of(context(), trusted) == "trusted by a trust manager that com.example.Net makes"
    assert uses_of(context(), identity) == "the app's own identity in com.example.Net"
    assert is_anchor(context(), trusted) and not is_anchor(context(), identity)
    assert [is_only_hashed(context(), fact(uses=(read, use(kind)))) for kind in ("pin", "comparison", "trust-manager")] == [
        True, True, False,
    ]  # fmt: skip
    assert not is_only_hashed(context(), fact(uses=(read,)))
